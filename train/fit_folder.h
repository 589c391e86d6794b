/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One training whose results go to a folder: ARCH_final.onnx, snapshots, train_log.csv, run.json and, if rows
 * judge, eval_report.json. What happens is printed. */
#ifndef VM_FIT_FOLDER_H
#define VM_FIT_FOLDER_H

#include "learn.h"
#include "train_common.h"

typedef struct VmFitFolder {
    VmLearn learn;       /* its watch is set here */
    const uint32_t *val; /* [n_val] rows that judge */
    size_t n_val;
    const char *folder; /* made if it is not there */
    const char *origin; /* of the data, for run.json; may be NULL */
    double load_seconds;
    int no_export; /* 1: no snapshots */
} VmFitFolder;

enum VmExit vm_fit_folder(const VmFitFolder *job, VmMessages *messages);

/* The file of a network that is not trained. */
enum VmExit vm_fit_folder_untrained(const VmFitFolder *job, VmMessages *messages);

#endif
