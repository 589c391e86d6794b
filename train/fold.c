/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* From a network between scaled values to one between the values themselves. */
#include <math.h>
#include <string.h>

#include "fit.h"

void vm_fitted_net_free(VmNet *net)
{
    for (unsigned l = 0; net->layers && l < net->n_layers; l++) {
        vm_free(net->layers[l].weights);
        vm_free(net->layers[l].biases);
    }
    vm_free(net->layers);
    *net = (VmNet){0};
}

/* (x - mean) / std goes into the weights and biases of the first layer. */
static void fold_inputs(const VmFitted *f, double *params)
{
    const unsigned in = f->mlp.width[0], out = f->mlp.width[1];
    double *biases = params + (size_t)in * out;
    for (unsigned o = 0; o < out; o++)
        for (unsigned k = 0; k < in; k++) {
            double *w = &params[(size_t)o * in + k];
            *w /= f->scaling.std[k];
            biases[o] -= *w * f->scaling.mean[k];
        }
}

/* The last layer gives the target's own unit. */
static void fold_output(const VmFitted *f, double *params)
{
    const unsigned last = f->mlp.n_layers - 1, in = f->mlp.width[last];
    double *w = params + vm_mlp_offset(&f->mlp, last);
    for (unsigned k = 0; k <= in; k++) w[k] *= f->scaling.target_std;
    w[in] += f->scaling.target_mean;
}

static int round_layer(VmNetLayer *layer, const double *params, VmError *error)
{
    const size_t n = (size_t)layer->in * layer->out;
    layer->weights = vm_alloc_array(n, sizeof(float));
    layer->biases = vm_alloc_array(layer->out, sizeof(float));
    if (!layer->weights || !layer->biases) return vm_fail_memory(error);
    for (size_t i = 0; i < n + layer->out; i++) {
        float *to = i < n ? &layer->weights[i] : &layer->biases[i - n];
        *to = (float)params[i];
        if (!isfinite(*to))
            return vm_fail(error, -ERANGE, "a weight of %g does not fit into a float", params[i]);
    }
    return 0;
}

static int make_net(const VmFitted *f, const double *params, VmNet *net, VmError *error)
{
    net->layers = vm_alloc_array(f->mlp.n_layers, sizeof(*net->layers));
    if (!net->layers) return vm_fail_memory(error);
    net->n_layers = f->mlp.n_layers;
    net->has_clip = isfinite(f->lo) || isfinite(f->hi);
    net->lo = (float)f->lo;
    net->hi = (float)f->hi;
    for (unsigned l = 0; l < net->n_layers; l++) {
        VmNetLayer *layer = &net->layers[l];
        layer->in = f->mlp.width[l];
        layer->out = f->mlp.width[l + 1];
        layer->activation = l + 1 < net->n_layers ? f->mlp.activation : VM_ACT_NONE;
        VM_TRY(round_layer(layer, params + vm_mlp_offset(&f->mlp, l), error));
    }
    return 0;
}

int vm_fitted_net(const VmFitted *f, const double *params, VmNet *net, VmError *error)
{
    double *folded = vm_alloc_array(f->mlp.n_params, sizeof(*folded));
    if (!folded) return vm_fail_memory(error);
    memcpy(folded, params ? params : f->params, f->mlp.n_params * sizeof(*folded));
    fold_inputs(f, folded);
    fold_output(f, folded);
    *net = (VmNet){0};
    const int code = make_net(f, folded, net, error);
    if (code) vm_fitted_net_free(net);
    vm_free(folded);
    return code;
}
