/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Options of feature extractors: from key=value text to a struct, and from a struct to the suffix of
 * a feature name. */
#ifndef VM_OPTIONS_H
#define VM_OPTIONS_H

#include "base.h"
#include "libvmaf/feature.h"

typedef struct VmEntry {
    char *key, *value;
} VmEntry;

struct VmafFeatureDictionary {
    VmEntry *entries;
    unsigned n;
};

VmafFeatureDictionary *vm_dictionary_copy(const VmafFeatureDictionary *dict); /* NULL: no memory */
const char *vm_dictionary_get(const VmafFeatureDictionary *dict, const char *key);

/* Sets every entry of from in *to. */
int vm_dictionary_merge(VmafFeatureDictionary **to, const VmafFeatureDictionary *from);

typedef enum VmOptionType { VM_OPT_BOOL, VM_OPT_INT, VM_OPT_DOUBLE, VM_OPT_CHOICE } VmOptionType;

/* One option. The field at `offset` is an int (bool, int, index of a choice) or a double. */
typedef struct VmOption {
    const char *name, *alias; /* alias: short form in feature names; NULL = name */
    VmOptionType type;
    size_t offset;
    double initial, min, max;   /* bools: initial only */
    int unnamed;                /* 1: never part of a feature name */
    const char *const *choices; /* NULL-ended words of a VM_OPT_CHOICE */
} VmOption;

/* Fills the struct at `values` (size bytes) with defaults, then from dict (may be NULL).
 * `options` ends with a NULL name; `owner` is the extractor's name for messages.
 * -EINVAL: unknown key, text that is no value of the type, or a value out of range. */
int vm_options_parse(const VmOption *options, void *values, const VmafFeatureDictionary *dict,
                     const char *owner, VmError *error);

/* "key=value:key=value": every option that differs from its default. Allocated; "" if there is none;
 * NULL: no memory. */
char *vm_options_text(const VmOption *options, const void *values);

/* "_egl_1_ssclz": every named option that differs from its default, in the order of the options' full
 * names. Allocated; "" if there is none; NULL: no memory. */
char *vm_options_suffix(const VmOption *options, const void *values);

/* The other way round: sets in *dict what the suffix says. -EINVAL: no option is called so. */
int vm_options_from_suffix(const VmOption *options, const char *suffix,
                           VmafFeatureDictionary **dict);

#endif
