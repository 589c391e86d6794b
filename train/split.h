/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Which rows train and which judge. */
#ifndef VM_SPLIT_H
#define VM_SPLIT_H

#include "dataset.h"

enum VmPart { VM_PART_TRAIN, VM_PART_VAL, VM_PART_TEST, VM_N_PARTS };

typedef struct VmSplit {
    uint32_t *rows[VM_N_PARTS]; /* row numbers, ascending */
    size_t n[VM_N_PARTS];
} VmSplit;

const char *vm_part_name(enum VmPart part);

/* One group judges (validation), the others train; group -1: all train. Returns 0 or -ENOMEM. */
int vm_split_group(VmSplit *split, const VmDataset *dataset, int group);

/* By the digest of a name, of the group or (by_clip) the clip: a tenth each to test and validation, whatever
 * else is in the data. Returns 0 or -ENOMEM. */
int vm_split_hash(VmSplit *split, const VmDataset *dataset, int by_clip);

/* The part a name falls into. */
enum VmPart vm_split_part_of(const char *name);

/* -EINVAL with a sentence if the part has no rows. */
int vm_split_check(const VmSplit *split, enum VmPart part, VmError *error);

void vm_split_free(VmSplit *split);

/* Number of the group of this name or of a source of it; -EINVAL and a sentence that names those there are. */
int vm_split_find(const VmDataset *dataset, const char *name, VmError *error);

#endif
