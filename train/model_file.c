/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "model_file.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "libvmaf/vmaf_ext.h"
#include "tiny/onnx_write.h"

enum { MAX_META = 48 };

typedef struct Meta {
    VmOnnxMeta items[MAX_META];
    VmText values[MAX_META]; /* behind them */
    unsigned n;
} Meta;

/* The text of a new entry. */
static VmText *add(Meta *m, const char *key)
{
    m->items[m->n].key = key;
    return &m->values[m->n++];
}

static void add_text(Meta *m, const char *key, const char *value)
{
    if (value) vm_text_add(add(m, key), "%s", value);
}

static void add_count(Meta *m, const char *key, uint64_t value)
{
    vm_text_add(add(m, key), "%" PRIu64, value);
}

static void add_real(Meta *m, const char *key, double value)
{
    if (isfinite(value)) vm_text_add(add(m, key), "%.17g", value);
}

static void add_reals(Meta *m, const char *key, const double *values, unsigned n)
{
    VmText *text = add(m, key);
    for (unsigned i = 0; i < n; i++) vm_text_add(text, "%s%.9g", i ? "," : "", values[i]);
}

static void add_names(Meta *m, const char *key, char *const *names, unsigned n)
{
    VmText *text = add(m, key);
    for (unsigned i = 0; i < n; i++) vm_text_add(text, "%s%s", i ? "," : "", names[i]);
}

static void add_fit(Meta *m, const VmFitted *f)
{
    const unsigned width = f->mlp.width[0];
    add_text(m, "activation", vm_activation_name(f->mlp.activation));
    add_count(m, "n_params", f->mlp.n_params);
    add_text(m, "optimizer", vm_optimizer_name(f->optimizer));
    add_count(m, "n_rows", f->n_rows);
    add_count(m, "n_queries", f->n_queries);
    add_reals(m, "input_mean", f->scaling.mean, width);
    add_reals(m, "input_std", f->scaling.std, width);
    add_reals(m, "box_min", f->box.min, width);
    add_reals(m, "box_max", f->box.max, width);
    add_reals(m, "data_min", f->reach.min, width);
    add_reals(m, "data_max", f->reach.max, width);
    if (!(f->reach.distance > 0)) return; /* it was not trained */
    add_reals(m, "data_mean", f->reach.mean, width);
    add_reals(m, "data_whitening", f->reach.whitening, width * (width + 1) / 2);
    add_reals(m, "data_distance", &f->reach.distance, 1);
}

static void add_facts(Meta *m, const VmFitted *f, const VmModelFacts *facts)
{
    add_count(m, "tinyvmaf.schema", 1);
    add_count(m, "trained", (uint64_t)facts->trained);
    add_names(m, "features", facts->features, f->mlp.width[0]);
    add_text(m, "feature_epoch", vmaf_ext_epoch());
    add_text(m, "feature_options", "");
    add_text(m, "target", facts->target);
    add_text(m, "teacher", facts->teacher);
    add_text(m, "teacher_sha256", facts->teacher_sha256);
    add_text(m, "data_sha256", facts->data_sha256);
    add_text(m, "sources", facts->sources);
    add_text(m, "held_out", facts->held_out);
    add_text(m, "arch", facts->arch);
    add_count(m, "seed", facts->seed);
    add_fit(m, f);
    add_real(m, "conformal_level", facts->conformal_level);
    add_real(m, "conformal_q", facts->conformal_q);
    add_real(m, "loso_rmse", facts->loso_rmse);
    add_real(m, "loso_worst", facts->loso_worst);
    add_text(m, "stddev_teacher", facts->spread_teacher);
    add_text(m, "stddev_teacher_sha256", facts->spread_sha256);
    add_text(m, "license", "BSD-2-Clause-Patent");
    vm_text_add(add(m, "producer"), "tinyvmaf %s", vmaf_ext_version());
}

static int finish(Meta *m)
{
    for (unsigned i = 0; i < m->n; i++) {
        if (m->values[i].failed) return -ENOMEM;
        m->items[i].value = m->values[i].data ? m->values[i].data : "";
    }
    return 0;
}

int vm_model_file_make(void **bytes, size_t *size, const VmFitted *fitted, const double *params,
                       const VmFitted *spread, const VmModelFacts *facts, VmError *error)
{
    VmNet score = {0}, second = {0};
    Meta meta = {.n = 0};
    VmLocale locale = vm_locale_enter();
    add_facts(&meta, fitted, facts);
    vm_locale_leave(&locale);
    int code = finish(&meta) ? vm_fail_memory(error) : 0;
    if (!code) code = vm_fitted_net(fitted, params, &score, error);
    if (!code && spread) code = vm_fitted_net(spread, NULL, &second, error);
    if (!code)
        code =
            vm_onnx_write(bytes, size, &score, spread ? &second : NULL, meta.items, meta.n, error);
    vm_fitted_net_free(&score);
    vm_fitted_net_free(&second);
    for (unsigned i = 0; i < meta.n; i++) vm_text_free(&meta.values[i]);
    return code;
}
