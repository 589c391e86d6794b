/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Computed rows, one JSON file per clip: <cache>/<source>/<stem>.json. An entry says what it was computed
 * from (its key); one of another key is of no use and stays where it is, and the new one is called
 * <stem>.<8 hex digits of the key>.json. Source and stem come from the grammar of names. */
#ifndef VM_CACHE_H
#define VM_CACHE_H

#include <jansson.h>

#include "base.h"

/* A longer clip has no entry that could be read: 2^28 bytes are about 12 hours of 8 numbers a frame. */
enum { VM_CACHE_ENTRY_MAX = 1 << 28, VM_CACHE_SCHEMA = 2 };

/* Rows of one clip. A value that is not finite is NaN. */
typedef struct VmRows {
    size_t n;
    unsigned width;
    double *x;             /* [n][width] */
    double *raw, *clipped; /* [n] */
    int has_raw;           /* 0: a legacy entry, raw is not there */
} VmRows;

/* Room for n rows. Returns 0 or -ENOMEM; free it in both cases. */
int vm_rows_init(VmRows *rows, size_t n, unsigned width);
void vm_rows_free(VmRows *rows);

/* An entry that is wanted. */
typedef struct VmCacheEntry {
    const char *folder; /* of the cache */
    const char *source, *stem;
    json_t *key;
    char *const *features; /* [width] */
    unsigned width;
    int accept_legacy;
    char *path; /* where vm_cache_write() puts it; set by vm_cache_read() */
} VmCacheEntry;

/* $VMAF_TINY_AI_CACHE has been looked at; this is what is left: ~/.cache/vmaf-tiny-ai. NULL: there is no
 * home. The caller frees it. */
char *vm_cache_default_folder(void);

/* Returns 1 and the rows; 0 with what is wrong with the entry in why, "" if there is none; or -ENOMEM. */
int vm_cache_read(VmCacheEntry *entry, VmRows *rows, VmError *why);

/* Reads an envelope's text. Returns as above. */
int vm_cache_parse(const VmCacheEntry *entry, const char *text, size_t size, VmRows *rows,
                   VmError *why);

/* Assumes the entry's lease is held. Returns 0, or a negative errno with the reason. */
int vm_cache_write(const VmCacheEntry *entry, const VmRows *rows, VmError *error);

/* Removes temporary files of this entry that a killed process left. Assumes the lease is held. */
void vm_cache_sweep(const VmCacheEntry *entry);

/* "<cache>/<source>/<stem>.lease"; the folder is made. NULL: with the reason and *err set. */
char *vm_cache_lease_path(const VmCacheEntry *entry, int *err, VmError *error);

#endif
