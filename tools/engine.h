/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The engine as the program uses it: models and features of the command line in, scores out.
 * Functions that can fail say why through the messages and return the exit status. */
#ifndef VM_ENGINE_H
#define VM_ENGINE_H

#include "args.h"
#include "exitcode.h"
#include "message.h"

typedef struct VmModelSlot {
    const VmModelArg *arg;
    VmafModel *model;
    VmafModelCollection *collection; /* NULL: a single model */
    double score;                    /* mean over all frames */
    VmafModelCollectionScore spread; /* of a collection */
} VmModelSlot;

typedef struct VmEngine {
    VmafContext *vmaf;
    const VmArgs *args;
    VmMessages *messages;
    VmModelSlot models[VM_MODELS_MAX];
    unsigned n_models;
    const char *judged; /* name of the score that --fail-under is about */
    int is_empty;       /* no frame was counted: there are no scores to show */
    int is_incomplete;  /* that score has no number for a frame: no limit is kept */
} VmEngine;

enum VmExit vm_engine_open(VmEngine *engine, const VmArgs *args, VmMessages *messages);

/* The scores of the reports that are to be merged. */
enum VmExit vm_engine_merge(VmEngine *engine, const VmArgs *args, VmMessages *messages);

/* After the flush: the mean scores of frames first .. last. */
enum VmExit vm_engine_pool(VmEngine *engine, unsigned first, unsigned last);

/* The scores, or the features' means if there is no model to predict with and no report. */
enum VmExit vm_engine_print(VmEngine *engine, FILE *out);

/* VM_EXIT_GATE with a message for each limit that was missed; VM_EXIT_INPUT if no frame was counted. */
enum VmExit vm_engine_check_limits(VmEngine *engine);

/* Accepts a zeroed and a half-open one. */
void vm_engine_close(VmEngine *engine);

#endif
