/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "judge_args.h"

#include <string.h>

#include "number.h"
#include "rng.h"

int vm_judge_parse_limit(const char *text, void *value, VmError *error)
{
    VmMaybe *maybe = value;
    if (vm_number_real(text, &maybe->value))
        return vm_fail(error, -EINVAL, "\"%s\" is not a finite number", text);
    maybe->given = 1;
    return 0;
}

#define AT(member) offsetof(VmJudgeArgs, member)

const VmOption vm_judge_options[] = {
    {"source", "NAME", "only rows of this source", VM_OPTION_TEXT, AT(source)},
    {"split", "PART", "all rows, or a part of the hash split", VM_OPTION_CHOICE, AT(part),
     .choices = "all|train|val|test", .initial = "all"},
    {"split-key", "WHAT", "what the hash split divides", VM_OPTION_CHOICE, AT(key),
     .choices = "source|clip", .initial = "source"},
    {"truth", "WHAT", "the teacher's score as it is reported, or before its clip", VM_OPTION_CHOICE,
     AT(truth), .choices = "clipped|raw", .initial = "clipped"},
    {"pool", "HOW", "from a clip's frames to a clip", VM_OPTION_CHOICE, AT(pool),
     .choices = VM_POOL_WORDS, .initial = "mean"},
    {"draws", "N", "of the bootstrap over clips; 0 = no intervals", VM_OPTION_COUNT, AT(draws), 0,
     1000000, .initial = "2000"},
    {"seed", "N", "of the bootstrap", VM_OPTION_LARGE, AT(seed), 0, VM_SEED_MAX, .initial = "0"},
    {"threads", "N", "0 = one for each core", VM_OPTION_COUNT, AT(threads), 0, 256, .initial = "0"},
    {0},
};

static int all_rows(const VmDataset *d, int group, uint32_t **rows, size_t *n)
{
    *rows = vm_alloc_array(d->n + 1, sizeof(**rows));
    *n = 0;
    if (!*rows) return -ENOMEM;
    for (size_t i = 0; i < d->n; i++)
        if (group < 0 || (int)d->clips[d->clip[i]].group == group) (*rows)[(*n)++] = (uint32_t)i;
    return 0;
}

static int hash_part(const VmJudgeArgs *args, const VmDataset *d, uint32_t **rows, size_t *n,
                     VmError *error)
{
    const enum VmPart part = (enum VmPart)(args->part - 1);
    VmSplit split;
    if (vm_split_hash(&split, d, args->key)) return vm_fail_memory(error);
    const int code = vm_split_check(&split, part, error);
    if (!code) {
        *rows = split.rows[part];
        *n = split.n[part];
        split.rows[part] = NULL;
    }
    vm_split_free(&split);
    return code;
}

static int choose_rows(const VmJudgeArgs *args, const VmDataset *d, uint32_t **rows, size_t *n,
                       VmError *error)
{
    int group = -1;
    if (args->source) {
        group = vm_split_find(d, args->source, error);
        if (group < 0) return group;
    }
    if (args->part) return hash_part(args, d, rows, n, error);
    return all_rows(d, group, rows, n) ? vm_fail_memory(error) : 0;
}

enum VmExit vm_judge_rows(const VmJudgeArgs *args, const VmDataset *d, uint32_t **rows, size_t *n,
                          const char **split, VmMessages *messages)
{
    static const char *const parts[] = {"all", "train", "val", "test"};
    VmError error = {""};
    *rows = NULL;
    *split = args->source ? args->source : parts[args->part];
    if (args->source && args->part) {
        vm_message_error(messages, "--source and --split exclude each other");
        return VM_EXIT_USAGE;
    }
    return vm_train_fail(messages, choose_rows(args, d, rows, n, &error), &error);
}

VmEvalOptions vm_judge_eval_options(const VmJudgeArgs *args)
{
    const VmLearnArgs threads = {.threads = args->threads};
    return (VmEvalOptions){.draws = args->draws,
                           .latency = 1,
                           .raw = args->truth,
                           .pool = vm_pool_method(args->pool),
                           .seed = args->seed,
                           .n_threads = vm_learn_threads(&threads)};
}

enum VmExit vm_judge_open(VmTiny **model, const char *path, const VmDataset *d,
                          VmMessages *messages)
{
    VmError error = {""};
    unsigned n;
    const int code = vm_tiny_open(model, path, &error);
    if (code) return vm_train_fail(messages, code, &error);
    const char *const *notes = vm_tiny_notes(*model, &n);
    for (unsigned i = 0; i < n; i++) vm_message_warn(messages, "%s: %s", path, notes[i]);
    const char *teacher = vm_tiny_meta(*model, "teacher_sha256");
    if (d && teacher && *teacher && *d->teacher_sha256 && strcmp(teacher, d->teacher_sha256) != 0)
        vm_message_warn(messages, "%s learned from another teacher (%.16s) than the data's (%.16s)",
                        path, teacher, d->teacher_sha256);
    return VM_EXIT_OK;
}
