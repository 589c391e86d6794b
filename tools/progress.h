/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Progress by the wall clock. */
#ifndef VM_PROGRESS_H
#define VM_PROGRESS_H

#include <stdint.h>

#include "message.h"

enum VmProgressMode {
    VM_PROGRESS_AUTO,  /* in place on a terminal; elsewhere plain lines, for long runs only */
    VM_PROGRESS_PLAIN, /* a line every few seconds and one at the end */
    VM_PROGRESS_JSON,  /* one object a line */
    VM_PROGRESS_NONE,
};

typedef struct VmProgress {
    VmMessages *messages;
    enum VmProgressMode mode;
    int in_place;  /* stderr is a terminal */
    int64_t total; /* frames expected, -1: unknown */
    double start;  /* vm_clock() at the first frame */
    double last;   /* of the last line */
    int lines;     /* written so far */
} VmProgress;

/* Seconds of a clock that never jumps. */
double vm_clock(void);

void vm_progress_start(VmProgress *progress, VmMessages *messages, enum VmProgressMode mode,
                       int64_t total);

/* Call it after each frame; it writes now and then. */
void vm_progress_update(VmProgress *progress, uint64_t frames);

void vm_progress_finish(VmProgress *progress, uint64_t frames);

#endif
