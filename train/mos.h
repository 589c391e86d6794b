/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Learning viewers' scores of a few dozen clips: too few to learn from nothing, so the network begins as a
 * student of the teacher and is pulled back to it. */
#ifndef VM_MOS_H
#define VM_MOS_H

#include "dataset.h"
#include "fit.h"

/* spec: of the network; its teacher must not be NULL. rows: those that train, their targets viewers' scores.
 * How strong the pull is, is chosen by leaving out each group of the training rows in turn (weakest of some if
 * there is but one group); *pull says which. Codes as those of vm_fit(). */
int vm_mos_fit(VmFitted *fitted, const VmFitSpec *spec, const VmDataset *dataset,
               const VmTable *rows, double *pull, VmError *error);

#endif
