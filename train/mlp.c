/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mlp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- shape ---- */

size_t vm_mlp_offset(const VmMlp *mlp, unsigned layer)
{
    size_t offset = 0;
    for (unsigned l = 0; l < layer; l++) offset += ((size_t)mlp->width[l] + 1) * mlp->width[l + 1];
    return offset;
}

int vm_mlp_set(VmMlp *mlp, const unsigned *widths, unsigned n, enum VmActivation activation,
               VmError *error)
{
    if (n < 2 || n > VM_MLP_MAX_LAYERS + 1)
        return vm_fail(error, -EINVAL, "a network has 2 to %d widths, not %u",
                       VM_MLP_MAX_LAYERS + 1, n);
    *mlp = (VmMlp){.n_layers = n - 1, .activation = n > 2 ? activation : VM_ACT_NONE};
    for (unsigned l = 0; l < n; l++) {
        if (!widths[l] || widths[l] > VM_MLP_MAX_WIDTH)
            return vm_fail(error, -EINVAL, "a layer's width is 1 to %d, not %u", VM_MLP_MAX_WIDTH,
                           widths[l]);
        mlp->width[l] = widths[l];
    }
    if (widths[n - 1] != 1)
        return vm_fail(error, -EINVAL, "the last layer gives one value, not %u", widths[n - 1]);
    mlp->n_params = vm_mlp_offset(mlp, mlp->n_layers);
    return 0;
}

int vm_mlp_parse(VmMlp *mlp, const char *layers, enum VmActivation activation, VmError *error)
{
    unsigned widths[VM_MLP_MAX_LAYERS + 1], n = 0;
    const char *at = layers;
    do {
        char *end;
        if (*at == ',' || *at == '-') at++;
        const unsigned long width = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (!width || width > VM_MLP_MAX_WIDTH || (*end && *end != ',' && *end != '-'))
            return vm_fail(error, -EINVAL,
                           "\"%s\" is no list of widths from 1 to %d, such as 6,16,8,1", layers,
                           VM_MLP_MAX_WIDTH);
        if (n == VM_MLP_MAX_LAYERS + 1)
            return vm_fail(error, -EINVAL, "\"%s\" has more than %d widths", layers,
                           VM_MLP_MAX_LAYERS + 1);
        widths[n++] = (unsigned)width;
        at = end;
    } while (*at);
    return vm_mlp_set(mlp, widths, n, activation, error);
}

void vm_mlp_name(const VmMlp *mlp, char *name, size_t size)
{
    size_t at = 0;
    for (unsigned l = 0; l <= mlp->n_layers && at < size; l++)
        at += (size_t)snprintf(name + at, size - at, "%s%u", l ? "-" : "", mlp->width[l]);
}

void vm_mlp_start(const VmMlp *mlp, enum VmMlpStart start, VmRng *rng, double *params)
{
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const unsigned in = mlp->width[l], out = mlp->width[l + 1];
        const double bound = 1 / sqrt(in);
        const double spread = mlp->activation == VM_ACT_RELU ? sqrt(2.0 / in) : bound;
        for (size_t i = 0; i < (size_t)in * out; i++)
            *params++ = start == VM_START_SCALED ? spread * vm_rng_normal(rng)
                                                 : bound * (2 * vm_rng_uniform(rng) - 1);
        for (size_t i = 0; i < out; i++)
            *params++ = start == VM_START_SCALED ? 0.3 * vm_rng_normal(rng)
                                                 : bound * (2 * vm_rng_uniform(rng) - 1);
    }
}

/* ---- weights ---- */

int vm_mlp_weights_init(VmMlpWeights *w, const VmMlp *mlp, const VmDenseKernels *kernels)
{
    size_t n = 0;
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const size_t in = mlp->width[l], out = mlp->width[l + 1];
        n += in * vm_padded(out) + out * vm_padded(in) + vm_padded(out);
    }
    *w = (VmMlpWeights){.mlp = mlp, .kernels = kernels};
    w->memory = vm_alloc_aligned(n * sizeof(double));
    if (!w->memory) return -ENOMEM;
    double *at = w->memory;
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const size_t in = mlp->width[l], out = mlp->width[l + 1];
        w->transposed[l] = at;
        w->straight[l] = at += in * vm_padded(out);
        w->biases[l] = at += out * vm_padded(in);
        at += vm_padded(out);
    }
    return 0;
}

void vm_mlp_weights_load(VmMlpWeights *w, const double *params)
{
    for (unsigned l = 0; l < w->mlp->n_layers; l++) {
        const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
        for (size_t o = 0; o < out; o++, params += in) {
            memcpy(w->straight[l] + o * vm_padded(in), params, in * sizeof(*params));
            for (size_t k = 0; k < in; k++) w->transposed[l][k * vm_padded(out) + o] = params[k];
        }
        memcpy(w->biases[l], params, out * sizeof(*params));
        params += out;
    }
}

void vm_mlp_weights_free(VmMlpWeights *w)
{
    vm_free(w->memory);
    *w = (VmMlpWeights){0};
}

/* ---- passes ---- */

int vm_mlp_pass_init(VmMlpPass *p, const VmMlp *mlp)
{
    size_t n = 0;
    for (unsigned l = 0; l <= mlp->n_layers; l++) n += 3 * VM_MLP_BLOCK * vm_padded(mlp->width[l]);
    size_t largest = 0;
    for (unsigned l = 0; l < mlp->n_layers; l++)
        largest = VM_MAX(largest, vm_padded(mlp->width[l + 1]) * vm_padded(mlp->width[l]));
    *p = (VmMlpPass){.mlp = mlp};
    p->memory = vm_alloc_aligned((n + largest) * sizeof(double));
    if (!p->memory) return -ENOMEM;
    double *at = p->memory;
    for (unsigned l = 0; l <= mlp->n_layers; l++) {
        const size_t size = VM_MLP_BLOCK * vm_padded(mlp->width[l]);
        p->values[l] = at;
        p->slopes[l] = at + size;
        p->deltas[l] = at + 2 * size;
        at += 3 * size;
    }
    p->sums = at;
    return 0;
}

void vm_mlp_pass_free(VmMlpPass *p)
{
    vm_free(p->memory);
    *p = (VmMlpPass){0};
}

void vm_mlp_forward(const VmMlpWeights *w, VmMlpPass *p, double *output)
{
    const unsigned last = w->mlp->n_layers;
    for (unsigned l = 0; l < last; l++) {
        const size_t in = w->mlp->width[l], stride = vm_padded(w->mlp->width[l + 1]);
        double *z = p->values[l + 1];
        for (size_t r = 0; r < VM_MLP_BLOCK; r++)
            memcpy(z + r * stride, w->biases[l], stride * sizeof(*z));
        w->kernels->multiply_add(z, stride, (VmFactor){p->values[l], vm_padded(in), 1},
                                 w->transposed[l], stride, VM_MLP_BLOCK, stride, in);
        if (l + 1 < last)
            w->kernels->activate(w->mlp->activation, z, p->slopes[l + 1], VM_MLP_BLOCK * stride);
    }
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) output[r] = p->values[last][r * vm_padded(1)];
}

void vm_mlp_backward(const VmMlpWeights *w, VmMlpPass *p, const double *d_output)
{
    const unsigned last = w->mlp->n_layers;
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) p->deltas[last][r * vm_padded(1)] = d_output[r];
    for (unsigned l = last - 1; l; l--) {
        const size_t out = w->mlp->width[l + 1], stride = vm_padded(w->mlp->width[l]);
        double *delta = p->deltas[l];
        memset(delta, 0, VM_MLP_BLOCK * stride * sizeof(*delta));
        w->kernels->multiply_add(delta, stride, (VmFactor){p->deltas[l + 1], vm_padded(out), 1},
                                 w->straight[l], stride, VM_MLP_BLOCK, stride, out);
        w->kernels->multiply(delta, p->slopes[l], VM_MLP_BLOCK * stride);
    }
}

void vm_mlp_gradient(const VmMlpWeights *w, VmMlpPass *p, double *d_params)
{
    const double one = 1;
    for (unsigned l = 0; l < w->mlp->n_layers; l++) {
        const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
        const size_t stride = vm_padded(in), d_stride = vm_padded(out);
        memset(p->sums, 0, out * stride * sizeof(*p->sums));
        w->kernels->multiply_add(p->sums, stride, (VmFactor){p->deltas[l + 1], 1, d_stride},
                                 p->values[l], stride, out, stride, VM_MLP_BLOCK);
        for (size_t o = 0; o < out; o++, d_params += in)
            for (size_t k = 0; k < in; k++) d_params[k] += p->sums[o * stride + k];
        memset(p->sums, 0, d_stride * sizeof(*p->sums));
        w->kernels->multiply_add(p->sums, d_stride, (VmFactor){&one, 0, 0}, p->deltas[l + 1],
                                 d_stride, 1, d_stride, VM_MLP_BLOCK);
        for (size_t o = 0; o < out; o++) d_params[o] += p->sums[o];
        d_params += out;
    }
}

void vm_mlp_jacobian(const VmMlpWeights *w, const VmMlpPass *p, const double *scale,
                     double *jacobian, size_t stride)
{
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) {
        double *row = jacobian + r * stride;
        for (unsigned l = 0; l < w->mlp->n_layers; l++) {
            const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
            const double *value = p->values[l] + r * vm_padded(in);
            const double *delta = p->deltas[l + 1] + r * vm_padded(out);
            for (size_t o = 0; o < out; o++, row += in) {
                const double factor = scale[r] * delta[o];
                for (size_t k = 0; k < in; k++) row[k] = factor * value[k];
            }
            for (size_t o = 0; o < out; o++) *row++ = scale[r] * delta[o];
        }
    }
}
