/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train validate-norm, profile, cross-level, audit: looking after finished models. */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "cpu.h"
#include "feature_set.h"
#include "figures.h"
#include "judge_args.h"
#include "rng.h"
#include "tiny/registry.h"

typedef struct ToolArgs {
    VmDataArgs data;
    VmTexts models;
    const char *json, *folder;
    unsigned rows, iterations;
    uint64_t seed;
    int strict;
} ToolArgs;

static int json_only(const ToolArgs *args)
{
    return args->json && !strcmp(args->json, "-");
}

static enum VmExit finish(const ToolArgs *args, json_t *json, enum VmExit status,
                          VmMessages *messages)
{
    if (!args->json) {
        json_decref(json);
        return status;
    }
    const enum VmExit saved = vm_json_save(json, args->json, messages);
    return saved ? saved : status;
}

/* ---- validate-norm ---- */

typedef struct Norm {
    double mean, std;        /* declared */
    double data_mean, share; /* of the data; share of rows further than 3 deviations off */
} Norm;

static void measure(const VmDataset *d, unsigned column, Norm *norm)
{
    size_t far = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double x = (double)d->x[i * d->width + column];
        norm->data_mean += x / (double)d->n;
        far += fabs(x - norm->mean) > 3 * norm->std;
    }
    norm->share = (double)far / (double)d->n;
}

static enum VmExit show_norm(const ToolArgs *args, const VmTiny *model, const VmDataset *d,
                             VmMessages *messages)
{
    unsigned column[VM_TINY_MAX_FEATURES] = {0}, n, warnings = 0;
    double mean[VM_TINY_MAX_FEATURES] = {0}, std[VM_TINY_MAX_FEATURES] = {0};
    VmError error = {""};
    const char *const *names = vm_tiny_features(model, &n);
    json_t *list = json_array();
    int code = vm_evaluate_columns(model, d, column, &error);
    if (!code && (!vm_tiny_numbers(model, "input_mean", mean, n) ||
                  !vm_tiny_numbers(model, "input_std", std, n)))
        code = vm_fail(&error, -EINVAL, "%s does not say what its inputs were trained on",
                       args->models.items[0]);
    for (unsigned j = 0; !code && j < n; j++) {
        Norm norm = {.mean = mean[j], .std = std[j]};
        measure(d, column[j], &norm);
        const int bad = fabs(norm.data_mean - norm.mean) > norm.std || norm.share > 0.05;
        warnings += (unsigned)bad;
        if (bad)
            vm_message_warn(
                messages,
                "%s: mean %.4g here, %.4g +- %.4g in training; %.1f %% of the rows are more "
                "than 3 deviations off",
                names[j], norm.data_mean, norm.mean, norm.std, 100 * norm.share);
        json_array_append_new(list, json_pack("{s:s,s:f,s:f,s:f,s:f,s:b}", "feature", names[j],
                                              "declared_mean", norm.mean, "declared_std", norm.std,
                                              "mean", norm.data_mean, "beyond_3_std", norm.share,
                                              "warning", bad));
    }
    if (code) {
        json_decref(list);
        return vm_train_fail(messages, code, &error);
    }
    if (!json_only(args)) printf("%u of %u features differ from the training data\n", warnings, n);
    json_t *o = json_pack("{s:i,s:o}", "warnings", (int)warnings, "features", list);
    return finish(args, o, args->strict && warnings ? VM_EXIT_GATE : VM_EXIT_OK, messages);
}

static enum VmExit run_norm(const void *opaque, VmMessages *messages)
{
    const ToolArgs *args = opaque;
    VmDataset *d = NULL;
    VmTiny *model = NULL;
    enum VmExit status = vm_dataset_load(&d, &args->data, messages);
    if (!status) status = vm_judge_open(&model, args->models.items[0], d, messages);
    if (!status) status = show_norm(args, model, d, messages);
    vm_tiny_free(model);
    vm_dataset_free(d);
    return status;
}

/* ---- profile ---- */

static enum VmExit run_profile(const void *opaque, VmMessages *messages)
{
    static const size_t rows[] = {1, 240, 4096};
    const ToolArgs *args = opaque;
    VmTiny *model = NULL;
    json_t *list = json_array();
    enum VmExit status = vm_judge_open(&model, args->models.items[0], NULL, messages);
    if (!status && !json_only(args))
        printf("%-12s %6s %12s %12s %12s\n", "level", "rows", "p50 ns", "p95 ns", "ns a row");
    for (int level = 0; !status && level <= (int)vm_cpu_level(0); level++) {
        vm_tiny_level(model, (VmCpuLevel)level);
        for (size_t k = 0; !status && k < VM_COUNT(rows); k++) {
            VmLatency latency;
            if (vm_evaluate_latency(model, rows[k], args->iterations, &latency))
                status = VM_EXIT_INTERNAL;
            const char *name = vm_cpu_name((VmCpuLevel)level);
            if (!json_only(args))
                printf("%-12s %6zu %12.0f %12.0f %12.1f\n", name, rows[k], latency.p50, latency.p95,
                       latency.p50 / (double)rows[k]);
            json_array_append_new(list, json_pack("{s:s,s:i,s:f,s:f}", "level", name, "rows",
                                                  (int)rows[k], "p50_ns", latency.p50, "p95_ns",
                                                  latency.p95));
        }
    }
    vm_tiny_free(model);
    return finish(args, json_pack("{s:o}", "profile", list), status, messages);
}

/* ---- cross-level ---- */

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Scores at each level, compared bit by bit with those of the first. */
static int compare_levels(VmTiny *model, const float *x, size_t n, float *scores, json_t *list)
{
    int worst = 0;
    for (int level = 0; level <= (int)vm_cpu_level(0); level++) {
        size_t differ = 0;
        vm_tiny_level(model, (VmCpuLevel)level);
        if (vm_tiny_run(model, x, n, scores + (level ? n : 0), NULL)) return -ENOMEM;
        for (size_t i = 0; level && i < n; i++)
            differ += bits_of(scores[i]) != bits_of(scores[n + i]);
        worst |= differ != 0;
        json_array_append_new(list, json_pack("{s:s,s:i}", "level", vm_cpu_name((VmCpuLevel)level),
                                              "differing_rows", (int)differ));
    }
    return worst;
}

/* Half of the rows are like those of videos, half anything at all. */
static float *random_rows(const VmTiny *model, size_t n, uint64_t seed)
{
    unsigned width;
    (void)vm_tiny_features(model, &width);
    float *x = vm_alloc_array(n * width + 1, sizeof(*x));
    VmRng rng = vm_rng(seed, 0);
    for (size_t i = 0; x && i < n * width; i++)
        x[i] = (float)(i / width % 2 ? vm_rng_uniform(&rng) : 10 * vm_rng_normal(&rng));
    return x;
}

static enum VmExit run_cross(const void *opaque, VmMessages *messages)
{
    const ToolArgs *args = opaque;
    VmTiny *model = NULL;
    json_t *list = json_array();
    enum VmExit status = vm_judge_open(&model, args->models.items[0], NULL, messages);
    float *x = status ? NULL : random_rows(model, args->rows, args->seed);
    float *scores = vm_alloc_array(2 * (size_t)args->rows, sizeof(*scores));
    const int differ =
        status || !x || !scores ? 0 : compare_levels(model, x, args->rows, scores, list);
    if (!status && (!x || !scores || differ < 0)) status = VM_EXIT_INTERNAL;
    if (!status && !json_only(args))
        printf("%zu levels on %u rows: %s\n", json_array_size(list), args->rows,
               differ ? "they differ" : "equal in every bit");
    if (!status && differ) status = VM_EXIT_GATE;
    vm_free(x);
    vm_free(scores);
    vm_tiny_free(model);
    return finish(args, json_pack("{s:b,s:o}", "identical", !differ, "levels", list), status,
                  messages);
}

/* ---- audit ---- */

typedef struct Audit {
    const ToolArgs *args;
    VmMessages *messages;
    json_t *list;
    unsigned faults, warnings;
    int lost; /* there was no memory to look at one, or to report it */
} Audit;

/* A feature that the engine computes, under the name it has in models. */
static int is_known(const char *name)
{
    VmFeatureSet set = {0};
    VmError error = {""};
    const int code = vm_feature_set_parse(&set, name, &error);
    vm_feature_set_free(&set);
    return !code;
}

static const char *const states[] = {"ok", "warning", "fault"};

static void report(Audit *a, const char *name, int state, const char *reason, unsigned width)
{
    a->faults += state == 2;
    a->warnings += state == 1;
    json_t *o = json_pack("{s:o,s:s,s:s,s:i}", "model", vm_json_text(name), "state", states[state],
                          "reason", reason, "features", (int)width);
    if (json_array_append_new(a->list, o)) a->lost = 1;
    if (json_only(a->args)) return;
    printf("%-8s ", states[state]);
    vm_figures_name(name);
    printf("%s%s\n", *reason ? ": " : "", reason);
}

static void audit_model(Audit *a, const char *path, const char *name)
{
    VmError error = {""};
    VmTiny *model = NULL;
    unsigned n = 0;
    int code = vm_tiny_open(&model, path, &error);
    const char *const *features = code ? NULL : vm_tiny_features(model, &n);
    for (unsigned j = 0; !code && j < n; j++)
        if (!is_known(features[j]))
            code = vm_fail(&error, -EINVAL, "it reads %s, which this engine does not compute",
                           features[j]);
    VmError registry = {""};
    const int unregistered = !code && vm_registry_verify(model, path, &registry);
    const int untrained =
        !code && vm_tiny_meta(model, "trained") && !strcmp(vm_tiny_meta(model, "trained"), "0");
    const char *reason = code           ? error.text
                         : untrained    ? "it is not trained"
                         : unregistered ? registry.text
                                        : "";
    report(a, name, code ? 2 : *reason != 0, reason, n);
    vm_tiny_free(model);
}

static int is_model(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    return n > 5 && entry->d_name[0] != '.' && !strcmp(entry->d_name + n - 5, ".onnx");
}

static enum VmExit run_audit(const void *opaque, VmMessages *messages)
{
    const ToolArgs *args = opaque;
    Audit a = {.args = args, .messages = messages, .list = json_array()};
    struct dirent **entries = NULL;
    const int n = scandir(args->folder, &entries, is_model, alphasort);
    if (n < 0) {
        vm_message_error(messages, "cannot list %s: %s", args->folder, strerror(errno));
        json_decref(a.list);
        return VM_EXIT_INPUT;
    }
    for (int i = 0; i < n; i++) {
        char *path = vm_path_in(args->folder, entries[i]->d_name, messages);
        if (path) audit_model(&a, path, entries[i]->d_name);
        else a.lost = 1;
        vm_free(path);
        free(entries[i]);
    }
    free(entries);
    if (!json_only(args))
        printf("%d models, %u with faults, %u with warnings\n", n, a.faults, a.warnings);
    json_t *o = json_pack("{s:i,s:i,s:i,s:o}", "models", n, "faults", (int)a.faults, "warnings",
                          (int)a.warnings, "audit", a.list);
    const int failed = a.faults || (args->strict && a.warnings);
    return finish(args, o,
                  a.lost   ? VM_EXIT_INTERNAL
                  : failed ? VM_EXIT_GATE
                           : VM_EXIT_OK,
                  messages);
}

/* ---- the commands ---- */

#define AT(member) offsetof(ToolArgs, member)
#define JSON_OPTION                                                                                \
    {                                                                                              \
        "json", "FILE", "the findings; - is standard output, instead of the text", VM_OPTION_TEXT, \
            AT(json)                                                                               \
    }
#define ONE_MODEL                                                                                  \
    .operands = "MODEL.onnx", .min_operands = 1, .max_operands = 1, .operand_offset = AT(models),  \
    .args_size = sizeof(ToolArgs)

static const VmOption norm_options[] = {
    JSON_OPTION,
    {"fail-on-warning", NULL, "exit 3 if a feature differs", VM_OPTION_FLAG, AT(strict)},
    {0},
};

static const VmOption profile_options[] = {
    JSON_OPTION,
    {"iters", "N", "calls of each kind", VM_OPTION_COUNT, AT(iterations), 1, 1000000,
     .initial = "200"},
    {0},
};

static const VmOption cross_options[] = {
    JSON_OPTION,
    {"n-rows", "N", "random rows", VM_OPTION_COUNT, AT(rows), 1, 10000000, .initial = "4096"},
    {"seed", "N", "of the rows", VM_OPTION_LARGE, AT(seed), 0, VM_SEED_MAX, .initial = "0"},
    {0},
};

static const VmOption audit_options[] = {
    JSON_OPTION,
    {"model-dir", "DIR", "its .onnx files are looked at", VM_OPTION_TEXT, AT(folder),
     .initial = "models/tiny", .variable = "VMAF_TINY_MODEL_DIR"},
    {"fail-on-warning", NULL, "exit 3 for warnings too", VM_OPTION_FLAG, AT(strict)},
    {0},
};

static const VmOptionTable norm_tables[] = {
    {"options", norm_options, 0}, {"data", vm_data_options, offsetof(ToolArgs, data)}, {0}};
static const VmOptionTable profile_tables[] = {{"options", profile_options, 0}, {0}};
static const VmOptionTable cross_tables[] = {{"options", cross_options, 0}, {0}};
static const VmOptionTable audit_tables[] = {{"options", audit_options, 0}, {0}};

const VmCommand vm_cmd_norm = {
    .name = "validate-norm",
    .summary = "Compares what a model was trained on with the features of data.",
    .tables = norm_tables,
    .run = run_norm,
    ONE_MODEL,
};

const VmCommand vm_cmd_profile = {
    .name = "profile",
    .summary = "Times a model at every level of the processor.",
    .tables = profile_tables,
    .run = run_profile,
    ONE_MODEL,
};

const VmCommand vm_cmd_cross = {
    .name = "cross-level",
    .summary = "Checks that every level of the processor gives the same bits.",
    .tables = cross_tables,
    .run = run_cross,
    ONE_MODEL,
};

const VmCommand vm_cmd_audit = {
    .name = "audit",
    .summary = "Opens every model of a folder: operations, features, digests.",
    .tables = audit_tables,
    .args_size = sizeof(ToolArgs),
    .run = run_audit,
};
