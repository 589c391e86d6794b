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

/* One extractor and the names of its values, which a context tells that it is registered in. */
typedef struct Offer {
    const char *extractor;
    VmafContext *vmaf;
} Offer;

typedef struct Catalogue {
    Offer offers[VM_FEATURES_MAX];
    unsigned n;
} Catalogue;

static int open_catalogue(Catalogue *catalogue)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE};

    for (unsigned i = 0; i < VM_FEATURES_MAX && vmaf_ext_extractor_info(i, &info) == 0; i++) {
        Offer *offer = &catalogue->offers[catalogue->n++];
        *offer = (Offer){info.name, NULL};
        VM_TRY(vmaf_init(&offer->vmaf, cfg));
        VM_TRY(vmaf_use_feature(offer->vmaf, info.name, NULL));
    }
    return 0;
}

static void close_catalogue(Catalogue *catalogue)
{
    for (unsigned i = 0; i < catalogue->n; i++)
        if (catalogue->offers[i].vmaf) (void)vmaf_close(catalogue->offers[i].vmaf);
}

/* The fixed-point features are known without their "integer_". */
static const char *short_name(const char *score)
{
    static const char prefix[] = "integer_";

    return strncmp(score, prefix, sizeof(prefix) - 1) ? score : score + sizeof(prefix) - 1;
}

static const char *find(const Catalogue *catalogue, const char *name, const char **extractor,
                        VmSuggest *suggest)
{
    const char *score;

    for (unsigned i = 0; i < catalogue->n; i++)
        for (unsigned k = 0; (score = vmaf_ext_score_name(catalogue->offers[i].vmaf, k)); k++) {
            vm_suggest_offer(suggest, short_name(score));
            if (strcmp(name, score) != 0 && strcmp(name, short_name(score)) != 0) continue;
            *extractor = catalogue->offers[i].extractor;
            return score;
        }
    return NULL;
}

static void use_extractor(VmFeatureSet *set, const char *extractor)
{
    for (unsigned i = 0; i < set->n_extractors; i++)
        if (!strcmp(set->extractors[i], extractor)) return;
    set->extractors[set->n_extractors++] = extractor;
}

static int refuse(const char *name, const char *best, VmError *error)
{
    if (best)
        return vm_fail(error, -EINVAL,
                       "this engine computes no feature \"%s\"; did you mean \"%s\"?", name, best);
    return vm_fail(error, -EINVAL,
                   "this engine computes no feature \"%s\"; \"canonical\" and \"full\" are sets, "
                   "and vmaf --list-features shows the extractors",
                   name);
}

/* Takes one name; lenient: what the engine lacks is noted, not refused. */
static int take(VmFeatureSet *set, const Catalogue *catalogue, const char *name, int lenient,
                VmError *error)
{
    const char *extractor = NULL, *score;
    VmSuggest suggest;

    vm_suggest_start(&suggest, name);
    score = find(catalogue, name, &extractor, &suggest);
    if (!score && lenient) return vm_list_add(&set->absent, vm_strdup(name));
    if (!score) return refuse(name, suggest.best, error);
    for (unsigned i = 0; i < set->n; i++)
        if (!strcmp(set->scores[i], score))
            return vm_fail(error, -EINVAL, "the feature \"%s\" is named twice", name);
    if (set->n == VM_FEATURES_MAX)
        return vm_fail(error, -EINVAL, "more than %d features", VM_FEATURES_MAX);
    use_extractor(set, extractor);
    set->names[set->n] = vm_strdup(name);
    set->scores[set->n] = vm_strdup(score);
    set->n++;
    return set->names[set->n - 1] && set->scores[set->n - 1] ? 0 : vm_fail_memory(error);
}

static int take_all(VmFeatureSet *set, const Catalogue *catalogue, const char *list, VmError *error)
{
    VmList names = {NULL};
    int err = vm_feature_names(list, &names, error);

    for (unsigned i = 0; !err && i < names.n; i++)
        err = take(set, catalogue, names.items[i], !strcmp(list, "full"), error);
    vm_list_free(&names);
    return err;
}

int vm_feature_set_parse(VmFeatureSet *set, const char *list, VmError *error)
{
    Catalogue catalogue = {.n = 0};

    *set = (VmFeatureSet){.n = 0};
    int err = open_catalogue(&catalogue);
    if (err < 0) (void)vm_fail(error, err, "cannot ask the engine for its features");
    else err = take_all(set, &catalogue, list, error);
    close_catalogue(&catalogue);
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
