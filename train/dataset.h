/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Rows of features with the teacher's scores, one per frame, from a corpus and its cache or from a CSV
 * or NPY file. Ordered by clip, within a clip by frame; equal data make equal rows and an equal digest,
 * wherever they were loaded from. */
#ifndef VM_DATASET_H
#define VM_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "data_args.h"
#include "exitcode.h"
#include "message.h"

/* Numbers from outside are checked against these before anything is allocated. */
enum {
    VM_FEATURES_MAX = 64,
    VM_DATASET_NAME_MAX = 127,
    VM_DATASET_CLIPS_MAX = 1 << 20,
    /* and groups. Each of them has a line in reports, and is held out in turn. */
    VM_DATASET_SOURCES_MAX = 1 << 14,
    /* 124 days at 25 frames a second; row numbers are 32 bits wide */
    VM_DATASET_ROWS_MAX = 1 << 28,
};

typedef struct VmClip {
    char *key;                      /* stem of the distorted file; comes first */
    unsigned source;                /* number in VmDataset.sources */
    unsigned group;                 /* number in VmDataset.groups: cuts of one film are one group */
    size_t first, n_rows;           /* rows first .. first + n_rows - 1 */
    size_t dropped;                 /* rows left out because a value was not finite */
    int has_raw;                    /* 0: unclipped scores are not known, raw repeats clipped */
    uint32_t quality, height, kbps; /* from the key's name, 0 if it has none */
} VmClip;

typedef struct VmDataset {
    size_t n; /* rows */
    unsigned width;
    char **features; /* [width] names */
    float *x;        /* [n][width], finite */
    double *raw;     /* [n] the teacher's score before clipping */
    double *clipped; /* [n] the same, clipped */
    uint32_t *clip;  /* [n] number in clips */
    uint32_t *frame; /* [n] frame number */
    VmClip *clips;
    unsigned n_clips;
    char **sources;
    unsigned n_sources;
    char *
        *groups; /* what is held out together; the source's own name unless the corpus says else */
    unsigned n_groups;
    size_t dropped;    /* rows left out, of all clips */
    char teacher[128]; /* "vmaf_v0.6.1" or the model file's name; "" if the file does not say */
    char teacher_sha256[65]; /* of the model's JSON; "" likewise */
    char sha256[65];         /* of names, rows and scores */
} VmDataset;

/* Loads what the arguments name: --data FILE, else the corpus, of which the rows that the cache lacks
 * are computed. Says on messages what was left out and what went wrong. On success the caller frees
 * *dataset. */
enum VmExit vm_dataset_load(VmDataset **dataset, const VmDataArgs *args, VmMessages *messages);

/* NULL does nothing. */
void vm_dataset_free(VmDataset *dataset);

/* Number of the clip of this key, -1 if there is none. This one and the next: of a finished one. */
int vm_dataset_find_clip(const VmDataset *dataset, const char *key);

/* Number of the group that has this name, or a source of this name; -1 if there is none. */
int vm_dataset_find_group(const VmDataset *dataset, const char *name);

/* ---- for those who fill one ---- */

/* An empty one for rows of these features, or NULL: no memory. */
VmDataset *vm_dataset_new(const char *const *features, unsigned width);

/* Begins a clip; rows added next are its own. group NULL: as source. Returns 0, -EINVAL (a key that is
 * already there, an unfit name) or -ENOMEM. */
int vm_dataset_add_clip(VmDataset *dataset, const char *key, const char *source, const char *group,
                        VmError *error);

/* Adds a row to the last clip, or counts it as dropped if a value is not finite. raw NULL: not known.
 * Returns 0, -EINVAL (there are VM_DATASET_ROWS_MAX of them) or -ENOMEM. */
int vm_dataset_add_row(VmDataset *dataset, uint32_t frame, const double *x, const double *raw,
                       double clipped, VmError *error);

/* Orders the clips by the bytes of their keys and computes the digest. Returns 0 or -ENOMEM. */
int vm_dataset_finish(VmDataset *dataset);

/* Computes the digest again, after scores have changed. */
void vm_dataset_digest(VmDataset *dataset);

#endif
