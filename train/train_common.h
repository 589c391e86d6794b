/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the commands that train and judge have in common. */
#ifndef VM_TRAIN_COMMON_H
#define VM_TRAIN_COMMON_H

#include "json_file.h"
#include "learn.h"
#include "split.h"

/* A line on a terminal's standard error that shows how far the work is. */
typedef struct VmBar {
    VmMessages *messages;
    int shown; /* standard error is a terminal */
    double last;
    pthread_mutex_t lock;
    VmWatch watch; /* give this to the work */
} VmBar;

void vm_bar_start(VmBar *bar, VmMessages *messages);
void vm_bar_stop(VmBar *bar);

/* Says the sentence; 2 for what cannot be used, 4 for want of memory. */
enum VmExit vm_train_fail(VmMessages *messages, int code, const VmError *error);

/* Writes bytes to folder/name; folder NULL: name is the path. NULL: there was no memory for them. */
enum VmExit vm_train_save(const char *folder, const char *name, const void *bytes, size_t size,
                          VmMessages *messages);

/* The teacher if one is needed: *teacher stays NULL otherwise. */
enum VmExit vm_train_teacher(VmTeacher **teacher, const VmLearnArgs *learn, const char *spec,
                             VmMessages *messages);

/* How rows are divided: --val-source NAME, --split source|hash|none, --split-key source|clip. */
typedef struct VmSplitArgs {
    const char *val_source; /* NULL: Tennis, or else the last source */
    int split;              /* 0 source, 1 hash, 2 none */
    int key;                /* 0 source, 1 clip */
} VmSplitArgs;

extern const VmOption vm_split_options[];

/* *held_out: the group's name, or NULL. Says what it chose by itself. */
enum VmExit vm_train_split(VmSplit *split, const char **held_out, const VmDataset *dataset,
                           const VmSplitArgs *args, VmMessages *messages);

#endif
