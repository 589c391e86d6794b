/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "rows.h"

/* Widens rows *first .. *end - 1 of h by those that the tap reads. */
static void add_rows_of(const VmTap *t, int h, int *first, int *end)
{
    if (t->next >= t->end) return;
    const int low = t->step * t->next - t->reach;
    const int high = t->step * (t->end - 1) + t->reach + t->over + 1;
    *first = VM_MIN(*first, VM_MAX(low, 0));
    *end = VM_MAX(*end, VM_MIN(high, h));
}

/* A row outside is mirrored to one not further from the tap's centre, so it is in the range as well. */
void vm_pyramid_plan(VmPyramid *p, int n_levels)
{
    for (int level = n_levels - 1; level >= 0; level--) {
        VmLevel *l = &p->level[level];
        const VmLevel *above = level + 1 < n_levels ? l + 1 : NULL;
        l->sub.next = above ? above->first : 0;
        l->sub.end = above ? above->end : 0;
        l->first = l->h;
        l->end = 0;
        add_rows_of(&l->stat, l->h, &l->first, &l->end);
        add_rows_of(&l->sub, l->h, &l->first, &l->end);
        l->arrived = l->first;
    }
}

void vm_pyramid_push(VmPyramid *p, int level)
{
    VmLevel *l = &p->level[level];
    l->arrived++;
    while (vm_tap_ready(&l->sub, l->arrived, l->h)) {
        p->sub(p->state, level, l->sub.next++);
        vm_pyramid_push(p, level + 1);
    }
    while (vm_tap_ready(&l->stat, l->arrived, l->h)) p->stat(p->state, level, l->stat.next++);
}
