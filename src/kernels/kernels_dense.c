/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scalar dense networks: the definition. */
#include "kernels/dense_scalar.h"

static void dense_row(float *out, const float *row, const VmDenseNet *net, float *tmp)
{
    float *x = tmp, *y = tmp + net->stride;
    for (int i = 0; i < net->n_inputs; i++)
        x[i] = net->shift ? (row[i] - net->shift[i]) / net->scale[i] : row[i];
    for (int k = 0; k < net->n_layers; k++) {
        const VmDense *l = &net->layers[k];
        for (int o = 0; o < l->out; o++) {
            const float sum = dense_dot(l->weights + o, l->stride, x, l->in, l->biases[o]);
            y[o] = dense_activate(l->activation, sum);
        }
        float *swap = x;
        x = y;
        y = swap;
    }
    *out = dense_min(dense_max(x[0], net->lo), net->hi);
}

static void dense_rows(float *out, const float *rows, const VmDenseNet *net, float *tmp, int n)
{
    for (int r = 0; r < n; r++)
        dense_row(out + r, rows + (size_t)r * (size_t)net->n_inputs, net, tmp);
}

const VmKernels vm_kernels_dense = {
    .dense_row = dense_row,
    .dense_rows = dense_rows,
};
