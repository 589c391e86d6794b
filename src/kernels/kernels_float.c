/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scalar floating-point kernels. Every product and sum is rounded on its own and in the order written:
 * the order is part of the definition (built with -ffp-contract=off). */
#include "kernels/kernels_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"

/* ---- SSIM ---- */

/* 11 taps: float products, double sum, float result */
VM_INLINE float window_dot(const float *x)
{
    double sum = 0;
    for (int k = 0; k < VM_SSIM_TAPS; k++) {
        const float product = ssim_taps[k] * x[k];
        sum += (double)product;
    }
    return (float)sum;
}

static void ssim_horz(float *const out[VM_SSIM_MAPS], const float *x, const float *d, int w)
{
    for (int j = 0; j + VM_SSIM_TAPS <= w; j++) {
        float xx[VM_SSIM_TAPS], dd[VM_SSIM_TAPS], xd[VM_SSIM_TAPS];
        for (int k = 0; k < VM_SSIM_TAPS; k++) {
            xx[k] = x[j + k] * x[j + k];
            dd[k] = d[j + k] * d[j + k];
            xd[k] = x[j + k] * d[j + k];
        }
        out[0][j] = window_dot(x + j);
        out[1][j] = window_dot(d + j);
        out[2][j] = window_dot(xx);
        out[3][j] = window_dot(dd);
        out[4][j] = window_dot(xd);
    }
}

enum { SSIM, SSIM_L, SSIM_C, SSIM_S, SSIM_SUMS };

/* C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2 and C3 = C2 / 2, each rounded to float on the way */
static void ssim_compare(double out[SSIM_SUMS], const float m[VM_SSIM_MAPS])
{
    const float c1 = 0x1.a028f4p+2f, c2 = 0x1.d42e12p+5f, c3 = 0x1.d42e12p+4f;
    const float mx = m[0], md = m[1], mxx = mx * mx, mdd = md * md, mxd = mx * md;
    const float dx = m[2] - mxx, ddd = m[3] - mdd, cov = m[4] - mxd;
    const float vx = dx > 0 ? dx : 0, vd = ddd > 0 ? ddd : 0;
    const float vv = vx * vd, sg = (float)sqrt((double)vv);
    const float l_den = mxx + mdd + c1, c_den = vx + vd + c2;
    const float s_cov = cov < 0 && sg <= 0 ? 0 : cov;
    const float s_num = s_cov + c3, s_den = sg + c3;
    out[SSIM_L] = (2.0 * mx * md + c1) / l_den;
    out[SSIM_C] = (2.0 * sg + c2) / c_den;
    out[SSIM_S] = (double)(s_num / s_den);
    out[SSIM] = out[SSIM_L] * out[SSIM_C] * out[SSIM_S];
}

static void ssim_vert_row(VmSsimSums *sums, const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN],
                          int y, int luma, int n)
{
    double lane[SSIM_SUMS][16] = {0};
    for (int j = 0; j < n; j++) {
        float m[VM_SSIM_MAPS];
        double out[SSIM_SUMS];
        for (int i = 0; i < VM_SSIM_MAPS; i++) {
            float column[VM_SSIM_TAPS];
            for (int k = 0; k < VM_SSIM_TAPS; k++) column[k] = rows[i][y + k][j];
            m[i] = window_dot(column);
        }
        ssim_compare(out, m);
        for (int i = 0; i < SSIM_SUMS; i++) lane[i][j % 16] += out[i];
    }
    sums->ssim = luma ? vm_fold(lane[SSIM]) : 0;
    sums->l = luma ? vm_fold(lane[SSIM_L]) : 0;
    sums->c = vm_fold(lane[SSIM_C]);
    sums->s = vm_fold(lane[SSIM_S]);
}

static void ssim_vert(VmSsimSums sums[VM_SSIM_ROWS],
                      const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN], int n_rows, int luma,
                      int n)
{
    for (int y = 0; y < n_rows; y++) ssim_vert_row(&sums[y], rows, y, luma, n);
}

/* Columns first, each from above to below, then from left to right. */
static void ms_ssim_half(float *dst, double *const tmp[VM_MS_TMP], const float *const *rows, int w)
{
    (void)tmp;
    for (int j = 0; 2 * j < w; j++) {
        double sum = 0;
        for (int u = -4; u <= 4; u++) {
            double column = 0;
            for (int v = -4; v <= 4; v++) {
                const float product = rows[v + 4][2 * j + u] * ms_low_pass[abs(v)][abs(u)];
                column += (double)product;
            }
            sum += column;
        }
        dst[j] = (float)sum;
    }
}

/* ---- float VIF ---- */

VM_INLINE void fvif_vert(VmFvifRows *t, const float *const *ref, const float *const *dis,
                         const float *taps, int n, int w)
{
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        float x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (int k = 0; k < n; k++) {
            const float p = ref[k][j], q = dis[k][j];
            x += taps[k] * p;
            y += taps[k] * q;
            xx += taps[k] * (p * p);
            yy += taps[k] * (q * q);
            xy += taps[k] * (p * q);
        }
        t->v[0][j] = x;
        t->v[1][j] = y;
        t->v[2][j] = xx;
        t->v[3][j] = yy;
        t->v[4][j] = xy;
    }
}

VM_INLINE float taps_dot(const float *x, const float *taps, int n)
{
    float sum = 0;
    for (int k = 0; k < n; k++) sum += taps[k] * x[k];
    return sum;
}

/* The polynomial is the definition: float VIF does not use a true logarithm. */
static float log2_approx(float x)
{
    static const float poly[] = {-0.012671635276421f, 0.064841182402670f,  -0.157048836463065f,
                                 0.257167726303123f,  -0.353800560300520f, 0.480131410397451f,
                                 -0.721314327952201f, 1.442694803896991f,  0.0f};
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const float exponent = (float)((int)(bits >> 23 & 255) - 127);
    bits = (bits & 0x7fffff) | 0x3f800000;
    float m;
    memcpy(&m, &bits, sizeof(m));
    const float u = m - 1.0f;
    float sum = 0;
    for (size_t i = 0; i < VM_COUNT(poly); i++) sum = sum * u + poly[i];
    return exponent + sum;
}

static void fvif_compare(VmFvifSums *sums, const float m[5], float gain, double nsq,
                         float sigma_max_inv)
{
    const float eps = 1.0e-10f;
    const float mxx = m[0] * m[0], myy = m[1] * m[1], mxy = m[0] * m[1];
    float s1 = m[2] - mxx, s2 = m[3] - myy;
    const float s12 = m[4] - mxy;
    s1 = s1 > 0 ? s1 : 0;
    s2 = s2 > 0 ? s2 : 0;
    float g = s12 / (s1 + eps), sv = s2 - g * s12;
    if (s1 < eps) {
        g = 0;
        sv = s2;
        s1 = 0;
    }
    if (s2 < eps) g = sv = 0;
    if (g < 0) {
        sv = s2;
        g = 0;
    }
    sv = sv > eps ? sv : eps;
    g = g < gain ? g : gain;
    if ((double)s1 < nsq) {
        sums->num += 1.0f - s2 * sigma_max_inv;
        sums->den += 1.0f;
        return;
    }
    const float signal = g * g * s1;
    const float num = log2_approx((float)(1.0 + (double)signal / ((double)sv + nsq)));
    sums->num += s12 < 0 ? 0.0f : num;
    sums->den += log2_approx((float)(1.0 + (double)s1 / nsq));
}

static void fvif_stat(VmFvifSums *sums, VmFvifRows *t, const float *const *ref,
                      const float *const *dis, const float *taps, int n, double gain, double nsq,
                      int w)
{
    const float sigma_max_inv = (float)((double)vm_exact_powf((float)nsq, 2.0f) / (255.0 * 255.0));
    const int r = n / 2;
    fvif_vert(t, ref, dis, taps, n, w);
    for (int i = 0; i < 5; i++) VM_PAD_REFLECT(t->v[i], w, r);
    *sums = (VmFvifSums){0};
    for (int j = 0; j < w; j++) {
        float m[5];
        for (int i = 0; i < 5; i++) m[i] = taps_dot(t->v[i] + j - r, taps, n);
        fvif_compare(sums, m, (float)gain, nsq, sigma_max_inv);
    }
}

static void fvif_sub(float *dst, float *tmp, const float *const *rows, const float *taps, int n,
                     int step, int w)
{
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        float sum = 0;
        for (int k = 0; k < n; k++) sum += taps[k] * rows[k][j];
        tmp[j] = sum;
    }
    VM_PAD_REFLECT(tmp, w, n / 2);
    for (int j = 0; j < w / step; j++) dst[j] = taps_dot(tmp + step * j - n / 2, taps, n);
}

/* ---- float ADM ---- */

#define DWT_NAME  adm_dwt_float
#define DWT_SRC   float
#define DWT_ROW   float
#define DWT_SUM   float
#define DWT_L     vm_adm_low
#define DWT_G     vm_adm_high
#define DWT_IN(x) (x)
#define DWT_V(s)  (s)
#define DWT_H(s)  (s)
#include "kernels/ref_dwt_tmpl.h"

static float restore(float o, float t, int similar, double gain)
{
    const float ratio = t * (1.0f / (o + 1e-30f));
    const float k = ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
    const float r = k * o;
    if (!similar || r == 0) return r;
    const double wanted = (double)r * gain;
    if (r > 0) return (float)(wanted < (double)t ? wanted : (double)t);
    return (float)(wanted > (double)t ? wanted : (double)t);
}

static void adm_decouple_float(const VmAdmSplit *out, int n, const void *const o[3],
                               const void *const t[3], const VmAdmScale *c)
{
    const float *oh = o[0], *ov = o[1], *th = t[0], *tv = t[1];
    const int end = VM_MIN(c->x1 + 1, c->w);
    for (int j = VM_MAX(c->x0 - 1, 0); j < end; j++) {
        const float dp = oh[j] * th[j] + ov[j] * tv[j];
        const float om = oh[j] * oh[j] + ov[j] * ov[j];
        const float tm = th[j] * th[j] + tv[j] * tv[j];
        const int similar = dp >= 0 && dp * dp >= VM_ADM_COS2 * om * tm;
        for (int b = 0; b < 3; b++) {
            const float ob = ((const float *)o[b])[j], tb = ((const float *)t[b])[j];
            for (int i = 0; i < n; i++) {
                const float restored = restore(ob, tb, similar, out[i].gain);
                ((float *)out[i].r[b])[j] = restored;
                ((float *)out[i].a[b])[j] = tb - restored;
            }
        }
    }
}

VM_INLINE float power(float x, float p)
{
    return p == 3.0f ? x * x * x : vm_exact_powf(x, p);
}

static void adm_den_float(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    for (int b = 0; b < 3; b++) {
        const float *x = o[b];
        float row = 0;
        for (int j = c->x0; j < c->x1; j++) row += power(fabsf(c->rfactor[b] * x[j]), c->p_norm);
        sum[b].f += row;
    }
}

static void adm_csf_float(void *outer, void *inner, void *tmp, const void *const m[3],
                          const VmAdmScale *c)
{
    float *f = tmp, *o = outer, *i = inner;
    const int first = VM_MAX(c->x0 - 1, 0), end = VM_MIN(c->x1 + 1, c->w);
    for (int j = first; j < end; j++) {
        f[j] = i[j] = 0;
        for (int b = 0; b < 3; b++) {
            const float q = fabsf(c->rfactor[b] * ((const float *)m[b])[j]);
            f[j] += 0.0333333351f * q;
            i[j] += 0.0666666701f * q;
        }
    }
    if (c->x0 == 0) f[-1] = f[1];
    if (c->x1 == c->w) f[c->w] = f[c->w - 1];
    for (int j = c->x0; j < c->x1; j++) {
        const float sides = f[j - 1] + f[j + 1];
        o[j] = sides + f[j];
        i[j] += sides;
    }
}

static void adm_mask_float(VmAdmSum sum[3], const void *const x[3], const void *above,
                           const void *inner, const void *below, const VmAdmScale *c)
{
    const float *a = above, *i = inner, *b = below;
    float row[3] = {0};
    for (int j = c->x0; j < c->x1; j++) {
        const float threshold = c->bypass ? 0 : a[j] + i[j] + b[j];
        for (int k = 0; k < 3; k++) {
            const float u = fabsf(c->rfactor[k] * ((const float *)x[k])[j]) - threshold;
            if (u > 0) row[k] += power(u, c->p_norm);
        }
    }
    for (int k = 0; k < 3; k++) sum[k].f += row[k];
}

const VmKernels vm_kernels_float = {
    .ssim_horz = ssim_horz,
    .ssim_vert = ssim_vert,
    .ms_ssim_half = ms_ssim_half,
    .fvif_stat = fvif_stat,
    .fvif_sub = fvif_sub,
    .adm_dwt_float = adm_dwt_float,
    .adm_float = {adm_decouple_float, adm_den_float, adm_csf_float, adm_mask_float},
};
