/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of integer VIF (spec: integer VIF 1.3 - 1.5).
 *
 * Every depth becomes one case by shifting samples up to 16 bits: a mean is then (sum + 2^15) >> 16
 * and a second moment (sum + 2^15) >> 16 whatever the depth, which equals the definition's shifts by
 * bpc and 2 (bpc - 8). What does not fit multiply-add of 16-bit halves is split: a 32-bit value v is
 * 65536 hi + lo, and (sum f v + 2^15) >> 16 = sum f hi + ((sum f lo + 2^15) >> 16). Unsigned halves
 * are stored less 2^15; taps sum to 2^16, so a sum of them lacks 2^31.
 *
 * 8-bit samples need less: x - 128 squared is at most 2^14, so the negated sum of two products fits
 * 16 bits and rows at the same distance from the centre are added before they are multiplied. */

enum { VIF_MAX_PAIRS = 9 };

/* Taps two by two as v_dot wants them; pair k multiplies samples 2k and 2k + 1. */
typedef struct VifPairs {
    int n;
    struct {
        int at;         /* first sample of the pair */
        int16_t tap[2]; /* 43728 does not fit: the last scale has its centre in two parts */
    } pair[VIF_MAX_PAIRS];
} VifPairs;

static const VifPairs vif_pairs[VM_VIF_SCALES] = {
    {9,
     {{0, {489, 935}},
      {2, {1640, 2640}},
      {4, {3896, 5274}},
      {6, {6547, 7455}},
      {8, {7784, 7455}},
      {10, {6547, 5274}},
      {12, {3896, 2640}},
      {14, {1640, 935}},
      {16, {489, 0}}}},
    {5, {{0, {1244, 3663}}, {2, {7925, 12590}}, {4, {14692, 12590}}, {6, {7925, 3663}}, {8, {1244, 0}}}},
    {3, {{0, {3571, 16004}}, {2, {26386, 16004}}, {4, {3571, 0}}}},
    {3, {{0, {10904, 32767}}, {0, {0, 10961}}, {2, {10904, 0}}}},
};

/* The same for samples folded around the centre; all scales but the last. */
static const VifPairs vif_folded[VM_VIF_SCALES - 1] = {
    {5, {{0, {489, 935}}, {2, {1640, 2640}}, {4, {3896, 5274}}, {6, {6547, 7455}}, {8, {7784, 0}}}},
    {3, {{0, {1244, 3663}}, {2, {7925, 12590}}, {4, {14692, 0}}}},
    {2, {{0, {3571, 16004}}, {2, {26386, 0}}}},
};

VM_INLINE vs16 vif_tap(const VifPairs *pairs, int k)
{
    return v_pair(pairs->pair[k].tap[0], pairs->pair[k].tap[1]);
}

/* ---- columns ---- */

/* Sums for VN16 columns in the order of the 16-bit zips. */
typedef struct VifAcc {
    vs32 lo, hi;
} VifAcc;

VM_INLINE void vif_add(VifAcc *acc, vs16 a, vs16 b, vs16 taps)
{
    acc->lo = v_dot(acc->lo, v_zip_lo_16(a, b), taps);
    acc->hi = v_dot(acc->hi, v_zip_hi_16(a, b), taps);
}

/* (acc + 2^(shift - 1)) >> shift as 16 bits */
VM_INLINE vs16 vif_round(VifAcc acc, int shift)
{
    const int32_t half = 1 << (shift - 1);
    return v_pack_s16((acc.lo + half) >> shift, (acc.hi + half) >> shift);
}

/* 32-bit values to their halves, each less 2^15. */
VM_INLINE void vif_store_halves(void *hi, void *lo, vs32 a, vs32 b)
{
    const int32_t bias = (int32_t)0x80008000;
    a ^= bias;
    b ^= bias;
    v_store_vs16(hi, v_pack_s16(a >> 16, b >> 16));
    v_store_vs16(lo, v_pack_s16((vs32)((vu32)a << 16) >> 16, (vs32)((vu32)b << 16) >> 16));
}

enum { VIF_X, VIF_Y, VIF_XX, VIF_YY, VIF_XY };

/* Samples less 128 of the two rows that share a tap, and their products negated; k is the centre: one row. */
VM_INLINE void vif_fold(vs16 q[5], const void *const *ref, const void *const *dis, int k, int n, int j)
{
    const vs16 x = (vs16)v_widen_u8((const uint8_t *)ref[k] + j) - 128;
    const vs16 y = (vs16)v_widen_u8((const uint8_t *)dis[k] + j) - 128;
    q[VIF_X] = x;
    q[VIF_Y] = y;
    q[VIF_XX] = -(x * x);
    q[VIF_YY] = -(y * y);
    q[VIF_XY] = -(x * y);
    if (2 * k + 1 == n) return;
    const vs16 u = (vs16)v_widen_u8((const uint8_t *)ref[n - 1 - k] + j) - 128;
    const vs16 v = (vs16)v_widen_u8((const uint8_t *)dis[n - 1 - k] + j) - 128;
    q[VIF_X] += u;
    q[VIF_Y] += v;
    q[VIF_XX] -= u * u;
    q[VIF_YY] -= v * v;
    q[VIF_XY] -= u * v;
}

/* Column filters of VN16 columns from 8-bit rows, scale 0 only.
 * sum f x^2 = sum f (x - 128)^2 + 256 sum f (x - 128) + 2^30, and likewise for x y; all below 2^32. */
VM_INLINE void vif_vert_8(void *const half[8], const void *const *ref, const void *const *dis, int j)
{
    const VifPairs *pairs = &vif_folded[0];
    const int n = vm_vif_taps[0];
    VifAcc acc[5] = {0};
    V_UNROLL
    for (int k = 0; k < pairs->n; k++) {
        vs16 a[5], b[5] = {0};
        vif_fold(a, ref, dis, 2 * k, n, j);
        if (4 * k + 1 < n) vif_fold(b, ref, dis, 2 * k + 1, n, j);
        V_UNROLL
        for (int c = 0; c < 5; c++) vif_add(&acc[c], a[c], b[c], vif_tap(pairs, k));
    }
    const int32_t c2 = 1 << 30;
    const vs32 x0 = acc[VIF_X].lo, x1 = acc[VIF_X].hi, y0 = acc[VIF_Y].lo, y1 = acc[VIF_Y].hi;
    v_store_vs16((int16_t *)half[0] + j, vif_round(acc[VIF_X], 8));
    v_store_vs16((int16_t *)half[1] + j, vif_round(acc[VIF_Y], 8));
    vif_store_halves((int16_t *)half[2] + j, (int16_t *)half[3] + j,
                     (x0 << 8) + c2 - acc[VIF_XX].lo, (x1 << 8) + c2 - acc[VIF_XX].hi);
    vif_store_halves((int16_t *)half[4] + j, (int16_t *)half[5] + j,
                     (y0 << 8) + c2 - acc[VIF_YY].lo, (y1 << 8) + c2 - acc[VIF_YY].hi);
    vif_store_halves((int16_t *)half[6] + j, (int16_t *)half[7] + j,
                     ((x0 + y0) << 7) + c2 - acc[VIF_XY].lo, ((x1 + y1) << 7) + c2 - acc[VIF_XY].hi);
}

/* The sum of a 32-bit value whose halves were summed less 2^15 each, >> 16 and rounded. */
VM_INLINE vs32 vif_join(vs32 hi, vs32 lo)
{
    const uint32_t c = (uint32_t)1 << 31;
    return (vs32)((vu32)hi + c + (((vu32)lo + (c + 32768)) >> 16));
}

/* Column filters of VN16 columns from 16-bit rows. */
VM_INLINE void vif_vert_16(void *const half[8], const void *const *ref, const void *const *dis,
                           const VifPairs *pairs, int n, int up, int j)
{
    const uint16_t bias = 0x8000;
    VifAcc acc[8] = {0};
    V_UNROLL
    for (int k = 0; k < pairs->n; k++) {
        vs16 q[2][8];
        V_UNROLL
        for (int i = 0; i < 2; i++) {
            const int row = VM_MIN(pairs->pair[k].at + i, n - 1); /* beyond: its tap is 0 */
            const vu16 x = v_load_vu16((const uint16_t *)ref[row] + j) << up;
            const vu16 y = v_load_vu16((const uint16_t *)dis[row] + j) << up;
            q[i][0] = (vs16)(x ^ bias);
            q[i][1] = (vs16)(y ^ bias);
            q[i][2] = (vs16)(v_mulhi_u16(x, x) ^ bias);
            q[i][3] = (vs16)((x * x) ^ bias);
            q[i][4] = (vs16)(v_mulhi_u16(y, y) ^ bias);
            q[i][5] = (vs16)((y * y) ^ bias);
            q[i][6] = (vs16)(v_mulhi_u16(x, y) ^ bias);
            q[i][7] = (vs16)((x * y) ^ bias);
        }
        V_UNROLL
        for (int c = 0; c < 8; c++) vif_add(&acc[c], q[0][c], q[1][c], vif_tap(pairs, k));
    }
    v_store_vs16((int16_t *)half[0] + j, vif_round(acc[0], 16));
    v_store_vs16((int16_t *)half[1] + j, vif_round(acc[1], 16));
    V_UNROLL
    for (int c = 2; c < 8; c += 2)
        vif_store_halves((int16_t *)half[c] + j, (int16_t *)half[c + 1] + j,
                         vif_join(acc[c].lo, acc[c + 1].lo), vif_join(acc[c].hi, acc[c + 1].hi));
}

/* ---- rows ---- */

/* (Co)variances of VN32 columns, every second one, whose windows begin at sample `at`. */
VM_INLINE void vif_covariance(vs32 s[3], void *const half[8], const VifPairs *pairs, int at)
{
    const uint32_t c = (uint32_t)1 << 31;
    vs32 sum[8] = {0};
    V_UNROLL
    for (int m = 0; m < 8; m++) {
        const VWindow window = v_window((const int16_t *)half[m] + at);
        V_UNROLL
        for (int k = 0; k < pairs->n; k++)
            sum[m] = v_dot(sum[m], v_slide(&window, pairs->pair[k].at / 2), vif_tap(pairs, k));
    }
    const vu32 x = (vu32)sum[0] + c, y = (vu32)sum[1] + c;
    s[0] = vif_join(sum[2], sum[3]) - (vs32)v_mulhi_round(x, x);
    s[1] = v_max_s32(vif_join(sum[4], sum[5]) - (vs32)v_mulhi_round(y, y), (vs32){0});
    s[2] = vif_join(sum[6], sum[7]) - (vs32)v_mulhi_round(x, y);
}

VM_INLINE void vif_horz(VmVifRows *t, const VifPairs *pairs, int r, int j)
{
    vs32 even[3], odd[3];
    vif_covariance(even, t->tmp, pairs, j - r);
    vif_covariance(odd, t->tmp, pairs, j - r + 1);
    v_store_zip_32(t->s1 + j, even[0], odd[0]);
    v_store_zip_32(t->s2 + j, even[1], odd[1]);
    v_store_zip_32(t->s12 + j, even[2], odd[2]);
}

VM_INLINE void vif_reflect_halves(VmVifRows *t, int w, int r)
{
    for (int m = 0; m < 8; m++) {
        int16_t *row = t->tmp[m];
        VM_PAD_REFLECT(row, w, r);
    }
}

static void vif_stat_8(VmVifRows *t, const void *const *ref, const void *const *dis, int scale,
                       int bpc, int w)
{
    (void)scale; /* 0 */
    (void)bpc;   /* 8 */
    for (int j = 0; j < w; j += VN16) vif_vert_8(t->tmp, ref, dis, j);
    vif_reflect_halves(t, w, vm_vif_taps[0] / 2);
    for (int j = 0; j < w; j += VN16) vif_horz(t, &vif_pairs[0], vm_vif_taps[0] / 2, j);
}

VM_INLINE void vif_stat_scale(VmVifRows *t, const void *const *ref, const void *const *dis,
                              const VifPairs *pairs, int n, int bpc, int w)
{
    for (int j = 0; j < w; j += VN16) vif_vert_16(t->tmp, ref, dis, pairs, n, 16 - bpc, j);
    vif_reflect_halves(t, w, n / 2);
    for (int j = 0; j < w; j += VN16) vif_horz(t, pairs, n / 2, j);
}

static void vif_stat_16(VmVifRows *t, const void *const *ref, const void *const *dis, int scale,
                        int bpc, int w)
{
    switch (scale) { /* constants that unroll the loops over taps */
    case 0: vif_stat_scale(t, ref, dis, &vif_pairs[0], 17, bpc, w); break;
    case 1: vif_stat_scale(t, ref, dis, &vif_pairs[1], 9, 16, w); break;
    case 2: vif_stat_scale(t, ref, dis, &vif_pairs[2], 5, 16, w); break;
    default: vif_stat_scale(t, ref, dis, &vif_pairs[3], 3, 16, w); break;
    }
}

/* ---- the next scale ---- */

/* Means of VN16 columns less 2^15, from rows of 8 (bits 8) or bpc bits. */
VM_INLINE vs16 vif_sub_vert(const void *const *rows, const VifPairs *pairs, int n, int bits, int up,
                            int j)
{
    VifAcc acc = {0};
    V_UNROLL
    for (int k = 0; k < pairs->n; k++) {
        vs16 x[2];
        V_UNROLL
        for (int i = 0; i < 2; i++) {
            const int row = VM_MIN(pairs->pair[k].at + i, n - 1);
            if (bits == 8) x[i] = (vs16)v_widen_u8((const uint8_t *)rows[row] + j) - 128;
            else x[i] = (vs16)((v_load_vu16((const uint16_t *)rows[row] + j) << up) ^ 0x8000);
        }
        vif_add(&acc, x[0], x[1], vif_tap(pairs, k));
    }
    return vif_round(acc, bits);
}

VM_INLINE void vif_sub_scale(uint16_t *dst, uint16_t *tmp, const void *const *rows,
                             const VifPairs *pairs, int n, int bits, int bpc, int w)
{
    int16_t *t = (int16_t *)tmp;
    for (int j = 0; j < w; j += VN16)
        v_store_vs16(t + j, vif_sub_vert(rows, pairs, n, bits, 16 - bpc, j));
    VM_PAD_REFLECT(t, w, n / 2);
    for (int j = 0; j < w / 2; j += VN32) {
        const VWindow window = v_window(t + 2 * j - n / 2);
        vs32 sum = V_SPLAT(vs32, (int32_t)0x80008000); /* 2^31 for the bias, half of 2^16 */
        V_UNROLL
        for (int k = 0; k < pairs->n; k++)
            sum = v_dot(sum, v_slide(&window, pairs->pair[k].at / 2), vif_tap(pairs, k));
        v_store_narrow(dst + j, (vu32)sum >> 16);
    }
}

#define VIF_SUB(bits)                                                                              \
    static void vif_sub_##bits(uint16_t *dst, uint16_t *tmp, const void *const *rows,             \
                               int next_scale, int bpc, int w)                                     \
    {                                                                                              \
        switch (next_scale) {                                                                      \
        case 1: vif_sub_scale(dst, tmp, rows, &vif_pairs[1], 9, bits, bpc, w); break;              \
        case 2: vif_sub_scale(dst, tmp, rows, &vif_pairs[2], 5, bits, bpc, w); break;              \
        default: vif_sub_scale(dst, tmp, rows, &vif_pairs[3], 3, bits, bpc, w); break;             \
        }                                                                                          \
    }
VIF_SUB(8)
VIF_SUB(16)
#undef VIF_SUB

/* ---- what survives ---- */

/* 2048 * log2 of the numbers m * 2^e whose leading 24 bits are the float bits given, as the table of
 * the specification has it, plus 2048 times the exponent field.
 *
 * With 15 bits of mantissa f, 2048 log2(1 + f) = 2048 f + g(f), 0 <= g < 177, and 2048 f is exact: its
 * integer part is the 11 leading bits of f. The polynomial is g + 1/2 + 2^-10, where 2^-10 stands for the
 * table's first rounding, to float, in u = f - 1/2. It gives all 32768 entries, with and without fused
 * multiply-add; tests/check goes through them. */
VM_INLINE vs32 vif_log2(vu32 bits)
{
    static const float poly[] = {-0x1.22ba6ap+4f, 0x1.e46266p+4f,  -0x1.52d78ep+5f,
                                 0x1.32e46cp+6f,  -0x1.23f988p+7f, 0x1.23e4f6p+8f,
                                 -0x1.484aacp+9f, -0x1.38f7acp+6f, 0x1.5d021cp+7f};
    const vu32 m15 = (bits & 0x7fff00) | 0x3f800000;
    const vf32 u = (vf32)m15 - 1.5f, rest = (vf32)m15 - (vf32)(m15 & 0xfffff000);
    vf32 g = V_SPLAT(vf32, poly[0]);
    V_UNROLL
    for (int i = 1; i < (int)VM_COUNT(poly); i++) g = v_fma_f32(g, u, V_SPLAT(vf32, poly[i]));
    return (vs32)(bits >> 12) + v_trunc_f32(v_fma_f32(rest, V_SPLAT(vf32, 2048), g));
}

/* Float bits of x >= 2^17 whose 16 leading bits are those of x: the bit below them is cleared, so that
 * rounding to 24 bits cannot carry into them. */
VM_INLINE vu32 vif_float_bits(vs32 x)
{
    return (vu32)v_to_f32(x & ~(x >> 16));
}

/* The same of positive whole numbers in doubles, cut off; the exponent field is 1 less than a float's
 * (its lower 8 bits of 1023 + e are e - 1, a float has 127 + e) by 128. */
VM_INLINE vu32 vif_double_bits(VPairF64 x)
{
    return v_narrow_64((vu64)x.lo >> 29, (vu64)x.hi >> 29) & 0x7fffffff;
}

enum {
    VIF_NOISE = 131072,            /* 2 grey levels squared in units of 1/65536 */
    VIF_FLOAT_ONE = 127 * 2048,    /* what vif_log2 adds for the exponent field of 1 */
    VIF_DOUBLE_ONE = -1 * 2048,
    VIF_LOG_NOISE = 17 * 2048
};

/* g * g * s1 + noisy, its log */
VM_INLINE vs32 vif_log_signal(VPairF64 g, VPairF64 s1, VPairF64 noisy, double gain)
{
    const vf64 limit = V_SPLAT(vf64, gain);
    const vf64 lo = v_min_f64(g.lo, limit), hi = v_min_f64(g.hi, limit);
    const VPairF64 signal = {v_trunc_f64(lo * lo * s1.lo) + noisy.lo,
                             v_trunc_f64(hi * hi * s1.hi) + noisy.hi};
    return vif_log2(vif_double_bits(signal)) - VIF_DOUBLE_ONE;
}

/* All sums of a row fit 32-bit lanes: logs below 55296 and 16-bit halves, at most 8192 of each. */
static void vif_residual(VmVifSums *sums, const VmVifRows *t, const double *gain, int n_gain, int w)
{
    const vf64 eps = V_SPLAT(vf64, 65536 * 1.0e-10);
    vs32 den_log = {0}, flat = {0}, nl_hi = {0}, nl_lo = {0}, num_log[VM_MAX_GAINS] = {0};
    const int padded = (w + VN32 - 1) / VN32 * VN32;
    for (int j = w; j < padded; j++) t->s1[j] = t->s2[j] = t->s12[j] = 0; /* flat: taken off below */
    for (int j = 0; j < w; j += VN32) {
        const vs32 s1 = v_load_vs32(t->s1 + j), s2 = v_load_vs32(t->s2 + j),
                   s12 = v_load_vs32(t->s12 + j);
        const vm32 is_flat = v_lt_s32(s1, V_SPLAT(vs32, VIF_NOISE));
        const vs32 nl = v_and_mask(is_flat, s2);
        flat += v_and_mask(is_flat, V_SPLAT(vs32, 1));
        nl_hi += nl >> 16;
        nl_lo += nl & 0xffff;
        if (v_all(is_flat)) continue;
        const vs32 log_den = vif_log2(vif_float_bits(v_max_s32(s1, V_SPLAT(vs32, VIF_NOISE)) + VIF_NOISE));
        den_log += v_and_mask(v_not(is_flat), log_den - (VIF_FLOAT_ONE + VIF_LOG_NOISE));

        const vm32 counts = v_both(v_not(is_flat), v_both(v_lt_s32((vs32){0}, s12), v_lt_s32((vs32){0}, s2)));
        const VPairF64 x = v_to_f64(s1), y = v_to_f64(s2), xy = v_to_f64(s12);
        const VPairF64 g = {xy.lo / (x.lo + eps), xy.hi / (x.hi + eps)};
        const VPairF64 rest = {y.lo - g.lo * xy.lo, y.hi - g.hi * xy.hi};
        const vs32 noisy = v_max_s32(v_from_f64(rest), (vs32){0}) + VIF_NOISE;
        const vs32 log_noisy = vif_log2(vif_float_bits(noisy)) - VIF_FLOAT_ONE;
        for (int i = 0; i < n_gain; i++)
            num_log[i] += v_and_mask(
                counts, vif_log_signal(g, x, v_to_f64(noisy), gain[i]) - log_noisy);
    }
    sums->den_log += v_sum_s32(den_log);
    sums->den_nl += v_sum_s32(flat) - (padded - w);
    sums->num_nl += v_sum_s32(nl_hi) * 65536 + v_sum_s32(nl_lo);
    for (int i = 0; i < n_gain; i++) sums->num_log[i] += v_sum_s32(num_log[i]);
}
