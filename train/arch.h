/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Architectures by name. */
#ifndef VM_ARCH_H
#define VM_ARCH_H

#include "mlp.h"

typedef struct VmArch {
    unsigned n_hidden, hidden[VM_MLP_MAX_LAYERS];
    unsigned inputs; /* 0: as many as the data have */
    int has_activation;
    enum VmActivation activation; /* between layers */
    char name[64];                /* "mlp_small", "6-32-32-1" */
} VmArch;

/* "linear", "mlp_small", "mlp_medium" or widths "6,32,32,1"; then perhaps ":tanh". Returns 0, or -EINVAL and
 * a sentence with what is possible. */
int vm_arch_parse(VmArch *arch, const char *text, VmError *error);

/* A word to an activation; -EINVAL if it is none of a network in training. */
int vm_arch_activation(const char *word, enum VmActivation *activation);

/* The network for data of this width. */
int vm_arch_network(const VmArch *arch, unsigned width, enum VmActivation fallback, VmMlp *mlp,
                    VmError *error);

#endif
