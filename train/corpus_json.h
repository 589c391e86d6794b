/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* corpus.json at a corpus's root: geometry of raw files, frame rates, and which sources are cuts of one
 * film. Every key is optional:
 *   {"format": {"width": 576, "height": 324, "pixel_format": "yuv420p", "fps": 25},
 *    "sources": {"ElFuente1": {"group": "ElFuente", "width": 1920, ...}},
 *    "files": {"dis/Tennis_20_288_375.yuv": {...}}}
 * What stands in <file>.json beside a raw file is an entry of "files" as well. A file's own entry wins over its source's, that over "format"; unknown keys are refused. */
#ifndef VM_CORPUS_JSON_H
#define VM_CORPUS_JSON_H

#include "base.h"
#include "source.h"

enum { VM_CORPUS_JSON_MAX = 4 << 20 };

typedef struct VmCorpusJson {
    void *root; /* json_t, NULL: there is no file */
} VmCorpusJson;

typedef struct VmListed {
    VmRawFormat raw; /* members 0 or UNKNOWN: not listed */
    unsigned fps;    /* 0: not listed */
} VmListed;

/* Returns 0, or -EINVAL with the place and the reason. */
int vm_corpus_json_parse(VmCorpusJson *json, const char *text, size_t size, VmError *error);

/* Adds what stands beside a file, in <file>.json: one entry of "files". Errors as above, and -EINVAL if the
 * file is listed already. */
int vm_corpus_json_add(VmCorpusJson *json, const char *path, const char *text, size_t size,
                       VmError *error);

void vm_corpus_json_free(VmCorpusJson *json);

/* What is listed for a file, members of all levels put together. */
VmListed vm_corpus_json_find(const VmCorpusJson *json, const char *path, const char *source);

/* The source's group, or NULL. */
const char *vm_corpus_json_group(const VmCorpusJson *json, const char *source);

/* Calls visit for each source that is listed. */
void vm_corpus_json_sources(const VmCorpusJson *json, void (*visit)(void *opaque, const char *name),
                            void *opaque);

#endif
