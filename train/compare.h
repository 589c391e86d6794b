/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Several models on the same rows. */
#ifndef VM_COMPARE_H
#define VM_COMPARE_H

#include "evaluate.h"

typedef struct VmCompared {
    const char *path; /* the caller's */
    VmTiny *model;    /* NULL: it cannot be read */
    VmEvaluation evaluation;
    int code; /* of reading or evaluating it */
    VmError error;
} VmCompared;

/* Opens and evaluates n models whose paths are set; one that fails has code and error, and does not stop the
 * others. Then they are ordered: those without fault by rising RMSE, the others behind, in their order.
 * Returns 0, -EINVAL if all failed, or -ECANCELED. Free them in every case. */
int vm_compare(VmCompared *models, unsigned n, const VmDataset *dataset, const uint32_t *rows,
               size_t n_rows, const VmEvalOptions *options, VmError *error);
void vm_compared_free(VmCompared *models, unsigned n);

#endif
