/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "model_tiny.h"

#include <math.h>
#include <string.h>

#include "extractor.h"
#include "tiny/registry.h"

/* ---- features ---- */

/* One entry of feature_options, "extractor.option=value", for the features of that extractor. */
static int set_option(VmafModel *m, char *entry, VmError *error)
{
    char *dot = strchr(entry, '.'), *equals = strchr(entry, '=');
    int used = 0;
    if (!dot || !equals || equals < dot)
        return vm_fail(error, -EINVAL,
                       "model %s: its feature_options have \"%.100s\", not extractor.option=value",
                       m->origin, entry);
    *dot = *equals = 0;
    for (unsigned j = 0; j < m->n_features; j++) {
        VmModelFeature *f = &m->features[j];
        if (strcmp(vm_extractor_of_feature(f->name)->name, entry)) continue;
        VM_TRY(vm_model_set_option(m, f, dot + 1, equals + 1, error));
        used = 1;
    }
    if (used) return 0;
    return vm_fail(error, -EINVAL,
                   "model %s: its feature_options name %.60s, of which it reads nothing", m->origin,
                   entry);
}

static int set_options(VmafModel *m, const char *list, VmError *error)
{
    char *text = vm_strdup(list);
    int code = text ? 0 : vm_fail_memory(error);
    for (char *entry = text, *next; !code && entry && *entry; entry = next) {
        next = strchr(entry, ',');
        if (next) *next++ = 0;
        code = set_option(m, entry, error);
    }
    vm_free(text);
    return code;
}

static int read_features(VmafModel *m, VmError *error)
{
    unsigned n;
    const char *const *names = vm_tiny_features(m->tiny->model, &n);
    const char *options = vm_tiny_meta(m->tiny->model, "feature_options");
    for (unsigned j = 0; j < n; j++) {
        const VmExtractor *owner;
        unsigned k;
        m->n_features = j + 1; /* from here on it is freed with the model */
        const int code = vm_feature_find(names[j], &owner, &k, &m->features[j].options);
        if (code == -ENOENT)
            return vm_fail(error, -EINVAL,
                           "model %s needs feature %.100s, which this engine does not compute",
                           m->origin, names[j]);
        if (code || !(m->features[j].name = vm_strdup(owner->features[k].name)))
            return vm_fail_memory(error);
    }
    return options ? set_options(m, options, error) : 0;
}

int vm_model_has_limits(const VmafModel *m)
{
    return m->tiny && vm_seen_any(&m->tiny->seen);
}

VmOutside vm_model_outside(const VmafModel *m, const double *x)
{
    return vm_seen_outside(&m->tiny->seen, x);
}

/* ---- birth and death ---- */

/* "vmaf_tiny_v1" for "models/vmaf_tiny_v1.onnx" */
static char *stem_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t n = strlen(name);
    const int cut = n > 5 && !strcmp(name + n - 5, ".onnx");
    return vm_printf("%.*s", (int)(cut ? n - 5 : n), name);
}

static int open_bytes(VmTiny **model, const VmafModelSpec *spec, const char *source, VmError *error)
{
    VM_TRY(vm_tiny_read(model, spec->json, spec->json_size, source, error));
    return spec->verify ? vm_registry_verify_bytes(*model, source, error) : 0;
}

static int open_in_folder(VmTiny **model, const VmafModelSpec *spec, const char *source,
                          VmError *error)
{
    const char *slash = strrchr(source, '/');
    VM_TRY(vm_tiny_open_at(model, spec->folder, slash ? slash + 1 : source, source, error));
    return spec->verify ? vm_registry_verify_at(*model, spec->folder, source, error) : 0;
}

static int open_model(VmafModel *m, const VmafModelSpec *spec, const char *source, VmError *error)
{
    VmTinyPart *part = m->tiny;
    if (spec->json) return open_bytes(&part->model, spec, source, error);
    if (spec->folder > 0) return open_in_folder(&part->model, spec, source, error);
    if (spec->tiny && vm_registry_is_id(source)) {
        part->id = vm_strdup(source);
        return part->id ? vm_registry_load(&part->model, source, error) : vm_fail_memory(error);
    }
    VM_TRY(vm_tiny_open(&part->model, source, error));
    return spec->verify ? vm_registry_verify(part->model, source, error) : 0;
}

static int fill(VmafModel *m, const VmafModelSpec *spec, const char *source, VmError *error)
{
    m->tiny = vm_alloc(sizeof(*m->tiny));
    m->origin = vm_strdup(source);
    m->name = spec->name && *spec->name ? vm_strdup(spec->name) : stem_of(source);
    if (!m->tiny || !m->origin || !m->name) return vm_fail_memory(error);
    if (spec->flags)
        return vm_fail(error, -EINVAL,
                       "model %s: clip and transform of a tiny model are parts of it", source);
    VM_TRY(open_model(m, spec, source, error));
    memcpy(m->sha256, vm_tiny_sha256(m->tiny->model), sizeof(m->sha256));
    VM_TRY(read_features(m, error));
    return vm_seen_read(&m->tiny->seen, m->tiny->model, m->origin, error);
}

int vm_model_load_tiny(VmafModel **model, const VmafModelSpec *spec, VmError *error)
{
    VmafModel *m = vm_alloc(sizeof(*m));
    if (!m) return vm_fail_memory(error);
    const int code = fill(m, spec, spec->tiny ? spec->tiny : spec->path, error);
    if (code) vmaf_model_destroy(m);
    else *model = m;
    return code;
}

void vm_tiny_part_free(VmTinyPart *part)
{
    if (!part) return;
    vm_tiny_free(part->model);
    vm_free(part->id);
    vm_free(part);
}

/* ---- scores ---- */

/* Rows at a time: on the stack, unless all must be there at once. */
enum { CHUNK_ROWS = 64 };

static int run_chunk(const VmafModel *m, const double *x, size_t n, float *rows, float *out,
                     double *score, double *stddev)
{
    const size_t f = m->n_features;
    for (size_t i = 0; i < n * f; i++) rows[i] = (float)x[i];
    VM_TRY(vm_tiny_run(m->tiny->model, rows, n, out, stddev ? out + n : NULL));
    for (size_t i = 0; i < n; i++) {
        int finite = 1;
        for (size_t j = 0; j < f; j++) finite &= !!isfinite(rows[i * f + j]);
        score[i] = finite ? (double)out[i] : (double)NAN;
        if (stddev) stddev[i] = finite ? (double)out[n + i] : (double)NAN;
    }
    return 0;
}

static int run_all(const VmafModel *m, const double *x, size_t n, double *score, double *stddev)
{
    float *rows = vm_alloc_array(n, m->n_features * sizeof(*rows));
    float *out = vm_alloc_array(n, 2 * sizeof(*out));
    const int code = rows && out ? run_chunk(m, x, n, rows, out, score, stddev) : -ENOMEM;
    vm_free(rows);
    vm_free(out);
    return code;
}

int vm_model_tiny_run(const VmafModel *m, const double *x, size_t n, double *score, double *stddev,
                      VmError *error)
{
    float rows[CHUNK_ROWS * VM_TINY_MAX_FEATURES], out[2 * CHUNK_ROWS];
    int code = 0;
    if (stddev && !vm_tiny_has_stddev(m->tiny->model)) stddev = NULL;
    if (vm_tiny_is_dynamic(m->tiny->model)) code = run_all(m, x, n, score, stddev);
    else
        for (size_t i = 0; !code && i < n; i += CHUNK_ROWS)
            code = run_chunk(m, x + i * m->n_features, VM_MIN(n - i, (size_t)CHUNK_ROWS), rows, out,
                             score + i, stddev ? stddev + i : NULL);
    return code ? vm_fail_memory(error) : 0;
}
