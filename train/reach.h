/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How far the training rows reach, as the engine's out-of-box flag wants it (tiny/seen.h). */
#ifndef VM_REACH_H
#define VM_REACH_H

#include "samples.h"

typedef struct VmReach {
    double min[VM_INPUTS_MAX], max[VM_INPUTS_MAX], mean[VM_INPUTS_MAX];
    double whitening[VM_INPUTS_MAX * (VM_INPUTS_MAX + 1) / 2]; /* see vm_seen_distance() */
    double distance; /* that 99.9 % of the rows have at most */
} VmReach;

/* Of the first part of the samples, or of the second if that is empty; they are scaled. Returns 0 or -ENOMEM. */
int vm_reach_of(VmReach *reach, const VmSamples *samples);

#endif
