/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "bdrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"

/* y over x through n points, x rising. */
typedef struct Curve {
    unsigned n;
    double x[VM_BD_POINTS_MAX], y[VM_BD_POINTS_MAX], slope[VM_BD_POINTS_MAX];
} Curve;

static double sign_of(double v)
{
    return (v > 0) - (v < 0);
}

/* At an end: the slope of the parabola through three points, held back where it would leave
 * their range. */
static double end_slope(double h0, double h1, double d0, double d1)
{
    const double slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);

    if (sign_of(slope) != sign_of(d0)) return 0;
    if (sign_of(d0) != sign_of(d1) && fabs(slope) > 3 * fabs(d0)) return 3 * d0;
    return slope;
}

/* Within: the harmonic mean of both sides' slopes, weighted by their lengths; 0 at a turn. */
static double inner_slope(double h0, double h1, double d0, double d1)
{
    const double w0 = 2 * h1 + h0, w1 = h1 + 2 * h0;

    if (sign_of(d0) * sign_of(d1) <= 0) return 0;
    return (w0 + w1) / (w0 / d0 + w1 / d1);
}

static void choose_slopes(Curve *c)
{
    double h[VM_BD_POINTS_MAX] = {0}, d[VM_BD_POINTS_MAX] = {0};
    const unsigned last = c->n - 1;

    for (unsigned i = 0; i < last; i++) {
        h[i] = c->x[i + 1] - c->x[i];
        d[i] = (c->y[i + 1] - c->y[i]) / h[i];
    }
    if (last == 1) {
        c->slope[0] = c->slope[1] = d[0];
        return;
    }
    c->slope[0] = end_slope(h[0], h[1], d[0], d[1]);
    for (unsigned i = 1; i < last; i++) c->slope[i] = inner_slope(h[i - 1], h[i], d[i - 1], d[i]);
    c->slope[last] = end_slope(h[last - 1], h[last - 2], d[last - 1], d[last - 2]);
}

/* The integral of the cubic between points i and i + 1 from the left one up to x. */
static double integrate_piece(const Curve *c, unsigned i, double x)
{
    const double h = c->x[i + 1] - c->x[i], s = x - c->x[i];
    const double d = (c->y[i + 1] - c->y[i]) / h;
    const double c2 = (3 * d - 2 * c->slope[i] - c->slope[i + 1]) / h;
    const double c3 = (c->slope[i] + c->slope[i + 1] - 2 * d) / (h * h);

    return s * (c->y[i] + s * (c->slope[i] / 2 + s * (c2 / 3 + s * c3 / 4)));
}

/* low and high lie within the curve. */
static double integrate(const Curve *c, double low, double high)
{
    double sum = 0;

    for (unsigned i = 0; i + 1 < c->n; i++) {
        const double from = fmax(low, c->x[i]), to = fmin(high, c->x[i + 1]);
        if (from < to) sum += integrate_piece(c, i, to) - integrate_piece(c, i, from);
    }
    return sum;
}

/* Mean height of b over a on their common range. */
static int mean_difference(const Curve *a, const Curve *b, double *mean, double *low, double *high)
{
    *low = fmax(a->x[0], b->x[0]);
    *high = fmin(a->x[a->n - 1], b->x[b->n - 1]);
    if (!(*low < *high)) return -EINVAL;
    *mean = (integrate(b, *low, *high) - integrate(a, *low, *high)) / (*high - *low);
    return 0;
}

/* ---- points ---- */

static int by_quality(const void *a, const void *b)
{
    const VmRatePoint *p = a, *q = b;

    return (p->quality > q->quality) - (p->quality < q->quality);
}

static int sort_points(VmRatePoint *sorted, const VmRatePoint *points, unsigned n, const char *name,
                       VmError *error)
{
    if (n < 2 || n > VM_BD_POINTS_MAX)
        return vm_fail(error, -EINVAL,
                       "%s has %u encodes with a known rate; 2 to %d are needed, 4 are usual", name,
                       n, VM_BD_POINTS_MAX);
    memcpy(sorted, points, n * sizeof(*points));
    qsort(sorted, n, sizeof(*sorted), by_quality);
    for (unsigned i = 0; i < n; i++)
        if (!isfinite(sorted[i].quality) || !isfinite(sorted[i].rate) || sorted[i].rate <= 0)
            return vm_fail(error, -EINVAL, "%s has a rate that is not above 0", name);
    for (unsigned i = 0; i + 1 < n; i++)
        if (sorted[i].quality == sorted[i + 1].quality || sorted[i].rate >= sorted[i + 1].rate)
            return vm_fail(error, -EINVAL,
                           "%s does not rise: rate %g gives quality %.3f and rate %g gives %.3f",
                           name, sorted[i].rate, sorted[i].quality, sorted[i + 1].rate,
                           sorted[i + 1].quality);
    return 0;
}

static void make_curves(const VmRatePoint *points, unsigned n, Curve *rate, Curve *quality)
{
    rate->n = quality->n = n;
    for (unsigned i = 0; i < n; i++) {
        rate->x[i] = quality->y[i] = points[i].quality;
        rate->y[i] = quality->x[i] = vm_exact_log10(points[i].rate);
    }
    choose_slopes(rate);
    choose_slopes(quality);
}

int vm_bd_compare(const VmRatePoint *anchor, unsigned n_anchor, const VmRatePoint *test,
                  unsigned n_test, VmBdResult *result, VmError *error)
{
    VmRatePoint a[VM_BD_POINTS_MAX], b[VM_BD_POINTS_MAX];
    Curve rates[2], qualities[2];
    VmBdResult r = {0};
    double low, high;

    VM_TRY(sort_points(a, anchor, n_anchor, "the anchor", error));
    VM_TRY(sort_points(b, test, n_test, "the test", error));
    make_curves(a, n_anchor, &rates[0], &qualities[0]);
    make_curves(b, n_test, &rates[1], &qualities[1]);
    if (mean_difference(&rates[0], &rates[1], &r.rate, &r.low, &r.high))
        return vm_fail(error, -EINVAL,
                       "the qualities do not overlap: %.3f to %.3f and %.3f to %.3f", a[0].quality,
                       a[n_anchor - 1].quality, b[0].quality, b[n_test - 1].quality);
    r.rate = (vm_exact_pow(10, r.rate) - 1) * 100;
    if (mean_difference(&qualities[0], &qualities[1], &r.quality, &low, &high)) r.quality = NAN;
    *result = r;
    return 0;
}
