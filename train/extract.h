/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Features and the teacher's scores of a corpus's pairs: from the cache, or by one pass of the engine. */
#ifndef VM_EXTRACT_H
#define VM_EXTRACT_H

#include "cache.h"
#include "corpus.h"
#include "feature_set.h"
#include "progress.h"
#include "grader.h"

/* What one thread needs for a pass. */
typedef struct VmPass {
    const VmCorpus *corpus;
    const VmFeatureSet *features;
    const VmGraderPair *teacher;
    unsigned threads; /* of the engine */
    /* Called for each pair of frames that was handed over. */
    void (*frame)(void *opaque);
    void *opaque;
    VmMessages *messages;
    const struct VmWatch *watch; /* asked before each frame; may be NULL */
} VmPass;

/* Computes the rows of a pair. Returns 0, or a negative errno and a sentence with clip and frame; free rows
 * in both cases. */
int vm_pass_run(const VmPass *pass, const VmPair *pair, VmRows *rows, VmError *error);

/* A run over all pairs. */
typedef struct VmExtraction {
    const VmDataArgs *args;
    unsigned shard, n_shards; /* pairs with number % n_shards == shard; n_shards 0: all */
    int must_write;           /* 1: a cache that cannot be written ends the run */
    /* Takes the rows of a pair (they become its own); called by one thread at a time, in any order. NULL:
     * nobody wants them. */
    void (*take)(void *opaque, unsigned pair, VmRows *rows);
    void *opaque;
    /* what came out */
    unsigned hits, computed, failed;
    uint64_t frames_computed, dropped, rows;
    double seconds;
} VmExtraction;

/* Says what goes wrong; a pair that fails does not keep the others from being done. */
enum VmExit vm_extraction_run(VmExtraction *extraction, const VmCorpus *corpus,
                              const VmFeatureSet *features, const VmGrader *teacher,
                              VmMessages *messages);

#endif
