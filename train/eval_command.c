/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train eval: how well a model follows the truth of any data. */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "figures.h"
#include "html_report.h"
#include "judge_args.h"
#include "outfile.h"

typedef struct EvalArgs {
    VmDataArgs data;
    VmJudgeArgs judge;
    VmTexts models;
    const char *model, *json, *out_dir, *html;
    VmMaybe min_plcc, min_srocc, max_rmse, max_error;
} EvalArgs;

typedef struct Eval {
    const EvalArgs *args;
    VmMessages *messages;
    const char *path, *split;
    VmDataset *dataset;
    uint32_t *rows;
    size_t n;
    VmTiny *model;
    VmEvaluation e;
} Eval;

static enum VmExit find_model(Eval *v)
{
    const EvalArgs *args = v->args;
    v->path = args->models.n ? args->models.items[0] : args->model;
    if (v->path && !(args->models.n && args->model)) return VM_EXIT_OK;
    vm_message_error(v->messages, v->path ? "the model is given twice" : "eval needs a model");
    return VM_EXIT_USAGE;
}

static void print_intervals(const VmIntervals *ci)
{
    if (!ci->draws[VM_PLCC]) return;
    printf("95 %% over clips:");
    for (int k = 0; k < VM_N_METRICS; k++)
        if (ci->draws[k])
            printf(" %s %.5f..%.5f%s", vm_metric_name((enum VmMetric)k), ci->lo[k], ci->hi[k],
                   k + 1 < VM_N_METRICS ? "," : "");
    printf("\n");
}

static void print(const Eval *v)
{
    const VmEvaluation *e = &v->e;
    vm_figures_evaluation(e);
    print_intervals(&e->ci);
    printf("worst source: %s, RMSE %.4f\n", e->sources[e->worst_source].source,
           e->sources[e->worst_source].metrics.rmse);
    printf("latency: %.0f ns a row, %.2f us for 240 rows (p50)\n", e->row_1.p50,
           e->rows_240.p50 * 1e-3);
    if (isfinite(e->out_of_box) && e->out_of_box > 0)
        printf("outside the model's box: %.2f %% of the rows; its answers there are not to be "
               "trusted\n",
               100 * e->out_of_box);
}

static enum VmExit save(const Eval *v)
{
    const EvalArgs *args = v->args;
    VmError error = {""};
    enum VmExit status = VM_EXIT_OK;
    if (args->json)
        status = vm_json_save(vm_evaluation_json(&v->e, v->model, v->dataset, v->path, v->split),
                              args->json, v->messages);
    if (!status && args->html)
        status = vm_html_save(&v->e, v->model, v->dataset, v->path, args->html, v->messages);
    if (status || !args->out_dir) return status;
    if (vm_outfile_make_folder(args->out_dir, &error)) {
        vm_message_error(v->messages, "%s", error.text);
        return VM_EXIT_INTERNAL;
    }
    char *json = vm_path_in(args->out_dir, "eval_report.json", v->messages);
    char *html = json ? vm_path_in(args->out_dir, "report.html", v->messages) : NULL;
    status = html ? VM_EXIT_OK : VM_EXIT_INTERNAL;
    if (!status)
        status = vm_json_save(vm_evaluation_json(&v->e, v->model, v->dataset, v->path, v->split),
                              json, v->messages);
    if (!status) status = vm_html_save(&v->e, v->model, v->dataset, v->path, html, v->messages);
    vm_free(json);
    vm_free(html);
    return status;
}

/* A figure that is not defined passes no gate. */
static int fails(const Eval *v, const char *name, double value, const VmMaybe *limit, int is_least)
{
    if (!limit->given) return 0;
    const int ok = is_least ? value >= limit->value : value <= limit->value;
    if (!ok)
        vm_message_error(v->messages, "gate: %s is %.6g, and the limit is %.6g", name, value,
                         limit->value);
    return !ok;
}

static enum VmExit check_gates(const Eval *v)
{
    const EvalArgs *args = v->args;
    const VmMetrics *m = &v->e.all;
    const int failed = fails(v, "PLCC", m->plcc, &args->min_plcc, 1) +
                       fails(v, "SROCC", m->srocc, &args->min_srocc, 1) +
                       fails(v, "RMSE", m->rmse, &args->max_rmse, 0) +
                       fails(v, "the largest error", m->max_error, &args->max_error, 0);
    return failed ? VM_EXIT_GATE : VM_EXIT_OK;
}

static enum VmExit evaluate(Eval *v)
{
    VmError error = {""};
    const VmEvalOptions options = vm_judge_eval_options(&v->args->judge);
    enum VmExit status = find_model(v);
    if (!status) status = vm_dataset_load(&v->dataset, &v->args->data, v->messages);
    if (!status) status = vm_judge_open(&v->model, v->path, v->dataset, v->messages);
    if (!status)
        status =
            vm_judge_rows(&v->args->judge, v->dataset, &v->rows, &v->n, &v->split, v->messages);
    if (!status)
        status = vm_train_fail(
            v->messages, vm_evaluate(&v->e, v->model, v->dataset, v->rows, v->n, &options, &error),
            &error);
    if (status) return status;
    if (!v->args->json || v->args->json[0] != '-' || v->args->json[1]) print(v);
    status = save(v);
    return status ? status : check_gates(v);
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    Eval v = {.args = opaque, .messages = messages};
    const enum VmExit status = evaluate(&v);
    vm_evaluation_free(&v.e);
    vm_tiny_free(v.model);
    vm_free(v.rows);
    vm_dataset_free(v.dataset);
    return status;
}

#define AT(member) offsetof(EvalArgs, member)

static const VmOption own_options[] = {
    {"model", "FILE", "the ONNX file, unless it follows the options", VM_OPTION_TEXT, AT(model)},
    {"json", "FILE", "the report; - is standard output, instead of the table", VM_OPTION_TEXT,
     AT(json)},
    {"html", "FILE", "a page with plots", VM_OPTION_TEXT, AT(html)},
    {"out-dir", "DIR", "eval_report.json and report.html go there", VM_OPTION_TEXT, AT(out_dir)},
    {"min-plcc", "X", "exit 3 below that", VM_OPTION_TEXT, AT(min_plcc),
     .parse = vm_judge_parse_limit},
    {"min-srocc", "X", "exit 3 below that", VM_OPTION_TEXT, AT(min_srocc),
     .parse = vm_judge_parse_limit},
    {"max-rmse", "X", "exit 3 above that", VM_OPTION_TEXT, AT(max_rmse),
     .parse = vm_judge_parse_limit},
    {"max-error", "X", "exit 3 if a row is further off", VM_OPTION_TEXT, AT(max_error),
     .parse = vm_judge_parse_limit},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"judgement", vm_judge_options, offsetof(EvalArgs, judge)},
    {"data", vm_data_options, offsetof(EvalArgs, data)},
    {0},
};

const VmCommand vm_cmd_eval = {
    .name = "eval",
    .summary = "Says how well a model follows the teacher on a corpus or a table.",
    .operands = "MODEL.onnx",
    .min_operands = 0,
    .max_operands = 1,
    .operand_offset = offsetof(EvalArgs, models),
    .tables = tables,
    .args_size = sizeof(EvalArgs),
    .run = run,
};
