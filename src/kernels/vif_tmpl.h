/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of integer VIF (spec: integer VIF 1.3 - 1.5).
 *
 * What does not fit multiply-add of 16-bit halves is split: a 32-bit value v is 65536 hi + lo, and
 * (sum f v + 2^15) >> 16 = sum f hi + ((sum f lo + 2^15) >> 16). Unsigned halves are stored less 2^15;
 * taps sum to 2^16, so a sum of them lacks 2^31.
 *
 * 8-bit samples need less: x - 128 squared is at most 2^14, so the negated sum of two products fits
 * 16 bits, and rows at the same distance from the centre are added before they are multiplied. */

/* Taps along a row two by two; pair k multiplies samples `at` and `at` + 1. */
typedef struct VifTaps {
    int n;
    struct {
        int at;
        int16_t tap[2]; /* 43728 does not fit: the last scale has its centre in two parts */
    } pair[VM_VIF_MAX_PAIRS];
} VifTaps;

static const VifTaps vif_taps[VM_VIF_SCALES] = {
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
    {5,
     {{0, {1244, 3663}},
      {2, {7925, 12590}},
      {4, {14692, 12590}},
      {6, {7925, 3663}},
      {8, {1244, 0}}}},
    {3, {{0, {3571, 16004}}, {2, {26386, 16004}}, {4, {3571, 0}}}},
    {3, {{0, {10904, 32767}}, {0, {0, 10961}}, {2, {10904, 0}}}},
};

VM_INLINE vs16 vif_tap(const VifTaps *taps, int k)
{
    return v_pair(taps->pair[k].tap[0], taps->pair[k].tap[1]);
}

/* ---- pair rows ---- */

#define VIF_PAIR(bits, load)                                                                       \
    static void vif_pair_##bits(int16_t *dst, const void *even, const void *odd, int bpc, int w)   \
    {                                                                                              \
        const uint##bits##_t *a = even, *b = odd;                                                  \
        const int up = bits - bpc;                                                                 \
        for (int j = 0; j < w; j += VN16) {                                                        \
            const vs16 x = (vs16)(load(a + j) << up) - (vs16)V_SPLAT(vu16, 1 << (bits - 1));       \
            const vs16 y = (vs16)(load(b + j) << up) - (vs16)V_SPLAT(vu16, 1 << (bits - 1));       \
            v_store_zip_16(dst + 2 * j, x, y);                                                     \
        }                                                                                          \
    }
VIF_PAIR(8, v_widen_u8)
VIF_PAIR(16, v_load_vu16)
#undef VIF_PAIR

/* ---- columns ---- */

VM_INLINE vs16 vif_column_tap(const VmVifColumns *columns, int k, int odd)
{
    return v_pair(columns->pair[k].tap[odd], columns->pair[k].tap[!odd]);
}

/* Second moments of VN16 columns to their halves, each less 2^15. */
VM_INLINE void vif_store_moments(void *const half[8], vs32 moment[3][2], int j)
{
    const int32_t bias = (int32_t)0x80008000;
    V_UNROLL
    for (int m = 0; m < 3; m++) {
        const vs32 a = moment[m][0] ^ bias, b = moment[m][1] ^ bias;
        v_store_vs16((int16_t *)half[2 + 2 * m] + j, v_high_halves(a, b));
        v_store_vs16((int16_t *)half[3 + 2 * m] + j, v_low_halves(a, b));
    }
}

enum { VIF_X, VIF_Y, VIF_XX, VIF_YY, VIF_XY };

/* Where sums of halves less 2^15 begin: at the 2^31 they will lack, the lower ones with half a unit of
 * the result. */
#define VIF_HI_START ((uint32_t)1 << 31)
#define VIF_LO_START (VIF_HI_START + 32768)

/* Adds rows at one distance from the centre, at elements `at`: x, y above and u, v below. */
VM_INLINE void vif_add_folded(vs32 acc[5], const int16_t *const *ref, const int16_t *const *dis,
                              int k, int at, vs16 taps)
{
    const int mirrored = VM_VIF_MAX_PAIRS - 1 - k;
    const vs16 x = v_load_vs16(ref[k] + at), y = v_load_vs16(dis[k] + at);
    const vs16 u = v_load_vs16(ref[mirrored] + at), v = v_load_vs16(dis[mirrored] + at);
    vs16 q[5] = {x, y, -(x * x), -(y * y), -(x * y)};
    if (mirrored != k) {
        q[VIF_X] += u;
        q[VIF_Y] += v;
        q[VIF_XX] -= u * u;
        q[VIF_YY] -= v * v;
        q[VIF_XY] -= u * v;
    }
    V_UNROLL
    for (int c = 0; c < 5; c++) acc[c] = v_dot(acc[c], q[c], taps);
}

/* Column filters of VN16 columns from 8-bit pairs, scale 0.
 * sum f x^2 = sum f (x - 128)^2 + 256 sum f (x - 128) + 2^30, and likewise for x y; all below 2^32. */
VM_INLINE void vif_vert_8(void *const half[8], const int16_t *const *ref, const int16_t *const *dis,
                          int odd, int j)
{
    vs32 mean[2][2], moment[3][2];
    V_UNROLL
    for (int h = 0; h < 2; h++) {
        /* the means' rounding, and what it and 2^30 change in the moments, are there from the start */
        const vs32 half_unit = V_SPLAT(vs32, 128), c = half_unit * 256 - (1 << 30);
        vs32 acc[5] = {half_unit, half_unit, c, c, c};
        V_UNROLL
        for (int k = 0; k <= VM_VIF_MAX_PAIRS / 2; k++)
            vif_add_folded(acc, ref, dis, k, 2 * j + h * VN16,
                           vif_column_tap(&vm_vif_columns[0], k, odd));
        mean[0][h] = acc[VIF_X] >> 8;
        mean[1][h] = acc[VIF_Y] >> 8;
        moment[0][h] = (acc[VIF_X] << 8) - acc[VIF_XX];
        moment[1][h] = (acc[VIF_Y] << 8) - acc[VIF_YY];
        moment[2][h] = ((acc[VIF_X] + acc[VIF_Y]) << 7) - acc[VIF_XY];
    }
    v_store_vs16((int16_t *)half[0] + j, v_low_halves(mean[0][0], mean[0][1]));
    v_store_vs16((int16_t *)half[1] + j, v_low_halves(mean[1][0], mean[1][1]));
    vif_store_moments(half, moment, j);
}

/* Column filters of VN16 columns from 16-bit pairs. With x = X - 2^15, x^2 = 2^16 hi + lo,
 *   (sum f X^2 + 2^15) >> 16 = sum f hi + sum f x + 2^30 + ((sum f lo + 2^15) >> 16)
 *   (sum f X Y + 2^15) >> 16 = sum f hi + (s >> 1) + 2^30 + ((sum f lo + 2^15 (s & 1) + 2^15) >> 16)
 * where s = sum f x + sum f y. The last sum cannot wrap: it reaches 2^32 only if every lo is 65535,
 * but then x y is odd everywhere, x + y even, and so is s. */
VM_INLINE void vif_vert_16(void *const half[8], const int16_t *const *ref,
                           const int16_t *const *dis, const VmVifColumns *columns, int n, int odd,
                           int j)
{
    vs32 mean[2][2], moment[3][2];
    V_UNROLL
    for (int h = 0; h < 2; h++) {
        const vs32 none = {0}, hi_start = V_SPLAT(vs32, 1 << 30);
        const vs32 lo_start = V_SPLAT(vs32, (int32_t)VIF_LO_START);
        vs32 sum[2] = {none, none}, hi[3] = {hi_start, hi_start, hi_start};
        vs32 lo[3] = {lo_start, lo_start, lo_start};
        V_UNROLL
        for (int k = 0; k < n; k++) {
            const vs16 taps = vif_column_tap(columns, k, odd);
            const vs16 x = v_load_vs16(ref[k] + 2 * j + h * VN16);
            const vs16 y = v_load_vs16(dis[k] + 2 * j + h * VN16);
            sum[0] = v_dot(sum[0], x, taps);
            sum[1] = v_dot(sum[1], y, taps);
            hi[0] = v_dot(hi[0], v_mulhi_s16(x, x), taps);
            hi[1] = v_dot(hi[1], v_mulhi_s16(y, y), taps);
            hi[2] = v_dot(hi[2], v_mulhi_s16(x, y), taps);
            lo[0] = v_dot(lo[0], (x * x) ^ (int16_t)-32768, taps);
            lo[1] = v_dot(lo[1], (y * y) ^ (int16_t)-32768, taps);
            lo[2] = v_dot(lo[2], (x * y) ^ (int16_t)-32768, taps);
        }
        const vu32 differ = (vu32)(sum[0] ^ sum[1]);
        const vs32 halved = (sum[0] & sum[1]) + ((sum[0] ^ sum[1]) >> 1);
        const vu32 xy = (vu32)lo[2] + ((differ & 1) << 15);
        for (int p = 0; p < 2; p++) {
            mean[p][h] = sum[p] + 32768;
            moment[p][h] = hi[p] + sum[p] + (vs32)((vu32)lo[p] >> 16);
        }
        moment[2][h] = hi[2] + halved + (vs32)(xy >> 16);
    }
    v_store_vs16((int16_t *)half[0] + j, v_high_halves(mean[0][0], mean[0][1]));
    v_store_vs16((int16_t *)half[1] + j, v_high_halves(mean[1][0], mean[1][1]));
    vif_store_moments(half, moment, j);
}

/* ---- rows ---- */

/* Filters along the row of VN32 columns, every second one, whose windows begin at sample `at`. */
VM_INLINE vu32 vif_row_sum(const void *half, const VifTaps *taps, int at, uint32_t start)
{
    const VWindow window = v_window((const int16_t *)half + at);
    vs32 sum = V_SPLAT(vs32, (int32_t)start);
    V_UNROLL
    for (int k = 0; k < taps->n; k++)
        sum = v_dot(sum, v_slide(&window, taps->pair[k].at / 2), vif_tap(taps, k));
    return (vu32)sum;
}

VM_INLINE vu32 vif_mean(const void *half, const VifTaps *taps, int at)
{
    return vif_row_sum(half, taps, at, VIF_HI_START);
}

VM_INLINE vs32 vif_moment(void *const half[2], const VifTaps *taps, int at)
{
    const vu32 hi = vif_row_sum(half[0], taps, at, VIF_HI_START);
    return (vs32)(hi + (vif_row_sum(half[1], taps, at, VIF_LO_START) >> 16));
}

/* VN16 columns from j on. A flat reference needs no covariance, and flat columns lie together. */
VM_INLINE void vif_horz(VmVifRows *t, const VifTaps *taps, int r, int j)
{
    vu32 x[2], y[2];
    vs32 s1[2], s2[2], s12[2] = {0};
    V_UNROLL
    for (int i = 0; i < 2; i++) {
        x[i] = vif_mean(t->tmp[0], taps, j - r + i);
        y[i] = vif_mean(t->tmp[1], taps, j - r + i);
        s1[i] = vif_moment(t->tmp + 2, taps, j - r + i) - (vs32)v_mulhi_round(x[i], x[i]);
        s2[i] = vif_moment(t->tmp + 4, taps, j - r + i) - (vs32)v_mulhi_round(y[i], y[i]);
    }
    const vs32 noise = V_SPLAT(vs32, VM_VIF_NOISE);
    const vm32 flat[2] = {v_lt_s32(s1[0], noise), v_lt_s32(s1[1], noise)};
    if (!v_all(v_both(flat[0], flat[1]))) {
        V_UNROLL
        for (int i = 0; i < 2; i++) {
            s12[i] = vif_moment(t->tmp + 6, taps, j - r + i) - (vs32)v_mulhi_round(x[i], y[i]);
            s12[i] = v_and_mask(v_not(flat[i]), s12[i]);
        }
    }
    v_store_zip_32(t->s1 + j, s1[0], s1[1]);
    v_store_zip_32(t->s2 + j, v_max_s32(s2[0], (vs32){0}), v_max_s32(s2[1], (vs32){0}));
    v_store_zip_32(t->s12 + j, s12[0], s12[1]);
}

VM_INLINE void vif_reflect_halves(VmVifRows *t, int w, int r)
{
    for (int m = 0; m < 8; m++) {
        int16_t *row = t->tmp[m];
        VM_PAD_REFLECT(row, w, r);
    }
}

VM_INLINE void vif_stat_scale(VmVifRows *t, const int16_t *const *ref, const int16_t *const *dis,
                              int scale, int n, int bits, int odd, int w)
{
    const int r = 8 >> scale;
    for (int j = 0; j < w; j += VN16)
        if (bits == 8) vif_vert_8(t->tmp, ref, dis, odd, j);
        else vif_vert_16(t->tmp, ref, dis, &vm_vif_columns[scale], n, odd, j);
    vif_reflect_halves(t, w, r);
    for (int j = 0; j < w; j += VN16) vif_horz(t, &vif_taps[scale], r, j);
}

static void vif_stat_8(VmVifRows *t, const int16_t *const *ref, const int16_t *const *dis,
                       int scale, int odd, int w)
{
    (void)scale; /* 0 */
    vif_stat_scale(t, ref, dis, 0, 9, 8, odd, w);
}

static void vif_stat_16(VmVifRows *t, const int16_t *const *ref, const int16_t *const *dis,
                        int scale, int odd, int w)
{
    switch (scale) { /* constants that unroll the loops over taps */
    case 0: vif_stat_scale(t, ref, dis, 0, 9, 16, odd, w); break;
    case 1: vif_stat_scale(t, ref, dis, 1, 5, 16, odd, w); break;
    case 2: vif_stat_scale(t, ref, dis, 2, 3, 16, odd, w); break;
    default: vif_stat_scale(t, ref, dis, 3, 2, 16, odd, w); break;
    }
}

/* ---- the next scale ---- */

VM_INLINE void vif_sub_scale(uint16_t *dst, int16_t *tmp, const int16_t *const *rows, int scale,
                             int n, int r, int bits, int w)
{
    const int32_t half = 1 << (bits - 1);
    for (int j = 0; j < w; j += VN16) {
        vs32 sum[2] = {0};
        V_UNROLL
        for (int k = 0; k < n; k++) {
            const vs16 taps = vif_column_tap(&vm_vif_columns[scale], k, 0);
            sum[0] = v_dot(sum[0], v_load_vs16(rows[k] + 2 * j), taps);
            sum[1] = v_dot(sum[1], v_load_vs16(rows[k] + 2 * j + VN16), taps);
        }
        v_store_vs16(tmp + j, v_low_halves((sum[0] + half) >> bits, (sum[1] + half) >> bits));
    }
    VM_PAD_REFLECT(tmp, w, r);
    for (int j = 0; j < w / 2; j += VN32) {
        const VWindow window = v_window(tmp + 2 * j - r);
        vs32 sum = V_SPLAT(vs32, (int32_t)0x80008000); /* 2^31 for the bias, half of 2^16 */
        V_UNROLL
        for (int k = 0; k < vif_taps[scale].n; k++)
            sum = v_dot(sum, v_slide(&window, vif_taps[scale].pair[k].at / 2),
                        vif_tap(&vif_taps[scale], k));
        v_store_narrow(dst + j, (vu32)sum >> 16);
    }
}

static void vif_sub(uint16_t *dst, uint16_t *tmp, const int16_t *const *rows, int next_scale,
                    int bits, int w)
{
    switch (next_scale) {
    case 1: vif_sub_scale(dst, (int16_t *)tmp, rows, 1, 5, 4, bits, w); break;
    case 2: vif_sub_scale(dst, (int16_t *)tmp, rows, 2, 3, 2, bits, w); break;
    default: vif_sub_scale(dst, (int16_t *)tmp, rows, 3, 2, 1, bits, w); break;
    }
}

/* ---- what survives ---- */

/* Vectors whose logarithms are summed together: a polynomial is one long chain of dependent
 * operations, so several of them must run side by side. */
enum { VIF_BLOCK = 8, VIF_ABREAST = 4 };

/* Sum of 2048 * log2 of numbers given by their leading bits in float format, as the table of the
 * specification has it, plus 2048 times the exponent field.
 *
 * With 15 bits of mantissa f, 2048 log2(1 + f) = 2048 f + g(f), 0 <= g < 177, and 2048 f is exact: its
 * integer part is the 11 leading bits of f. The polynomial is g + 1/2 + 2^-10, where 2^-10 stands for
 * the table's first rounding, to float, in u = f - 1/2. It gives all 32768 entries, with and without
 * fused multiply-add; tests/check goes through them.
 * Lanes: 8 terms below 2^20 each. */
VM_INLINE vs32 vif_sum_log2(const vu32 bits[VIF_BLOCK])
{
    static const float poly[] = {-0x1.22ba6ap+4f, 0x1.e46266p+4f,  -0x1.52d78ep+5f,
                                 0x1.32e46cp+6f,  -0x1.23f988p+7f, 0x1.23e4f6p+8f,
                                 -0x1.484aacp+9f, -0x1.38f7acp+6f, 0x1.5d021cp+7f};
    vs32 sum = {0};
    for (int first = 0; first < VIF_BLOCK; first += VIF_ABREAST) {
        vf32 u[VIF_ABREAST], rest[VIF_ABREAST], g[VIF_ABREAST];
        V_UNROLL
        for (int k = 0; k < VIF_ABREAST; k++) {
            const vu32 m15 = (bits[first + k] & 0x7fff00) | 0x3f800000;
            u[k] = (vf32)m15 - 1.5f;
            rest[k] = (vf32)m15 - (vf32)(m15 & 0xfffff000);
            g[k] = V_SPLAT(vf32, poly[0]);
        }
        V_UNROLL
        for (int i = 1; i < (int)VM_COUNT(poly); i++) {
            V_UNROLL
            for (int k = 0; k < VIF_ABREAST; k++)
                g[k] = v_fma_f32(g[k], u[k], V_SPLAT(vf32, poly[i]));
        }
        V_UNROLL
        for (int k = 0; k < VIF_ABREAST; k++)
            sum += (vs32)(bits[first + k] >> 12) +
                   v_trunc_f32(v_fma_f32(rest[k], V_SPLAT(vf32, 2048), g[k]));
    }
    return sum;
}

/* Float bits of x >= 2^17 whose 16 leading bits are those of x: the bit below them is cleared, so that
 * rounding to 24 bits cannot carry into them. */
VM_INLINE vu32 vif_float_bits(vs32 x)
{
    return (vu32)v_to_f32(x & ~(x >> 16));
}

/* The same of positive numbers in doubles, cut off: their upper halves have 20 bits of the mantissa. The
 * exponent field is the lower 8 bits of 1023 + e, e - 1, where a float has 127 + e. */
VM_INLINE vu32 vif_double_bits(VPairF64 x)
{
    return (v_upper_64((vu64)x.lo, (vu64)x.hi) << 3) & 0x7fffffff;
}

enum { VIF_FLOAT_NOISE = (127 + 17) << 23, VIF_DOUBLE_NOISE = (17 - 1) << 23 };

/* Numbers whose logarithms are still to be summed. Those that do not count are the noise, whose
 * logarithm is then taken off every one. */
typedef struct VifLogs {
    int n; /* vectors in the block */
    vu32 den[VIF_BLOCK], noisy[VIF_BLOCK], signal[VM_MAX_GAINS][VIF_BLOCK];
    vs32 sum_den, sum_num[VM_MAX_GAINS];
} VifLogs;

VM_INLINE void vif_flush_logs(VifLogs *logs, int n_gain)
{
    for (int k = logs->n; k < VIF_BLOCK; k++) {
        logs->den[k] = V_SPLAT(vu32, VIF_FLOAT_NOISE);
        logs->noisy[k] = V_SPLAT(vu32, VIF_DOUBLE_NOISE);
        for (int i = 0; i < n_gain; i++) logs->signal[i][k] = V_SPLAT(vu32, VIF_DOUBLE_NOISE);
    }
    logs->n = 0;
    logs->sum_den += vif_sum_log2(logs->den) - VIF_BLOCK * (VIF_FLOAT_NOISE >> 12);
    const vs32 noisy = vif_sum_log2(logs->noisy);
    for (int i = 0; i < n_gain; i++) logs->sum_num[i] += vif_sum_log2(logs->signal[i]) - noisy;
}

/* What the reference does not explain of the distorted picture, with the noise. */
VM_INLINE vf64 vif_noisy(vf64 rest)
{
    return v_trunc_f64(v_max_f64(rest, (vf64){0})) + VM_VIF_NOISE;
}

/* g * g * s1 + noisy with g limited */
VM_INLINE VPairF64 vif_signal(VPairF64 g, VPairF64 s1, VPairF64 noisy, double gain)
{
    const vf64 limit = V_SPLAT(vf64, gain);
    const vf64 lo = v_min_f64(g.lo, limit), hi = v_min_f64(g.hi, limit);
    return (VPairF64){v_add_whole(lo * lo * s1.lo, noisy.lo),
                      v_add_whole(hi * hi * s1.hi, noisy.hi)};
}

VM_INLINE void vif_add_logs(VifLogs *logs, vs32 s1, vs32 s2, vs32 s12, vm32 is_flat,
                            const double *gain, int n_gain)
{
    const vf64 eps = V_SPLAT(vf64, 65536 * 1.0e-10);
    const vs32 none = V_SPLAT(vs32, VIF_DOUBLE_NOISE);
    const vm32 counts =
        v_both(v_not(is_flat), v_both(v_lt_s32((vs32){0}, s12), v_lt_s32((vs32){0}, s2)));
    const VPairF64 x = v_to_f64(s1), y = v_to_f64(s2), xy = v_to_f64(s12);
    const VPairF64 g = {xy.lo / (x.lo + eps), xy.hi / (x.hi + eps)};
    const VPairF64 noisy = {vif_noisy(y.lo - g.lo * xy.lo), vif_noisy(y.hi - g.hi * xy.hi)};
    const int k = logs->n++;
    logs->den[k] = (vu32)v_select(is_flat, V_SPLAT(vs32, VIF_FLOAT_NOISE),
                                  (vs32)vif_float_bits(s1 + VM_VIF_NOISE));
    logs->noisy[k] = (vu32)v_select(counts, (vs32)vif_double_bits(noisy), none);
    for (int i = 0; i < n_gain; i++)
        logs->signal[i][k] =
            (vu32)v_select(counts, (vs32)vif_double_bits(vif_signal(g, x, noisy, gain[i])), none);
    if (logs->n == VIF_BLOCK) vif_flush_logs(logs, n_gain);
}

/* All sums of a row fit 32-bit lanes: at most 8192 logarithms below 55296, or 16-bit halves. */
static void vif_residual(VmVifSums *sums, const VmVifRows *t, const double *gain, int n_gain, int w)
{
    VifLogs logs;
    vs32 flat = {0}, nl_hi = {0}, nl_lo = {0};
    const int padded = (w + VN32 - 1) / VN32 * VN32;
    for (int j = w; j < padded; j++) t->s1[j] = t->s2[j] = 0; /* flat: taken off below */
    logs.n = 0;
    logs.sum_den = (vs32){0};
    for (int i = 0; i < n_gain; i++) logs.sum_num[i] = (vs32){0};
    for (int j = 0; j < w; j += VN32) {
        const vs32 s1 = v_load_vs32(t->s1 + j), s2 = v_load_vs32(t->s2 + j);
        const vm32 is_flat = v_lt_s32(s1, V_SPLAT(vs32, VM_VIF_NOISE));
        const vs32 nl = v_and_mask(is_flat, s2);
        flat += v_and_mask(is_flat, V_SPLAT(vs32, 1));
        nl_hi += nl >> 16;
        nl_lo += nl & 0xffff;
        if (!v_all(is_flat))
            vif_add_logs(&logs, s1, s2, v_load_vs32(t->s12 + j), is_flat, gain, n_gain);
    }
    if (logs.n) vif_flush_logs(&logs, n_gain);
    sums->den_log += v_sum_s32(logs.sum_den);
    sums->den_nl += v_sum_s32(flat) - (padded - w);
    sums->num_nl += v_sum_s32(nl_hi) * 65536 + v_sum_s32(nl_lo);
    for (int i = 0; i < n_gain; i++) sums->num_log[i] += v_sum_s32(logs.sum_num[i]);
}
