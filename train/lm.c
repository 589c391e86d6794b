/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Levenberg-Marquardt: least squares, linearised, with damping that follows success. */
#include <math.h>
#include <string.h>

#include "optimise.h"

enum { MAX_TRIES = 14, QUIET_STEPS = 6 };

typedef struct Lm {
    VmObjective *o;
    size_t n, stride;
    double *matrix;       /* J'J lower, its last row J'e */
    double *factor;       /* [n][n], upper, of the damped matrix */
    double *step, *trial; /* [n] */
    double lambda, cost;
} Lm;

/* The upper factor U of the damped matrix A = U'U, row by row: rows below take what a row explains. Fails
 * if A is not positive definite, or not finite. */
static int factorise(Lm *lm)
{
    const size_t n = lm->n;
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = VM_MAX(largest, lm->matrix[i * lm->stride + i]);
    for (size_t i = 0; i < n; i++) {
        const double diagonal = lm->matrix[i * lm->stride + i];
        for (size_t j = i; j < n; j++) lm->factor[i * n + j] = lm->matrix[j * lm->stride + i];
        lm->factor[i * n + i] += lm->o->pull + lm->lambda * (diagonal + 1e-6 * largest);
    }
    for (size_t k = 0; k < n; k++) {
        double *row = lm->factor + k * n;
        if (!(row[k] > 0) || !isfinite(row[k])) return -EDOM;
        const double root = sqrt(row[k]);
        for (size_t j = k; j < n; j++) row[j] /= root;
        for (size_t i = k + 1; i < n; i++)
            lm->o->weights.kernels->subtract(lm->factor + i * n + i, row[i], row + i, n - i);
    }
    return 0;
}

/* U'U step = J'e + pull (params - anchor). */
static void solve(Lm *lm, const double *params)
{
    const size_t n = lm->n;
    const double *anchor = lm->o->anchor;
    double *d = lm->step;
    for (size_t i = 0; i < n; i++)
        d[i] =
            lm->matrix[n * lm->stride + i] + lm->o->pull * (params[i] - (anchor ? anchor[i] : 0));
    for (size_t k = 0; k < n; k++) {
        d[k] /= lm->factor[k * n + k];
        lm->o->weights.kernels->subtract(d + k + 1, d[k], lm->factor + k * n + k + 1, n - k - 1);
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) d[k] -= lm->factor[k * n + j] * d[j];
        d[k] /= lm->factor[k * n + k];
    }
}

/* One better point, or 1 if there is none. */
static int advance(Lm *lm, double *params)
{
    double cost;
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        if (factorise(lm)) {
            lm->lambda *= 10;
            continue;
        }
        solve(lm, params);
        for (size_t i = 0; i < lm->n; i++) lm->trial[i] = params[i] - lm->step[i];
        VM_TRY(vm_objective_cost(lm->o, lm->trial, &cost));
        if (cost < lm->cost) { /* false for NaN */
            memcpy(params, lm->trial, lm->n * sizeof(*params));
            lm->lambda = VM_MAX(lm->lambda / 5, 1e-14);
            return 0;
        }
        lm->lambda *= 4;
    }
    return 1;
}

static int minimise(Lm *lm, const VmLmOptions *options, double *params, VmTrack *track,
                    VmError *error)
{
    const double n = (double)vm_samples_count(lm->o->samples);
    unsigned quiet = 0;
    for (unsigned i = 0;; i++) {
        const double before = lm->cost;
        VM_TRY(vm_objective_normal(lm->o, params, &lm->cost, lm->matrix));
        if (!isfinite(lm->cost))
            return vm_fail(error, -ERANGE, "the loss is not finite at iteration %u", i);
        VM_TRY(
            vm_track_step(track, i, options->iterations, lm->cost / n, lm->lambda, params, lm->n));
        if (i) quiet = before - lm->cost < options->least_gain * before ? quiet + 1 : 0;
        if (quiet == QUIET_STEPS || i == options->iterations) return 0;
        const int code = advance(lm, params);
        if (code) return code < 0 ? code : 0;
    }
}

int vm_lm(VmObjective *o, const VmLmOptions *given, double *params, VmTrack *track, VmError *error)
{
    VmLmOptions options = given ? *given : (VmLmOptions){60, 1e-2, 1e-5};
    Lm lm = {.o = o, .n = o->mlp->n_params, .stride = vm_objective_stride(o)};
    lm.lambda = options.lambda;
    lm.matrix = vm_alloc_aligned(((lm.n + 1) * lm.stride + 1) * sizeof(double));
    lm.factor = vm_alloc_array(lm.n * lm.n, sizeof(double));
    lm.step = vm_alloc_array(2 * lm.n, sizeof(double));
    lm.trial = lm.step ? lm.step + lm.n : NULL;
    vm_track_start(track);
    int code =
        lm.matrix && lm.factor && lm.step ? minimise(&lm, &options, params, track, error) : -ENOMEM;
    vm_free(lm.matrix);
    vm_free(lm.factor);
    vm_free(lm.step);
    return code == -ENOMEM ? vm_fail_memory(error) : code;
}
