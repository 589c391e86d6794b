/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a network is fitted to: rows picked from a data set, then queries; scaled as they are read, so that
 * nothing is copied. */
#ifndef VM_SAMPLES_H
#define VM_SAMPLES_H

#include <stdint.h>

#include "base.h"

enum { VM_INPUTS_MAX = 64 };

/* z = (x - mean) / std of each input; t = (y - target_mean) / target_std. */
typedef struct VmScaling {
    unsigned width;
    double mean[VM_INPUTS_MAX], std[VM_INPUTS_MAX];
    double target_mean, target_std;
} VmScaling;

/* A table of rows with targets; a part of it if pick is not NULL. Nothing here is owned. */
typedef struct VmTable {
    const float *x; /* [..][width] */
    const double *y;
    const uint32_t *pick; /* [n] row numbers, or NULL: the first n */
    size_t n;
} VmTable;

typedef struct VmSamples {
    unsigned width;
    VmTable parts[2]; /* rows and queries; either may be empty */
    VmScaling scaling;
} VmSamples;

size_t vm_samples_count(const VmSamples *samples);

/* Row number i of all parts: its inputs and its target. */
const float *vm_samples_row(const VmSamples *samples, size_t i, double *y);

/* Samples order[first ..] (NULL: first .. themselves), n of them, scaled into x[n][stride] and t[n]. */
void vm_samples_read(const VmSamples *samples, const uint32_t *order, size_t first, size_t n,
                     double *x, size_t stride, double *t);

/* Mean and population standard deviation (1 if it is below 1e-6) of each input over the first part, or over the
 * second if that is empty, and of all targets. */
void vm_samples_scale(VmSamples *samples);

/* No scaling. */
void vm_scaling_none(VmScaling *scaling, unsigned width);

#endif
