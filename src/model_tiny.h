/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models as models of the engine: which features they read, what they score, how far a frame is from
 * what they have seen. */
#ifndef VM_MODEL_TINY_H
#define VM_MODEL_TINY_H

#include "model.h"
#include "tiny/seen.h"

/* What a model has instead of an SVR. */
typedef struct VmTinyPart {
    VmTiny *model;
    char *id; /* of a registry; NULL: read from a file */
    VmSeen seen;
} VmTinyPart;

/* By spec->tiny, or a path that ends in .onnx. */
int vm_model_load_tiny(VmafModel **model, const VmafModelSpec *spec, VmError *error);
void vm_tiny_part_free(VmTinyPart *part); /* NULL does nothing */

/* Scores n rows of the model's features: x[n][n_features]; stddev may be NULL. A row with a value that is not
 * finite scores NaN. */
int vm_model_tiny_run(const VmafModel *model, const double *x, size_t n, double *score,
                      double *stddev, VmError *error);

int vm_model_has_limits(const VmafModel *model);
VmOutside vm_model_outside(const VmafModel *model, const double *x);

#endif
