/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mlp.h"

_Static_assert(VM_MLP_MAX_WIDTH % VM_LANES_SINGLE == 0,
               "padding adds nothing to the largest width");

#define REAL         double
#define FACTOR       VmFactor
#define PADDED(n)    vm_padded(n)
#define OF(name)     name##_double
#define KERNEL(name) name
#include "mlp_pass_tmpl.h"
#undef REAL
#undef FACTOR
#undef PADDED
#undef OF
#undef KERNEL

#define REAL         float
#define FACTOR       VmFactorSingle
#define PADDED(n)    vm_padded_single(n)
#define OF(name)     name##_single
#define KERNEL(name) name##_single
#include "mlp_pass_tmpl.h"

typedef struct VmMlpArithmetic {
    size_t size; /* of a value in bytes */
    size_t (*padded)(size_t n);
    void (*load)(VmMlpWeights *weights, const double *params);
    void (*forward)(const VmMlpWeights *weights, VmMlpPass *pass, double *output);
    void (*backward)(const VmMlpWeights *weights, VmMlpPass *pass, const double *d_output);
    void (*gradient)(const VmMlpWeights *weights, VmMlpPass *pass, double *d_params);
} VmMlpArithmetic;

static const VmMlpArithmetic arithmetics[] = {
    [VM_DOUBLE] = {sizeof(double), vm_padded, load_double, forward_double, backward_double,
                   gradient_double},
    [VM_SINGLE] = {sizeof(float), vm_padded_single, load_single, forward_single, backward_single,
                   gradient_single},
};

/* Takes n values from *at, which both sizes leave aligned: n is a number of whole vectors. */
static void *take(char **at, size_t n, const VmMlpArithmetic *a)
{
    void *part = *at;
    *at += n * a->size;
    return part;
}

int vm_mlp_weights_init(VmMlpWeights *w, const VmMlp *mlp, enum VmPrecision precision,
                        const VmDenseKernels *kernels)
{
    const VmMlpArithmetic *a = &arithmetics[precision];
    size_t n = 0;
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const size_t in = mlp->width[l], out = mlp->width[l + 1];
        n += in * a->padded(out) + out * a->padded(in) + a->padded(out);
    }
    *w = (VmMlpWeights){.mlp = mlp, .kernels = kernels, .arithmetic = a};
    char *at = w->memory = vm_alloc_aligned(n * a->size);
    if (!at) return -ENOMEM;
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const size_t in = mlp->width[l], out = mlp->width[l + 1];
        w->transposed[l] = take(&at, in * a->padded(out), a);
        w->straight[l] = take(&at, out * a->padded(in), a);
        w->biases[l] = take(&at, a->padded(out), a);
    }
    return 0;
}

void vm_mlp_weights_load(VmMlpWeights *w, const double *params)
{
    w->arithmetic->load(w, params);
}

void vm_mlp_weights_free(VmMlpWeights *w)
{
    vm_free(w->memory);
    *w = (VmMlpWeights){0};
}

int vm_mlp_pass_init(VmMlpPass *p, const VmMlpWeights *w)
{
    const VmMlp *mlp = w->mlp;
    const VmMlpArithmetic *a = w->arithmetic;
    const size_t inputs = VM_MLP_BLOCK * vm_padded(mlp->width[0]);
    size_t n = 0, largest = 0;
    for (unsigned l = 0; l <= mlp->n_layers; l++) n += 3 * VM_MLP_BLOCK * a->padded(mlp->width[l]);
    for (unsigned l = 0; l < mlp->n_layers; l++)
        largest = VM_MAX(largest, a->padded(mlp->width[l + 1]) * a->padded(mlp->width[l]));
    *p = (VmMlpPass){.mlp = mlp};
    char *at = p->memory = vm_alloc_aligned((n + largest) * a->size + inputs * sizeof(double));
    if (!at) return -ENOMEM;
    for (unsigned l = 0; l <= mlp->n_layers; l++) {
        const size_t size = VM_MLP_BLOCK * a->padded(mlp->width[l]);
        p->values[l] = take(&at, size, a);
        p->slopes[l] = take(&at, size, a);
        p->deltas[l] = take(&at, size, a);
    }
    p->sums = take(&at, largest, a);
    p->inputs = a == &arithmetics[VM_DOUBLE] ? p->values[0] : (double *)(void *)at;
    return 0;
}

void vm_mlp_pass_free(VmMlpPass *p)
{
    vm_free(p->memory);
    *p = (VmMlpPass){0};
}

void vm_mlp_forward(const VmMlpWeights *w, VmMlpPass *p, double *output)
{
    w->arithmetic->forward(w, p, output);
}

void vm_mlp_backward(const VmMlpWeights *w, VmMlpPass *p, const double *d_output)
{
    w->arithmetic->backward(w, p, d_output);
}

void vm_mlp_gradient(const VmMlpWeights *w, VmMlpPass *p, double *d_params)
{
    w->arithmetic->gradient(w, p, d_params);
}

void vm_mlp_jacobian(const VmMlpWeights *w, const VmMlpPass *p, const double *scale,
                     double *jacobian, size_t stride)
{
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) {
        double *row = jacobian + r * stride;
        for (unsigned l = 0; l < w->mlp->n_layers; l++) {
            const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
            const double *value = (const double *)p->values[l] + r * vm_padded(in);
            const double *delta = (const double *)p->deltas[l + 1] + r * vm_padded(out);
            for (size_t o = 0; o < out; o++, row += in) {
                const double factor = scale[r] * delta[o];
                for (size_t k = 0; k < in; k++) row[k] = factor * value[k];
            }
            for (size_t o = 0; o < out; o++) *row++ = scale[r] * delta[o];
        }
    }
}
