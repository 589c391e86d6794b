/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "split.h"

#include <stdio.h>
#include <stdlib.h>

#include "sha256.h"

const char *vm_part_name(enum VmPart part)
{
    static const char *const names[VM_N_PARTS] = {"train", "val", "test"};
    return names[part];
}

void vm_split_free(VmSplit *split)
{
    for (int i = 0; i < VM_N_PARTS; i++) vm_free(split->rows[i]);
    *split = (VmSplit){{0}};
}

/* part: of each clip */
static int split_clips(VmSplit *split, const VmDataset *d, const enum VmPart *part)
{
    *split = (VmSplit){{0}};
    for (size_t i = 0; i < d->n; i++) split->n[part[d->clip[i]]]++;
    for (int k = 0; k < VM_N_PARTS; k++) {
        split->rows[k] = vm_alloc_array(split->n[k] + 1, sizeof(**split->rows));
        split->n[k] = 0;
        if (split->rows[k]) continue;
        vm_split_free(split);
        return -ENOMEM;
    }
    for (size_t i = 0; i < d->n; i++) {
        const enum VmPart k = part[d->clip[i]];
        split->rows[k][split->n[k]++] = (uint32_t)i;
    }
    return 0;
}

/* SHA-256 of "vmaf-train-splits-v1:" and the name; its first 64 bits, as a fraction of 2^64. */
enum VmPart vm_split_part_of(const char *name)
{
    char text[64 + VM_DATASET_NAME_MAX], hex[65];
    const int n = snprintf(text, sizeof(text), "vmaf-train-splits-v1:%s", name);
    vm_sha256_hex(text, (size_t)n, hex);
    hex[16] = 0;
    const double u = (double)strtoull(hex, NULL, 16) * 0x1p-64;
    return u < 0.1 ? VM_PART_TEST : u < 0.2 ? VM_PART_VAL : VM_PART_TRAIN;
}

static int split(VmSplit *result, const VmDataset *d, int hashed, int by_clip, int group)
{
    enum VmPart *part = vm_alloc_array(d->n_clips + 1, sizeof(*part));
    if (!part) return -ENOMEM;
    for (unsigned i = 0; i < d->n_clips; i++) {
        const VmClip *clip = &d->clips[i];
        part[i] = hashed ? vm_split_part_of(by_clip ? clip->key : d->groups[clip->group])
                  : (int)clip->group == group ? VM_PART_VAL
                                              : VM_PART_TRAIN;
    }
    const int code = split_clips(result, d, part);
    vm_free(part);
    return code;
}

int vm_split_group(VmSplit *result, const VmDataset *d, int group)
{
    return split(result, d, 0, 0, group);
}

int vm_split_hash(VmSplit *result, const VmDataset *d, int by_clip)
{
    return split(result, d, 1, by_clip, -1);
}

int vm_split_check(const VmSplit *s, enum VmPart part, VmError *error)
{
    if (s->n[part]) return 0;
    return vm_fail(error, -EINVAL,
                   "the %s set has no rows: train %zu, val %zu, test %zu; choose another split",
                   vm_part_name(part), s->n[VM_PART_TRAIN], s->n[VM_PART_VAL], s->n[VM_PART_TEST]);
}

int vm_split_find(const VmDataset *d, const char *name, VmError *error)
{
    const int group = vm_dataset_find_group(d, name);
    VmText known = {0};
    if (group >= 0) return group;
    for (unsigned i = 0; i < d->n_sources; i++)
        vm_text_add(&known, "%s%s", i ? ", " : "", d->sources[i]);
    vm_fail(error, -EINVAL, "no source is named \"%s\"; there are %s", name,
            known.data ? known.data : "none");
    vm_text_free(&known);
    return -EINVAL;
}
