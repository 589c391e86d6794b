/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the tools that score a pair have in common: their arguments, the way from a call to a
 * finished job, and the summary of its scores. */
#ifndef VM_SCORING_H
#define VM_SCORING_H

#include "score_job.h"
#include "store.h"
#include "tool.h"
#include "toolbox.h"

extern const char *const vm_choices_pixfmt[], *const vm_choices_bits[], *const vm_choices_backend[];

/* clang-format off */
#define VM_ARG_REF                                                                                 \
    {"ref", VM_ARG_STRING, VM_ARG_REQUIRED,                                                        \
     "Reference video beneath an allowed folder: raw YUV, Y4M, or anything FFmpeg decodes."}
#define VM_ARG_DIS                                                                                 \
    {"dis", VM_ARG_STRING, VM_ARG_REQUIRED,                                                        \
     "Distorted video of the same size and format, compared frame by frame."}

/* Of raw files; other files say it themselves. */
#define VM_ARGS_RAW                                                                                \
    {"width", VM_ARG_INTEGER, 0, "Width of raw video; not needed for other files.",                \
     VM_ARG_WITHIN(1, VM_SIDE_MAX)},                                                               \
    {"height", VM_ARG_INTEGER, 0, "Height of raw video.", VM_ARG_WITHIN(1, VM_SIDE_MAX)},          \
    {"pixfmt", VM_ARG_STRING, 0, "Chroma format of raw video.", "\"420\"", vm_choices_pixfmt},     \
    {"bitdepth", VM_ARG_INTEGER, 0, "Bits per sample of raw video.", "8", vm_choices_bits}

#define VM_ARGS_MODEL                                                                              \
    {"model", VM_ARG_STRING, 0,                                                                    \
     "Model as `vmaf --model` takes it: version=NAME (see list_models) or path=FILE.",             \
     "\"version=vmaf_v0.6.1\""},                                                                   \
    {"backend", VM_ARG_STRING, 0, "This engine computes on the CPU: auto or cpu.", "\"auto\"",     \
     vm_choices_backend}

#define VM_ARGS_RANGE                                                                              \
    {"skip_ref", VM_ARG_INTEGER, 0,                                                                \
     "Frames to leave out at the start of ref, for clips that are some frames apart.", "0", NULL,  \
     VM_ARG_WITHIN(0, INT32_MAX)},                                                                 \
    {"skip_dis", VM_ARG_INTEGER, 0, "The same of dis; frames are counted from what is left.", "0", \
     NULL, VM_ARG_WITHIN(0, INT32_MAX)},                                                           \
    {"frame_start", VM_ARG_INTEGER, 0,                                                             \
     "First frame to score, from 0. Scores of a range equal those of the whole clip.", "0",        \
     NULL, VM_ARG_WITHIN(0, INT32_MAX)},                                                           \
    {"frame_count", VM_ARG_INTEGER, 0, "Frames to score; 0: to the end.", "0", NULL,               \
     VM_ARG_WITHIN(0, INT32_MAX)},                                                                 \
    {"subsample", VM_ARG_INTEGER, 0, "Score every n-th frame only: faster, less exact.", "1",      \
     NULL, VM_ARG_WITHIN(1, 100000)}
/* clang-format on */

enum { VM_SCORING_LIST_MAX = 16 };

/* A call that scores a pair. */
typedef struct VmScoring {
    VmCall *call;
    VmJobRequest request;
    VmRawFormat raw;
    const char *models[VM_SCORING_LIST_MAX], *tiny[VM_SCORING_LIST_MAX],
        *features[VM_SCORING_LIST_MAX];
    VmJob job;
    int precision;          /* of the report */
    char id[VM_STORE_ID];   /* of the report */
    VmFrameTable table;     /* the store has a copy of its own */
    double progress_from;   /* of several jobs: frames of those before this one */
    unsigned progress_jobs; /* how many there are; 0 and 1: one */
} VmScoring;

/* Fills the request from the arguments that are there; the distorted file is the caller's to set
 * where a tool has several. Returns 0 or a negative errno told by vm_call_fail(). */
int vm_scoring_prepare(VmScoring *scoring, VmCall *call);

/* Opens, scores, keeps the report. A stop from outside is -ECANCELED, with what was scored kept;
 * the deadline gives what there is, with a warning. On failure the call has been told why. Close
 * it in both cases. */
int vm_scoring_run(VmScoring *scoring);

/* Only what is said about why it failed: for tools that go on with the next pair. */
int vm_scoring_try(VmScoring *scoring, VmError *error);

void vm_scoring_close(VmScoring *scoring);

/* Column of the first model's score, or of the first feature if there is no model. */
unsigned vm_scoring_main_column(const VmScoring *scoring);

/* JSON of a number, null if it is not finite. */
json_t *vm_scoring_number(double value);

/* {name, mean, harmonic_mean, min, max, stddev, p1 ... p50} */
json_t *vm_scoring_stats(VmScoring *scoring, const char *name);

/* What vm_output_video says. */
json_t *vm_scoring_video(const VmVideoInfo *info);

/* The members that all results of a pair have: video, frames, end, seconds, fps, report, epoch. */
json_t *vm_scoring_facts(const VmScoring *scoring);

/* Adds the link to the report, if there is one. */
int vm_scoring_link(VmScoring *scoring);

extern const VmArg vm_output_stats[], vm_output_video[];

/* Members of vm_scoring_facts() for an output table. */
/* clang-format off */
#define VM_OUTPUT_FACTS                                                                            \
    {"video", VM_ARG_OBJECT, VM_ARG_REQUIRED, "Format of the pictures.",                           \
     .members = vm_output_video},                                                                  \
    {"first_frame", VM_ARG_INTEGER, VM_ARG_REQUIRED, "First frame that was scored."},              \
    {"last_frame", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Last frame that was scored."},                \
    {"frames_scored", VM_ARG_INTEGER, VM_ARG_REQUIRED, "How many were scored."},                   \
    {"end", VM_ARG_STRING, VM_ARG_REQUIRED,                                                        \
     "complete, or what cut it short: broken (an input), limit (of frames), timeout."},            \
    {"seconds", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Time it took."},                                  \
    {"fps", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Frames per second."},                                 \
    {"engine", VM_ARG_STRING, VM_ARG_REQUIRED,                                                     \
     "Version of the engine, and the libvmaf release whose numbers it has."},                      \
    {"report", VM_ARG_STRING, 0, "Resource with the scores of every frame, kept for an hour."}
/* clang-format on */

#endif
