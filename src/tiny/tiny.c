/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"
#include "tiny/onnx_read.h"
#include "tiny/tiny_files.h"

enum {
    SCHEMA = 1,
    STACK_WIDTH = 128, /* of networks whose work space fits on the stack: 48 KiB for a block */
    CHUNK = 1 << 18    /* values of a graph's inputs that are computed together */
};

struct VmTiny {
    VmOnnx onnx;
    char *origin, *feature_text;
    char sha256[65];
    const char *features[VM_TINY_MAX_FEATURES];
    unsigned n_features, n_side;
    VmDenseNet nets[VM_GRAPH_MAX_OUTPUTS];
    int is_dense, has_files;
    int is_described; /* the description beside the file decides about scores */
    const VmKernels *kernels;
    float *mean, *std; /* of a graph whose description scales its inputs; NULL = as they are */
    float *side;
    VmList notes;
};

static const char canonical[] = "adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2";

static int note(VmTiny *m, char *text, VmError *error)
{
    return vm_list_add(&m->notes, text) ? vm_fail_memory(error) : 0;
}

/* ---- what the inputs are ---- */

/* Cuts the list of names, which becomes the model's. */
static int set_features(VmTiny *m, const char *list, VmError *error)
{
    const VmGraphValue *input = &m->onnx.graph.values[m->onnx.graph.inputs[0]];
    const unsigned width = (unsigned)input->shape.dims[1];
    if (!vm_text_is_plain(list))
        return vm_fail(error, -EINVAL,
                       "model %s: its list of features has control characters or is not UTF-8",
                       m->origin);
    m->feature_text = vm_strdup(list);
    if (!m->feature_text) return vm_fail_memory(error);
    for (char *name = m->feature_text, *next; name; name = next) {
        next = strchr(name, ',');
        if (next) *next++ = 0;
        if (!*name)
            return vm_fail(error, -EINVAL, "model %s: its list of features has an empty name",
                           m->origin);
        if (m->n_features == VM_TINY_MAX_FEATURES)
            return vm_fail(error, -EINVAL, "model %s names more than %d features", m->origin,
                           VM_TINY_MAX_FEATURES);
        m->features[m->n_features++] = name;
    }
    if (m->n_features == width) return 0;
    return vm_fail(error, -EINVAL, "model %s: input %s takes %u values, and %u features are named",
                   m->origin, input->name, width, m->n_features);
}

static int name_features(VmTiny *m, const VmTinySidecar *sidecar, VmError *error)
{
    const VmGraphValue *input = &m->onnx.graph.values[m->onnx.graph.inputs[0]];
    const char *list = vm_tiny_meta(m, "features");
    if (!list) {
        list = sidecar->features;
        m->is_described |= !!list;
    }
    if (list) return set_features(m, list, error);
    if (input->shape.dims[1] != 6)
        return vm_fail(
            error, -EINVAL,
            "model %s: input %s takes %d values, and nothing says which features they are",
            m->origin, input->name, (int)input->shape.dims[1]);
    VM_TRY(set_features(m, canonical, error));
    return note(m, vm_printf("nothing names its features; taken to be %s", canonical), error);
}

/* Does the graph scale its features itself? Then what a description says of it is a repetition. */
static int scales_itself(const VmGraph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        const VmGraphNode *n = &g->nodes[i];
        const int scales = n->op == VM_OP_SUB || n->op == VM_OP_DIV || n->op == VM_OP_MUL;
        if (scales && n->in[0] == g->inputs[0] && g->values[n->in[1]].data) return 1;
    }
    return 0;
}

static int take_scaling(VmTiny *m, VmTinySidecar *sidecar, VmError *error)
{
    if (!sidecar->n_scaling || scales_itself(&m->onnx.graph)) return 0;
    if (sidecar->n_scaling != m->n_features)
        return vm_fail(error, -EINVAL, "model %s: its description scales %u features, not %u",
                       m->origin, sidecar->n_scaling, m->n_features);
    m->is_described = 1;
    m->mean = sidecar->mean;
    m->std = sidecar->std;
    sidecar->mean = sidecar->std = NULL;
    for (int i = 0; m->is_dense && i < m->onnx.graph.n_outputs; i++) {
        m->nets[i].shift = m->mean;
        m->nets[i].scale = m->std;
    }
    return 0;
}

/* A second input gets the values that the description marks as its neutral ones, or zeros. */
static int fill_side(VmTiny *m, const VmTinySidecar *sidecar, VmError *error)
{
    const VmGraph *g = &m->onnx.graph;
    if (g->n_inputs < 2) return 0;
    const VmGraphValue *input = &g->values[g->inputs[1]];
    m->n_side = (unsigned)input->shape.dims[1];
    m->side = vm_alloc_array(m->n_side, sizeof(*m->side));
    if (!m->side) return vm_fail_memory(error);
    if (sidecar->n_side == m->n_side) {
        memcpy(m->side, sidecar->side, m->n_side * sizeof(*m->side));
        m->is_described = 1;
    }
    const char *values = sidecar->n_side == m->n_side ? sidecar->side_text : "zeros";
    return note(
        m, vm_printf("its second input, %s, is not measured; taken to be %s", input->name, values),
        error);
}

/* ---- birth and death ---- */

static int lower(VmTiny *m, VmError *error)
{
    const int n = m->onnx.graph.n_outputs;
    m->is_dense = 1;
    for (int i = 0; m->is_dense && i < n; i++) {
        const int code = vm_graph_lower(&m->onnx.graph, i, &m->nets[i]);
        if (code < 0) return vm_fail_memory(error);
        m->is_dense = code;
    }
    return 0;
}

static int check_schema(VmTiny *m, VmError *error)
{
    int schema = 0;
    const char *text = vm_onnx_meta(&m->onnx, "tinyvmaf.schema"),
               *trained = vm_tiny_meta(m, "trained");
    if (text && (vm_parse_int(text, &schema) || schema != SCHEMA))
        return vm_fail(error, -EINVAL, "model %s has another schema of its metadata than %d",
                       m->origin, SCHEMA);
    if (!trained || strcmp(trained, "0")) return 0;
    return note(m, vm_strdup("it is untrained: its scores mean nothing"), error);
}

static int digest(VmTiny *m, const void *bytes, size_t size, const VmTinyFiles *files,
                  VmError *error)
{
    if (!files || !files->n) {
        vm_sha256_hex(bytes, size, m->sha256);
        return 0;
    }
    size_t total = size;
    for (unsigned i = 0; i < files->n; i++) total += files->file[i].size;
    char *all = vm_alloc(total), *p = all;
    if (!all) return vm_fail_memory(error);
    memcpy(p, bytes, size);
    p += size;
    for (unsigned i = 0; i < files->n; p += files->file[i++].size)
        memcpy(p, files->file[i].bytes, files->file[i].size);
    vm_sha256_hex(all, total, m->sha256);
    vm_free(all);
    return 0;
}

static int fill(VmTiny *m, const void *bytes, size_t size, VmTinyFiles *files,
                VmTinySidecar *sidecar, VmError *error)
{
    if (!m->origin) return vm_fail_memory(error);
    VM_TRY(vm_onnx_read(&m->onnx, bytes, size, m->origin, files ? vm_tiny_files_find : NULL, files,
                        error));
    VM_TRY(digest(m, bytes, size, files, error));
    m->has_files = files && files->n;
    VM_TRY(check_schema(m, error));
    VM_TRY(lower(m, error));
    VM_TRY(name_features(m, sidecar, error));
    VM_TRY(take_scaling(m, sidecar, error));
    return fill_side(m, sidecar, error);
}

static int create(VmTiny **model, const void *bytes, size_t size, const char *origin,
                  VmTinyFiles *files, VmTinySidecar *sidecar, VmError *error)
{
    VmTiny *m = vm_alloc(sizeof(*m));
    if (!m) return vm_fail_memory(error);
    m->kernels = vm_kernels_get(vm_cpu_level(0));
    m->origin = vm_strdup(origin);
    const int code = fill(m, bytes, size, files, sidecar, error);
    if (code) vm_tiny_free(m);
    else *model = m;
    return code;
}

int vm_tiny_read(VmTiny **model, const void *bytes, size_t size, const char *origin, VmError *error)
{
    VmTinySidecar none = {0};
    return create(model, bytes, size, origin, NULL, &none, error);
}

/* Takes the files; code is what opening them gave. */
static int create_from(VmTiny **model, VmTinyFiles *files, int code, VmError *error)
{
    VmTinySidecar sidecar = {0};
    if (!code) code = vm_tiny_sidecar_read(&sidecar, files, error);
    if (!code)
        code = create(model, files->model.bytes, files->model.size, files->path, files, &sidecar,
                      error);
    vm_tiny_sidecar_free(&sidecar);
    vm_tiny_files_close(files);
    return code;
}

int vm_tiny_open(VmTiny **model, const char *path, VmError *error)
{
    VmTinyFiles files;
    return create_from(model, &files, vm_tiny_files_open(&files, path, error), error);
}

int vm_tiny_open_at(VmTiny **model, int folder, const char *name, const char *path, VmError *error)
{
    VmTinyFiles files;
    return create_from(model, &files, vm_tiny_files_open_at(&files, folder, name, path, error),
                       error);
}

void vm_tiny_free(VmTiny *m)
{
    if (!m) return;
    for (int i = 0; i < VM_GRAPH_MAX_OUTPUTS; i++) vm_free((void *)m->nets[i].layers);
    vm_onnx_close(&m->onnx);
    vm_list_free(&m->notes);
    vm_free(m->origin);
    vm_free(m->feature_text);
    vm_free(m->mean);
    vm_free(m->std);
    vm_free(m->side);
    vm_free(m);
}

/* ---- what it is ---- */

/* Keys may stand with or without our prefix. */
const char *vm_tiny_meta(const VmTiny *m, const char *key)
{
    char full[80] = "tinyvmaf.";
    const char *value = vm_onnx_meta(&m->onnx, key);
    if (value || strlen(key) >= sizeof(full) - strlen(full)) return value;
    return vm_onnx_meta(&m->onnx, strcat(full, key));
}

int vm_tiny_numbers(const VmTiny *model, const char *key, double *values, unsigned n)
{
    const char *text = vm_tiny_meta(model, key);
    VmLocale locale = vm_locale_enter();
    unsigned i = 0;
    for (; text && i < n; i++) {
        char *end;
        values[i] = strtod(text, &end);
        if (end == text || *end != (i + 1 < n ? ',' : 0) || !isfinite(values[i])) break;
        text = end + 1;
    }
    vm_locale_leave(&locale);
    return i == n;
}

const char *const *vm_tiny_features(const VmTiny *m, unsigned *n)
{
    *n = m->n_features;
    return m->features;
}

const char *vm_tiny_sha256(const VmTiny *m)
{
    return m->sha256;
}

int vm_tiny_is_described(const VmTiny *m)
{
    return m->is_described;
}

int vm_tiny_has_files(const VmTiny *m)
{
    return m->has_files;
}

int vm_tiny_entry(const VmTiny *m, unsigned i, const char **key, const char **value)
{
    return vm_onnx_entry(&m->onnx, i, key, value);
}

const char *const *vm_tiny_notes(const VmTiny *m, unsigned *n)
{
    *n = m->notes.n;
    return (const char *const *)m->notes.items;
}

int vm_tiny_has_stddev(const VmTiny *m)
{
    return m->onnx.graph.n_outputs > 1;
}

int vm_tiny_is_dynamic(const VmTiny *m)
{
    return m->onnx.graph.is_dynamic;
}

int vm_tiny_is_dense(const VmTiny *m)
{
    return m->is_dense && m->nets[0].stride <= STACK_WIDTH && m->nets[1].stride <= STACK_WIDTH;
}

int vm_tiny_set_side(VmTiny *m, const float *values, unsigned n, VmError *error)
{
    if (!n || n != m->n_side)
        return vm_fail(error, -EINVAL, "model %s takes %u values beside the features, not %u",
                       m->origin, m->n_side, n);
    memcpy(m->side, values, n * sizeof(*values));
    return 0;
}

void vm_tiny_level(VmTiny *m, VmCpuLevel level)
{
    m->kernels = vm_kernels_get(level);
}

/* ---- scores ---- */

static void run_row(const VmTiny *m, const VmDenseNet *net, const float *row, float *out)
{
    float tmp[2 * STACK_WIDTH] __attribute__((aligned(64)));
    m->kernels->dense_row(out, row, net, tmp);
}

static void run_rows(const VmTiny *m, const VmDenseNet *net, const float *rows, size_t n,
                     float *out)
{
    float tmp[2 * STACK_WIDTH * VM_DENSE_BLOCK] __attribute__((aligned(64)));
    enum { PART = 1 << 20 }; /* the kernel counts in int */
    for (size_t i = 0; i < n; i += PART)
        m->kernels->dense_rows(out + i, rows + i * m->n_features, net, tmp,
                               (int)VM_MIN(n - i, (size_t)PART));
}

static int run_wide(const VmTiny *m, const VmDenseNet *net, const float *rows, size_t n, float *out)
{
    float *tmp = vm_alloc_aligned(2 * (size_t)net->stride * sizeof(*tmp));
    if (!tmp) return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        m->kernels->dense_row(out + i, rows + i * m->n_features, net, tmp);
    vm_free(tmp);
    return 0;
}

static int run_net(const VmTiny *m, const VmDenseNet *net, const float *rows, size_t n, float *out)
{
    if (net->stride > STACK_WIDTH) return run_wide(m, net, rows, n, out);
    if (n == 1) run_row(m, net, rows, out);
    else run_rows(m, net, rows, n, out);
    return 0;
}

/* inputs: room for the features and the side input of n rows */
static int run_graph(const VmTiny *m, const float *rows, size_t n, float *inputs, float *score,
                     float *stddev)
{
    const unsigned f = m->n_features;
    float *side = inputs + n * f;
    for (size_t i = 0; m->mean && i < n * f; i++)
        inputs[i] = (rows[i] - m->mean[i % f]) / m->std[i % f];
    for (size_t i = 0; i < n * m->n_side; i++) side[i] = m->side[i % m->n_side];
    return vm_graph_run(&m->onnx.graph, (const float *[]){m->mean ? inputs : rows, side}, n,
                        (float *[]){score, stddev});
}

static int run_chunks(const VmTiny *m, const float *rows, size_t n, float *score, float *stddev)
{
    const size_t width = m->n_features + m->n_side;
    const size_t chunk = m->onnx.graph.is_dynamic ? n : VM_MIN(n, CHUNK / VM_DENSE_MAX_WIDTH);
    float *inputs = vm_alloc_array(chunk, width * sizeof(*inputs));
    int code = inputs ? 0 : -ENOMEM;
    for (size_t i = 0; !code && i < n; i += chunk)
        code = run_graph(m, rows + i * m->n_features, VM_MIN(n - i, chunk), inputs, score + i,
                         stddev ? stddev + i : NULL);
    vm_free(inputs);
    return code;
}

int vm_tiny_run(const VmTiny *m, const float *rows, size_t n, float *score, float *stddev)
{
    if (!n) return 0;
    if (!m->is_dense) return run_chunks(m, rows, n, score, stddev);
    VM_TRY(run_net(m, &m->nets[0], rows, n, score));
    return stddev ? run_net(m, &m->nets[1], rows, n, stddev) : 0;
}
