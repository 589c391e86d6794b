/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "engine.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "suggest.h"

/* What the engine said last, or the code's own text. */
static const char *reason(const VmEngine *engine, int err)
{
    const char *text = engine->vmaf ? vmaf_ext_last_error(engine->vmaf) : "";

    return *text ? text : strerror(-err);
}

/* ---- setting up ---- */

/* The engine's errors come as return values; only its warnings are of interest here. */
static void relay_log(void *opaque, enum VmafLogLevel level, const char *text)
{
    if (level == VMAF_LOG_LEVEL_WARNING) vm_message_warn(opaque, "%s", text);
}

static enum VmExit open_engine(VmEngine *engine)
{
    VmafExtConfig cfg;

    vmaf_ext_config_default(&cfg);
    cfg.n_threads = engine->args->threads;
    cfg.n_subsample = engine->args->subsample;
    cfg.cpumask = engine->args->cpumask;
    cfg.chunk_first = engine->args->chunk_first;
    cfg.chunk_count = engine->args->chunk_count;
    cfg.log = relay_log;
    cfg.log_opaque = engine->messages;
    const int err = vmaf_ext_init(&engine->vmaf, &cfg);
    if (err < 0) vm_message_error(engine->messages, "cannot start the engine: %s", strerror(-err));
    return err < 0 ? VM_EXIT_INTERNAL : VM_EXIT_OK;
}

static int is_extractor(const char *name, VmSuggest *suggest)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};

    vm_suggest_start(suggest, name);
    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++) {
        if (!strcmp(info.name, name)) return 1;
        vm_suggest_offer(suggest, info.name);
    }
    return 0;
}

/* Features of libvmaf that are no spelling mistakes but not here either. */
static int is_missing(const char *name)
{
    static const char *const names[] = {"cambi",      "ciede",    "float_ansnr",  "float_moment",
                                        "float_psnr", "psnr_hvs", "speed_chroma", "speed_temporal"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], name)) return 1;
    return 0;
}

static enum VmExit check_extractor(const VmEngine *engine, const char *name, const char *preset)
{
    VmSuggest suggest;

    if (is_extractor(name, &suggest)) return VM_EXIT_OK;
    if (preset)
        vm_message_error(engine->messages,
                         "%s needs the feature \"%s\", which this engine does not compute yet",
                         preset, name);
    else if (is_missing(name))
        vm_message_error(engine->messages, "this engine does not compute the feature \"%s\" yet",
                         name);
    else if (suggest.best)
        vm_message_error(engine->messages, "no feature is named \"%s\"; did you mean \"%s\"?", name,
                         suggest.best);
    else
        vm_message_error(engine->messages,
                         "no feature is named \"%s\"; --list-features shows what there is", name);
    return VM_EXIT_INPUT;
}

/* Returns 0 and a dictionary that may be NULL, or -errno. */
static int fill_dictionary(const VmKeyList *list, VmafFeatureDictionary **dict)
{
    *dict = NULL;
    for (unsigned i = 0; i < list->n; i++) {
        const int err = vmaf_feature_dictionary_set(dict, list->item[i].key, list->item[i].value);
        if (err == 0) continue;
        (void)vmaf_feature_dictionary_free(dict);
        return err;
    }
    return 0;
}

static enum VmExit use_feature(VmEngine *engine, const VmFeatureArg *feature)
{
    VmafFeatureDictionary *dict;
    int err = fill_dictionary(&feature->options, &dict);

    if (!err) err = vmaf_use_feature(engine->vmaf, feature->name, dict);
    if (err)
        vm_message_error(engine->messages, "--feature %s: %s", feature->name, reason(engine, err));
    return vm_exit_of(err);
}

static const char *source_of(const VmModelArg *arg)
{
    return arg->tiny ? arg->tiny : arg->version ? arg->version : arg->path;
}

/* The engine's sentences name the model, but not those about one of its features. */
static enum VmExit refuse_model(const VmEngine *engine, const VmModelArg *arg, int err,
                                const char *why)
{
    const char *preset = arg->preset ? arg->preset : "", *colon = arg->preset ? ": " : "";

    if (!*why) why = strerror(-err);
    if (strstr(why, source_of(arg)))
        vm_message_error(engine->messages, "%s%s%s", preset, colon, why);
    else vm_message_error(engine->messages, "%s%smodel %s: %s", preset, colon, source_of(arg), why);
    return vm_exit_of(err);
}

static int is_known_version(const char *version, VmSuggest *suggest)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    vm_suggest_start(suggest, version);
    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++) {
        if (!strcmp(info.version, version)) return 1;
        vm_suggest_offer(suggest, info.version);
    }
    return 0;
}

static enum VmExit refuse_version(const VmEngine *engine, const char *version, const char *best)
{
    if (best)
        vm_message_error(engine->messages,
                         "no built-in model is named \"%s\"; did you mean \"%s\"?", version, best);
    else
        vm_message_error(
            engine->messages,
            "no built-in model is named \"%s\"; --list-models shows what there is, and "
            "path= takes a file",
            version);
    return VM_EXIT_INPUT;
}

/* Options of the model's features: "extractor.option=value". */
static enum VmExit overload(VmEngine *engine, VmModelSlot *slot, const VmKeyValue *item)
{
    VmafFeatureDictionary *dict = NULL;
    char extractor[64];
    const char *dot = strchr(item->key, '.');
    const size_t length = dot ? (size_t)(dot - item->key) : 0;

    if (!dot || !item->value) return VM_EXIT_OK;
    if (length >= sizeof(extractor)) return check_extractor(engine, item->key, NULL);
    memcpy(extractor, item->key, length);
    extractor[length] = 0;
    const enum VmExit status = check_extractor(engine, extractor, NULL);
    if (status) return status;

    int err = vmaf_feature_dictionary_set(&dict, dot + 1, item->value);
    if (!err && slot->collection)
        err =
            vmaf_model_collection_feature_overload(slot->model, &slot->collection, extractor, dict);
    else if (!err) err = vmaf_model_feature_overload(slot->model, extractor, dict);
    if (err)
        vm_message_error(engine->messages, "model \"%s\": %s=%s cannot be set: %s",
                         source_of(slot->arg), item->key, item->value, strerror(-err));
    return vm_exit_of(err);
}

static enum VmExit load_model(VmEngine *engine, VmModelSlot *slot)
{
    const VmModelArg *arg = slot->arg;
    VmafModelSpec spec;
    VmSuggest suggest;
    char error[512] = "";

    if (arg->version && !is_known_version(arg->version, &suggest))
        return refuse_version(engine, arg->version, suggest.best);
    vmaf_ext_model_spec_default(&spec);
    spec.version = arg->version;
    spec.path = arg->path;
    spec.name = arg->name;
    spec.flags = arg->flags;
    spec.tiny = arg->tiny;
    spec.verify = engine->args->tiny_verify;
    const int err =
        vmaf_ext_model_load(&slot->model, &slot->collection, &spec, error, sizeof(error));
    return err ? refuse_model(engine, arg, err, error) : VM_EXIT_OK;
}

/* With -n only tiny models do. */
static int predicts(const VmEngine *engine, const VmModelArg *arg)
{
    return !engine->args->no_prediction || arg->tiny;
}

static unsigned count_predicting(const VmEngine *engine)
{
    unsigned n = 0;

    for (unsigned i = 0; i < engine->args->n_models; i++)
        n += (unsigned)predicts(engine, &engine->args->models[i]);
    return n;
}

static void tell_about_models(const VmEngine *engine)
{
    const VmArgs *args = engine->args;

    if (args->without_effect)
        vm_message_note(engine->messages, "--%s has no effect: tiny models run on the processor",
                        args->without_effect);
    for (unsigned i = 0; i < args->n_models; i++)
        if (args->models[i].stands_in)
            vm_message_warn(
                engine->messages,
                "vmaf_v0.6.1 is not in this build; the score is that of %s, a small network "
                "distilled from it",
                args->models[i].tiny);
}

static enum VmExit use_model(VmEngine *engine, const VmModelArg *arg)
{
    VmModelSlot *slot = &engine->models[engine->n_models++];

    *slot = (VmModelSlot){.arg = arg};
    enum VmExit status = load_model(engine, slot);
    for (unsigned i = 0; !status && i < arg->list.n; i++)
        status = overload(engine, slot, &arg->list.item[i]);
    if (status) return status;

    int err = vmaf_use_features_from_model(engine->vmaf, slot->model);
    if (!err && slot->collection)
        err = vmaf_use_features_from_model_collection(engine->vmaf, slot->collection);
    return err ? refuse_model(engine, arg, err, reason(engine, err)) : VM_EXIT_OK;
}

enum VmExit vm_engine_open(VmEngine *engine, const VmArgs *args, VmMessages *messages)
{
    *engine = (VmEngine){.args = args, .messages = messages};
    enum VmExit status = VM_EXIT_OK;

    for (unsigned i = 0; !status && i < args->n_features; i++)
        status = check_extractor(engine, args->features[i].name, args->features[i].preset);
    if (!status) status = open_engine(engine);
    if (!status) tell_about_models(engine);
    for (unsigned i = 0; !status && i < args->n_models; i++)
        status = use_model(engine, &args->models[i]);
    for (unsigned i = 0; !status && i < args->n_features; i++)
        status = use_feature(engine, &args->features[i]);
    for (unsigned i = 0; !engine->judged && i < args->n_models; i++)
        if (predicts(engine, &args->models[i])) engine->judged = args->models[i].name;
    return status;
}

/* 0, or why no frame has the score that is judged. */
static int find_judged(const VmEngine *engine)
{
    VmafStats stats;

    vmaf_ext_stats_default(&stats);
    return vmaf_ext_stats(engine->vmaf, engine->judged, &stats);
}

/* Reports of features alone name no model; those of empty chunks and of -n may name some without scores. */
static enum VmExit check_judged(const VmEngine *engine)
{
    if (!engine->args->n_limits) return VM_EXIT_OK;
    if (!engine->judged) {
        vm_message_error(engine->messages,
                         "--fail-under needs a score, and the reports hold features only");
        return VM_EXIT_INPUT;
    }
    const int err = find_judged(engine);
    if (err == -ENOMEM) vm_message_error(engine->messages, "--fail-under: %s", reason(engine, err));
    else if (err)
        vm_message_error(
            engine->messages,
            "--fail-under needs a score, and the reports hold none of the model \"%s\"",
            engine->judged);
    return vm_exit_of(err);
}

enum VmExit vm_engine_merge(VmEngine *engine, const VmArgs *args, VmMessages *messages)
{
    char error[1024] = "";

    *engine = (VmEngine){.args = args, .messages = messages};
    const int err =
        vmaf_ext_merge(&engine->vmaf, args->reports, args->n_reports, error, sizeof(error));
    if (err) {
        vm_message_error(messages, "%s", *error ? error : strerror(-err));
        return vm_exit_of(err);
    }
    engine->judged = vmaf_ext_model_name(engine->vmaf, 0);
    return check_judged(engine);
}

void vm_engine_close(VmEngine *engine)
{
    if (engine->vmaf) (void)vmaf_close(engine->vmaf);
    for (unsigned i = 0; i < engine->n_models; i++) {
        vmaf_model_destroy(engine->models[i].model);
        vmaf_model_collection_destroy(engine->models[i].collection);
    }
    *engine = (VmEngine){0};
}

/* ---- results ---- */

static int pool_slot(VmEngine *engine, VmModelSlot *slot, unsigned first, unsigned last)
{
    const enum VmafPoolingMethod mean = VMAF_POOL_METHOD_MEAN;
    int err = vmaf_score_pooled(engine->vmaf, slot->model, mean, &slot->score, first, last);

    if (!err && slot->collection)
        err = vmaf_score_pooled_model_collection(engine->vmaf, slot->collection, mean,
                                                 &slot->spread, first, last);
    return err;
}

/* How many of frames first .. last --subsample leaves. */
static unsigned count_frames(const VmEngine *engine, unsigned first, unsigned last)
{
    const unsigned step = engine->args->subsample ? engine->args->subsample : 1;

    return last / step - first / step + (first % step == 0);
}

/* A model whose coefficients overflow gives no number, and what has none stands in no minimum. */
static void check_numbers(VmEngine *engine, const VmModelSlot *slot, unsigned n)
{
    VmafStats stats;

    vmaf_ext_stats_default(&stats);
    const int err = vmaf_ext_stats(engine->vmaf, slot->arg->name, &stats);
    const unsigned found = err ? 0 : stats.n;
    if (err == -ENOMEM || found >= n) return;
    vm_message_warn(engine->messages, "model \"%s\" gives no number for %u of %u frames",
                    source_of(slot->arg), n - found, n);
    if (!strcmp(slot->arg->name, engine->judged)) engine->is_incomplete = 1;
}

enum VmExit vm_engine_pool(VmEngine *engine, unsigned first, unsigned last)
{
    int err = 0;

    const unsigned n = count_frames(engine, first, last);
    engine->is_empty = !n;
    if (engine->is_empty)
        vm_message_note(engine->messages, "--subsample %u leaves no frame of the chunk",
                        engine->args->subsample);
    for (unsigned i = 0; !err && !engine->is_empty && i < engine->n_models; i++) {
        if (!predicts(engine, engine->models[i].arg)) continue;
        err = pool_slot(engine, &engine->models[i], first, last);
        if (err)
            vm_message_error(engine->messages, "model \"%s\" gives no score: %s",
                             source_of(engine->models[i].arg), reason(engine, err));
        else check_numbers(engine, &engine->models[i], n);
    }
    return vm_exit_of(err);
}

/* A number as the report would show it; text has room for 32 characters. */
static const char *format_number(const VmEngine *engine, double value, char text[32])
{
    const int precision = engine->args->precision;

    if (isnan(value)) (void)snprintf(text, 32, "no number");
    else if (precision == VMAF_PRECISION_LEGACY && fabs(value) < 1e15)
        (void)snprintf(text, 32, "%.6f", value);
    else (void)snprintf(text, 32, "%.*g", precision > 0 ? precision : 17, value);
    return text;
}

/* The name that was given; else the version or the file's name, which tell more than "vmaf". */
static void print_label(const VmModelArg *arg, FILE *out)
{
    const char *text = arg->named ? arg->name : source_of(arg);
    const char *slash = arg->named || arg->version ? NULL : strrchr(text, '/');

    vm_message_put_plain(slash ? slash + 1 : text, out);
}

static void print_score(const VmEngine *engine, const VmModelSlot *slot, FILE *out)
{
    char number[4][32];

    print_label(slot->arg, out);
    fprintf(out, ": %s", format_number(engine, slot->score, number[0]));
    if (slot->collection)
        fprintf(out, " (bagging %s, stddev %s, 95%% interval %s to %s)",
                format_number(engine, slot->spread.bootstrap.bagging_score, number[0]),
                format_number(engine, slot->spread.bootstrap.stddev, number[1]),
                format_number(engine, slot->spread.bootstrap.ci.p95.lo, number[2]),
                format_number(engine, slot->spread.bootstrap.ci.p95.hi, number[3]));
    fputc('\n', out);
}

/* A score without a value in any frame has no line. */
static enum VmExit print_mean(VmEngine *engine, const char *name, FILE *out)
{
    VmafStats stats;
    char number[32];

    vmaf_ext_stats_default(&stats);
    const int err = vmaf_ext_stats(engine->vmaf, name, &stats);
    if (err == -ENOMEM) {
        vm_message_error(engine->messages, "no mean of %s: %s", name, reason(engine, err));
        return VM_EXIT_INTERNAL;
    }
    if (!err) {
        vm_message_put_plain(name, out);
        fprintf(out, ": %s\n", format_number(engine, stats.mean, number));
    }
    return VM_EXIT_OK;
}

/* The library has no list of feature names; the head of its CSV report is one: "Frame,a,b,". */
static enum VmExit print_features(VmEngine *engine, FILE *out)
{
    VmafReportConfig cfg;
    char *text = NULL, *rest = NULL;
    size_t size;
    enum VmExit status = VM_EXIT_OK;

    vmaf_ext_report_config_default(&cfg);
    cfg.format = VMAF_OUTPUT_FORMAT_CSV;
    const int err = vmaf_ext_report_print(engine->vmaf, &cfg, &text, &size);
    if (err) {
        vm_message_error(engine->messages, "no features: %s", reason(engine, err));
        return vm_exit_of(err);
    }
    text[strcspn(text, "\n")] = 0;
    (void)strtok_r(text, ",", &rest); /* "Frame" */
    for (const char *name; !status && (name = strtok_r(NULL, ",", &rest));)
        status = print_mean(engine, name, out);
    vmaf_ext_free(text);
    return status;
}

enum VmExit vm_engine_print(VmEngine *engine, FILE *out)
{
    if (engine->is_empty) return VM_EXIT_OK;
    const int is_merge = engine->args->action == VM_MERGE;

    /* of -n there are features only */
    const int has_models = is_merge && engine->judged && find_judged(engine) != -EINVAL;

    if (has_models) {
        const char *name;
        enum VmExit status = VM_EXIT_OK;
        for (unsigned i = 0; !status && (name = vmaf_ext_model_name(engine->vmaf, i)); i++)
            status = print_mean(engine, name, out);
        return status;
    }
    if (!is_merge && count_predicting(engine)) {
        for (unsigned i = 0; i < engine->n_models; i++)
            if (predicts(engine, engine->models[i].arg))
                print_score(engine, &engine->models[i], out);
        return VM_EXIT_OK;
    }
    const int has_report = engine->args->output || engine->args->report_on_stdout;
    return has_report ? VM_EXIT_OK : print_features(engine, out);
}

/* ---- limits ---- */

static int value_of(VmEngine *engine, const VmLimit *limit, double *value)
{
    const char *name = engine->judged;
    VmafStats stats;

    if (limit->percentile > 0)
        return vmaf_ext_percentile(engine->vmaf, name, limit->percentile, value);
    vmaf_ext_stats_default(&stats);
    const int err = vmaf_ext_stats(engine->vmaf, name, &stats);
    *value = !strcmp(limit->key, "mean")            ? stats.mean
             : !strcmp(limit->key, "harmonic_mean") ? stats.harmonic_mean
             : !strcmp(limit->key, "min")           ? stats.min
                                                    : stats.max;
    return err;
}

enum VmExit vm_engine_check_limits(VmEngine *engine)
{
    enum VmExit status = VM_EXIT_OK;

    if (engine->is_empty && engine->args->n_limits) {
        vm_message_error(engine->messages,
                         "--fail-under needs a score, and no frame of the chunk has one");
        return VM_EXIT_INPUT;
    }
    for (unsigned i = 0; i < engine->args->n_limits; i++) {
        const VmLimit *limit = &engine->args->limits[i];
        double value = 0;
        const int err = value_of(engine, limit, &value);
        if (err && !(err == -ENODATA && engine->is_incomplete)) {
            vm_message_error(engine->messages, "--fail-under %s: %s", limit->key,
                             reason(engine, err));
            return VM_EXIT_INTERNAL;
        }
        if (value >= limit->value && !engine->is_incomplete) continue;
        if (engine->is_incomplete)
            vm_message_error(engine->messages, "%s of %s is unknown: frames have no number",
                             limit->key, engine->judged);
        else
            vm_message_error(engine->messages, "%s of %s is %.6f, under the limit %.10g",
                             limit->key, engine->judged, value, limit->value);
        status = VM_EXIT_GATE;
    }
    return status;
}
