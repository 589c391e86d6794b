/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scaling of a float picture row by row, for float_vif's prescale and float_motion's second scale. */
#ifndef VM_RESAMPLE_H
#define VM_RESAMPLE_H

#include "rows.h"

typedef enum VmResample { VM_NEAREST, VM_BILINEAR, VM_BICUBIC, VM_LANCZOS4 } VmResample;

/* Source rows on demand: makes row y once and keeps the latest 16. */
typedef struct VmRowCache {
    VmRing ring;
    int y[16]; /* row in each slot; -1 = none */
    int w, h;
    void *state;
    void (*make)(void *state, float *row, int y);
} VmRowCache;

void vm_row_cache_take(VmRowCache *cache, VmArena *arena, int w, int h);
const float *vm_row_cache_get(VmRowCache *cache, int y);

/* Row y of the source scaled to w x h. The same size is a copy. */
void vm_resample_row(float *dst, VmResample method, VmRowCache *source, int y, int w, int h);

#endif
