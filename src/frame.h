/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Pictures with reference counts, pools of them, and the frame an extractor works on. */
#ifndef VM_FRAME_H
#define VM_FRAME_H

#include "base.h"
#include "libvmaf/picture.h"

typedef struct VmFormat {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc, w, h;
} VmFormat;

enum { VM_MAX_PREVIOUS = 2 };

typedef enum VmRole {
    VM_ROLE_COUNTED, /* has scores */
    VM_ROLE_SKIPPED, /* left out by n_subsample */
    VM_ROLE_CONTEXT, /* outside of the chunk: only for what looks across frames */
} VmRole;

/* One pair of pictures, and the reference pictures before it for features that look back. */
typedef struct VmFrame {
    unsigned index; /* as the caller counts */
    VmRole role;
    VmafPicture ref, dis;
    VmafPicture previous[VM_MAX_PREVIOUS]; /* reference of index - 1, - 2; data NULL if none */
} VmFrame;

/* One of `count` parts of a frame's rows. */
typedef struct VmBand {
    int index, count;
} VmBand;

typedef struct VmRows {
    int first, end; /* end excluded */
} VmRows;

/* The band's share of rows first .. end - 1: the shares of all bands are those rows, each once. */
static inline VmRows vm_band_rows(VmBand band, int first, int end)
{
    const int64_t n = end - first;
    return (VmRows){first + (int)(n * band.index / band.count),
                    first + (int)(n * (band.index + 1) / band.count)};
}

/* Is this a format whose pictures can be allocated? */
int vm_format_check(const VmFormat *format, VmError *error);
int vm_format_equal(const VmFormat *a, const VmFormat *b);
VmFormat vm_format_of(const VmafPicture *picture);
/* "1920x1080 4:2:0 8 bit" */
void vm_format_print(const VmFormat *format, char text[64]);

/* "420", as in reports; the formats are numbered from 1 without a gap. */
const char *vm_pixel_format_name(enum VmafPixelFormat pix_fmt);

/* Samples of a plane; 0 x 0 for the chroma of 4:0:0. */
void vm_format_plane(const VmFormat *format, int plane, unsigned *w, unsigned *h);

static inline const void *vm_picture_row(const VmafPicture *p, int plane, int y)
{
    return (const uint8_t *)p->data[plane] + (ptrdiff_t)y * p->stride[plane];
}

/* A second reference to the picture. */
VmafPicture vm_picture_ref(const VmafPicture *picture);

/* Are its planes those that the library allocated? */
int vm_picture_is_ours(const VmafPicture *picture);

/* A copy in memory of ours of a picture that its caller filled by hand. */
int vm_picture_copy(VmafPicture *copy, const VmafPicture *picture, VmError *error);

/* Pictures that come back when they are unreferenced, from any thread. They are allocated when they are
 * first needed, and their memory is untouched until they are filled. */
typedef struct VmPool VmPool;

int vm_pool_create(VmPool **pool, const VmFormat *format, unsigned limit);
void vm_pool_raise(VmPool *pool, unsigned limit); /* never lowers it */
/* While `limit` pictures are out, waits for one to come back. Returns 0 or -ENOMEM. */
int vm_pool_fetch(VmPool *pool, VmafPicture *picture);
void vm_pool_destroy(VmPool *pool); /* pictures still in use stay valid; NULL does nothing */

#endif
