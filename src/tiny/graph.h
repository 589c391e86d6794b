/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The graph of a tiny model, checked: every value has a type and a shape, nodes stand in an order in which
 * they can run. From bytes (onnx_read.c) over shapes (graph_check.c) to a program of dense layers
 * (graph_lower.c), or, where that is not possible, run node by node (graph_run.c). */
#ifndef VM_GRAPH_H
#define VM_GRAPH_H

#include "base.h"
#include "kernels/kernels.h"

enum {
    VM_GRAPH_MAX_FILE = 4 << 20, /* bytes of a model, and of each file beside it */
    VM_GRAPH_MAX_NODES = 256,
    VM_GRAPH_MAX_CONSTANTS = 256,
    VM_GRAPH_MAX_META = 256,
    VM_GRAPH_MAX_ELEMENTS = 1 << 20,  /* of all constants together */
    VM_GRAPH_MAX_PRODUCTS = 1 << 22,  /* multiplications for a row */
    VM_GRAPH_MAX_ROW_BYTES = 1 << 20, /* of values that are needed at a time, for one of 64 rows */
    VM_GRAPH_MAX_ROW_BYTES_ALL = 1 << 15, /* the same, if all rows run together */
    VM_GRAPH_MAX_NAME = 127,              /* bytes */
    VM_GRAPH_MAX_RANK = 4,
    VM_GRAPH_MAX_IN = 8, /* of a node */
    VM_GRAPH_MAX_OUT = 3,
    VM_GRAPH_MAX_INPUTS = 2, /* of the graph: features, and values that are the same for all rows */
    VM_GRAPH_MAX_OUTPUTS = 2, /* score, stddev */
    VM_GRAPH_MAX_VALUES =
        VM_GRAPH_MAX_NODES * VM_GRAPH_MAX_OUT + VM_GRAPH_MAX_CONSTANTS + VM_GRAPH_MAX_INPUTS
};

/* Numbers of the ONNX format. */
typedef enum VmGraphType {
    VM_GRAPH_FLOAT = 1,
    VM_GRAPH_U8 = 2,
    VM_GRAPH_S8 = 3,
    VM_GRAPH_S32 = 6,
    VM_GRAPH_S64 = 7
} VmGraphType;

/* A dimension of VM_GRAPH_BATCH is the number of rows. */
enum { VM_GRAPH_BATCH = -1 };
typedef struct VmShape {
    int rank;
    int64_t dims[VM_GRAPH_MAX_RANK];
} VmShape;

/* What is made once and read by nodes after it. */
typedef struct VmGraphValue {
    const char *name;
    VmGraphType type;
    VmShape shape;
    void *data;   /* of constants; else NULL */
    int producer; /* node; -1: constant or input of the graph */
    int last_use; /* node after which nobody reads it; VM_GRAPH_MAX_NODES: an output of the graph */
} VmGraphValue;

typedef enum VmOp {
    VM_OP_ADD,
    VM_OP_CAST,
    VM_OP_CLIP,
    VM_OP_CONCAT,
    VM_OP_DIV,
    VM_OP_DYNAMIC_QUANTIZE,
    VM_OP_ERF,
    VM_OP_GEMM,
    VM_OP_IDENTITY,
    VM_OP_MATMUL,
    VM_OP_MATMUL_INTEGER,
    VM_OP_MUL,
    VM_OP_RELU,
    VM_OP_RESHAPE,
    VM_OP_SIGMOID,
    VM_OP_SOFTSIGN,
    VM_OP_SQUEEZE,
    VM_OP_SUB,
    VM_OP_TANH,
    VM_OP_COUNT
} VmOp;

typedef struct VmGraphNode {
    VmOp op;
    const char *name, *op_name; /* name: of its first output if it has none */
    int n_in, n_out;
    int in[VM_GRAPH_MAX_IN]; /* values; -1: left out */
    int out[VM_GRAPH_MAX_OUT];
    /* attributes */
    float alpha, beta, lo, hi;
    int trans_a, trans_b, to, has_axes, n_axes;
    int64_t axis, axes[VM_GRAPH_MAX_RANK];
} VmGraphNode;

typedef struct VmGraph {
    const char *origin; /* for sentences */
    int64_t opset;
    VmGraphValue *values;
    VmGraphNode *nodes;
    int n_values, n_nodes;
    int n_inputs, inputs[VM_GRAPH_MAX_INPUTS];
    int n_outputs, outputs[VM_GRAPH_MAX_OUTPUTS];
    int is_dynamic; /* a node's result depends on which rows are there */
} VmGraph;

/* A sentence about the model, and one about a node of it. */
#define VM_GRAPH_FAIL(graph, error, format, ...)                                                   \
    vm_fail(error, -EINVAL, "model %s: " format, (graph)->origin, __VA_ARGS__)
#define VM_NODE_FAIL(graph, node, error, format, ...)                                              \
    vm_fail(error, -EINVAL, "model %s: node %s (%s): " format, (graph)->origin, (node)->name,      \
            (node)->op_name, __VA_ARGS__)

size_t vm_graph_type_size(VmGraphType type);
/* Elements of a value for n rows. */
size_t vm_graph_elements(const VmShape *shape, size_t n);

/* Frees values, nodes and constants; names belong to whoever read the file. */
void vm_graph_free(VmGraph *graph);

/* Types and shapes of what the nodes make, one node after the other, with every rule of their operators; and
 * what the outputs must be. */
int vm_graph_check(VmGraph *graph, VmError *error);

/* The network behind output number `output`, if it is one of dense layers: 1 and *net (aligned memory; one
 * block, vm_free() net->layers), 0 if it is none, -ENOMEM. */
int vm_graph_lower(const VmGraph *graph, int output, VmDenseNet *net);

/* Runs all nodes for n rows: inputs[k][n][width of input k], outputs[k][n]; an output may be NULL. */
int vm_graph_run(const VmGraph *graph, const float *const inputs[VM_GRAPH_MAX_INPUTS], size_t n,
                 float *const outputs[VM_GRAPH_MAX_OUTPUTS]);

#endif
