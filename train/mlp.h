/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A dense network in training: parameters in one flat block of doubles, values and derivatives of blocks of
 * rows. The last layer is linear and gives one value. */
#ifndef VM_MLP_H
#define VM_MLP_H

#include "base.h"
#include "dense.h"
#include "rng.h"

enum {
    VM_MLP_MAX_LAYERS = 8,
    VM_MLP_MAX_WIDTH = 1024,
    VM_MLP_BLOCK = 64, /* rows that go through the network together */
};

/* The block holds, layer by layer, weights [out][in] and biases [out]. */
typedef struct VmMlp {
    unsigned n_layers;                     /* of weights */
    unsigned width[VM_MLP_MAX_LAYERS + 1]; /* inputs, hidden layers, 1 */
    enum VmActivation activation;          /* between layers; NONE if there is but one */
    size_t n_params;
} VmMlp;

/* "6,16,8,1" to a network; errors say what is wrong. */
int vm_mlp_parse(VmMlp *mlp, const char *layers, enum VmActivation activation, VmError *error);

/* widths[n]: inputs first, the output's 1 last. */
int vm_mlp_set(VmMlp *mlp, const unsigned *widths, unsigned n, enum VmActivation activation,
               VmError *error);

/* Where a layer's weights begin; its biases follow. */
size_t vm_mlp_offset(const VmMlp *mlp, unsigned layer);

/* "6-16-8-1". */
void vm_mlp_name(const VmMlp *mlp, char *name, size_t size);

enum VmMlpStart {
    VM_START_SCALED,  /* N(0, 2/in) for ReLU, N(0, 1/in) otherwise; biases N(0, 0.3^2) */
    VM_START_UNIFORM, /* all uniform in +-1/sqrt(in), as the seed recipe has it */
};
void vm_mlp_start(const VmMlp *mlp, enum VmMlpStart start, VmRng *rng, double *params);

/* What the passes compute in. Parameters, inputs, outputs and sums of gradients over blocks are double always. */
enum VmPrecision { VM_DOUBLE, VM_SINGLE };

/* Weights as the kernels want them; fixed while a pass over the data runs. */
typedef struct VmMlpWeights {
    const VmMlp *mlp;
    const VmDenseKernels *kernels;
    const struct VmMlpArithmetic *arithmetic;
    void *memory;
    void *transposed[VM_MLP_MAX_LAYERS]; /* [in][padded out] */
    void *straight[VM_MLP_MAX_LAYERS];   /* [out][padded in] */
    void *biases[VM_MLP_MAX_LAYERS];     /* [padded out] */
} VmMlpWeights;

/* mlp must outlive it. Returns 0 or -ENOMEM. */
int vm_mlp_weights_init(VmMlpWeights *weights, const VmMlp *mlp, enum VmPrecision precision,
                        const VmDenseKernels *kernels);
void vm_mlp_weights_load(VmMlpWeights *weights, const double *params);
void vm_mlp_weights_free(VmMlpWeights *weights);

/* What one thread needs for a block of rows; matrices are [VM_MLP_BLOCK][padded width]. */
typedef struct VmMlpPass {
    const VmMlp *mlp;
    void *memory;
    double *inputs; /* [VM_MLP_BLOCK][vm_padded(inputs)], the caller's to fill, padding zeroed */
    void *values[VM_MLP_MAX_LAYERS + 1]; /* 0: the inputs */
    void *slopes[VM_MLP_MAX_LAYERS + 1]; /* of the activations */
    void
        *deltas[VM_MLP_MAX_LAYERS + 1]; /* derivative of the output by the sums before activation */
    void *sums; /* of gradients: [out][padded in] and [padded out] each layer */
} VmMlpPass;

int vm_mlp_pass_init(VmMlpPass *pass, const VmMlpWeights *weights); /* 0 or -ENOMEM */
void vm_mlp_pass_free(VmMlpPass *pass);

/* output[VM_MLP_BLOCK] for the inputs in pass->inputs. */
void vm_mlp_forward(const VmMlpWeights *weights, VmMlpPass *pass, double *output);

/* After forward: deltas for d_output[VM_MLP_BLOCK], the derivative of what is wanted by each output. */
void vm_mlp_backward(const VmMlpWeights *weights, VmMlpPass *pass, const double *d_output);

/* After backward: the derivative by the parameters summed over rows is added to d_params[n_params]. Rows
 * with d_output 0 add nothing. */
void vm_mlp_gradient(const VmMlpWeights *weights, VmMlpPass *pass, double *d_params);

/* After backward in double precision: jacobian[r * stride + p] for each of the rows, times scale[r]. */
void vm_mlp_jacobian(const VmMlpWeights *weights, const VmMlpPass *pass, const double *scale,
                     double *jacobian, size_t stride);

#endif
