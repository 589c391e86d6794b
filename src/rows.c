/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "rows.h"

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
