/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- dictionaries ---- */

/* libvmaf keeps numbers as binary32 with 6 digits, so 1.2345678 is 1.23457 wherever it is used. */
static char *normalised(const char *value)
{
    double number;
    if (vm_parse_double(value, &number)) return vm_strdup(value);
    VmLocale locale = vm_locale_enter();
    char *text = vm_printf("%g", (double)strtof(value, NULL));
    vm_locale_leave(&locale);
    return text;
}

static VmEntry *find(const VmafFeatureDictionary *dict, const char *key)
{
    for (unsigned i = 0; dict && i < dict->n; i++)
        if (!strcmp(dict->entries[i].key, key)) return &dict->entries[i];
    return NULL;
}

static int append(VmafFeatureDictionary *dict, const char *key, char *value)
{
    VmEntry *entries = vm_realloc(dict->entries, (dict->n + 1) * sizeof(*entries));
    if (!entries) return -ENOMEM;
    dict->entries = entries;
    char *copy = vm_strdup(key);
    if (!copy) return -ENOMEM;
    entries[dict->n++] = (VmEntry){copy, value};
    return 0;
}

int vmaf_feature_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *val)
{
    if (!dict || !key || !*key || !val) return -EINVAL;
    char *value = normalised(val);
    VmafFeatureDictionary *target = *dict ? *dict : vm_alloc(sizeof(*target));
    if (!value || !target) goto fail;
    VmEntry *old = find(target, key);
    if (old) {
        vm_free(old->value);
        old->value = value;
    } else if (append(target, key, value)) {
        goto fail;
    }
    *dict = target;
    return 0;

fail:
    vm_free(value);
    if (target != *dict) vmaf_feature_dictionary_free(&target);
    return -ENOMEM;
}

int vmaf_feature_dictionary_free(VmafFeatureDictionary **dict)
{
    if (!dict || !*dict) return 0;
    for (unsigned i = 0; i < (*dict)->n; i++) {
        vm_free((*dict)->entries[i].key);
        vm_free((*dict)->entries[i].value);
    }
    vm_free((*dict)->entries);
    vm_free(*dict);
    *dict = NULL;
    return 0;
}

VmafFeatureDictionary *vm_dictionary_copy(const VmafFeatureDictionary *dict)
{
    VmafFeatureDictionary *copy = vm_alloc(sizeof(*copy));
    if (copy && vm_dictionary_merge(&copy, dict)) vmaf_feature_dictionary_free(&copy);
    return copy;
}

const char *vm_dictionary_get(const VmafFeatureDictionary *dict, const char *key)
{
    const VmEntry *entry = find(dict, key);
    return entry ? entry->value : NULL;
}

int vm_dictionary_merge(VmafFeatureDictionary **to, const VmafFeatureDictionary *from)
{
    for (unsigned i = 0; from && i < from->n; i++)
        VM_TRY(vmaf_feature_dictionary_set(to, from->entries[i].key, from->entries[i].value));
    return 0;
}

/* ---- values ---- */

static double get(const VmOption *o, const void *values)
{
    const char *field = (const char *)values + o->offset;
    if (o->type == VM_OPT_DOUBLE) return *(const double *)(const void *)field;
    return *(const int *)(const void *)field;
}

static void put(const VmOption *o, void *values, double value)
{
    char *field = (char *)values + o->offset;
    if (o->type == VM_OPT_DOUBLE) *(double *)(void *)field = value;
    else *(int *)(void *)field = (int)value;
}

static int parse_choice(const VmOption *o, const char *text, double *value)
{
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text)) continue;
        *value = i;
        return 0;
    }
    return -EINVAL;
}

static int parse_bool(const char *text, double *value)
{
    *value = !strcmp(text, "true");
    return *value || !strcmp(text, "false") ? 0 : -EINVAL;
}

static int parse_value(const VmOption *o, const char *text, double *value)
{
    int whole;
    switch (o->type) {
    case VM_OPT_BOOL: return parse_bool(text, value);
    case VM_OPT_CHOICE: return parse_choice(o, text, value);
    case VM_OPT_INT:
        VM_TRY(vm_parse_int(text, &whole));
        *value = whole;
        break;
    case VM_OPT_DOUBLE: VM_TRY(vm_parse_double(text, value)); break;
    }
    return *value >= o->min && *value <= o->max ? 0 : -EINVAL; /* NaN fails both */
}

static int bad_value(const VmOption *o, const char *text, const char *owner, VmError *error)
{
    VmText choices = {0};
    for (int i = 0; o->choices && o->choices[i]; i++)
        vm_text_add(&choices, "%s%s", i ? ", " : "", o->choices[i]);
    int code;
    if (o->type == VM_OPT_BOOL)
        code = vm_fail(error, -EINVAL, "option %s of %s is true or false, not \"%s\"", o->name,
                       owner, text);
    else if (o->type == VM_OPT_CHOICE)
        code = vm_fail(error, -EINVAL, "option %s of %s is one of %s, not \"%s\"", o->name, owner,
                       choices.data ? choices.data : "", text);
    else
        code = vm_fail(error, -EINVAL, "option %s of %s is a number from %g to %g, not \"%s\"",
                       o->name, owner, o->min, o->max, text);
    vm_text_free(&choices);
    return code;
}

/* Short forms appear in feature names only; whoever takes one for a key is told the key. */
static int unknown_key(const VmOption *options, const char *key, const char *owner, VmError *error)
{
    VmText known = {0};
    for (const VmOption *o = options; o->name; o++) {
        if (o->alias && !strcmp(o->alias, key)) {
            vm_text_free(&known);
            return vm_fail(error, -EINVAL, "extractor %s has no option \"%s\"; did you mean %s?",
                           owner, key, o->name);
        }
        vm_text_add(&known, "%s%s", known.size ? ", " : "", o->name);
    }
    const int code = vm_fail(error, -EINVAL, "extractor %s has no option \"%s\"; it has %s", owner,
                             key, known.data ? known.data : "none");
    vm_text_free(&known);
    return code;
}

int vm_options_parse(const VmOption *options, void *values, const VmafFeatureDictionary *dict,
                     const char *owner, VmError *error)
{
    for (const VmOption *o = options; o->name; o++) put(o, values, o->initial);
    for (unsigned i = 0; dict && i < dict->n; i++) {
        const VmEntry *e = &dict->entries[i];
        const VmOption *o = options;
        while (o->name && strcmp(o->name, e->key)) o++;
        if (!o->name) return unknown_key(options, e->key, owner, error);
        double value = 0;
        if (parse_value(o, e->value, &value)) return bad_value(o, e->value, owner, error);
        put(o, values, value);
    }
    return 0;
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const VmOption *const *)a)->name, (*(const VmOption *const *)b)->name);
}

static void add_suffix(VmText *text, const VmOption *o, const void *values)
{
    const double value = get(o, values);
    const char *alias = o->alias ? o->alias : o->name;
    switch (o->type) {
    case VM_OPT_BOOL: vm_text_add(text, "_%s", alias); break;
    case VM_OPT_INT: vm_text_add(text, "_%s_%d", alias, (int)value); break;
    case VM_OPT_DOUBLE: vm_text_add(text, "_%s_%g", alias, value); break;
    case VM_OPT_CHOICE: vm_text_add(text, "_%s_%s", alias, o->choices[(int)value]); break;
    }
}

char *vm_options_suffix(const VmOption *options, const void *values)
{
    enum { MAX_OPTIONS = 32 };
    const VmOption *named[MAX_OPTIONS];
    size_t n = 0;
    for (const VmOption *o = options; o->name && n < MAX_OPTIONS; o++)
        if (!o->unnamed && get(o, values) != o->initial) named[n++] = o;
    qsort(named, n, sizeof(named[0]), by_name);
    VmText text = {0};
    VmLocale locale = vm_locale_enter();
    vm_text_add(&text, "%s", "");
    for (size_t i = 0; i < n; i++) add_suffix(&text, named[i], values);
    vm_locale_leave(&locale);
    if (text.failed) vm_text_free(&text);
    return text.data;
}

/* The option whose short form the suffix begins with; *rest is what follows it. */
static const VmOption *option_of(const VmOption *options, const char *suffix, const char **rest)
{
    for (const VmOption *o = options; o->name; o++) {
        const char *alias = o->alias ? o->alias : o->name;
        const size_t n = strlen(alias);
        if (o->unnamed || strncmp(suffix + 1, alias, n)) continue;
        *rest = suffix + 1 + n;
        if (!**rest || **rest == '_') return o;
    }
    return NULL;
}

int vm_options_from_suffix(const VmOption *options, const char *suffix,
                           VmafFeatureDictionary **dict)
{
    while (*suffix) {
        const char *rest = NULL;
        const VmOption *o = *suffix == '_' ? option_of(options, suffix, &rest) : NULL;
        char value[64] = "true";
        if (!o || (o->type != VM_OPT_BOOL && !*rest)) return -EINVAL;
        if (o->type != VM_OPT_BOOL) {
            const size_t n = strcspn(++rest, "_");
            if (!n || n >= sizeof(value)) return -EINVAL;
            memcpy(value, rest, n);
            value[n] = 0;
            rest += n;
        }
        VM_TRY(vmaf_feature_dictionary_set(dict, o->name, value));
        suffix = rest;
    }
    return 0;
}

char *vm_options_text(const VmOption *options, const void *values)
{
    VmText text = {0};
    VmLocale locale = vm_locale_enter();
    vm_text_add(&text, "%s", "");
    for (const VmOption *o = options; o->name; o++) {
        const double value = get(o, values);
        if (value == o->initial) continue;
        vm_text_add(&text, "%s%s=", text.size ? ":" : "", o->name);
        if (o->type == VM_OPT_BOOL) vm_text_add(&text, "%s", value != 0 ? "true" : "false");
        else if (o->type == VM_OPT_CHOICE) vm_text_add(&text, "%s", o->choices[(int)value]);
        else vm_text_add(&text, "%.9g", value);
    }
    vm_locale_leave(&locale);
    if (text.failed) vm_text_free(&text);
    return text.data;
}
