/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Loaded models, kept between calls. An entry is used by one call at a time; a second call that
 * wants the same model meanwhile gets a copy of its own. Any thread. */
#ifndef VM_MODEL_CACHE_H
#define VM_MODEL_CACHE_H

#include <pthread.h>

#include "args.h"
#include "roots.h"

enum { VM_CACHE_ENTRIES = 16 };

typedef struct VmCachedModel {
    char *key; /* the argument's text and, of a file, what tells its contents apart */
    VmafModel *model;
    VmafModelCollection *collection; /* NULL: a single model */
    int busy;
    uint64_t used; /* when, for the choice of what is dropped */
} VmCachedModel;

typedef struct VmModelCache {
    pthread_mutex_t lock;
    VmCachedModel *entry[VM_CACHE_ENTRIES];
    uint64_t turn, loads; /* loads: models read since the start */
} VmModelCache;

void vm_model_cache_init(VmModelCache *cache);

/* Nothing may be in use. */
void vm_model_cache_free(VmModelCache *cache);

/* The model of arg, tiny ones included; text is the argument it was parsed from. Files are
 * opened beneath the roots. Returns 0 or a negative errno with a sentence. */
int vm_model_cache_take(VmModelCache *cache, const VmRoots *roots, const VmModelArg *arg,
                        const char *text, VmCachedModel **taken, VmError *error);

void vm_model_cache_give(VmModelCache *cache, VmCachedModel *taken);

/* 0, or -EINVAL with a sentence: no extractor has this name. */
int vm_feature_check(const char *name, VmError *error);

#endif
