/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The libvmaf 3 interface: feed pictures, read scores, write a report.
 *
 * Typical use: vmaf_init(), vmaf_model_load(), vmaf_use_features_from_model(), then
 * vmaf_read_pictures() for index 0, 1, 2 ..., once more with NULL pictures to flush, and
 * vmaf_score_pooled().
 *
 * Functions return 0 or a negative errno. A context is used from one thread at a time; different
 * contexts are independent of each other. What went wrong, in words: vmaf_ext_last_error(). */
#ifndef VMAF_H
#define VMAF_H

#include <stdint.h>
#include <stdio.h>

#include "libvmaf/feature.h"
#include "libvmaf/model.h"
#include "libvmaf/picture.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

enum VmafLogLevel {
    VMAF_LOG_LEVEL_NONE = 0,
    VMAF_LOG_LEVEL_ERROR,
    VMAF_LOG_LEVEL_WARNING,
    VMAF_LOG_LEVEL_INFO,
    VMAF_LOG_LEVEL_DEBUG,
};

enum VmafOutputFormat {
    VMAF_OUTPUT_FORMAT_NONE = 0,
    VMAF_OUTPUT_FORMAT_XML,
    VMAF_OUTPUT_FORMAT_JSON,
    VMAF_OUTPUT_FORMAT_CSV,
    VMAF_OUTPUT_FORMAT_SUB,
};

enum VmafPoolingMethod {
    VMAF_POOL_METHOD_UNKNOWN = 0,
    VMAF_POOL_METHOD_MIN,
    VMAF_POOL_METHOD_MAX,
    VMAF_POOL_METHOD_MEAN,
    VMAF_POOL_METHOD_HARMONIC_MEAN,
    VMAF_POOL_METHOD_NB
};

typedef struct VmafConfiguration {
    enum VmafLogLevel log_level; ///< messages up to this level go to stderr
    unsigned n_threads;          ///< worker threads; 0 = work inside vmaf_read_pictures()
    unsigned n_subsample;        ///< compute features on every n-th frame; 0 and 1 = on every frame
    uint64_t cpumask; ///< bits disable instruction sets: 1 SSE2/NEON 2 SSSE3 4 SSE4.1 8 AVX2
                      ///< 16 AVX-512 32 AVX-512 ICL
    uint64_t gpumask; ///< ignored
} VmafConfiguration;

typedef struct VmafContext VmafContext;

/* Creates a context. Returns 0 and sets *vmaf (close it with vmaf_close()), or -EINVAL / -ENOMEM and
 * leaves *vmaf alone. Any thread; vmaf_ext_init() has more settings. */
int vmaf_init(VmafContext **vmaf, VmafConfiguration cfg);

/* Registers the features that a model needs, in the model's order. The model stays the caller's.
 * Only before the first picture. Returns 0, -EINVAL (NULL, a feature or option this engine does not
 * have, pictures were read already) or -ENOMEM. */
int vmaf_use_features_from_model(VmafContext *vmaf, VmafModel *model);

/* The same for every member of a collection. */
int vmaf_use_features_from_model_collection(VmafContext *vmaf,
                                            VmafModelCollection *model_collection);

/* Registers one extractor by name with options; opts_dict may be NULL and is taken in every case.
 * An instance equal to one already there is dropped. Errors as above. */
int vmaf_use_feature(VmafContext *vmaf, const char *feature_name, VmafFeatureDictionary *opts_dict);

/* Adds a score computed elsewhere. Any index, each at most once per name. */
int vmaf_import_feature_score(VmafContext *vmaf, const char *feature_name, double value,
                              unsigned index);

/* Hands over frame `index`. Both pictures belong to the library afterwards, also on failure, and the
 * caller's structs are zeroed. A picture that the caller filled by hand (ref NULL), or whose planes the caller
 * has replaced or cropped, is copied; such planes stay the caller's. Indices start anywhere and increase by one. Both pictures and all frames have one size,
 * format and depth. A frame that is refused leaves everything as it was. Both NULL: flush, after which no
 * picture is accepted.
 * Returns 0, -EINVAL, -ENOMEM or -ECANCELED (vmaf_ext_cancel()). */
int vmaf_read_pictures(VmafContext *vmaf, VmafPicture *ref, VmafPicture *dist, unsigned index);

/* Score of one frame. Before the flush only frames that were read can be asked for, they are waited for, and
 * features that look ahead treat the newest frame as the last one. A score that frames to come cannot
 * change, and every score after the flush, is also kept for the report.
 * Errors: -EINVAL, -EAGAIN (not read yet), -ENOMEM. */
int vmaf_score_at_index(VmafContext *vmaf, VmafModel *model, double *score, unsigned index);

int vmaf_score_at_index_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                         VmafModelCollectionScore *score, unsigned index);

/* feature_name: a name as in reports ("integer_adm2") or in model files. */
int vmaf_feature_score_at_index(VmafContext *vmaf, const char *feature_name, double *score,
                                unsigned index);

/* Pooled over index_low..index_high inclusive, frames left out by n_subsample ignored; after the flush.
 * Errors: -EINVAL, -ENOMEM. */
int vmaf_score_pooled(VmafContext *vmaf, VmafModel *model, enum VmafPoolingMethod pool_method,
                      double *score, unsigned index_low, unsigned index_high);

int vmaf_score_pooled_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                       enum VmafPoolingMethod pool_method,
                                       VmafModelCollectionScore *score, unsigned index_low,
                                       unsigned index_high);

int vmaf_feature_score_pooled(VmafContext *vmaf, const char *feature_name,
                              enum VmafPoolingMethod pool_method, double *score, unsigned index_low,
                              unsigned index_high);

typedef struct VmafPictureConfiguration {
    struct {
        unsigned w, h;
        unsigned bpc;
        enum VmafPixelFormat pix_fmt;
    } pic_params;
    unsigned pic_cnt; ///< pictures in the pool; less than the threads can use is raised to that
} VmafPictureConfiguration;

/* Creates the context's picture pool, once. Returns 0, -EINVAL or -ENOMEM. */
int vmaf_preallocate_pictures(VmafContext *vmaf, VmafPictureConfiguration cfg);

/* Takes a picture from the pool, waiting until one is free. It comes back by vmaf_read_pictures() or
 * vmaf_picture_unref(). Contents are unspecified. -EINVAL without a pool, -ENOMEM. */
int vmaf_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic);

/* Frees everything, pool included, whether there was a flush or not; frames in flight are dropped, pictures
 * that the caller took from the pool stay valid. To be called once, as free() is; NULL: -EINVAL. */
int vmaf_close(VmafContext *vmaf);

/* Writes the report of all frames read so far in libvmaf's layout. The file appears whole or not at
 * all. FORMAT_NONE is XML. Returns 0, -EINVAL, -ENOMEM or the file's -errno. */
int vmaf_write_output(VmafContext *vmaf, const char *output_path, enum VmafOutputFormat fmt);

/* "3.2.0": the libvmaf release whose numbers and interface this library has. Static string, any thread. */
const char *vmaf_version(void);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
