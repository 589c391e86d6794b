/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How far a model may be from its teacher on a source it has not seen, from errors on sources that were held
 * out. Sources count equally, however many rows they have.
 *
 * Two forms. The guaranteed one puts a source's share of mass at infinity: if sources are exchangeable, the
 * interval covers a new source's rows at its level on average over sources. With m sources its level is at
 * most 1 - 1/(m + 1); above that it is infinite. The empirical one is the plain quantile and promises
 * nothing. Neither says anything about viewers. */
#ifndef VM_CONFORMAL_H
#define VM_CONFORMAL_H

#include <stddef.h>
#include <stdint.h>

typedef struct VmConformal {
    double level;
    int guaranteed;
    double q; /* half the interval's width; INFINITY: the level cannot be had */
    double
        mean_coverage; /* each group in turn judged by the q of the others; fractions of its rows */
    double worst_coverage;
    unsigned worst_group;
} VmConformal;

/* errors[n] are absolute, group[n] below n_groups, which all have rows. Returns 0 or -ENOMEM. */
int vm_conformal(VmConformal *result, const double *errors, const unsigned *group, size_t n,
                 unsigned n_groups, double level, int guaranteed);

/* Largest level that m groups can guarantee. */
double vm_conformal_limit(unsigned m);

#endif
