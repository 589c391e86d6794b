/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Figures as JSON. Machine output holds neither NaN nor infinity: null, and why. */
#include <math.h>
#include <string.h>

#include "evaluate.h"
#include "json_file.h"
#include "libvmaf/vmaf_ext.h"

json_t *vm_real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static const char *why_undefined(const VmMetrics *m)
{
    if (isfinite(m->plcc) && isfinite(m->srocc) && isfinite(m->krocc)) return NULL;
    return m->n < 2 ? "fewer than two rows" : "all predictions or all true scores are equal";
}

static void add_correlations(json_t *o, const VmMetrics *m)
{
    json_object_set_new(o, "plcc", vm_real_json(m->plcc));
    json_object_set_new(o, "srocc", vm_real_json(m->srocc));
    json_object_set_new(o, "krocc", vm_real_json(m->krocc));
    json_object_set_new(o, "rmse", vm_real_json(m->rmse));
}

static void add_reason(json_t *o, const VmMetrics *m)
{
    const char *why = why_undefined(m);
    if (why) json_object_set_new(o, "undefined", json_string(why));
}

json_t *vm_metrics_json(const VmMetrics *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "n_samples", json_integer((json_int_t)m->n));
    add_correlations(o, m);
    json_object_set_new(o, "max_error", vm_real_json(m->max_error));
    add_reason(o, m);
    return o;
}

static json_t *source_json(const VmSourceFigures *f)
{
    json_t *o = json_object();
    json_object_set_new(o, "source", json_string(f->source));
    json_object_set_new(o, "n_clips", json_integer(f->n_clips));
    json_object_set_new(o, "n_rows", json_integer((json_int_t)f->metrics.n));
    add_correlations(o, &f->metrics);
    json_object_set_new(o, "max_error", vm_real_json(f->metrics.max_error));
    add_reason(o, &f->metrics);
    return o;
}

static json_t *clips_json(const VmMetrics *m, enum VmafPoolingMethod pool)
{
    json_t *o = json_object();
    json_object_set_new(o, "pool", json_string(vm_pool_name(pool)));
    json_object_set_new(o, "n", json_integer((json_int_t)m->n));
    add_correlations(o, m);
    add_reason(o, m);
    return o;
}

static json_t *intervals_json(const VmIntervals *ci)
{
    json_t *o = json_object();
    for (int k = 0; k < VM_N_METRICS; k++) {
        if (!ci->draws[k]) json_object_set_new(o, vm_metric_name((enum VmMetric)k), json_null());
        else
            json_object_set_new(o, vm_metric_name((enum VmMetric)k),
                                json_pack("[f,f]", ci->lo[k], ci->hi[k]));
    }
    return o;
}

static json_t *latency_json(const VmEvaluation *e)
{
    return json_pack("{s:{s:f,s:f},s:{s:f,s:f}}", "rows_1", "p50", e->row_1.p50, "p95",
                     e->row_1.p95, "rows_240", "p50", e->rows_240.p50, "p95", e->rows_240.p95);
}

static json_t *worst_json(const VmEvaluation *e, const VmDataset *d)
{
    json_t *list = json_array();
    for (unsigned k = 0; k < e->n_worst; k++) {
        const size_t i = e->worst[k], row = e->rows[i];
        json_t *o = json_object(), *x = json_object();
        json_object_set_new(o, "clip", json_string(d->clips[d->clip[row]].key));
        json_object_set_new(o, "frame", json_integer(d->frame[row]));
        json_object_set_new(o, "predicted", json_real(e->predicted[i]));
        json_object_set_new(o, "truth", json_real(e->truth[i]));
        for (unsigned j = 0; j < d->width; j++)
            json_object_set_new(x, d->features[j], json_real((double)d->x[row * d->width + j]));
        json_object_set_new(o, "features", x);
        json_array_append_new(list, o);
    }
    return list;
}

/* The documented keys, in their order. */
static json_t *documented(const VmEvaluation *e, const VmTiny *model, const char *model_path)
{
    unsigned width;
    json_t *o = json_object();
    (void)vm_tiny_features(model, &width);
    json_object_set_new(o, "n_samples", json_integer((json_int_t)e->n));
    add_correlations(o, &e->all);
    json_object_set_new(o, "latency_ms_p50_per_clip",
                        e->has_latency ? json_real(e->rows_240.p50 * 1e-6) : json_null());
    json_object_set_new(o, "latency_ms_p95_per_clip",
                        e->has_latency ? json_real(e->rows_240.p95 * 1e-6) : json_null());
    json_object_set_new(o, "model", vm_json_text(model_path));
    json_object_set_new(o, "feature_dim", json_integer(width));
    add_reason(o, &e->all);
    return o;
}

static void add_origin(json_t *o, const VmTiny *model, const VmDataset *d)
{
    const char *target = vm_tiny_meta(model, "target");
    json_object_set_new(o, "target", vm_json_text(target ? target : "unknown"));
    json_object_set_new(
        o, "teacher",
        json_pack("{s:o,s:s}", "name", vm_json_text(d->teacher), "sha256", d->teacher_sha256));
    json_object_set_new(o, "data_sha256", json_string(d->sha256));
    json_object_set_new(o, "model_sha256", json_string(vm_tiny_sha256(model)));
    json_object_set_new(o, "engine_epoch", json_string(vmaf_ext_epoch()));
}

static void add_parts(json_t *o, const VmEvaluation *e, const VmDataset *d)
{
    json_t *sources = json_array();
    for (unsigned s = 0; s < e->n_sources; s++)
        json_array_append_new(sources, source_json(&e->sources[s]));
    json_object_set_new(o, "per_source", sources);
    json_object_set_new(o, "worst_source", json_string(e->sources[e->worst_source].source));
    json_object_set_new(o, "per_clip", clips_json(&e->per_clip, e->pool));
    json_object_set_new(o, "worst_rows", worst_json(e, d));
}

json_t *vm_evaluation_json(const VmEvaluation *e, const VmTiny *model, const VmDataset *d,
                           const char *model_path, const char *split)
{
    json_t *o = documented(e, model, model_path);
    json_object_set_new(o, "schema", json_integer(2));
    add_origin(o, model, d);
    json_object_set_new(o, "split", json_string(split));
    json_object_set_new(o, "dropped_rows", json_integer((json_int_t)d->dropped));
    json_object_set_new(o, "max_error", vm_real_json(e->all.max_error));
    json_object_set_new(o, "p99_error", vm_real_json(e->all.p99_error));
    json_object_set_new(o, "mae", vm_real_json(e->all.mae));
    add_parts(o, e, d);
    json_object_set_new(o, "ci95", intervals_json(&e->ci));
    json_object_set_new(o, "ci95_draws", json_integer(e->ci.draws[VM_PLCC]));
    json_object_set_new(o, "latency_ns", e->has_latency ? latency_json(e) : json_null());
    json_object_set_new(o, "isa", json_string(vmaf_ext_cpu_level(0)));
    json_object_set_new(o, "out_of_box_fraction", vm_real_json(e->out_of_box));
    json_object_set_new(o, "out_of_data_fraction", vm_real_json(e->out_of_data));
    return o;
}
