/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How a frame's work is cut into tasks: a task is a band of a group. Where the tasks leave their results
 * in the frame's memory, and how the frame's values come from them. */
#ifndef VM_PLAN_H
#define VM_PLAN_H

#include "extractor.h"

typedef struct VmTask {
    const VmGroup *group;
    VmBand band;
    size_t at; /* its words begin here in the frame's memory */
} VmTask;

typedef struct VmPlan {
    VmTask *tasks; /* bands of a group follow one another */
    unsigned n_tasks;
    unsigned n_frames; /* in flight, so that the threads have work while the next frame is read */
    size_t words;      /* of a frame's memory */
    size_t scratch;    /* bytes a task needs */
} VmPlan;

/* For groups that have their format. bands: of every group that can have them; 0 = as fits. */
int vm_plan_create(VmPlan *plan, const VmGroup *groups, unsigned n_groups, unsigned n_threads,
                   unsigned bands);
void vm_plan_free(VmPlan *plan);

void vm_plan_run(const VmPlan *plan, unsigned task, const VmFrame *frame, VmArena *arena,
                 uint64_t *memory);

/* Writes the values of a frame, of which all tasks were run, to the columns. */
void vm_plan_finish(const VmPlan *plan, const VmFrame *frame, uint64_t *memory);

#endif
