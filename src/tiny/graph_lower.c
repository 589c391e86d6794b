/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* From a graph to dense layers: the chain of nodes from an output back to the input is read, and where it is
 * scaling, then products with weights and activations, then a clip, it becomes a program for the kernels. */
#include <math.h>
#include <string.h>

#include "tiny/graph.h"

typedef enum StepKind { SHIFT, SCALE, PRODUCT, BIAS, ACTIVATION, CLIP } StepKind;

typedef struct Step {
    StepKind kind;
    enum VmActivation activation;
    const VmGraphNode *node;
    const VmGraphValue *constant; /* operand of SHIFT, SCALE, BIAS */
} Step;

typedef struct Chain {
    const VmGraph *graph;
    Step steps[VM_GRAPH_MAX_NODES]; /* from the output back */
    int n;
} Chain;

/* ---- nodes ---- */

static const VmGraphNode *producer(const VmGraph *g, int value)
{
    return value >= 0 && g->values[value].producer >= 0 ? &g->nodes[g->values[value].producer]
                                                        : NULL;
}

static const VmGraphValue *constant_of(const VmGraph *g, int value)
{
    return value >= 0 && g->values[value].data ? &g->values[value] : NULL;
}

/* A node of two operands, one of which is a constant: *value is the other. */
static const VmGraphValue *split(const VmGraph *g, const VmGraphNode *n, VmOp op, int *value)
{
    if (!n || n->op != op) return NULL;
    const VmGraphValue *b = constant_of(g, n->in[1]);
    const int swaps = op == VM_OP_ADD || op == VM_OP_MUL;
    *value = n->in[0];
    if (b || !swaps) return b;
    *value = n->in[1];
    return constant_of(g, n->in[0]);
}

static int is_scalar(const VmGraphValue *v, float value)
{
    return v && v->type == VM_GRAPH_FLOAT && vm_graph_elements(&v->shape, 1) == 1 &&
           *(const float *)v->data == value;
}

/* erf(x / sqrt 2) + 1: x, or -1 */
static int match_erf(const VmGraph *g, int value)
{
    int inner, x;
    if (!is_scalar(split(g, producer(g, value), VM_OP_ADD, &inner), 1)) return -1;
    const VmGraphNode *erf = producer(g, inner);
    if (!erf || erf->op != VM_OP_ERF) return -1;
    return is_scalar(split(g, producer(g, erf->in[0]), VM_OP_DIV, &x), 1.41421356f) ? x : -1;
}

/* A product of two values one of which is `match`'s of the other: that other, or -1 */
static int match_product(const VmGraph *g, const VmGraphNode *n,
                         int (*match)(const VmGraph *g, int value))
{
    if (!n || n->op != VM_OP_MUL) return -1;
    for (int i = 0; i < 2; i++)
        if (match(g, n->in[!i]) == n->in[i]) return n->in[i];
    return -1;
}

static int match_half_erf(const VmGraph *g, int value)
{
    int inner;
    return is_scalar(split(g, producer(g, value), VM_OP_MUL, &inner), 0.5f) ? match_erf(g, inner)
                                                                            : -1;
}

/* (x (erf(x / sqrt 2) + 1)) 0.5 or x ((erf(x / sqrt 2) + 1) 0.5): x, or -1 */
static int match_gelu(const VmGraph *g, const VmGraphNode *n)
{
    int inner;
    const int x = match_product(g, n, match_half_erf);
    if (x >= 0 || !is_scalar(split(g, n, VM_OP_MUL, &inner), 0.5f)) return x;
    return match_product(g, producer(g, inner), match_erf);
}

/* A constant that is added to, or taken from, all rows alike: one value, or one for each column. */
static int fits_columns(const VmGraphValue *v, int64_t columns)
{
    const size_t n = vm_graph_elements(&v->shape, 1);
    const int last = v->shape.rank - 1;
    return n == 1 || ((int64_t)n == columns && v->shape.dims[last] == columns);
}

static int64_t width_of(const VmGraph *g, int value)
{
    return (int64_t)vm_graph_elements(&g->values[value].shape, 1);
}

/* [batch, width], or the [batch] that it becomes at the end: rows lie one after the other. */
static int is_rows(const VmGraph *g, int value)
{
    const VmShape *s = &g->values[value].shape;
    return s->dims[0] == VM_GRAPH_BATCH &&
           (s->rank == 2 || (s->rank == 1 && width_of(g, value) == 1));
}

/* ---- the chain ---- */

static void add_step(Chain *c, StepKind kind, const VmGraphNode *node, const VmGraphValue *constant)
{
    c->steps[c->n++] = (Step){.kind = kind, .node = node, .constant = constant};
}

static int add_activation(Chain *c, const VmGraphNode *n, enum VmActivation activation, int value)
{
    add_step(c, ACTIVATION, n, NULL);
    c->steps[c->n - 1].activation = activation;
    return value;
}

/* Add, Sub, Div and Mul: bias, scaling, square, GELU. */
static int match_binary(Chain *c, const VmGraphNode *n)
{
    static const StepKind kinds[VM_OP_COUNT] = {
        [VM_OP_ADD] = BIAS, [VM_OP_SUB] = SHIFT, [VM_OP_DIV] = SCALE};
    int value;
    if (n->op == VM_OP_MUL && n->in[0] == n->in[1])
        return add_activation(c, n, VM_ACT_SQUARE, n->in[0]);
    if (n->op == VM_OP_MUL) {
        value = match_gelu(c->graph, n);
        return value < 0 ? -1 : add_activation(c, n, VM_ACT_GELU, value);
    }
    const VmGraphValue *constant = split(c->graph, n, n->op, &value);
    if (!constant || !fits_columns(constant, width_of(c->graph, value))) return -1;
    add_step(c, kinds[n->op], n, constant);
    return value;
}

static int match_layer(Chain *c, const VmGraphNode *n)
{
    const VmGraph *g = c->graph;
    const VmGraphValue *bias = n->n_in > 2 ? constant_of(g, n->in[2]) : NULL;
    if (!constant_of(g, n->in[1]) || n->trans_a || n->alpha != 1 || n->beta != 1) return -1;
    if (n->n_in > 2 && n->in[2] >= 0 && !bias) return -1;
    if (bias && !fits_columns(bias, width_of(g, n->out[0]))) return -1;
    add_step(c, PRODUCT, n, bias);
    return n->in[0];
}

/* The value that the node works on, or -1: the chain cannot be lowered. */
static int match_node(Chain *c, const VmGraphNode *n)
{
    switch (n->op) {
    case VM_OP_ADD:
    case VM_OP_SUB:
    case VM_OP_DIV:
    case VM_OP_MUL: return match_binary(c, n);
    case VM_OP_GEMM:
    case VM_OP_MATMUL: return match_layer(c, n);
    case VM_OP_RELU: return add_activation(c, n, VM_ACT_RELU, n->in[0]);
    case VM_OP_TANH: return add_activation(c, n, VM_ACT_TANH, n->in[0]);
    case VM_OP_SIGMOID: return add_activation(c, n, VM_ACT_SIGMOID, n->in[0]);
    case VM_OP_SOFTSIGN: return add_activation(c, n, VM_ACT_SOFTSIGN, n->in[0]);
    case VM_OP_CLIP: add_step(c, CLIP, n, NULL); return n->in[0];
    case VM_OP_IDENTITY:
    case VM_OP_SQUEEZE:
    case VM_OP_RESHAPE: return n->in[0];
    default: return -1;
    }
}

static int follow(Chain *c, int value)
{
    while (value != c->graph->inputs[0]) {
        const VmGraphNode *n = producer(c->graph, value);
        if (!n || !is_rows(c->graph, value)) return 0;
        value = match_node(c, n);
        if (value < 0) return 0;
    }
    return 1;
}

/* In the order in which they run: [SHIFT] [SCALE] (PRODUCT [BIAS] [ACTIVATION])* [CLIP] with one product at
 * least; Gemm brings its own bias. Counts the layers. */
static int has_order(const Chain *c, int *n_layers)
{
    StepKind last = SHIFT;
    *n_layers = 0;
    for (int i = c->n - 1; i >= 0; i--) {
        const Step *s = &c->steps[i];
        const int first = i == c->n - 1;
        const int begins = s->kind == PRODUCT && (first || last != CLIP);
        const int scales = s->kind <= SCALE && *n_layers == 0 && (first || last < s->kind);
        const int bias =
            s->kind == BIAS && last == PRODUCT && c->steps[i + 1].node->op == VM_OP_MATMUL;
        const int follows = s->kind > BIAS && *n_layers && s->kind > last;
        if (!begins && !scales && !bias && !follows) return 0;
        *n_layers += s->kind == PRODUCT;
        last = s->kind;
    }
    return *n_layers > 0;
}

/* ---- the program ---- */

static size_t lines(size_t floats)
{
    return (floats * sizeof(float) + 63) & ~(size_t)63;
}

static int padded(int64_t n)
{
    return (int)((n + VM_DENSE_PAD - 1) / VM_DENSE_PAD * VM_DENSE_PAD);
}

static size_t program_size(const Chain *c, int n_layers)
{
    size_t size = (sizeof(VmDense) * (size_t)n_layers + 63) & ~(size_t)63;
    size += 2 * lines((size_t)width_of(c->graph, c->graph->inputs[0]));
    for (int i = 0; i < c->n; i++) {
        const VmGraphNode *n = c->steps[i].node;
        if (c->steps[i].kind != PRODUCT) continue;
        const size_t in = (size_t)width_of(c->graph, n->in[0]);
        const size_t out = (size_t)width_of(c->graph, n->out[0]),
                     stride = (size_t)padded((int64_t)out);
        size += lines(in * stride) + lines(stride);
    }
    return size;
}

static void copy_columns(float *to, const VmGraphValue *from, int n)
{
    const float *x = from->data;
    const int step = vm_graph_elements(&from->shape, 1) > 1;
    for (int i = 0; i < n; i++) to[i] = x[i * step];
}

static void add_layer(const VmGraph *g, VmDenseNet *net, const Step *s, VmArena *arena)
{
    const VmGraphNode *n = s->node;
    VmDense *l = (VmDense *)&net->layers[net->n_layers++];
    l->in = (int)width_of(g, n->in[0]);
    l->out = (int)width_of(g, n->out[0]);
    l->stride = padded(l->out);
    const size_t in = (size_t)l->in, out = (size_t)l->out, stride = (size_t)l->stride;
    float *weights = vm_arena_take(arena, in * stride * sizeof(float));
    float *biases = vm_arena_take(arena, stride * sizeof(float));
    const float *w = g->values[n->in[1]].data;
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++)
            weights[i * stride + o] = n->trans_b ? w[o * in + i] : w[i * out + o];
    if (s->constant) copy_columns(biases, s->constant, l->out);
    l->weights = weights;
    l->biases = biases;
    net->stride = VM_MAX(net->stride, l->stride);
}

/* Scaling needs both: a shift of 0 and a scale of 1 change nothing. */
static void set_scaling(VmDenseNet *net, const Step *s, VmArena *arena)
{
    if (!net->shift) {
        float *shift = vm_arena_take(arena, (size_t)net->n_inputs * sizeof(float));
        float *scale = vm_arena_take(arena, (size_t)net->n_inputs * sizeof(float));
        for (int i = 0; i < net->n_inputs; i++) {
            shift[i] = 0;
            scale[i] = 1;
        }
        net->shift = shift;
        net->scale = scale;
    }
    copy_columns((float *)(s->kind == SHIFT ? net->shift : net->scale), s->constant, net->n_inputs);
}

static void build(const Chain *c, VmDenseNet *net, VmArena *arena)
{
    for (int i = c->n - 1; i >= 0; i--) {
        const Step *s = &c->steps[i];
        VmDense *last = (VmDense *)&net->layers[VM_MAX(net->n_layers - 1, 0)];
        switch (s->kind) {
        case SHIFT:
        case SCALE: set_scaling(net, s, arena); break;
        case PRODUCT: add_layer(c->graph, net, s, arena); break;
        case BIAS: copy_columns((float *)last->biases, s->constant, last->out); break;
        case ACTIVATION: last->activation = s->activation; break;
        case CLIP:
            net->lo = s->node->lo + 0.0f; /* -0 becomes 0, which all kernels treat alike */
            net->hi = s->node->hi + 0.0f;
            break;
        }
    }
}

int vm_graph_lower(const VmGraph *g, int output, VmDenseNet *net)
{
    Chain c = {.graph = g};
    int n_layers;
    if (g->n_inputs != 1 || !follow(&c, g->outputs[output]) || !has_order(&c, &n_layers)) return 0;
    VmArena arena = {.size = program_size(&c, n_layers)};
    arena.base = vm_alloc_aligned(arena.size);
    if (!arena.base) return -ENOMEM;
    const int n_inputs = (int)width_of(g, g->inputs[0]);
    *net = (VmDenseNet){.n_inputs = n_inputs,
                        .layers = vm_arena_take(&arena, sizeof(VmDense) * (size_t)n_layers),
                        .lo = -INFINITY,
                        .hi = INFINITY,
                        .stride = padded(n_inputs)};
    build(&c, net, &arena);
    return 1;
}
