/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Descriptions beside models. Ours are not needed for scoring: the model says everything itself. Older ones
 * name and scale the inputs. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "sha256.h"
#include "tiny/graph.h"
#include "tiny/tiny_files.h"

enum { MAX_SIDECAR = 1 << 20, MAX_WIDTH = VM_DENSE_MAX_WIDTH };

typedef struct Load {
    const VmTinyFiles *files;
    const char *name; /* of the description */
    VmError *error;
} Load;

static int bad(const Load *l, const char *what)
{
    return vm_fail(l->error, -EINVAL, "model %s: its description %s: %s", l->files->path, l->name,
                   what);
}

/* ---- members ---- */

static int read_features(const Load *l, VmTinySidecar *s, const json_t *list)
{
    VmText text = {0};
    if (!list) return 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name || strchr(name, ',')) {
            vm_text_free(&text);
            return bad(l, "its list of features has an entry that is no name");
        }
        vm_text_add(&text, "%s%s", i ? "," : "", name);
    }
    if (text.failed) {
        vm_text_free(&text);
        return vm_fail_memory(l->error);
    }
    s->features = text.data;
    return text.data ? 0 : bad(l, "its list of features is none");
}

/* *values is allocated, n of them. */
static int read_numbers(const Load *l, const json_t *list, size_t n, float **values)
{
    if (json_array_size(list) != n)
        return bad(l, "it has not one mean and one deviation for each feature");
    *values = vm_alloc_array(n, sizeof(**values));
    if (!*values) return vm_fail_memory(l->error);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        (*values)[i] = (float)json_number_value(v);
        if (!json_is_number(v) || !isfinite((*values)[i]))
            return bad(l, "a mean or a deviation is no number");
    }
    return 0;
}

static int read_scaling(const Load *l, VmTinySidecar *s, const json_t *root)
{
    static const char *const keys[][2] = {{"feature_mean", "feature_std"},
                                          {"input_mean", "input_std"}};
    const json_t *inner = json_object_get(root, "normalization");
    const json_t *mean = json_object_get(inner, "mean"), *std = json_object_get(inner, "std");
    for (size_t i = 0; !mean && !std && i < VM_COUNT(keys); i++) {
        mean = json_object_get(root, keys[i][0]);
        std = json_object_get(root, keys[i][1]);
    }
    const size_t n = json_array_size(mean);
    if (!n || n > MAX_WIDTH) return 0;
    VM_TRY(read_numbers(l, mean, n, &s->mean));
    VM_TRY(read_numbers(l, std, n, &s->std));
    for (size_t i = 0; i < n; i++)
        if (!(s->std[i] > 0)) return bad(l, "a deviation is not above 0");
    s->n_scaling = (unsigned)n;
    return 0;
}

/* A block of an encoder, one of several, and its settings: the unknown or else the first encoder, settings in
 * the middle. */
static int read_side(const Load *l, VmTinySidecar *s, const json_t *layout)
{
    static const char one_hot[] = "encoder_onehot[";
    const size_t n = json_array_size(layout);
    size_t chosen = 0;
    if (!n || n > MAX_WIDTH) return 0;
    s->side = vm_alloc_array(n, sizeof(*s->side));
    if (!s->side) return vm_fail_memory(l->error);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(layout, i));
        if (!name) return bad(l, "codec_block_layout has an entry that is no name");
        if (!strcmp(name, "encoder_onehot[unknown]")) chosen = i;
        s->side[i] = strncmp(name, one_hot, strlen(one_hot)) ? 0.5f : 0;
    }
    s->side[chosen] = 1;
    s->n_side = (unsigned)n;
    s->side_text = vm_printf("%s, all else 0.5", json_string_value(json_array_get(layout, chosen)));
    return s->side_text ? 0 : vm_fail_memory(l->error);
}

static int check_digest(const Load *l, const json_t *root)
{
    char sha256[65];
    const char *told = json_string_value(json_object_get(root, "sha256"));
    if (!told) return 0;
    vm_sha256_hex(l->files->model.bytes, l->files->model.size, sha256);
    return strcmp(told, sha256) ? bad(l, "its sha256 is that of another file") : 0;
}

static int read_root(const Load *l, VmTinySidecar *s, const json_t *root)
{
    const json_t *features = json_object_get(root, "features");
    if (!json_is_object(root)) return bad(l, "it is no JSON object");
    VM_TRY(check_digest(l, root));
    VM_TRY(read_features(l, s, features ? features : json_object_get(root, "feature_order")));
    VM_TRY(read_scaling(l, s, root));
    return read_side(l, s, json_object_get(root, "codec_block_layout"));
}

/* ---- the file ---- */

static int parse(const Load *l, VmTinySidecar *s, const char *text, size_t size)
{
    json_error_t where;
    VmLocale locale = vm_locale_enter();
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    vm_locale_leave(&locale);
    if (!root)
        return vm_fail(l->error, -EINVAL, "model %s: its description %s: line %d, column %d: %s",
                       l->files->path, l->name, where.line, where.column, where.text);
    const int code = read_root(l, s, root);
    json_decref(root);
    return code;
}

/* MODEL.json for MODEL.onnx, MODEL.json for MODEL */
static char *sidecar_name(const char *model)
{
    const size_t n = strlen(model);
    const int cut = n > 5 && !strcmp(model + n - 5, ".onnx");
    return vm_printf("%.*s.json", (int)(cut ? n - 5 : n), model);
}

int vm_tiny_sidecar_read(VmTinySidecar *s, const VmTinyFiles *files, VmError *error)
{
    char *name = sidecar_name(files->model.name);
    VmTinyFile file = {0};
    *s = (VmTinySidecar){0};
    if (!name) return vm_fail_memory(error);
    const Load l = {files, name, error};
    int code = vm_tiny_file_read(&file, files->folder, name, MAX_SIDECAR, files->path, error);
    if (!code) code = parse(&l, s, file.bytes, file.size);
    vm_free(file.bytes);
    vm_free(name);
    return code == -ENOENT ? 0 : code;
}

void vm_tiny_sidecar_free(VmTinySidecar *s)
{
    vm_free(s->features);
    vm_free(s->mean);
    vm_free(s->std);
    vm_free(s->side);
    vm_free(s->side_text);
    *s = (VmTinySidecar){0};
}
