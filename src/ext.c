/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The functions of vmaf_ext.h that belong to no other module. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "embedded.h"
#include "tiny/registry.h"

#ifndef TINYVMAF_VERSION
#error "the build defines TINYVMAF_VERSION"
#endif

const char *vmaf_ext_version(void)
{
    return TINYVMAF_VERSION;
}
const char *vmaf_ext_epoch(void)
{
    return "3.2";
}
const char *vmaf_ext_cpu_level(uint64_t cpumask)
{
    return vm_cpu_name(vm_cpu_level(cpumask));
}

/* ---- structs ---- */

void vm_copy_struct(void *to, size_t to_size, const void *from, size_t from_size)
{
    memcpy(to, from, VM_MIN(to_size, from_size));
    if (to_size >= sizeof(to_size)) memcpy(to, &to_size, sizeof(to_size));
}

void vmaf_ext_config_init(VmafExtConfig *cfg, size_t struct_size)
{
    const VmafExtConfig full = {.log_level = VMAF_LOG_LEVEL_WARNING};
    if (cfg) vm_copy_struct(cfg, struct_size, &full, sizeof(full));
}

void vmaf_ext_model_spec_init(VmafModelSpec *spec, size_t struct_size)
{
    const VmafModelSpec full = {0};
    if (spec) vm_copy_struct(spec, struct_size, &full, sizeof(full));
}

void vmaf_ext_model_info_init(VmafModelInfo *info, size_t struct_size)
{
    const VmafModelInfo full = {0};
    if (info) vm_copy_struct(info, struct_size, &full, sizeof(full));
}

void vmaf_ext_tiny_info_init(VmafTinyInfo *info, size_t struct_size)
{
    const VmafTinyInfo full = {0};
    if (info) vm_copy_struct(info, struct_size, &full, sizeof(full));
}

void vmaf_ext_extractor_info_init(VmafExtractorInfo *info, size_t struct_size)
{
    const VmafExtractorInfo full = {0};
    if (info) vm_copy_struct(info, struct_size, &full, sizeof(full));
}

void vmaf_ext_stats_init(VmafStats *stats, size_t struct_size)
{
    const VmafStats full = {0};
    if (stats) vm_copy_struct(stats, struct_size, &full, sizeof(full));
}

void vmaf_ext_report_config_init(VmafReportConfig *cfg, size_t struct_size)
{
    const VmafReportConfig full = {.format = VMAF_OUTPUT_FORMAT_JSON,
                                   .precision = VMAF_PRECISION_LEGACY};
    if (cfg) vm_copy_struct(cfg, struct_size, &full, sizeof(full));
}

/* ---- contexts ---- */

const char *vmaf_ext_last_error(const VmafContext *v)
{
    return v ? v->error.text : "";
}
unsigned vmaf_ext_thread_count(const VmafContext *v)
{
    return v ? v->config.n_threads : 0;
}
int vmaf_ext_reads_chroma(const VmafContext *v)
{
    int reads = 0;
    for (unsigned i = 0; v && i < v->n_instances; i++) {
        const VmExtractor *e = v->instances[i]->extractor;
        reads |= e->chroma && e->chroma(v->instances[i]->options);
    }
    return reads;
}
const char *vmaf_ext_model_name(const VmafContext *v, unsigned i)
{
    return v && i < v->n_models ? v->models[i].name : NULL;
}

void vmaf_ext_chunk_context(const VmafContext *v, unsigned *before, unsigned *after)
{
    unsigned most_before = 0, most_after = 0;
    for (unsigned i = 0; v && i < v->n_instances; i++) {
        const VmExtractor *e = v->instances[i]->extractor;
        unsigned b = 0, a = 0;
        if (e->context) e->context(v->instances[i]->options, &b, &a);
        most_before = VM_MAX(most_before, b);
        most_after = VM_MAX(most_after, a);
    }
    if (before) *before = most_before;
    if (after) *after = most_after;
}

void vmaf_ext_free(void *memory)
{
    vm_free(memory);
}

void vmaf_ext_cancel(VmafContext *v)
{
    if (v) atomic_store(&v->cancelled, 1);
}

/* As reports order them. */
const char *vmaf_ext_score_name(const VmafContext *v, unsigned i)
{
    for (int phase = VM_PHASE_FRAME; v && phase <= VM_PHASE_MODEL; phase++)
        for (unsigned k = 0; k < v->scores.n_columns; k++) {
            const VmColumn *c = v->scores.columns[k];
            if (!c->hidden && (int)c->phase == phase && i-- == 0) return c->label;
        }
    return NULL;
}

/* ---- what there is ---- */

int vmaf_ext_model_load(VmafModel **model, VmafModelCollection **collection,
                        const VmafModelSpec *spec, char *error, size_t error_size)
{
    VmError found = {{0}};
    VmafModelSpec full;
    int code = -EINVAL;
    if (model) *model = NULL;
    if (collection) *collection = NULL;
    if (!model || !collection || !spec)
        vm_fail(&found, code, "vmaf_ext_model_load: an argument is NULL");
    else if (spec->struct_size < sizeof(spec->struct_size))
        vm_fail(&found, code, "the VmafModelSpec has no size: see vmaf_ext_model_spec_default()");
    else {
        vmaf_ext_model_spec_default(&full);
        vm_copy_struct(&full, sizeof(full), spec, spec->struct_size);
        code = vm_model_load(model, collection, &full, &found);
    }
    if (code) vm_error_copy(&found, error, error_size);
    return code;
}

/* The first feature that no extractor here computes. */
static const char *missing_feature(const VmEmbeddedModel *e)
{
    for (const char *const *f = e->features; f && *f; f++)
        if (!vm_extractor_of_feature(*f)) return *f;
    return NULL;
}

int vmaf_ext_model_info(unsigned i, VmafModelInfo *info)
{
    if (i >= vm_embedded_model_count) return -ENOENT;
    if (!info || info->struct_size < sizeof(info->struct_size)) return -EINVAL;
    const VmEmbeddedModel *e = &vm_embedded_models[i];
    const VmafModelInfo full = {.version = e->version,
                                .sha256 = e->sha256,
                                .is_collection = e->is_collection,
                                .embedded = e->json != NULL,
                                .missing = missing_feature(e)};
    vm_copy_struct(info, info->struct_size, &full, sizeof(full));
    return 0;
}

int vmaf_ext_tiny_info(unsigned i, VmafTinyInfo *info)
{
    if (i >= vm_embedded_tiny_count) return -ENOENT;
    if (!info || info->struct_size < sizeof(info->struct_size)) return -EINVAL;
    const VmEmbeddedTiny *e = &vm_embedded_tiny[i];
    const VmafTinyInfo full = {.id = e->id, .sha256 = e->sha256, .description = e->description};
    vm_copy_struct(info, info->struct_size, &full, sizeof(full));
    return 0;
}

int vmaf_ext_extractor_info(unsigned i, VmafExtractorInfo *info)
{
    unsigned n = 0;
    while (vm_extractors[n]) n++;
    if (i >= n) return -ENOENT;
    if (!info || info->struct_size < sizeof(info->struct_size)) return -EINVAL;
    const VmafExtractorInfo full = {.name = vm_extractors[i]->name,
                                    .description = vm_extractors[i]->description};
    vm_copy_struct(info, info->struct_size, &full, sizeof(full));
    return 0;
}

static int write_label(const VmExtractor *e, unsigned feature, const VmafFeatureDictionary *options,
                       char *label, size_t size)
{
    VmInstance *instance;
    VM_TRY(vm_instance_create(&instance, e, options, NULL));
    char *text = vm_feature_label(&e->features[feature], instance->suffix);
    int code = text ? 0 : -ENOMEM;
    if (text && strlen(text) >= size) code = -EINVAL;
    if (!code) memcpy(label, text, strlen(text) + 1);
    vm_free(text);
    vm_instance_free(instance);
    return code;
}

int vmaf_ext_feature_find(const char *name, const char **extractor, VmafFeatureDictionary **options,
                          char *label, size_t label_size)
{
    const VmExtractor *e;
    VmafFeatureDictionary *found;
    unsigned feature;
    if (!name || !extractor || !options) return -EINVAL;
    int code = vm_feature_find(name, &e, &feature, &found);
    if (!code && label) code = write_label(e, feature, found, label, label_size);
    if (code) {
        vmaf_feature_dictionary_free(&found);
        return code;
    }
    *extractor = e->name;
    *options = found;
    return 0;
}

/* ---- statistics ---- */

/* Finite values of a column's counted frames, allocated; *worst is the frame of the lowest. */
static int collect(VmafContext *v, const VmColumn *column, double **values, unsigned *n,
                   unsigned *worst)
{
    const VmSpan scored = vm_context_scored(v);
    double lowest = INFINITY, value;
    *n = 0;
    *values = vm_alloc_array((size_t)(scored.end - scored.first) + 1, sizeof(**values));
    if (!*values) return vm_fail_memory(&v->error);
    for (unsigned i = scored.first; i < scored.end; i++) {
        if (i % vm_context_step(v) || vm_column_get(column, i, &value) || !isfinite(value))
            continue;
        if (value < lowest) *worst = i;
        lowest = VM_MIN(lowest, value);
        (*values)[(*n)++] = value;
    }
    if (*n) return 0;
    vm_free(*values);
    *values = NULL;
    return -ENODATA;
}

static void summarise(double *values, unsigned n, VmafStats *s)
{
    double squares = 0;
    VmPooling pooling = {0};
    VmPooled pooled = {0};
    for (unsigned i = 0; i < n; i++) vm_pooling_add(&pooling, values[i]);
    (void)vm_pooling_end(&pooling, &pooled);
    s->n = n;
    s->mean = pooled.mean;
    s->harmonic_mean = pooled.harmonic_mean;
    for (unsigned i = 0; i < n; i++) squares += (values[i] - s->mean) * (values[i] - s->mean);
    s->stddev = sqrt(squares / n);
    qsort(values, n, sizeof(*values), vm_compare_doubles);
    s->min = pooled.min;
    s->max = pooled.max;
    s->p1 = vm_percentile(values, n, 1);
    s->p5 = vm_percentile(values, n, 5);
    s->p10 = vm_percentile(values, n, 10);
    s->p25 = vm_percentile(values, n, 25);
    s->p50 = vm_percentile(values, n, 50);
}

int vm_context_stats(VmafContext *v, const VmColumn *column, VmafStats *stats)
{
    double *values;
    VM_TRY(collect(v, column, &values, &stats->n, &stats->worst_index));
    summarise(values, stats->n, stats);
    vm_free(values);
    return 0;
}

static int find_scores(VmafContext *v, const char *name, const VmColumn **column)
{
    *column = vm_scores_find(&v->scores, name);
    if (!*column || (*column)->hidden)
        return vm_fail(&v->error, -EINVAL, "no score named \"%s\"", name);
    vm_context_settle(v);
    return 0;
}

static int no_values(VmafContext *v, int code, const char *name)
{
    if (code == -ENOMEM) return vm_fail_memory(&v->error);
    if (code != -ENODATA) return code;
    return vm_fail(&v->error, code, "no frame has a score named \"%s\"", name);
}

static int get_stats(VmafContext *v, const char *name, VmafStats *stats)
{
    VmafStats full = {0};
    const VmColumn *column;
    if (stats->struct_size < sizeof(stats->struct_size))
        return vm_fail(&v->error, -EINVAL,
                       "the VmafStats has no size: see vmaf_ext_stats_default()");
    VM_TRY(find_scores(v, name, &column));
    VM_TRY(no_values(v, vm_context_stats(v, column, &full), name));
    vm_copy_struct(stats, stats->struct_size, &full, sizeof(full));
    return 0;
}

int vmaf_ext_stats(VmafContext *v, const char *name, VmafStats *stats)
{
    VM_ENTER(v, name && stats);
    return vm_context_leave(v, get_stats(v, name, stats));
}

static int get_percentile(VmafContext *v, const char *name, double p, double *value)
{
    const VmColumn *column;
    double *values;
    unsigned n, worst;
    if (!(p >= 0 && p <= 100))
        return vm_fail(&v->error, -EINVAL, "percentile %g is not in 0..100", p);
    VM_TRY(find_scores(v, name, &column));
    VM_TRY(no_values(v, collect(v, column, &values, &n, &worst), name));
    qsort(values, n, sizeof(*values), vm_compare_doubles);
    *value = vm_percentile(values, n, p);
    vm_free(values);
    return 0;
}

int vmaf_ext_percentile(VmafContext *v, const char *name, double p, double *value)
{
    VM_ENTER(v, name && value);
    return vm_context_leave(v, get_percentile(v, name, p, value));
}
