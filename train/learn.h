/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One training from a data set to an ONNX file, with the checks that keep the figures honest. */
#ifndef VM_LEARN_H
#define VM_LEARN_H

#include "dataset.h"
#include "learn_args.h"
#include "model_file.h"
#include "tiny/tiny.h"

typedef struct VmLearn {
    const VmLearnArgs *args;
    const VmArch *arch;
    const VmDataset *dataset; /* NULL: --corpus-free; then features are the canonical ones */
    const uint32_t *rows;     /* [n] that train */
    size_t n;
    const VmTeacher *teacher; /* NULL: nothing is asked */
    const VmTeacher *spread;  /* a collection whose spread becomes the second output; or NULL */
    const char *held_out;     /* for the metadata; NULL: nothing is */
    double conformal_level, conformal_q, loso_rmse, loso_worst; /* NaN: not known */
    unsigned snapshot_every;
    const VmWatch *watch;
} VmLearn;

typedef struct VmLearned {
    VmFitted fitted, spread; /* spread.params NULL: there is none */
    VmModelFacts facts;
    VmText sources; /* behind the facts */
    void *onnx;
    size_t size;
    VmTiny *model; /* the file, read back */
    double pull;   /* that was chosen for viewers' scores; NaN: none was */
} VmLearned;

/* Free learned in every case. -ERANGE (the loss is not finite): if learned->onnx is not NULL it is the last
 * good model. */
int vm_learn(VmLearned *learned, const VmLearn *learn, VmError *error);
void vm_learned_free(VmLearned *learned);

/* The file for other parameters of the fit: a snapshot. */
int vm_learned_snapshot(const VmLearned *learned, const double *params, void **bytes, size_t *size,
                        VmError *error);

/* Initial weights that no data have seen, marked as such. */
int vm_learn_untrained(VmLearned *learned, const VmLearn *learn, VmError *error);

/* Do the scores come from this teacher and these columns? A few hundred rows are asked again. */
int vm_learn_check_teacher(const VmDataset *dataset, const VmTeacher *teacher, VmError *error);

/* Do clips of different groups share rows? Then nothing would be held out. */
int vm_learn_check_overlap(const VmDataset *dataset, VmError *error);

/* The first feature that is the same in all these rows, or NULL. */
const char *vm_learn_constant_feature(const VmDataset *dataset, const uint32_t *rows, size_t n);

#endif
