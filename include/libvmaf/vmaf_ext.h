/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What tinyvmaf adds to the libvmaf interface.
 *
 * Every struct begins with its size. *_default() sets it to what the caller was compiled with and the other
 * members to their defaults; callers that are not C use the *_init() behind it and give the size. The
 * library neither reads nor writes members beyond that size, so that programs and library may be of
 * different age. A struct whose size was not set is refused with -EINVAL.
 *
 * Functions return 0 or a negative errno. Where a context is at hand, vmaf_ext_last_error() has the reason
 * in words. NULL is refused with -EINVAL where nothing else is said. Unless it says "any thread", a function
 * belongs to the thread that uses the context at the time, as those of libvmaf.h do. */
#ifndef VMAF_EXT_H
#define VMAF_EXT_H

#include <stddef.h>
#include <stdint.h>

#include "libvmaf/libvmaf.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* "0.1.0": this library's own version. Static string. */
const char *vmaf_ext_version(void);

/* "3.2": the numeric epoch, i.e. the libvmaf release line whose values are reproduced. */
const char *vmaf_ext_epoch(void);

/* Name of the instruction-set level used with this cpumask, e.g. "scalar". Static string. These three: any
 * thread. */
const char *vmaf_ext_cpu_level(uint64_t cpumask);

/* ---- contexts ---- */

/* Functions of the caller's. Each may be called from any thread that works for the context, log and progress
 * one call at a time per context. They must not call the library for that context, except for
 * vmaf_ext_cancel(); other contexts are free to use. */

/* text has no newline and is valid during the call. */
typedef void (*VmafLogFn)(void *opaque, enum VmafLogLevel level, const char *text);

/* One more frame is computed: frames is 1, 2, 3 ..., whatever their order. The frames left out by
 * n_subsample count, those dropped by a cancellation do not. */
typedef void (*VmafProgressFn)(void *opaque, unsigned frames);

/* size bytes aligned to 16, contents unspecified, or NULL when there are none. Several threads may be in it
 * at the same time. */
typedef void *(*VmafAllocFn)(void *opaque, size_t size);

/* memory is what the VmafAllocFn returned, never NULL. */
typedef void (*VmafFreeFn)(void *opaque, void *memory);

typedef struct VmafExtConfig {
    size_t struct_size;
    unsigned n_threads;          ///< worker threads; 0 = one per core this process may use
    unsigned n_subsample;        ///< as in VmafConfiguration
    uint64_t cpumask;            ///< as in VmafConfiguration
    enum VmafLogLevel log_level; ///< messages above this level are dropped (default WARNING)
    VmafLogFn log;               ///< receives messages; NULL = stderr
    void *log_opaque;            ///< first argument of log
    unsigned chunk_first;        ///< see vmaf_ext_chunk_context()
    unsigned chunk_count;        ///< 0 (default): all frames are scored
    VmafProgressFn progress;     ///< NULL (default) = nobody is told
    void *progress_opaque;       ///< first argument of progress
    VmafAllocFn alloc;  ///< where the context's memory comes from, see below; NULL = malloc
    VmafFreeFn free;    ///< where it goes; NULL if and only if alloc is NULL
    void *alloc_opaque; ///< first argument of both
} VmafExtConfig;

void vmaf_ext_config_init(VmafExtConfig *cfg, size_t struct_size);

static inline void vmaf_ext_config_default(VmafExtConfig *cfg)
{
    vmaf_ext_config_init(cfg, sizeof(*cfg));
}

/* vmaf_init() with more settings; cfg is copied. Returns 0 and sets *vmaf (close it with vmaf_close()), or
 * -EINVAL (NULL, no struct_size, one of alloc and free without the other) / -ENOMEM and leaves *vmaf alone.
 * Any thread.
 *
 * With alloc everything that the context itself keeps comes from there: scores, work space, pool pictures,
 * copies of pictures filled by hand, the texts of vmaf_ext_report_print(). Not from there are thread stacks,
 * what the C library needs for a file while it is written, and what belongs to no context: models,
 * dictionaries, the planes of vmaf_picture_alloc(). vmaf_close() gives all of it back, except for pool
 * pictures that the caller still holds and texts; they go when they are given up, until when free must
 * work. */
int vmaf_ext_init(VmafContext **vmaf, const VmafExtConfig *cfg);

/* Any thread, also from a callback, more than once; NULL does nothing. Frames that are not finished are
 * dropped, and vmaf_read_pictures() returns -ECANCELED from now on, also for the flush; it takes its pictures
 * as ever. What is computed can still be read and reported. Does not wait: vmaf_close() does, for no longer
 * than the work just begun. The context must not be closed while this runs. */
void vmaf_ext_cancel(VmafContext *vmaf);

/* What the last call on this context found wrong, one sentence without newline; "" if nothing or if vmaf is
 * NULL. Valid until the next call on the context. Not while another call is running. */
const char *vmaf_ext_last_error(const VmafContext *vmaf);

/* Worker threads in use (0 = none, work is done by the caller, or NULL). */
unsigned vmaf_ext_thread_count(const VmafContext *vmaf);

/* 1 if a feature registered so far looks at chroma. If not (and for NULL: 0), those planes may be left
 * unfilled. */
int vmaf_ext_reads_chroma(const VmafContext *vmaf);

/* A clip can be scored in chunks. With VmafExtConfig.chunk_count only frames chunk_first ..
 * chunk_first + chunk_count - 1 are scored and reported. The frames read around them are context: only
 * what looks across frames is computed on them. To get the scores that a run of the whole clip gives,
 * begin with frame chunk_first - before, or the clip's first, and end with the last of the chunk + after,
 * or the clip's last. How many that are depends on the features registered so far. Each pointer may be
 * NULL. */
void vmaf_ext_chunk_context(const VmafContext *vmaf, unsigned *before, unsigned *after);

/* Reads the JSON reports of a clip's chunks, in any order, written with VMAF_PRECISION_MAX and the
 * extended block, into a new context that holds their scores as if it had computed them: for reports,
 * statistics and pooling of features; no pictures are taken. Refused are reports that overlap, leave a
 * gap, or are not of the same models, features, format and version. Returns 0 and sets *vmaf, or a
 * negative errno and one sentence in error as vmaf_ext_model_load() does. Any thread. */
int vmaf_ext_merge(VmafContext **vmaf, const char *const *paths, unsigned n_paths, char *error,
                   size_t error_size);

/* Name of the scores of model number i = 0, 1, ... of the context; NULL past the end. Valid until the
 * context is closed. */
const char *vmaf_ext_model_name(const VmafContext *vmaf, unsigned i);

/* Name of score number i = 0, 1, ... that the context has or will have: of features registered so far,
 * imported ones, and models' scores asked for so far; named and ordered as in reports. NULL past the end.
 * Valid until the context is closed. */
const char *vmaf_ext_score_name(const VmafContext *vmaf, unsigned i);

/* ---- models ---- */

typedef struct VmafModelSpec {
    size_t struct_size;
    const char *version; ///< built-in name; wins over path
    const char *path;    ///< libvmaf JSON file
    const char *name;    ///< name in reports, NULL = "vmaf"
    uint64_t flags;      ///< VmafModelFlags
    const char *json;    ///< the file's bytes, json_size of them: path is not opened then and only
    size_t json_size;    ///< names the model in messages and reports; NULL (default): path is read
    const char
        *tiny;  ///< tiny model instead of the others: an id of vmaf_ext_tiny_info(), or the path of
                ///< an ONNX file, whose bytes are not read if they are given in json; its name in
                ///< reports is the id or the file's without ".onnx". A file must lie beneath the
                ///< folder of the environment variable VMAF_TINY_MODEL_DIR, if that is set
    int verify; ///< 1: a tiny model's file must be in a registry with its digest: in the build's, or
                ///< in registry.json beside it (in folder, if that is given); bytes given in json
                ///< must be in the build's. Ids are checked in any case
    int folder; ///< descriptor of the folder that holds the tiny model's file, named by the last part of
        ///< tiny, and the files beside it that it needs; no link is followed. 0 (default): tiny
        ///< is opened by its path
} VmafModelSpec;

void vmaf_ext_model_spec_init(VmafModelSpec *spec, size_t struct_size);

static inline void vmaf_ext_model_spec_default(VmafModelSpec *spec)
{
    vmaf_ext_model_spec_init(spec, sizeof(*spec));
}

/* Loads a model or a collection, whichever the source holds: *collection is NULL for a single model. The
 * caller destroys both; the strings of spec are copied. On failure both are NULL and error (if not NULL)
 * gets one sentence of at most error_size bytes with the terminating 0. Returns 0, -EINVAL (no published
 * model of that version, a file that is no model), -ENOENT (published, but not in this build; no such file),
 * another -errno of the file, or -ENOMEM. Any thread. */
int vmaf_ext_model_load(VmafModel **model, VmafModelCollection **collection,
                        const VmafModelSpec *spec, char *error, size_t error_size);

typedef struct VmafModelInfo {
    size_t struct_size;
    const char *version; ///< name for VmafModelSpec.version; static
    const char *sha256;  ///< digest of the JSON, 64 hex digits; static
    int is_collection;   ///< 1 for bootstrap collections
    int embedded;        ///< 0: known, but this build does not contain it
    const char
        *missing; ///< feature the model needs and this engine does not compute, or NULL; static
} VmafModelInfo;

void vmaf_ext_model_info_init(VmafModelInfo *info, size_t struct_size);

static inline void vmaf_ext_model_info_default(VmafModelInfo *info)
{
    vmaf_ext_model_info_init(info, sizeof(*info));
}

/* Describes known model number i = 0, 1, ...; returns 0, -ENOENT past the end, or -EINVAL. info keeps its
 * struct_size. Any thread. */
int vmaf_ext_model_info(unsigned i, VmafModelInfo *info);

typedef struct VmafTinyInfo {
    size_t struct_size;
    const char *id;          ///< name for VmafModelSpec.tiny; static
    const char *sha256;      ///< digest of the ONNX file, 64 hex digits; static
    const char *description; ///< a few words or ""; static
} VmafTinyInfo;

void vmaf_ext_tiny_info_init(VmafTinyInfo *info, size_t struct_size);

static inline void vmaf_ext_tiny_info_default(VmafTinyInfo *info)
{
    vmaf_ext_tiny_info_init(info, sizeof(*info));
}

/* Describes tiny model number i = 0, 1, ... of this build; the first is the one that stands in where there is
 * no other model. Returns 0, -ENOENT past the end, or -EINVAL. info keeps its struct_size. Any thread.
 *
 * A tiny model is loaded by vmaf_ext_model_load() and then used as any other. It also scores NAME_stddev, if
 * the network has that output, and NAME_outside, if it says what it has seen: 0, 1 for a frame whose features
 * lie beyond those it was trained on, 2 for one beyond all it was asked about. A model with dynamic
 * quantisation scores a clip as a whole, after the flush. */
int vmaf_ext_tiny_info(unsigned i, VmafTinyInfo *info);

/* Scores of a model for a table of feature values, rows[n_rows][n_names], with the arithmetic that scores a
 * frame: raw before transform and clip, clipped after; either may be NULL, else it has n_rows. Columns are
 * found by name, in any order, more than the model reads are allowed: "adm2" or "integer_adm2", with the
 * suffix of the model's options ("adm2_egl_1") as in reports. A value that is not finite gives one that is
 * not. On failure nothing is written but error, as by vmaf_ext_model_load(). Returns 0, -EINVAL (NULL, a
 * column is missing) or -ENOMEM. Any thread, also several on one model. */
int vmaf_ext_model_predict(const VmafModel *model, const char *const *names, unsigned n_names,
                           const double *rows, size_t n_rows, double *raw, double *clipped,
                           char *error, size_t error_size);

/* The same over the members of a collection: mean and population standard deviation of their raw scores. */
int vmaf_ext_collection_predict(const VmafModelCollection *collection, const char *const *names,
                                unsigned n_names, const double *rows, size_t n_rows, double *mean,
                                double *stddev, char *error, size_t error_size);

/* ---- extractors ---- */

typedef struct VmafExtractorInfo {
    size_t struct_size;
    const char *name;        ///< e.g. "vif"; static
    const char *description; ///< a few words; static
} VmafExtractorInfo;

void vmaf_ext_extractor_info_init(VmafExtractorInfo *info, size_t struct_size);

static inline void vmaf_ext_extractor_info_default(VmafExtractorInfo *info)
{
    vmaf_ext_extractor_info_init(info, sizeof(*info));
}

/* Describes extractor number i = 0, 1, ...; returns 0, -ENOENT past the end, or -EINVAL. info keeps its
 * struct_size. Any thread. */
int vmaf_ext_extractor_info(unsigned i, VmafExtractorInfo *info);

/* What vmaf_use_feature() has to be given to get a score of that name: as in reports, perhaps without its
 * "integer_" ("adm2", "integer_adm2_egl_1"), or as in model files. *extractor is static; *options, NULL for
 * the defaults, is the caller's until vmaf_use_feature() takes it; label, if not NULL, gets the name in
 * reports. Returns 0, -ENOENT (no such score), -EINVAL (label_size is too small) or -ENOMEM; nothing is set
 * then. Any thread. */
int vmaf_ext_feature_find(const char *name, const char **extractor, VmafFeatureDictionary **options,
                          char *label, size_t label_size);

/* ---- scores ---- */

typedef struct VmafStats {
    size_t struct_size;
    unsigned n; ///< frames counted
    double min, max, mean, harmonic_mean, stddev;
    double p1, p5, p10, p25, p50; ///< percentiles, linear between order statistics
    unsigned worst_index;         ///< frame with the lowest value
} VmafStats;

void vmaf_ext_stats_init(VmafStats *stats, size_t struct_size);

static inline void vmaf_ext_stats_default(VmafStats *stats)
{
    vmaf_ext_stats_init(stats, sizeof(*stats));
}

/* Statistics of a feature, or of a model's score under its report name once it was computed by
 * vmaf_score_pooled() or vmaf_score_at_index(), over all frames read. Values that are not finite are left
 * out. stats keeps its struct_size and on failure everything. Returns 0, -EINVAL (no such name), -ENODATA (no
 * frame has it) or -ENOMEM. */
int vmaf_ext_stats(VmafContext *vmaf, const char *name, VmafStats *stats);

/* p-th percentile, 0 <= p <= 100, of the same values. Errors as above, and -EINVAL for another p. */
int vmaf_ext_percentile(VmafContext *vmaf, const char *name, double p, double *value);

/* ---- reports ---- */

enum { VMAF_PRECISION_LEGACY = -1, VMAF_PRECISION_MAX = 0 };

typedef struct VmafReportConfig {
    size_t struct_size;
    enum VmafOutputFormat format; ///< default JSON
    int precision; ///< VMAF_PRECISION_LEGACY (default): libvmaf's format; VMAF_PRECISION_MAX: %.17g;
                   ///< 1..17: significant digits
    int extended;  ///< 1: add the "tinyvmaf" block (epoch, models, percentiles ...) to JSON and XML
    const char *reference, *distorted; ///< names of the inputs for the block; NULL: unknown, or
                                       ///< those of the merged reports, as with the warnings
    double wall_seconds;               ///< for fps; 0 = time between init and now
    const char *const *warnings;       ///< n_warnings sentences for the block
    unsigned n_warnings;
    int reproducible; ///< 1: fps is 0.00, so that equal scores make equal files
} VmafReportConfig;

void vmaf_ext_report_config_init(VmafReportConfig *cfg, size_t struct_size);

static inline void vmaf_ext_report_config_default(VmafReportConfig *cfg)
{
    vmaf_ext_report_config_init(cfg, sizeof(*cfg));
}

/* Writes a report of what is known so far; path "-" is stdout. A file appears whole or not at all. Names that
 * a layout cannot hold are changed: in XML what no attribute's name may have becomes "_", and "_2" ... is
 * appended where names would be equal; in CSV they are quoted; in SUB "|" and line breaks become "_".
 * Returns 0, -EINVAL (format, precision, an empty path), -ENOMEM or the -errno of the write. */
int vmaf_ext_report_write(VmafContext *vmaf, const char *path, const VmafReportConfig *cfg);

/* The same into memory: *text (0-terminated, *size bytes without the 0) is the caller's and freed by
 * vmaf_ext_free(), before or after vmaf_close(). On failure both are left alone. */
int vmaf_ext_report_print(VmafContext *vmaf, const VmafReportConfig *cfg, char **text,
                          size_t *size);

/* Any thread; NULL does nothing. */
void vmaf_ext_free(void *memory);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
