/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Rows that flow: a feature pyramid reads each row of a level once and keeps only the rows that its
 * filters still need. A tap says which output rows can be made from the rows that have arrived; a ring
 * holds the window. */
#ifndef VM_ROWS_H
#define VM_ROWS_H

#include "base.h"

/* Output rows next .. end - 1; row i needs source rows step * i - reach .. step * i + reach + over (rows
 * near the border need no more than exist: the border is mirrored). */
typedef struct VmTap {
    int next, end, step, reach, over;
} VmTap;

/* Can output row t->next be made when all source rows below `arrived`, of h, are there? */
static inline int vm_tap_ready(const VmTap *t, int arrived, int h)
{
    const int last = t->step * t->next + t->reach + t->over;
    return t->next < t->end && (last < h ? last : h - 1) < arrived;
}

/* The last `mask + 1` rows (a power of two) of a plane, each with room for filters at both ends. */
typedef struct VmRing {
    uint8_t *base;
    size_t pitch;
    int mask;
} VmRing;

enum { VM_ROW_PAD = 192 }; /* bytes before and after a row that a filter may touch */

/* One padded row. */
static inline void *vm_row_take(VmArena *arena, size_t bytes)
{
    uint8_t *p = vm_arena_take(arena, bytes + 2 * VM_ROW_PAD);
    return p ? p + VM_ROW_PAD : NULL;
}

static inline void vm_ring_take(VmRing *ring, VmArena *arena, int rows, size_t bytes)
{
    int n = 1;
    while (n < rows) n *= 2;
    ring->mask = n - 1;
    ring->pitch = ((bytes + 63) & ~(size_t)63) + 2 * VM_ROW_PAD;
    if (ring->pitch % 1024 == 0) ring->pitch += 64; /* rows would compete for the same cache sets */
    uint8_t *p = vm_arena_take(arena, (size_t)n * ring->pitch);
    ring->base = p ? p + VM_ROW_PAD : NULL;
}

static inline void *vm_ring_row(const VmRing *ring, int y)
{
    return ring->base + (size_t)(y & ring->mask) * ring->pitch;
}

/* A pyramid of a reference and a distorted picture. Level 0 are the picture's rows (or rows made from
 * them), each further level is made from the one before. */
enum { VM_MAX_LEVELS = 5 };

typedef struct VmLevel {
    int w, h;       /* size of the level's rows */
    int first, end; /* rows that somebody needs; the others never arrive */
    int arrived;    /* rows first .. arrived - 1 are there */
    VmTap stat;     /* rows of statistics made from this level; empty: none */
    VmTap sub;      /* rows of the next level made from this one */
    VmRing ring[2]; /* reference and distorted rows; unused where the picture itself is read */
} VmLevel;

typedef struct VmPyramid {
    VmLevel level[VM_MAX_LEVELS];
    void *state;
    void (*stat)(void *state, int level, int y);
    void (*sub)(void *state, int level, int i); /* makes row i of level + 1, both pictures */
} VmPyramid;

/* From the rows of statistics that are wanted of each level, top down: which rows of the levels have to
 * be made for them. Call it when the levels' sizes and taps are set (but the rows of sub), before the
 * first push. */
void vm_pyramid_plan(VmPyramid *pyramid, int n_levels);

/* The next row of `level` is there: makes every row of statistics and of higher levels it completes. */
void vm_pyramid_push(VmPyramid *pyramid, int level);

/* Index i of a row or column outside 0..n-1, reflected without repeating the edge, periodic for
 * filters longer than the picture (n >= 1). */
static inline int vm_reflect(int i, int n)
{
    if (i >= 0 && i < n) return i;
    if (n == 1) return 0;
    const int period = 2 * (n - 1), once = i < 0 ? -i : period - i;
    if (once >= 0 && once < n) return once; /* spares two divisions */
    const int m = ((i % period) + period) % period;
    return m < n ? m : period - m;
}

/* Reflected with the edge repeated at both ends (SSIM decimation); i within one period. */
static inline int vm_mirror(int i, int n)
{
    if (i < 0) i = -1 - i;
    if (i >= n) i = 2 * n - 1 - i;
    return i < 0 ? 0 : i;
}

#endif
