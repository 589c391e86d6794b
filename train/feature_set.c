/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "feature_set.h"

#include <string.h>

#include "suggest.h"

static const char canonical[] = "adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2";
static const char full[] =
    "adm2,adm_scale0,adm_scale1,adm_scale2,adm_scale3,vif_scale0,vif_scale1,vif_scale2,vif_scale3,"
    "motion,motion2,motion3,psnr_y,psnr_cb,psnr_cr,float_ssim,float_ms_ssim,cambi,ciede2000,"
    "psnr_hvs,ssimulacra2";

static int check_name(const char *name, const char *list, VmError *error)
{
    const size_t length = strlen(name);

    if (length == 0) return vm_fail(error, -EINVAL, "there is an empty name in \"%s\"", list);
    if (length <= VM_DATASET_NAME_MAX &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length)
        return 0;
    return vm_fail(error, -EINVAL, "\"%.100s\" is no name of a feature: letters, digits, _ . -",
                   name);
}

int vm_feature_names(const char *list, VmList *names, VmError *error)
{
    const char *at = !strcmp(list, "full") ? full : strcmp(list, "canonical") ? list : canonical;

    for (;;) {
        const size_t length = strcspn(at, ",");
        char *name = vm_printf("%.*s", (int)length, at);
        if (vm_list_add(names, name) < 0) return vm_fail_memory(error);
        VM_TRY(check_name(name, list, error));
        if (!at[length]) return 0;
        at += length + 1;
    }
}

/* The fixed-point features are known without their "integer_". */
static const char *short_name(const char *score)
{
    static const char prefix[] = "integer_";

    return strncmp(score, prefix, sizeof(prefix) - 1) ? score : score + sizeof(prefix) - 1;
}

/* Offers all scores, which a context tells that every extractor is registered in; they are the context's. */
static VmafContext *suggest(VmSuggest *found, const char *name)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE};
    VmafContext *vmaf = NULL;
    const char *score;

    vm_suggest_start(found, name);
    if (vmaf_init(&vmaf, cfg) < 0) return NULL;
    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++)
        (void)vmaf_use_feature(vmaf, info.name, NULL);
    for (unsigned k = 0; (score = vmaf_ext_score_name(vmaf, k)); k++)
        vm_suggest_offer(found, short_name(score));
    return vmaf;
}

static int refuse(const char *name, VmError *error)
{
    VmSuggest found;
    VmafContext *vmaf = suggest(&found, name);

    if (found.best)
        (void)vm_fail(error, -EINVAL,
                      "this engine computes no feature \"%s\"; did you mean \"%s\"?", name,
                      found.best);
    else
        (void)vm_fail(error, -EINVAL,
                      "this engine computes no feature \"%s\"; \"canonical\" and \"full\" are "
                      "sets, and vmaf --list-features shows the extractors",
                      name);
    if (vmaf) (void)vmaf_close(vmaf);
    return -EINVAL;
}

/* Takes one name; lenient: what the engine lacks is noted, not refused. */
static int take(VmFeatureSet *set, const char *name, int lenient, VmError *error)
{
    VmafFeatureDictionary *options;
    const char *extractor;
    char score[2 * VM_DATASET_NAME_MAX];
    const int err = vmaf_ext_feature_find(name, &extractor, &options, score, sizeof(score));

    if (err == -ENOMEM) return vm_fail_memory(error);
    if (err) return lenient ? vm_list_add(&set->absent, vm_strdup(name)) : refuse(name, error);
    (void)vmaf_feature_dictionary_free(&options);
    for (unsigned i = 0; i < set->n; i++)
        if (!strcmp(set->scores[i], score))
            return vm_fail(error, -EINVAL, "the feature \"%s\" is named twice", name);
    if (set->n == VM_FEATURES_MAX)
        return vm_fail(error, -EINVAL, "more than %d features", VM_FEATURES_MAX);
    set->names[set->n] = vm_strdup(name);
    set->scores[set->n] = vm_strdup(score);
    set->n++;
    return set->names[set->n - 1] && set->scores[set->n - 1] ? 0 : vm_fail_memory(error);
}

/* Of equally named instances of an extractor only the first is kept; one with options gives all that one
 * without them does, so it comes first. */
int vm_feature_set_use(const VmFeatureSet *set, VmafContext *vmaf)
{
    for (unsigned k = 0; k < 2 * set->n; k++) {
        const int plain = k >= set->n;
        VmafFeatureDictionary *options;
        const char *extractor;
        VM_TRY(vmaf_ext_feature_find(set->names[k % set->n], &extractor, &options, NULL, 0));
        if (plain == !options) VM_TRY(vmaf_use_feature(vmaf, extractor, options));
        else (void)vmaf_feature_dictionary_free(&options);
    }
    return 0;
}

int vm_feature_set_parse(VmFeatureSet *set, const char *list, VmError *error)
{
    VmList names = {NULL};

    *set = (VmFeatureSet){.n = 0};
    int err = vm_feature_names(list, &names, error);
    for (unsigned i = 0; !err && i < names.n; i++)
        err = take(set, names.items[i], !strcmp(list, "full"), error);
    vm_list_free(&names);
    return err;
}

void vm_feature_set_free(VmFeatureSet *set)
{
    for (unsigned i = 0; i < set->n; i++) {
        vm_free(set->names[i]);
        vm_free(set->scores[i]);
    }
    vm_list_free(&set->absent);
    *set = (VmFeatureSet){.n = 0};
}
