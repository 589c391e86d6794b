/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/onnx_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "onnx.pb-c.h"

enum {
    IR_VERSION = 8,
    OPSET = 17,
    TYPE_FLOAT = 1,
    ATTRIBUTE_INT = 2,
    MAX_WIDTH = 4096,
    NODES_PER_LAYER = 7,   /* Gemm, the five of GELU, Clip */
    TENSORS_PER_LAYER = 7, /* weights, biases, GELU's three constants, two limits */
    NAME_SIZE = 40
};

/* Bytes of tensors are copied as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ONNX is little-endian");

/* Messages with what they point to beside them, so that one block holds all of a kind. */
typedef struct OutNode {
    VmOnnx__Node node;
    VmOnnx__Attribute trans_b, *attributes[1];
    char *inputs[3], *outputs[1], names[4][NAME_SIZE];
} OutNode;

typedef struct OutTensor {
    VmOnnx__Tensor tensor;
    int64_t dims[2];
    float scalar;
    char name[NAME_SIZE];
} OutTensor;

typedef struct OutValue {
    VmOnnx__ValueInfo info;
    VmOnnx__Type type;
    VmOnnx__TensorType tensor;
    VmOnnx__Shape shape;
    VmOnnx__Dimension dims[2], *list[2];
} OutValue;

typedef struct Writer {
    OutNode *nodes;
    OutTensor *tensors;
    VmOnnx__Node **node_list;
    VmOnnx__Tensor **tensor_list;
    VmOnnx__Entry *entries, **entry_list;
    unsigned n_nodes, n_tensors;
    const char *prefix; /* of the names of the network being written */
} Writer;

/* ---- pieces of the graph ---- */

static void name_of(const Writer *w, char name[NAME_SIZE], const char *stem, unsigned layer)
{
    if (layer) snprintf(name, NAME_SIZE, "%s%s%u", w->prefix, stem, layer);
    else snprintf(name, NAME_SIZE, "%s%s", w->prefix, stem);
}

static OutTensor *add_tensor(Writer *w, const char *stem, unsigned layer)
{
    OutTensor *t = &w->tensors[w->n_tensors];
    vm_onnx__tensor__init(&t->tensor);
    name_of(w, t->name, stem, layer);
    t->tensor.name = t->name;
    t->tensor.dims = t->dims;
    t->tensor.has_data_type = t->tensor.has_raw_data = 1;
    t->tensor.data_type = TYPE_FLOAT;
    w->tensor_list[w->n_tensors++] = &t->tensor;
    return t;
}

static const char *add_array(Writer *w, const char *stem, unsigned layer, const float *values,
                             size_t rows, size_t columns)
{
    OutTensor *t = add_tensor(w, stem, layer);
    t->tensor.n_dims = columns ? 2 : 1;
    t->dims[0] = (int64_t)rows;
    t->dims[1] = (int64_t)columns;
    t->tensor.raw_data.len = rows * VM_MAX(columns, 1) * sizeof(float);
    t->tensor.raw_data.data = (uint8_t *)values;
    return t->name;
}

static const char *add_scalar(Writer *w, const char *stem, unsigned layer, float value)
{
    OutTensor *t = add_tensor(w, stem, layer);
    t->scalar = value;
    t->tensor.raw_data.len = sizeof(t->scalar);
    t->tensor.raw_data.data = (uint8_t *)&t->scalar;
    return t->name;
}

/* A node with up to three inputs (NULL ends them) whose output gives it its name. Returns that name. */
static const char *add_node(Writer *w, const char *op, const char *output, unsigned layer,
                            const char *a, const char *b, const char *c)
{
    const char *const inputs[3] = {a, b, c};
    OutNode *n = &w->nodes[w->n_nodes];
    vm_onnx__node__init(&n->node);
    for (int i = 0; i < 3 && inputs[i]; i++) {
        snprintf(n->names[i], NAME_SIZE, "%s", inputs[i]);
        n->inputs[i] = n->names[i];
        n->node.n_input++;
    }
    name_of(w, n->names[3], output, layer);
    n->outputs[0] = n->names[3];
    n->node.n_output = 1;
    n->node.input = n->inputs;
    n->node.output = n->outputs;
    n->node.name = n->names[3];
    n->node.op_type = (char *)op;
    w->node_list[w->n_nodes++] = &n->node;
    return n->names[3];
}

static const char *add_gemm(Writer *w, const VmNetLayer *l, unsigned layer, const char *input)
{
    const char *weights = add_array(w, "w", layer, l->weights, l->out, l->in);
    const char *biases = add_array(w, "b", layer, l->biases, l->out, 0);
    const char *output = add_node(w, "Gemm", "z", layer, input, weights, biases);
    OutNode *n = &w->nodes[w->n_nodes - 1];
    vm_onnx__attribute__init(&n->trans_b);
    n->trans_b.name = (char *)"transB";
    n->trans_b.has_i = n->trans_b.has_type = 1;
    n->trans_b.i = 1;
    n->trans_b.type = ATTRIBUTE_INT;
    n->attributes[0] = &n->trans_b;
    n->node.attribute = n->attributes;
    n->node.n_attribute = 1;
    return output;
}

static const char *add_gelu(Writer *w, unsigned layer, const char *z)
{
    const char *root = add_scalar(w, "root2_", layer, 1.41421356f);
    const char *one = add_scalar(w, "one_", layer, 1);
    const char *half = add_scalar(w, "half_", layer, 0.5f);
    const char *x = add_node(w, "Div", "gd", layer, z, root, NULL);
    x = add_node(w, "Erf", "ge", layer, x, NULL, NULL);
    x = add_node(w, "Add", "ga", layer, x, one, NULL);
    x = add_node(w, "Mul", "gm", layer, z, x, NULL);
    return add_node(w, "Mul", "h", layer, x, half, NULL);
}

static const char *add_activation(Writer *w, enum VmActivation act, unsigned layer, const char *z)
{
    static const char *const ops[] = {[VM_ACT_RELU] = "Relu",
                                      [VM_ACT_TANH] = "Tanh",
                                      [VM_ACT_SIGMOID] = "Sigmoid",
                                      [VM_ACT_SOFTSIGN] = "Softsign"};
    switch (act) {
    case VM_ACT_NONE: return z;
    case VM_ACT_SQUARE: return add_node(w, "Mul", "h", layer, z, z, NULL);
    case VM_ACT_GELU: return add_gelu(w, layer, z);
    default: return add_node(w, ops[act], "h", layer, z, NULL, NULL);
    }
}

/* The last node's output becomes the graph's. */
static void add_net(Writer *w, const VmNet *net, const char *prefix, const char *output)
{
    const char *x = "input";
    w->prefix = prefix;
    for (unsigned i = 0; i < net->n_layers; i++) {
        x = add_gemm(w, &net->layers[i], i + 1, x);
        x = add_activation(w, net->layers[i].activation, i + 1, x);
    }
    if (net->has_clip) {
        const char *lo = isinf(net->lo) ? "" : add_scalar(w, "min", 0, net->lo);
        const char *hi = isinf(net->hi) ? NULL : add_scalar(w, "max", 0, net->hi);
        add_node(w, "Clip", "clip", 0, x, lo, hi);
    }
    OutNode *last = &w->nodes[w->n_nodes - 1];
    snprintf(last->names[3], NAME_SIZE, "%s", output);
}

static VmOnnx__ValueInfo *set_value(OutValue *v, const char *name, unsigned width)
{
    vm_onnx__value_info__init(&v->info);
    vm_onnx__type__init(&v->type);
    vm_onnx__tensor_type__init(&v->tensor);
    vm_onnx__shape__init(&v->shape);
    for (int i = 0; i < 2; i++) {
        vm_onnx__dimension__init(&v->dims[i]);
        v->list[i] = &v->dims[i];
    }
    v->dims[0].dim_param = (char *)"batch";
    v->dims[1].has_dim_value = 1;
    v->dims[1].dim_value = width;
    v->shape.n_dim = 2;
    v->shape.dim = v->list;
    v->tensor.has_elem_type = 1;
    v->tensor.elem_type = TYPE_FLOAT;
    v->tensor.shape = &v->shape;
    v->type.tensor_type = &v->tensor;
    v->info.name = (char *)name;
    v->info.type = &v->type;
    return &v->info;
}

/* ---- checks ---- */

static int check_values(const VmNet *net, unsigned layer, const char *output, VmError *error)
{
    const VmNetLayer *l = &net->layers[layer];
    const size_t n = (size_t)l->in * l->out;
    int finite = 1;
    for (size_t i = 0; i < n; i++) finite &= !!isfinite(l->weights[i]);
    for (unsigned i = 0; i < l->out; i++) finite &= !!isfinite(l->biases[i]);
    if (finite) return 0;
    return vm_fail(error, -EINVAL, "layer %u of %s has a weight that is not finite", layer + 1,
                   output);
}

static int check_net(const VmNet *net, unsigned n_inputs, const char *output, VmError *error)
{
    unsigned width = n_inputs;
    for (unsigned i = 0; i < net->n_layers; i++) {
        const VmNetLayer *l = &net->layers[i];
        if (l->in != width || l->in < 1 || l->in > MAX_WIDTH || l->out < 1 || l->out > MAX_WIDTH)
            return vm_fail(error, -EINVAL,
                           "layer %u of %s takes %u values and gives %u; it gets %u", i + 1, output,
                           l->in, l->out, width);
        if ((unsigned)l->activation > VM_ACT_GELU)
            return vm_fail(error, -EINVAL, "layer %u of %s has no known activation", i + 1, output);
        VM_TRY(check_values(net, i, output, error));
        width = l->out;
    }
    if (!net->n_layers || width != 1)
        return vm_fail(error, -EINVAL, "the network of %s does not end in one value", output);
    if (net->has_clip && !(net->lo <= net->hi))
        return vm_fail(error, -EINVAL, "the limits of %s are in the wrong order", output);
    return 0;
}

/* ---- the file ---- */

static int pack(const VmOnnx__Model *model, void **bytes, size_t *size)
{
    const size_t n = vm_onnx__model__get_packed_size(model);
    void *out = vm_alloc(n);
    if (!out) return -ENOMEM;
    vm_onnx__model__pack(model, out);
    *bytes = out;
    *size = n;
    return 0;
}

static int write_model(Writer *w, void **bytes, size_t *size, const VmNet *score,
                       const VmNet *stddev, unsigned n_meta)
{
    OutValue values[3];
    VmOnnx__Model model = VM_ONNX__MODEL__INIT;
    VmOnnx__Graph graph = VM_ONNX__GRAPH__INIT;
    VmOnnx__OperatorSet opset = VM_ONNX__OPERATOR_SET__INIT, *opsets[1] = {&opset};
    VmOnnx__ValueInfo *input = set_value(&values[0], "input", score->layers[0].in);
    VmOnnx__ValueInfo *outputs[2] = {set_value(&values[1], "score", 1),
                                     set_value(&values[2], "stddev", 1)};
    add_net(w, score, "", "score");
    if (stddev) add_net(w, stddev, "stddev_", "stddev");
    graph.name = (char *)"tinyvmaf";
    graph.n_node = w->n_nodes;
    graph.node = w->node_list;
    graph.n_initializer = w->n_tensors;
    graph.initializer = w->tensor_list;
    graph.n_input = 1;
    graph.input = &input;
    graph.n_output = stddev ? 2 : 1;
    graph.output = outputs;
    opset.domain = (char *)"";
    opset.has_version = model.has_ir_version = 1;
    opset.version = OPSET;
    model.ir_version = IR_VERSION;
    model.producer_name = (char *)"tinyvmaf";
    model.graph = &graph;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.n_metadata_props = n_meta;
    model.metadata_props = w->entry_list;
    return pack(&model, bytes, size);
}

static int allocate(Writer *w, unsigned n_layers, unsigned n_meta)
{
    const size_t nodes = (size_t)n_layers * NODES_PER_LAYER;
    const size_t tensors = (size_t)n_layers * TENSORS_PER_LAYER;
    w->nodes = vm_alloc_array(nodes, sizeof(*w->nodes));
    w->node_list = vm_alloc_array(nodes, sizeof(*w->node_list));
    w->tensors = vm_alloc_array(tensors, sizeof(*w->tensors));
    w->tensor_list = vm_alloc_array(tensors, sizeof(*w->tensor_list));
    w->entries = vm_alloc_array(VM_MAX(n_meta, 1), sizeof(*w->entries));
    w->entry_list = vm_alloc_array(VM_MAX(n_meta, 1), sizeof(*w->entry_list));
    const int failed = !w->nodes || !w->node_list || !w->tensors || !w->tensor_list ||
                       !w->entries || !w->entry_list;
    return failed ? -ENOMEM : 0;
}

static void release(Writer *w)
{
    vm_free(w->nodes);
    vm_free(w->node_list);
    vm_free(w->tensors);
    vm_free(w->tensor_list);
    vm_free(w->entries);
    vm_free(w->entry_list);
}

int vm_onnx_write(void **bytes, size_t *size, const VmNet *score, const VmNet *stddev,
                  const VmOnnxMeta *meta, unsigned n_meta, VmError *error)
{
    Writer w = {0};
    const unsigned n_inputs = score->n_layers ? score->layers[0].in : 0;
    VM_TRY(check_net(score, n_inputs, "score", error));
    if (stddev) VM_TRY(check_net(stddev, n_inputs, "stddev", error));
    int code = allocate(&w, score->n_layers + (stddev ? stddev->n_layers : 0), n_meta);
    for (unsigned i = 0; !code && i < n_meta; i++) {
        vm_onnx__entry__init(&w.entries[i]);
        w.entries[i].key = (char *)meta[i].key;
        w.entries[i].value = (char *)meta[i].value;
        w.entry_list[i] = &w.entries[i];
    }
    if (!code) code = write_model(&w, bytes, size, score, stddev, n_meta);
    release(&w);
    return code ? vm_fail_memory(error) : 0;
}
