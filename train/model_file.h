/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A trained network as an ONNX file that says where it comes from. */
#ifndef VM_MODEL_FILE_H
#define VM_MODEL_FILE_H

#include "fit.h"

/* What the file's metadata says beyond what is fitted. Texts may be NULL: left out. Numbers that are not
 * finite likewise. */
typedef struct VmModelFacts {
    int trained; /* 0: the weights are those of a start */
    char *const *features;
    const char *arch; /* "mlp_small" or "6-16-8-1" */
    const char *target;
    const char *teacher, *teacher_sha256;
    const char *data_sha256;
    const char *sources, *held_out; /* names with commas between */
    uint64_t seed;
    double conformal_level, conformal_q, loso_rmse, loso_worst;
    const char *spread_teacher, *spread_sha256; /* of the second output */
} VmModelFacts;

/* *bytes is the caller's (vm_free()); spread: the network of the second output, or NULL. params NULL: the
 * fitted ones. Returns 0 or a negative errno and a sentence. */
int vm_model_file_make(void **bytes, size_t *size, const VmFitted *fitted, const double *params,
                       const VmFitted *spread, const VmModelFacts *facts, VmError *error);

#endif
