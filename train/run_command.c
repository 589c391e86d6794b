/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train run: the whole way from a folder of videos to a registered model and a report. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "commands.h"
#include "fit_folder.h"
#include "html_report.h"
#include "loso_figures.h"
#include "progress.h"
#include "ship.h"

/* What is held out source by source. The medium network takes an hour of it and is left to loso. */
static const char *const loso_archs[] = {"linear", "mlp_small:relu", "mlp_small:tanh"};
static const char *const fit_archs[] = {"linear", "mlp_small", "mlp_medium"};
enum { N_LOSO = 3, N_FIT = 3, SHIPPED = 2 };

typedef struct RunArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmSplitArgs split;
    const char *out_dir, *spread, *id;
} RunArgs;

typedef struct Run {
    const RunArgs *args;
    VmMessages *messages;
    VmDataset *dataset;
    VmTeacher *teacher, *spread;
    VmSplit split;
    const char *held_out;
    double load_seconds;
    VmArch archs[N_LOSO];
    VmLosoRun loso[N_LOSO];
} Run;

static void title(const char *text)
{
    printf("\n==== %s ====\n", text);
    (void)fflush(stdout);
}

static enum VmExit load(Run *r)
{
    VmError error = {""};
    const double start = vm_clock();
    enum VmExit status =
        vm_train_teacher(&r->teacher, &r->args->learn, r->args->data.teacher, r->messages);
    if (!status && r->args->spread)
        status = vm_train_fail(r->messages, vm_teacher_open(&r->spread, r->args->spread, &error),
                               &error);
    title("scan and extract");
    if (!status) status = vm_dataset_load(&r->dataset, &r->args->data, r->messages);
    if (status) return status;
    const VmDataset *d = r->dataset;
    r->load_seconds = vm_clock() - start;
    printf("%u sources, %u clips, %zu rows of %u features in %.1f s; teacher %s, data %.16s\n",
           d->n_sources, d->n_clips, d->n, d->width, r->load_seconds, d->teacher, d->sha256);
    status = vm_train_fail(r->messages, vm_learn_check_overlap(d, &error), &error);
    return status ? status
                  : vm_train_split(&r->split, &r->held_out, d, &r->args->split, r->messages);
}

static enum VmExit fit_one(Run *r, const char *name)
{
    char text[128];
    VmArch arch;
    (void)vm_arch_parse(&arch, name, NULL);
    char *folder = vm_path_in(r->args->out_dir, name, r->messages);
    if (!folder) return VM_EXIT_INTERNAL;
    VmFitFolder job = {.folder = folder,
                       .val = r->split.rows[VM_PART_VAL],
                       .n_val = r->split.n[VM_PART_VAL],
                       .origin = r->args->data.data ? r->args->data.data : r->args->data.data_root,
                       .load_seconds = r->load_seconds};
    job.learn = (VmLearn){.args = &r->args->learn,
                          .arch = &arch,
                          .dataset = r->dataset,
                          .rows = r->split.rows[VM_PART_TRAIN],
                          .n = r->split.n[VM_PART_TRAIN],
                          .teacher = r->teacher,
                          .held_out = r->held_out,
                          .conformal_level = NAN,
                          .conformal_q = NAN,
                          .loso_rmse = NAN,
                          .loso_worst = NAN};
    (void)snprintf(text, sizeof(text), "fit and eval: %s", name);
    title(text);
    const enum VmExit status = vm_fit_folder(&job, r->messages);
    vm_free(folder);
    return status;
}

static enum VmExit save_loso(const Run *r)
{
    char *path = vm_path_in(r->args->out_dir, "loso.json", r->messages);
    const enum VmExit status =
        path ? vm_json_save(vm_loso_json(r->loso, N_LOSO, r->dataset), path, r->messages)
             : VM_EXIT_INTERNAL;
    vm_free(path);
    return status;
}

static enum VmExit hold_out(Run *r)
{
    VmError error = {""};
    VmBar bar;
    const double start = vm_clock();
    title("loso: every source held out in turn");
    for (int i = 0; i < N_LOSO; i++) {
        (void)vm_arch_parse(&r->archs[i], loso_archs[i], NULL);
        r->loso[i].arch = &r->archs[i];
        r->loso[i].args = r->args->learn;
    }
    vm_bar_start(&bar, r->messages);
    const int code = vm_loso(r->loso, N_LOSO, r->dataset, r->teacher,
                             vm_learn_threads(&r->args->learn), &bar.watch, &error);
    vm_bar_stop(&bar);
    if (code) return vm_train_fail(r->messages, code, &error);
    vm_loso_print(r->loso, N_LOSO, r->dataset);
    printf("%d runs in %.1f s\n", N_LOSO, vm_clock() - start);
    return save_loso(r);
}

/* The page shows what models said of sources they had not seen. */
static enum VmExit save_report(const Run *r, const VmTiny *model, const char *name)
{
    const VmDataset *d = r->dataset;
    VmError error = {""};
    VmEvaluation e = {0};
    const VmEvalOptions options = {
        .draws = 2000, .seed = r->args->learn.seed, .n_threads = vm_learn_threads(&r->args->learn)};
    uint32_t *rows = vm_alloc_array(d->n + 1, sizeof(*rows));
    char *html = vm_path_in(r->args->out_dir, "report.html", r->messages);
    char *json = html ? vm_path_in(r->args->out_dir, "eval_report.json", r->messages) : NULL;
    if (!json) {
        vm_free(html);
        vm_free(rows);
        return VM_EXIT_INTERNAL;
    }
    for (size_t i = 0; rows && i < d->n; i++) rows[i] = (uint32_t)i;
    const int code =
        rows ? vm_evaluate_given(&e, r->loso[SHIPPED].predicted, d, rows, d->n, &options, &error)
             : vm_fail_memory(&error);
    enum VmExit status = vm_train_fail(r->messages, code, &error);
    if (!status) status = vm_html_save(&e, model, d, name, html, r->messages);
    if (!status)
        status = vm_json_save(vm_evaluation_json(&e, model, d, name, "loso"), json, r->messages);
    if (!status) printf("report: %s\n", html);
    vm_evaluation_free(&e);
    vm_free(rows);
    vm_free(html);
    vm_free(json);
    return status;
}

static enum VmExit save_shipped(const Run *r, const VmLearned *learned, const char *folder)
{
    VmText notes = {0};
    const VmLosoRun *run = &r->loso[SHIPPED];
    vm_text_add(
        &notes,
        "Each of %u sources left out in turn: RMSE %.4f against the teacher, worst source %.4f, "
        "KROCC %.5f, largest error %.3f.",
        run->n_folds, run->mean.rmse, run->folds[run->worst].metrics.rmse, run->mean.krocc,
        run->mean.max_error);
    const VmCardFacts facts = {
        .id = r->args->id, .kind = "fr", .license = "BSD-2-Clause-Patent", .notes = notes.data};
    VmError error = {""};
    const enum VmExit status =
        notes.failed ? vm_train_fail(r->messages, vm_fail_memory(&error), &error)
                     : vm_card_register(folder, learned->onnx, learned->size, &facts, r->messages);
    vm_text_free(&notes);
    return status;
}

static enum VmExit ship(Run *r)
{
    VmError error = {""};
    VmLearned learned;
    double difference;
    const VmShipFigures figures = vm_ship_figures(&r->loso[SHIPPED]);
    const VmLearn learn = {.args = &r->args->learn,
                           .arch = &r->archs[SHIPPED],
                           .dataset = r->dataset,
                           .teacher = r->teacher,
                           .spread = r->spread};
    char *folder = vm_path_in(r->args->out_dir, "models", r->messages);
    title("export: trained on every source");
    if (!folder) return VM_EXIT_INTERNAL;
    const int code = vm_ship(&learned, &learn, &figures, &difference, &error);
    enum VmExit status = vm_train_fail(r->messages, code, &error);
    if (!status) status = save_shipped(r, &learned, folder);
    if (!status)
        printf("%s/%s.onnx: %zu bytes, read back within %.2g of double precision\n", folder,
               r->args->id, learned.size, difference);
    if (!status) status = save_report(r, learned.model, r->args->id);
    vm_learned_free(&learned);
    vm_free(folder);
    return status;
}

static enum VmExit go(Run *r)
{
    enum VmExit status = load(r);
    for (int i = 0; !status && i < N_FIT; i++) status = fit_one(r, fit_archs[i]);
    if (!status) status = hold_out(r);
    return status ? status : ship(r);
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    Run r = {.args = opaque, .messages = messages};
    const enum VmExit status = go(&r);
    for (int i = 0; i < N_LOSO; i++) vm_loso_run_free(&r.loso[i]);
    vm_split_free(&r.split);
    vm_dataset_free(r.dataset);
    vm_teacher_free(r.teacher);
    vm_teacher_free(r.spread);
    return status;
}

static const VmOption own_options[] = {
    {"out-dir", "DIR", "models, figures and the report go there", VM_OPTION_TEXT,
     offsetof(RunArgs, out_dir), .initial = "runs/tiny_nflx", .variable = "VMAF_TRAIN_OUT_DIR"},
    {"id", "ID", "of the model that is registered in DIR/models", VM_OPTION_TEXT,
     offsetof(RunArgs, id), .initial = "vmaf_tiny"},
    {"spread", "MODEL", "a collection whose spread is learned as a second output", VM_OPTION_TEXT,
     offsetof(RunArgs, spread)},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"training", vm_learn_options, offsetof(RunArgs, learn)},
    {"split", vm_split_options, offsetof(RunArgs, split)},
    {"data", vm_data_options, offsetof(RunArgs, data)},
    {0},
};

const VmCommand vm_cmd_run = {
    .name = "run",
    .summary = "All of it: scan, extract, fit three networks, eval, loso, export, report.",
    .tables = tables,
    .args_size = sizeof(RunArgs),
    .run = run,
};
