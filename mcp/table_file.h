/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Rows of features that a tool's argument names: a CSV or NPY file, or the folder of a corpus,
 * beneath the roots. */
#ifndef VM_TABLE_FILE_H
#define VM_TABLE_FILE_H

#include "dataset.h"
#include "roots.h"
#include "team.h"

enum { VM_TABLE_FILE_MAX_MIB = 256 };

typedef struct VmTableFile {
    VmDataset *dataset;
    uint32_t *rows; /* [n] of the part that was asked for, rising */
    size_t n;
} VmTableFile;

/* features: names with commas between, which the file must have. part: "train", "val", "test" by
 * the key of each clip, or "all"; a file without keys is taken whole. Of a corpus the rows come
 * from its cache, those that are not there are computed. A file has at most VM_TABLE_FILE_MAX_MIB. Returns 0 or a negative errno with a
 * sentence; close it in both cases. */
int vm_table_file_open(VmTableFile *table, const VmRoots *roots, const char *path,
                       const char *features, const char *part, const VmWatch *watch,
                       VmError *error);

void vm_table_file_close(VmTableFile *table);

#endif
