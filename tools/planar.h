/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Frames as raw and y4m files keep them: whole planes, one after another, rows without padding. */
#ifndef VM_PLANAR_H
#define VM_PLANAR_H

#include "source.h"

/* Odd pictures: files have their chroma rounded up, as FFmpeg writes it, or, rarely, down. Pictures of
 * the library have it rounded down, so the last column and row of the former are dropped. */
enum VmChroma { VM_CHROMA_UP, VM_CHROMA_DOWN };

typedef struct VmPlanar {
    unsigned planes;     /* 1 or 3 */
    size_t row[3];       /* bytes of a row in the file */
    size_t keep[3];      /* of which the picture takes so many */
    unsigned rows[3];    /* rows in the file */
    unsigned kept[3];    /* rows that the picture takes */
    uint64_t extra;      /* bytes behind the planes to pass over */
    uint64_t frame_size; /* all of it; at most 4 planes of 2^15 x 2^15 x 2 bytes = 2^33 */
} VmPlanar;

void vm_planar_init(VmPlanar *planar, const VmVideoInfo *info, enum VmChroma chroma, int alpha);

/* Reads one frame into pic, or passes over it if pic is NULL; of a file, chroma is passed over as well
 * with luma_only. Returns the bytes consumed, fewer than
 * frame_size only at the end of the stream, or -errno. */
int64_t vm_planar_read(const VmPlanar *planar, VmStream *stream, VmafPicture *pic, int luma_only);

#endif
