/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "train_common.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outfile.h"
#include "progress.h"

static void show(void *opaque, double done, double total, const char *what)
{
    VmBar *bar = opaque;
    char text[160];
    pthread_mutex_lock(&bar->lock);
    const double now = vm_clock();
    if (now - bar->last >= 0.1) {
        bar->last = now;
        (void)snprintf(text, sizeof(text), "%s: %.0f of %.0f", what, done, total);
        vm_message_progress(bar->messages, text, 1);
    }
    pthread_mutex_unlock(&bar->lock);
}

void vm_bar_start(VmBar *bar, VmMessages *messages)
{
    *bar = (VmBar){.messages = messages, .shown = isatty(STDERR_FILENO)};
    pthread_mutex_init(&bar->lock, NULL);
    if (bar->shown) bar->watch.progress = show;
    bar->watch.opaque = bar;
}

void vm_bar_stop(VmBar *bar)
{
    vm_message_end_line(bar->messages);
    pthread_mutex_destroy(&bar->lock);
}

enum VmExit vm_train_fail(VmMessages *messages, int code, const VmError *error)
{
    if (code) vm_message_error(messages, "%s", error->text);
    return vm_exit_of(code);
}

enum VmExit vm_train_save(const char *folder, const char *name, const void *bytes, size_t size,
                          VmMessages *messages)
{
    VmError error = {""};
    char *path = folder ? vm_path_in(folder, name, messages) : NULL;
    if (folder && !path) return VM_EXIT_INTERNAL;
    const int code = bytes ? vm_outfile_write(folder ? path : name, bytes, size, &error)
                           : vm_fail_memory(&error);
    vm_free(path);
    if (!code) return VM_EXIT_OK;
    vm_message_error(messages, "%s", error.text);
    return VM_EXIT_INTERNAL;
}

enum VmExit vm_train_teacher(VmTeacher **teacher, const VmLearnArgs *learn, const char *spec,
                             VmMessages *messages)
{
    VmError error = {""};
    *teacher = NULL;
    if (!vm_learn_asks_teacher(learn)) return VM_EXIT_OK;
    return vm_train_fail(messages, vm_teacher_open(teacher, spec, &error), &error);
}

#define AT(member) offsetof(VmSplitArgs, member)

const VmOption vm_split_options[] = {
    {"val-source", "NAME", "the source that judges and does not train (Tennis, or the last one)",
     VM_OPTION_TEXT, AT(val_source)},
    {"split", "HOW", "source: one is held out; hash: a tenth each for val and test; none",
     VM_OPTION_CHOICE, AT(split), .choices = "source|hash|none", .initial = "source"},
    {"split-key", "WHAT", "what --split hash divides", VM_OPTION_CHOICE, AT(key),
     .choices = "source|clip", .initial = "source"},
    {0},
};

enum { SPLIT_SOURCE, SPLIT_HASH, SPLIT_NONE };

static int choose_group(const VmDataset *d, const VmSplitArgs *args, VmMessages *messages,
                        VmError *error)
{
    if (args->val_source) return vm_split_find(d, args->val_source, error);
    const int tennis = vm_dataset_find_group(d, "Tennis");
    if (tennis >= 0) return tennis;
    if (!d->n_groups) return vm_fail(error, -EINVAL, "the data have no source");
    vm_message_warn(messages, "there is no source Tennis; %s judges instead (--val-source)",
                    d->groups[d->n_groups - 1]);
    return (int)d->n_groups - 1;
}

static int split_rows(VmSplit *split, const char **held_out, const VmDataset *d,
                      const VmSplitArgs *args, VmMessages *messages, VmError *error)
{
    int code;
    if (args->split == SPLIT_SOURCE) {
        const int group = choose_group(d, args, messages, error);
        if (group < 0) return group;
        *held_out = d->groups[group];
        code = vm_split_group(split, d, group);
    } else if (args->split == SPLIT_HASH) {
        *held_out = "hash";
        code = vm_split_hash(split, d, args->key);
    } else {
        code = vm_split_group(split, d, -1);
    }
    if (code) return vm_fail_memory(error);
    VM_TRY(vm_split_check(split, VM_PART_TRAIN, error));
    return args->split == SPLIT_NONE ? 0 : vm_split_check(split, VM_PART_VAL, error);
}

enum VmExit vm_train_split(VmSplit *split, const char **held_out, const VmDataset *d,
                           const VmSplitArgs *args, VmMessages *messages)
{
    VmError error = {""};
    *split = (VmSplit){{0}};
    *held_out = NULL;
    return vm_train_fail(messages, split_rows(split, held_out, d, args, messages, &error), &error);
}
