/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The functions of vmaf_ext.h that belong to no other module. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "embedded.h"

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

void vmaf_ext_config_default(VmafExtConfig *cfg)
{
    *cfg = (VmafExtConfig){.struct_size = sizeof(*cfg), .log_level = VMAF_LOG_LEVEL_WARNING};
}

void vmaf_ext_model_spec_default(VmafModelSpec *spec)
{
    *spec = (VmafModelSpec){.struct_size = sizeof(*spec)};
}

void vmaf_ext_stats_default(VmafStats *stats)
{
    *stats = (VmafStats){.struct_size = sizeof(*stats)};
}

void vmaf_ext_report_config_default(VmafReportConfig *cfg)
{
    *cfg = (VmafReportConfig){.struct_size = sizeof(*cfg),
                              .format = VMAF_OUTPUT_FORMAT_JSON,
                              .precision = VMAF_PRECISION_LEGACY};
}

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
    *before = *after = 0;
    for (unsigned i = 0; v && i < v->n_instances; i++) {
        const VmExtractor *e = v->instances[i]->extractor;
        unsigned b = 0, a = 0;
        if (e->context) e->context(v->instances[i]->options, &b, &a);
        *before = VM_MAX(*before, b);
        *after = VM_MAX(*after, a);
    }
}
void vmaf_ext_free(void *memory)
{
    vm_free(memory);
}

int vmaf_ext_model_load(VmafModel **model, VmafModelCollection **collection,
                        const VmafModelSpec *spec, char *error, size_t error_size)
{
    VmError found = {{0}};
    VmafModelSpec full;
    if (!model || !collection || !spec) return -EINVAL;
    vmaf_ext_model_spec_default(&full);
    memcpy(&full, spec, VM_MIN(spec->struct_size, sizeof(full)));
    const int code = vm_model_load(model, collection, &full, &found);
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
    if (!info) return -EINVAL;
    const VmEmbeddedModel *e = &vm_embedded_models[i];
    const VmafModelInfo full = {.struct_size = sizeof(full),
                                .version = e->version,
                                .sha256 = e->sha256,
                                .is_collection = e->is_collection,
                                .embedded = e->json != NULL,
                                .missing = missing_feature(e)};
    *info = full;
    return 0;
}

int vmaf_ext_extractor_info(unsigned i, VmafExtractorInfo *info)
{
    unsigned n = 0;
    while (vm_extractors[n]) n++;
    if (i >= n) return -ENOENT;
    if (!info) return -EINVAL;
    *info =
        (VmafExtractorInfo){sizeof(*info), vm_extractors[i]->name, vm_extractors[i]->description};
    return 0;
}

/* ---- statistics ---- */

/* Finite values of a column's counted frames, allocated; *worst is the frame of the lowest. */
static int collect(VmafContext *v, const char *name, double **values, unsigned *n, unsigned *worst)
{
    const VmColumn *column = vm_scores_find(&v->scores, name);
    if (!column || column->hidden)
        return vm_fail(&v->error, -EINVAL, "no score named \"%s\"", name);
    vm_context_settle(v);
    *n = 0;
    const VmSpan scored = vm_context_scored(v);
    *values = vm_alloc_array((size_t)(scored.end - scored.first) + 1, sizeof(**values));
    if (!*values) return vm_fail_memory(&v->error);
    double lowest = INFINITY;
    for (unsigned i = scored.first; i < scored.end; i++) {
        double value;
        if (i % vm_context_step(v) || vm_column_get(column, i, &value) || !isfinite(value))
            continue;
        if (value < lowest) *worst = i;
        lowest = VM_MIN(lowest, value);
        (*values)[(*n)++] = value;
    }
    if (*n) return 0;
    vm_free(*values);
    return vm_fail(&v->error, -ENODATA, "no frame has a score named \"%s\"", name);
}

static void summarise(double *values, unsigned n, VmafStats *s)
{
    double sum = 0, inverse = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += values[i];
        inverse += 1 / (values[i] + 1);
    }
    s->n = n;
    s->mean = sum / n;
    s->harmonic_mean = n / inverse - 1;
    for (unsigned i = 0; i < n; i++) squares += (values[i] - s->mean) * (values[i] - s->mean);
    s->stddev = sqrt(squares / n);
    qsort(values, n, sizeof(*values), vm_compare_doubles);
    s->min = values[0];
    s->max = values[n - 1];
    s->p1 = vm_percentile(values, n, 1);
    s->p5 = vm_percentile(values, n, 5);
    s->p10 = vm_percentile(values, n, 10);
    s->p25 = vm_percentile(values, n, 25);
    s->p50 = vm_percentile(values, n, 50);
}

int vmaf_ext_stats(VmafContext *v, const char *name, VmafStats *stats)
{
    double *values = NULL;
    VmafStats full;
    if (!v || !name || !stats) return -EINVAL;
    vm_context_enter(v);
    vmaf_ext_stats_default(&full);
    const int code = collect(v, name, &values, &full.n, &full.worst_index);
    if (code || !values) return vm_context_leave(v, code);
    summarise(values, full.n, &full);
    vm_free(values);
    const size_t size = stats->struct_size;
    memcpy(stats, &full, VM_MIN(size, sizeof(full)));
    stats->struct_size = size;
    return 0;
}

int vmaf_ext_percentile(VmafContext *v, const char *name, double p, double *value)
{
    double *values = NULL;
    unsigned n, worst;
    if (!v || !name || !value || !(p >= 0 && p <= 100)) return -EINVAL;
    vm_context_enter(v);
    const int code = collect(v, name, &values, &n, &worst);
    if (code || !values) return vm_context_leave(v, code);
    qsort(values, n, sizeof(*values), vm_compare_doubles);
    *value = vm_percentile(values, n, p);
    vm_free(values);
    return 0;
}
