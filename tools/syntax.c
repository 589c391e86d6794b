/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Arguments with a syntax of their own: --model, --feature, --fail-under and the presets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "number.h"
#include "suggest.h"

/* One more zeroed element behind n; the array moves. Returns NULL without memory. */
static void *grow(void *array, unsigned n, size_t size, void **moved)
{
    char *grown = realloc(array, (n + 1) * size);

    if (!grown) return NULL;
    *moved = grown;
    return memset(grown + n * size, 0, size);
}

/* ---- --model ---- */

static int parse_switch(VmArgs *args, VmModelArg *model, const VmKeyValue *item, uint64_t flag)
{
    if (!item->value || !strcmp(item->value, "true")) model->flags |= flag;
    else if (!strcmp(item->value, "false")) model->flags &= ~flag;
    else
        return vm_args_fail(args, "--model: %s is true or false, not \"%s\"", item->key,
                            item->value);
    return 0;
}

static int refuse_key(VmArgs *args, const char *key)
{
    static const char *const keys[] = {"version", "path", "name", "disable_clip",
                                       "enable_transform"};
    VmSuggest suggest;

    vm_suggest_start(&suggest, key);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) vm_suggest_offer(&suggest, keys[i]);
    if (suggest.best)
        return vm_args_fail(args, "--model: unknown key \"%s\"; did you mean %s?", key,
                            suggest.best);
    return vm_args_fail(args,
                        "--model: unknown key \"%s\"; there are version=, path=, name=, "
                        "disable_clip, enable_transform and extractor.option=",
                        key);
}

static int set_model_item(VmArgs *args, VmModelArg *model, unsigned i)
{
    const VmKeyValue *item = &model->list.item[i];
    const char **text = !strcmp(item->key, "version") ? &model->version
                        : !strcmp(item->key, "path")  ? &model->path
                        : !strcmp(item->key, "name")  ? &model->name
                                                      : NULL;

    if (!strcmp(item->key, "disable_clip"))
        return parse_switch(args, model, item, VMAF_MODEL_FLAG_DISABLE_CLIP);
    if (!strcmp(item->key, "enable_transform"))
        return parse_switch(args, model, item, VMAF_MODEL_FLAG_ENABLE_TRANSFORM);
    if (!item->value && !text && i == 0) { /* "--model vmaf_v0.6.1" */
        model->version = item->key;
        return 0;
    }
    if (!text && !strchr(item->key, '.')) return refuse_key(args, item->key);
    if (!item->value || !*item->value)
        return vm_args_fail(args, "--model: %s= needs a value", item->key);
    if (text) *text = item->value;
    return 0;
}

int vm_args_add_model(VmArgs *args, const char *text, const char *preset)
{
    void *moved = args->models;

    if (args->n_models == VM_MODELS_MAX)
        return vm_args_fail(args, "--model: at most %d models can be given", VM_MODELS_MAX);
    VmModelArg *model = grow(args->models, args->n_models, sizeof(*args->models), &moved);
    args->models = moved;
    if (!model) return -ENOMEM;
    args->n_models++;
    if (preset && !(model->preset = strdup(preset))) return -ENOMEM;

    int err = vm_keylist_parse(&model->list, text);
    for (unsigned i = 0; !err && i < model->list.n; i++) err = set_model_item(args, model, i);
    if (err) return err;
    if (!model->version && !model->path)
        return vm_args_fail(args, "--model: \"%s\" has neither version= nor path=", text);
    model->named = model->name != NULL;
    if (!model->named) model->name = "vmaf";
    return 0;
}

/* ---- --tiny-model ---- */

static int set_tiny_item(VmArgs *args, VmModelArg *model, unsigned i)
{
    const VmKeyValue *item = &model->list.item[i];

    if (!item->value && i == 0) {
        model->tiny = item->key;
        return 0;
    }
    if (strcmp(item->key, "name") != 0 || !item->value || !*item->value)
        return vm_args_fail(
            args,
            "--tiny-model: \"%s\" is not name=...; a colon in a path is written \\:", item->key);
    model->name = item->value;
    return 0;
}

/* The name in reports of a model that was given none: the id, or the file's name without ".onnx". */
static const char *tiny_name(VmModelArg *model)
{
    const char *slash = strrchr(model->tiny, '/'), *name = slash ? slash + 1 : model->tiny;
    const size_t n = strlen(name), cut = n > 5 && !strcmp(name + n - 5, ".onnx") ? n - 5 : n;

    free(model->made);
    return model->made = strndup(name, cut);
}

int vm_args_add_tiny(VmArgs *args, const char *text)
{
    void *moved = args->models;

    if (args->n_models == VM_MODELS_MAX)
        return vm_args_fail(args, "--tiny-model: at most %d models can be given", VM_MODELS_MAX);
    VmModelArg *model = grow(args->models, args->n_models, sizeof(*args->models), &moved);
    args->models = moved;
    if (!model) return -ENOMEM;
    args->n_models++;
    int err = vm_keylist_parse(&model->list, text);
    for (unsigned i = 0; !err && i < model->list.n; i++) err = set_tiny_item(args, model, i);
    if (err) return err;
    if (!model->tiny || !*model->tiny)
        return vm_args_fail(args, "--tiny-model: \"%s\" names no model", text);
    model->named = 1;
    if (!model->name) model->name = tiny_name(model);
    return model->name ? 0 : -ENOMEM;
}

/* ---- --feature ---- */

int vm_args_add_feature(VmArgs *args, const char *text, const char *preset)
{
    void *moved = args->features;
    const size_t length = strcspn(text, "=");
    VmFeatureArg *feature = grow(args->features, args->n_features, sizeof(*args->features), &moved);

    args->features = moved;
    if (!feature) return -ENOMEM;
    args->n_features++;
    if (preset && !(feature->preset = strdup(preset))) return -ENOMEM;
    feature->name = strndup(text, length);
    if (!feature->name) return -ENOMEM;
    if (!length) return vm_args_fail(args, "--feature: \"%s\" begins with no name", text);

    const int err = vm_keylist_parse(&feature->options, text + length + (text[length] == '='));
    if (err) return err;
    for (unsigned i = 0; i < feature->options.n; i++) {
        const VmKeyValue *item = &feature->options.item[i];
        if (!item->value || !*item->key)
            return vm_args_fail(
                args, "--feature: \"%s\" should read name=option=value:option=value", text);
    }
    return 0;
}

/* ---- --fail-under ---- */

static int parse_limit_key(VmArgs *args, VmLimit *limit)
{
    static const char *const keys[] = {"mean", "harmonic_mean", "min", "max"};
    uint64_t percentile;
    VmSuggest suggest;

    limit->percentile = -1;
    vm_suggest_start(&suggest, limit->key);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (!strcmp(limit->key, keys[i])) return 0;
        vm_suggest_offer(&suggest, keys[i]);
    }
    if (*limit->key == 'p' && vm_number_decimal(limit->key + 1, 99, &percentile) == 0 &&
        percentile > 0) {
        limit->percentile = (int)percentile;
        return 0;
    }
    if (suggest.best)
        return vm_args_fail(args, "--fail-under: unknown key \"%s\"; did you mean %s?", limit->key,
                            suggest.best);
    return vm_args_fail(args,
                        "--fail-under: unknown key \"%s\"; there are mean, harmonic_mean, min, "
                        "max and p1 to p99",
                        limit->key);
}

/* text is "key=value" without a comma. */
static int add_limit(VmArgs *args, const char *text)
{
    void *moved = args->limits;
    const size_t length = strcspn(text, "=");
    VmLimit *limit = grow(args->limits, args->n_limits, sizeof(*args->limits), &moved);

    args->limits = moved;
    if (!limit) return -ENOMEM;
    args->n_limits++;
    if (length == 0 || length >= sizeof(limit->key) || text[length] != '=')
        return vm_args_fail(args, "--fail-under: \"%s\" should read like mean=93 or p5=80", text);
    memcpy(limit->key, text, length);
    const int err = parse_limit_key(args, limit);
    if (err) return err;
    if (vm_number_real(text + length + 1, &limit->value) < 0)
        return vm_args_fail(args, "--fail-under: \"%s\" of %s is not a number", text + length + 1,
                            limit->key);
    return 0;
}

int vm_args_add_limits(VmArgs *args, const char *text)
{
    char *copy = strdup(text), *rest = copy;
    int err = copy ? 0 : -ENOMEM;

    if (copy && !*copy) err = add_limit(args, copy);
    for (char *item; !err && (item = strtok_r(rest, ",", &rest));) err = add_limit(args, item);
    free(copy);
    return err;
}

/* ---- presets ---- */

static int add_features(VmArgs *args, const char *const *features, const char *preset)
{
    int err = 0;

    for (; !err && *features; features++) err = vm_args_add_feature(args, *features, preset);
    return err;
}

/* version is "vN.0"; returns N, or 0 if it is not from v1.0 to v<last>.0. */
static int major_of(const char *version, int last)
{
    const int major =
        version[0] == 'v' && version[1] >= '1' && version[1] <= '0' + last ? version[1] - '0' : 0;

    return major && !strcmp(version + 2, ".0") ? major : 0;
}

int vm_args_add_aom_ctc(VmArgs *args, const char *version)
{
    const int major = major_of(version, 7);
    const char *const features[] = {
        "psnr=reduced_hbd_peak=true:enable_apsnr=true:min_sse=0.5",
        "ciede",
        major == 7 ? "float_ssim=scale=1:enable_db=true:clip_db=true"
                   : "float_ssim=enable_db=true:clip_db=true",
        "float_ms_ssim=enable_db=true:clip_db=true",
        "psnr_hvs",
        major >= 3 ? "cambi" : NULL,
        NULL,
    };
    char preset[32];

    if (!strcmp(version, "proposed"))
        return vm_args_fail(args, "--aom_ctc: \"proposed\" became v1.0; give that");
    if (!major)
        return vm_args_fail(args, "--aom_ctc: \"%s\" is not one of v1.0, v2.0 ... v7.0", version);
    (void)snprintf(preset, sizeof(preset), "--aom_ctc v%d.0", major);
    int err = vm_args_add_model(args, "version=vmaf_v0.6.1:name=vmaf", preset);
    if (!err) err = vm_args_add_model(args, "version=vmaf_v0.6.1neg:name=vmaf_neg", preset);
    return err ? err : add_features(args, features, preset);
}

int vm_args_add_nflx_ctc(VmArgs *args, const char *version)
{
    static const char preset[] = "--nflx_ctc v1.0";
    static const char *const features[] = {
        "psnr=enable_chroma=true:enable_apsnr=true",
        "float_ssim=enable_db=true:clip_db=true",
        "cambi",
        NULL,
    };

    if (!major_of(version, 1)) return vm_args_fail(args, "--nflx_ctc: \"%s\" is not v1.0", version);
    int err = vm_args_add_model(args, "version=vmaf_4k_v0.6.1:name=vmaf", preset);
    if (!err) err = vm_args_add_model(args, "version=vmaf_4k_v0.6.1neg:name=vmaf_neg", preset);
    return err ? err : add_features(args, features, preset);
}
