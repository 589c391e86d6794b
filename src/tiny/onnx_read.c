/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/onnx_read.h"

#include <math.h>
#include <string.h>

#include "onnx.pb-c.h"
#include "tiny/onnx_wire.h"

enum { MIN_IR = 3, MAX_IR = 10, MIN_OPSET = 7, MAX_OPSET = 21 };

/* Numbers of AttributeProto.type. */
enum { ATTR_FLOAT = 1, ATTR_INT = 2, ATTR_INTS = 7 };

typedef struct Reader {
    VmGraph *graph;
    const VmOnnx__Graph *message;
    VmOnnxFile *file;
    void *opaque;
    size_t elements; /* of constants so far */
    VmError *error;
} Reader;

#define BAD(r, format, ...) VM_GRAPH_FAIL((r)->graph, (r)->error, format, __VA_ARGS__)

/* ---- operators ---- */

static const struct {
    const char *name;
    int since; /* opset */
    int min_in, max_in, n_out;
} ops[VM_OP_COUNT] = {
    [VM_OP_ADD] = {"Add", 1, 2, 2, 1},
    [VM_OP_CAST] = {"Cast", 1, 1, 1, 1},
    [VM_OP_CLIP] = {"Clip", 1, 1, 3, 1},
    [VM_OP_CONCAT] = {"Concat", 1, 1, VM_GRAPH_MAX_IN, 1},
    [VM_OP_DIV] = {"Div", 1, 2, 2, 1},
    [VM_OP_DYNAMIC_QUANTIZE] = {"DynamicQuantizeLinear", 11, 1, 1, 3},
    [VM_OP_ERF] = {"Erf", 9, 1, 1, 1},
    [VM_OP_GEMM] = {"Gemm", 1, 2, 3, 1},
    [VM_OP_IDENTITY] = {"Identity", 1, 1, 1, 1},
    [VM_OP_MATMUL] = {"MatMul", 1, 2, 2, 1},
    [VM_OP_MATMUL_INTEGER] = {"MatMulInteger", 10, 2, 4, 1},
    [VM_OP_MUL] = {"Mul", 1, 2, 2, 1},
    [VM_OP_RELU] = {"Relu", 1, 1, 1, 1},
    [VM_OP_RESHAPE] = {"Reshape", 5, 2, 2, 1},
    [VM_OP_SIGMOID] = {"Sigmoid", 1, 1, 1, 1},
    [VM_OP_SOFTSIGN] = {"Softsign", 1, 1, 1, 1},
    [VM_OP_SQUEEZE] = {"Squeeze", 1, 1, 2, 1},
    [VM_OP_SUB] = {"Sub", 1, 2, 2, 1},
    [VM_OP_TANH] = {"Tanh", 1, 1, 1, 1},
};

typedef enum AttributeSlot {
    TO,
    AXIS,
    AXES,
    TRANS_A,
    TRANS_B,
    ALPHA,
    BETA,
    LO,
    HI,
    ZERO
} AttributeSlot;

/* For Clip and Squeeze up to the opset in which they became inputs. */
static const struct {
    VmOp op;
    const char *name;
    int type;
    AttributeSlot slot;
    int before; /* opset; 0: any */
} attributes[] = {
    {VM_OP_CAST, "to", ATTR_INT, TO, 0},
    {VM_OP_CLIP, "min", ATTR_FLOAT, LO, 11},
    {VM_OP_CLIP, "max", ATTR_FLOAT, HI, 11},
    {VM_OP_CONCAT, "axis", ATTR_INT, AXIS, 0},
    {VM_OP_GEMM, "transA", ATTR_INT, TRANS_A, 0},
    {VM_OP_GEMM, "transB", ATTR_INT, TRANS_B, 0},
    {VM_OP_GEMM, "alpha", ATTR_FLOAT, ALPHA, 0},
    {VM_OP_GEMM, "beta", ATTR_FLOAT, BETA, 0},
    {VM_OP_RESHAPE, "allowzero", ATTR_INT, ZERO, 0},
    {VM_OP_SQUEEZE, "axes", ATTR_INTS, AXES, 13},
};

/* ---- names and values ---- */

static int check_name(const Reader *r, const char *name, const char *what)
{
    const size_t n = name ? strlen(name) : 0;
    if (!n) return BAD(r, "%s has no name", what);
    if (n > VM_GRAPH_MAX_NAME)
        return BAD(r, "the name of %s has more than %d bytes", what, VM_GRAPH_MAX_NAME);
    if (!vm_text_is_plain(name))
        return BAD(r, "the name of %s has control characters or is not UTF-8", what);
    return 0;
}

static int find_value(const VmGraph *g, const char *name)
{
    for (int i = 0; i < g->n_values; i++)
        if (!strcmp(g->values[i].name, name)) return i;
    return -1;
}

/* The caller has counted: there is room. */
static VmGraphValue *add_value(VmGraph *g, const char *name)
{
    VmGraphValue *v = &g->values[g->n_values++];
    *v = (VmGraphValue){.name = name, .type = VM_GRAPH_FLOAT, .producer = -1, .last_use = -1};
    return v;
}

size_t vm_graph_type_size(VmGraphType type)
{
    switch (type) {
    case VM_GRAPH_U8:
    case VM_GRAPH_S8: return 1;
    case VM_GRAPH_S64: return 8;
    default: return 4;
    }
}

size_t vm_graph_elements(const VmShape *shape, size_t n)
{
    size_t elements = 1;
    for (int i = 0; i < shape->rank; i++)
        elements *= shape->dims[i] == VM_GRAPH_BATCH ? n : (size_t)shape->dims[i];
    return elements;
}

/* ---- constants ---- */

static int read_dims(const Reader *r, const VmOnnx__Tensor *t, VmShape *shape, size_t *elements)
{
    uint64_t n = 1;
    if (t->n_dims > VM_GRAPH_MAX_RANK)
        return BAD(r, "tensor %s has %zu dimensions; at most %d are read", t->name, t->n_dims,
                   VM_GRAPH_MAX_RANK);
    shape->rank = (int)t->n_dims;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0)
            return BAD(r, "tensor %s has a negative dimension, %lld", t->name,
                       (long long)t->dims[i]);
        if (t->dims[i] > VM_GRAPH_MAX_ELEMENTS)
            return BAD(r, "tensor %s has a dimension of %lld; at most %d elements are read",
                       t->name, (long long)t->dims[i], VM_GRAPH_MAX_ELEMENTS);
        shape->dims[i] = t->dims[i];
        n *= (uint64_t)t->dims[i]; /* up to 2^20 each: n <= 2^40 before it is checked */
        if (n > VM_GRAPH_MAX_ELEMENTS)
            return BAD(r, "tensor %s has more than %d elements", t->name, VM_GRAPH_MAX_ELEMENTS);
    }
    if (!n) return BAD(r, "tensor %s has no elements", t->name);
    *elements = (size_t)n;
    return 0;
}

static const char *find_entry(VmOnnx__Entry *const *entries, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i]->key && !strcmp(entries[i]->key, key))
            return entries[i]->value ? entries[i]->value : "";
    return NULL;
}

/* A whole number of bytes; absent: *value stays. */
static int read_place(const Reader *r, const VmOnnx__Tensor *t, const char *key, size_t *value)
{
    const char *text = find_entry(t->external_data, t->n_external_data, key);
    if (!text) return 0;
    size_t n = 0, digits = strspn(text, "0123456789");
    if (!digits || text[digits] || digits > 9)
        return BAD(r, "tensor %s: the %s of its external data is no number of bytes up to 4 MiB",
                   t->name, key);
    for (; *text; text++) n = n * 10 + (size_t)(*text - '0');
    *value = n;
    return 0;
}

/* Bytes in another file, by the tensor's external_data. */
static int find_external(const Reader *r, const VmOnnx__Tensor *t, size_t want, const void **data)
{
    const char *location = find_entry(t->external_data, t->n_external_data, "location");
    const void *bytes;
    size_t size, offset = 0, length = want;
    if (!location || !*location) return BAD(r, "tensor %s names no file for its data", t->name);
    VM_TRY(check_name(r, location, "a file with data"));
    if (strchr(location, '/') || !strcmp(location, ".") || !strcmp(location, ".."))
        return BAD(r,
                   "tensor %s: its data is said to be in \"%s\"; only a file beside the model, "
                   "named without a folder, is read",
                   t->name, location);
    VM_TRY(read_place(r, t, "offset", &offset));
    VM_TRY(read_place(r, t, "length", &length));
    if (length != want)
        return BAD(r, "tensor %s needs %zu bytes; its external data is said to have %zu", t->name,
                   want, length);
    if (!r->file) return BAD(r, "tensor %s keeps its data in another file, %s", t->name, location);
    VM_TRY(r->file(r->opaque, location, &bytes, &size, r->error));
    if (offset > size || length > size - offset)
        return BAD(r, "tensor %s: %s has %zu bytes; %zu from byte %zu on are needed", t->name,
                   location, size, length, offset);
    *data = (const char *)bytes + offset;
    return 0;
}

/* Values in a typed list, for files whose raw_data is empty. */
static int copy_list(const Reader *r, const VmOnnx__Tensor *t, VmGraphValue *v, size_t n)
{
    const size_t have = v->type == VM_GRAPH_FLOAT ? t->n_float_data
                        : v->type == VM_GRAPH_S64 ? t->n_int64_data
                                                  : t->n_int32_data;
    if (have != n) return BAD(r, "tensor %s has %zu elements, and data for %zu", t->name, n, have);
    for (size_t i = 0; i < n; i++) {
        const int32_t x =
            v->type == VM_GRAPH_FLOAT || v->type == VM_GRAPH_S64 ? 0 : t->int32_data[i];
        switch (v->type) {
        case VM_GRAPH_FLOAT: ((float *)v->data)[i] = t->float_data[i]; break;
        case VM_GRAPH_S64: ((int64_t *)v->data)[i] = t->int64_data[i]; break;
        case VM_GRAPH_S32: ((int32_t *)v->data)[i] = x; break;
        case VM_GRAPH_U8: ((uint8_t *)v->data)[i] = (uint8_t)x; break;
        case VM_GRAPH_S8: ((int8_t *)v->data)[i] = (int8_t)x; break;
        }
        if ((v->type == VM_GRAPH_U8 && x != (uint8_t)x) ||
            (v->type == VM_GRAPH_S8 && x != (int8_t)x))
            return BAD(r, "tensor %s: %d is no value of 8 bits", t->name, x);
    }
    return 0;
}

static int copy_data(const Reader *r, const VmOnnx__Tensor *t, VmGraphValue *v, size_t n)
{
    const size_t size = n * vm_graph_type_size(v->type);
    const int lists = !!t->n_float_data + !!t->n_int32_data + !!t->n_int64_data;
    const void *bytes = t->raw_data.data;
    if (lists + !!t->has_raw_data + !!t->data_location > 1)
        return BAD(r, "tensor %s has its data in more than one place", t->name);
    if (lists) return copy_list(r, t, v, n);
    if (t->data_location) VM_TRY(find_external(r, t, size, &bytes));
    else if (t->raw_data.len != size)
        return BAD(r, "tensor %s needs %zu bytes, and has %zu", t->name, size, t->raw_data.len);
    memcpy(v->data, bytes, size);
    return 0;
}

static int check_finite(const Reader *r, const VmGraphValue *v, size_t n)
{
    if (v->type != VM_GRAPH_FLOAT) return 0;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(((const float *)v->data)[i]))
            return BAD(r, "tensor %s: element %zu is not a finite number", v->name, i);
    return 0;
}

static int is_type(int32_t type)
{
    return type == VM_GRAPH_FLOAT || type == VM_GRAPH_U8 || type == VM_GRAPH_S8 ||
           type == VM_GRAPH_S32 || type == VM_GRAPH_S64;
}

static int read_constant(Reader *r, const VmOnnx__Tensor *t)
{
    size_t n = 0;
    VmShape shape = {0};
    VM_TRY(check_name(r, t->name, "a tensor"));
    if (find_value(r->graph, t->name) >= 0) return BAD(r, "there are two tensors %s", t->name);
    if (!is_type(t->data_type))
        return BAD(r, "tensor %s has type %d; float, int8, uint8, int32 and int64 are read",
                   t->name, t->data_type);
    if (t->n_string_data) return BAD(r, "tensor %s holds texts", t->name);
    if (t->data_location < 0 || t->data_location > 1)
        return BAD(r, "tensor %s: its data has the unknown location %d", t->name, t->data_location);
    VM_TRY(read_dims(r, t, &shape, &n));
    r->elements += n;
    if (r->elements > VM_GRAPH_MAX_ELEMENTS)
        return BAD(r, "its tensors have more than %d elements in all", VM_GRAPH_MAX_ELEMENTS);
    VmGraphValue *v = add_value(r->graph, t->name);
    v->type = (VmGraphType)t->data_type;
    v->shape = shape;
    v->data = vm_alloc_aligned(n * vm_graph_type_size(v->type));
    if (!v->data) return vm_fail_memory(r->error);
    VM_TRY(copy_data(r, t, v, n));
    return check_finite(r, v, n);
}

/* ---- inputs and outputs of the graph ---- */

/* [batch, width] of floats; the batch may be named, left open or 1. */
static int read_input(Reader *r, const VmOnnx__ValueInfo *info)
{
    VmGraph *g = r->graph;
    VM_TRY(check_name(r, info->name, "an input"));
    const int known = find_value(g, info->name);
    if (known >= 0 && g->values[known].data) return 0; /* older files list constants too */
    if (known >= 0) return BAD(r, "there are two inputs %s", info->name);
    const VmOnnx__TensorType *type = info->type ? info->type->tensor_type : NULL;
    if (g->n_inputs == VM_GRAPH_MAX_INPUTS)
        return BAD(r, "it has more than %d inputs; %s is one too many", VM_GRAPH_MAX_INPUTS,
                   info->name);
    if (!type || type->elem_type != VM_GRAPH_FLOAT || !type->shape)
        return BAD(r, "input %s is no tensor of floats of known shape", info->name);
    if (type->shape->n_dim != 2)
        return BAD(r, "input %s has %zu dimensions, not [batch, features]", info->name,
                   type->shape->n_dim);
    const VmOnnx__Dimension *batch = type->shape->dim[0], *width = type->shape->dim[1];
    if (batch->has_dim_value && batch->dim_value != 1)
        return BAD(r, "input %s takes exactly %lld rows", info->name, (long long)batch->dim_value);
    if (!width->has_dim_value || width->dim_value < 1 || width->dim_value > VM_DENSE_MAX_WIDTH)
        return BAD(r, "input %s has a width of %lld; 1 .. %d are read", info->name,
                   (long long)width->dim_value, VM_DENSE_MAX_WIDTH);
    VmGraphValue *v = add_value(g, info->name);
    v->shape = (VmShape){2, {VM_GRAPH_BATCH, width->dim_value}};
    g->inputs[g->n_inputs++] = g->n_values - 1;
    return 0;
}

static int read_output(Reader *r, const VmOnnx__ValueInfo *info)
{
    VmGraph *g = r->graph;
    VM_TRY(check_name(r, info->name, "an output"));
    const int value = find_value(g, info->name);
    if (value < 0) return BAD(r, "output %s is made by no node", info->name);
    if (g->n_outputs && strcmp(info->name, "stddev"))
        return BAD(r, "its second output is %s; only stddev is known", info->name);
    g->values[value].last_use = VM_GRAPH_MAX_NODES;
    g->outputs[g->n_outputs++] = value;
    return 0;
}

/* ---- nodes ---- */

#define NODE_BAD(r, node, format, ...)                                                             \
    VM_NODE_FAIL((r)->graph, node, (r)->error, format, __VA_ARGS__)

static int read_axes(const Reader *r, VmGraphNode *n, const VmOnnx__Attribute *a)
{
    if (a->n_ints > VM_GRAPH_MAX_RANK)
        return NODE_BAD(r, n, "attribute %s has more than %d entries", a->name, VM_GRAPH_MAX_RANK);
    n->has_axes = 1;
    n->n_axes = (int)a->n_ints;
    for (size_t i = 0; i < a->n_ints; i++) n->axes[i] = a->ints[i];
    return 0;
}

static int set_attribute(const Reader *r, VmGraphNode *n, AttributeSlot slot,
                         const VmOnnx__Attribute *a)
{
    switch (slot) {
    case TO: n->to = (int)VM_MAX(-1, VM_MIN(a->i, 99)); break;
    case AXIS:
        n->has_axes = 1;
        n->axis = a->i;
        break;
    case AXES: return read_axes(r, n, a);
    case TRANS_A: n->trans_a = a->i != 0; break;
    case TRANS_B: n->trans_b = a->i != 0; break;
    case ALPHA: n->alpha = a->f; break;
    case BETA: n->beta = a->f; break;
    case LO: n->lo = a->f; break;
    case HI: n->hi = a->f; break;
    case ZERO:
        if (a->i) return NODE_BAD(r, n, "attribute %s is not supported", a->name);
        break;
    }
    return isfinite(a->f) ? 0 : NODE_BAD(r, n, "attribute %s is not a finite number", a->name);
}

static int read_attribute(const Reader *r, VmGraphNode *n, const VmOnnx__Attribute *a)
{
    const int type = a->has_type     ? a->type
                     : a->has_f      ? ATTR_FLOAT
                     : a->has_i      ? ATTR_INT
                     : a->n_ints > 0 ? ATTR_INTS
                                     : 0;
    VM_TRY(check_name(r, a->name, "an attribute"));
    if (a->has_graph || a->n_graphs || a->has_tensor || (a->ref_attr_name && *a->ref_attr_name))
        return NODE_BAD(r, n, "attribute %s is a graph, a tensor or a reference", a->name);
    for (size_t i = 0; i < VM_COUNT(attributes); i++) {
        if (attributes[i].op != n->op || strcmp(attributes[i].name, a->name)) continue;
        if (attributes[i].before && r->graph->opset >= attributes[i].before)
            return NODE_BAD(r, n, "attribute %s is an input since opset %d", a->name,
                            attributes[i].before);
        if (attributes[i].type != type)
            return NODE_BAD(r, n, "attribute %s has type %d, not %d", a->name, type,
                            attributes[i].type);
        return set_attribute(r, n, attributes[i].slot, a);
    }
    return NODE_BAD(r, n, "it has an unknown attribute, %s", a->name);
}

static int read_node_inputs(Reader *r, VmGraphNode *n, const VmOnnx__Node *m)
{
    VmGraph *g = r->graph;
    const int max = n->op == VM_OP_CLIP && g->opset < 11      ? 1
                    : n->op == VM_OP_SQUEEZE && g->opset < 13 ? 1
                                                              : ops[n->op].max_in;
    n->n_in = (int)VM_MIN(m->n_input, VM_GRAPH_MAX_IN + 1);
    if (n->n_in < ops[n->op].min_in || n->n_in > max)
        return NODE_BAD(r, n, "it has %zu inputs; %d .. %d are expected", m->n_input,
                        ops[n->op].min_in, max);
    for (int i = 0; i < n->n_in; i++) {
        const char *name = m->input[i];
        if (*name) VM_TRY(check_name(r, name, "an input of a node"));
        n->in[i] = *name ? find_value(g, name) : -1;
        if (!*name && i < ops[n->op].min_in) return NODE_BAD(r, n, "input %d is left out", i + 1);
        if (*name && n->in[i] < 0)
            return NODE_BAD(r, n, "its input %s is made by no node before it", name);
        if (n->in[i] >= 0)
            g->values[n->in[i]].last_use = VM_MAX(g->values[n->in[i]].last_use, g->n_nodes);
    }
    return 0;
}

static int read_node_outputs(Reader *r, VmGraphNode *n, const VmOnnx__Node *m)
{
    VmGraph *g = r->graph;
    if (m->n_output != (size_t)ops[n->op].n_out)
        return NODE_BAD(r, n, "it has %zu outputs instead of %d", m->n_output, ops[n->op].n_out);
    n->n_out = ops[n->op].n_out;
    for (int i = 0; i < n->n_out; i++) {
        VM_TRY(check_name(r, m->output[i], "an output of a node"));
        if (find_value(g, m->output[i]) >= 0)
            return NODE_BAD(r, n, "its output %s is made twice", m->output[i]);
        n->out[i] = g->n_values;
        add_value(g, m->output[i])->producer = g->n_nodes;
    }
    return 0;
}

static int find_op(const char *name)
{
    int op = 0;
    while (op < VM_OP_COUNT && strcmp(ops[op].name, name)) op++;
    return op;
}

static int read_node(Reader *r, const VmOnnx__Node *m)
{
    VmGraph *g = r->graph;
    VmGraphNode *n = &g->nodes[g->n_nodes];
    const char *name = m->name && *m->name ? m->name : m->n_output ? m->output[0] : NULL;
    VM_TRY(check_name(r, name, "a node without a name and its output"));
    VM_TRY(check_name(r, m->op_type, "the operator of a node"));
    *n = (VmGraphNode){.name = name,
                       .op_name = m->op_type,
                       .alpha = 1,
                       .beta = 1,
                       .lo = -INFINITY,
                       .hi = INFINITY};
    const int op = find_op(m->op_type);
    if (m->domain && *m->domain) {
        VM_TRY(check_name(r, m->domain, "the domain of a node"));
        return NODE_BAD(r, n, "operators of the domain %s are not supported", m->domain);
    }
    if (op == VM_OP_COUNT) return NODE_BAD(r, n, "the operator is %s", "not supported");
    n->op = (VmOp)op;
    if (g->opset < ops[op].since)
        return NODE_BAD(r, n, "the operator came with opset %d; the model has %lld", ops[op].since,
                        (long long)g->opset);
    for (size_t i = 0; i < m->n_attribute; i++) VM_TRY(read_attribute(r, n, m->attribute[i]));
    VM_TRY(read_node_inputs(r, n, m));
    VM_TRY(read_node_outputs(r, n, m));
    g->is_dynamic |= op == VM_OP_DYNAMIC_QUANTIZE;
    g->n_nodes++;
    return 0;
}

/* ---- the file ---- */

static int check_metadata(const Reader *r, const VmOnnx__Model *m)
{
    if (m->n_metadata_props > VM_GRAPH_MAX_META)
        return BAD(r, "it has %zu entries of metadata; at most %d are read", m->n_metadata_props,
                   VM_GRAPH_MAX_META);
    for (size_t i = 0; i < m->n_metadata_props; i++) {
        const char *key = m->metadata_props[i]->key;
        VM_TRY(check_name(r, key, "an entry of its metadata"));
        if (find_entry(m->metadata_props, i, key)) return BAD(r, "its metadata has %s twice", key);
    }
    return 0;
}

static int check_model(const Reader *r, const VmOnnx__Model *m)
{
    if (m->ir_version < MIN_IR || m->ir_version > MAX_IR)
        return BAD(r, "it has IR version %lld; %d .. %d are read", (long long)m->ir_version, MIN_IR,
                   MAX_IR);
    if (m->n_functions) return BAD(r, "it has %s", "functions of its own");
    if (m->n_training_info) return BAD(r, "it has %s", "training info");
    VM_TRY(check_metadata(r, m));
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = m->opset_import[i]->domain;
        if (!domain || !*domain) continue;
        VM_TRY(check_name(r, domain, "a domain"));
        return BAD(r, "it imports operators of the domain %s", domain);
    }
    if (m->n_opset_import != 1)
        return BAD(r, "it imports %zu sets of operators", m->n_opset_import);
    const int64_t opset = m->opset_import[0]->version;
    if (opset < MIN_OPSET || opset > MAX_OPSET)
        return BAD(r, "it has opset %lld; %d .. %d are read", (long long)opset, MIN_OPSET,
                   MAX_OPSET);
    if (!m->graph) return BAD(r, "it has %s", "no graph");
    return 0;
}

static int check_counts(const Reader *r, const VmOnnx__Graph *m)
{
    if (m->n_sparse_initializer) return BAD(r, "it has %s", "sparse tensors");
    if (!m->n_node || m->n_node > VM_GRAPH_MAX_NODES)
        return BAD(r, "it has %zu nodes; 1 .. %d are read", m->n_node, VM_GRAPH_MAX_NODES);
    if (m->n_initializer > VM_GRAPH_MAX_CONSTANTS)
        return BAD(r, "it has %zu tensors; at most %d are read", m->n_initializer,
                   VM_GRAPH_MAX_CONSTANTS);
    if (m->n_output < 1 || m->n_output > VM_GRAPH_MAX_OUTPUTS)
        return BAD(r, "it has %zu outputs; 1 or %d are read", m->n_output, VM_GRAPH_MAX_OUTPUTS);
    return 0;
}

static int read_graph(Reader *r, const VmOnnx__Graph *m)
{
    VmGraph *g = r->graph;
    VM_TRY(check_counts(r, m));
    g->values = vm_alloc_array(VM_GRAPH_MAX_VALUES, sizeof(*g->values));
    g->nodes = vm_alloc_array(m->n_node, sizeof(*g->nodes));
    if (!g->values || !g->nodes) return vm_fail_memory(r->error);
    for (size_t i = 0; i < m->n_initializer; i++) VM_TRY(read_constant(r, m->initializer[i]));
    for (size_t i = 0; i < m->n_input; i++) VM_TRY(read_input(r, m->input[i]));
    if (!g->n_inputs) return BAD(r, "it has %s", "no input");
    for (size_t i = 0; i < m->n_node; i++) VM_TRY(read_node(r, m->node[i]));
    for (size_t i = 0; i < m->n_output; i++) VM_TRY(read_output(r, m->output[i]));
    return 0;
}

static void *message_alloc(void *opaque, size_t size)
{
    (void)opaque;
    return vm_alloc(size);
}

static void message_free(void *opaque, void *memory)
{
    (void)opaque;
    vm_free(memory);
}

static ProtobufCAllocator allocator = {message_alloc, message_free, NULL};

/* The only thing that can still fail is memory, or what protobuf-c sees and the look at the bytes does not. */
static int unpack(VmOnnx *onnx, const void *bytes, size_t size, const char *origin, VmError *error)
{
    if (!size) return vm_fail(error, -EINVAL, "model %s: the file is empty", origin);
    if (size > VM_GRAPH_MAX_FILE)
        return vm_fail(error, -EFBIG, "model %s is larger than 4 MiB", origin);
    VM_TRY(vm_onnx_check_wire(bytes, size, origin, error));
    onnx->message = vm_onnx__model__unpack(&allocator, size, bytes);
    return onnx->message ? 0
                         : vm_fail(error, -EINVAL, "model %s cannot be unpacked as ONNX", origin);
}

int vm_onnx_read(VmOnnx *onnx, const void *bytes, size_t size, const char *origin, VmOnnxFile *file,
                 void *opaque, VmError *error)
{
    *onnx = (VmOnnx){.graph.origin = origin};
    VM_TRY(unpack(onnx, bytes, size, origin, error));
    Reader r = {.graph = &onnx->graph, .file = file, .opaque = opaque, .error = error};
    VM_TRY(check_model(&r, onnx->message));
    onnx->graph.opset = onnx->message->opset_import[0]->version;
    VM_TRY(read_graph(&r, onnx->message->graph));
    return vm_graph_check(&onnx->graph, error);
}

void vm_graph_free(VmGraph *g)
{
    for (int i = 0; i < g->n_values; i++) vm_free(g->values[i].data);
    vm_free(g->values);
    vm_free(g->nodes);
    *g = (VmGraph){0};
}

void vm_onnx_close(VmOnnx *onnx)
{
    vm_graph_free(&onnx->graph);
    if (onnx->message) vm_onnx__model__free_unpacked(onnx->message, &allocator);
    onnx->message = NULL;
}

const char *vm_onnx_meta(const VmOnnx *onnx, const char *key)
{
    return find_entry(onnx->message->metadata_props, onnx->message->n_metadata_props, key);
}

int vm_onnx_entry(const VmOnnx *onnx, unsigned i, const char **key, const char **value)
{
    if (i >= onnx->message->n_metadata_props) return 0;
    const VmOnnx__Entry *e = onnx->message->metadata_props[i];
    *key = e->key ? e->key : "";
    *value = e->value ? e->value : "";
    return 1;
}
