/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What is minimised: the sum over all samples of a loss of the error e = f(x) - t, in scaled units, plus a
 * pull of the parameters to where they are wanted. The loss is e^2, or beyond a limit d its tangent
 * 2 d |e| - d^2 (Huber). Bits do not depend on the number of threads: rows are summed in chunks, chunks
 * are added in order. */
#ifndef VM_OBJECTIVE_H
#define VM_OBJECTIVE_H

#include "mlp.h"
#include "samples.h"
#include "team.h"

typedef struct VmObjective {
    const VmMlp *mlp;
    const VmSamples *samples;
    double huber;         /* d; INFINITY = squares everywhere */
    double pull;          /* factor of |params - anchor|^2 */
    const double *anchor; /* [n_params]; NULL = 0 */
    unsigned n_threads;
    enum VmPrecision precision; /* of a block of rows; vm_objective_normal() wants VM_DOUBLE */
    VmMlpWeights weights;
    struct VmObjectiveWork *work; /* for each thread */
} VmObjective;

/* Everything after precision is made here; samples and mlp must outlive it. Returns 0 or -ENOMEM. */
int vm_objective_open(VmObjective *objective, const VmDenseKernels *kernels);
void vm_objective_close(VmObjective *objective);

/* The functions return 0 or -ENOMEM. */
int vm_objective_cost(VmObjective *objective, const double *params, double *cost);
int vm_objective_gradient(VmObjective *objective, const double *params, double *cost,
                          double *gradient);

/* Gradient over samples order[first .. first + n - 1] alone, n <= 2^31, without the pull; sums, not means. */
int vm_objective_batch(VmObjective *objective, const double *params, const uint32_t *order,
                       size_t first, size_t n, double *cost, double *gradient);

/* Values between rows of the matrix of vm_objective_normal(), which has n_params + 1 rows. */
size_t vm_objective_stride(const VmObjective *objective);

/* The normal equations: lower triangle of J'J, in the last row J'e (half the gradient), both without the
 * pull. J has the derivatives of e, each row times the root of the loss's weight. */
int vm_objective_normal(VmObjective *objective, const double *params, double *cost, double *matrix);

#endif
