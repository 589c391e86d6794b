/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Results that are too big for an answer, kept in memory for a while: reports, their scores per frame and
 * pictures of frames, read as vmaf://reports/{id} and vmaf://frames/{id}/{frame}.png. Whoever knows the id, 128
 * random bits, may read. Bounded: 64 reports, 256 MiB, one hour; the least recently used one goes first. */
#ifndef VM_STORE_H
#define VM_STORE_H

#include <jansson.h>

#include "base.h"

typedef struct VmStore VmStore;

enum { VM_STORE_ID = 33 }; /* 32 hex digits and a 0 */

/* Scores of a clip. */
typedef struct VmFrameTable {
    unsigned n_columns, n_rows;
    char **columns;   /* [n_columns] names */
    unsigned *frames; /* [n_rows] frame numbers, rising */
    double *values;   /* [n_rows][n_columns]; not finite: there is no value */
} VmFrameTable;

/* Frees what the table holds, which came from vm_alloc() and friends. */
void vm_frame_table_free(VmFrameTable *table);

int vm_store_open(VmStore **store);
void vm_store_close(VmStore *store);

/* A new id, so that progress can tell where the report of a call will be found: after a cancellation there is no
 * other way to learn it. Returns 0, or -EIO without random numbers. */
int vm_store_new_id(char id[VM_STORE_ID]);

/* Keeps a report under the id, one from vm_store_new_id(); "" makes a new one. `report` is its JSON text (of
 * vm_alloc() and friends; NULL: the table alone is printed), `table` may be NULL. Both are taken, also on failure
 * (the table by its contents). Returns 0, -ENOMEM, -EIO or -EFBIG. */
int vm_store_add(VmStore *store, char *report, VmFrameTable *table, char id[VM_STORE_ID]);

/* Adds a picture to a report, under a name such as "17" or "17-difference"; the bytes are copied.
 * -ENOENT: the report is gone. */
int vm_store_add_image(VmStore *store, const char *id, const char *name, const void *png,
                       size_t size);

/* Copies of what is kept, freed by vm_free(); -ENOENT. Of a report of more than `most` bytes only the size: -EFBIG. */
int vm_store_report(VmStore *store, const char *id, size_t most, char **text, size_t *size);
int vm_store_image(VmStore *store, const char *id, const char *name, void **png, size_t *size);

/* JSON text of at most `count` rows beginning with the first whose frame is not below `from`. */
int vm_store_frames(VmStore *store, const char *id, unsigned from, unsigned count, char **text,
                    size_t *size);

#endif
