/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Planar pictures. */
#ifndef VMAF_PICTURE_H
#define VMAF_PICTURE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

enum VmafPixelFormat {
    VMAF_PIX_FMT_UNKNOWN,
    VMAF_PIX_FMT_YUV420P,
    VMAF_PIX_FMT_YUV422P,
    VMAF_PIX_FMT_YUV444P,
    VMAF_PIX_FMT_YUV400P,
};

typedef struct VmafRef VmafRef;

typedef struct VmafPicture {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc; ///< bits per sample, 8..16; more than 8: 16-bit words, value in the low bits
    unsigned w[3], h[3]; ///< samples per plane (Y, Cb, Cr); odd sizes: chroma is rounded down
    ptrdiff_t stride[3]; ///< bytes from one row to the next
    void *data[3];       ///< first sample of each plane
    VmafRef *ref; ///< reference count, owned by the library; NULL for a picture filled by hand
    void *priv;   ///< library-private
} VmafPicture;

/* Allocates zero-filled planes for a picture of w x h luma samples and sets every member of *pic.
 * 4:0:0 has no chroma planes (NULL, 0 x 0). Strides are a multiple of 64 bytes.
 * The caller owns one reference: give it to vmaf_read_pictures() or to vmaf_picture_unref().
 * Any thread. Returns 0, -EINVAL (format, depth or size outside 1..32768 per side) or -ENOMEM; on
 * failure *pic is zeroed. */
int vmaf_picture_alloc(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w,
                       unsigned h);

/* Gives up one reference and zeroes *pic. NULL or an already zeroed picture: -EINVAL, no harm. */
int vmaf_picture_unref(VmafPicture *pic);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
