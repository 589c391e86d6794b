/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train fit: trains one network and says how good it is on the source that was held out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "corpus.h"
#include "figures.h"
#include "libvmaf/vmaf_ext.h"
#include "outfile.h"
#include "progress.h"
#include "train_common.h"

typedef struct FitArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmSplitArgs split;
    VmArch arch, layers; /* layers.inputs 0: not given */
    const char *out_dir, *spread;
    unsigned snapshot_every;
    int no_export;
} FitArgs;

typedef struct Fit {
    const FitArgs *args;
    VmMessages *messages;
    VmDataset *dataset; /* NULL: corpus-free */
    VmSplit split;
    VmTeacher *teacher, *spread;
    VmLearn learn;
    VmLearned learned;
    double load_seconds, fit_seconds;
} Fit;

static const VmArch *arch_of(const FitArgs *args)
{
    return args->layers.inputs ? &args->layers : &args->arch;
}

/* ---- without training ---- */

/* Clips of the corpus count as one sample each; their videos are not read. */
static void count_samples(const FitArgs *args, VmMessages *messages)
{
    VmError error = {""};
    VmCorpus corpus;
    unsigned train = 0, val = 0;
    const char *held_out = args->split.val_source ? args->split.val_source : "Tennis";
    const int code = vm_corpus_open(&corpus, &args->data, &error);
    for (unsigned i = 0; !code && i < corpus.n_pairs; i++) {
        if (!strcmp(corpus.pairs[i].dis->name.source, held_out)) val++;
        else train++;
    }
    if (code) vm_message_warn(messages, "no corpus: %s", error.text);
    vm_corpus_close(&corpus);
    printf("training samples: %u\nvalidation samples: %u\n", train, val);
}

static enum VmExit save_model(const Fit *f, const char *suffix, const void *bytes, size_t size)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s_%s.onnx", f->learn.arch->name, suffix);
    return vm_train_save(f->args->out_dir, name, bytes, size, f->messages);
}

static void print_network(const VmFitted *fitted, const char *arch)
{
    char shape[64];
    vm_mlp_name(&fitted->mlp, shape, sizeof(shape));
    printf("architecture: %s (%s, %s)\nparameters: %zu\n", arch, shape,
           vm_activation_name(fitted->mlp.activation), fitted->mlp.n_params);
}

static enum VmExit run_untrained(Fit *f)
{
    VmError error = {""};
    int code = vm_outfile_make_folder(f->args->out_dir, &error);
    if (code) {
        vm_message_error(f->messages, "%s", error.text);
        return VM_EXIT_INTERNAL;
    }
    code = vm_learn_untrained(&f->learned, &f->learn, &error);
    if (code) return vm_train_fail(f->messages, code, &error);
    print_network(&f->learned.fitted, f->learn.arch->name);
    count_samples(f->args, f->messages);
    const enum VmExit status = save_model(f, "final", f->learned.onnx, f->learned.size);
    if (!status)
        printf("wrote %s/%s_final.onnx with initial weights: it is not trained\n", f->args->out_dir,
               f->learn.arch->name);
    return status;
}

/* ---- what is written ---- */

static enum VmExit save_log(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    const double unit = fitted->scaling.target_std * fitted->scaling.target_std;
    VmText text = {0};
    vm_text_add(&text, "iteration,loss,lambda,seconds\n");
    for (unsigned i = 0; i < fitted->track.n_steps; i++) {
        const VmStep *s = &fitted->track.steps[i];
        vm_text_add(&text, "%u,%.9g,%.3g,%.4f\n", s->iteration, s->loss * unit, s->lambda,
                    s->seconds);
    }
    const enum VmExit status =
        vm_train_save(f->args->out_dir, "train_log.csv", text.data, text.size, f->messages);
    vm_text_free(&text);
    return status;
}

/* Adam's are numbered by epochs from 0, others by accepted iterations. */
static enum VmExit save_snapshots(const Fit *f)
{
    const VmTrack *track = &f->learned.fitted.track;
    const unsigned first = f->learned.fitted.optimizer == VM_OPTIMIZER_ADAM;
    enum VmExit status = VM_EXIT_OK;
    for (unsigned i = 0; !status && i < track->n_snapshots; i++) {
        VmError error = {""};
        char suffix[32];
        void *bytes;
        size_t size;
        const int code =
            vm_learned_snapshot(&f->learned, track->snapshots[i], &bytes, &size, &error);
        if (code) return vm_train_fail(f->messages, code, &error);
        (void)snprintf(suffix, sizeof(suffix), "epoch%u", (i + 1) * track->snapshot_every - first);
        status = save_model(f, suffix, bytes, size);
        vm_free(bytes);
    }
    return status;
}

static json_t *choice_json(const VmFitted *fitted)
{
    json_t *list = json_array();
    for (unsigned i = 0; fitted->choice && i < fitted->restarts; i++)
        json_array_append_new(list, json_real(fitted->choice[i]));
    return json_pack("{s:i,s:i,s:o}", "restarts", (int)fitted->restarts, "chosen",
                     (int)fitted->chosen, "rmse_on_fresh_queries", list);
}

static json_t *data_json(const Fit *f)
{
    const VmDataset *d = f->dataset;
    if (!d) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "sha256", json_string(d->sha256));
    json_object_set_new(
        o, "from", json_string(f->args->data.data ? f->args->data.data : f->args->data.data_root));
    json_object_set_new(o, "clips", json_integer(d->n_clips));
    json_object_set_new(o, "sources", json_integer(d->n_sources));
    json_object_set_new(o, "rows", json_integer((json_int_t)d->n));
    json_object_set_new(o, "dropped_rows", json_integer((json_int_t)d->dropped));
    json_object_set_new(o, "train_rows", json_integer((json_int_t)f->split.n[VM_PART_TRAIN]));
    json_object_set_new(o, "val_rows", json_integer((json_int_t)f->split.n[VM_PART_VAL]));
    return o;
}

static json_t *run_json(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    const VmLearnArgs *learn = &f->args->learn;
    char shape[64];
    json_t *o = json_object(), *flags = json_object();
    vm_mlp_name(&fitted->mlp, shape, sizeof(shape));
    json_object_set_new(flags, "recipe",
                        json_string(learn->recipe == VM_RECIPE_SEED ? "seed" : "best"));
    json_object_set_new(flags, "arch", json_string(f->learn.arch->name));
    json_object_set_new(flags, "layers", json_string(shape));
    json_object_set_new(flags, "activation",
                        json_string(vm_activation_name(fitted->mlp.activation)));
    json_object_set_new(flags, "optimizer", json_string(vm_optimizer_name(fitted->optimizer)));
    json_object_set_new(flags, "target", json_string(f->learned.facts.target));
    json_object_set_new(flags, "queries", json_integer((json_int_t)fitted->n_queries));
    json_object_set_new(flags, "held_out",
                        f->learn.held_out ? json_string(f->learn.held_out) : json_null());
    json_object_set_new(flags, "threads", json_integer(vm_learn_threads(learn)));
    json_object_set_new(o, "flags", flags);
    json_object_set_new(o, "seed", json_integer((json_int_t)learn->seed));
    json_object_set_new(o, "version", json_string(vmaf_ext_version()));
    json_object_set_new(o, "engine_epoch", json_string(vmaf_ext_epoch()));
    json_object_set_new(o, "data", data_json(f));
    json_object_set_new(o, "starts", choice_json(fitted));
    json_object_set_new(o, "model_sha256", json_string(vm_tiny_sha256(f->learned.model)));
    json_object_set_new(o, "seconds",
                        json_pack("{s:f,s:f}", "data", f->load_seconds, "fit", f->fit_seconds));
    return o;
}

static enum VmExit save_json(const Fit *f, const char *name, json_t *json)
{
    char *path = vm_path_in(f->args->out_dir, name);
    if (!path) json_decref(json);
    const enum VmExit status = path ? vm_json_save(json, path, f->messages) : VM_EXIT_INTERNAL;
    vm_free(path);
    return status;
}

/* ---- judgement ---- */

static enum VmExit judge(const Fit *f, const char *model_path)
{
    VmError error = {""};
    VmEvaluation e;
    const VmEvalOptions options = {.draws = 2000,
                                   .latency = 1,
                                   .seed = f->args->learn.seed,
                                   .n_threads = vm_learn_threads(&f->args->learn)};
    const int code = vm_evaluate(&e, f->learned.model, f->dataset, f->split.rows[VM_PART_VAL],
                                 f->split.n[VM_PART_VAL], &options, &error);
    enum VmExit status = vm_train_fail(f->messages, code, &error);
    if (!status) {
        printf("\nheld out (%s):\n", f->learn.held_out);
        vm_figures_evaluation(&e);
        status = save_json(f, "eval_report.json",
                           vm_evaluation_json(&e, f->learned.model, f->dataset, model_path, "val"));
    }
    vm_evaluation_free(&e);
    return status;
}

static enum VmExit save_all(const Fit *f)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s_final.onnx", f->learn.arch->name);
    char *path = vm_path_in(f->args->out_dir, name);
    enum VmExit status = path ? VM_EXIT_OK : VM_EXIT_INTERNAL;
    if (!status && !f->args->no_export) status = save_snapshots(f);
    if (!status) status = save_model(f, "final", f->learned.onnx, f->learned.size);
    if (!status) status = save_log(f);
    if (!status) status = save_json(f, "run.json", run_json(f));
    if (!status && f->split.n[VM_PART_VAL]) status = judge(f, path);
    if (!status) printf("\nwrote %s, %zu bytes\n", path, f->learned.size);
    vm_free(path);
    return status;
}

static void print_fit(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    print_network(fitted, f->learn.arch->name);
    printf("optimizer: %s, %zu rows, %zu queries\n", vm_optimizer_name(fitted->optimizer),
           fitted->n_rows, fitted->n_queries);
    if (fitted->choice) {
        printf("starts: RMSE on fresh queries");
        for (unsigned i = 0; i < fitted->restarts; i++)
            printf(" %.4f%s", fitted->choice[i], i == fitted->chosen ? "*" : "");
        printf("\n");
    }
    vm_figures_curve(&fitted->track, fitted->scaling.target_std);
}

/* ---- the command ---- */

static enum VmExit load(Fit *f)
{
    const double start = vm_clock();
    VmError error = {""};
    if (f->args->learn.corpus_free) return VM_EXIT_OK;
    enum VmExit status = vm_dataset_load(&f->dataset, &f->args->data, f->messages);
    if (status) return status;
    f->load_seconds = vm_clock() - start;
    status =
        vm_train_split(&f->split, &f->learn.held_out, f->dataset, &f->args->split, f->messages);
    if (status) return status;
    const char *constant = vm_learn_constant_feature(f->dataset, f->split.rows[VM_PART_TRAIN],
                                                     f->split.n[VM_PART_TRAIN]);
    if (constant)
        vm_message_warn(f->messages,
                        "%s has the same value in all training rows: the rows say nothing of it",
                        constant);
    f->learn.dataset = f->dataset;
    f->learn.rows = f->split.rows[VM_PART_TRAIN];
    f->learn.n = f->split.n[VM_PART_TRAIN];
    return vm_train_fail(f->messages, vm_learn_check_overlap(f->dataset, &error), &error);
}

static enum VmExit fit(Fit *f)
{
    VmError error = {""};
    VmBar bar;
    const double start = vm_clock();
    vm_bar_start(&bar, f->messages);
    f->learn.watch = &bar.watch;
    const int code = vm_learn(&f->learned, &f->learn, &error);
    vm_bar_stop(&bar);
    f->learn.watch = NULL;
    f->fit_seconds = vm_clock() - start;
    if (code == -ERANGE && f->learned.onnx) {
        vm_message_error(f->messages, "%s; the last good parameters are in %s/%s_last_good.onnx",
                         error.text, f->args->out_dir, f->learn.arch->name);
        const enum VmExit saved = save_model(f, "last_good", f->learned.onnx, f->learned.size);
        return saved ? saved : VM_EXIT_INPUT;
    }
    return vm_train_fail(f->messages, code, &error);
}

static enum VmExit open_teachers(Fit *f)
{
    VmError error = {""};
    enum VmExit status =
        vm_train_teacher(&f->teacher, &f->args->learn, f->args->data.teacher, f->messages);
    if (!status && f->args->spread)
        status = vm_train_fail(f->messages, vm_teacher_open(&f->spread, f->args->spread, &error),
                               &error);
    f->learn.teacher = f->teacher;
    f->learn.spread = f->spread;
    return status;
}

static enum VmExit run_fit(Fit *f)
{
    VmError error = {""};
    enum VmExit status = open_teachers(f);
    if (!status) status = load(f);
    if (!status && vm_outfile_make_folder(f->args->out_dir, &error)) {
        vm_message_error(f->messages, "%s", error.text);
        status = VM_EXIT_INTERNAL;
    }
    if (!status) status = fit(f);
    if (status) return status;
    print_fit(f);
    return save_all(f);
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    const FitArgs *args = opaque;
    const int untrained = args->learn.epochs.given && args->learn.epochs.value == 0;
    Fit f = {.args = args, .messages = messages};
    f.learn = (VmLearn){.args = &args->learn,
                        .arch = arch_of(args),
                        .conformal_level = NAN,
                        .conformal_q = NAN,
                        .loso_rmse = NAN,
                        .loso_worst = NAN,
                        .snapshot_every = args->snapshot_every};
    /* the published pipeline writes a file each epoch */
    if (!f.learn.snapshot_every && args->learn.recipe == VM_RECIPE_SEED && !args->no_export)
        f.learn.snapshot_every = 1;
    const enum VmExit status = untrained ? run_untrained(&f) : run_fit(&f);
    vm_learned_free(&f.learned);
    vm_split_free(&f.split);
    vm_dataset_free(f.dataset);
    vm_teacher_free(f.teacher);
    vm_teacher_free(f.spread);
    return status;
}

static const VmOption own_options[] = {
    {"model-arch", "NAME", "linear, mlp_small (6-16-8-1), mlp_medium (6-64-32-1)", VM_OPTION_TEXT,
     offsetof(FitArgs, arch), .initial = "mlp_small", .parse = vm_learn_parse_arch},
    {"layers", "LIST", "other widths, inputs first: 6,32,32,1", VM_OPTION_TEXT,
     offsetof(FitArgs, layers), .parse = vm_learn_parse_arch},
    {"out-dir", "DIR", "where the model, its log and its figures go", VM_OPTION_TEXT,
     offsetof(FitArgs, out_dir), .initial = "runs/tiny_nflx", .variable = "VMAF_TRAIN_OUT_DIR"},
    {"spread", "MODEL",
     "a collection whose spread is learned as a second output, e.g. "
     "version=vmaf_b_v0.6.3",
     VM_OPTION_TEXT, offsetof(FitArgs, spread)},
    {"snapshot-every", "N", "keep the model of every N-th epoch or iteration too", VM_OPTION_COUNT,
     offsetof(FitArgs, snapshot_every), 0, 1000000, .initial = "0"},
    {"no-export-onnx", NULL, "only the final model, no file for each epoch", VM_OPTION_FLAG,
     offsetof(FitArgs, no_export)},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"training", vm_learn_options, offsetof(FitArgs, learn)},
    {"split", vm_split_options, offsetof(FitArgs, split)},
    {"data", vm_data_options, offsetof(FitArgs, data)},
    {0},
};

const VmCommand vm_cmd_fit = {
    .name = "fit",
    .summary = "Trains a network on a corpus or a table and judges it on a source held out.",
    .tables = tables,
    .args_size = sizeof(FitArgs),
    .run = run,
};
