/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train compare: models ranked on the same rows; bisect: where a row of models went bad. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "compare.h"
#include "figures.h"
#include "judge_args.h"

typedef struct CompareArgs {
    VmDataArgs data;
    VmJudgeArgs judge;
    VmTexts models;
    const char *json;
    int fail_on_first;
    VmMaybe min_plcc, min_srocc, max_rmse;
} CompareArgs;

typedef struct Compare {
    const CompareArgs *args;
    VmMessages *messages;
    VmDataset *dataset;
    uint32_t *rows;
    size_t n;
    const char *split;
    VmCompared *models;
} Compare;

static json_t *compared_json(const Compare *c, const VmCompared *m)
{
    json_t *o = vm_evaluation_json(&m->evaluation, m->model, c->dataset, m->path, c->split);
    json_object_del(o, "worst_rows");
    return o;
}

static json_t *ranking_json(const Compare *c)
{
    const unsigned n = c->args->models.n;
    json_t *o = vm_metrics_json(&c->models[0].evaluation.all), *ranked = json_array(),
           *errors = json_array();
    json_object_set_new(o, "model", vm_json_text(c->models[0].path));
    for (unsigned i = 0; i < n; i++) {
        const VmCompared *m = &c->models[i];
        if (!m->code) json_array_append_new(ranked, compared_json(c, m));
        else
            json_array_append_new(errors, json_pack("{s:o,s:s}", "model", vm_json_text(m->path),
                                                    "error", m->error.text));
    }
    json_object_set_new(o, "ranked", ranked);
    json_object_set_new(o, "errors", errors);
    return o;
}

static void print_ranking(const Compare *c)
{
    vm_figures_title("model");
    for (unsigned i = 0; i < c->args->models.n; i++) {
        const VmCompared *m = &c->models[i];
        const char *slash = strrchr(m->path, '/');
        if (m->code) vm_message_error(c->messages, "%s: %s", m->path, m->error.text);
        else vm_figures_row(slash ? slash + 1 : m->path, &m->evaluation.all);
    }
}

static int is_json_only(const char *json)
{
    return json && !strcmp(json, "-");
}

static enum VmExit rank(Compare *c)
{
    VmError error = {""};
    const VmEvalOptions options = vm_judge_eval_options(&c->args->judge);
    const unsigned n = c->args->models.n;
    for (unsigned i = 0; i < n; i++) c->models[i].path = c->args->models.items[i];
    const int code = vm_compare(c->models, n, c->dataset, c->rows, c->n, &options, &error);
    if (code && code != -EINVAL) return vm_train_fail(c->messages, code, &error);
    if (!is_json_only(c->args->json) || code) print_ranking(c);
    if (code) return VM_EXIT_INPUT;
    enum VmExit status = VM_EXIT_OK;
    if (c->args->json) status = vm_json_save(ranking_json(c), c->args->json, c->messages);
    return status || !c->models[n - 1].code ? status : VM_EXIT_INPUT;
}

/* ---- bisect ---- */

static int is_good(const CompareArgs *args, const VmMetrics *m)
{
    if (args->min_plcc.given && !(m->plcc >= args->min_plcc.value)) return 0;
    if (args->min_srocc.given && !(m->srocc >= args->min_srocc.value)) return 0;
    return !args->max_rmse.given || m->rmse <= args->max_rmse.value;
}

static void print_verdict(const VmCompared *m, int good)
{
    const VmMetrics *all = &m->evaluation.all;
    printf("%s ", good ? "good" : "bad ");
    vm_figures_name(m->path);
    printf(": PLCC %.5f, SROCC %.5f, RMSE %.4f\n", all->plcc, all->srocc, all->rmse);
}

/* *good: whether model number i passes. */
static enum VmExit try_model(Compare *c, unsigned i, int *good)
{
    VmError error = {""};
    VmCompared *m = &c->models[i];
    VmEvalOptions options = vm_judge_eval_options(&c->args->judge);
    options.draws = 0;
    options.latency = 0;
    m->path = c->args->models.items[i];
    m->code = vm_compare(m, 1, c->dataset, c->rows, c->n, &options, &error);
    if (m->code) {
        vm_message_error(c->messages, "%s: %s", m->path, m->error.text);
        return VM_EXIT_INPUT;
    }
    *good = is_good(c->args, &m->evaluation.all);
    if (!is_json_only(c->args->json)) print_verdict(m, *good);
    return VM_EXIT_OK;
}

/* *first: number of the first bad model; n if there is none. */
static enum VmExit search(Compare *c, unsigned *first)
{
    unsigned low = 0, high = c->args->models.n - 1;
    int good = 0;
    enum VmExit status = try_model(c, low, &good);
    *first = low;
    if (status || !good) return status;
    status = try_model(c, high, &good);
    *first = c->args->models.n;
    if (status || good) return status;
    while (!status && high - low > 1) {
        const unsigned middle = low + (high - low) / 2;
        status = try_model(c, middle, &good);
        if (good) low = middle;
        else high = middle;
    }
    *first = high;
    return status;
}

static enum VmExit bisect(Compare *c)
{
    const unsigned n = c->args->models.n;
    unsigned first;
    enum VmExit status = search(c, &first);
    if (status) return status;
    const char *verdict = !first       ? "nothing to bisect: the first model is bad"
                          : first == n ? "no regression: the last model is good"
                                       : "first bad model";
    if (!is_json_only(c->args->json)) {
        printf("%s%s", verdict, first && first < n ? ": " : "");
        if (first && first < n) vm_figures_name(c->args->models.items[first]);
        printf("\n");
    }
    if (c->args->json) {
        json_t *o = json_pack("{s:s,s:o,s:o}", "verdict", verdict, "first_bad_index",
                              first < n ? json_integer(first) : json_null(), "first_bad",
                              first < n ? vm_json_text(c->args->models.items[first]) : json_null());
        status = vm_json_save(o, c->args->json, c->messages);
    }
    return status ? status : c->args->fail_on_first && first < n ? VM_EXIT_GATE : VM_EXIT_OK;
}

/* ---- the commands ---- */

static enum VmExit with_data(const CompareArgs *args, VmMessages *messages,
                             enum VmExit (*work)(Compare *))
{
    Compare c = {.args = args, .messages = messages};
    enum VmExit status = vm_dataset_load(&c.dataset, &args->data, messages);
    if (!status) status = vm_judge_rows(&args->judge, c.dataset, &c.rows, &c.n, &c.split, messages);
    c.models = vm_alloc_array(args->models.n, sizeof(*c.models));
    if (!status) status = c.models ? work(&c) : VM_EXIT_INTERNAL;
    if (c.models) vm_compared_free(c.models, args->models.n);
    vm_free(c.models);
    vm_free(c.rows);
    vm_dataset_free(c.dataset);
    return status;
}

static enum VmExit run_compare(const void *args, VmMessages *messages)
{
    return with_data(args, messages, rank);
}

static enum VmExit run_bisect(const void *opaque, VmMessages *messages)
{
    const CompareArgs *args = opaque;
    if (args->min_plcc.given + args->min_srocc.given + args->max_rmse.given == 1)
        return with_data(args, messages, bisect);
    vm_message_error(messages, "bisect takes one of --min-plcc, --min-srocc and --max-rmse");
    return VM_EXIT_USAGE;
}

#define AT(member) offsetof(CompareArgs, member)

static const VmOption compare_options[] = {
    {"json", "FILE", "the ranking; - is standard output, instead of the table", VM_OPTION_TEXT,
     AT(json)},
    {0},
};

static const VmOption bisect_options[] = {
    {"json", "FILE", "the verdict; - is standard output, instead of the text", VM_OPTION_TEXT,
     AT(json)},
    {"min-plcc", "X", "a model below that is bad", VM_OPTION_TEXT, AT(min_plcc),
     .parse = vm_judge_parse_limit},
    {"min-srocc", "X", "a model below that is bad", VM_OPTION_TEXT, AT(min_srocc),
     .parse = vm_judge_parse_limit},
    {"max-rmse", "X", "a model above that is bad", VM_OPTION_TEXT, AT(max_rmse),
     .parse = vm_judge_parse_limit},
    {"fail-on-first-bad", NULL, "exit 3 if there is a bad model", VM_OPTION_FLAG,
     AT(fail_on_first)},
    {0},
};

static const VmOptionTable compare_tables[] = {
    {"options", compare_options, 0},
    {"judgement", vm_judge_options, offsetof(CompareArgs, judge)},
    {"data", vm_data_options, offsetof(CompareArgs, data)},
    {0},
};

static const VmOptionTable bisect_tables[] = {
    {"options", bisect_options, 0},
    {"judgement", vm_judge_options, offsetof(CompareArgs, judge)},
    {"data", vm_data_options, offsetof(CompareArgs, data)},
    {0},
};

const VmCommand vm_cmd_compare = {
    .name = "compare",
    .summary = "Ranks models on the same rows.",
    .operands = "MODEL.onnx ...",
    .min_operands = 1,
    .operand_offset = offsetof(CompareArgs, models),
    .tables = compare_tables,
    .args_size = sizeof(CompareArgs),
    .run = run_compare,
};

const VmCommand vm_cmd_bisect = {
    .name = "bisect",
    .summary = "Finds the first bad one of models in the order they were made.",
    .operands = "MODEL.onnx ...",
    .min_operands = 2,
    .operand_offset = offsetof(CompareArgs, models),
    .tables = bisect_tables,
    .args_size = sizeof(CompareArgs),
    .run = run_bisect,
};
