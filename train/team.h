/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Threads that share out numbered tasks, and sums whose bits do not depend on how many there are. */
#ifndef VM_TEAM_H
#define VM_TEAM_H

#include <stdatomic.h>

#include "base.h"

/* How long work may go on, and who hears of it. Members all 0: for ever, nobody. */
typedef struct VmWatch {
    const atomic_int *cancelled;
    void (*progress)(void *opaque, double done, double total, const char *what);
    void *opaque;
} VmWatch;

int vm_watch_cancelled(const VmWatch *watch); /* NULL: no */
void vm_watch_tell(const VmWatch *watch, double done, double total, const char *what);

/* worker is 0 .. n_threads - 1; no two tasks run at once under one number. */
typedef void (*VmTaskFn)(void *opaque, size_t task, unsigned worker);

/* Runs tasks 0 .. n_tasks - 1 on up to n_threads threads, begun in that order. n_threads 0 and 1: on the
 * caller's. Where a thread cannot be started the others do its work. */
void vm_team_run(unsigned n_threads, size_t n_tasks, VmTaskFn run, void *opaque);

/* Adds to sum[n_values] what each task leaves in its own partial[n_values], which comes zeroed; in the
 * order of the tasks, whatever the number of threads. Returns 0 or -ENOMEM. */
typedef void (*VmPartialFn)(void *opaque, size_t task, unsigned worker, double *partial);
int vm_team_sum(unsigned n_threads, size_t n_tasks, size_t n_values, VmPartialFn run, void *opaque,
                double *sum);

#endif
