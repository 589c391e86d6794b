/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Features by name: what the engine is asked to compute, and under which names it gives the values. */
#ifndef VM_FEATURE_SET_H
#define VM_FEATURE_SET_H

#include "base.h"
#include "dataset.h"
#include "libvmaf/vmaf_ext.h"

typedef struct VmFeatureSet {
    unsigned n;
    char *names[VM_FEATURES_MAX];  /* as asked for: "adm2" */
    char *scores[VM_FEATURES_MAX]; /* as the engine calls them: "integer_adm2" */
    VmList absent;                 /* names of the set "full" that this engine does not compute */
} VmFeatureSet;

/* The names that a list stands for, whether the engine knows them or not. Free names in all cases. */
int vm_feature_names(const char *list, VmList *names, VmError *error);

/* list: "canonical", "full", or names with commas between. Returns 0, or a negative errno with the reason;
 * free it in both cases. */
int vm_feature_set_parse(VmFeatureSet *set, const char *list, VmError *error);

/* Registers the extractors, each with the options that the names stand for. As vmaf_use_feature(). */
int vm_feature_set_use(const VmFeatureSet *set, VmafContext *vmaf);

void vm_feature_set_free(VmFeatureSet *set);

#endif
