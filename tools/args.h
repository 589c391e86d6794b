/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The command line, checked as far as it can be without opening anything. */
#ifndef VM_ARGS_H
#define VM_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "keylist.h"
#include "libvmaf/vmaf_ext.h"
#include "progress.h"
#include "source.h"

enum { VM_MODELS_MAX = 32, VM_THREADS_MAX = 1024 };

typedef struct VmModelArg {
    VmKeyList list;             /* items whose key is "extractor.option" are overloads */
    const char *version, *path; /* one is set, or both; they point into the list */
    const char *name;           /* in reports */
    int named;                  /* name was given */
    uint64_t flags;
    char *preset;     /* "--aom_ctc v1.0" if that put it here, else NULL */
    char *made;       /* name, if it had to be made */
    const char *tiny; /* id or path of a tiny model, instead of version and path */
    int stands_in;    /* for the default model, which this build lacks */
} VmModelArg;

typedef struct VmFeatureArg {
    char *name;
    VmKeyList options;
    char *preset;
} VmFeatureArg;

/* One limit of --fail-under. */
typedef struct VmLimit {
    char key[16];   /* mean, harmonic_mean, min, max or pN */
    int percentile; /* N, or -1 */
    double value;
} VmLimit;

enum VmAction { VM_SCORE, VM_MERGE, VM_HELP, VM_VERSION, VM_LIST_MODELS, VM_LIST_FEATURES };

typedef struct VmArgs {
    enum VmAction action;
    const char *reference, *distorted;
    const char **reports; /* to merge */
    unsigned n_reports;
    VmRawFormat raw; /* 0 and UNKNOWN: not given */
    int raw_given;   /* all four members are set */
    VmModelArg *models;
    unsigned n_models;
    VmFeatureArg *features;
    unsigned n_features;
    const char *output;   /* file of the report; NULL: none */
    int report_on_stdout; /* the report goes there, be there a file or not */
    enum VmafOutputFormat format;
    int precision;
    int reproducible;
    unsigned threads; /* 0: all cores */
    unsigned subsample;
    uint64_t cpumask;
    unsigned frame_count; /* 0: no limit */
    unsigned skip_reference, skip_distorted;
    unsigned chunk_first, chunk_count; /* count 0: no chunk */
    int no_prediction;                 /* tiny models score also then */
    int fast;                          /* an estimate stands in for the default model */
    int tiny_verify;
    const char *without_effect; /* an option that means nothing here, or NULL */
    enum VmProgressMode progress;
    VmLimit *limits;
    unsigned n_limits;
    char error[512]; /* what is wrong with the command line */
} VmArgs;

/* Returns 0, or a negative errno with args->error set. Free args in both cases. */
int vm_args_parse(VmArgs *args, int argc, char **argv);

void vm_args_free(VmArgs *args);

extern const char vm_help_text[];

/* ---- between args.c and the parsers of single arguments ---- */

/* Notes what is wrong; gives back -EINVAL. */
__attribute__((format(printf, 2, 3))) int vm_args_fail(VmArgs *args, const char *fmt, ...);

int vm_args_add_model(VmArgs *args, const char *text, const char *preset);
int vm_args_add_tiny(VmArgs *args, const char *text);
int vm_args_add_feature(VmArgs *args, const char *text, const char *preset);
int vm_args_add_limits(VmArgs *args, const char *text);
int vm_args_add_aom_ctc(VmArgs *args, const char *version);
int vm_args_add_nflx_ctc(VmArgs *args, const char *version);

#endif
