/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "extractor.h"

#include <string.h>

extern const VmExtractor vm_extractor_adm, vm_extractor_fast, vm_extractor_float_adm,
    vm_extractor_float_motion, vm_extractor_float_ms_ssim, vm_extractor_float_ssim,
    vm_extractor_float_vif, vm_extractor_motion, vm_extractor_psnr, vm_extractor_vif;

const VmExtractor *const vm_extractors[] = {
    &vm_extractor_vif,
    &vm_extractor_adm,
    &vm_extractor_motion,
    &vm_extractor_psnr,
    &vm_extractor_float_ssim,
    &vm_extractor_float_ms_ssim,
    &vm_extractor_float_vif,
    &vm_extractor_float_adm,
    &vm_extractor_float_motion,
    &vm_extractor_fast,
    NULL,
};

const VmExtractor *vm_extractor_find(const char *name)
{
    for (const VmExtractor *const *e = vm_extractors; *e; e++)
        if (!strcmp((*e)->name, name)) return *e;
    return NULL;
}

const VmExtractor *vm_extractor_of_feature(const char *feature)
{
    for (const VmExtractor *const *e = vm_extractors; *e; e++)
        for (unsigned k = 0; k < (*e)->n_features; k++)
            if ((*e)->features[k].kind != VM_HIDDEN_BITS &&
                !strcmp((*e)->features[k].name, feature))
                return *e;
    return NULL;
}

int vm_extractor_unknown(const char *name, VmError *error)
{
    VmText known = {0};
    for (const VmExtractor *const *e = vm_extractors; *e; e++)
        vm_text_add(&known, "%s%s", known.size ? ", " : "", (*e)->name);
    const int code = vm_fail(error, -EINVAL, "unknown feature extractor \"%s\"; there are %s", name,
                             known.data ? known.data : "none");
    vm_text_free(&known);
    return code;
}

char *vm_feature_key(const VmFeature *f, const char *suffix)
{
    if (f->plain || !*suffix) return vm_strdup(f->name);
    return vm_printf("%s%s", f->alias ? f->alias : f->name, suffix);
}

char *vm_feature_label(const VmFeature *f, const char *suffix)
{
    return vm_printf("%s%s", f->alias ? f->alias : f->name, f->plain ? "" : suffix);
}

int vm_instance_create(VmInstance **result, const VmExtractor *extractor,
                       const VmafFeatureDictionary *dict, VmError *error)
{
    int code = -ENOMEM;
    VmInstance *i = vm_alloc(sizeof(*i));
    if (!i) return vm_fail_memory(error);
    i->extractor = extractor;
    i->options = vm_alloc(extractor->options_size);
    if (!i->options) goto fail;
    code = vm_options_parse(extractor->options, i->options, dict, extractor->name, error);
    if (code) goto fail;
    i->suffix = vm_options_suffix(extractor->options, i->options);
    code = -ENOMEM;
    if (!i->suffix) goto fail;
    i->mask = extractor->mask(i->options);
    *result = i;
    return 0;

fail:
    vm_instance_free(i);
    return code == -ENOMEM ? vm_fail_memory(error) : code;
}

void vm_instance_free(VmInstance *i)
{
    if (!i) return;
    vm_free(i->options);
    vm_free(i->suffix);
    vm_free(i);
}

int vm_instance_equal(const VmInstance *a, const VmInstance *b)
{
    return a->extractor == b->extractor && !strcmp(a->suffix, b->suffix);
}

int vm_instance_columns(VmInstance *i, VmScores *scores)
{
    for (unsigned k = 0; k < i->extractor->n_features; k++) {
        const VmFeature *f = &i->extractor->features[k];
        if (!(i->mask >> k & 1) || f->kind == VM_TOTAL_FEATURE) continue;
        char *key = vm_feature_key(f, i->suffix), *label = vm_feature_label(f, i->suffix);
        const VmColumn *taken = key && label ? vm_scores_find(scores, key) : NULL;
        if (key && label && !taken) taken = vm_scores_find(scores, label);
        if (taken && taken->imported) {
            vm_free(key);
            vm_free(label);
            return -EEXIST;
        }
        VM_TRY(vm_scores_add(scores, key, label, f->phase, &i->columns[k]));
        if (i->columns[k]) i->columns[k]->hidden = f->kind == VM_HIDDEN_BITS;
    }
    return 0;
}

/* ---- by name ---- */

/* Are these the options that the suffix is written for, and do they give the feature? Otherwise no score has
 * that name. */
static int options_fit(const VmExtractor *e, unsigned feature, const char *suffix,
                       const VmafFeatureDictionary *options)
{
    VmInstance *instance;
    const int code = vm_instance_create(&instance, e, options, NULL);
    if (code) return code == -ENOMEM ? code : 0;
    const int fit = !strcmp(instance->suffix, suffix) && instance->mask >> feature & 1;
    vm_instance_free(instance);
    return fit;
}

/* Some features are given for debugging only, which is no part of their names. */
static int fit_debug(const VmExtractor *e, unsigned feature, const char *suffix,
                     VmafFeatureDictionary **options)
{
    const VmOption *o = e->options;
    while (o->name && strcmp(o->name, "debug")) o++;
    if (!o->name) return 0;
    VM_TRY(vmaf_feature_dictionary_set(options, "debug", "true"));
    return options_fit(e, feature, suffix, *options);
}

/* Returns 1 if the feature, called `base`, has that name with some options. */
static int match(const VmExtractor *e, unsigned feature, const char *base, const char *name,
                 VmafFeatureDictionary **options)
{
    const size_t n = strlen(base);
    if (strncmp(name, base, n)) return 0;
    int code = vm_options_from_suffix(e->options, name + n, options);
    if (!code) code = options_fit(e, feature, name + n, *options);
    if (!code) code = fit_debug(e, feature, name + n, options);
    if (code > 0) return 1;
    vmaf_feature_dictionary_free(options);
    *options = NULL;
    return code == -ENOMEM ? code : 0;
}

static int match_any(const VmExtractor *e, unsigned feature, const char *name,
                     VmafFeatureDictionary **options)
{
    static const char prefix[] = "integer_";
    const VmFeature *f = &e->features[feature];
    const char *label = f->alias ? f->alias : f->name;
    const size_t n = sizeof(prefix) - 1;
    if (f->kind == VM_HIDDEN_BITS || f->kind == VM_TOTAL_FEATURE) return 0;
    int found = strcmp(name, f->name) ? 0 : match(e, feature, f->name, name, options);
    if (!found) found = match(e, feature, label, name, options);
    if (found || strncmp(label, prefix, n)) return found;
    return match(e, feature, label + n, name, options);
}

int vm_feature_find(const char *name, const VmExtractor **extractor, unsigned *feature,
                    VmafFeatureDictionary **options)
{
    *options = NULL;
    for (const VmExtractor *const *e = vm_extractors; *e; e++)
        for (unsigned k = 0; k < (*e)->n_features; k++) {
            const int found = match_any(*e, k, name, options);
            if (found < 0) return found;
            if (!found) continue;
            *extractor = *e;
            *feature = k;
            return 0;
        }
    return -ENOENT;
}
