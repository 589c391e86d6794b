/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the commands share that judge finished models: which rows, which truth, which model. */
#ifndef VM_JUDGE_ARGS_H
#define VM_JUDGE_ARGS_H

#include "evaluate.h"
#include "train_common.h"

typedef struct VmJudgeArgs {
    const char *source; /* NULL: all */
    int part, key;      /* of the hash split; part 0 = all */
    int truth;          /* 0 clipped, 1 raw */
    int pool;           /* number of the word in VM_POOL_WORDS */
    unsigned draws, threads;
    uint64_t seed;
} VmJudgeArgs;

extern const VmOption vm_judge_options[];

/* For tables of others: fills a VmMaybe with a finite number. */
int vm_judge_parse_limit(const char *text, void *value, VmError *error);

/* Row numbers of the data set; free them. *split: how they were chosen, static. */
enum VmExit vm_judge_rows(const VmJudgeArgs *args, const VmDataset *dataset, uint32_t **rows,
                          size_t *n, const char **split, VmMessages *messages);

VmEvalOptions vm_judge_eval_options(const VmJudgeArgs *args);

/* Opens a model, and says what a user should know of it. */
enum VmExit vm_judge_open(VmTiny **model, const char *path, const VmDataset *dataset,
                          VmMessages *messages);

#endif
