/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models as models of the engine: which features they read, what they score, how far a frame is from
 * what they have seen. */
#ifndef VM_MODEL_TINY_H
#define VM_MODEL_TINY_H

#include "model.h"
#include "tiny/tiny.h"

/* How far a frame's features are from what a model was made for. */
typedef enum VmOutside {
    VM_INSIDE,
    VM_OUTSIDE_TRAINING, /* beyond all rows of the training, by more than 2 % of their range */
    VM_OUTSIDE_BOX       /* beyond all that was asked of the teacher: not to be trusted */
} VmOutside;

/* Smallest and largest values of a feature; a model may lack either pair. */
typedef struct VmTinyLimits {
    double data[2], box[2];
} VmTinyLimits;

/* What a model has instead of an SVR. */
typedef struct VmTinyPart {
    VmTiny *model;
    char *id; /* of a registry; NULL: read from a file */
    int has_data, has_box;
    VmTinyLimits limits[VM_TINY_MAX_FEATURES];
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
