/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Dense networks: shapes around the widths of vectors, every activation. A row of the harness holds the
 * inputs of w / n_inputs rows of the network. */
#include "check.h"

#include <math.h>

enum { MAX_LAYERS = 4, MAX_UNITS = 80, MAX_STRIDE = 80 };

typedef struct Dense {
    CheckRows rows, out, tmp;
    float weights[MAX_LAYERS][MAX_UNITS * MAX_STRIDE] __attribute__((aligned(64)));
    float biases[MAX_LAYERS][MAX_STRIDE] __attribute__((aligned(64)));
    float shift[MAX_UNITS], scale[MAX_UNITS];
    VmDense layers[MAX_LAYERS];
    VmDenseNet net;
    int n, w;
} Dense;

/* Inputs and the neurons of each layer. Small and medium are those that are shipped. */
static const struct {
    const char *name;
    int units[MAX_LAYERS + 1];
    enum VmActivation activation;
} shapes[] = {
    {"small relu", {6, 16, 8, 1}, VM_ACT_RELU},   {"small tanh", {6, 16, 8, 1}, VM_ACT_TANH},
    {"medium relu", {6, 64, 32, 1}, VM_ACT_RELU}, {"one", {1, 1}, VM_ACT_NONE},
    {"two", {2, 1, 1}, VM_ACT_SIGMOID},           {"odd", {3, 5, 7, 3, 1}, VM_ACT_SOFTSIGN},
    {"square", {7, 17, 15, 1}, VM_ACT_SQUARE},    {"gelu", {9, 33, 31, 2, 1}, VM_ACT_GELU},
    {"wide", {21, 65, 80, 1}, VM_ACT_TANH},
};

static int up(int n)
{
    return (n + VM_DENSE_PAD - 1) / VM_DENSE_PAD * VM_DENSE_PAD;
}

static float random_float(float limit)
{
    return ((float)check_below(1 << 24) / (1 << 23) - 1) * limit;
}

static void fill_layer(Dense *c, int k, int in, int out, enum VmActivation activation)
{
    const int stride = up(out);
    memset(c->weights[k], 0, sizeof(c->weights[k]));
    memset(c->biases[k], 0, sizeof(c->biases[k]));
    for (int o = 0; o < out; o++) {
        c->biases[k][o] = random_float(0.3f);
        for (int i = 0; i < in; i++)
            c->weights[k][i * stride + o] = random_float(1 / sqrtf((float)in));
    }
    c->layers[k] = (VmDense){in, out, activation, stride, c->weights[k], c->biases[k]};
}

static void choose_net(Dense *c, size_t shape)
{
    const int *units = shapes[shape].units;
    int k = 0, most = units[0];
    for (; k < MAX_LAYERS && units[k + 1]; k++) {
        const int last = k + 1 == MAX_LAYERS || !units[k + 2];
        fill_layer(c, k, units[k], units[k + 1], last ? VM_ACT_NONE : shapes[shape].activation);
        most = VM_MAX(most, units[k + 1]);
    }
    for (int i = 0; i < units[0]; i++) {
        c->shift[i] = random_float(1);
        c->scale[i] = 0.1f + fabsf(random_float(3));
    }
    c->net = (VmDenseNet){.n_inputs = units[0],
                          .n_layers = k,
                          .layers = c->layers,
                          .lo = -INFINITY,
                          .hi = INFINITY,
                          .stride = up(most)};
    if (shape % 2) {
        c->net.shift = c->shift;
        c->net.scale = c->scale;
    } else {
        c->net.lo = 0;
        c->net.hi = 1;
    }
}

static void call_row(const VmKernels *k, int side, void *state)
{
    Dense *c = state;
    k->dense_row(c->out.p[side][0], c->rows.p[side][0], &c->net, c->tmp.p[side][0]);
}

static void call_rows(const VmKernels *k, int side, void *state)
{
    Dense *c = state;
    k->dense_rows(c->out.p[side][0], c->rows.p[side][0], &c->net, c->tmp.p[side][0], c->n);
}

static void run_shape(size_t shape, int batch)
{
    static Dense c;
    const float range = shape % 3 ? 3 : 40; /* also where activations are flat */
    choose_net(&c, shape);
    check_label("%s", shapes[shape].name);
    for (check_sizes(c.net.n_inputs); (c.w = check_next_size());) {
        if (c.w > 4096 && check_quick()) continue;
        c.n = batch ? c.w / c.net.n_inputs : 1;
        check_floats(&c.rows, 1, c.n * c.net.n_inputs, -range, range);
        check_output(&c.out, 1, 4, c.n, 0, c.n);
        check_tmp(&c.tmp, 1, 4, 2 * c.net.stride * (batch ? VM_DENSE_BLOCK : 1));
        check_call(batch ? call_rows : call_row, &c);
    }
}

static void run(int batch)
{
    for (size_t i = 0; i < VM_COUNT(shapes); i++) run_shape(i, batch);
}

const CheckTest check_dense[] = {
    {"dense_row", CHECK_SLOT(dense_row), run, 0},
    {"dense_rows", CHECK_SLOT(dense_rows), run, 1},
    {0},
};
