/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "learn.h"

#include <math.h>
#include <string.h>

#include "mos.h"

static char *const canonical[] = {"adm2",       "vif_scale0", "vif_scale1",
                                  "vif_scale2", "vif_scale3", "motion2"};

static unsigned width_of(const VmLearn *l)
{
    return l->dataset ? l->dataset->width : VM_COUNT(canonical);
}

static char *const *names_of(const VmLearn *l)
{
    return l->dataset ? l->dataset->features : canonical;
}

/* Names of the sources that have rows in the training set. */
static int list_sources(VmText *text, const VmLearn *l)
{
    const VmDataset *d = l->dataset;
    if (!d) return 0;
    uint8_t *seen = vm_alloc_array(d->n_sources + 1, 1);
    if (!seen) return -ENOMEM;
    for (size_t i = 0; i < l->n; i++) seen[d->clips[d->clip[l->rows[i]]].source] = 1;
    for (unsigned s = 0; s < d->n_sources; s++)
        if (seen[s]) vm_text_add(text, "%s%s", text->size ? "," : "", d->sources[s]);
    vm_free(seen);
    return text->failed ? -ENOMEM : 0;
}

static int set_facts(VmLearned *learned, const VmLearn *l, int trained, VmError *error)
{
    if (trained && list_sources(&learned->sources, l)) return vm_fail_memory(error);
    learned->facts = (VmModelFacts){
        .trained = trained,
        .features = names_of(l),
        .arch = l->arch->name,
        .target = vm_learn_target_name(vm_learn_target(l->args)),
        .teacher = l->teacher   ? vm_teacher_name(l->teacher)
                   : l->dataset ? l->dataset->teacher
                                : NULL,
        .teacher_sha256 = l->teacher   ? vm_teacher_sha256(l->teacher)
                          : l->dataset ? l->dataset->teacher_sha256
                                       : NULL,
        .data_sha256 = trained && l->dataset ? l->dataset->sha256 : NULL,
        .sources = learned->sources.data,
        .held_out = l->held_out,
        .seed = l->args->seed,
        .conformal_level = l->conformal_level,
        .conformal_q = l->conformal_q,
        .loso_rmse = l->loso_rmse,
        .loso_worst = l->loso_worst,
        .spread_teacher = l->spread ? vm_teacher_name(l->spread) : NULL,
        .spread_sha256 = l->spread ? vm_teacher_sha256(l->spread) : NULL,
    };
    return 0;
}

static int make_file(VmLearned *learned, VmError *error)
{
    const VmFitted *spread = learned->spread.params ? &learned->spread : NULL;
    VM_TRY(vm_model_file_make(&learned->onnx, &learned->size, &learned->fitted, NULL, spread,
                              &learned->facts, error));
    return vm_tiny_read(&learned->model, learned->onnx, learned->size, learned->facts.arch, error);
}

int vm_learned_snapshot(const VmLearned *learned, const double *params, void **bytes, size_t *size,
                        VmError *error)
{
    const VmFitted *spread = learned->spread.params ? &learned->spread : NULL;
    return vm_model_file_make(bytes, size, &learned->fitted, params, spread, &learned->facts,
                              error);
}

/* The second output: the same network on the same rows, for another question to another teacher. */
static int fit_spread(VmLearned *learned, const VmLearn *l, const VmFitSpec *score, VmError *error)
{
    const VmDataset *d = l->dataset;
    VmFitSpec spec = *score;
    double *y = NULL;
    VmTable rows = {.pick = l->rows, .n = l->n};
    int code = 0;
    if (d) {
        y = vm_alloc_array(d->n, sizeof(*y));
        code = y ? vm_teacher_label(l->spread, VM_TEACHER_STDDEV, d->features, d->width, d->x, d->n,
                                    y, spec.n_threads, error)
                 : vm_fail_memory(error);
        rows.x = d->x;
        rows.y = y;
    }
    spec.teacher = l->spread;
    spec.value = VM_TEACHER_STDDEV;
    spec.lo = 0;
    spec.hi = INFINITY;
    spec.snapshot_every = 0;
    if (!code) code = vm_fit(&learned->spread, &spec, names_of(l), &rows, error);
    vm_free(y);
    return code;
}

/* Tables may hold clipped scores alone. What they were before the clip is asked for; *raw stays NULL if it is
 * known, and if there is nobody to ask. */
static int ask_raw(const VmLearn *l, const VmFitSpec *spec, double **raw, VmError *error)
{
    const VmDataset *d = l->dataset;
    size_t i = 0;
    while (i < l->n && d->clips[d->clip[l->rows[i]]].has_raw) i++;
    if (i == l->n || !l->teacher || spec->value != VM_TEACHER_RAW) return 0;
    *raw = vm_alloc_array(d->n, sizeof(**raw));
    if (!*raw) return vm_fail_memory(error);
    return vm_teacher_label(l->teacher, VM_TEACHER_RAW, d->features, d->width, d->x, d->n, *raw,
                            spec->n_threads, error);
}

/* Can the teacher say anything about these features? */
static int is_readable(const VmLearn *l)
{
    VmError error;
    const VmDataset *d = l->dataset;
    return !vm_teacher_label(l->teacher, VM_TEACHER_RAW, d->features, d->width, NULL, 0, NULL, 1,
                             &error);
}

static int fit(VmLearned *learned, const VmLearn *l, const VmFitSpec *given, VmError *error)
{
    VmFitSpec copy = *given, *spec = &copy;
    const VmDataset *d = l->dataset;
    const int is_mos = vm_learn_target(l->args) == VM_TARGET_MOS;
    VmTable rows = {.pick = l->rows, .n = l->n};
    double *raw = NULL;
    int code = 0;
    if (d) {
        if (l->teacher && !is_mos) VM_TRY(vm_learn_check_teacher(d, l->teacher, error));
        if (!is_mos) code = ask_raw(l, spec, &raw, error);
        rows.x = d->x;
        rows.y = spec->value == VM_TEACHER_CLIPPED ? d->clipped : raw ? raw : d->raw;
    }
    if (is_mos && !(d && l->teacher && is_readable(l))) spec->teacher = NULL;
    if (is_mos && d) return vm_mos_fit(&learned->fitted, spec, d, &rows, &learned->pull, error);
    if (!code) code = vm_fit(&learned->fitted, spec, names_of(l), &rows, error);
    vm_free(raw);
    return code;
}

int vm_learn(VmLearned *learned, const VmLearn *l, VmError *error)
{
    VmFitSpec spec;
    *learned = (VmLearned){.pull = NAN};
    VM_TRY(vm_learn_spec(&spec, l->args, l->arch, width_of(l), l->teacher, error));
    spec.snapshot_every = l->snapshot_every;
    spec.watch = l->watch;
    const int code = fit(learned, l, &spec, error);
    if (code && (code != -ERANGE || !learned->fitted.params)) return code;
    if (!code && l->spread) VM_TRY(fit_spread(learned, l, &spec, error));
    VM_TRY(set_facts(learned, l, 1, error));
    VM_TRY(make_file(learned, code ? NULL : error));
    return code;
}

int vm_learn_untrained(VmLearned *learned, const VmLearn *l, VmError *error)
{
    VmFitted *f = &learned->fitted;
    VmFitSpec spec;
    *learned = (VmLearned){.size = 0};
    VM_TRY(vm_learn_spec(&spec, l->args, l->arch, width_of(l), l->teacher, error));
    *f = (VmFitted){.mlp = spec.mlp, .lo = spec.lo, .hi = spec.hi};
    f->optimizer = VM_OPTIMIZER_ADAM;
    vm_scaling_none(&f->scaling, spec.mlp.width[0]);
    vm_queries_box(&f->box, names_of(l), spec.mlp.width[0], &(VmTable){.n = 0});
    memcpy(f->reach.min, f->box.min, sizeof(f->reach.min));
    memcpy(f->reach.max, f->box.max, sizeof(f->reach.max));
    f->params = vm_alloc_array(spec.mlp.n_params, sizeof(double));
    if (!f->params) return vm_fail_memory(error);
    VmRng rng = vm_rng(spec.seed, 1000);
    vm_mlp_start(&spec.mlp, spec.start, &rng, f->params);
    VM_TRY(set_facts(learned, l, 0, error));
    return make_file(learned, error);
}

void vm_learned_free(VmLearned *learned)
{
    vm_fitted_free(&learned->fitted);
    vm_fitted_free(&learned->spread);
    vm_text_free(&learned->sources);
    vm_free(learned->onnx);
    vm_tiny_free(learned->model);
    *learned = (VmLearned){.size = 0};
}
