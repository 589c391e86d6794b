/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train fit: trains one network and says how good it is on the source that was held out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "corpus.h"
#include "evaluate.h"
#include "fit_folder.h"
#include "mos_table.h"
#include "progress.h"

typedef struct FitArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmSplitArgs split;
    VmArch arch, layers; /* layers.inputs 0: not given */
    const char *out_dir, *spread, *mos;
    unsigned snapshot_every;
    int no_export;
    int pool; /* number of the word in VM_POOL_WORDS */
} FitArgs;

typedef struct Fit {
    const FitArgs *args;
    VmMessages *messages;
    VmDataset *dataset; /* NULL: corpus-free */
    VmSplit split;
    VmTeacher *teacher, *spread;
    VmFitFolder job;
} Fit;

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

/* Clips with viewers' scores take the place of their rows. */
static enum VmExit pool(Fit *f)
{
    VmError error = {""};
    VmDataset *pooled = NULL;
    unsigned n_missing;
    const int code = vm_mos_table(&pooled, f->dataset, f->args->mos, vm_pool_method(f->args->pool),
                                  &n_missing, &error);
    if (code) return vm_train_fail(f->messages, code, &error);
    if (n_missing)
        vm_message_warn(f->messages, "%u clips have no score in %s", n_missing, f->args->mos);
    vm_dataset_free(f->dataset);
    f->dataset = pooled;
    return VM_EXIT_OK;
}

static enum VmExit load(Fit *f)
{
    const double start = vm_clock();
    VmError error = {""};
    VmLearn *learn = &f->job.learn;
    enum VmExit status = vm_dataset_load(&f->dataset, &f->args->data, f->messages);
    if (!status && f->args->mos) status = pool(f);
    if (status) return status;
    f->job.load_seconds = vm_clock() - start;
    status = vm_train_split(&f->split, &learn->held_out, f->dataset, &f->args->split, f->messages);
    if (status) return status;
    learn->dataset = f->dataset;
    learn->rows = f->split.rows[VM_PART_TRAIN];
    learn->n = f->split.n[VM_PART_TRAIN];
    f->job.val = f->split.rows[VM_PART_VAL];
    f->job.n_val = f->split.n[VM_PART_VAL];
    const char *constant = vm_learn_constant_feature(f->dataset, learn->rows, learn->n);
    if (constant)
        vm_message_warn(f->messages,
                        "%s has the same value in all training rows: they say nothing of it",
                        constant);
    return vm_train_fail(f->messages, vm_learn_check_overlap(f->dataset, &error), &error);
}

static enum VmExit open_teachers(Fit *f)
{
    VmError error = {""};
    enum VmExit status =
        vm_train_teacher(&f->teacher, &f->args->learn, f->args->data.teacher, f->messages);
    /* a student of the teacher is where learning from viewers begins */
    if (!status && vm_learn_target(&f->args->learn) == VM_TARGET_MOS)
        status = vm_train_fail(f->messages,
                               vm_teacher_open(&f->teacher, f->args->data.teacher, &error), &error);
    if (!status && f->args->spread)
        status = vm_train_fail(f->messages, vm_teacher_open(&f->spread, f->args->spread, &error),
                               &error);
    f->job.learn.teacher = f->teacher;
    f->job.learn.spread = f->spread;
    return status;
}

static enum VmExit fit(Fit *f)
{
    enum VmExit status = open_teachers(f);
    if (!status && !f->args->learn.corpus_free) status = load(f);
    return status ? status : vm_fit_folder(&f->job, f->messages);
}

static VmFitFolder job_of(const FitArgs *args)
{
    VmFitFolder job = {.folder = args->out_dir, .no_export = args->no_export};
    job.origin = args->data.data ? args->data.data : args->data.data_root;
    job.learn = (VmLearn){.args = &args->learn,
                          .arch = args->layers.inputs ? &args->layers : &args->arch,
                          .conformal_level = NAN,
                          .conformal_q = NAN,
                          .loso_rmse = NAN,
                          .loso_worst = NAN,
                          .snapshot_every = args->snapshot_every};
    /* the published pipeline writes a file each epoch */
    if (!args->snapshot_every && args->learn.recipe == VM_RECIPE_SEED) job.learn.snapshot_every = 1;
    return job;
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    const FitArgs *args = opaque;
    Fit f = {.args = args, .messages = messages, .job = job_of(args)};
    if (args->mos && vm_learn_target(&args->learn) != VM_TARGET_MOS) {
        vm_message_error(messages, "--mos wants --target mos");
        return VM_EXIT_USAGE;
    }
    if (args->learn.epochs.given && args->learn.epochs.value == 0) {
        count_samples(args, messages);
        return vm_fit_folder_untrained(&f.job, messages);
    }
    const enum VmExit status = fit(&f);
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
    {"mos", "FILE", "viewers' scores of clips, lines key,mos; with --target mos", VM_OPTION_TEXT,
     offsetof(FitArgs, mos)},
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
