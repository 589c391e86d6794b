/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Quality models: from features to a score. */
#ifndef VMAF_MODEL_H
#define VMAF_MODEL_H

#include <stdint.h>

#include "libvmaf/feature.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

typedef struct VmafModel VmafModel;
typedef struct VmafModelCollection VmafModelCollection;

enum VmafModelFlags {
    VMAF_MODEL_FLAGS_DEFAULT = 0,
    VMAF_MODEL_FLAG_DISABLE_CLIP = (1 << 0), ///< scores may leave the model's range
    VMAF_MODEL_FLAG_ENABLE_TRANSFORM =
        (1 << 1), ///< apply score_transform even if the file has it off
    VMAF_MODEL_FLAG_DISABLE_TRANSFORM = (1 << 2), ///< never apply score_transform
};

typedef struct VmafModelConfig {
    const char *name; ///< name of the score in reports; NULL = "vmaf"; copied
    uint64_t flags;   ///< VmafModelFlags, or-ed
} VmafModelConfig;

/* Loads a built-in model by its version name, e.g. "vmaf_v0.6.1". cfg may be NULL.
 * Returns 0 and sets *model (destroy it with vmaf_model_destroy()), or leaves *model alone and returns
 * -EINVAL (NULL argument, unknown version, a collection's version), -ENOENT (a published model that this
 * build does not contain) or -ENOMEM. vmaf_ext_model_load() says why. Any thread. A model is used by one
 * thread at a time, but by any number of contexts. */
int vmaf_model_load(VmafModel **model, VmafModelConfig *cfg, const char *version);

/* As vmaf_model_load(), from a libvmaf JSON file; -EINVAL if it is no model, also -errno of the file. */
int vmaf_model_load_from_path(VmafModel **model, VmafModelConfig *cfg, const char *path);

/* Sets options for every feature of the model that the extractor feature_name (e.g. "vif") computes.
 * Takes opts_dict in every case. Call it before vmaf_use_features_from_model(). Returns 0, -EINVAL or
 * -ENOMEM. */
int vmaf_model_feature_overload(VmafModel *model, const char *feature_name,
                                VmafFeatureDictionary *opts_dict);

/* NULL does nothing. Allowed before or after vmaf_close() of a context that used the model, which keeps
 * nothing of it. */
void vmaf_model_destroy(VmafModel *model);

enum VmafModelCollectionScoreType {
    VMAF_MODEL_COLLECTION_SCORE_UNKNOWN = 0,
    VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP,
};

typedef struct VmafModelCollectionScore {
    enum VmafModelCollectionScoreType type;
    struct {
        double bagging_score; ///< mean of the members, transformed and clipped
        double stddev;        ///< spread of the members, on the scale of the score
        struct {
            struct {
                double lo, hi; ///< 2.5th and 97.5th percentile of the members
            } p95;
        } ci;
    } bootstrap;
} VmafModelCollectionScore;

/* Loads a built-in bootstrap collection, e.g. "vmaf_b_v0.6.3": *model becomes its entry "0",
 * *model_collection the others. The caller destroys both. Errors as vmaf_model_load(); a single
 * model's version is -EINVAL. */
int vmaf_model_collection_load(VmafModel **model, VmafModelCollection **model_collection,
                               VmafModelConfig *cfg, const char *version);

/* As vmaf_model_collection_load(), from a JSON file. */
int vmaf_model_collection_load_from_path(VmafModel **model, VmafModelCollection **model_collection,
                                         VmafModelConfig *cfg, const char *path);

/* vmaf_model_feature_overload() for the main model and every member. Takes opts_dict. */
int vmaf_model_collection_feature_overload(VmafModel *model, VmafModelCollection **model_collection,
                                           const char *feature_name,
                                           VmafFeatureDictionary *opts_dict);

/* NULL does nothing. The main model is destroyed separately. */
void vmaf_model_collection_destroy(VmafModelCollection *model_collection);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
