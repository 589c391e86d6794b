/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "loso.h"

#include <math.h>
#include <string.h>

#include "evaluate.h"
#include "progress.h"
#include "split.h"

typedef struct Loso {
    VmLosoRun *runs;
    unsigned n_runs, n_tasks; /* tasks of a run: folds, then perhaps one without video */
    const VmDataset *d;
    const VmTeacher *teacher;
    unsigned inner_threads;
    const VmWatch *watch;
    atomic_uint done;
    int *codes;      /* [n_runs * n_tasks] */
    VmError *errors; /* of each */
} Loso;

/* ---- one fold ---- */

/* Trains on some rows, answers for others. */
static int learn_and_answer(const Loso *l, const VmLosoRun *run, const VmLearnArgs *args,
                            const VmSplit *split, double *predicted, VmError *error)
{
    VmLearn learn = {.args = args, .arch = run->arch, .teacher = l->teacher, .dataset = l->d};
    VmWatch watch = l->watch ? *l->watch : (VmWatch){0};
    VmLearned learned;
    watch.progress = NULL; /* folds are counted, not their steps */
    learn.watch = &watch;
    learn.conformal_level = learn.conformal_q = learn.loso_rmse = learn.loso_worst = NAN;
    if (!args->corpus_free) { /* otherwise the data only name the features */
        learn.rows = split->rows[VM_PART_TRAIN];
        learn.n = split->n[VM_PART_TRAIN];
    }
    int code = vm_learn(&learned, &learn, error);
    if (!code)
        code = vm_evaluate_rows(learned.model, l->d, split->rows[VM_PART_VAL],
                                split->n[VM_PART_VAL], predicted, NULL, error);
    vm_learned_free(&learned);
    return code;
}

static int judge(const Loso *l, const VmSplit *split, const double *predicted, VmMetrics *metrics,
                 VmError *error)
{
    const size_t n = split->n[VM_PART_VAL];
    double *truth = vm_alloc_array(n + 1, sizeof(*truth));
    if (!truth) return vm_fail_memory(error);
    for (size_t i = 0; i < n; i++) truth[i] = l->d->clipped[split->rows[VM_PART_VAL][i]];
    const int code = vm_metrics(metrics, predicted, truth, n);
    vm_free(truth);
    return code ? vm_fail_memory(error) : 0;
}

static int fold(const Loso *l, VmLosoRun *run, VmLosoFold *f, VmSplit *split, VmError *error)
{
    const size_t n = split->n[VM_PART_VAL];
    VmLearnArgs args = run->args;
    args.threads = l->inner_threads;
    double *predicted = vm_alloc_array(n + 1, sizeof(*predicted));
    if (!predicted) return vm_fail_memory(error);
    int code = learn_and_answer(l, run, &args, split, predicted, error);
    if (!code) code = judge(l, split, predicted, &f->metrics, error);
    for (size_t i = 0; !code && i < n; i++)
        run->predicted[split->rows[VM_PART_VAL][i]] = predicted[i];
    f->n_train = split->n[VM_PART_TRAIN];
    vm_free(predicted);
    return code;
}

/* The same network without any video, on all rows: what being held out is worth is seen beside it. */
static int without_video(const Loso *l, VmLosoRun *run, VmSplit *split, VmError *error)
{
    VmLearnArgs args = run->args;
    args.threads = l->inner_threads;
    args.corpus_free = 1;
    uint32_t *const all = split->rows[VM_PART_TRAIN];
    split->rows[VM_PART_TRAIN] = split->rows[VM_PART_VAL];
    split->rows[VM_PART_VAL] = all;
    split->n[VM_PART_VAL] = split->n[VM_PART_TRAIN];
    double *predicted = vm_alloc_array(l->d->n + 1, sizeof(*predicted));
    int code = predicted ? learn_and_answer(l, run, &args, split, predicted, error)
                         : vm_fail_memory(error);
    if (!code) code = judge(l, split, predicted, &run->corpus_free, error);
    vm_free(predicted);
    return code;
}

static void run_task(void *opaque, size_t task, unsigned worker)
{
    Loso *l = opaque;
    VmLosoRun *run = &l->runs[task / l->n_tasks];
    const unsigned number = (unsigned)(task % l->n_tasks);
    const int is_fold = number < run->n_folds;
    const double start = vm_clock();
    VmError *error = &l->errors[task];
    VmSplit split;
    (void)worker;
    if (!is_fold && !run->has_corpus_free) return;
    if (vm_watch_cancelled(l->watch)) {
        l->codes[task] = vm_fail(error, -ECANCELED, "cancelled");
        return;
    }
    int code = vm_split_group(&split, l->d, is_fold ? (int)run->folds[number].group : -1)
                   ? vm_fail_memory(error)
                   : 0;
    if (!code)
        code = is_fold ? fold(l, run, &run->folds[number], &split, error)
                       : without_video(l, run, &split, error);
    vm_split_free(&split);
    l->codes[task] = code;
    if (is_fold) run->folds[number].seconds = vm_clock() - start;
    vm_watch_tell(l->watch, atomic_fetch_add(&l->done, 1) + 1, l->n_runs * (double)l->n_tasks,
                  "folds");
}

/* ---- figures of a run ---- */

/* The members of VmMetrics that are averaged. */
static double *member(VmMetrics *m, int k)
{
    double *const members[] = {&m->plcc, &m->srocc, &m->krocc, &m->rmse, &m->mae};
    return members[k];
}

static void summarise(VmLosoRun *run)
{
    const double n = run->n_folds;
    run->mean = run->std = (VmMetrics){.n = 0};
    for (unsigned f = 0; f < run->n_folds; f++) {
        VmMetrics *m = &run->folds[f].metrics;
        run->mean.n += m->n;
        run->mean.max_error = VM_MAX(run->mean.max_error, m->max_error);
        for (int k = 0; k < 5; k++) *member(&run->mean, k) += *member(m, k) / n;
        if (m->rmse > run->folds[run->worst].metrics.rmse) run->worst = f;
    }
    for (unsigned f = 0; f < run->n_folds; f++)
        for (int k = 0; k < 5; k++) {
            const double d = *member(&run->folds[f].metrics, k) - *member(&run->mean, k);
            *member(&run->std, k) += d * d / (n - 1);
        }
    for (int k = 0; k < 5; k++) *member(&run->std, k) = sqrt(*member(&run->std, k));
}

static int intervals(VmLosoRun *run, const VmDataset *d)
{
    const double limit = vm_conformal_limit(run->n_folds);
    const struct {
        double level;
        int guaranteed;
    } forms[VM_LOSO_INTERVALS] = {{0.95, 0}, {0.9, 1}, {limit, 1}};
    double *errors = vm_alloc_array(d->n + 1, sizeof(*errors));
    unsigned *group = vm_alloc_array(d->n + 1, sizeof(*group)), *number = NULL;
    number = vm_alloc_array(d->n_groups + 1, sizeof(*number));
    int code = errors && group && number ? 0 : -ENOMEM;
    for (unsigned f = 0; !code && f < run->n_folds; f++) number[run->folds[f].group] = f;
    for (size_t i = 0; !code && i < d->n; i++) {
        errors[i] = fabs(run->predicted[i] - d->clipped[i]);
        group[i] = number[d->clips[d->clip[i]].group];
    }
    for (int k = 0; !code && k < VM_LOSO_INTERVALS; k++)
        code = vm_conformal(&run->intervals[k], errors, group, d->n, run->n_folds, forms[k].level,
                            forms[k].guaranteed);
    vm_free(errors);
    vm_free(group);
    vm_free(number);
    return code;
}

/* ---- the whole ---- */

static int prepare_run(VmLosoRun *run, const VmDataset *d, const uint8_t *has_rows, VmError *error)
{
    VmFitSpec spec;
    VM_TRY(vm_learn_spec(&spec, &run->args, run->arch, d->width, NULL, error));
    run->mlp = spec.mlp;
    run->folds = vm_alloc_array(d->n_groups, sizeof(*run->folds));
    run->predicted = vm_alloc_array(d->n + 1, sizeof(*run->predicted));
    if (!run->folds || !run->predicted) return vm_fail_memory(error);
    for (unsigned g = 0; g < d->n_groups; g++)
        if (has_rows[g]) run->folds[run->n_folds++].group = g;
    if (run->n_folds < 2)
        return vm_fail(error, -EINVAL,
                       "leaving one source out takes two sources at least, and there is %u",
                       run->n_folds);
    run->has_corpus_free = run->args.recipe == VM_RECIPE_BEST && d->width == 6 &&
                           vm_learn_target(&run->args) != VM_TARGET_MOS && spec.queries;
    return 0;
}

static int prepare(VmLosoRun *runs, unsigned n_runs, const VmDataset *d, VmError *error)
{
    uint8_t *has_rows = vm_alloc_array(d->n_groups + 1, 1);
    int code = has_rows ? 0 : vm_fail_memory(error);
    for (size_t i = 0; !code && i < d->n; i++) has_rows[d->clips[d->clip[i]].group] = 1;
    for (unsigned r = 0; !code && r < n_runs; r++) code = prepare_run(&runs[r], d, has_rows, error);
    vm_free(has_rows);
    return code;
}

int vm_loso(VmLosoRun *runs, unsigned n_runs, const VmDataset *d, const VmTeacher *teacher,
            unsigned n_threads, const VmWatch *watch, VmError *error)
{
    if (!n_runs) return vm_fail(error, -EINVAL, "there is nothing to run");
    VM_TRY(prepare(runs, n_runs, d, error));
    Loso l = {.runs = runs, .n_runs = n_runs, .d = d, .teacher = teacher, .watch = watch};
    l.n_tasks = runs[0].n_folds + 1;
    const size_t n = (size_t)n_runs * l.n_tasks;
    l.inner_threads = (unsigned)VM_MAX(1, n_threads / n);
    l.codes = vm_alloc_array(n, sizeof(*l.codes));
    l.errors = vm_alloc_array(n, sizeof(*l.errors));
    int code = l.codes && l.errors ? 0 : vm_fail_memory(error);
    if (!code) vm_team_run(n_threads, n, run_task, &l);
    for (size_t i = 0; !code && i < n; i++) {
        if (!l.codes[i]) continue;
        code = l.codes[i];
        *error = l.errors[i];
    }
    for (unsigned r = 0; !code && r < n_runs; r++) {
        summarise(&runs[r]);
        code = vm_metrics(&runs[r].pooled, runs[r].predicted, d->clipped, d->n);
        if (!code) code = intervals(&runs[r], d);
        if (code) vm_fail_memory(error);
    }
    vm_free(l.codes);
    vm_free(l.errors);
    return code;
}

void vm_loso_run_free(VmLosoRun *run)
{
    vm_free(run->folds);
    vm_free(run->predicted);
    run->folds = NULL;
    run->predicted = NULL;
}

unsigned vm_loso_best(const VmLosoRun *runs, unsigned n_runs)
{
    unsigned best = 0;
    for (unsigned r = 1; r < n_runs; r++)
        if (runs[r].mean.rmse < runs[best].mean.rmse) best = r;
    return best;
}
