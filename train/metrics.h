/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How well predictions follow a truth, the way the field reports it. O(n log n), exact with ties. */
#ifndef VM_METRICS_H
#define VM_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base.h"

/* What is not defined, for fewer than two rows or a constant side, is NaN; reports write null. */
typedef struct VmMetrics {
    size_t n;
    double plcc;  /* Pearson's correlation */
    double srocc; /* Spearman's: Pearson's of average ranks */
    double krocc; /* Kendall's tau-b */
    double rmse, mae, max_error, p99_error;
} VmMetrics;

enum VmMetric { VM_PLCC, VM_SROCC, VM_KROCC, VM_RMSE, VM_N_METRICS };

/* "plcc" ... */
const char *vm_metric_name(enum VmMetric metric);
double vm_metric_of(const VmMetrics *metrics, enum VmMetric metric);

/* Returns 0 or -ENOMEM. Values must be finite. */
int vm_metrics(VmMetrics *metrics, const double *predicted, const double *truth, size_t n);

/* Confidence intervals by drawing clips, with replacement, as often as there are clips. */
typedef struct VmIntervals {
    unsigned draws[VM_N_METRICS];              /* in which the metric was defined */
    double lo[VM_N_METRICS], hi[VM_N_METRICS]; /* 2.5 and 97.5 %; NaN without draws */
} VmIntervals;

/* clip[n]: the number of a row's clip, below n_clips. Draws of the rank metrics become fewer where rows are
 * so many that they would take minutes. Returns 0 or -ENOMEM. */
int vm_metrics_bootstrap(VmIntervals *intervals, const double *predicted, const double *truth,
                         size_t n, const uint32_t *clip, unsigned n_clips, unsigned draws,
                         uint64_t seed, unsigned n_threads);

#endif
