/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Bjontegaard's measure: how much more (or less) rate one encoder needs for the same quality, on
 * average over the qualities both reach.
 *
 * The logarithm of the rate as a function of quality, and for the second measure quality as a
 * function of the logarithm of the rate, go through the given points as piecewise cubics whose
 * slopes are chosen so that no swing appears between points (monotone where the points are, as
 * in Fritsch and Butland's "A method for constructing local monotone piecewise cubic
 * interpolants"; two points make a line). They are integrated exactly. Bjontegaard's own single
 * cubic through four points can leave their range; this cannot. */
#ifndef VM_BDRATE_H
#define VM_BDRATE_H

#include "base.h"

enum { VM_BD_POINTS_MAX = 64 };

typedef struct VmRatePoint {
    double rate, quality; /* rate > 0, any unit */
} VmRatePoint;

typedef struct VmBdResult {
    double rate;      /* percent: -20 = the test needs a fifth less than the anchor */
    double quality;   /* difference of quality at equal rate, in its unit */
    double low, high; /* the qualities over which `rate` is the mean */
} VmBdResult;

/* Points in any order, at least 2 a side. Returns 0, or -EINVAL with a sentence: too few points,
 * two with the same quality or rate, a rate that falls while quality rises, no common range. */
int vm_bd_compare(const VmRatePoint *anchor, unsigned n_anchor, const VmRatePoint *test,
                  unsigned n_test, VmBdResult *result, VmError *error);

#endif
