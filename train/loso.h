/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Leave one source out: every group in turn judges a network that was trained on the others. */
#ifndef VM_LOSO_H
#define VM_LOSO_H

#include <jansson.h>

#include "conformal.h"
#include "learn.h"
#include "metrics.h"

typedef struct VmLosoFold {
    unsigned group; /* of the data set */
    size_t n_train;
    VmMetrics metrics;
    double seconds;
} VmLosoFold;

enum { VM_LOSO_INTERVALS = 3 }; /* empirical 95 %, guaranteed 90 %, guaranteed at its limit */

/* One architecture and seed. */
typedef struct VmLosoRun {
    const VmArch *arch;
    VmLearnArgs args;
    VmMlp mlp;
    VmLosoFold *folds;       /* [n_folds] */
    unsigned n_folds, worst; /* by RMSE */
    double *predicted; /* [rows of the data set], each by the model that did not see its group */
    VmMetrics mean,
        std;          /* over folds, sample deviation; max_error: the largest, p99_error: unused */
    VmMetrics pooled; /* over all rows */
    VmConformal intervals[VM_LOSO_INTERVALS];
    int has_corpus_free;
    VmMetrics corpus_free; /* of the same network trained without any video, on all rows */
} VmLosoRun;

/* arch and args of each run are given. Needs two groups at least. Returns 0 or a negative errno and a
 * sentence; free the runs in every case. n_threads share out the folds of all runs. */
int vm_loso(VmLosoRun *runs, unsigned n_runs, const VmDataset *dataset, const VmTeacher *teacher,
            unsigned n_threads, const VmWatch *watch, VmError *error);
void vm_loso_run_free(VmLosoRun *run);

/* The run of lowest mean RMSE. */
unsigned vm_loso_best(const VmLosoRun *runs, unsigned n_runs);

/* The documented keys of the best run, its folds, and all runs. */
json_t *vm_loso_json(const VmLosoRun *runs, unsigned n_runs, const VmDataset *dataset);

#endif
