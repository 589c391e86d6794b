/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Models: read from libvmaf JSON, and applied to a frame's features. (spec: 4) */
#ifndef VM_MODEL_H
#define VM_MODEL_H

#include "libvmaf/model.h"
#include "libvmaf/vmaf_ext.h"
#include "options.h"
#include "svr.h"

enum { VM_MAX_KNOTS = 10, VM_MAX_MODEL_FEATURES = VM_SVR_MAX_INDEX, VM_MAX_MEMBERS = 999 };

typedef struct VmModelFeature {
    char *name;                     /* as in model files */
    VmafFeatureDictionary *options; /* of its extractor; NULL = defaults */
    double slope, intercept;
    char *key; /* column it reads; NULL until vm_model_bind */
} VmModelFeature;

typedef struct VmTransform {
    int enabled, has_p[3], lte_in, gte_in;
    double p[3], knots[VM_MAX_KNOTS][2];
    unsigned n_knots;
} VmTransform;

struct VmafModel {
    char *name;   /* in reports */
    char *origin; /* version name or path */
    char sha256[65];
    char type[40]; /* model_type of the file */
    int rescale;   /* norm_type is linear_rescale */
    unsigned n_features;
    VmModelFeature features[VM_MAX_MODEL_FEATURES];
    double slope, intercept; /* of the score */
    int has_clip;
    double clip_min, clip_max;
    VmTransform transform;
    double chroma_correction;        /* 0 = none */
    int chroma_guide, chroma_guided; /* feature indices */
    VmSvr *svr;
    struct VmTinyPart *tiny; /* instead of the SVR; see model_tiny.h */
};

struct VmafModelCollection {
    char *name;
    unsigned n;
    VmafModel **models;
};

/* Sets an option of a feature's extractor, of which a model's file may give 64. */
int vm_model_set_option(const VmafModel *m, VmModelFeature *f, const char *key, const char *value,
                        VmError *error);

/* Reads a single model (collection NULL afterwards) or a collection. */
int vm_model_parse(VmafModel **model, VmafModelCollection **collection, const char *json,
                   size_t size, const char *origin, const char *name, uint64_t flags,
                   VmError *error);

/* By version name or path, as the public functions do. */
int vm_model_load(VmafModel **model, VmafModelCollection **collection, const VmafModelSpec *spec,
                  VmError *error);

/* Names the columns that the features read. A feature of no known extractor keeps its own name: its
 * scores may be imported. */
int vm_model_bind(VmafModel *model, VmError *error);

/* Before transform and clip; x[n_features] in the model's order. */
double vm_model_raw(const VmafModel *model, const double *x);

/* Transform and clip. */
double vm_model_finish(const VmafModel *model, double raw);

/* Statistics over the members of a collection from their raw values (sorted in place). */
VmafModelCollectionScore vm_collection_score(const VmafModelCollection *collection, double *raw);

#endif
