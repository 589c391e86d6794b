/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "conformal.h"

#include <math.h>
#include <stdlib.h>

#include "base.h"

typedef struct Residual {
    double error;
    unsigned group;
} Residual;

static int compare(const void *a, const void *b)
{
    const Residual *x = a, *y = b;
    if (x->error != y->error) return x->error < y->error ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

double vm_conformal_limit(unsigned m)
{
    return 1 - 1 / ((double)m + 1);
}

/* Smallest error that has the level's mass at or below it, group `left_out` not counted. */
static double quantile(const Residual *sorted, size_t n, const size_t *count, unsigned m,
                       unsigned left_out, double level, int guaranteed)
{
    const double share = 1 / ((double)m + (guaranteed ? 1 : 0));
    const double enough = level - 1e-9; /* sums of shares are rounded */
    double mass = 0;
    for (size_t i = 0; i < n; i++) {
        if (sorted[i].group == left_out) continue;
        mass += share / (double)count[sorted[i].group];
        if (mass >= enough) return sorted[i].error;
    }
    return INFINITY;
}

/* One group fewer calibrates: what it can guarantee is less, and is what is judged then. */
static void cover(VmConformal *c, const Residual *sorted, size_t n, const size_t *count,
                  unsigned n_groups)
{
    const double limit = vm_conformal_limit(n_groups - 1);
    const double level = c->guaranteed ? VM_MIN(c->level, limit) : c->level;
    c->mean_coverage = 0;
    c->worst_coverage = INFINITY;
    for (unsigned g = 0; g < n_groups; g++) {
        const double q = quantile(sorted, n, count, n_groups - 1, g, level, c->guaranteed);
        size_t inside = 0;
        for (size_t i = 0; i < n; i++) inside += sorted[i].group == g && sorted[i].error <= q;
        const double coverage = (double)inside / (double)count[g];
        c->mean_coverage += coverage / n_groups;
        if (coverage >= c->worst_coverage) continue;
        c->worst_coverage = coverage;
        c->worst_group = g;
    }
}

int vm_conformal(VmConformal *c, const double *errors, const unsigned *group, size_t n,
                 unsigned n_groups, double level, int guaranteed)
{
    Residual *sorted = vm_alloc_array(n + 1, sizeof(*sorted));
    size_t *count = vm_alloc_array(n_groups + 1, sizeof(*count));
    *c = (VmConformal){.level = level, .guaranteed = guaranteed, .q = INFINITY};
    c->mean_coverage = c->worst_coverage = NAN;
    const int code = sorted && count ? 0 : -ENOMEM;
    if (!code) {
        for (size_t i = 0; i < n; i++) {
            sorted[i] = (Residual){errors[i], group[i]};
            count[group[i]]++;
        }
        qsort(sorted, n, sizeof(*sorted), compare);
        c->q = quantile(sorted, n, count, n_groups, n_groups, level, guaranteed);
        if (n_groups > 1 && isfinite(c->q)) cover(c, sorted, n, count, n_groups);
    }
    vm_free(sorted);
    vm_free(count);
    return code;
}
