/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* train_model: a tiny model from a table of features or a corpus; the only tool that writes a
 * file. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "evaluate.h"
#include "learn.h"
#include "progress.h"
#include "split.h"
#include "table_file.h"
#include "toolbox.h"
#include "tools.h"

static const char *const recipes[] = {"best", "seed", NULL};
static const char *const targets[] = {"raw", "clipped", "mos", NULL};

static const VmArg arguments[] = {
    {"features", VM_ARG_STRING, VM_ARG_REQUIRED,
     "CSV or NPY table (columns key, source, the features, vmaf and vmaf_raw, or mos), or the "
     "folder of a corpus (ref/, dis/), whose rows are computed and cached."},
    {"output", VM_ARG_STRING, VM_ARG_REQUIRED,
     "New .onnx file beneath an allowed folder; a file that is there already stays."},
    {"columns", VM_ARG_STRING, 0,
     "Features the model reads: canonical, or names with commas between.", "\"canonical\""},
    {"arch", VM_ARG_STRING, 0,
     "linear, mlp_small (16, 8), mlp_medium (64, 32), or widths like 6,32,32,1.", "\"mlp_small\""},
    {"target", VM_ARG_STRING, 0,
     "What to predict: raw (the teacher's score before the clip), clipped, or mos (the table's "
     "truth).",
     "\"raw\"", targets},
    {"teacher", VM_ARG_STRING, 0, "Built-in model that gave the scores and labels queries.",
     "\"vmaf_v0.6.1\""},
    {"recipe", VM_ARG_STRING, 0, "best, or seed: how the published models were made.", "\"best\"",
     recipes},
    {"hold_out", VM_ARG_STRING, 0,
     "Source that does not train and judges the model; without it all rows train."},
    {"epochs", VM_ARG_INTEGER, 0, "Of Adam (recipe seed).", NULL, NULL, VM_ARG_WITHIN(1, 100000)},
    {"restarts", VM_ARG_INTEGER, 0, "Starts, of which the best is kept.", NULL, NULL,
     VM_ARG_WITHIN(1, 1000)},
    {"seed", VM_ARG_INTEGER, 0, "Of all that is random: equal seeds give equal files.", "0", NULL,
     VM_ARG_AT_LEAST(0)},
    {0},
};

static const VmArg output_figures[] = {
    {"n", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Rows."},
    {"plcc", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Pearson's correlation."},
    {"srocc", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Spearman's correlation."},
    {"rmse", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Root of the mean squared error."},
    {"max_error", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Largest error."},
    {0},
};

static const VmArg output[] = {
    {"model", VM_ARG_STRING, VM_ARG_REQUIRED, "The file that was written."},
    {"bytes", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Its size."},
    {"sha256", VM_ARG_STRING, VM_ARG_REQUIRED, "Its digest."},
    {"arch", VM_ARG_STRING, VM_ARG_REQUIRED, "Architecture."},
    {"parameters", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Weights and biases."},
    {"seconds", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Time it took, reading included."},
    {"trained_on", VM_ARG_OBJECT, VM_ARG_REQUIRED,
     "Figures on the rows that trained: how well it fits.", .members = output_figures},
    {"held_out", VM_ARG_OBJECT, VM_ARG_NULLABLE,
     "Figures on the source that did not: how well it predicts.", .members = output_figures},
    {0},
};

/* One training from the arguments to the file. */
typedef struct Training {
    VmCall *call;
    VmLearnArgs args;
    VmArch arch;
    VmTableFile table;
    VmSplit split;
    VmTeacher *teacher;
    VmLearned learned;
    VmWatch watch;
    atomic_int stopped;
    VmError error;
} Training;

static void on_stop(void *opaque)
{
    atomic_store((atomic_int *)opaque, 1);
}

static void on_progress(void *opaque, double done, double total, const char *what)
{
    vm_call_progress(opaque, done, total, what);
}

/* ---- before ---- */

static VmMaybe maybe(const VmCall *call, const char *name)
{
    const int64_t value = vm_call_integer(call, name, -1);

    return (VmMaybe){value >= 0, (double)value};
}

static int number_of(const char *const *words, const char *word)
{
    int i = 0;

    while (words[i] && strcmp(words[i], word) != 0) i++;
    return i;
}

static int take_arguments(Training *t)
{
    const VmCall *call = t->call;

    /* the choices stand in the order of the trainer's enums */
    t->args = (VmLearnArgs){.recipe = number_of(recipes, vm_call_string(call, "recipe")),
                            .optimizer = VM_OPTIMIZER_AUTO,
                            .huber = INFINITY,
                            .epochs = maybe(call, "epochs"),
                            .restarts = maybe(call, "restarts"),
                            .target = {1, number_of(targets, vm_call_string(call, "target"))},
                            .batch = 256,
                            .rate = 1e-3,
                            .seed = (uint64_t)vm_call_integer(call, "seed", 0)};
    return vm_arch_parse(&t->arch, vm_call_string(call, "arch"), &t->error);
}

/* A built-in one: a path would be opened by the trainer, without regard to the roots. */
static int open_teacher(Training *t)
{
    const char *name = vm_call_string(t->call, "teacher");
    char spec[160];

    if (!vm_learn_asks_teacher(&t->args)) return 0;
    if (!strncmp(name, "version=", 8)) name += 8;
    if (strpbrk(name, "=/:"))
        return vm_fail(&t->error, -EINVAL,
                       "the teacher is the name of a built-in model, see list_models");
    (void)snprintf(spec, sizeof(spec), "version=%.100s", name);
    return vm_teacher_open(&t->teacher, spec, &t->error);
}

static int split_rows(Training *t)
{
    const char *source = vm_call_string(t->call, "hold_out");
    int group = -1;

    if (source) VM_TRY(group = vm_split_find(t->table.dataset, source, &t->error));
    if (vm_split_group(&t->split, t->table.dataset, group)) return vm_fail_memory(&t->error);
    return vm_split_check(&t->split, VM_PART_TRAIN, &t->error);
}

static int prepare(Training *t)
{
    const VmToolbox *box = vm_call_toolbox(t->call);

    VM_TRY(vm_roots_check_new(&box->roots, vm_call_string(t->call, "output"), &t->error));
    VM_TRY(take_arguments(t));
    VM_TRY(open_teacher(t));
    VM_TRY(vm_table_file_open(&t->table, &box->roots, vm_call_string(t->call, "features"),
                              vm_call_string(t->call, "columns"), "all", &t->watch, &t->error));
    VM_TRY(split_rows(t));
    return vm_call_string(t->call, "hold_out") ? vm_learn_check_overlap(t->table.dataset, &t->error)
                                               : 0;
}

/* ---- after ---- */

static int figures(Training *t, enum VmPart part, json_t **result)
{
    VmEvaluation e = {0};
    /* a network that clips, as the best recipe makes them, never meets a truth beyond the clip */
    const int clips = isfinite(t->learned.fitted.hi);
    const VmEvalOptions options = {.raw = !clips && vm_learn_target(&t->args) == VM_TARGET_RAW,
                                   .n_threads = 1,
                                   .watch = &t->watch};

    const int code = vm_evaluate(&e, t->learned.model, t->table.dataset, t->split.rows[part],
                                 t->split.n[part], &options, &t->error);
    if (!code)
        *result = json_pack("{sI so so so so}", "n", (json_int_t)e.n, "plcc",
                            vm_real_json(e.all.plcc), "srocc", vm_real_json(e.all.srocc), "rmse",
                            vm_real_json(e.all.rmse), "max_error", vm_real_json(e.all.max_error));
    vm_evaluation_free(&e);
    return code ? code : *result ? 0 : vm_fail_memory(&t->error);
}

static json_t *describe(const Training *t, double seconds, json_t *trained, json_t *held_out)
{
    return json_pack("{ss sI ss ss sI so so so}", "model", vm_call_string(t->call, "output"),
                     "bytes", (json_int_t)t->learned.size, "sha256",
                     vm_tiny_sha256(t->learned.model), "arch", t->arch.name, "parameters",
                     (json_int_t)t->learned.fitted.mlp.n_params, "seconds",
                     json_real(round(seconds * 1000) / 1000), "trained_on", trained, "held_out",
                     held_out ? held_out : json_null());
}

static int learn(Training *t)
{
    const VmLearn what = {.args = &t->args,
                          .arch = &t->arch,
                          .dataset = t->table.dataset,
                          .rows = t->split.rows[VM_PART_TRAIN],
                          .n = t->split.n[VM_PART_TRAIN],
                          .teacher = t->teacher,
                          .held_out = vm_call_string(t->call, "hold_out"),
                          .conformal_level = NAN,
                          .conformal_q = NAN,
                          .loso_rmse = NAN,
                          .loso_worst = NAN,
                          .watch = &t->watch};

    return vm_learn(&t->learned, &what, &t->error);
}

static int train(Training *t)
{
    const VmToolbox *box = vm_call_toolbox(t->call);
    const double start = vm_clock();
    json_t *trained = NULL, *held_out = NULL;

    VM_TRY(prepare(t));
    VM_TRY(learn(t));
    int code = figures(t, VM_PART_TRAIN, &trained);
    if (!code && t->split.n[VM_PART_VAL]) code = figures(t, VM_PART_VAL, &held_out);
    if (!code)
        code = vm_roots_create_file(&box->roots, vm_call_string(t->call, "output"), t->learned.onnx,
                                    t->learned.size, &t->error);
    if (!code) return vm_call_result(t->call, describe(t, vm_clock() - start, trained, held_out));
    json_decref(trained);
    json_decref(held_out);
    return code;
}

static void close_training(Training *t)
{
    vm_learned_free(&t->learned);
    vm_teacher_free(t->teacher);
    vm_split_free(&t->split);
    vm_table_file_close(&t->table);
}

static int check_output(VmCall *call)
{
    const char *path = vm_call_string(call, "output");
    const size_t length = strlen(path);

    if (length > 5 && !strcmp(path + length - 5, ".onnx")) return 0;
    return vm_call_fail(call, -EINVAL, "output should be the name of a new .onnx file");
}

static int run(VmCall *call)
{
    Training t = {.call = call,
                  .watch = {.cancelled = &t.stopped, .progress = on_progress, .opaque = call}};

    VM_TRY(check_output(call));
    vm_call_on_stop(call, on_stop, &t.stopped);
    const int code = train(&t);
    vm_call_on_stop(call, NULL, NULL);
    if (code && atomic_load(&t.stopped) && vm_call_stopped(call) == VM_STOP_TIMEOUT)
        (void)vm_call_fail(call, code,
                           "time ran out before the model was trained: take a smaller arch, fewer "
                           "restarts or epochs; nothing was written");
    else if (code)
        (void)vm_call_fail(call, code, "%s", *t.error.text ? t.error.text : strerror(-code));
    close_training(&t);
    return code;
}

const VmTool vm_tool_train_model = {
    .name = "train_model",
    .title = "Train a tiny model",
    .description = "Trains a small network that predicts a quality score from elementary features, "
                   "and writes it as a new ONNX file for vmaf_score's tiny_models. Rows come "
                   "from a table or from a corpus of videos. hold_out keeps one source away "
                   "from the training and reports how well it is predicted. Equal data and seed "
                   "give equal files.",
    .flags = VM_TOOL_LONG | VM_TOOL_WRITES,
    .arguments = arguments,
    .output = output,
    .run = run,
};
