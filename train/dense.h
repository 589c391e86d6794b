/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The arithmetic of dense layers in double and single precision, for each instruction set.
 *
 * Every element of a result is a sum in a fixed order and nothing is fused, so that all levels give the same
 * bits. Matrices are row-major; where nothing else is said rows are padded with zeros to VM_LANES values and
 * aligned to 64 bytes; in single precision to VM_LANES_SINGLE. */
#ifndef VM_DENSE_H
#define VM_DENSE_H

#include <stddef.h>

#include "tiny/net.h"

enum { VM_LANES = 8, VM_LANES_SINGLE = 16, VM_TILE_ROWS = 8 };

/* n rounded up to whole vectors. */
static inline size_t vm_padded(size_t n)
{
    return (n + VM_LANES - 1) / VM_LANES * VM_LANES;
}

static inline size_t vm_padded_single(size_t n)
{
    return (n + VM_LANES_SINGLE - 1) / VM_LANES_SINGLE * VM_LANES_SINGLE;
}

/* A matrix that is read one value at a time: element (i, k) is at[i * i_stride + k * k_stride]. */
typedef struct VmFactor {
    const double *at;
    size_t i_stride, k_stride;
} VmFactor;

typedef struct VmFactorSingle {
    const float *at;
    size_t i_stride, k_stride;
} VmFactorSingle;

/* The state of Adam, and what a step's number makes of its rates. */
typedef struct VmAdamState {
    double *m, *v; /* running means of the gradient and of its squares */
    double beta1, beta2, epsilon;
    double rate, root; /* rate / (1 - beta1^t), sqrt(1 - beta2^t) */
} VmAdamState;

typedef struct VmDenseKernels {
    /* c[i][j] = start[j] + sum over k of a(i, k) * b[k][j], k ascending; i < n_i, j < n_j (whole vectors),
     * k < n_k. Without a start the sum is added to what c holds. */
    void (*multiply_add)(double *c, size_t c_stride, const double *start, VmFactor a,
                         const double *b, size_t b_stride, size_t n_i, size_t n_j, size_t n_k);
    /* z becomes activation(z), slope its derivative; n is a multiple of VM_LANES */
    void (*activate)(enum VmActivation kind, double *z, double *slope, size_t n);
    /* a *= b; n is a multiple of VM_LANES */
    void (*multiply)(double *a, const double *b, size_t n);
    /* a -= factor * b; n values, not aligned */
    void (*subtract)(double *a, double factor, const double *b, size_t n);
    /* a step: gradient is a sum over rows, the mean is meant; n values, not aligned */
    void (*adam)(const VmAdamState *state, const double *gradient, double rows, double *params,
                 size_t n);
    /* multiply_add, activate and multiply in single precision */
    void (*multiply_add_single)(float *c, size_t c_stride, const float *start, VmFactorSingle a,
                                const float *b, size_t b_stride, size_t n_i, size_t n_j,
                                size_t n_k);
    void (*activate_single)(enum VmActivation kind, float *z, float *slope, size_t n);
    void (*multiply_single)(float *a, const float *b, size_t n);
} VmDenseKernels;

/* The best ones this processor has and mask allows (a VmafConfiguration.cpumask). */
const VmDenseKernels *vm_dense_kernels(unsigned long long mask);

#endif
