/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Options that all commands share that need data: where it is and how it is read. */
#ifndef VM_DATA_ARGS_H
#define VM_DATA_ARGS_H

#include "command.h"

enum VmCacheMode { VM_CACHE_WRITE, VM_CACHE_READ, VM_CACHE_OFF };
enum VmDigestMode { VM_DIGEST_QUICK, VM_DIGEST_FULL };

typedef struct VmSize {
    unsigned w, h; /* 0: not given */
} VmSize;

typedef struct VmDataArgs {
    const char *data;            /* CSV or NPY file; wins over the corpus */
    const char *data_root;       /* corpus */
    VmSize assume;               /* geometry of raw files */
    const char *cache_dir;       /* NULL: ~/.cache/vmaf-tiny-ai */
    int cache;                   /* VmCacheMode */
    int digest;                  /* VmDigestMode */
    int accept_legacy;           /* cache entries without a key */
    const char *features;        /* "canonical", "full" or names with commas between */
    const char *teacher;         /* "version=NAME" or "path=FILE" */
    int relabel;                 /* ask the teacher for the scores of --data's rows */
    unsigned max_pairs;          /* 0: all */
    int skip_unusable;           /* go on without pairs that cannot be used */
    unsigned jobs;               /* pairs at the same time; 0: as many as there are cores */
    int progress;                /* VmProgressMode */
    const struct VmWatch *watch; /* hears of frames that are computed, can cancel; or NULL */
} VmDataArgs;

/* For a VmOptionTable; its base is the offset of the VmDataArgs. */
extern const VmOption vm_data_options[];

/* Those of them that find and read a corpus, without features and teacher: for a command that computes
 * nothing. */
extern const VmOption vm_corpus_options[];

#endif
