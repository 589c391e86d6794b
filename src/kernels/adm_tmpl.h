/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of integer ADM (spec: integer ADM 3 - 8, 14).
 *
 * Rows are walked in whole vectors from a multiple of their length on, so lanes outside the wanted
 * columns hold whatever the row holds there: nothing but sums has to leave them out. */

#include "kernels/adm_scalar.h"

/* ---- wavelet (spec 3) ---- */

/* The two filters for v_dot: taps of samples 2n - 1 and 2n, 2n + 1 and 2n + 2. */
typedef struct AdmTaps {
    vs16 low[2], high[2];
} AdmTaps;

VM_INLINE AdmTaps adm_taps(void)
{
    return (AdmTaps){{v_pair(15826, 27411), v_pair(7345, -4240)},
                     {v_pair(-4240, -7345), v_pair(27411, -15826)}};
}

VM_INLINE vs32 adm_dot(vs32 acc, vs16 s01, vs16 s23, const vs16 taps[2])
{
    return v_dot(v_dot(acc, s01, taps[0]), s23, taps[1]);
}

/* Source columns whose column sums the bands of the span are made of. */
typedef struct AdmColumns {
    int from, to;
} AdmColumns;

VM_INLINE AdmColumns adm_columns(const VmAdmSpan *span, int step)
{
    const int first = VM_MIN(span->a0, span->d0), end = VM_MAX(span->a1, span->d1);
    return (AdmColumns){VM_MAX(2 * first - 1, 0) & -step, VM_MIN(2 * end + 1, span->w)};
}

/* The low end mirrors around its first sample, the high end repeats its last. */
VM_INLINE void adm_border(int16_t *t, int w)
{
    t[-1] = t[1];
    t[w] = t[w - 1];
    t[w + 1] = t[w - 2];
}

/* -- scale 0: sums of taps times samples less 2^(bpc - 1) fit 32 bits, 54822 * 2^15 -- */

typedef struct AdmPairs {
    vs16 lo[2], hi[2]; /* rows 0 and 1, 2 and 3 in the order of the 16-bit zips */
} AdmPairs;

VM_INLINE AdmPairs adm_zip_rows(const vs16 s[4])
{
    return (AdmPairs){{v_zip_lo_16(s[0], s[1]), v_zip_lo_16(s[2], s[3])},
                      {v_zip_hi_16(s[0], s[1]), v_zip_hi_16(s[2], s[3])}};
}

VM_INLINE vs16 adm_vert_0(const AdmPairs *p, const vs16 taps[2], int32_t start, int shift)
{
    const vs32 acc = V_SPLAT(vs32, start);
    return v_pack_s16(adm_dot(acc, p->lo[0], p->lo[1], taps) >> shift,
                      adm_dot(acc, p->hi[0], p->hi[1], taps) >> shift);
}

/* One row of column sums to its low-pass and high-pass halves, NULL where not wanted. */
VM_INLINE void adm_horz_0(int16_t *low, int16_t *high, const int16_t *t, int from, int to)
{
    const AdmTaps taps = adm_taps();
    const vs32 half = V_SPLAT(vs32, 32768);
    for (int j = from & -VN32; j < to; j += VN32) {
        const vs16 s01 = v_load_vs16(t + 2 * j - 1), s23 = v_load_vs16(t + 2 * j + 1);
        if (low) v_store_narrow(low + j, (vu32)adm_dot(half, s01, s23, taps.low) >> 16);
        if (high) v_store_narrow(high + j, (vu32)adm_dot(half, s01, s23, taps.high) >> 16);
    }
}

VM_INLINE void adm_dwt_0(void *const dst[4], void *const tmp[2], const void *const rows[4],
                         const VmAdmSpan *span, int bits, int bpc, int details)
{
    const AdmTaps taps = adm_taps();
    const AdmColumns columns = adm_columns(span, VN16);
    const int32_t half = 1 << (bpc - 1);
    /* 8-bit samples are taken as they are: their mean goes off the sum, low-pass taps sum to
     * 46342 */
    const int32_t start = bits == 8 ? half - 46342 * 128 : half;
    int16_t *low = tmp[0], *high = tmp[1];
    for (int j = columns.from; j < columns.to; j += VN16) {
        vs16 s[4];
        for (int k = 0; k < 4; k++)
            s[k] = bits == 8 ? (vs16)v_widen_u8((const uint8_t *)rows[k] + j)
                             : (vs16)(v_load_vu16((const uint16_t *)rows[k] + j) - (uint16_t)half);
        const AdmPairs pairs = adm_zip_rows(s);
        v_store_vs16(low + j, adm_vert_0(&pairs, taps.low, start, bpc));
        if (details) v_store_vs16(high + j, adm_vert_0(&pairs, taps.high, half, bpc));
    }
    adm_border(low, span->w);
    adm_horz_0(dst[VM_ADM_A], details ? dst[VM_ADM_V] : NULL, low,
               details ? VM_MIN(span->a0, span->d0) : span->a0,
               details ? VM_MAX(span->a1, span->d1) : span->a1);
    if (!details) return;
    adm_border(high, span->w);
    adm_horz_0(dst[VM_ADM_H], dst[VM_ADM_D], high, span->d0, span->d1);
}

static void adm_dwt_8(void *const dst[4], void *const tmp[2], const void *const rows[4],
                      const VmAdmSpan *span, int bpc, int details)
{
    (void)bpc; /* 8 */
    adm_dwt_0(dst, tmp, rows, span, 8, 8, details);
}

static void adm_dwt_16(void *const dst[4], void *const tmp[2], const void *const rows[4],
                       const VmAdmSpan *span, int bpc, int details)
{
    adm_dwt_0(dst, tmp, rows, span, 16, bpc, details);
}

/* -- other scales: column sums are 32-bit, x = 65536 hi + lo with a signed lo; the sums of taps
 * times each half fit 32 bits, 54822 * 2^15. hi = (x + 2^15) >> 16 as |x| < 2^31 - 2^15. -- */

/* Where the halves of a row of column sums lie in its tmp, with room for the borders. */
typedef struct AdmHalves {
    int16_t *hi, *lo;
} AdmHalves;

VM_INLINE AdmHalves adm_halves(void *tmp, int w)
{
    return (AdmHalves){tmp, (int16_t *)tmp + ((w + 3 + 31) & ~31)};
}

/* 32-bit rows: the sum of taps times the halves of four rows, (sum + 2^15) >> 16. */
VM_INLINE vs32 adm_vert_32(const vs16 hi[2], const vs16 lo[2], const vs16 taps[2])
{
    return adm_dot((vs32){0}, hi[0], hi[1], taps) +
           (adm_dot(V_SPLAT(vs32, 32768), lo[0], lo[1], taps) >> 16);
}

VM_INLINE void adm_split_32(const AdmHalves *t, int j, vs32 x)
{
    v_store_narrow(t->hi + j, (vu32)(x + 32768) >> 16);
    v_store_narrow(t->lo + j, (vu32)x);
}

VM_INLINE void adm_vert_123(const AdmHalves t[2], const void *const rows[4], int j, int details)
{
    const AdmTaps taps = adm_taps();
    vs32 x[4];
    vs16 hi[2], lo[2];
    for (int k = 0; k < 4; k++) x[k] = v_load_vs32((const int32_t *)rows[k] + j);
    for (int k = 0; k < 2; k++) {
        lo[k] = v_pair_lows(x[2 * k], x[2 * k + 1]);
        hi[k] = v_pair_highs(x[2 * k] + 32768, x[2 * k + 1] + 32768);
    }
    adm_split_32(&t[0], j, adm_vert_32(hi, lo, taps.low));
    if (details) adm_split_32(&t[1], j, adm_vert_32(hi, lo, taps.high));
}

/* Scale 1 keeps its sums unrounded: at most 54822 * 22930. */
VM_INLINE void adm_split_16(const AdmHalves *t, int j, const AdmPairs *p, const vs16 taps[2])
{
    const vs32 a = adm_dot((vs32){0}, p->lo[0], p->lo[1], taps);
    const vs32 b = adm_dot((vs32){0}, p->hi[0], p->hi[1], taps);
    v_store_vs16(t->hi + j, v_pack_s16((a + 32768) >> 16, (b + 32768) >> 16));
    v_store_vu16(t->lo + j, v_pack_u16((vu32)a & 0xffff, (vu32)b & 0xffff));
}

VM_INLINE void adm_vert_1(const AdmHalves t[2], const void *const rows[4], int j, int details)
{
    const AdmTaps taps = adm_taps();
    vs16 s[4];
    for (int k = 0; k < 4; k++) s[k] = v_load_vs16((const int16_t *)rows[k] + j);
    const AdmPairs pairs = adm_zip_rows(s);
    adm_split_16(&t[0], j, &pairs, taps.low);
    if (details) adm_split_16(&t[1], j, &pairs, taps.high);
}

/* (sum + 2^(shift - 1)) >> shift, shift 15 or 16 */
VM_INLINE void adm_horz_32(int32_t *dst, const vs16 hi[2], const vs16 lo[2], const vs16 taps[2],
                           int shift)
{
    const vs32 h = adm_dot((vs32){0}, hi[0], hi[1], taps);
    const vs32 l = adm_dot(V_SPLAT(vs32, 1 << (shift - 1)), lo[0], lo[1], taps);
    v_store_vs32(dst, (h << (16 - shift)) + (l >> shift));
}

VM_INLINE void adm_horz_123(int32_t *low, int32_t *high, const AdmHalves *t, int from, int to,
                            int shift)
{
    const AdmTaps taps = adm_taps();
    for (int j = from & -VN32; j < to; j += VN32) {
        const vs16 hi[2] = {v_load_vs16(t->hi + 2 * j - 1), v_load_vs16(t->hi + 2 * j + 1)};
        const vs16 lo[2] = {v_load_vs16(t->lo + 2 * j - 1), v_load_vs16(t->lo + 2 * j + 1)};
        if (low) adm_horz_32(low + j, hi, lo, taps.low, shift);
        if (high) adm_horz_32(high + j, hi, lo, taps.high, shift);
    }
}

VM_INLINE void adm_dwt_123(void *const dst[4], void *const tmp[2], const void *const rows[4],
                           const VmAdmSpan *span, int scale, int details)
{
    const AdmColumns columns = adm_columns(span, VN16);
    const AdmHalves t[2] = {adm_halves(tmp[0], span->w), adm_halves(tmp[1], span->w)};
    const int step = scale == 1 ? VN16 : VN32, shift = scale == 2 ? 16 : 15;
    const int has_a = span->a0 < span->a1;
    for (int j = columns.from; j < columns.to; j += step)
        if (scale == 1) adm_vert_1(t, rows, j, details);
        else adm_vert_123(t, rows, j, details);
    for (int k = 0; k <= !!details; k++) {
        adm_border(t[k].hi, span->w);
        adm_border(t[k].lo, span->w);
    }
    adm_horz_123(has_a ? dst[VM_ADM_A] : NULL, details ? dst[VM_ADM_V] : NULL, &t[0],
                 details ? VM_MIN(span->a0, span->d0) : span->a0,
                 details ? VM_MAX(span->a1, span->d1) : span->a1, shift);
    if (details) adm_horz_123(dst[VM_ADM_H], dst[VM_ADM_D], &t[1], span->d0, span->d1, shift);
}

#define ADM_DWT(scale)                                                                             \
    static void adm_dwt_##scale(void *const dst[4], void *const tmp[2], const void *const rows[4], \
                                const VmAdmSpan *span, int bpc, int details)                       \
    {                                                                                              \
        (void)bpc;                                                                                 \
        adm_dwt_123(dst, tmp, rows, span, scale, details);                                         \
    }
ADM_DWT(1)
ADM_DWT(2)
ADM_DWT(3)
#undef ADM_DWT

/* ---- decoupling (spec 5) ---- */

/* A gain limit; whole ones are applied to integers: min(r * factor, t) = min(min(r, cap) *
 * factor, t) as cap * factor is above every t. */
typedef struct AdmGain {
    double gain;
    uint32_t factor, cap; /* factor 0: not a whole number */
} AdmGain;

VM_INLINE void adm_gains(AdmGain *gain, const VmAdmSplit *out, int n, uint32_t max)
{
    for (int i = 0; i < n; i++) {
        const uint32_t whole = (uint32_t)out[i].gain;
        gain[i] = (AdmGain){out[i].gain, 0, 0};
        if (whole == out[i].gain) gain[i] = (AdmGain){out[i].gain, whole, max / whole};
    }
}

/* The angle test of every lane by definition. */
static __attribute__((noinline)) vm32 adm_same_angle(vs32 oh, vs32 ov, vs32 th, vs32 tv)
{
    vs32 same = {0};
    for (int i = 0; i < VN32; i++) same[i] = -same_angle(oh[i], ov[i], th[i], tv[i]);
    return v_lt_s32(same, (vs32){0});
}

/* The same from d = o.t, o = o.o and t = t.t in floats. Each is off by at most 4 * 2^-24 of
 * sqrt(o t), o and t themselves, the definition's by 2^-24, so both sides of d^2 >= cos^2 o t
 * are known to 24 * 2^-24 of o t; what is closer than 32 is left to the definition. Where o t is
 * 0 the answer is yes. */
VM_INLINE vm32 adm_similar(vf32 d, vf32 o, vf32 t, vs32 oh, vs32 ov, vs32 th, vs32 tv)
{
    const vf32 dd = d * v_abs_f32(d), ot = o * t;
    const vm32 yes = v_le_f32(ot * (float)(VM_ADM_COS2 * (1 + 0x1p-19)), dd);
    const vm32 perhaps = v_le_f32(ot * (float)(VM_ADM_COS2 * (1 - 0x1p-19)), dd);
    if (__builtin_expect(v_equal(yes, perhaps), 1)) return yes;
    return adm_same_angle(oh, ov, th, tv);
}

/* -- scale 0 -- */

/* What is rare, by definition: VN16 columns from j on. */
static __attribute__((noinline)) void adm_decouple_lanes(const VmAdmSplit *out, int n,
                                                         const void *const o[3],
                                                         const void *const t[3], int j)
{
    const int16_t *oh = o[0], *ov = o[1], *th = t[0], *tv = t[1];
    for (int end = j + VN16; j < end; j++) {
        const int similar = same_angle(oh[j], ov[j], th[j], tv[j]);
        for (int b = 0; b < 3; b++)
            for (int i = 0; i < n; i++) {
                const int16_t ob = ((const int16_t *)o[b])[j], tb = ((const int16_t *)t[b])[j];
                const int32_t r = restore_0(ob, tb, similar, out[i].gain);
                ((int16_t *)out[i].r[b])[j] = (int16_t)r;
                ((int16_t *)out[i].a[b])[j] = (int16_t)(tb - r);
            }
    }
}

/* VN32 lanes of adm_similar_0: o and t hold pairs of h and v. */
VM_INLINE vm32 adm_similar_pairs(vs16 o, vs16 t)
{
    const vs32 zero = {0};
    return adm_similar(v_to_f32(v_dot(zero, o, t)), v_to_f32(v_dot(zero, o, o)),
                       v_to_f32(v_dot(zero, t, t)), (vs32)((vu32)o << 16) >> 16, (vs32)o >> 16,
                       (vs32)((vu32)t << 16) >> 16, (vs32)t >> 16);
}

VM_INLINE vs16 adm_similar_0(vs16 oh, vs16 ov, vs16 th, vs16 tv)
{
    const vs32 ones = V_SPLAT(vs32, -1);
    const vm32 lo = adm_similar_pairs(v_zip_lo_16(oh, ov), v_zip_lo_16(th, tv));
    const vm32 hi = adm_similar_pairs(v_zip_hi_16(oh, ov), v_zip_hi_16(th, tv));
    return v_pack_s16(v_and_mask(lo, ones), v_and_mask(hi, ones));
}

/* r times the gain limit, at least up to 32767 */
VM_INLINE vs16 adm_enhanced_0(vs16 r, const AdmGain *g)
{
    if (g->factor)
        return (vs16)(v_min_u16((vu16)r, V_SPLAT(vu16, (uint16_t)g->cap)) * (uint16_t)g->factor);
    const vf64 gain = V_SPLAT(vf64, g->gain), max = V_SPLAT(vf64, 65535);
    VPairF64 lo = v_to_f64((vs32)v_zip_lo_16(r, (vs16){0}));
    VPairF64 hi = v_to_f64((vs32)v_zip_hi_16(r, (vs16){0}));
    lo = (VPairF64){v_min_f64(lo.lo * gain, max), v_min_f64(lo.hi * gain, max)};
    hi = (VPairF64){v_min_f64(hi.lo * gain, max), v_min_f64(hi.hi * gain, max)};
    return (vs16)v_pack_u16((vu32)v_from_f64(lo), (vu32)v_from_f64(hi));
}

/* For |o| < 2^14 the rounded quotient and product give exactly r = sgn(o) min(|o|, |t|), or 0
 * where the signs differ: with q = 2^30 / |o| - d, d < 1, and |t| <= |o|, k is off from 2^15 t /
 * o by at most 1/2 + |t| / 2^15, so k o / 2^15 is off from t by less than 1/2; and k = 2^15 from
 * |t| = |o| on. Enhanced it is at most sgn(o) min(trunc(|o| gain), |t|). */
VM_INLINE void adm_decouple_band_0(const VmAdmSplit *out, const AdmGain *gain, int n, int band,
                                   int j, vs16 o, vs16 t, vs16 similar)
{
    const vs16 m = v_abs_s16(o), sign = o >> 15;
    const vu16 limit = (vu16)(v_abs_s16(t) & ~((o ^ t) >> 15));
    for (int i = 0; i < n; i++) {
        const vs16 reach = (similar & adm_enhanced_0(m, &gain[i])) | (~similar & m);
        const vs16 r = ((vs16)v_min_u16((vu16)reach, limit) ^ sign) - sign;
        v_store_vs16((int16_t *)out[i].r[band] + j, r);
        v_store_vs16((int16_t *)out[i].a[band] + j, t - r);
    }
}

static void adm_decouple_0(const VmAdmSplit *out, int n, const void *const o[3],
                           const void *const t[3], const VmAdmScale *c)
{
    AdmGain gain[VM_MAX_GAINS];
    adm_gains(gain, out, n, 65535);
    const int first = VM_MAX(c->x0 - 1, 0), end = VM_MIN(c->x1 + 1, c->w);
    for (int j = first & -VN16; j < end; j += VN16) {
        vs16 x[3], y[3];
        for (int b = 0; b < 3; b++) {
            x[b] = v_load_vs16((const int16_t *)o[b] + j);
            y[b] = v_load_vs16((const int16_t *)t[b] + j);
            /* what lies outside must not count as large */
            if (j < first || j + VN16 > end) x[b] &= v_lanes_16(first - j, end - j);
        }
        const vs16 large = v_abs_s16(x[0]) | v_abs_s16(x[1]) | v_abs_s16(x[2]);
        if (!v_is_zero((vs32)(large >> 14))) {
            adm_decouple_lanes(out, n, o, t, j);
            continue;
        }
        const vs16 similar = adm_similar_0(x[0], x[1], y[0], y[1]);
        for (int b = 0; b < 3; b++) adm_decouple_band_0(out, gain, n, b, j, x[b], y[b], similar);
    }
}

/* -- scales 1 - 3 -- */

/* (a * b + 2^(n - 1)) >> n, its lower 32 bits; n is 1 .. 31 */
VM_INLINE vu32 adm_mul_shift_u(vu32 a, vu32 b, int n)
{
    const uint64_t half = (uint64_t)1 << (n - 1);
    return v_weave((v_mul_even(a, b) + half) >> n, (v_mul_odd(a, b) + half) << (32 - n));
}
VM_INLINE vs32 adm_mul_shift_s(vs32 a, vs32 b, int n)
{
    const uint64_t half = (uint64_t)1 << (n - 1);
    const vs32 a1 = (vs32)((vu64)a >> 32), b1 = (vs32)((vu64)b >> 32);
    return (vs32)v_weave(((vu64)v_mul_even_s32(a, b) + half) >> n,
                         ((vu64)v_mul_even_s32(a1, b1) + half) << (32 - n));
}

/* |r| without enhancement where o and t, of absolute values m and limit, have the same sign.
 *
 * m < 2^14: as at scale 0. Otherwise m is rounded to 15 bits as float bits, ties up: cleared below
 * its 16 leading bits first, so that the conversion cannot carry. Rounded up to a power of two, m
 * and e stand for the same quotient as the definition's 2^15 and e - 1.
 *
 * q = 2^30 / m from a float quotient is right or one too large. k is 2^15 from |t| = m + m / 2^14
 * on, as q loses less than 2^-14 by its own rounding and m's; so |t| counts up to m + m / 2^13
 * only, and |t| << (16 - e) fits 32 bits. */
VM_INLINE vs32 adm_restored(vs32 o, vu32 m, vu32 limit)
{
    const vu32 rounded = ((vu32)v_to_f32((vs32)(m & ~(m >> 16))) + 0x100) & 0xfffffe00;
    const vs32 m15 = (vs32)(((rounded >> 9) & 0x3fff) | 0x4000);
    const vf32 unit = (vf32)((rounded & 0x7fffff) | 0x3f800000);
    const vs32 estimate = v_trunc_f32(65536 / unit);
    const vs32 q =
        v_select(v_lt_s32(V_SPLAT(vs32, 1 << 30), estimate * m15), estimate - 1, estimate);
    const vu32 near = v_min_u32(limit, m + (m >> 13));
    const vu32 scaled = v_shift_left(near, 157 - (rounded >> 23));
    const vu32 k = v_min_u32(adm_mul_shift_u(scaled, (vu32)q, 31), V_SPLAT(vu32, 32768));
    const vs32 r = v_abs_s32(adm_mul_shift_s(o, (vs32)k, 15));
    return v_select(v_lt_s32((vs32)m, V_SPLAT(vs32, 16384)), (vs32)v_min_u32(m, limit), r);
}

/* min(trunc(r * gain), limit) */
VM_INLINE vs32 adm_enhanced(vs32 r, vu32 limit, const AdmGain *g)
{
    if (g->factor)
        return (vs32)v_min_u32(v_min_u32((vu32)r, V_SPLAT(vu32, g->cap)) * g->factor, limit);
    const VPairF64 x = v_to_f64(r), y = v_to_f64((vs32)limit);
    return v_from_f64((VPairF64){v_min_f64(x.lo * g->gain, y.lo), v_min_f64(x.hi * g->gain, y.hi)});
}

VM_INLINE void adm_decouple_band(const VmAdmSplit *out, const AdmGain *gain, int n, int band, int j,
                                 vs32 o, vs32 t, vm32 similar)
{
    const vu32 limit = (vu32)v_abs_s32(t);
    const vs32 sign = o >> 31;
    const vs32 base = adm_restored(o, (vu32)v_abs_s32(o), limit) & ~((o ^ t) >> 31);
    for (int i = 0; i < n; i++) {
        const vs32 r = (v_select(similar, adm_enhanced(base, limit, &gain[i]), base) ^ sign) - sign;
        v_store_vs32((int32_t *)out[i].r[band] + j, r);
        v_store_vs32((int32_t *)out[i].a[band] + j, t - r);
    }
}

static void adm_decouple_123(const VmAdmSplit *out, int n, const void *const o[3],
                             const void *const t[3], const VmAdmScale *c)
{
    AdmGain gain[VM_MAX_GAINS];
    adm_gains(gain, out, n, UINT32_MAX);
    for (int j = VM_MAX(c->x0 - 1, 0) & -VN32; j < VM_MIN(c->x1 + 1, c->w); j += VN32) {
        vs32 x[3], y[3];
        for (int b = 0; b < 3; b++) {
            x[b] = v_load_vs32((const int32_t *)o[b] + j);
            y[b] = v_load_vs32((const int32_t *)t[b] + j);
        }
        const vf32 oh = v_to_f32(x[0]), ov = v_to_f32(x[1]), th = v_to_f32(y[0]),
                   tv = v_to_f32(y[1]);
        const vm32 similar = adm_similar(v_fma_f32(oh, th, ov * tv), v_fma_f32(oh, oh, ov * ov),
                                         v_fma_f32(th, th, tv * tv), x[0], x[1], y[0], y[1]);
        for (int b = 0; b < 3; b++) adm_decouple_band(out, gain, n, b, j, x[b], y[b], similar);
    }
}

/* ---- denominator (spec 7) ---- */

/* |x|^3 of both 16-bit lanes of each 32; every square below 2^30. */
static void adm_den_0(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    for (int b = 0; b < 3; b++) {
        vu64 row = {0};
        for (int j = c->x0 & -VN16; j < c->x1; j += VN16) {
            vs16 x = v_load_vs16((const int16_t *)o[b] + j);
            if (j < c->x0 || j + VN16 > c->x1) x &= v_lanes_16(c->x0 - j, c->x1 - j);
            const vu32 m = (vu32)v_abs_s16(x), lo = m & 0xffff, hi = m >> 16;
            const vu32 lo2 = lo * lo, hi2 = hi * hi;
            row += v_mul_even(lo2, lo) + v_mul_odd(lo2, lo);
            row += v_mul_even(hi2, hi) + v_mul_odd(hi2, hi);
        }
        sum[b].i += round_shift(v_sum_s64((vs64)row), c->den_shift[0]);
    }
}

/* ((m^2 >> shift) + 1) m, rounded, of the even lanes; the quotient fits 32 bits. */
VM_INLINE vu64 adm_den_value(vu32 m, int shift, uint64_t half, int value_shift)
{
    const vu64 q = (v_mul_even(m, m) >> shift) + 1;
    return (v_mul_even((vu32)q, m) + half) >> value_shift;
}

static void adm_den_123(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    const int shift = c->scale == 2 ? 30 : 31, value_shift = c->den_shift[0];
    const uint64_t half = (uint64_t)1 << value_shift >> 1;
    for (int b = 0; b < 3; b++) {
        vu64 row = {0};
        for (int j = c->x0 & -VN32; j < c->x1; j += VN32) {
            vs32 x = v_load_vs32((const int32_t *)o[b] + j);
            if (j < c->x0 || j + VN32 > c->x1) x = v_and_mask(v_lanes(c->x0 - j, c->x1 - j), x);
            const vu32 m = (vu32)v_abs_s32(x);
            row += adm_den_value(m, shift, half, value_shift);
            row += adm_den_value((vu32)((vu64)m >> 32), shift, half, value_shift);
        }
        sum[b].i += round_shift(v_sum_s64((vs64)row), c->den_shift[1]);
    }
}

/* ---- masking (spec 8) ---- */

/* -- scale 0 -- */

/* Contributions of VN16 columns, sums over the bands in 32 bits by even and odd columns. */
typedef struct AdmShares {
    vs32 even, odd;
} AdmShares;

VM_INLINE void adm_share(AdmShares *sum, vs16 x)
{
    sum->even = v_dot(sum->even, x, v_pair(1, 0));
    sum->odd = v_dot(sum->odd, x, v_pair(0, 1));
}

/* f and c of -|q|, whose least value is -2^15; they wrap to 16 bits as the definition's:
 * (4369 q + 2048) >> 12 = q + ((2184 q + 2^14) >> 15), (8738 q + 2048) >> 12 likewise. */
VM_INLINE void adm_spread_0(AdmShares *f, AdmShares *c, vs16 n)
{
    adm_share(f, v_mulhrs(n, V_SPLAT(vs16, -2184)) - n);
    adm_share(c, v_mulhrs(n, V_SPLAT(vs16, -4368)) - n - n);
}

/* -|q| of h and v: (weight x + 2^14) >> 15 = x + (((weight - 2^15) x + 2^14) >> 15) */
VM_INLINE vs16 adm_weigh_hv(vs16 x, uint32_t weight)
{
    const vs16 q = x + v_mulhrs(x, V_SPLAT(vs16, (int16_t)((int32_t)weight - 32768)));
    return v_min_s16(q, -q);
}

/* -|q| of d, with p = weight |x|: q = (p + 65535) >> 17 = ceil(p / 2^16) >> 1 for x >= 0, and for
 * x < 0 (65535 - p) >> 17 = -(((p >> 16) + 1) >> 1) */
VM_INLINE vs16 adm_weigh_d(vs16 x, uint32_t weight)
{
    const vu16 w = V_SPLAT(vu16, (uint16_t)weight), m = (vu16)v_abs_s16(x);
    const vu16 up = v_min_u16(m * w | (vu16)(x >> 15), V_SPLAT(vu16, 1));
    return -(vs16)((v_mulhi_u16(m, w) + up) >> 1);
}

/* tmp holds f of the even columns, then of the odd ones; inner holds c until it gets its sums,
 * evens and odds of VN16 columns by turns. */
static void adm_csf_0(void *outer, void *inner, void *tmp, const void *const m[3],
                      const VmAdmScale *c)
{
    const int first = VM_MAX(c->x0 - 1, 0) & -VN16, end = VM_MIN(c->x1 + 1, c->w), w = c->w;
    int32_t *even = tmp, *odd = even + ((w / 2 + 2 + 15) & ~15), *sum_c = inner;
    for (int j = first; j < end; j += VN16) {
        AdmShares f = {{0}, {0}}, s = {{0}, {0}};
        adm_spread_0(&f, &s, adm_weigh_hv(v_load_vs16((const int16_t *)m[0] + j), c->weight[0]));
        adm_spread_0(&f, &s, adm_weigh_hv(v_load_vs16((const int16_t *)m[1] + j), c->weight[1]));
        adm_spread_0(&f, &s, adm_weigh_d(v_load_vs16((const int16_t *)m[2] + j), c->weight[2]));
        v_store_vs32(even + j / 2, f.even);
        v_store_vs32(odd + j / 2, f.odd);
        v_store_vs32(sum_c + j, s.even);
        v_store_vs32(sum_c + j + VN32, s.odd);
    }
    if (c->x0 == 0) odd[-1] = odd[0];
    if (c->x1 == w && w % 2) odd[w / 2] = even[w / 2];
    else if (c->x1 == w) even[w / 2] = odd[w / 2 - 1];
    for (int j = c->x0 & -VN16; j < c->x1; j += VN16) {
        const vs32 e = v_load_vs32(even + j / 2), o = v_load_vs32(odd + j / 2);
        const vs32 before = v_load_vs32(odd + j / 2 - 1), after = v_load_vs32(even + j / 2 + 1);
        const vs32 ce = v_load_vs32(sum_c + j), co = v_load_vs32(sum_c + j + VN32);
        v_store_zip_32((int32_t *)outer + j, before + e + o, e + o + after);
        v_store_zip_32((int32_t *)inner + j, before + o + ce, e + after + co);
    }
}

/* Values above their thresholds, not below 0: cubed and added to the sum, even and odd lanes in
 * turn. */
VM_INLINE vu64 adm_cube(vu32 u, int square_shift, uint64_t half, int value_shift)
{
    const uint64_t square_half = (uint64_t)1 << (square_shift - 1);
    const vu64 square = (v_mul_even(u, u) + square_half) >> square_shift;
    return (v_mul_even((vu32)square, u) + half) >> value_shift;
}

/* From 2^30 on a rounded square may not fit 32 bits and wraps. */
static __attribute__((noinline)) uint64_t adm_cube_lanes(vs32 u, int square_shift, int value_shift)
{
    uint64_t sum = 0;
    for (int i = 0; i < VN32; i++) sum += (uint64_t)cubed(u[i], square_shift, value_shift);
    return sum;
}

VM_INLINE void adm_add_cubes(vu64 row[3], const vs32 u[3], const VmAdmScale *c, int wide)
{
    for (int b = 0; b < 3; b++) {
        const int square_shift = c->scale == 0 && b < 2 ? 29 : 30, shift = c->value_shift[b];
        const uint64_t half = (uint64_t)1 << shift >> 1;
        const vu32 even = (vu32)u[b], odd = (vu32)((vu64)u[b] >> 32);
        if (wide) row[b][0] += adm_cube_lanes(u[b], square_shift, shift);
        else
            row[b] += adm_cube(even, square_shift, half, shift) +
                      adm_cube(odd, square_shift, half, shift);
    }
}

/* A row of masked bands and the thresholds around it. */
typedef struct AdmMasked {
    const void *const *x;
    const void *above, *inner, *below;
    const VmAdmScale *c;
} AdmMasked;

VM_INLINE vs32 adm_threshold(const AdmMasked *m, int j)
{
    return v_load_vs32((const int32_t *)m->above + j) + v_load_vs32((const int32_t *)m->inner + j) +
           v_load_vs32((const int32_t *)m->below + j);
}

/* What is left of values above a threshold; 0 outside the scored columns. */
VM_INLINE vs32 adm_excess(vs32 value, vs32 threshold, const VmAdmScale *c, int j)
{
    const vs32 u = v_max_s32(v_abs_s32(value) - threshold, (vs32){0});
    if (j >= c->x0 && j + VN32 <= c->x1) return u;
    return v_and_mask(v_lanes(c->x0 - j, c->x1 - j), u);
}

typedef void AdmExcesses(vs32 u[3], const AdmMasked *m, int j);

/* The sums of a row; returns all excesses or-ed. */
VM_INLINE vs32 adm_mask_row(vu64 row[3], const AdmMasked *m, AdmExcesses *excesses, int wide)
{
    vs32 all = {0};
    for (int b = 0; b < 3; b++) row[b] = (vu64){0};
    for (int j = m->c->x0 & -VN32; j < m->c->x1; j += VN32) {
        vs32 u[3];
        excesses(u, m, j);
        all |= u[0] | u[1] | u[2];
        adm_add_cubes(row, u, m->c, wide);
    }
    return all;
}

VM_INLINE void adm_mask(VmAdmSum sum[3], const AdmMasked *m, AdmExcesses *excesses)
{
    vu64 row[3];
    const vs32 all = adm_mask_row(row, m, excesses, 0);
    if (!v_all(v_lt_s32(all, V_SPLAT(vs32, 1 << 30)))) adm_mask_row(row, m, excesses, 1);
    for (int b = 0; b < 3; b++)
        sum[b].i = (int64_t)((uint64_t)sum[b].i +
                             (uint64_t)round_shift(v_sum_s64((vs64)row[b]), m->c->row_shift));
}

VM_INLINE void adm_excesses_0(vs32 u[3], const AdmMasked *m, int j)
{
    const vs32 threshold = adm_threshold(m, j);
    for (int b = 0; b < 3; b++) {
        const vs32 value = v_widen_s16((const int16_t *)m->x[b] + j) * (int32_t)m->c->weight[b];
        u[b] = adm_excess(value, threshold << (b == 2 ? 12 : 10), m->c, j);
    }
}

static void adm_mask_0(VmAdmSum sum[3], const void *const x[3], const void *above,
                       const void *inner, const void *below, const VmAdmScale *c)
{
    const AdmMasked m = {x, above, inner, below, c};
    adm_mask(sum, &m, adm_excesses_0);
}

/* -- scales 1 - 3 -- */

/* (weight x + 2^27) >> 28, 32 bits of it; a weight from 2^31 on counts as one less by 2^32, that
 * is by 16 x in the result. */
VM_INLINE vs32 adm_weigh_123(vs32 x, uint32_t weight)
{
    vs32 q = adm_mul_shift_s(x, V_SPLAT(vs32, (int32_t)weight), 28);
    if (weight >> 31) q += x << 4;
    return q;
}

/* Sums over the bands of (factor |q| + 2^31) >> 32, for even and odd lanes in the upper halves
 * of 64 bits; added as 32-bit lanes, so that nothing carries from the lower halves. */
VM_INLINE void adm_share_123(vu32 sum[2], vu32 q, uint32_t factor)
{
    const vu32 f = V_SPLAT(vu32, factor);
    const uint64_t half = (uint64_t)1 << 31;
    sum[0] += (vu32)(v_mul_even(q, f) + half);
    sum[1] += (vu32)(v_mul_even((vu32)((vu64)q >> 32), f) + half);
}

/* The definition subtracts 2^31: one less in each band than with rounding. */
VM_INLINE vs32 adm_shares(const vu32 sum[2])
{
    return (vs32)v_weave((vu64)sum[0] >> 32, (vu64)sum[1]) - 3;
}

static void adm_csf_123(void *outer, void *inner, void *tmp, const void *const m[3],
                        const VmAdmScale *c)
{
    const int first = VM_MAX(c->x0 - 1, 0) & -VN32, end = VM_MIN(c->x1 + 1, c->w);
    int32_t *f = tmp, *centre = inner;
    for (int j = first; j < end; j += VN32) {
        vu32 sum_f[2] = {{0}, {0}}, sum_c[2] = {{0}, {0}};
        for (int b = 0; b < 3; b++) {
            const vs32 x = v_load_vs32((const int32_t *)m[b] + j);
            const vu32 q = (vu32)v_abs_s32(adm_weigh_123(x, c->weight[b]));
            adm_share_123(sum_f, q, 143165577);
            adm_share_123(sum_c, q, 286331153);
        }
        v_store_vs32(f + j, adm_shares(sum_f));
        v_store_vs32(centre + j, adm_shares(sum_c));
    }
    if (c->x0 == 0) f[-1] = f[1];
    if (c->x1 == c->w) f[c->w] = f[c->w - 1];
    for (int j = c->x0 & -VN32; j < c->x1; j += VN32) {
        const vs32 sides = v_load_vs32(f + j - 1) + v_load_vs32(f + j + 1);
        v_store_vs32((int32_t *)outer + j, sides + v_load_vs32(f + j));
        v_store_vs32(centre + j, sides + v_load_vs32(centre + j));
    }
}

VM_INLINE void adm_excesses_123(vs32 u[3], const AdmMasked *m, int j)
{
    const vs32 threshold = adm_threshold(m, j);
    for (int b = 0; b < 3; b++) {
        const vs32 x = v_load_vs32((const int32_t *)m->x[b] + j);
        u[b] = adm_excess(adm_weigh_123(x, m->c->weight[b]), threshold, m->c, j);
    }
}

static void adm_mask_123(VmAdmSum sum[3], const void *const x[3], const void *above,
                         const void *inner, const void *below, const VmAdmScale *c)
{
    const AdmMasked m = {x, above, inner, below, c};
    adm_mask(sum, &m, adm_excesses_123);
}
