/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a VmafContext is; for context.c, results.c, ext.c and report.c. */
#ifndef VM_CONTEXT_H
#define VM_CONTEXT_H

#include <pthread.h>
#include <time.h>

#include "cpu.h"
#include "extractor.h"
#include "libvmaf/vmaf_ext.h"
#include "model.h"
#include "plan.h"
#include "scheduler.h"
#include "scores.h"

/* A model in use: what the report says of it, and where its scores go. */
typedef struct VmModelRecord {
    char *name, *origin;
    char sha256[65];
    int is_collection;
} VmModelRecord;

struct VmafContext {
    VmError error;
    VmafExtConfig config;
    pthread_mutex_t log_lock;
    VmCpuLevel level;
    struct timespec start;

    VmInstance **instances; /* in registration order, n_instances */
    unsigned n_instances;
    VmGroup *groups; /* built at the first picture */
    unsigned n_groups;
    VmPlan plan;
    unsigned bands; /* of a frame in every group that has bands; 0 = as fits. Tests set it */
    VmModelRecord *models;
    unsigned n_models;
    VmList features;             /* "vif=debug=true", in registration order */
    char *reference, *distorted; /* of merged reports, else NULL */
    VmList warnings;             /* of merged reports */

    VmScores scores;
    VmSched *sched; /* NULL before the first picture */
    VmPool *pool;
    VmFormat format;
    int flushed, n_previous;
    unsigned first, end;               /* frames read: first .. end - 1, context included */
    VmafPicture last[VM_MAX_PREVIOUS]; /* reference pictures of frames end - 1, end - 2 */
};

void vm_log(VmafContext *v, enum VmafLogLevel level, const char *format, ...) VM_PRINTF(3, 4);

/* Clears the error of an earlier call; to be called first by every public function. */
void vm_context_enter(VmafContext *v);

/* Logs the error if code < 0; returns code. */
int vm_context_leave(VmafContext *v, int code);

/* Waits until every frame handed over so far is computed. */
void vm_context_settle(VmafContext *v);

/* Takes the strings of the record. */
int vm_context_add_model(VmafContext *v, VmModelRecord record);

/* Frames read that are not mere context; an empty span begins within the frames read. */
typedef struct VmSpan {
    unsigned first, end;
} VmSpan;
VmSpan vm_context_scored(const VmafContext *v);

/* Step between frames that count: n_subsample, at least 1. */
unsigned vm_context_step(const VmafContext *v);

#endif
