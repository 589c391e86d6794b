/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* cmocka with the headers it wants before itself, and what several tests need. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libvmaf/vmaf_ext.h"

/* A picture with a pattern that moves with the frame; noise is the size of an error added to it. */
static inline VmafPicture test_picture_deep(unsigned w, unsigned h, unsigned bpc, unsigned frame,
                                            unsigned noise)
{
    VmafPicture p;
    assert_int_equal(vmaf_picture_alloc(&p, VMAF_PIX_FMT_YUV420P, bpc, w, h), 0);
    for (int plane = 0; plane < 3; plane++)
        for (unsigned y = 0; y < p.h[plane]; y++)
            for (unsigned x = 0; x < p.w[plane]; x++) {
                const unsigned v = ((3 * x + 5 * y + 17 * frame) ^ (x * y >> 4)) & 127;
                const unsigned sample = v + 40 + (noise ? (7 * x + 11 * y) % noise : 0);
                uint8_t *row = (uint8_t *)p.data[plane] + (ptrdiff_t)y * p.stride[plane];
                if (bpc == 8) row[x] = (uint8_t)sample;
                else ((uint16_t *)(void *)row)[x] = (uint16_t)(sample << (bpc - 8));
            }
    return p;
}

static inline VmafPicture test_picture(unsigned w, unsigned h, unsigned frame, unsigned noise)
{
    return test_picture_deep(w, h, 8, frame, noise);
}

/* A model of two support vectors on two features, with what the caller adds to model_dict. */
#define TEST_MODEL(extra)                                                                          \
    "{\"model_dict\": {\"model_type\": \"LIBSVMNUSVR\", \"norm_type\": \"linear_rescale\","        \
    "\"feature_names\": [\"VMAF_integer_feature_adm2_score\","                                     \
    "\"VMAF_integer_feature_motion2_score\"], \"slopes\": [0.5, 2, 4], \"intercepts\": [1, 3, 5]," \
    "\"model\": \"svm_type nu_svr\\nkernel_type rbf\\ngamma 0.25\\nnr_class 2\\ntotal_sv 2\\n"     \
    "rho -1.5\\nSV\\n2 1:0.5 2:1 \\n-3 2:2 \\n\"" extra "}}"

#endif
