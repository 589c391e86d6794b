/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scalar integer kernels: the definition that vector versions are checked against. */
#include "kernels/adm_scalar.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

const int vm_vif_taps[VM_VIF_SCALES] = {17, 9, 5, 3};

const uint16_t vm_vif_filter[VM_VIF_SCALES][VM_VIF_MAX_TAPS + 1] = {
    {489, 935, 1640, 2640, 3896, 5274, 6547, 7455, 7784, 7455, 6547, 5274, 3896, 2640, 1640, 935,
     489},
    {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244},
    {3571, 16004, 26386, 16004, 3571},
    {10904, 43728, 10904},
};

const VmVifColumns vm_vif_columns[VM_VIF_SCALES] = {
    {9,
     {{-8, -7, {489, 935}},
      {-6, -5, {1640, 2640}},
      {-4, -3, {3896, 5274}},
      {-2, -1, {6547, 7455}},
      {0, 1, {7784, 0}},
      {2, 1, {6547, 7455}},
      {4, 3, {3896, 5274}},
      {6, 5, {1640, 2640}},
      {8, 7, {489, 935}}}},
    {5,
     {{-4, -3, {1244, 3663}},
      {-2, -1, {7925, 12590}},
      {0, 1, {14692, 0}},
      {2, 1, {7925, 12590}},
      {4, 3, {1244, 3663}}}},
    {3, {{-2, -1, {3571, 16004}}, {0, 1, {26386, 0}}, {2, 1, {3571, 16004}}}},
    {2, {{0, 1, {32767, 10904}}, {0, -1, {10961, 10904}}}},
};

/* ---- VIF ---- */

static uint16_t log2_table[32768];

static void fill_log2_table(void)
{
    /* rounding to float first is part of the definition: 38 entries depend on it */
    for (int i = 0; i < 32768; i++)
        log2_table[i] = (uint16_t)floor((double)(float)log2(32768 + i) * 2048 + 0.5);
}

const uint16_t *vm_vif_log2_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_log2_table);
    return log2_table;
}

/* 2048 * log2(x) for x >= 2^17, from its 16 leading bits */
VM_INLINE int64_t log2_q11(const uint16_t *table, uint64_t x)
{
    const int k = 48 - __builtin_clzll(x);
    return table[(x >> k) - 32768] + 2048 * k;
}

/* Column sums of a row: means and second moments. */
typedef struct VifMoments {
    uint16_t *m1, *m2;
    uint32_t *xx, *yy, *xy;
} VifMoments;

VM_INLINE VifMoments vif_moments(VmVifRows *t)
{
    return (VifMoments){t->tmp[0], t->tmp[1], t->tmp[2], t->tmp[3], t->tmp[4]};
}

VM_INLINE void vif_horz_taps(VmVifRows *t, const VifMoments *v, const uint16_t *f, int n, int w)
{
    const int r = n / 2;
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        uint32_t m1 = 0, m2 = 0; /* taps sum to 2^16, means below 2^16 */
        uint64_t xx = 32768, yy = 32768, xy = 32768;
        for (int k = 0; k < n; k++) {
            const int x = j - r + k;
            m1 += (uint32_t)f[k] * v->m1[x];
            m2 += (uint32_t)f[k] * v->m2[x];
            xx += (uint64_t)f[k] * v->xx[x];
            yy += (uint64_t)f[k] * v->yy[x];
            xy += (uint64_t)f[k] * v->xy[x];
        }
        const uint64_t half = (uint64_t)1 << 31;
        const uint32_t c11 = (uint32_t)(((uint64_t)m1 * m1 + half) >> 32);
        const uint32_t c22 = (uint32_t)(((uint64_t)m2 * m2 + half) >> 32);
        const uint32_t c12 = (uint32_t)(((uint64_t)m1 * m2 + half) >> 32);
        const int32_t s2 = (int32_t)((uint32_t)(yy >> 16) - c22);
        t->s1[j] = (int32_t)((uint32_t)(xx >> 16) - c11);
        t->s2[j] = s2 > 0 ? s2 : 0;
        t->s12[j] = t->s1[j] < VM_VIF_NOISE ? 0 : (int32_t)((uint32_t)(xy >> 16) - c12);
    }
}

/* sum of taps times x * y; bias makes samples unsigned */
VM_INLINE uint64_t vif_column(const VmVifColumns *columns, const int16_t *const *x,
                              const int16_t *const *y, int odd, int bias, int j)
{
    uint64_t sum = 0;
    for (int k = 0; k < columns->n; k++)
        for (int c = 0; c < 2; c++) {
            const int at = 2 * j + c;
            const uint64_t b = y ? (uint64_t)(y[k][at] + bias) : 1;
            sum += (uint64_t)columns->pair[k].tap[c ^ odd] * (uint64_t)(x[k][at] + bias) * b;
        }
    return sum;
}

/* With samples shifted up to 16 bits the means' shift is 16 and the moments' too, which is the same as
 * bpc and 2 (bpc - 8) without it. 8-bit samples stay as they are: 8 and none. */
VM_INLINE void vif_vert(const VifMoments *t, const int16_t *const *ref, const int16_t *const *dis,
                        const VmVifColumns *columns, int odd, int bits, int w)
{
    const int bias = 1 << (bits - 1), b = bits == 8 ? 0 : 16;
    for (int j = 0; j < w; j++) {
        const uint64_t m1 = vif_column(columns, ref, NULL, odd, bias, j);
        const uint64_t m2 = vif_column(columns, dis, NULL, odd, bias, j);
        const uint64_t xx = vif_column(columns, ref, ref, odd, bias, j);
        const uint64_t yy = vif_column(columns, dis, dis, odd, bias, j);
        const uint64_t xy = vif_column(columns, ref, dis, odd, bias, j);
        t->m1[j] = (uint16_t)round_shift((int64_t)m1, bits);
        t->m2[j] = (uint16_t)round_shift((int64_t)m2, bits);
        t->xx[j] = (uint32_t)round_shift((int64_t)xx, b);
        t->yy[j] = (uint32_t)round_shift((int64_t)yy, b);
        t->xy[j] = (uint32_t)round_shift((int64_t)xy, b);
    }
}

static void vif_horz(VmVifRows *t, int scale, int w)
{
    const int r = vm_vif_taps[scale] / 2;
    const uint16_t *f = vm_vif_filter[scale];
    const VifMoments v = vif_moments(t);
    VM_PAD_REFLECT(v.m1, w, r);
    VM_PAD_REFLECT(v.m2, w, r);
    VM_PAD_REFLECT(v.xx, w, r);
    VM_PAD_REFLECT(v.yy, w, r);
    VM_PAD_REFLECT(v.xy, w, r);
    switch (scale) {
    case 0: vif_horz_taps(t, &v, f, 17, w); break;
    case 1: vif_horz_taps(t, &v, f, 9, w); break;
    case 2: vif_horz_taps(t, &v, f, 5, w); break;
    default: vif_horz_taps(t, &v, f, 3, w); break;
    }
}

static void vif_sub_horz(uint16_t *dst, uint16_t *tmp, const uint16_t *f, int n, int w)
{
    const int r = n / 2;
    VM_PAD_REFLECT(tmp, w, r);
    for (int j = 0; j < w / 2; j++) {
        uint32_t sum = 32768;
        for (int k = 0; k < n; k++) sum += (uint32_t)f[k] * tmp[2 * j - r + k];
        dst[j] = (uint16_t)(sum >> 16);
    }
}

static void vif_sub(uint16_t *dst, uint16_t *tmp, const int16_t *const *rows, int next_scale,
                    int bits, int w)
{
    const VmVifColumns *columns = &vm_vif_columns[next_scale];
    for (int j = 0; j < w; j++) {
        const uint64_t sum = vif_column(columns, rows, NULL, 0, 1 << (bits - 1), j);
        tmp[j] = (uint16_t)round_shift((int64_t)sum, bits);
    }
    vif_sub_horz(dst, tmp, vm_vif_filter[next_scale], vm_vif_taps[next_scale], w);
}

#define VIF_STAT(bits)                                                                             \
    static void vif_stat_##bits(VmVifRows *t, const int16_t *const *ref,                           \
                                const int16_t *const *dis, int scale, int odd, int w)              \
    {                                                                                              \
        const VifMoments moments = vif_moments(t);                                                 \
        vif_vert(&moments, ref, dis, &vm_vif_columns[scale], odd, bits, w);                        \
        vif_horz(t, scale, w);                                                                     \
    }
VIF_STAT(8)
VIF_STAT(16)
#undef VIF_STAT

static void vif_residual(VmVifSums *sums, const VmVifRows *t, const double *gain, int n_gain, int w)
{
    enum { NOISE = VM_VIF_NOISE, LOG_NOISE = 17 * 2048 };
    const uint16_t *table = vm_vif_log2_table();
    const double eps = 65536 * 1.0e-10;
    for (int j = 0; j < w; j++) {
        const int32_t s1 = t->s1[j], s2 = t->s2[j], s12 = t->s12[j];
        if (s1 < NOISE) {
            sums->num_nl += s2;
            sums->den_nl++;
            continue;
        }
        sums->den_log += log2_q11(table, (uint32_t)(NOISE + s1)) - LOG_NOISE;
        if (s12 <= 0 || s2 <= 0) continue;
        const double g = (double)s12 / ((double)s1 + eps);
        const int32_t sv = (int32_t)((double)s2 - g * (double)s12);
        const uint32_t noisy = (uint32_t)((sv > 0 ? sv : 0) + NOISE);
        const int64_t log_noisy = log2_q11(table, noisy);
        for (int i = 0; i < n_gain; i++) {
            const double limited = g < gain[i] ? g : gain[i];
            const int64_t signal = (int64_t)(limited * limited * (double)s1) + noisy;
            sums->num_log[i] += log2_q11(table, (uint64_t)signal) - log_noisy;
        }
    }
}

/* ---- motion ---- */

static uint64_t motion_horz(int32_t *tmp, const uint16_t *f, int w)
{
    uint64_t sad = 0; /* |z| < 2^16, w <= 2^15 */
    VM_PAD_REFLECT(tmp, w, 2);
    for (int j = 0; j < w; j++) {
        int64_t sum = 32768;
        for (int k = 0; k < 5; k++) sum += (int64_t)f[k] * tmp[j - 2 + k];
        sum >>= 16;
        sad += (uint64_t)(sum < 0 ? -sum : sum);
    }
    return sad;
}

#define VM_BITS_(name, bits) name##_##bits
#define VM_BITS2(name, bits) VM_BITS_(name, bits)
#define VM_BITS(name)        VM_BITS2(name, BITS)

#define PIXEL uint8_t
#define DIFF  int16_t
#define BITS  8
#include "kernels/ref_pixel_tmpl.h"

#define PIXEL uint16_t
#define DIFF  int32_t
#define BITS  16
#include "kernels/ref_pixel_tmpl.h"

/* ---- ADM wavelet ---- */

static const int32_t tap_l[4] = {15826, 27411, 7345, -4240};   /* sum 46342 */
static const int32_t tap_g[4] = {-4240, -7345, 27411, -15826}; /* sum 0 */

/* Scale 0: samples centred to +-2^(b-1); sums of taps times those stay below
 * 54822 * 2^15 < 2^31 and the rounded rows within +-27411. */
#define DWT_NAME  adm_dwt_8
#define DWT_SRC   uint8_t
#define DWT_ROW   int16_t
#define DWT_SUM   int32_t
#define DWT_L     tap_l
#define DWT_G     tap_g
#define DWT_IN(x) ((int32_t)(x)-128)
#define DWT_V(s)  (((s) + 128) >> 8)
#define DWT_H(s)  (((s) + 32768) >> 16)
#include "kernels/ref_dwt_tmpl.h"

#define DWT_NAME  adm_dwt_16
#define DWT_SRC   uint16_t
#define DWT_ROW   int16_t
#define DWT_SUM   int32_t
#define DWT_L     tap_l
#define DWT_G     tap_g
#define DWT_IN(x) ((int32_t)((x) & ((1 << bpc) - 1)) - (1 << (bpc - 1)))
#define DWT_V(s)  (((s) + (1 << (bpc - 1))) >> bpc)
#define DWT_H(s)  (((s) + 32768) >> 16)
#include "kernels/ref_dwt_tmpl.h"

/* Scale 1 keeps the vertical sums unrounded: at most 54822 * 22930 < 2^31. */
#define DWT_NAME  adm_dwt_1
#define DWT_SRC   int16_t
#define DWT_ROW   int32_t
#define DWT_SUM   int64_t
#define DWT_L     tap_l
#define DWT_G     tap_g
#define DWT_IN(x) (x)
#define DWT_V(s)  (s)
#define DWT_H(s)  (((s) + 16384) >> 15)
#include "kernels/ref_dwt_tmpl.h"

#define DWT_NAME  adm_dwt_2
#define DWT_SRC   int32_t
#define DWT_ROW   int32_t
#define DWT_SUM   int64_t
#define DWT_L     tap_l
#define DWT_G     tap_g
#define DWT_IN(x) ((int64_t)(x))
#define DWT_V(s)  (((s) + 32768) >> 16)
#define DWT_H(s)  (((s) + 32768) >> 16)
#include "kernels/ref_dwt_tmpl.h"

#define DWT_NAME  adm_dwt_3
#define DWT_SRC   int32_t
#define DWT_ROW   int32_t
#define DWT_SUM   int64_t
#define DWT_L     tap_l
#define DWT_G     tap_g
#define DWT_IN(x) ((int64_t)(x))
#define DWT_V(s)  (((s) + 32768) >> 16)
#define DWT_H(s)  (((s) + 16384) >> 15)
#include "kernels/ref_dwt_tmpl.h"

/* ---- ADM decoupling (spec 5) ---- */

VM_INLINE int first_column(const VmAdmScale *c)
{
    return VM_MAX(c->x0 - 1, 0);
}
VM_INLINE int end_column(const VmAdmScale *c)
{
    return VM_MIN(c->x1 + 1, c->w);
}

#define ADM_DECOUPLE(name, T, restore)                                                             \
    static void name(const VmAdmSplit *out, int n, const void *const o[3], const void *const t[3], \
                     const VmAdmScale *c)                                                          \
    {                                                                                              \
        const T *oh = o[0], *ov = o[1], *th = t[0], *tv = t[1];                                    \
        for (int j = first_column(c); j < end_column(c); j++) {                                    \
            const int similar = same_angle(oh[j], ov[j], th[j], tv[j]);                            \
            for (int b = 0; b < 3; b++) {                                                          \
                const T ob = ((const T *)o[b])[j], tb = ((const T *)t[b])[j];                      \
                for (int i = 0; i < n; i++) {                                                      \
                    const T restored = (T)restore(ob, tb, similar, out[i].gain);                   \
                    ((T *)out[i].r[b])[j] = restored;                                              \
                    ((T *)out[i].a[b])[j] = (T)(tb - restored);                                    \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
ADM_DECOUPLE(adm_decouple_0, int16_t, restore_0)
ADM_DECOUPLE(adm_decouple_123, int32_t, restore_123)

/* ---- ADM denominator (spec 7) ---- */

static void adm_den_0(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    for (int b = 0; b < 3; b++) {
        const int16_t *x = o[b];
        uint64_t row = 0; /* |x|^3 < 2^44, 2^15 columns */
        for (int j = c->x0; j < c->x1; j++) {
            const uint64_t m = (uint64_t)abs(x[j]);
            row += m * m * m;
        }
        sum[b].i += round_shift((int64_t)row, c->den_shift[0]);
    }
}

static void adm_den_123(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    const int shift = c->scale == 2 ? 30 : 31;
    for (int b = 0; b < 3; b++) {
        const int32_t *x = o[b];
        uint64_t row = 0;
        for (int j = c->x0; j < c->x1; j++) {
            const uint64_t m = (uint64_t)llabs((long long)x[j]);
            const uint64_t q = (m * m >> shift) + 1; /* always one more than the floor */
            row += (uint64_t)round_shift((int64_t)(q * m), c->den_shift[0]);
        }
        sum[b].i += round_shift((int64_t)row, c->den_shift[1]);
    }
}

/* ---- ADM masking (spec 8) ---- */

/* From f (columns x0 - 1 .. x1, border filled in) and c (in `inner`) to the two partial thresholds.
 * 32-bit sums may wrap; only their total matters. */
static void spread(int32_t *outer, int32_t *inner, int32_t *f, const VmAdmScale *c)
{
    if (c->x0 == 0) f[-1] = f[1];
    if (c->x1 == c->w) f[c->w] = f[c->w - 1];
    for (int j = c->x0; j < c->x1; j++) {
        const uint32_t sides = (uint32_t)f[j - 1] + (uint32_t)f[j + 1];
        outer[j] = (int32_t)(sides + (uint32_t)f[j]);
        inner[j] = (int32_t)(sides + (uint32_t)inner[j]);
    }
}

static void adm_csf_0(void *outer, void *inner, void *tmp, const void *const m[3],
                      const VmAdmScale *c)
{
    int32_t *f = tmp, *centre = inner;
    for (int j = first_column(c); j < end_column(c); j++) {
        int32_t sum_f = 0, sum_c = 0;
        for (int b = 0; b < 3; b++) {
            /* the diagonal rounds with 65535, one short of half */
            const int32_t half = b == 2 ? 65535 : 16384, shift = b == 2 ? 17 : 15;
            const int32_t product = (int32_t)c->weight[b] * ((const int16_t *)m[b])[j];
            const int32_t q = abs((int16_t)((product + half) >> shift));
            sum_f += (int16_t)((4369 * q + 2048) >> 12);
            sum_c += (int16_t)((8738 * q + 2048) >> 12); /* wraps from 15360 on, as defined */
        }
        f[j] = sum_f;
        centre[j] = sum_c;
    }
    spread(outer, inner, f, c);
}

static void adm_csf_123(void *outer, void *inner, void *tmp, const void *const m[3],
                        const VmAdmScale *c)
{
    const int64_t offset = (int64_t)1 << 31; /* subtracted: f and c are one below their rounding */
    int32_t *f = tmp, *centre = inner;
    for (int j = first_column(c); j < end_column(c); j++) {
        uint32_t sum_f = 0, sum_c = 0;
        for (int b = 0; b < 3; b++) {
            const int64_t q = llabs(weigh_123(c->weight[b], ((const int32_t *)m[b])[j]));
            sum_f += (uint32_t)((143165577 * q - offset) >> 32);
            sum_c += (uint32_t)((286331153 * q - offset) >> 32);
        }
        f[j] = (int32_t)sum_f;
        centre[j] = (int32_t)sum_c;
    }
    spread(outer, inner, f, c);
}

/* Weights of the unscaled Barten model are far too large for the fixed point: by definition the sums wrap
 * then. Pictures with the other modes stay far below. */
static void add_rows(VmAdmSum sum[3], const uint64_t row[3], int shift)
{
    for (int k = 0; k < 3; k++)
        sum[k].i = (int64_t)((uint64_t)sum[k].i + (uint64_t)round_shift((int64_t)row[k], shift));
}

static void adm_mask_0(VmAdmSum sum[3], const void *const x[3], const void *above,
                       const void *inner, const void *below, const VmAdmScale *c)
{
    const int32_t *a = above, *i = inner, *b = below;
    uint64_t row[3] = {0};
    for (int j = c->x0; j < c->x1; j++) {
        const uint32_t threshold = (uint32_t)a[j] + (uint32_t)i[j] + (uint32_t)b[j];
        for (int k = 0; k < 3; k++) {
            const int32_t value = (int32_t)(c->weight[k] * (uint32_t)((const int16_t *)x[k])[j]);
            const uint32_t scaled = threshold << (k == 2 ? 12 : 10);
            const int32_t u = (int32_t)((uint32_t)(value < 0 ? -(int64_t)value : value) - scaled);
            row[k] += (uint64_t)cubed(u, k == 2 ? 30 : 29, c->value_shift[k]);
        }
    }
    add_rows(sum, row, c->row_shift);
}

static void adm_mask_123(VmAdmSum sum[3], const void *const x[3], const void *above,
                         const void *inner, const void *below, const VmAdmScale *c)
{
    const int32_t *a = above, *i = inner, *b = below;
    uint64_t row[3] = {0};
    for (int j = c->x0; j < c->x1; j++) {
        const uint32_t threshold = (uint32_t)a[j] + (uint32_t)i[j] + (uint32_t)b[j];
        for (int k = 0; k < 3; k++) {
            const int64_t value = weigh_123(c->weight[k], ((const int32_t *)x[k])[j]);
            const int32_t u = (int32_t)((uint32_t)llabs(value) - threshold);
            row[k] += (uint64_t)cubed(u, 30, c->value_shift[k]);
        }
    }
    add_rows(sum, row, c->row_shift);
}

/* ---- the table ---- */

const VmKernels vm_kernels_ref = {
    .vif_stat_8 = vif_stat_8,
    .vif_stat_16 = vif_stat_16,
    .vif_pair_8 = vif_pair_8,
    .vif_pair_16 = vif_pair_16,
    .vif_sub = vif_sub,
    .vif_residual = vif_residual,
    .adm_dwt_8 = adm_dwt_8,
    .adm_dwt_16 = adm_dwt_16,
    .adm_dwt = {NULL, adm_dwt_1, adm_dwt_2, adm_dwt_3},
    .adm_0 = {adm_decouple_0, adm_den_0, adm_csf_0, adm_mask_0},
    .adm_123 = {adm_decouple_123, adm_den_123, adm_csf_123, adm_mask_123},
    .motion_diff_8 = motion_diff_8,
    .motion_diff_16 = motion_diff_16,
    .motion_sad_8 = motion_sad_8,
    .motion_sad_16 = motion_sad_16,
    .sse_8 = sse_8,
    .sse_16 = sse_16,
    .half_8 = half_8,
    .half_16 = half_16,
    .to_float_8 = to_float_8,
    .to_float_16 = to_float_16,
    .ssim_box_8 = ssim_box_8,
    .ssim_box_16 = ssim_box_16,
};
