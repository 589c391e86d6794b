/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Feature extractors: what a family of features is, an instance of it with its options, and the group
 * of instances that are computed in one pass over a frame.
 *
 * An extractor is a pure function of a frame (and of the reference pictures before it): it keeps no
 * state, so frames, and bands of a frame, may be computed in any order and on any thread. What looks across frames is a
 * function of a finished column (derive) or of whole columns (total). */
#ifndef VM_EXTRACTOR_H
#define VM_EXTRACTOR_H

#include "frame.h"
#include "kernels/kernels.h"
#include "options.h"
#include "scores.h"

enum { VM_MAX_FEATURES = 20, VM_MAX_INSTANCES = 16 };

typedef enum VmFeatureKind {
    VM_FRAME_FEATURE,   /* written by run */
    VM_DERIVED_FEATURE, /* computed by derive from frame features, after the last frame */
    VM_TOTAL_FEATURE,   /* one value for the clip, computed by total */
    VM_HIDDEN_BITS,     /* written by run as 64 bits, input of total; never reported */
} VmFeatureKind;

typedef struct VmFeature {
    const char *name;  /* as in model files */
    const char *alias; /* as in reports; NULL = name */
    VmFeatureKind kind;
    int plain;     /* 1: never gets the suffix of the options */
    VmPhase phase; /* where reports list it; the order of libvmaf */
} VmFeature;

typedef struct VmExtractor VmExtractor;

typedef struct VmInstance {
    const VmExtractor *extractor;
    void *options;                      /* the extractor's option struct */
    char *suffix;                       /* of its feature names */
    uint32_t mask;                      /* features this instance gives, bit k = features[k] */
    VmColumn *columns[VM_MAX_FEATURES]; /* NULL: not given */
} VmInstance;

/* Instances that run together, the format, the kernels. Constant while frames run. */
typedef struct VmGroup {
    const VmExtractor *extractor;
    VmInstance *instances[VM_MAX_INSTANCES];
    unsigned n;
    VmFormat format;
    const VmKernels *kernels;
} VmGroup;

/* Values of one frame, [instance][feature]. */
typedef union VmValue {
    double d;
    uint64_t bits;
} VmValue;
typedef VmValue VmValues[VM_MAX_FEATURES];

struct VmExtractor {
    const char *name, *description;
    const VmFeature *features;
    unsigned n_features;
    const VmOption *options;
    size_t options_size;
    int shares;      /* 1: all instances form one group; 0: a group each */
    int every_frame; /* 1: n_subsample does not apply */
    int cost;        /* of a sample, in any unit: dear tasks are begun first */
    int bands;       /* 1: run can do a band, as its sums are integers, exact in any order */

    /* Features the options select, bit per feature. */
    uint32_t (*mask)(const void *options);
    /* Reference pictures before the frame that run looks at, 0 .. VM_MAX_PREVIOUS; NULL = 0. */
    int (*previous)(const void *options);
    /* Frames before and after frame i that derive needs for it; NULL = none. */
    void (*context)(const void *options, unsigned *before, unsigned *after);
    /* Does it look at chroma? NULL = no. */
    int (*chroma)(const void *options);
    /* Can these options be computed for this format? NULL = always. */
    int (*check)(const void *options, const VmFormat *format, VmError *error);
    /* 64-bit words that run leaves for finish; NULL: run leaves the values, VmValues[group->n]. */
    size_t (*words)(const VmGroup *group);
    /* Computes all instances for a band of one frame (the whole of it unless the extractor has bands).
     * out comes filled with zeros. With out NULL it only measures: it takes its scratch memory from
     * the (measuring) arena and returns. */
    void (*run)(const VmGroup *group, const VmFrame *frame, VmBand band, VmArena *arena, void *out);
    /* From the words of a frame, those of its bands added, to the values. */
    void (*finish)(const VmGroup *group, const VmFrame *frame, const void *words, VmValues *values);
    /* Value of a derived feature at row i of rows first .. end - 1. */
    double (*derive)(const VmInstance *instance, unsigned feature, unsigned i, unsigned first,
                     unsigned end);
    /* Sums of a total over rows first .. end - 1; its name is left alone. */
    void (*total)(const VmGroup *group, const VmInstance *instance, unsigned feature,
                  unsigned first, unsigned end, VmTotal *total);
};

/* All extractors, ended by NULL. */
extern const VmExtractor *const vm_extractors[];

/* NULL if there is none of that name. */
const VmExtractor *vm_extractor_find(const char *name);

/* The extractor that gives a feature by its name in model files; NULL if there is none. */
const VmExtractor *vm_extractor_of_feature(const char *feature);

/* The extractor, the feature and the options behind a score's name: as in reports, perhaps without its
 * "integer_", or as in model files. *options is the caller's, NULL for defaults. -ENOENT: there is none. */
int vm_feature_find(const char *name, const VmExtractor **extractor, unsigned *feature,
                    VmafFeatureDictionary **options);

/* Sentence for an extractor that does not exist, with those that do. */
int vm_extractor_unknown(const char *name, VmError *error);

/* The name under which a feature with these options is stored: the name, or alias + suffix. */
char *vm_feature_key(const VmFeature *feature, const char *suffix);

/* Name in reports for a feature without options: the alias where there is one. */
char *vm_feature_label(const VmFeature *feature, const char *suffix);

/* Creates an instance; dict may be NULL and stays the caller's. */
int vm_instance_create(VmInstance **instance, const VmExtractor *extractor,
                       const VmafFeatureDictionary *dict, VmError *error);
void vm_instance_free(VmInstance *instance); /* NULL does nothing */

/* Same extractor and same named options: libvmaf keeps only the first of such a pair. */
int vm_instance_equal(const VmInstance *a, const VmInstance *b);

/* Adds the columns of an instance. -EEXIST: a score was imported under one of the names. */
int vm_instance_columns(VmInstance *instance, VmScores *scores);

#endif
