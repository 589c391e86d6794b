/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Support vector regression with a radial kernel, from libsvm's text form. (spec: 4.2, 4.3) */
#ifndef VM_SVR_H
#define VM_SVR_H

#include "base.h"

typedef struct VmSvr VmSvr;

enum { VM_SVR_MAX_INDEX = 64, VM_SVR_MAX_VECTORS = 1 << 20 };

/* Reads the model for inputs of n_features values, 1..VM_SVR_MAX_INDEX. Errors name the line. */
int vm_svr_parse(VmSvr **svr, const char *text, unsigned n_features, VmError *error);

/* Value for x[n_features]. Any thread. */
double vm_svr_predict(const VmSvr *svr, const double *x);

void vm_svr_free(VmSvr *svr); /* NULL does nothing */

#endif
