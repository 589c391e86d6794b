/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One pair of videos scored by the engine in this process: opened beneath the roots, with models
 * from the cache, a range of frames, progress, and an end that can come from outside. No
 * protocol here. */
#ifndef VM_SCORE_JOB_H
#define VM_SCORE_JOB_H

#include <stdatomic.h>

#include "align.h"
#include "model_cache.h"

typedef struct VmJobRequest {
    const VmRoots *roots;
    VmModelCache *cache;
    const char *reference, *distorted;
    const VmRawFormat *raw; /* of raw files; NULL: the files say what they are */
    const char **models;    /* as `vmaf --model` takes them */
    unsigned n_models;
    const char **tiny; /* as `vmaf --tiny-model` takes them */
    unsigned n_tiny;
    const char **features; /* as `vmaf --feature` takes them, beside those of the models */
    unsigned n_features;
    unsigned skip
        [2]; /* frames left out at the start of reference and distorted; the clip begins behind */
    unsigned first, count; /* frames of the clip; count 0: to its end */
    unsigned subsample;    /* 0 and 1: every frame */
    unsigned threads;      /* 0: one per core */
    uint64_t cpumask;
    double seconds;      /* of time for the frames; 0: no limit */
    uint64_t max_frames; /* 0: no limit */
    /* frames done of total (0: unknown); one call at a time, from threads of the engine. May be
     * NULL. */
    void (*progress)(void *opaque, unsigned done, unsigned total);
    void *opaque;
} VmJobRequest;

enum VmJobEnd {
    VM_JOB_COMPLETE,
    VM_JOB_BROKEN,    /* an input broke off or is damaged */
    VM_JOB_LIMITED,   /* by max_frames */
    VM_JOB_TIMED_OUT, /* by seconds */
    VM_JOB_CANCELLED, /* by vm_job_stop() */
};

typedef struct VmJob {
    VmJobRequest request;
    VmArgs args; /* its models and features are in use */
    VmCachedModel *models[VM_MODELS_MAX];
    unsigned n_models;
    VmafContext *vmaf;
    VmSource source[2];   /* reference, distorted */
    int fd[2];            /* of the files, for looking at frames again; -1: not open */
    pthread_mutex_t lock; /* of the warnings while it runs */
    VmList warnings;
    VmAlign align;
    VmError error;
    enum VmJobEnd end;
    unsigned begin;       /* first frame read; before request.first lies mere context */
    unsigned frames;      /* read so far, those before begin included */
    unsigned total;       /* frames expected, 0: unknown */
    unsigned first, last; /* scored frames, once run */
    unsigned scored;      /* of which so many; fewer than last - first + 1 with subsampling */
    double start, seconds;
    atomic_int stopped;
} VmJob;

/* Opens everything. Returns 0 or a negative errno with job->error; close the job in both cases. */
int vm_job_open(VmJob *job, const VmJobRequest *request);

/* Scores. 0 also for an end before the clip's if at least one frame was scored; see job->end. */
int vm_job_run(VmJob *job);

/* From any thread while the job is open: no work begins after the frame at hand, and what is
 * scored is kept. */
void vm_job_stop(void *job);

/* Reads the frames again, rising numbers. fn gets both pictures; what it returns but 0 ends the
 * reading. */
int vm_job_look(VmJob *job, const unsigned *frames, unsigned n,
                int (*fn)(void *opaque, unsigned frame, const VmafPicture pictures[2]),
                void *opaque);

/* The report of vmaf's program, extended, as JSON; freed by vmaf_ext_free(). precision as in
 * reports. */
int vm_job_report(VmJob *job, int precision, char **text, size_t *size);

void vm_job_close(VmJob *job);

#endif
