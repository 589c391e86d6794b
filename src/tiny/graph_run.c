/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Graphs node by node, for what is no network of dense layers. Plain C, so that no two machines differ. What
 * vm_graph_check() has seen is not checked again. */
#include <math.h>
#include <string.h>

#include "kernels/dense_scalar.h"
#include "tiny/graph.h"

typedef struct Run {
    const VmGraph *graph;
    size_t n;
    void **data; /* of each value; constants' and inputs' are not ours */
    const VmGraphNode *node;
} Run;

static const VmGraphValue *value_of(const Run *r, int i)
{
    return &r->graph->values[r->node->in[i]];
}

static const void *input(const Run *r, int i)
{
    return r->data[r->node->in[i]];
}

static void *output(const Run *r, int k)
{
    return r->data[r->node->out[k]];
}

static size_t output_elements(const Run *r)
{
    return vm_graph_elements(&r->graph->values[r->node->out[0]].shape, r->n);
}

/* ---- element by element ---- */

/* Four dimensions of the result and, for an operand that may be repeated along some of them, its steps. */
static void steps_of(const Run *r, const VmShape *result, const VmShape *s, size_t dims[4],
                     size_t steps[4])
{
    size_t step = 1;
    for (int i = 1; i <= 4; i++) {
        const int64_t d = i <= result->rank ? result->dims[result->rank - i] : 1;
        const int64_t own = i <= s->rank ? s->dims[s->rank - i] : 1;
        dims[4 - i] = d == VM_GRAPH_BATCH ? r->n : (size_t)d;
        steps[4 - i] = own == 1 ? 0 : step;
        step *= own == VM_GRAPH_BATCH ? r->n : (size_t)own;
    }
}

static float apply(VmOp op, float a, float b)
{
    switch (op) {
    case VM_OP_ADD: return a + b;
    case VM_OP_SUB: return a - b;
    case VM_OP_MUL: return a * b;
    default: return a / b;
    }
}

static void run_binary(const Run *r)
{
    const VmShape *result = &r->graph->values[r->node->out[0]].shape;
    const float *a = input(r, 0), *b = input(r, 1);
    float *y = output(r, 0);
    size_t d[4], sa[4], sb[4];
    steps_of(r, result, &value_of(r, 0)->shape, d, sa);
    steps_of(r, result, &value_of(r, 1)->shape, d, sb);
    for (size_t i = 0; i < d[0]; i++)
        for (size_t j = 0; j < d[1]; j++)
            for (size_t k = 0; k < d[2]; k++)
                for (size_t l = 0; l < d[3]; l++)
                    *y++ = apply(r->node->op, a[i * sa[0] + j * sa[1] + k * sa[2] + l * sa[3]],
                                 b[i * sb[0] + j * sb[1] + k * sb[2] + l * sb[3]]);
}

static float apply_unary(const VmGraphNode *n, float x)
{
    switch (n->op) {
    case VM_OP_RELU: return dense_activate(VM_ACT_RELU, x);
    case VM_OP_TANH: return dense_activate(VM_ACT_TANH, x);
    case VM_OP_SIGMOID: return dense_activate(VM_ACT_SIGMOID, x);
    case VM_OP_SOFTSIGN: return dense_activate(VM_ACT_SOFTSIGN, x);
    case VM_OP_ERF: return dense_erf(x);
    default: return dense_min(dense_max(x, n->lo), n->hi); /* Clip */
    }
}

static void run_unary(const Run *r)
{
    const float *x = input(r, 0);
    float *y = output(r, 0);
    const size_t n = output_elements(r);
    for (size_t i = 0; i < n; i++) y[i] = apply_unary(r->node, x[i]);
}

static void run_copy(const Run *r)
{
    memcpy(output(r, 0), input(r, 0),
           output_elements(r) * vm_graph_type_size(value_of(r, 0)->type));
}

static void run_cast(const Run *r)
{
    const VmGraphType from = value_of(r, 0)->type;
    const void *x = input(r, 0);
    float *y = output(r, 0);
    const size_t n = output_elements(r);
    if ((int)from == r->node->to) {
        run_copy(r);
        return;
    }
    for (size_t i = 0; i < n; i++) switch (from) {
        case VM_GRAPH_U8: y[i] = ((const uint8_t *)x)[i]; break;
        case VM_GRAPH_S8: y[i] = ((const int8_t *)x)[i]; break;
        case VM_GRAPH_S32: y[i] = (float)((const int32_t *)x)[i]; break;
        default: y[i] = (float)((const int64_t *)x)[i]; break;
        }
}

/* What lies before the axis is repeated, what lies behind it is copied with it. */
static void run_concat(const Run *r)
{
    const VmGraphNode *node = r->node;
    float *y = output(r, 0);
    const VmShape *first = &value_of(r, 0)->shape;
    size_t outer = 1;
    for (int i = 0; i < node->axis; i++)
        outer *= first->dims[i] == VM_GRAPH_BATCH ? r->n : (size_t)first->dims[i];
    for (size_t o = 0; o < outer; o++)
        for (int i = 0; i < node->n_in; i++) {
            const size_t part = vm_graph_elements(&value_of(r, i)->shape, r->n) / outer;
            memcpy(y, (const float *)input(r, i) + o * part, part * sizeof(*y));
            y += part;
        }
}

/* ---- products ---- */

typedef struct Matrix {
    size_t rows, columns, row_step, column_step;
} Matrix;

static Matrix matrix_of(const Run *r, int i, int transposed)
{
    const VmShape *s = &value_of(r, i)->shape;
    const size_t d0 = s->dims[0] == VM_GRAPH_BATCH ? r->n : (size_t)s->dims[0];
    const size_t d1 = s->dims[1] == VM_GRAPH_BATCH ? r->n : (size_t)s->dims[1];
    return transposed ? (Matrix){d1, d0, 1, d1} : (Matrix){d0, d1, d1, 1};
}

/* With alpha and beta 1 the sum begins with c, as in a dense layer. */
static float gemm_value(const VmGraphNode *n, const float *w, int step, const float *row, int k,
                        float c)
{
    if (n->alpha == 1 && n->beta == 1) return dense_dot(w, step, row, k, c);
    return n->alpha * dense_dot(w, step, row, k, 0) + n->beta * c;
}

static void run_gemm(const Run *r)
{
    const Matrix a = matrix_of(r, 0, r->node->trans_a), b = matrix_of(r, 1, r->node->trans_b);
    const float *x = input(r, 0), *w = input(r, 1);
    const float *bias = r->node->n_in > 2 && r->node->in[2] >= 0 ? input(r, 2) : NULL;
    float *y = output(r, 0), row[VM_DENSE_MAX_WIDTH];
    size_t d[4], steps[4] = {0};
    if (bias)
        steps_of(r, &r->graph->values[r->node->out[0]].shape, &value_of(r, 2)->shape, d, steps);
    for (size_t i = 0; i < a.rows; i++) {
        for (size_t k = 0; k < a.columns; k++) row[k] = x[i * a.row_step + k * a.column_step];
        for (size_t j = 0; j < b.columns; j++)
            *y++ = gemm_value(r->node, w + j * b.column_step, (int)b.row_step, row, (int)a.columns,
                              bias ? bias[i * steps[2] + j * steps[3]] : 0);
    }
}

static int quantized(const void *data, VmGraphType type, size_t i)
{
    return type == VM_GRAPH_U8 ? ((const uint8_t *)data)[i] : ((const int8_t *)data)[i];
}

static int zero_point(const Run *r, int i, size_t column)
{
    if (i >= r->node->n_in || r->node->in[i] < 0) return 0;
    const VmGraphValue *v = value_of(r, i);
    return quantized(input(r, i), v->type, vm_graph_elements(&v->shape, 1) > 1 ? column : 0);
}

/* |sum| <= 4096 * 255 * 255 < 2^28 */
static void run_matmul_integer(const Run *r)
{
    const Matrix a = matrix_of(r, 0, 0), b = matrix_of(r, 1, 0);
    const VmGraphType ta = value_of(r, 0)->type, tb = value_of(r, 1)->type;
    const int za = zero_point(r, 2, 0);
    int32_t *y = output(r, 0);
    for (size_t i = 0; i < a.rows; i++)
        for (size_t j = 0; j < b.columns; j++) {
            const int zb = zero_point(r, 3, j);
            int32_t sum = 0;
            for (size_t k = 0; k < a.columns; k++)
                sum += (quantized(input(r, 0), ta, i * a.columns + k) - za) *
                       (quantized(input(r, 1), tb, k * b.columns + j) - zb);
            *y++ = sum;
        }
}

/* Rounding is half to even, as rintf() does unless a program changes it. */
static void run_dynamic_quantize(const Run *r)
{
    const float *x = input(r, 0);
    uint8_t *y = output(r, 0);
    const size_t n = output_elements(r);
    float lo = 0, hi = 0;
    for (size_t i = 0; i < n; i++) {
        lo = dense_min(x[i], lo);
        hi = dense_max(x[i], hi);
    }
    const float range = (hi - lo) / 255, scale = range == 0 ? 1 : range;
    const float zero = dense_min(dense_max(rintf(-lo / scale), 0), 255);
    for (size_t i = 0; i < n; i++)
        y[i] = (uint8_t)dense_min(dense_max(rintf(x[i] / scale) + zero, 0), 255);
    *(float *)output(r, 1) = scale;
    *(uint8_t *)output(r, 2) = (uint8_t)zero;
}

/* ---- the graph ---- */

static void run_node(const Run *r)
{
    switch (r->node->op) {
    case VM_OP_ADD:
    case VM_OP_DIV:
    case VM_OP_MUL:
    case VM_OP_SUB: run_binary(r); break;
    case VM_OP_CAST: run_cast(r); break;
    case VM_OP_CONCAT: run_concat(r); break;
    case VM_OP_DYNAMIC_QUANTIZE: run_dynamic_quantize(r); break;
    case VM_OP_GEMM:
    case VM_OP_MATMUL: run_gemm(r); break;
    case VM_OP_MATMUL_INTEGER: run_matmul_integer(r); break;
    case VM_OP_IDENTITY:
    case VM_OP_RESHAPE:
    case VM_OP_SQUEEZE: run_copy(r); break;
    default: run_unary(r); break;
    }
}

static int is_ours(const VmGraphValue *v)
{
    return v->producer >= 0;
}

static int take_outputs(Run *r)
{
    for (int k = 0; k < r->node->n_out; k++) {
        const VmGraphValue *v = &r->graph->values[r->node->out[k]];
        const size_t n = vm_graph_elements(&v->shape, r->n);
        if (!(r->data[r->node->out[k]] = vm_alloc_array(n, vm_graph_type_size(v->type))))
            return -ENOMEM;
    }
    return 0;
}

/* What this node was the last to read, or nobody reads. */
static void give_back(Run *r, int index)
{
    for (int i = 0; i < r->graph->n_values; i++) {
        const VmGraphValue *v = &r->graph->values[i];
        if (!is_ours(v) || VM_MAX(v->last_use, v->producer) != index) continue;
        vm_free(r->data[i]);
        r->data[i] = NULL;
    }
}

int vm_graph_run(const VmGraph *g, const float *const inputs[VM_GRAPH_MAX_INPUTS], size_t n,
                 float *const outputs[VM_GRAPH_MAX_OUTPUTS])
{
    Run r = {.graph = g, .n = n, .data = vm_alloc_array((size_t)g->n_values, sizeof(void *))};
    int code = r.data ? 0 : -ENOMEM;
    for (int i = 0; !code && i < g->n_values; i++) r.data[i] = g->values[i].data;
    for (int i = 0; !code && i < g->n_inputs; i++) r.data[g->inputs[i]] = (void *)inputs[i];
    for (int i = 0; !code && i < g->n_nodes; i++) {
        r.node = &g->nodes[i];
        code = take_outputs(&r);
        if (!code) run_node(&r);
        if (!code) give_back(&r, i);
    }
    for (int i = 0; !code && i < g->n_outputs; i++)
        if (outputs[i]) memcpy(outputs[i], r.data[g->outputs[i]], n * sizeof(float));
    for (int i = 0; r.data && i < g->n_values; i++)
        if (is_ours(&g->values[i])) vm_free(r.data[i]);
    vm_free(r.data);
    return code;
}
