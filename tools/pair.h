/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What can be said of two videos before the first frame is compared. */
#ifndef VM_PAIR_H
#define VM_PAIR_H

#include "source.h"

/* 0, or -EINVAL with one sentence if they cannot be compared frame by frame. */
int vm_pair_compare(const VmVideoInfo *ref, const VmVideoInfo *dis, char *error, size_t size);

/* Calls warn with one sentence for each thing that makes a score doubtful. */
void vm_pair_doubts(const VmVideoInfo *ref, const VmVideoInfo *dis,
                    void (*warn)(void *opaque, const char *text), void *opaque);

#endif
