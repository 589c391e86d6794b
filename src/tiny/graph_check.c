/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Types and shapes, node by node. What passes here runs without another look: graph_run.c and graph_lower.c
 * rely on every rule. */
#include <stdio.h>
#include <string.h>

#include "tiny/graph.h"

typedef struct Check {
    VmGraph *graph;
    VmGraphNode *node;
    int64_t products; /* multiplications for a row so far */
    VmError *error;
} Check;

#define BAD(c, format, ...) VM_NODE_FAIL((c)->graph, (c)->node, (c)->error, format, __VA_ARGS__)

/* ---- helpers ---- */

/* NULL: left out. */
static const VmGraphValue *input(const Check *c, int i)
{
    if (i >= c->node->n_in || c->node->in[i] < 0) return NULL;
    return &c->graph->values[c->node->in[i]];
}

/* 80 bytes hold four dimensions of at most seven digits. */
static const char *print_shape(const VmShape *s, char text[80])
{
    int n = snprintf(text, 80, "[");
    for (int i = 0; i < s->rank; i++)
        if (s->dims[i] == VM_GRAPH_BATCH)
            n += snprintf(text + n, 80 - (size_t)n, i ? ",batch" : "batch");
        else n += snprintf(text + n, 80 - (size_t)n, i ? ",%d" : "%d", (int)s->dims[i]);
    snprintf(text + n, 80 - (size_t)n, "]");
    return text;
}

static int has_batch(const VmShape *s)
{
    int n = 0;
    for (int i = 0; i < s->rank; i++) n += s->dims[i] == VM_GRAPH_BATCH;
    return n;
}

/* Every computed value: one batch dimension at most, no more elements for a row than the widest layer. */
static int set_output(const Check *c, int k, VmGraphType type, VmShape shape)
{
    char text[80];
    VmGraphValue *v = &c->graph->values[c->node->out[k]];
    int64_t n = 1;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dims[i] != VM_GRAPH_BATCH) n *= shape.dims[i];
        if (n > VM_DENSE_MAX_WIDTH)
            return BAD(c, "its result %s has more than %d values for a row",
                       print_shape(&shape, text), VM_DENSE_MAX_WIDTH);
    }
    if (has_batch(&shape) > 1)
        return BAD(c, "its result %s has the batch twice", print_shape(&shape, text));
    v->type = type;
    v->shape = shape;
    return 0;
}

static int need_type(const Check *c, int i, VmGraphType type)
{
    const VmGraphValue *v = input(c, i);
    if (v->type == type) return 0;
    return BAD(c, "its input %s has type %d, not %d", v->name, (int)v->type, (int)type);
}

/* A constant with as many elements as it has dimensions to hold; NULL: sentence written. */
static const VmGraphValue *need_constant(const Check *c, int i, VmGraphType type, size_t max)
{
    const VmGraphValue *v = input(c, i);
    if (!v->data) {
        BAD(c, "its input %s must be a constant", v->name);
        return NULL;
    }
    if (need_type(c, i, type)) return NULL;
    if (vm_graph_elements(&v->shape, 1) <= max) return v;
    BAD(c, "its input %s has more than %zu elements", v->name, max);
    return NULL;
}

static int broadcast(const Check *c, const VmShape *a, const VmShape *b, VmShape *result)
{
    char x[80], y[80];
    result->rank = VM_MAX(a->rank, b->rank);
    for (int i = 1; i <= result->rank; i++) {
        const int64_t da = i <= a->rank ? a->dims[a->rank - i] : 1;
        const int64_t db = i <= b->rank ? b->dims[b->rank - i] : 1;
        if (da != db && da != 1 && db != 1)
            return BAD(c, "shapes %s and %s do not fit", print_shape(a, x), print_shape(b, y));
        result->dims[result->rank - i] = da == 1 ? db : da;
    }
    return 0;
}

static int shapes_equal(const VmShape *a, const VmShape *b)
{
    return a->rank == b->rank && !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims));
}

static int add_products(Check *c, int64_t n)
{
    c->products += n; /* each at most 2^24, of 256 nodes */
    if (c->products <= VM_GRAPH_MAX_PRODUCTS) return 0;
    return BAD(c, "the model takes more than %d multiplications for a row", VM_GRAPH_MAX_PRODUCTS);
}

/* ---- operators ---- */

static int check_unary(Check *c)
{
    VM_TRY(need_type(c, 0, VM_GRAPH_FLOAT));
    return set_output(c, 0, VM_GRAPH_FLOAT, input(c, 0)->shape);
}

static int check_binary(Check *c)
{
    VmShape shape;
    VM_TRY(need_type(c, 0, VM_GRAPH_FLOAT));
    VM_TRY(need_type(c, 1, VM_GRAPH_FLOAT));
    VM_TRY(broadcast(c, &input(c, 0)->shape, &input(c, 1)->shape, &shape));
    return set_output(c, 0, VM_GRAPH_FLOAT, shape);
}

static int check_identity(Check *c)
{
    return set_output(c, 0, input(c, 0)->type, input(c, 0)->shape);
}

static int check_cast(Check *c)
{
    const VmGraphType from = input(c, 0)->type;
    if (c->node->to != VM_GRAPH_FLOAT && c->node->to != (int)from)
        return BAD(c, "a cast from type %d to %d is not supported, only to float", (int)from,
                   c->node->to);
    return set_output(c, 0, (VmGraphType)c->node->to, input(c, 0)->shape);
}

static int check_clip(Check *c)
{
    float *const limits[] = {&c->node->lo, &c->node->hi};
    for (int i = 1; i < 3; i++) {
        if (!input(c, i)) continue;
        const VmGraphValue *v = need_constant(c, i, VM_GRAPH_FLOAT, 1);
        if (!v) return -EINVAL;
        *limits[i - 1] = *(const float *)v->data;
    }
    return check_unary(c);
}

static int axis_of(const Check *c, int64_t axis, int rank, int *result)
{
    if (axis < -rank || axis >= rank)
        return BAD(c, "axis %lld is none of %d dimensions", (long long)axis, rank);
    *result = (int)(axis < 0 ? axis + rank : axis);
    return 0;
}

static int check_concat(Check *c)
{
    VmShape shape = input(c, 0)->shape;
    int axis = 0;
    if (!c->node->has_axes) return BAD(c, "it has %s", "no axis");
    VM_TRY(axis_of(c, c->node->axis, shape.rank, &axis));
    c->node->axis = axis;
    for (int i = 0; i < c->node->n_in; i++) {
        const VmGraphValue *v = input(c, i);
        if (!v) return BAD(c, "input %d is left out", i + 1);
        VmShape other = v->shape;
        VM_TRY(need_type(c, i, VM_GRAPH_FLOAT));
        if (other.rank != shape.rank || other.dims[axis] == VM_GRAPH_BATCH)
            return BAD(c, "its input %s cannot be joined along axis %d", v->name, axis);
        const int64_t n = other.dims[axis];
        other.dims[axis] = shape.dims[axis];
        if (!shapes_equal(&other, &shape))
            return BAD(c, "its input %s cannot be joined along axis %d", v->name, axis);
        if (i) shape.dims[axis] += n; /* at most 8 of 2^20 */
    }
    return set_output(c, 0, VM_GRAPH_FLOAT, shape);
}

/* Rank 2, the dimensions in the order that the product needs. */
static int matrix(const Check *c, int i, int transposed, int64_t dims[2])
{
    const VmGraphValue *v = input(c, i);
    if (v->shape.rank != 2)
        return BAD(c, "its input %s has %d dimensions instead of 2", v->name, v->shape.rank);
    dims[0] = v->shape.dims[transposed];
    dims[1] = v->shape.dims[!transposed];
    return 0;
}

static int check_product(Check *c, VmGraphType result)
{
    int64_t a[2] = {0}, b[2] = {0};
    char x[80], y[80];
    VM_TRY(matrix(c, 0, c->node->trans_a, a));
    VM_TRY(matrix(c, 1, c->node->trans_b, b));
    if (a[1] == VM_GRAPH_BATCH || has_batch(&input(c, 1)->shape) || a[1] != b[0])
        return BAD(c, "matrices %s and %s do not fit", print_shape(&input(c, 0)->shape, x),
                   print_shape(&input(c, 1)->shape, y));
    if (a[1] > VM_DENSE_MAX_WIDTH)
        return BAD(c, "its products are sums of %lld, more than %d", (long long)a[1],
                   VM_DENSE_MAX_WIDTH);
    const VmShape shape = {2, {a[0], b[1]}};
    VM_TRY(set_output(c, 0, result, shape));
    /* b is no larger than all constants, a has no more rows than they, if it has no batch */
    return add_products(c, b[0] * b[1] * (a[0] == VM_GRAPH_BATCH ? 1 : a[0]));
}

static int check_matmul(Check *c)
{
    VM_TRY(need_type(c, 0, VM_GRAPH_FLOAT));
    VM_TRY(need_type(c, 1, VM_GRAPH_FLOAT));
    return check_product(c, VM_GRAPH_FLOAT);
}

static int check_gemm(Check *c)
{
    VM_TRY(check_matmul(c));
    const VmGraphValue *bias = input(c, 2);
    if (!bias) return 0;
    VmShape both;
    const VmShape *result = &c->graph->values[c->node->out[0]].shape;
    VM_TRY(need_type(c, 2, VM_GRAPH_FLOAT));
    VM_TRY(broadcast(c, result, &bias->shape, &both));
    if (!shapes_equal(&both, result))
        return BAD(c, "its input %s is larger than the product", bias->name);
    return 0;
}

static int check_quantized(const Check *c, int i)
{
    const VmGraphValue *v = input(c, i);
    if (v->type == VM_GRAPH_U8 || v->type == VM_GRAPH_S8) return 0;
    return BAD(c, "its input %s has type %d instead of 8-bit integers", v->name, (int)v->type);
}

static int check_matmul_integer(Check *c)
{
    VM_TRY(check_quantized(c, 0));
    VM_TRY(check_quantized(c, 1));
    VM_TRY(check_product(c, VM_GRAPH_S32));
    const int64_t columns = c->graph->values[c->node->out[0]].shape.dims[1];
    for (int i = 2; i < 4; i++) {
        const VmGraphValue *zero = input(c, i);
        if (!zero) continue;
        VM_TRY(need_type(c, i, input(c, i - 2)->type));
        const size_t n = vm_graph_elements(&zero->shape, 2); /* a batch would count as 2 */
        if (has_batch(&zero->shape) || (n != 1 && (i == 2 || (int64_t)n != columns)))
            return BAD(c, "its zero point %s does not fit its matrix", zero->name);
    }
    return 0;
}

static int check_dynamic_quantize(Check *c)
{
    const VmShape scalar = {0};
    VM_TRY(need_type(c, 0, VM_GRAPH_FLOAT));
    VM_TRY(set_output(c, 0, VM_GRAPH_U8, input(c, 0)->shape));
    VM_TRY(set_output(c, 1, VM_GRAPH_FLOAT, scalar));
    return set_output(c, 2, VM_GRAPH_U8, scalar);
}

static int read_axes(const Check *c)
{
    VmGraphNode *n = c->node;
    if (!input(c, 1)) return 0;
    const VmGraphValue *v = need_constant(c, 1, VM_GRAPH_S64, VM_GRAPH_MAX_RANK);
    if (!v) return -EINVAL;
    n->has_axes = 1;
    n->n_axes = (int)vm_graph_elements(&v->shape, 1);
    memcpy(n->axes, v->data, (size_t)n->n_axes * sizeof(*n->axes));
    return 0;
}

static int check_squeeze(Check *c)
{
    const VmShape *from = &input(c, 0)->shape;
    VmShape shape = {0};
    int drop[VM_GRAPH_MAX_RANK] = {0}, axis = 0;
    VM_TRY(read_axes(c));
    for (int i = 0; i < c->node->n_axes; i++) {
        VM_TRY(axis_of(c, c->node->axes[i], from->rank, &axis));
        if (from->dims[axis] != 1) return BAD(c, "dimension %d is not 1", axis);
        drop[axis] = 1;
    }
    for (int i = 0; i < from->rank; i++) {
        if (!c->node->has_axes) drop[i] = from->dims[i] == 1;
        if (!drop[i]) shape.dims[shape.rank++] = from->dims[i];
    }
    return set_output(c, 0, input(c, 0)->type, shape);
}

/* How many values stand before those of the batch's second row; 0 without a batch. */
static int64_t before_batch(const VmShape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dims[i] == VM_GRAPH_BATCH) return n;
        n *= s->dims[i];
    }
    return 0;
}

/* The shape asked for, 0 and -1 resolved. The batch stays one dimension, and a row in its place in it: elsewhere
 * values of different rows would be taken for one. */
static int check_reshape(Check *c)
{
    const VmShape *from = &input(c, 0)->shape;
    const VmGraphValue *v = need_constant(c, 1, VM_GRAPH_S64, VM_GRAPH_MAX_RANK);
    VmShape shape = {0};
    int64_t have = 1, want = 1, open = -1;
    char text[80];
    if (!v) return -EINVAL;
    for (int i = 0; i < from->rank; i++)
        have *= from->dims[i] == VM_GRAPH_BATCH ? 1 : from->dims[i];
    shape.rank = (int)vm_graph_elements(&v->shape, 1);
    for (int i = 0; i < shape.rank; i++) {
        int64_t d = ((const int64_t *)v->data)[i];
        if (d < -1 || d > VM_GRAPH_MAX_ELEMENTS || (d == -1 && open >= 0) ||
            (d == 0 && i >= from->rank))
            return BAD(c, "dimension %d of the shape asked for cannot be", i);
        if (d == 0) d = from->dims[i];
        else if (d == -1) open = i;
        if (d > 0) want *= d; /* at most four of 2^20, of which each product is checked */
        if (want > VM_GRAPH_MAX_ELEMENTS) return BAD(c, "the shape asked for is %s", "too large");
        shape.dims[i] = d;
    }
    if (open >= 0) { /* the batch, if it is not copied, or what is left */
        const int batch_kept = has_batch(&shape) - 1;
        const int is_batch = has_batch(from) && !batch_kept;
        shape.dims[open] = is_batch ? VM_GRAPH_BATCH : have / want;
        want *= is_batch ? 1 : have / want;
    }
    if (want != have || has_batch(&shape) != has_batch(from) ||
        before_batch(&shape) != before_batch(from))
        return BAD(c, "%s cannot take the shape asked for", print_shape(from, text));
    return set_output(c, 0, input(c, 0)->type, shape);
}

/* ---- the graph ---- */

static int check_node(Check *c)
{
    switch (c->node->op) {
    case VM_OP_ADD:
    case VM_OP_DIV:
    case VM_OP_MUL:
    case VM_OP_SUB: return check_binary(c);
    case VM_OP_CAST: return check_cast(c);
    case VM_OP_CLIP: return check_clip(c);
    case VM_OP_CONCAT: return check_concat(c);
    case VM_OP_DYNAMIC_QUANTIZE: return check_dynamic_quantize(c);
    case VM_OP_GEMM: return check_gemm(c);
    case VM_OP_IDENTITY: return check_identity(c);
    case VM_OP_MATMUL: return check_matmul(c);
    case VM_OP_MATMUL_INTEGER: return check_matmul_integer(c);
    case VM_OP_RESHAPE: return check_reshape(c);
    case VM_OP_SQUEEZE: return check_squeeze(c);
    default: return check_unary(c);
    }
}

/* Bytes for a row that are kept while a node runs: at most 2^10 results of 2^12 numbers of 2^3 bytes. */
static size_t kept_bytes(const VmGraph *g, int node)
{
    size_t n = 0;
    for (int i = 0; i < g->n_values; i++) {
        const VmGraphValue *v = &g->values[i];
        if (v->producer >= 0 && v->producer <= node && VM_MAX(v->last_use, v->producer) >= node)
            n += vm_graph_elements(&v->shape, 1) * vm_graph_type_size(v->type);
    }
    return n;
}

/* Otherwise memory would be a product of rows, width and depth: of all rows of a video, if results depend on all. */
static int check_memory(Check *c)
{
    const size_t most = c->graph->is_dynamic ? VM_GRAPH_MAX_ROW_BYTES_ALL : VM_GRAPH_MAX_ROW_BYTES;
    for (int i = 0; i < c->graph->n_nodes; i++) {
        c->node = &c->graph->nodes[i];
        if (kept_bytes(c->graph, i) > most)
            return BAD(c, "up to here %zu bytes of a row are needed at a time, at most %zu can be",
                       kept_bytes(c->graph, i), most);
    }
    return 0;
}

int vm_graph_check(VmGraph *g, VmError *error)
{
    char text[80];
    Check c = {.graph = g, .error = error};
    for (int i = 0; i < g->n_nodes; i++) {
        c.node = &g->nodes[i];
        VM_TRY(check_node(&c));
    }
    VM_TRY(check_memory(&c));
    for (int i = 0; i < g->n_outputs; i++) {
        const VmGraphValue *v = &g->values[g->outputs[i]];
        if (v->type == VM_GRAPH_FLOAT && has_batch(&v->shape) &&
            vm_graph_elements(&v->shape, 1) == 1)
            continue;
        return VM_GRAPH_FAIL(g, error, "output %s is %s of type %d, not one float for a row",
                             v->name, print_shape(&v->shape, text), (int)v->type);
    }
    return 0;
}
