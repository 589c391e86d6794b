/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A model's answers on rows with a truth, and their figures. */
#ifndef VM_EVALUATE_H
#define VM_EVALUATE_H

#include <jansson.h>

#include "libvmaf/libvmaf.h"

#include "dataset.h"
#include "metrics.h"
#include "team.h"
#include "tiny/tiny.h"

typedef struct VmSourceFigures {
    const char *source; /* the data set's */
    unsigned n_clips;
    VmMetrics metrics;
} VmSourceFigures;

typedef struct VmLatency {
    double p50, p95; /* nanoseconds of a call */
} VmLatency;

enum { VM_WORST_ROWS = 10 };

typedef struct VmEvaluation {
    size_t n;
    const uint32_t *rows;      /* [n] of the data set; the caller's */
    double *predicted, *truth; /* [n] */
    float *spread;             /* [n] second output, or NULL */
    VmMetrics all, per_clip;   /* per_clip: of each clip's rows pooled */
    enum VmafPoolingMethod pool;
    VmIntervals ci;
    VmSourceFigures *sources;         /* of sources that have rows */
    unsigned n_sources, worst_source; /* worst by RMSE */
    size_t worst[VM_WORST_ROWS];      /* positions in rows, largest error first */
    unsigned n_worst;
    double out_of_box, out_of_data; /* fractions of rows; NaN: the model states no limits */
    int has_latency;
    VmLatency row_1, rows_240; /* of one call with so many rows */
} VmEvaluation;

/* How a clip's frames become one value: words for the command line, and the method of word number i. */
#define VM_POOL_WORDS "mean|harmonic_mean|min|max"
enum VmafPoolingMethod vm_pool_method(int i);
const char *vm_pool_name(enum VmafPoolingMethod method);

typedef struct VmEvalOptions {
    unsigned draws;              /* bootstrap; 0 = no intervals */
    int latency;                 /* 1: measure it */
    int raw;                     /* 1: the truth is the unclipped score */
    enum VmafPoolingMethod pool; /* of a clip's rows; 0: the mean */
    uint64_t seed;
    unsigned n_threads;
    const VmWatch *watch;
} VmEvalOptions;

/* Rows rows[n] of the data set, which must outlive the evaluation. Columns are found by name. Returns 0,
 * -EINVAL (a feature is missing; no rows), -ENOMEM or -ECANCELED, with a sentence; free it in every case. */
int vm_evaluate(VmEvaluation *evaluation, const VmTiny *model, const VmDataset *dataset,
                const uint32_t *rows, size_t n, const VmEvalOptions *options, VmError *error);

/* The same for answers predicted[n] that are there already, of models that saw other rows; without latency and
 * limits. */
int vm_evaluate_given(VmEvaluation *evaluation, const double *predicted, const VmDataset *dataset,
                      const uint32_t *rows, size_t n, const VmEvalOptions *options, VmError *error);
void vm_evaluation_free(VmEvaluation *evaluation);

/* Answers for rows of the data set; spread may be NULL. */
int vm_evaluate_rows(const VmTiny *model, const VmDataset *dataset, const uint32_t *rows, size_t n,
                     double *predicted, float *spread, VmError *error);

/* Where each of the model's features is in the data: column[features]. */
int vm_evaluate_columns(const VmTiny *model, const VmDataset *dataset, unsigned *column,
                        VmError *error);

/* What one call costs. */
int vm_evaluate_latency(const VmTiny *model, size_t rows, unsigned calls, VmLatency *latency);

/* "n_samples", "plcc" ... of metrics, in the order of the documented report; what is not defined is null,
 * with the reason under "undefined". */
json_t *vm_metrics_json(const VmMetrics *metrics);

/* A number, or null for what is not finite. */
json_t *vm_real_json(double value);

/* eval_report.json: the nine documented keys, then ours. model_path is what "model" says. */
json_t *vm_evaluation_json(const VmEvaluation *evaluation, const VmTiny *model,
                           const VmDataset *dataset, const char *model_path, const char *split);

#endif
