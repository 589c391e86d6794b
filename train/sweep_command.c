/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train sweep: settings tried, each judged on the source that is held out, or on all of them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "loso.h"
#include "evaluate.h"
#include "sweep.h"
#include "train_common.h"

enum { MAX_TRIALS = 10000, TEXT_MAX = 400 };

typedef struct SweepArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmSplitArgs split;
    VmArch arch;
    VmTexts params;
    unsigned trials;
    int loso;
    const char *json;
} SweepArgs;

typedef struct Trial {
    unsigned long number;
    double values[VM_SWEEP_MAX_PARAMS];
    VmLearnArgs args;
    VmArch arch;
    VmMlp mlp;
    VmMetrics metrics; /* of the source held out, or means over all */
    double worst;      /* RMSE of the worst fold */
    int code;
    VmError error;
} Trial;

typedef struct Sweep {
    const SweepArgs *args;
    VmMessages *messages;
    VmSweepSpace space;
    VmDataset *dataset;
    VmTeacher *teacher;
    VmSplit split;
    Trial *trials;
    unsigned n;
    VmBar bar;
    atomic_uint done;
} Sweep;

/* ---- a trial ---- */

static int try_split(const Sweep *s, Trial *t)
{
    const VmDataset *d = s->dataset;
    const size_t n = s->split.n[VM_PART_VAL];
    const uint32_t *val = s->split.rows[VM_PART_VAL];
    const VmLearn learn = {.args = &t->args,
                           .arch = &t->arch,
                           .dataset = d,
                           .rows = s->split.rows[VM_PART_TRAIN],
                           .n = s->split.n[VM_PART_TRAIN],
                           .teacher = s->teacher};
    VmLearned learned;
    double *predicted = vm_alloc_array(2 * n + 1, sizeof(*predicted));
    int code = vm_learn(&learned, &learn, &t->error);
    if (!predicted) code = vm_fail_memory(&t->error);
    if (!code) code = vm_evaluate_rows(learned.model, d, val, n, predicted, NULL, &t->error);
    for (size_t i = 0; !code && i < n; i++) predicted[n + i] = d->clipped[val[i]];
    if (!code) code = vm_metrics(&t->metrics, predicted, predicted + n, n);
    t->worst = t->metrics.rmse;
    t->mlp = learned.fitted.mlp;
    vm_learned_free(&learned);
    vm_free(predicted);
    return code;
}

static int try_loso(const Sweep *s, Trial *t)
{
    VmLosoRun run = {.arch = &t->arch, .args = t->args};
    const int code = vm_loso(&run, 1, s->dataset, s->teacher, 1, NULL, &t->error);
    if (!code) {
        t->metrics = run.mean;
        t->worst = run.folds[run.worst].metrics.rmse;
        t->mlp = run.mlp;
    }
    vm_loso_run_free(&run);
    return code;
}

/* Trials share out the threads; each is one thread's work. */
static void run_trial(void *opaque, size_t task, unsigned worker)
{
    Sweep *s = opaque;
    Trial *t = &s->trials[task];
    (void)worker;
    t->args.threads = 1;
    t->code = s->args->loso ? try_loso(s, t) : try_split(s, t);
    vm_watch_tell(&s->bar.watch, atomic_fetch_add(&s->done, 1) + 1, s->n, "trials");
}

/* ---- all of them ---- */

static int compare_trials(const void *a, const void *b)
{
    const Trial *x = a, *y = b;
    if (!x->code != !y->code) return x->code ? 1 : -1;
    if (!x->code && x->metrics.rmse != y->metrics.rmse)
        return x->metrics.rmse < y->metrics.rmse ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void describe(const Sweep *s, const Trial *t, char text[TEXT_MAX])
{
    size_t at = 0;
    text[0] = 0;
    for (unsigned i = 0; i < s->space.n && at < TEXT_MAX; i++) {
        char value[64];
        vm_sweep_text(&s->space.params[i], t->values[i], value, sizeof(value));
        at += (size_t)snprintf(text + at, TEXT_MAX - at, "%s%s=%s", i ? " " : "",
                               vm_sweep_name(&s->space.params[i]), value);
    }
}

static void print(const Sweep *s)
{
    char text[TEXT_MAX];
    printf("%5s %9s %9s %9s %9s %7s  %s\n", "trial", "RMSE", "worst", "KROCC", "max error",
           "params", "settings");
    for (unsigned i = 0; i < s->n; i++) {
        const Trial *t = &s->trials[i];
        describe(s, t, text);
        if (t->code) printf("%5lu failed: %s  %s\n", t->number, t->error.text, text);
        else
            printf("%5lu %9.4f %9.4f %9.5f %9.3f %7zu  %s\n", t->number, t->metrics.rmse, t->worst,
                   t->metrics.krocc, t->metrics.max_error, t->mlp.n_params, text);
    }
}

static json_t *trial_json(const Sweep *s, const Trial *t)
{
    json_t *o = t->code ? json_object() : vm_metrics_json(&t->metrics), *settings = json_object();
    for (unsigned i = 0; i < s->space.n; i++) {
        const VmSweepParam *p = &s->space.params[i];
        json_object_set_new(settings, vm_sweep_name(p),
                            p->kind == VM_SWEEP_CHOICE ? json_string(p->choices[(int)t->values[i]])
                                                       : json_real(t->values[i]));
    }
    json_object_set_new(o, "trial", json_integer((json_int_t)t->number));
    json_object_set_new(o, "settings", settings);
    if (t->code) json_object_set_new(o, "error", json_string(t->error.text));
    else json_object_set_new(o, "worst_fold_rmse", vm_real_json(t->worst));
    return o;
}

static json_t *sweep_json(const Sweep *s)
{
    json_t *o = trial_json(s, &s->trials[0]), *list = json_array();
    for (unsigned i = 0; i < s->n; i++) json_array_append_new(list, trial_json(s, &s->trials[i]));
    json_object_set_new(o, "trials", list);
    return o;
}

static enum VmExit usage(const Sweep *s, const VmError *error)
{
    vm_message_error(s->messages, "--param: %s", error->text);
    return VM_EXIT_USAGE;
}

static enum VmExit make_trials(Sweep *s)
{
    VmError error = {""};
    for (unsigned i = 0; i < s->args->params.n; i++)
        if (vm_sweep_add(&s->space, s->args->params.items[i], &error)) return usage(s, &error);
    const unsigned long grid = vm_sweep_grid(&s->space);
    if (!s->space.n) vm_fail(&error, -EINVAL, "nothing is varied");
    else if (grid > MAX_TRIALS)
        vm_fail(&error, -EINVAL, "the grid has more than %d points", MAX_TRIALS);
    if (*error.text) return usage(s, &error);
    s->n = grid ? (unsigned)grid : s->args->trials;
    s->trials = vm_alloc_array(s->n, sizeof(*s->trials));
    if (!s->trials) return VM_EXIT_INTERNAL;
    for (unsigned i = 0; i < s->n; i++) {
        Trial *t = &s->trials[i];
        t->number = i;
        t->args = s->args->learn;
        t->arch = s->args->arch;
        vm_sweep_point(&s->space, s->args->learn.seed, i, t->values);
        if (vm_sweep_apply(&s->space, t->values, &t->args, &t->arch, &error))
            return usage(s, &error);
    }
    return VM_EXIT_OK;
}

static enum VmExit work(Sweep *s)
{
    const char *held_out;
    enum VmExit status = make_trials(s);
    if (!status)
        status = vm_train_teacher(&s->teacher, &s->args->learn, s->args->data.teacher, s->messages);
    if (!status) status = vm_dataset_load(&s->dataset, &s->args->data, s->messages);
    if (!status && !s->args->loso)
        status = vm_train_split(&s->split, &held_out, s->dataset, &s->args->split, s->messages);
    if (status) return status;
    vm_bar_start(&s->bar, s->messages);
    vm_team_run(vm_learn_threads(&s->args->learn), s->n, run_trial, s);
    vm_bar_stop(&s->bar);
    qsort(s->trials, s->n, sizeof(*s->trials), compare_trials);
    if (!s->args->json || strcmp(s->args->json, "-") != 0) print(s);
    if (s->args->json) status = vm_json_save(sweep_json(s), s->args->json, s->messages);
    if (status || !s->trials[0].code) return status;
    return vm_train_fail(s->messages, s->trials[0].code, &s->trials[0].error);
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    Sweep s = {.args = opaque, .messages = messages};
    const enum VmExit status = work(&s);
    vm_sweep_free(&s.space);
    vm_split_free(&s.split);
    vm_dataset_free(s.dataset);
    vm_teacher_free(s.teacher);
    vm_free(s.trials);
    return status;
}

#define AT(member) offsetof(SweepArgs, member)

static const VmOption own_options[] = {
    {"param", "SPEC",
     "what is varied: NAME=choice:A,B, NAME=int:LO:HI[:log], NAME=float:LO:HI[:log]; more than "
     "once",
     VM_OPTION_LIST, AT(params)},
    {"trials", "N", "drawn by the seed; choices alone make a grid of all instead", VM_OPTION_COUNT,
     AT(trials), 1, MAX_TRIALS, .initial = "20"},
    {"loso", NULL, "judge each by holding out every source in turn", VM_OPTION_FLAG, AT(loso)},
    {"model-arch", "NAME", "where arch, width and depth are not varied", VM_OPTION_TEXT, AT(arch),
     .initial = "mlp_small", .parse = vm_learn_parse_arch},
    {"json", "FILE", "all trials; - is standard output, instead of the table", VM_OPTION_TEXT,
     AT(json)},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"training", vm_learn_options, offsetof(SweepArgs, learn)},
    {"split", vm_split_options, offsetof(SweepArgs, split)},
    {"data", vm_data_options, offsetof(SweepArgs, data)},
    {0},
};

const VmCommand vm_cmd_sweep = {
    .name = "sweep",
    .summary = "Tries settings and ranks them.",
    .tables = tables,
    .args_size = sizeof(SweepArgs),
    .run = run,
    .notes = "NAME is arch (widths with dashes: 6-16-8-1), activation, optimizer, width and depth "
             "of the\n"
             "hidden layers (each half as wide as the one before), restarts, queries, iterations,\n"
             "epochs, batch-size, lr or huber.",
};
