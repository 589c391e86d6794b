/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Learning viewers' scores of a few dozen clips: too few to learn from nothing, so the network begins as a
 * student of the teacher and is pulled back to it, if the teacher reads these features. */
#ifndef VM_MOS_H
#define VM_MOS_H

#include "dataset.h"
#include "fit.h"

/* spec: of the network; its teacher is NULL if there is none that reads the features. rows: those that train,
 * their targets viewers' scores. How strong the pull is, or without a teacher which of the starts, is chosen by
 * leaving out each group of the training rows in turn (the weakest pull, the first start if there is but one
 * group); *pull says which pull and is left alone without a teacher. Codes as those of vm_fit(). */
int vm_mos_fit(VmFitted *fitted, const VmFitSpec *spec, const VmDataset *dataset,
               const VmTable *rows, double *pull, VmError *error);

#endif
