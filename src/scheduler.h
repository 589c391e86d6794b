/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Runs the tasks of frames on worker threads, with a bounded number of frames in flight. What a task is
 * it does not know.
 *
 * Workers take the tasks of the oldest frame first, in their order; the worker that ends a frame's last
 * task finishes the frame, so frames may finish out of order.
 *
 * Locking: one mutex guards the slots' counters and the cursors. It is held only between tasks, never
 * while a task or a finish runs or pictures are given back. A slot's frame and memory belong to the
 * submitting thread until the frame is counted as submitted, then to its tasks (each task to its own part
 * of the memory), then to the finish; the counters under the mutex hand them on. */
#ifndef VM_SCHEDULER_H
#define VM_SCHEDULER_H

#include "frame.h"

typedef struct VmSched VmSched;

typedef struct VmSchedConfig {
    unsigned n_threads; /* 0: vm_sched_submit does the work itself */
    unsigned n_frames;  /* in flight, at least 1 */
    unsigned n_tasks;   /* of every frame, run in any order */
    size_t scratch;     /* bytes of the arena each task gets */
    size_t memory;      /* bytes of the memory each frame has; contents unspecified */
    void (*task)(void *opaque, const VmFrame *frame, unsigned task, VmArena *arena, void *memory);
    void (*finish)(void *opaque, const VmFrame *frame, void *memory); /* after the last task */
    void *opaque;
} VmSchedConfig;

int vm_sched_create(VmSched **sched, const VmSchedConfig *config, VmError *error);

/* Takes the frame's pictures and gives them back when it is finished. Waits while n_frames frames are
 * in flight. One submitting thread. */
void vm_sched_submit(VmSched *sched, const VmFrame *frame);

void vm_sched_wait(VmSched *sched);    /* until nothing is in flight */
void vm_sched_destroy(VmSched *sched); /* waits first; NULL does nothing */

#endif
