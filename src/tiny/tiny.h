/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models: small networks from a frame's features to a score, read from ONNX. What they compute is the
 * same, bit for bit, at every CPU level. */
#ifndef VM_TINY_H
#define VM_TINY_H

#include <stddef.h>

#include "base.h"
#include "cpu.h"

typedef struct VmTiny VmTiny;

/* Reads a model from memory, which may be given back afterwards. origin is its name in sentences.
 * External data is refused. Returns 0 and sets *model, or -EINVAL or -ENOMEM; nothing is set then. */
int vm_tiny_read(VmTiny **model, const void *bytes, size_t size, const char *origin,
                 VmError *error);

/* Reads a file, what it keeps in other files of its folder, and the description beside it (MODEL.json
 * for MODEL.onnx), if there is one. Also -errno of the file. */
int vm_tiny_open(VmTiny **model, const char *path, VmError *error);

/* NULL does nothing. */
void vm_tiny_free(VmTiny *model);

/* A text of the file's metadata_props; NULL if it has none of that key. The model's. */
const char *vm_tiny_meta(const VmTiny *model, const char *key);

/* Names of the inputs, in order. The model's. */
const char *const *vm_tiny_features(const VmTiny *model, unsigned *n);

/* Digest of all bytes the model consists of, 64 hex digits. The model's. */
const char *vm_tiny_sha256(const VmTiny *model);

/* 1 if the model has a second output, `stddev`. */
int vm_tiny_has_stddev(const VmTiny *model);

/* Which kernels vm_tiny_run() uses from now on; the best ones before. */
void vm_tiny_level(VmTiny *model, VmCpuLevel level);

/* Scores n rows: rows[n][features], score[n], stddev[n] or NULL. Rows are scored independently of each
 * other, except by models with dynamic quantisation, whose scale is taken from all n. Several threads may
 * run one model. Returns 0 or -ENOMEM (not for networks of dense layers). */
int vm_tiny_run(const VmTiny *model, const float *rows, size_t n, float *score, float *stddev);

#endif
