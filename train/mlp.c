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
