/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Adam (Kingma, Ba 2015), bias-corrected, without decay or schedule: the published models' optimiser. */
#include <math.h>
#include <string.h>

#include "exact.h"
#include "optimise.h"

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

typedef struct Adam {
    VmObjective *o;
    const VmAdamOptions *options;
    uint32_t *order;
    double *gradient; /* [n_params] */
    double *good;     /* parameters after the last good epoch */
    VmAdamState state;
    uint64_t t; /* steps so far */
} Adam;

static void update(Adam *a, size_t rows, double *params)
{
    a->t++;
    a->state.rate = a->options->rate / (1 - vm_exact_pow(BETA1, (double)a->t));
    a->state.root = sqrt(1 - vm_exact_pow(BETA2, (double)a->t));
    a->o->weights.kernels->adam(&a->state, a->gradient, (double)rows, params, a->o->mlp->n_params);
}

/* *loss: mean over the epoch's batches as they came. */
static int epoch(Adam *a, unsigned number, double *params, double *loss, VmError *error)
{
    const size_t n = vm_samples_count(a->o->samples), batch = a->options->batch;
    double sum = 0, cost;
    for (size_t i = 0; i < n; i += batch) {
        const size_t rows = VM_MIN(batch, n - i);
        VM_TRY(vm_objective_batch(a->o, params, a->order, i, rows, &cost, a->gradient));
        if (!isfinite(cost))
            return vm_fail(error, -ERANGE, "the loss is not finite in epoch %u, step %zu", number,
                           i / batch + 1);
        sum += cost;
        update(a, rows, params);
    }
    *loss = sum / (double)n;
    return 0;
}

static int minimise(Adam *a, double *params, VmTrack *track, VmError *error)
{
    const size_t n_params = a->o->mlp->n_params, n = vm_samples_count(a->o->samples);
    const VmAdamOptions *options = a->options;
    VmRng rng = vm_rng(options->seed, options->stream);
    int code = 0;
    for (size_t i = 0; i < n; i++) a->order[i] = (uint32_t)i;
    memcpy(a->good, params, n_params * sizeof(*params));
    for (unsigned e = 1; !code && e <= options->epochs; e++) {
        double loss = 0;
        if (!options->in_order) vm_rng_shuffle(&rng, a->order, n);
        code = epoch(a, e, params, &loss, error);
        if (code) memcpy(params, a->good, n_params * sizeof(*params));
        else memcpy(a->good, params, n_params * sizeof(*params));
        if (!code) code = vm_track_step(track, e, options->epochs, loss, 0, params, n_params);
    }
    return code;
}

int vm_adam(VmObjective *o, const VmAdamOptions *given, double *params, VmTrack *track,
            VmError *error)
{
    const VmAdamOptions fallback = {.epochs = 30, .batch = 256, .rate = 1e-3};
    const size_t n = vm_samples_count(o->samples), n_params = o->mlp->n_params;
    Adam a = {.o = o, .options = given ? given : &fallback};
    if (n > UINT32_MAX) return vm_fail(error, -EINVAL, "Adam takes at most 2^32 samples");
    a.order = vm_alloc_array(n, sizeof(*a.order));
    a.gradient = vm_alloc_array(4 * n_params, sizeof(double));
    int code = a.order && a.gradient ? 0 : -ENOMEM;
    if (!code) {
        a.state = (VmAdamState){.m = a.gradient + n_params,
                                .v = a.gradient + 2 * n_params,
                                .beta1 = BETA1,
                                .beta2 = BETA2,
                                .epsilon = EPSILON};
        a.good = a.gradient + 3 * n_params;
        vm_track_start(track);
        code = minimise(&a, params, track, error);
    }
    vm_free(a.order);
    vm_free(a.gradient);
    return code == -ENOMEM ? vm_fail_memory(error) : code;
}
