/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Runs (frame, group) tasks on worker threads, with a bounded number of frames in flight. */
#ifndef VM_SCHEDULER_H
#define VM_SCHEDULER_H

#include "frame.h"

typedef struct VmSched VmSched;

typedef struct VmSchedConfig {
    unsigned n_threads; /* 0: vm_sched_submit does the work itself */
    unsigned n_tasks;   /* tasks of every frame, any order */
    size_t scratch;     /* bytes of the arena each task gets */
    void (*task)(void *opaque, const VmFrame *frame, unsigned task, VmArena *arena);
    void *opaque;
} VmSchedConfig;

int vm_sched_create(VmSched **sched, const VmSchedConfig *config, VmError *error);

/* Takes the frame's pictures and gives them back when all its tasks are done. Waits while
 * n_threads + 1 frames are in flight. One submitting thread. */
void vm_sched_submit(VmSched *sched, const VmFrame *frame);

void vm_sched_wait(VmSched *sched);    /* until nothing is in flight */
void vm_sched_destroy(VmSched *sched); /* waits first; NULL does nothing */

#endif
