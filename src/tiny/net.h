/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A network of dense layers, as the trainer holds it and as ONNX files of ours describe it. */
#ifndef VM_NET_H
#define VM_NET_H

enum VmActivation {
    VM_ACT_NONE,
    VM_ACT_RELU,
    VM_ACT_TANH,
    VM_ACT_SIGMOID,
    VM_ACT_SOFTSIGN, /* x / (1 + |x|) */
    VM_ACT_SQUARE,
    VM_ACT_GELU, /* x * (1 + erf(x / sqrt 2)) / 2 */
};

/* y = activation(weights x + biases) */
typedef struct VmNetLayer {
    unsigned in, out;
    enum VmActivation activation;
    float *weights; /* [out][in], row-major */
    float *biases;  /* [out] */
} VmNetLayer;

typedef struct VmNet {
    unsigned n_layers;
    VmNetLayer *layers;
    int has_clip;
    float lo, hi; /* of the last layer's output; -INFINITY or INFINITY = no limit on that side */
} VmNet;

#endif
