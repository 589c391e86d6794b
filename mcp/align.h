/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Whether two clips are some frames apart: the mistake that ruins a score without a trace of it
 * in the numbers. Looks at few points of each picture. */
#ifndef VM_ALIGN_H
#define VM_ALIGN_H

#include "libvmaf/picture.h"

#include <stdint.h>

enum {
    VM_ALIGN_COLUMNS = 48,
    VM_ALIGN_ROWS = 27,
    VM_ALIGN_POINTS = VM_ALIGN_COLUMNS * VM_ALIGN_ROWS,
    VM_ALIGN_FRAMES = 128, /* at the clip's start */
    VM_ALIGN_MOST = 4,     /* frames apart that are looked for */
};

typedef struct VmAlign {
    uint8_t *points[2]; /* [VM_ALIGN_FRAMES][VM_ALIGN_POINTS] of reference and distorted */
    unsigned n;
} VmAlign;

/* Takes a pair into account; the first ones only. Without memory nothing is found out. */
void vm_align_add(VmAlign *align, const VmafPicture pictures[2]);

/* k if frame i of the distorted clip is clearly more like frame i + k of the reference than like
 * frame i, else 0. */
int vm_align_offset(const VmAlign *align);

void vm_align_free(VmAlign *align);

#endif
