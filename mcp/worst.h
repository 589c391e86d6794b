/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The worst frames of a scored clip, and which feature made them so. */
#ifndef VM_WORST_H
#define VM_WORST_H

#include <stdatomic.h>

#include "libvmaf/vmaf_ext.h"
#include "store.h"

enum { VM_WORST_MAX = 32 };

/* What one feature of the model did to a frame's score. */
typedef struct VmCulprit {
    unsigned column; /* of the table */
    double value;    /* in this frame */
    double usual;    /* its median over the clip */
    double points;   /* by which the score would rise if the feature had its usual value here */
} VmCulprit;

/* Rows with the lowest values of a column, the lowest first; between any two lie at least gap
 * frames. Returns how many there are, at most n. *stopped is looked at before each but the first
 * and ends it; may be NULL. */
unsigned vm_worst_pick(const VmFrameTable *table, unsigned column, unsigned gap,
                       const atomic_int *stopped, unsigned *rows, unsigned n);

/* The median of each column, NAN without values; freed by vm_free(). *stopped is looked at before
 * each: 0, -ENOMEM or -ECANCELED. */
int vm_worst_usual(const VmFrameTable *table, const atomic_int *stopped, double **usual);

/* Number of the column of that name, or -1. */
int vm_worst_column(const VmFrameTable *table, const char *name);

/* The features that cost this row of the table something against what is usual, the dearest
 * first. Returns their number, at most n, 0 also if the model cannot be asked, or -ENOMEM. */
int vm_worst_explain(const VmFrameTable *table, const VmafModel *model, const double *usual,
                     unsigned row, VmCulprit *culprits, unsigned n);

#endif
