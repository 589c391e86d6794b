/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The trainer for programs of ours. What they call:
 *
 *   vm_dataset_load()   rows of a corpus or a table                        dataset.h
 *   vm_teacher_open()   the model that is learned from                     teacher.h
 *   vm_split_*()        which rows train and which judge                   split.h
 *   vm_learn()          one training, from rows to the bytes of an ONNX    learn.h
 *   vm_loso()           every source held out in turn                      loso.h
 *   vm_evaluate()       a model's figures on rows                          evaluate.h
 *   vm_compare()        several models on the same rows, ranked            compare.h
 *
 * Each takes a VmWatch (team.h), which hears of progress and can cancel from any thread; each returns a
 * negative errno and one sentence. None prints, none keeps anything between calls. */
#ifndef VM_TRAINER_H
#define VM_TRAINER_H

#include "compare.h"
#include "dataset.h"
#include "evaluate.h"
#include "learn.h"
#include "loso.h"
#include "split.h"
#include "teacher.h"

#endif
