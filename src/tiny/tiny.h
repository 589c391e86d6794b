/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models: small networks from a frame's features to a score, read from ONNX. What they compute is the
 * same, bit for bit, at every CPU level. */
#ifndef VM_TINY_H
#define VM_TINY_H

#include <stddef.h>

#include "base.h"
#include "cpu.h"

typedef struct VmTiny VmTiny;

enum { VM_TINY_MAX_FEATURES = 64 };

/* Reads a model from memory, which may be given back afterwards. origin is its name in sentences.
 * External data is refused. Returns 0 and sets *model, or -EINVAL, -EFBIG or -ENOMEM; nothing is set then. */
int vm_tiny_read(VmTiny **model, const void *bytes, size_t size, const char *origin,
                 VmError *error);

/* Reads a file, what it keeps in other files of its folder, and the description beside it (MODEL.json
 * for MODEL.onnx), if there is one. Also -errno of the file. */
int vm_tiny_open(VmTiny **model, const char *path, VmError *error);

/* The same for the file `name` of an open folder; path is what sentences call it. */
int vm_tiny_open_at(VmTiny **model, int folder, const char *name, const char *path, VmError *error);

/* NULL does nothing. */
void vm_tiny_free(VmTiny *model);

/* A text of the file's metadata_props; NULL if it has none of that key. The model's. */
const char *vm_tiny_meta(const VmTiny *model, const char *key);

/* Such a text as n finite numbers with commas between: 1, or 0 if it is not that. */
int vm_tiny_numbers(const VmTiny *model, const char *key, double *values, unsigned n);

/* Names of the inputs, in order. The model's. */
const char *const *vm_tiny_features(const VmTiny *model, unsigned *n);

/* Digest of the model's file, 64 hex digits; of the file and all files that it keeps data in, one after the
 * other. The model's. */
const char *vm_tiny_sha256(const VmTiny *model);

/* Does it keep data in other files, which the digest covers? */
int vm_tiny_has_files(const VmTiny *model);
/* Do names of features, their scaling or other inputs come from the description beside the file? No digest has them. */
int vm_tiny_is_described(const VmTiny *model);

/* All entries of its metadata: number i = 0, 1, ...; 0 past the end. */
int vm_tiny_entry(const VmTiny *model, unsigned i, const char **key, const char **value);

/* What a user should know: sentences without the model's name. The model's. */
const char *const *vm_tiny_notes(const VmTiny *model, unsigned *n);

/* 1 if the model has a second output, `stddev`. */
int vm_tiny_has_stddev(const VmTiny *model);

/* 1 if a row's score depends on the rows scored with it: dynamic quantisation takes its scale from all. */
int vm_tiny_is_dynamic(const VmTiny *model);

/* Is it a program of dense layers? Then a row takes no memory and cannot fail. */
int vm_tiny_is_dense(const VmTiny *model);

/* The second input of a model that has one: the same n values for every row. -EINVAL: another number. */
int vm_tiny_set_side(VmTiny *model, const float *values, unsigned n, VmError *error);

/* Which kernels vm_tiny_run() uses from now on; the best ones before. */
void vm_tiny_level(VmTiny *model, VmCpuLevel level);

/* Scores n rows: rows[n][features], score[n], stddev[n] or NULL. Several threads may run one model. A value
 * that is not finite makes its row's score mean nothing. Returns 0 or -ENOMEM. */
int vm_tiny_run(const VmTiny *model, const float *rows, size_t n, float *score, float *stddev);

#endif
