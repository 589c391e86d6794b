/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fit.h"

#include <math.h>
#include <string.h>

/* Streams of the seed; restarts take 1000 and up. */
enum { STREAM_QUERIES = 1, STREAM_CHOICE = 2, STREAM_START = 1000, STREAM_ORDER = 2000 };

static const double DEFAULT_PULL = 1e-9;

const char *vm_optimizer_name(enum VmOptimizer optimizer)
{
    static const char *const names[] = {"auto", "lm", "lbfgs", "adam"};
    return names[optimizer];
}

const char *vm_activation_name(enum VmActivation activation)
{
    static const char *const names[] = {"none",     "relu",   "tanh", "sigmoid",
                                        "softsign", "square", "gelu"};
    return names[activation];
}

static void recipe(VmFitSpec *s)
{
    const VmMlp mlp = s->mlp;
    const VmTeacher *teacher = s->teacher;
    const VmWatch *watch = s->watch;
    *s = (VmFitSpec){.mlp = mlp, .teacher = teacher, .watch = watch, .restarts = 1};
    s->huber = INFINITY;
    s->epochs = 30;
    s->batch = 256;
    s->rate = 1e-3;
    s->pull = -1;
    s->lo = -INFINITY;
    s->hi = INFINITY;
}

void vm_fit_recipe_best(VmFitSpec *s)
{
    recipe(s);
    s->scaled = 1;
    s->restarts = 4;
    s->queries = 5000;
    s->choice_queries = 20000;
    s->lo = 0;
    s->hi = 100;
}

void vm_fit_recipe_seed(VmFitSpec *s)
{
    recipe(s);
    s->optimizer = VM_OPTIMIZER_ADAM;
    s->value = VM_TEACHER_CLIPPED;
    s->start = VM_START_UNIFORM;
}

/* ---- one start ---- */

typedef struct Start {
    double *params;
    VmTrack track;
    double choice;
    int code;
    VmError error;
} Start;

typedef struct Fit {
    const VmFitSpec *spec;
    VmFitted *fitted;
    char *const *names;
    VmSamples samples;
    Start *starts;          /* [restarts] */
    unsigned inner_threads; /* within a start */
    float *query_x, *choice_x;
    double *query_y, *choice_y;
} Fit;

static int optimise(const Fit *f, unsigned number, VmObjective *o, Start *s)
{
    const VmFitSpec *spec = f->spec;
    const unsigned limit = spec->iterations;
    const VmLmOptions lm = {limit ? limit : 60, 1e-2, 1e-5};
    const VmLbfgsOptions lbfgs = {limit ? limit : 1500, 20, 1e-9, 1e-14};
    const VmAdamOptions adam = {.epochs = spec->epochs,
                                .batch = spec->batch,
                                .rate = spec->rate,
                                .seed = spec->seed,
                                .stream = STREAM_ORDER + spec->first_start + number};
    switch (f->fitted->optimizer) {
    case VM_OPTIMIZER_LM: return vm_lm(o, &lm, s->params, &s->track, &s->error);
    case VM_OPTIMIZER_LBFGS: return vm_lbfgs(o, &lbfgs, s->params, &s->track, &s->error);
    default: return vm_adam(o, &adam, s->params, &s->track, &s->error);
    }
}

static void run_start(void *opaque, size_t number, unsigned worker)
{
    const Fit *f = opaque;
    const VmFitSpec *spec = f->spec;
    Start *s = &f->starts[number];
    VmRng rng = vm_rng(spec->seed, STREAM_START + spec->first_start + number);
    VmObjective o = {.mlp = &spec->mlp,
                     .samples = &f->samples,
                     .huber = spec->huber / f->samples.scaling.target_std,
                     .anchor = spec->first,
                     .n_threads = f->inner_threads,
                     .precision =
                         f->fitted->optimizer == VM_OPTIMIZER_ADAM ? VM_SINGLE : VM_DOUBLE};
    (void)worker;
    o.pull = (spec->pull < 0 ? DEFAULT_PULL : spec->pull) * (double)vm_samples_count(&f->samples);
    s->track.snapshot_every = spec->snapshot_every;
    s->track.watch = spec->watch;
    s->track.what = "fit";
    if (spec->first) memcpy(s->params, spec->first, spec->mlp.n_params * sizeof(double));
    else vm_mlp_start(&spec->mlp, spec->start, &rng, s->params);
    s->code = vm_objective_open(&o, vm_dense_kernels(spec->cpumask));
    if (!s->code) s->code = optimise(f, (unsigned)number, &o, s);
    else vm_fail_memory(&s->error);
    s->track.watch = NULL;
    vm_objective_close(&o);
}

/* ---- queries and choice ---- */

static int make_queries(Fit *f, size_t n, uint64_t stream, float **x, double **y, VmError *error)
{
    const VmFitSpec *spec = f->spec;
    const unsigned width = spec->mlp.width[0];
    VmRng rng = vm_rng(spec->seed, stream);
    *x = vm_alloc_array(n, width * sizeof(**x));
    *y = vm_alloc_array(n, sizeof(**y));
    if (!*x || !*y) return vm_fail_memory(error);
    vm_queries_draw(*x, n, f->names, width, &f->samples.parts[0], &f->fitted->box, &rng);
    return vm_teacher_label(spec->teacher, spec->value, f->names, width, *x, n, *y, spec->n_threads,
                            error);
}

/* Within the limits, where the exported model answers. */
static double distance(const Fit *f, const double *predicted)
{
    const VmFitSpec *spec = f->spec;
    double squares = 0;
    for (size_t i = 0; i < spec->choice_queries; i++) {
        const double truth = VM_MIN(VM_MAX(f->choice_y[i], spec->lo), spec->hi);
        squares += (predicted[i] - truth) * (predicted[i] - truth);
    }
    return sqrt(squares / (double)spec->choice_queries);
}

static int choose(Fit *f, VmError *error)
{
    const VmFitSpec *spec = f->spec;
    VmFitted *fitted = f->fitted;
    if (spec->restarts == 1 || !spec->teacher) return 0;
    fitted->choice = vm_alloc_array(spec->restarts, sizeof(double));
    double *predicted = vm_alloc_array(spec->choice_queries, sizeof(double));
    int code = fitted->choice && predicted ? 0 : vm_fail_memory(error);
    if (!code)
        code =
            make_queries(f, spec->choice_queries, STREAM_CHOICE, &f->choice_x, &f->choice_y, error);
    for (unsigned i = 0; !code && i < spec->restarts; i++) {
        code = vm_fitted_predict(fitted, f->starts[i].params, f->choice_x, spec->choice_queries,
                                 predicted, spec->n_threads);
        if (code) vm_fail_memory(error);
        else fitted->choice[i] = distance(f, predicted);
        if (fitted->choice[i] < fitted->choice[fitted->chosen]) fitted->chosen = i;
    }
    vm_free(predicted);
    return code;
}

/* ---- the whole ---- */

static int prepare(Fit *f, const VmTable *rows, VmError *error)
{
    const VmFitSpec *spec = f->spec;
    VmFitted *fitted = f->fitted;
    const unsigned width = spec->mlp.width[0];
    f->samples = (VmSamples){.width = width, .parts = {*rows, {0}}};
    vm_queries_box(&fitted->box, f->names, width, rows);
    if (spec->queries && spec->teacher) {
        VM_TRY(make_queries(f, spec->queries, STREAM_QUERIES, &f->query_x, &f->query_y, error));
        f->samples.parts[1] = (VmTable){f->query_x, f->query_y, NULL, spec->queries};
    }
    if (!vm_samples_count(&f->samples))
        return vm_fail(error, -EINVAL, "there are no rows to train on and no queries");
    if (spec->scaling) f->samples.scaling = *spec->scaling;
    else if (spec->scaled) vm_samples_scale(&f->samples);
    else vm_scaling_none(&f->samples.scaling, width);
    fitted->scaling = f->samples.scaling;
    fitted->n_rows = rows->n;
    fitted->n_queries = f->samples.parts[1].n;
    if (vm_reach_of(&fitted->reach, &f->samples)) return vm_fail_memory(error);
    f->starts = vm_alloc_array(spec->restarts, sizeof(*f->starts));
    if (!f->starts) return vm_fail_memory(error);
    for (unsigned i = 0; i < spec->restarts; i++) {
        f->starts[i].params = vm_alloc_array(spec->mlp.n_params, sizeof(double));
        if (!f->starts[i].params) return vm_fail_memory(error);
    }
    return 0;
}

/* Starts side by side if there are enough of them, else the rows of one start after the other. */
static int run_starts(Fit *f, VmError *error)
{
    const VmFitSpec *spec = f->spec;
    const int side_by_side = spec->restarts >= spec->n_threads;
    f->inner_threads = side_by_side ? 1 : spec->n_threads;
    vm_team_run(side_by_side ? spec->n_threads : 1, spec->restarts, run_start, f);
    for (unsigned i = 0; i < spec->restarts; i++) {
        if (!f->starts[i].code) continue;
        f->fitted->chosen = i;
        *error = f->starts[i].error;
        return f->starts[i].code;
    }
    return 0;
}

static void keep_chosen(Fit *f)
{
    Start *s = &f->starts[f->fitted->chosen];
    f->fitted->params = s->params;
    f->fitted->track = s->track;
    s->params = NULL;
    s->track = (VmTrack){0};
}

static void close_fit(Fit *f)
{
    for (unsigned i = 0; f->starts && i < f->spec->restarts; i++) {
        vm_free(f->starts[i].params);
        vm_track_free(&f->starts[i].track);
    }
    vm_free(f->starts);
    vm_free(f->query_x);
    vm_free(f->query_y);
    vm_free(f->choice_x);
    vm_free(f->choice_y);
}

int vm_fit(VmFitted *fitted, const VmFitSpec *spec, char *const *names, const VmTable *rows,
           VmError *error)
{
    Fit f = {.spec = spec, .fitted = fitted, .names = names};
    *fitted = (VmFitted){.mlp = spec->mlp, .lo = spec->lo, .hi = spec->hi};
    fitted->restarts = spec->restarts;
    fitted->optimizer = spec->optimizer != VM_OPTIMIZER_AUTO     ? spec->optimizer
                        : spec->mlp.n_params <= VM_LM_MAX_PARAMS ? VM_OPTIMIZER_LM
                                                                 : VM_OPTIMIZER_LBFGS;
    int code = prepare(&f, rows, error);
    if (!code) {
        code = run_starts(&f, error);
        if (!code) code = choose(&f, error);
        if (!code || code == -ERANGE) keep_chosen(&f);
    }
    close_fit(&f);
    return code;
}

void vm_fitted_free(VmFitted *fitted)
{
    vm_free(fitted->params);
    vm_free(fitted->choice);
    vm_track_free(&fitted->track);
    *fitted = (VmFitted){0};
}

/* ---- prediction ---- */

enum { CHUNK = 16 * VM_MLP_BLOCK };

typedef struct Predict {
    const VmFitted *fitted;
    const VmMlpWeights *weights;
    VmMlpPass *passes; /* for each thread */
    const VmSamples *samples;
    double *y;
    size_t n;
} Predict;

static void predict_chunk(void *opaque, size_t task, unsigned worker)
{
    const Predict *p = opaque;
    VmMlpPass *pass = &p->passes[worker];
    const size_t end = VM_MIN((task + 1) * CHUNK, p->n), stride = vm_padded(p->samples->width);
    double output[VM_MLP_BLOCK], unused[VM_MLP_BLOCK];
    for (size_t i = task * CHUNK; i < end; i += VM_MLP_BLOCK) {
        const size_t n = VM_MIN(VM_MLP_BLOCK, end - i);
        vm_samples_read(p->samples, NULL, i, n, pass->inputs, stride, unused);
        vm_mlp_forward(p->weights, pass, output);
        for (size_t r = 0; r < n; r++) {
            const double y =
                output[r] * p->fitted->scaling.target_std + p->fitted->scaling.target_mean;
            p->y[i + r] = VM_MIN(VM_MAX(y, p->fitted->lo), p->fitted->hi);
        }
    }
}

int vm_fitted_predict(const VmFitted *fitted, const double *params, const float *x, size_t n,
                      double *y, unsigned n_threads)
{
    /* y stands for the targets, which are read and not used */
    const VmSamples samples = {fitted->mlp.width[0], {{x, y, NULL, n}, {0}}, fitted->scaling};
    const unsigned threads = (unsigned)VM_MAX(1, VM_MIN(n_threads, (n + CHUNK - 1) / CHUNK));
    VmMlpWeights weights;
    Predict p = {.fitted = fitted, .weights = &weights, .samples = &samples, .y = y, .n = n};
    int code = vm_mlp_weights_init(&weights, &fitted->mlp, VM_DOUBLE, vm_dense_kernels(0));
    p.passes = vm_alloc_array(threads, sizeof(*p.passes));
    if (!p.passes) code = -ENOMEM;
    for (unsigned i = 0; !code && i < threads; i++) code = vm_mlp_pass_init(&p.passes[i], &weights);
    if (!code) {
        vm_mlp_weights_load(&weights, params ? params : fitted->params);
        vm_team_run(threads, (n + CHUNK - 1) / CHUNK, predict_chunk, &p);
    }
    for (unsigned i = 0; p.passes && i < threads; i++) vm_mlp_pass_free(&p.passes[i]);
    vm_free(p.passes);
    vm_mlp_weights_free(&weights);
    return code;
}
