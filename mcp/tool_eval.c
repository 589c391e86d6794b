/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* eval_model_on_split and compare_models: tiny models judged on rows whose truth is known. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evaluate.h"
#include "rpc.h"
#include "table_file.h"
#include "toolbox.h"
#include "tools.h"

enum { MODELS_MAX = 64, DRAWS = 200 };

static const char *const splits[] = {"train", "val", "test", "all", NULL};

#define TABLE_ARGS                                                                                 \
    {"features", VM_ARG_STRING, VM_ARG_REQUIRED,                                                   \
     "CSV or NPY table (a column for each feature of the model, and vmaf or mos), or the folder "  \
     "of a corpus (ref/, dis/), whose rows come from the tiny-AI cache."},                         \
        {"split",                                                                                  \
         VM_ARG_STRING,                                                                            \
         0,                                                                                        \
         "Part of the table, by the digest of each row's key: test and val are a tenth each.",     \
         "\"test\"",                                                                               \
         splits},                                                                                  \
    {                                                                                              \
        "input_name", VM_ARG_STRING, 0, "Taken for compatibility: a model has one input.",         \
            "\"features\""                                                                         \
    }

static const VmArg eval_arguments[] = {
    {"model", VM_ARG_STRING, VM_ARG_REQUIRED,
     "Tiny model, an .onnx file beneath an allowed folder."},
    TABLE_ARGS,
    {0},
};

static const VmArg compare_arguments[] = {
    {"models", VM_ARG_STRINGS, VM_ARG_REQUIRED, "Tiny models to rank.", NULL, NULL,
     VM_ARG_WITHIN(1, MODELS_MAX)},
    TABLE_ARGS,
    {0},
};

#define EVAL_MEMBERS                                                                               \
    {"model", VM_ARG_STRING, VM_ARG_REQUIRED, "As given."},                                        \
        {"features", VM_ARG_STRING, VM_ARG_REQUIRED, "As given."},                                 \
        {"split", VM_ARG_STRING, VM_ARG_REQUIRED, "As given."},                                    \
        {"n", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Rows."},                                           \
        {"plcc", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Pearson's correlation."},      \
        {"srocc", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Spearman's correlation."},    \
        {"krocc", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Kendall's tau-b."},           \
        {"rmse", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Root of the mean squared error."},               \
        {"mae", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Mean absolute error."},                           \
        {"max_error", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Largest error."},                           \
        {"ci95", VM_ARG_OBJECT, VM_ARG_REQUIRED,                                                   \
         "95 % intervals [low, high] by drawing clips; null where clips are too few."},            \
        {"latency_ns", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Median time of one row, one call."},       \
        {"columns", VM_ARG_STRINGS, VM_ARG_REQUIRED, "What the model reads, in its order."},       \
    {                                                                                              \
        "model_sha256", VM_ARG_STRING, VM_ARG_REQUIRED, "Digest of the file."                      \
    }

static const VmArg eval_output[] = {EVAL_MEMBERS, {0}};

static const VmArg output_error[] = {
    {"model", VM_ARG_STRING, VM_ARG_REQUIRED, "As given."},
    {"error", VM_ARG_STRING, VM_ARG_REQUIRED, "Why it could not be judged."},
    {0},
};

static const VmArg compare_output[] = {
    {"ranked", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "By plcc, the highest first.",
     .members = eval_output},
    {"errors", VM_ARG_OBJECTS, VM_ARG_REQUIRED,
     "Models that could not be judged, in the order given.", .members = output_error},
    {0},
};

/* ---- one model ---- */

/* What the calls of vm_evaluate() ask between two pieces of work. */
typedef struct Stop {
    atomic_int stopped;
    VmWatch watch;
} Stop;

static void on_stop(void *opaque)
{
    atomic_store((atomic_int *)opaque, 1);
}

static int open_model(const VmRoots *roots, const char *path, VmTiny **model, VmError *error)
{
    const char *name;
    const int folder = vm_roots_open_parent(roots, path, &name, error);

    if (folder < 0) return folder;
    const int code = vm_tiny_open_at(model, folder, name, path, error);
    close(folder);
    return code;
}

static int join_features(const VmTiny *model, VmText *list)
{
    unsigned n;
    const char *const *names = vm_tiny_features(model, &n);

    for (unsigned i = 0; i < n; i++) vm_text_add(list, "%s%s", i ? "," : "", names[i]);
    return list->failed || !list->data ? -ENOMEM : 0;
}

static json_t *intervals_json(const VmIntervals *ci)
{
    json_t *all = json_object();

    for (int k = 0; k < VM_N_METRICS; k++)
        (void)json_object_set_new(
            all, vm_metric_name((enum VmMetric)k),
            ci->draws[k] ? json_pack("[oo]", vm_real_json(ci->lo[k]), vm_real_json(ci->hi[k]))
                         : json_null());
    return all;
}

static json_t *columns_json(const VmTiny *model)
{
    unsigned n;
    const char *const *names = vm_tiny_features(model, &n);
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++) vm_tools_append(&list, json_string(names[i]));
    return list;
}

static json_t *report(const VmCall *call, const char *path, const VmTiny *model,
                      const VmEvaluation *e)
{
    const VmMetrics *m = &e->all;

    return json_pack("{ss ss ss sI so so so so so so so so so ss}", "model", path, "features",
                     vm_call_string(call, "features"), "split", vm_call_string(call, "split"), "n",
                     (json_int_t)e->n, "plcc", vm_real_json(m->plcc), "srocc",
                     vm_real_json(m->srocc), "krocc", vm_real_json(m->krocc), "rmse",
                     vm_real_json(m->rmse), "mae", vm_real_json(m->mae), "max_error",
                     vm_real_json(m->max_error), "ci95", intervals_json(&e->ci), "latency_ns",
                     vm_real_json(e->row_1.p50), "columns", columns_json(model), "model_sha256",
                     vm_tiny_sha256(model));
}

static int evaluate(const VmCall *call, const char *path, const VmTiny *model,
                    const VmTableFile *table, Stop *stop, json_t **result, VmError *error)
{
    VmEvaluation e = {0};
    const VmEvalOptions options = {.draws = table->dataset->n_clips > 1 ? DRAWS : 0,
                                   .latency = 1,
                                   .n_threads = 1,
                                   .watch = &stop->watch};

    const int code = vm_evaluate(&e, model, table->dataset, table->rows, table->n, &options, error);
    if (!code) *result = report(call, path, model, &e);
    vm_evaluation_free(&e);
    return code ? code : *result ? 0 : vm_fail_memory(error);
}

static void tell_notes(VmCall *call, const char *path, const VmTiny *model)
{
    unsigned n;
    const char *const *notes = vm_tiny_notes(model, &n);

    for (unsigned i = 0; i < n; i++) (void)vm_call_warn(call, "%.160s: %s", path, notes[i]);
}

static int read_and_evaluate(VmCall *call, const char *path, Stop *stop, json_t **result,
                             VmError *error)
{
    const VmToolbox *box = vm_call_toolbox(call);
    VmTiny *model = NULL;
    VmTableFile table = {NULL};
    VmText list = {0};

    int code = open_model(&box->roots, path, &model, error);
    if (!code) tell_notes(call, path, model);
    if (!code && join_features(model, &list)) code = vm_fail_memory(error);
    if (!code)
        code = vm_table_file_open(&table, &box->roots, vm_call_string(call, "features"), list.data,
                                  vm_call_string(call, "split"), &stop->watch, error);
    if (!code) code = evaluate(call, path, model, &table, stop, result, error);
    vm_table_file_close(&table);
    vm_text_free(&list);
    vm_tiny_free(model);
    return code;
}

static int judge(VmCall *call, const char *path, Stop *stop, json_t **result, VmError *error)
{
    const int code = vm_watch_cancelled(&stop->watch)
                         ? -ECANCELED
                         : read_and_evaluate(call, path, stop, result, error);

    if (code && vm_call_stopped(call) == VM_STOP_TIMEOUT)
        return vm_fail(error, code,
                       "time ran out before the model was judged: take a smaller table or part");
    return code;
}

static void on_progress(void *opaque, double done, double total, const char *what)
{
    vm_call_progress(opaque, done, total, what);
}

static void start(VmCall *call, Stop *stop)
{
    *stop = (Stop){.watch = {.cancelled = &stop->stopped, .progress = on_progress, .opaque = call}};
    vm_call_on_stop(call, on_stop, &stop->stopped);
}

/* ---- the tools ---- */

static int run_eval(VmCall *call)
{
    Stop stop;
    VmError error = {{0}};
    json_t *result = NULL;

    start(call, &stop);
    const int code = judge(call, vm_call_string(call, "model"), &stop, &result, &error);
    vm_call_on_stop(call, NULL, NULL);
    return code ? vm_call_fail(call, code, "%s", error.text) : vm_call_result(call, result);
}

static double plcc_of(const json_t *entry)
{
    const json_t *plcc = json_object_get(entry, "plcc");

    return json_is_number(plcc) ? json_number_value(plcc) : -2; /* below all correlations */
}

/* Before the first entry that is worse; equal ones stay in the order given. As vm_tools_append(). */
static void insert_ranked(json_t **ranked, json_t *entry)
{
    size_t at = 0;

    while (at < json_array_size(*ranked) && plcc_of(json_array_get(*ranked, at)) >= plcc_of(entry))
        at++;
    if (*ranked && json_array_insert_new(*ranked, at, entry)) {
        json_decref(*ranked);
        *ranked = NULL;
    }
}

static int run_compare(VmCall *call)
{
    const json_t *models = json_object_get(vm_call_args(call), "models"), *item;
    json_t *ranked = json_array(), *errors = json_array();
    Stop stop;
    size_t i;

    start(call, &stop);
    json_array_foreach(models, i, item)
    {
        const char *path = json_string_value(item);
        VmError error = {{0}};
        json_t *entry = NULL;
        vm_call_progress(call, (double)i, (double)json_array_size(models), path);
        const int code = judge(call, path, &stop, &entry, &error);
        if (!code) insert_ranked(&ranked, entry);
        else
            vm_tools_append(&errors, json_pack("{ss so}", "model", path, "error",
                                               vm_rpc_string(error.text, strlen(error.text))));
    }
    vm_call_on_stop(call, NULL, NULL);
    if (json_array_size(errors) && !json_array_size(ranked)) {
        const char *why = json_string_value(json_object_get(json_array_get(errors, 0), "error"));
        const int code =
            vm_call_fail(call, -EINVAL, "no model could be judged: %s", why ? why : "");
        json_decref(ranked);
        json_decref(errors);
        return code;
    }
    return vm_call_result(call, json_pack("{so so}", "ranked", ranked, "errors", errors));
}

const VmTool vm_tool_eval_model_on_split = {
    .name = "eval_model_on_split",
    .title = "Judge a tiny model",
    .description = "Runs a tiny model (ONNX) on a table of features and answers with its "
                   "correlations (PLCC, SROCC, KROCC), errors, 95 % intervals and time for a "
                   "row. Tables are CSV or NPY; Parquet has to be converted.",
    .flags = VM_TOOL_LONG,
    .arguments = eval_arguments,
    .output = eval_output,
    .run = run_eval,
};

const VmTool vm_tool_compare_models = {
    .name = "compare_models",
    .title = "Rank tiny models",
    .description = "Judges several tiny models on the same rows and ranks them by PLCC. A model "
                   "that cannot be "
                   "judged is told under errors; the others are ranked all the same.",
    .flags = VM_TOOL_LONG,
    .arguments = compare_arguments,
    .output = compare_output,
    .run = run_compare,
};
