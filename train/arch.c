/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "arch.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned n, hidden[2];
} known[] = {{"linear", 0, {0}}, {"mlp_small", 2, {16, 8}}, {"mlp_medium", 2, {64, 32}}};

static const struct {
    const char *name;
    enum VmActivation activation;
} activations[] = {{"relu", VM_ACT_RELU},
                   {"tanh", VM_ACT_TANH},
                   {"sigmoid", VM_ACT_SIGMOID},
                   {"softsign", VM_ACT_SOFTSIGN},
                   {"square", VM_ACT_SQUARE}};

int vm_arch_activation(const char *word, enum VmActivation *activation)
{
    for (size_t i = 0; i < VM_COUNT(activations); i++) {
        if (strcmp(activations[i].name, word) != 0) continue;
        *activation = activations[i].activation;
        return 0;
    }
    return -EINVAL;
}

static int set_widths(VmArch *arch, const char *text, VmError *error)
{
    VmMlp mlp;
    VM_TRY(vm_mlp_parse(&mlp, text, VM_ACT_RELU, error));
    arch->inputs = mlp.width[0];
    arch->n_hidden = mlp.n_layers - 1;
    memcpy(arch->hidden, mlp.width + 1, arch->n_hidden * sizeof(*arch->hidden));
    vm_mlp_name(&mlp, arch->name, sizeof(arch->name));
    return 0;
}

int vm_arch_parse(VmArch *arch, const char *text, VmError *error)
{
    char name[64];
    const size_t n = strcspn(text, ":");
    *arch = (VmArch){0};
    (void)snprintf(name, sizeof(name), "%.*s", (int)VM_MIN(n, sizeof(name) - 1), text);
    if (text[n]) {
        arch->has_activation = 1;
        if (vm_arch_activation(text + n + 1, &arch->activation))
            return vm_fail(
                error, -EINVAL,
                "\"%s\" is no activation; there are relu, tanh, sigmoid, softsign, square",
                text + n + 1);
    }
    for (size_t i = 0; i < VM_COUNT(known); i++) {
        if (strcmp(known[i].name, name) != 0) continue;
        arch->n_hidden = known[i].n;
        memcpy(arch->hidden, known[i].hidden, sizeof(known[i].hidden));
        (void)snprintf(arch->name, sizeof(arch->name), "%s", name);
        return 0;
    }
    if (!set_widths(arch, name, NULL)) return 0;
    return vm_fail(error, -EINVAL,
                   "\"%s\" is no architecture; there are linear, mlp_small, mlp_medium, and widths "
                   "such as 6,32,32,1",
                   name);
}

int vm_arch_network(const VmArch *arch, unsigned width, enum VmActivation fallback, VmMlp *mlp,
                    VmError *error)
{
    unsigned widths[VM_MLP_MAX_LAYERS + 1] = {width};
    if (arch->inputs && arch->inputs != width)
        return vm_fail(error, -EINVAL, "the network takes %u values and the data have %u features",
                       arch->inputs, width);
    memcpy(widths + 1, arch->hidden, arch->n_hidden * sizeof(*widths));
    widths[arch->n_hidden + 1] = 1;
    return vm_mlp_set(mlp, widths, arch->n_hidden + 2,
                      arch->has_activation ? arch->activation : fallback, error);
}
