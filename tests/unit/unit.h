/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* cmocka with the headers it wants before itself, and what several tests need. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Two members and the main model "0". */
#define TEST_COLLECTION                                                                            \
    "{\"0\": " TEST_MODEL("") ", \"1\": " TEST_MODEL("") ", \"2\": " TEST_MODEL("") "}"

/* A file with that text; the path is unlinked and freed by test_remove(). */
static inline char *test_file(const char *text)
{
    char *path = strdup("/tmp/vmaf-unit-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static inline void test_remove(char *path)
{
    unlink(path);
    free(path);
}

static inline VmafModel *test_model(void)
{
    VmafModel *model;
    char *path = test_file(TEST_MODEL(""));
    assert_int_equal(vmaf_model_load_from_path(&model, NULL, path), 0);
    test_remove(path);
    return model;
}

/* A context that says nothing. */
static inline VmafContext *test_open(unsigned n_threads)
{
    VmafContext *v;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = n_threads};
    assert_int_equal(vmaf_init(&v, cfg), 0);
    return v;
}

/* Frame `index` of 64x48; both structs must come back zeroed. */
static inline int test_feed_one(VmafContext *v, unsigned index)
{
    const VmafPicture zero = {0};
    VmafPicture r = test_picture(64, 48, index, 0), d = test_picture(64, 48, index, 9);
    const int code = vmaf_read_pictures(v, &r, &d, index);
    assert_memory_equal(&r, &zero, sizeof(r));
    assert_memory_equal(&d, &zero, sizeof(d));
    return code;
}

static inline void test_feed(VmafContext *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) assert_int_equal(test_feed_one(v, i), 0);
}

#endif
