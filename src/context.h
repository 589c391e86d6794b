/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a VmafContext is; for context.c, results.c, ext.c and report.c. */
#ifndef VM_CONTEXT_H
#define VM_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "cpu.h"
#include "extractor.h"
#include "libvmaf/vmaf_ext.h"
#include "model_tiny.h"
#include "plan.h"
#include "scheduler.h"
#include "scores.h"

/* What the report says of a tiny model besides. */
typedef struct VmTinyRecord {
    char *id;                      /* of a registry, or NULL */
    VmList features, keys, values; /* keys and values: metadata */
    int is_dynamic;                /* a frame's score depends on which others are scored */
} VmTinyRecord;

/* A model in use: what the report says of it, and where its scores go. */
typedef struct VmModelRecord {
    char *name, *origin;
    char sha256[65];
    int is_collection;
    VmTinyRecord *tiny; /* NULL: it is none */
} VmModelRecord;

struct VmafContext {
    VmError error;
    VmafExtConfig config;
    VmMemory memory;
    const VmMemory *outer; /* what the caller's thread had in use */
    pthread_mutex_t
        callback_lock;   /* held while a function of the caller's runs; guards n_finished */
    unsigned n_finished; /* frames */
    atomic_int cancelled;
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

/* Called first by every public function that can fail or allocates, and vm_context_leave() last, with what
 * it returns: the error of an earlier call is cleared, memory comes from the context's allocator in between,
 * the error if there is one is logged. With a NULL context, or with complete 0 (one of the arguments is
 * NULL), VM_ENTER returns -EINVAL from the function itself. */
int vm_context_enter(VmafContext *v, int complete, const char *function);
int vm_context_leave(VmafContext *v, int code);
#define VM_ENTER(v, complete) VM_TRY(vm_context_enter(v, complete, __func__))

/* Waits until every frame handed over so far is computed. */
void vm_context_settle(VmafContext *v);

void vm_tiny_record_free(VmTinyRecord *record); /* NULL does nothing */

/* Takes the strings and the tiny part of the record. */
int vm_context_add_model(VmafContext *v, VmModelRecord record);

/* Frames read that are not mere context; an empty span begins within the frames read. */
typedef struct VmSpan {
    unsigned first, end;
} VmSpan;
VmSpan vm_context_scored(const VmafContext *v);

/* Step between frames that count: n_subsample, at least 1. */
unsigned vm_context_step(const VmafContext *v);

/* Statistics of a column's counted frames. -ENODATA, without an error text: none has a finite value. */
int vm_context_stats(VmafContext *v, const VmColumn *column, VmafStats *stats);

/* Copies what both versions of a public struct have; to keeps its own size as the first member. */
void vm_copy_struct(void *to, size_t to_size, const void *from, size_t from_size);

#endif
