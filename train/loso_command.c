/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train loso: architectures and seeds, every source held out in turn. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "figures.h"
#include "loso.h"
#include "loso_figures.h"
#include "progress.h"
#include "rng.h"
#include "train_common.h"

enum { MAX_RUNS = 1000 };

typedef struct LosoArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmTexts archs;
    unsigned seeds;
    const char *json;
} LosoArgs;

static enum VmExit parse_archs(const LosoArgs *args, VmArch *archs, VmMessages *messages)
{
    VmError error = {""};
    for (unsigned i = 0; i < args->archs.n; i++)
        if (vm_arch_parse(&archs[i], args->archs.items[i], &error)) {
            vm_message_error(messages, "--model-arch: %s", error.text);
            return VM_EXIT_USAGE;
        }
    if (!args->archs.n) (void)vm_arch_parse(&archs[0], "mlp_small", NULL);
    return VM_EXIT_OK;
}

static void set_runs(const LosoArgs *args, const VmArch *archs, unsigned n_archs, VmLosoRun *runs)
{
    for (unsigned r = 0; r < n_archs * args->seeds; r++) {
        runs[r].arch = &archs[r / args->seeds];
        runs[r].args = args->learn;
        runs[r].args.seed = args->learn.seed + r % args->seeds;
    }
}

static enum VmExit work(const LosoArgs *args, const VmDataset *d, const VmTeacher *teacher,
                        VmLosoRun *runs, unsigned n_runs, VmMessages *messages)
{
    VmError error = {""};
    VmBar bar;
    const double start = vm_clock();
    int code = vm_learn_check_overlap(d, &error);
    vm_bar_start(&bar, messages);
    if (!code)
        code =
            vm_loso(runs, n_runs, d, teacher, vm_learn_threads(&args->learn), &bar.watch, &error);
    vm_bar_stop(&bar);
    if (code) return vm_train_fail(messages, code, &error);
    const int quiet = args->json && args->json[0] == '-' && !args->json[1];
    if (!quiet) {
        vm_loso_print(runs, n_runs, d);
        printf("\n%u runs of %u folds in %.1f s\n", n_runs, runs[0].n_folds, vm_clock() - start);
    }
    return args->json ? vm_json_save(vm_loso_json(runs, n_runs, d), args->json, messages)
                      : VM_EXIT_OK;
}

static enum VmExit run_with_data(const LosoArgs *args, const VmArch *archs, unsigned n_archs,
                                 VmMessages *messages)
{
    const unsigned n_runs = n_archs * args->seeds;
    VmDataset *d = NULL;
    VmTeacher *teacher = NULL;
    VmLosoRun *runs = vm_alloc_array(n_runs, sizeof(*runs));
    if (!runs) return VM_EXIT_INTERNAL;
    set_runs(args, archs, n_archs, runs);
    enum VmExit status = vm_train_teacher(&teacher, &args->learn, args->data.teacher, messages);
    if (!status) status = vm_dataset_load(&d, &args->data, messages);
    if (!status) status = work(args, d, teacher, runs, n_runs, messages);
    for (unsigned r = 0; r < n_runs; r++) vm_loso_run_free(&runs[r]);
    vm_free(runs);
    vm_teacher_free(teacher);
    vm_dataset_free(d);
    return status;
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    const LosoArgs *args = opaque;
    const unsigned n_archs = args->archs.n ? args->archs.n : 1;
    if ((uint64_t)n_archs * args->seeds > MAX_RUNS) {
        vm_message_error(messages, "%u architectures with %u seeds are more than %d runs", n_archs,
                         args->seeds, MAX_RUNS);
        return VM_EXIT_USAGE;
    }
    if (args->seeds - 1 > VM_SEED_MAX - args->learn.seed) {
        vm_message_error(messages, "%u seeds from %" PRIu64 " on go beyond %" PRIu64, args->seeds,
                         args->learn.seed, VM_SEED_MAX);
        return VM_EXIT_USAGE;
    }
    VmArch *archs = vm_alloc_array(n_archs, sizeof(*archs));
    if (!archs) return VM_EXIT_INTERNAL;
    enum VmExit status = parse_archs(args, archs, messages);
    if (!status) status = run_with_data(args, archs, n_archs, messages);
    vm_free(archs);
    return status;
}

#define AT(member) offsetof(LosoArgs, member)

static const VmOption own_options[] = {
    {"model-arch", "NAME",
     "as fit has it, perhaps with an activation (mlp_small:relu); more than once", VM_OPTION_LIST,
     AT(archs)},
    {"seeds", "N", "that many, from --seed on", VM_OPTION_COUNT, AT(seeds), 1, 1000,
     .initial = "1"},
    {"json", "FILE", "all figures; - is standard output, instead of the table", VM_OPTION_TEXT,
     AT(json)},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"training", vm_learn_options, offsetof(LosoArgs, learn)},
    {"data", vm_data_options, offsetof(LosoArgs, data)},
    {0},
};

const VmCommand vm_cmd_loso = {
    .name = "loso",
    .summary = "Holds out every source in turn, for architectures and seeds.",
    .tables = tables,
    .args_size = sizeof(LosoArgs),
    .run = run,
};
