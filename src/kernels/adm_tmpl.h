/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of integer ADM (spec: integer ADM 3 - 8, 14).
 *
 * Rows are walked in whole vectors from a multiple of their length on, so lanes outside the wanted
 * columns hold whatever the row holds there: nothing but sums has to leave them out. */

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
    /* 8-bit samples are taken as they are: their mean goes off the sum, low-pass taps sum to 46342 */
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

/* -- other scales: column sums are 32-bit, x = 65536 hi + lo with a signed lo; the sums of taps times
 * each half fit 32 bits, 54822 * 2^15. hi = (x + 2^15) >> 16 as |x| < 2^31 - 2^15. -- */

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
