/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What tinyvmaf adds to the libvmaf interface. Every struct begins with its size, set by its
 * *_default() function; members beyond that size are not touched. */
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

/* Name of the instruction-set level used with this cpumask, e.g. "scalar". Static string. */
const char *vmaf_ext_cpu_level(uint64_t cpumask);

/* ---- contexts ---- */

/* text has no newline. May be called from worker threads, one call at a time per context. */
typedef void (*VmafLogFn)(void *opaque, enum VmafLogLevel level, const char *text);

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
} VmafExtConfig;

void vmaf_ext_config_default(VmafExtConfig *cfg);

/* vmaf_init() with more settings. */
int vmaf_ext_init(VmafContext **vmaf, const VmafExtConfig *cfg);

/* What the last failing call on this context found, one sentence without newline; "" if none.
 * Valid until the next call on the context. Not while another call is running. */
const char *vmaf_ext_last_error(const VmafContext *vmaf);

/* Worker threads in use (0 = none, work is done by the caller). */
unsigned vmaf_ext_thread_count(const VmafContext *vmaf);

/* 1 if a feature registered so far looks at chroma. If not, those planes may be left unfilled. */
int vmaf_ext_reads_chroma(const VmafContext *vmaf);

/* A clip can be scored in chunks. With VmafExtConfig.chunk_count only frames chunk_first ..
 * chunk_first + chunk_count - 1 are scored and reported. The frames read around them are context: only
 * what looks across frames is computed on them. To get the scores that a run of the whole clip gives,
 * begin with frame chunk_first - before, or the clip's first, and end with the last of the chunk + after,
 * or the clip's last. How many that are depends on the features registered so far. */
void vmaf_ext_chunk_context(const VmafContext *vmaf, unsigned *before, unsigned *after);

/* Reads the JSON reports of a clip's chunks, in any order, written with VMAF_PRECISION_MAX and the
 * extended block, into a new context that holds their scores as if it had computed them: for reports,
 * statistics and pooling of features; no pictures are taken. Refused are reports that overlap, leave a
 * gap, or are not of the same models, features, format and version. Returns 0 and sets *vmaf, or a
 * negative errno and one sentence in error as vmaf_ext_model_load() does. Any thread. */
int vmaf_ext_merge(VmafContext **vmaf, const char *const *paths, unsigned n_paths, char *error,
                   size_t error_size);

/* Name of the scores of model number i = 0, 1, ... of the context; NULL past the end. */
const char *vmaf_ext_model_name(const VmafContext *vmaf, unsigned i);

/* ---- models ---- */

typedef struct VmafModelSpec {
    size_t struct_size;
    const char *version; ///< built-in name; wins over path
    const char *path;    ///< libvmaf JSON file
    const char *name;    ///< name in reports, NULL = "vmaf"
    uint64_t flags;      ///< VmafModelFlags
} VmafModelSpec;

void vmaf_ext_model_spec_default(VmafModelSpec *spec);

/* Loads a model or a collection, whichever the source holds: *collection is NULL for a single model.
 * On failure both are NULL and error (if not NULL) gets one sentence of at most error_size bytes with
 * the terminating 0. Returns 0 or a negative errno. Any thread. */
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

/* Describes known model number i = 0, 1, ...; returns 0, or -ENOENT past the end. */
int vmaf_ext_model_info(unsigned i, VmafModelInfo *info);

/* ---- extractors ---- */

typedef struct VmafExtractorInfo {
    size_t struct_size;
    const char *name;        ///< e.g. "vif"; static
    const char *description; ///< a few words; static
} VmafExtractorInfo;

/* Describes extractor number i = 0, 1, ...; returns 0, or -ENOENT past the end. */
int vmaf_ext_extractor_info(unsigned i, VmafExtractorInfo *info);

/* ---- scores ---- */

typedef struct VmafStats {
    size_t struct_size;
    unsigned n; ///< frames counted
    double min, max, mean, harmonic_mean, stddev;
    double p1, p5, p10, p25, p50; ///< percentiles, linear between order statistics
    unsigned worst_index;         ///< frame with the lowest value
} VmafStats;

void vmaf_ext_stats_default(VmafStats *stats);

/* Statistics of a feature, or of a model's score under its report name once it was computed by
 * vmaf_score_pooled() or vmaf_score_at_index(), over all frames read. -EINVAL: no such name;
 * -ENODATA: no frame has it. Values that are not finite are left out. */
int vmaf_ext_stats(VmafContext *vmaf, const char *name, VmafStats *stats);

/* p-th percentile, 0 <= p <= 100, of the same values. */
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

void vmaf_ext_report_config_default(VmafReportConfig *cfg);

/* Writes a report; path "-" is stdout. A file appears whole or not at all. Returns 0, -EINVAL or the
 * -errno of the write. */
int vmaf_ext_report_write(VmafContext *vmaf, const char *path, const VmafReportConfig *cfg);

/* The same into memory: *text (0-terminated, *size bytes without the 0) is freed by vmaf_ext_free(). */
int vmaf_ext_report_print(VmafContext *vmaf, const VmafReportConfig *cfg, char **text,
                          size_t *size);

void vmaf_ext_free(void *memory);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
