/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Contrast sensitivity of the eye for each wavelet scale. Types and order of operations are part of the
 * definition: a weight's last bit moves scores. */
#include "exact.h"
#include "features/adm_flow.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* pixels per degree of visual angle */
static float resolution(const VmAdmView *v)
{
    return (float)(v->distance * v->display_height * pi / 180.0);
}

float vm_adm_csf_watson(const VmAdmView *v, int scale, int diagonal)
{
    static const float amplitude[4][2] = {
        {0.67234f, 0.72709f}, {0.41317f, 0.49428f}, {0.22727f, 0.28688f}, {0.11792f, 0.15214f}};
    const float a = 0.495f, k = 0.466f, f0 = 0.401f, g = diagonal ? 0.534f : 1.0f;
    const float tau = (float)vm_exact_log10(vm_exact_pow(2, scale + 1) * (double)f0 * (double)g /
                                            (double)resolution(v));
    const float kappa = k * tau * tau;
    const float q = (float)(2.0 * (double)a * vm_exact_pow(10, (double)kappa) /
                            (double)amplitude[scale][diagonal]);
    return 1.0f / q;
}

float vm_adm_csf_native(const VmAdmView *v, int scale, int diagonal)
{
    float f = (float)((double)resolution(v) / vm_exact_pow(2, scale + 1));
    if (diagonal) f = (float)((double)f / 0.7);
    return (float)((0.31 + 0.69 * (double)f) * vm_exact_exp(-0.29 * (double)f));
}

/* a parameter of Barten's model at 100 cd/m2, between its values at 20 and 150 */
static float at_100(float at_20, float at_150)
{
    const float p20 = (float)vm_exact_log10(20), p150 = (float)vm_exact_log10(150),
                p100 = (float)vm_exact_log10(100);
    return at_20 + ((at_150 - at_20) / (p150 - p20)) * (p100 - p20);
}

float vm_adm_csf_barten(const VmAdmView *v, int scale, int diagonal)
{
    static const float aperture[4] = {0.424838596301290f, 0.572435103936480f, 0.000167576239164937f,
                                      0.00255872352306433f};
    static const float decay[4] = {0.028f, 0.37f, 37, 360};
    const float p0 = at_100(0.334278f, 0.394533f), p1 = at_100(3.79542f, 2.7755f);
    const float p2 = at_100(1.07327f, 1.16577f), p3 = at_100(6.4635f, 7.45665f);
    const float f = (float)((double)resolution(v) / vm_exact_pow(2, scale + 1));
    const float p0f = p0 * f, f7 = f / 7;
    const float alpha = (float)(1 + vm_exact_pow((double)p0f, (double)p1));
    const float beta =
        (float)(1 / vm_exact_pow(1 - vm_exact_exp(-vm_exact_pow((double)f7, 2)), (double)p2));
    const float product = alpha * beta;
    const float n = (float)((double)p3 / vm_exact_pow((double)product, 0.5));
    float m = 0;
    for (int i = 0; i < 4; i++) {
        const float exponent = -decay[i] * f;
        m = (float)((double)m + (double)aperture[i] * vm_exact_exp((double)exponent));
    }
    const float ratio = 4.0627f / 100;
    const float l =
        (float)((double)30.162f *
                vm_exact_pow(vm_exact_pow((double)ratio, (double)1.6596f) + 1, (double)-0.2712f));
    const float nml = n * m * l;
    return (float)((double)nml * (diagonal ? v->csf_diagonal_scale : v->csf_scale));
}

int vm_adm_csf_table(const VmAdmView *v, int mae, int scale, int diagonal, float *value)
{
    static const struct {
        int height;
        double distance;
        float r[2 /* mae */][2 /* diagonal */][4 /* scale */];
    } tables[] = {
        {1080,
         3,
         {{{.01183f, .025026f, .04295f, .058621f}, {.004302f, .011778f, .023918f, .035901f}},
          {{.011249f, .022606f, .035930f, .045673f}, {.004097f, .010921f, .021430f, .031313f}}}},
        {2160,
         1.5,
         {{{.01183f, .025026f, .04295f, .058621f}, {.004302f, .011778f, .023918f, .035901f}},
          {{.011249f, .022606f, .035930f, .045673f}, {.004097f, .010921f, .021430f, .031313f}}}},
        {1080,
         5,
         {{{.004212f, .014809f, .029642f, .047464f}, {.000984f, .005852f, .0146f, .027574f}},
          {{.004052f, .013939f, .026298f, .038833f}, {.000927f, .005544f, .013415f, .024515f}}}},
        {2160,
         3,
         {{{.00226f, .01183f, .025026f, .04295f}, {.000479f, .004302f, .011778f, .023918f}},
          {{.002166f, .011249f, .022606f, .035930f}, {.000447f, .004097f, .010921f, .021430f}}}},
        {2160,
         5,
         {{{.000092f, .004212f, .014809f, .029642f}, {.000050f, .000984f, .005852f, .0146f}},
          {{.000077f, .004052f, .013939f, .026298f}, {.000045f, .000927f, .005544f, .013415f}}}},
        {720,
         5,
         {{{.010144f, .022561f, .040309f, .05672f}, {.003463f, .010282f, .021839f, .034641f}},
          {{.009689f, .020577f, .034162f, .044523f}, {.003302f, .009579f, .019661f, .030318f}}}},
    };
    for (size_t i = 0; i < VM_COUNT(tables); i++) {
        if (tables[i].height != v->display_height || tables[i].distance != v->distance) continue;
        *value = tables[i].r[mae][diagonal][scale];
        return 0;
    }
    return -EINVAL;
}
