/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Against SciPy 1.10.1, for points p of (rate, quality) sorted by quality:
 *   P = scipy.interpolate.PchipInterpolator; log = numpy.log10
 *   mean = (P(qb, log(rb)).integrate(lo, hi) - P(qa, log(ra)).integrate(lo, hi)) / (hi - lo)
 *   rate = (10 ** mean - 1) * 100; quality likewise with the axes exchanged */
#include <math.h>

#include "bdrate.h"
#include "unit.h"

typedef struct Case {
    VmRatePoint a[5], b[5];
    unsigned na, nb;
    double rate, quality, low, high;
} Case;

static const Case cases[] = {
    /* the four points of VCEG-M33's first example */
    {{{686.76, 40.28}, {309.58, 37.18}, {157.11, 34.24}, {85.95, 31.42}},
     {{893.34, 40.39}, {407.8, 37.21}, {204.93, 34.17}, {112.75, 31.24}},
     4,
     4,
     31.379878202398,
     -1.183472404622,
     31.42,
     40.28},
    /* a fifth less everywhere */
    {{{1000, 60}, {2000, 80}, {4000, 90}, {8000, 95}},
     {{800, 60}, {1600, 80}, {3200, 90}, {6400, 95}},
     4,
     4,
     -20,
     3.677712287616,
     60,
     95},
    {{{500, 41.5}, {900, 62.25}, {1700, 79.125}, {2900, 89.5}, {6100, 96.75}},
     {{450, 45}, {1000, 70.5}, {2500, 88}, {5200, 95.5}},
     5,
     4,
     -14.141555119606,
     3.101754358993,
     45,
     95.5},
    {{{100, 30}, {200, 40}},
     {{150, 32}, {260, 41}, {500, 41.5}},
     2,
     3,
     10.998893463647,
     -2.667840849811,
     32,
     40},
};

static void equals_an_independent_computation(void **state)
{
    (void)state;
    for (size_t i = 0; i < VM_COUNT(cases); i++) {
        const Case *c = &cases[i];
        VmBdResult r;
        VmError error = {{0}};
        assert_int_equal(vm_bd_compare(c->a, c->na, c->b, c->nb, &r, &error), 0);
        assert_true(fabs(r.rate - c->rate) < 1e-10 * (1 + fabs(c->rate)));
        assert_true(fabs(r.quality - c->quality) < 1e-10 * (1 + fabs(c->quality)));
        assert_true(r.low == c->low && r.high == c->high);
    }
}

/* numpy.polyfit of degree 3, as VCEG-M33 has it, integrated over the same range. */
static void is_near_the_single_cubic(void **state)
{
    (void)state;
    VmBdResult r;
    VmError error = {{0}};
    assert_int_equal(vm_bd_compare(cases[0].a, 4, cases[0].b, 4, &r, &error), 0);
    assert_true(fabs(r.rate - 31.397374054911566) < 0.05);
}

static void the_unit_of_rate_does_not_matter(void **state)
{
    (void)state;
    VmRatePoint a[4], b[4];
    VmBdResult r;
    VmError error = {{0}};
    for (int i = 0; i < 4; i++) {
        a[i] = (VmRatePoint){cases[0].a[i].rate * 125, cases[0].a[i].quality};
        b[i] = (VmRatePoint){cases[0].b[i].rate * 125, cases[0].b[i].quality};
    }
    assert_int_equal(vm_bd_compare(a, 4, b, 4, &r, &error), 0);
    assert_true(fabs(r.rate - cases[0].rate) < 1e-9);
}

static void points_that_make_no_curve(void **state)
{
    (void)state;
    const VmRatePoint good[] = {{1, 1}, {2, 2}}, falling[] = {{1, 2}, {2, 1}},
                      equal[] = {{1, 2}, {2, 2}};
    const VmRatePoint high[] = {{1, 10}, {2, 20}}, zero[] = {{0, 1}, {2, 2}},
                      nan[] = {{1, NAN}, {2, 2}};
    const struct {
        const VmRatePoint *points;
        unsigned n;
        const char *why;
    } bad[] = {{good, 1, "1 encodes"},      {falling, 2, "does not rise"},
               {equal, 2, "does not rise"}, {high, 2, "do not overlap"},
               {zero, 2, "not above 0"},    {nan, 2, "not above 0"}};
    for (size_t i = 0; i < VM_COUNT(bad); i++) {
        VmBdResult r;
        VmError error = {{0}};
        assert_int_equal(vm_bd_compare(good, 2, bad[i].points, bad[i].n, &r, &error), -EINVAL);
        if (!strstr(error.text, bad[i].why)) fail_msg("case %zu: %s", i, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_an_independent_computation),
        cmocka_unit_test(is_near_the_single_cubic),
        cmocka_unit_test(the_unit_of_rate_does_not_matter),
        cmocka_unit_test(points_that_make_no_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
