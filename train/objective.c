/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "objective.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 16 * VM_MLP_BLOCK };

typedef struct VmObjectiveWork {
    VmMlpPass pass;
    double output[VM_MLP_BLOCK], target[VM_MLP_BLOCK], error[VM_MLP_BLOCK], weight[VM_MLP_BLOCK];
    double *jacobian; /* [VM_MLP_BLOCK][stride]; made when it is first needed */
} Work;

int vm_objective_open(VmObjective *o, const VmDenseKernels *kernels)
{
    o->n_threads = VM_MAX(o->n_threads, 1);
    o->work = vm_alloc_array(o->n_threads, sizeof(*o->work));
    int code = o->work ? vm_mlp_weights_init(&o->weights, o->mlp, o->precision, kernels) : -ENOMEM;
    for (unsigned i = 0; !code && i < o->n_threads; i++)
        code = vm_mlp_pass_init(&o->work[i].pass, &o->weights);
    if (code) vm_objective_close(o);
    return code;
}

void vm_objective_close(VmObjective *o)
{
    for (unsigned i = 0; o->work && i < o->n_threads; i++) {
        vm_mlp_pass_free(&o->work[i].pass);
        vm_free(o->work[i].jacobian);
    }
    vm_free(o->work);
    o->work = NULL;
    vm_mlp_weights_free(&o->weights);
}

/* ---- a block of rows ---- */

typedef struct Span {
    const VmObjective *o;
    const uint32_t *order;
    size_t first, n;
} Span;

/* Fills the work's output, error and weight for up to VM_MLP_BLOCK rows; those beyond n weigh nothing.
 * Returns the loss. */
static double forward(const Span *span, size_t first, size_t n, Work *w)
{
    const VmObjective *o = span->o;
    const size_t stride = vm_padded(o->mlp->width[0]);
    const double limit = o->huber;
    double loss = 0;
    vm_samples_read(o->samples, span->order, first, n, w->pass.inputs, stride, w->target);
    memset(w->pass.inputs + n * stride, 0, (VM_MLP_BLOCK - n) * stride * sizeof(double));
    vm_mlp_forward(&o->weights, &w->pass, w->output);
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) {
        const double e = r < n ? w->output[r] - w->target[r] : 0, size = fabs(e);
        w->error[r] = e;
        w->weight[r] = r >= n ? 0 : size > limit ? limit / size : 1;
        loss += size > limit ? 2 * limit * size - limit * limit : e * e;
    }
    return loss;
}

static double pull_cost(const VmObjective *o, const double *params)
{
    double sum = 0;
    for (size_t i = 0; i < o->mlp->n_params; i++) {
        const double d = params[i] - (o->anchor ? o->anchor[i] : 0);
        sum += d * d;
    }
    return o->pull * sum;
}

typedef void (*BlockFn)(const Span *span, Work *work, size_t first, size_t n, double *partial);

typedef struct Chunks {
    Span span;
    BlockFn block;
} Chunks;

static void run_chunk(void *opaque, size_t task, unsigned worker, double *partial)
{
    const Chunks *c = opaque;
    const size_t end = VM_MIN((task + 1) * CHUNK, c->span.n);
    for (size_t i = task * CHUNK; i < end; i += VM_MLP_BLOCK)
        c->block(&c->span, &c->span.o->work[worker], c->span.first + i,
                 VM_MIN(VM_MLP_BLOCK, end - i), partial);
}

static int run_chunks(const VmObjective *o, const Span *span, BlockFn block, size_t n_values,
                      double *sum)
{
    Chunks c = {*span, block};
    memset(sum, 0, n_values * sizeof(*sum));
    return vm_team_sum(o->n_threads, (span->n + CHUNK - 1) / CHUNK, n_values, run_chunk, &c, sum);
}

/* ---- cost and gradient ---- */

static void cost_block(const Span *span, Work *w, size_t first, size_t n, double *partial)
{
    *partial += forward(span, first, n, w);
}

int vm_objective_cost(VmObjective *o, const double *params, double *cost)
{
    const Span span = {o, NULL, 0, vm_samples_count(o->samples)};
    vm_mlp_weights_load(&o->weights, params);
    VM_TRY(run_chunks(o, &span, cost_block, 1, cost));
    *cost += pull_cost(o, params);
    return 0;
}

/* partial: gradient, then cost */
static void gradient_block(const Span *span, Work *w, size_t first, size_t n, double *partial)
{
    const VmObjective *o = span->o;
    double d_output[VM_MLP_BLOCK];
    partial[o->mlp->n_params] += forward(span, first, n, w);
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) d_output[r] = 2 * w->weight[r] * w->error[r];
    vm_mlp_backward(&o->weights, &w->pass, d_output);
    vm_mlp_gradient(&o->weights, &w->pass, partial);
}

int vm_objective_batch(VmObjective *o, const double *params, const uint32_t *order, size_t first,
                       size_t n, double *cost, double *gradient)
{
    const Span span = {o, order, first, n};
    double *sum = vm_alloc_array(o->mlp->n_params + 1, sizeof(*sum));
    if (!sum) return -ENOMEM;
    vm_mlp_weights_load(&o->weights, params);
    const int code = run_chunks(o, &span, gradient_block, o->mlp->n_params + 1, sum);
    if (!code) {
        memcpy(gradient, sum, o->mlp->n_params * sizeof(*sum));
        *cost = sum[o->mlp->n_params];
    }
    vm_free(sum);
    return code;
}

int vm_objective_gradient(VmObjective *o, const double *params, double *cost, double *gradient)
{
    VM_TRY(vm_objective_batch(o, params, NULL, 0, vm_samples_count(o->samples), cost, gradient));
    for (size_t i = 0; i < o->mlp->n_params; i++)
        gradient[i] += 2 * o->pull * (params[i] - (o->anchor ? o->anchor[i] : 0));
    *cost += pull_cost(o, params);
    return 0;
}

/* ---- normal equations ---- */

size_t vm_objective_stride(const VmObjective *o)
{
    return vm_padded(o->mlp->n_params + 1);
}

/* The error is one more column of J, so that J'e is one more row of J'J. partial: that, then the cost. */
static void normal_block(const Span *span, Work *w, size_t first, size_t n, double *partial)
{
    const VmObjective *o = span->o;
    const size_t p = o->mlp->n_params, stride = vm_objective_stride(o);
    double one[VM_MLP_BLOCK], root[VM_MLP_BLOCK];
    partial[(p + 1) * stride] += forward(span, first, n, w);
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) {
        one[r] = 1;
        root[r] = sqrt(w->weight[r]);
    }
    vm_mlp_backward(&o->weights, &w->pass, one);
    vm_mlp_jacobian(&o->weights, &w->pass, root, w->jacobian, stride);
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) w->jacobian[r * stride + p] = root[r] * w->error[r];
    for (size_t i = 0; i <= p; i += VM_TILE_ROWS) {
        const size_t rows = VM_MIN(VM_TILE_ROWS, p + 1 - i);
        o->weights.kernels->multiply_add(partial + i * stride, stride, NULL,
                                         (VmFactor){w->jacobian + i, 1, stride}, w->jacobian,
                                         stride, rows, vm_padded(i + rows), VM_MLP_BLOCK);
    }
}

int vm_objective_normal(VmObjective *o, const double *params, double *cost, double *matrix)
{
    const size_t stride = vm_objective_stride(o), n_values = (o->mlp->n_params + 1) * stride + 1;
    const Span span = {o, NULL, 0, vm_samples_count(o->samples)};
    for (unsigned i = 0; i < o->n_threads; i++) {
        Work *w = &o->work[i];
        if (!w->jacobian) w->jacobian = vm_alloc_aligned(VM_MLP_BLOCK * stride * sizeof(double));
        if (!w->jacobian) return -ENOMEM;
    }
    vm_mlp_weights_load(&o->weights, params);
    VM_TRY(run_chunks(o, &span, normal_block, n_values, matrix));
    *cost = matrix[n_values - 1] + pull_cost(o, params);
    return 0;
}
