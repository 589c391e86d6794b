/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Rows with named columns, from files of others as well as our own, on their way into a dataset:
 *   key     the clip; rows of one clip follow one another
 *   source  what the clip was made from; else the key's first part, else the key
 *   group   what is held out together; else the source
 *   frame   else counted
 *   vmaf, vmaf_raw   the teacher's score, clipped and not; one of them must be there, or
 *   mos     what viewers said
 * and the features by their names. Other columns are passed over. */
#ifndef VM_TABLE_H
#define VM_TABLE_H

#include <stdio.h>

#include "dataset.h"
#include "team.h"

enum { VM_COLUMNS_MAX = 256 };

/* A cell is text, or a number if text is NULL. */
typedef struct VmCell {
    const char *text;
    double number;
} VmCell;

typedef struct VmTable {
    VmDataset *dataset;                          /* made by vm_table_start() */
    int key, source, group, frame, clipped, raw; /* column numbers; -1: not there */
    int features[VM_FEATURES_MAX];
    uint32_t running;                       /* rows of the clip so far */
    char names[3][VM_DATASET_NAME_MAX + 1]; /* key, source, group of the clip */
} VmTable;

/* list: as in VmDataArgs.features; "full" takes what of the set is there. Returns 0, or a negative errno
 * with the reason. The dataset is the caller's, also on failure (it may be NULL). */
int vm_table_start(VmTable *table, const char *const *columns, unsigned n, const char *list,
                   VmError *error);

/* Takes a row of as many cells as there are columns. */
int vm_table_add(VmTable *table, const VmCell *cells, VmError *error);

/* Readers: they take a file that is open for reading and leave it open. Returns 0, or a negative errno with
 * the place and the reason; -ECANCELED soon after the watch says so. *dataset is set on success. */
int vm_csv_read(FILE *file, const char *list, const VmWatch *watch, VmDataset **dataset,
                VmError *error);
int vm_npy_read(FILE *file, const char *list, const VmWatch *watch, VmDataset **dataset,
                VmError *error);

/* Writers; errors of the file are left to whoever closes it. */
void vm_csv_write(FILE *file, const VmDataset *dataset);
int vm_npy_write(FILE *file, const VmDataset *dataset, VmError *error);

#endif
