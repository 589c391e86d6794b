/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a tiny model has seen, from its metadata: the training rows' ranges and scatter, and the box in which its
 * teacher was asked. */
#ifndef VM_SEEN_H
#define VM_SEEN_H

#include "tiny/tiny.h"

/* How far a frame's features are from what a model was made for. */
typedef enum VmOutside {
    VM_INSIDE,
    VM_OUTSIDE_TRAINING, /* beyond the training rows: one feature by more than 2 % of its range, or all together
                          * farther from their middle (Mahalanobis) than 99.9 % of the rows */
    VM_OUTSIDE_BOX /* beyond all that was asked of the teacher: not to be trusted */
} VmOutside;

/* A model may lack any of the three. Pairs are smallest and largest. */
typedef struct VmSeen {
    unsigned n; /* features */
    int has_data, has_box, has_distance;
    double data[2][VM_TINY_MAX_FEATURES], box[2][VM_TINY_MAX_FEATURES];
    double mean[VM_TINY_MAX_FEATURES];
    double whitening[VM_TINY_MAX_FEATURES * (VM_TINY_MAX_FEATURES + 1) / 2];
    double distance;
} VmSeen;

/* Keys data_min, data_max, box_min, box_max, data_mean, data_whitening, data_distance. -EINVAL: one of them is not
 * as many finite numbers as it should be; the sentence begins with origin. */
int vm_seen_read(VmSeen *seen, const VmTiny *model, const char *origin, VmError *error);

int vm_seen_any(const VmSeen *seen);
VmOutside vm_seen_outside(const VmSeen *seen, const double *x);

/* Mahalanobis distance of x[n]: the length of W (x - mean), W lower triangular, row by row, W'W the inverse of the
 * covariance. */
double vm_seen_distance(const double *mean, const double *whitening, unsigned n, const double *x);

#endif
