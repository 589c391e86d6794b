/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of SSIM and MS-SSIM (spec: 3.2, 3.3).
 *
 * Their filters sum products rounded to float in double. Converting a product is what costs most, so
 * it is not converted: shifted right by three, the bits of a positive float are those of a double with
 * 2^-896 times its value, denormals and all. Sums are exact to the same bit at that scale. The sign
 * lands in the exponent and multiplies by 2^256; a sum with a negative product therefore does not fit a
 * float any more, and is computed again with the sign in its place. Negative values are rare: the
 * low-pass makes a few of them around edges of black. */

typedef struct SsimSum {
    vf64 even, odd; /* of the columns */
} SsimSum;

#define SSIM_SCALE 0x1p896

/* A vector of float products as doubles at that scale. */
VM_INLINE SsimSum ssim_widen(vf32 product, int negative)
{
    const vu64 v = (vu64)product;
    if (negative) {
        const int64_t keep = (int64_t)0x8fffffffe0000000;
        return (SsimSum){(vf64)((vs64)(v << 32) >> 3 & keep), (vf64)((vs64)v >> 3 & keep)};
    }
    return (SsimSum){(vf64)v_mul_even((vu32)product, V_SPLAT(vu32, 1u << 29)),
                     (vf64)(v >> 3 & 0x1fffffffe0000000)};
}

VM_INLINE void ssim_add(SsimSum *sum, vf32 product, int negative)
{
    const SsimSum p = ssim_widen(product, negative);
    sum->even += p.even;
    sum->odd += p.odd;
    v_settle(&sum->even);
    v_settle(&sum->odd);
}

VM_INLINE vf32 ssim_round(SsimSum sum)
{
    return v_zip_f64(sum.even * SSIM_SCALE, sum.odd * SSIM_SCALE);
}

/* ---- windows ---- */

/* Sums of several vectors hide each other's latency. 32 columns at most: rows have no more padding. */
enum { SSIM_VECTORS = VBYTES == 64 ? 2 : 4, SSIM_WIDE = SSIM_VECTORS * VN32, SSIM_BLOCK = 32 };

/* SSIM_WIDE windows over the rows x[tap] from column j on. */
VM_INLINE void ssim_window(float *dst, const float *const x[VM_SSIM_TAPS], int j, int negative)
{
    SsimSum sum[SSIM_VECTORS] = {{{0}, {0}}};
    V_UNROLL
    for (int k = 0; k < VM_SSIM_TAPS; k++) V_UNROLL
    for (int i = 0; i < SSIM_VECTORS; i++) {
        const vf32 product = v_load_vf32(x[k] + j + i * VN32) * ssim_taps[k];
        if (k || negative) ssim_add(&sum[i], product, negative);
        else sum[i] = ssim_widen(product, 0); /* adding to 0 could only change the sign of 0 */
    }
    V_UNROLL
    for (int i = 0; i < SSIM_VECTORS; i++) v_store_vf32(dst + i * VN32, ssim_round(sum[i]));
}

/* Windows of columns from .. end - 1 of a row; dst may be x: what is replaced is not read any more. */
VM_INLINE void ssim_row_windows(float *dst, const float *x, int from, int end, int negative)
{
    const float *taps[VM_SSIM_TAPS];
    for (int k = 0; k < VM_SSIM_TAPS; k++) taps[k] = x + k;
    for (int j = from; j < end; j += SSIM_WIDE) ssim_window(dst + j, taps, j, negative);
}

static V_NOINLINE void ssim_negative_row(float *dst, const float *x, int from, int end)
{
    ssim_row_windows(dst, x, from, end, 1);
}

/* Products go where their windows will be. Returns the signs of what was multiplied. */
VM_INLINE vs32 ssim_products(float *const out[VM_SSIM_MAPS], const float *x, const float *d, int j)
{
    const vf32 a = v_load_vf32(x + j), b = v_load_vf32(d + j);
    v_store_vf32(out[2] + j, a * a);
    v_store_vf32(out[3] + j, b * b);
    v_store_vf32(out[4] + j, a * b);
    return (vs32)a | (vs32)b;
}

/* In parts that the cache holds; products are made as far ahead as the windows of a part reach. */
static void ssim_horz(float *const out[VM_SSIM_MAPS], const float *x, const float *d, int w)
{
    enum { PART = 256, REACH = SSIM_BLOCK + VM_SSIM_TAPS };
    const float *const in[VM_SSIM_MAPS] = {x, d, out[2], out[3], out[4]};
    const int n = w - VM_SSIM_TAPS + 1;
    vs32 signs = {0};
    for (int from = 0, ahead = 0; from < n; from += PART) {
        const int end = VM_MIN(from + PART, n);
        for (; ahead < end + REACH; ahead += VN32) signs |= ssim_products(out, x, d, ahead);
        const int negative = v_any_negative(signs);
        for (int m = 0; m < VM_SSIM_MAPS; m++)
            if (negative) ssim_negative_row(out[m], in[m], from, end);
            else ssim_row_windows(out[m], in[m], from, end, 0);
    }
}

/* ---- comparison ---- */

enum { SSIM, SSIM_L, SSIM_C, SSIM_S, SSIM_SUMS };

/* The factors of VN32 samples with the moments m; without l and the product if luma is 0. */
VM_INLINE void ssim_compare(VPairF64 out[SSIM_SUMS], const vf32 m[VM_SSIM_MAPS], int luma)
{
    const float c1 = 0x1.a028f4p+2f, c2 = 0x1.d42e12p+5f, c3 = 0x1.d42e12p+4f;
    const vf32 zero = {0}, mxx = m[0] * m[0], mdd = m[1] * m[1], cov = m[4] - m[0] * m[1];
    const vf32 vx = v_max_f32(m[2] - mxx, zero), vd = v_max_f32(m[3] - mdd, zero);
    /* the root of a float taken in double and rounded to float is the root taken in float */
    const vf32 sg = v_sqrt_f32(vx * vd);
    const vm32 is_flat = v_both(v_lt_f32(cov, zero), v_not(v_lt_f32(zero, sg)));
    const vf32 s_num = (vf32)v_and_mask(v_not(is_flat), (vs32)cov) + c3;
    const VPairF64 g = v_widen_f32(sg), c_den = v_widen_f32(vx + vd + c2);
    out[SSIM_S] = v_widen_f32(s_num / (sg + c3));
    out[SSIM_C] =
        (VPairF64){(2.0 * g.lo + (double)c2) / c_den.lo, (2.0 * g.hi + (double)c2) / c_den.hi};
    if (!luma) return;
    const VPairF64 x = v_widen_f32(m[0]), d = v_widen_f32(m[1]),
                   l_den = v_widen_f32(mxx + mdd + c1);
    out[SSIM_L] = (VPairF64){(2.0 * x.lo * d.lo + (double)c1) / l_den.lo,
                             (2.0 * x.hi * d.hi + (double)c1) / l_den.hi};
    out[SSIM].lo = out[SSIM_L].lo * out[SSIM_C].lo * out[SSIM_S].lo;
    out[SSIM].hi = out[SSIM_L].hi * out[SSIM_C].hi * out[SSIM_S].hi;
}

/* Adds VN32 samples to their lanes, those from `left` on count for nothing. */
VM_INLINE void ssim_count(double lane[SSIM_SUMS][16], const vf32 m[VM_SSIM_MAPS], int at, int left,
                          int luma)
{
    const vs64 lo = (vs64)v_first(left * 8), hi = (vs64)v_first((left - VN64) * 8);
    VPairF64 out[SSIM_SUMS];
    ssim_compare(out, m, luma);
    V_UNROLL
    for (int i = luma ? SSIM : SSIM_C; i < SSIM_SUMS; i++) {
        double *p = lane[i] + at % 16;
        v_store_vf64(p, v_load_vf64(p) + (vf64)((vs64)out[i].lo & lo));
        v_store_vf64(p + VN64, v_load_vf64(p + VN64) + (vf64)((vs64)out[i].hi & hi));
    }
}

/* Moments of a block of columns in some rows. */
typedef __attribute__((aligned(64))) float SsimMoments[VM_SSIM_ROWS][VM_SSIM_MAPS][SSIM_BLOCK];

VM_INLINE void ssim_moments(SsimMoments m, const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN],
                            int n_rows, int j, int negative)
{
    for (int i = 0; i < VM_SSIM_MAPS; i++)
        for (int y = 0; y < n_rows; y++)
            for (int b = 0; b < SSIM_BLOCK; b += SSIM_WIDE)
                ssim_window(m[y][i] + b, rows[i] + y, j + b, negative);
}

static V_NOINLINE void ssim_negative_moments(SsimMoments m,
                                             const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN],
                                             int n_rows, int j)
{
    ssim_moments(m, rows, n_rows, j, 1);
}

/* Has something negative made a moment infinite? */
VM_INLINE int ssim_is_spoilt(SsimMoments m, int n_rows)
{
    const float *p = m[0][0];
    vs32 most = {0};
    for (int j = 0; j < n_rows * VM_SSIM_MAPS * SSIM_BLOCK; j += VN32)
        most = v_max_s32(most, v_load_vs32(p + j));
    return !v_all(v_lt_s32(most, V_SPLAT(vs32, 0x7f800000)));
}

/* Adds a row of a block, of which `left` samples exist. */
VM_INLINE void ssim_add_block(double lane[SSIM_SUMS][16], float m[VM_SSIM_MAPS][SSIM_BLOCK],
                              int luma, int left)
{
    V_UNROLL
    for (int b = 0; b < SSIM_BLOCK; b += VN32) {
        vf32 of[VM_SSIM_MAPS];
        V_UNROLL
        for (int i = 0; i < VM_SSIM_MAPS; i++) of[i] = v_load_vf32(m[i] + b);
        ssim_count(lane, of, b, left - b, luma);
    }
}

static void ssim_vert(VmSsimSums sums[VM_SSIM_ROWS],
                      const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN], int n_rows, int luma,
                      int n)
{
    __attribute__((aligned(64))) double lane[VM_SSIM_ROWS][SSIM_SUMS][16] = {{{0}}};
    for (int j = 0; j < n; j += SSIM_BLOCK) {
        SsimMoments m;
        ssim_moments(m, rows, n_rows, j, 0);
        if (ssim_is_spoilt(m, n_rows)) ssim_negative_moments(m, rows, n_rows, j);
        for (int y = 0; y < n_rows; y++)
            if (luma) ssim_add_block(lane[y], m[y], 1, n - j);
            else ssim_add_block(lane[y], m[y], 0, n - j);
    }
    for (int y = 0; y < n_rows; y++) {
        sums[y].ssim = vm_fold(lane[y][SSIM]);
        sums[y].l = vm_fold(lane[y][SSIM_L]);
        sums[y].c = vm_fold(lane[y][SSIM_C]);
        sums[y].s = vm_fold(lane[y][SSIM_S]);
    }
}

/* ---- decimation of MS-SSIM ---- */

/* Sums down pairs of columns by the distance of the column from the centre: even columns have 0, 2 or 4,
 * odd ones 1 or 3. */
typedef struct SsimColumns {
    vf64 even[3], odd[2];
} SsimColumns;

/* Adds a row. The taps may be negative though samples are not: then the product is subtracted. */
VM_INLINE void ssim_add_row(SsimColumns *sum, vf32 x, const float tap[5], int negative)
{
    V_UNROLL
    for (int i = 0; i < 3; i++) {
        const float even = tap[2 * i], odd = tap[i < 2 ? 2 * i + 1 : 4];
        const vf32 taps = negative ? v_pair_f32(even, odd) : v_pair_f32(fabsf(even), fabsf(odd));
        const SsimSum p = ssim_widen(x * taps, negative);
        v_settle(&sum->even[i]);
        sum->even[i] = even < 0 && !negative ? sum->even[i] - p.even : sum->even[i] + p.even;
        if (i < 2) v_settle(&sum->odd[i]);
        if (i < 2) sum->odd[i] = odd < 0 && !negative ? sum->odd[i] - p.odd : sum->odd[i] + p.odd;
    }
}

/* Sums of VN64 pairs of columns from j on: t[k][j] is column 2j, or 2j + 1 for an odd k, multiplied by the
 * taps of distance k. Returns whether there was a negative sample. */
VM_INLINE int ssim_columns(double *const t[VM_MS_TMP], const float *const *rows, int j,
                           int negative)
{
    SsimColumns sum = {{{0}}, {{0}}};
    vs32 signs = {0};
    V_UNROLL
    for (int v = 0; v < VM_MS_TAPS; v++) {
        const vf32 x = v_load_vf32(rows[v] + 2 * j);
        signs |= (vs32)x;
        ssim_add_row(&sum, x, ms_low_pass[v < 4 ? 4 - v : v - 4], negative);
    }
    for (int i = 0; i < 3; i++) v_store_vf64(t[2 * i] + j, sum.even[i]);
    for (int i = 0; i < 2; i++) v_store_vf64(t[2 * i + 1] + j, sum.odd[i]);
    return v_any_negative(signs);
}

static V_NOINLINE void ssim_negative_columns(double *const t[VM_MS_TMP], const float *const *rows,
                                             int j)
{
    ssim_columns(t, rows, j, 1);
}

/* The sums of columns -4 .. 4 around VN64 even ones, from left to right. */
VM_INLINE vf64 ms_ssim_sum(double *const t[VM_MS_TMP], int j)
{
    vf64 sum = v_load_vf64(t[4] + j - 2) + v_load_vf64(t[3] + j - 2);
    sum += v_load_vf64(t[2] + j - 1);
    sum += v_load_vf64(t[1] + j - 1);
    sum += v_load_vf64(t[0] + j);
    sum += v_load_vf64(t[1] + j);
    sum += v_load_vf64(t[2] + j + 1);
    sum += v_load_vf64(t[3] + j + 1);
    return (sum + v_load_vf64(t[4] + j + 2)) * SSIM_SCALE;
}

static void ms_ssim_half(float *dst, double *const tmp[VM_MS_TMP], const float *const *rows, int w)
{
    const int n = (w + 1) / 2;
    for (int j = -VN64; j < n + 2; j += VN64)
        if (ssim_columns(tmp, rows, j, 0)) ssim_negative_columns(tmp, rows, j);
    for (int j = 0; j < n; j += VN32) {
        const VPairF64 sum = {ms_ssim_sum(tmp, j), ms_ssim_sum(tmp, j + VN64)};
        v_store_vf32(dst + j, v_narrow_f64(sum));
    }
}

/* ---- decimation of SSIM ---- */

/* The double sum of the definition is exact, so it may be taken in any order: its terms are products of
 * an integer below 2^16 and a weight of at least 2^-14, rounded to 24 bits, that is multiples of 2^-37,
 * and add up to 2^16 at most; less bits only move the point. With f a power of two the weight is one,
 * too, and integers do: 2^14 samples of 16 bits stay below 2^30. */

VM_INLINE vs32 ssim_load(const void *p, int bits, int j)
{
    return bits == 8 ? v_widen_u8_s32((const uint8_t *)p + j)
                     : v_widen_u16_s32((const uint16_t *)p + j);
}

/* Repeats the edges of a row of sums: `left` columns before it, `right` behind. */
#define SSIM_MIRROR(row, w, left, right)                                                           \
    do {                                                                                           \
        for (int k_ = 0; k_ < (left); k_++) (row)[-1 - k_] = (row)[k_];                            \
        for (int k_ = 0; k_ < (right); k_++) (row)[(w) + k_] = (row)[(w)-1 - k_];                  \
    } while (0)

VM_INLINE void ssim_box_integer(float *dst, int32_t *tmp, const void *const *rows, int bits, int f,
                                float weight, int w, int n)
{
    int32_t *column = tmp + f / 2;
    for (int j = 0; j < w; j += VN32) {
        vs32 sum = {0};
        for (int v = 0; v < f; v++) sum += ssim_load(rows[v], bits, j);
        v_store_vs32(column + j, sum);
    }
    SSIM_MIRROR(column, w, f / 2, f * n - f / 2 - w);
    for (int left = f / 2; left; left /= 2)
        for (int j = 0; j < left * n; j += VN32)
            v_store_vs32(tmp + j, v_add_pairs_s32(v_load_vs32(tmp + 2 * j),
                                                  v_load_vs32(tmp + 2 * j + VN32)));
    for (int j = 0; j < n; j += VN32)
        v_store_vf32(dst + j, v_to_f32(v_load_vs32(tmp + j)) * weight);
}

VM_INLINE void ssim_box_double(float *dst, double *tmp, const void *const *rows, int bits, int f,
                               float scale, float weight, int w, int n)
{
    double *column = tmp + f / 2;
    for (int j = 0; j < w; j += VN32) {
        vf64 lo = {0}, hi = {0};
        for (int v = 0; v < f; v++) {
            const VPairF64 p = v_widen_f32(v_to_f32(ssim_load(rows[v], bits, j)) * scale * weight);
            lo += p.lo;
            hi += p.hi;
        }
        v_store_vf64(column + j, lo);
        v_store_vf64(column + j + VN64, hi);
    }
    SSIM_MIRROR(column, w, f / 2, f * n - f / 2 - w);
    for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int u = 0; u < f; u++) sum += tmp[f * j + u];
        dst[j] = (float)sum;
    }
}
#undef SSIM_MIRROR

VM_INLINE void ssim_box(float *dst, double *tmp, const void *const *rows, int bits, int f, int bpc,
                        int w, int n)
{
    const float scale = 1.0f / (float)(1 << (bpc - 8)), weight = 1.0f / (float)(f * f);
    if (f & (f - 1)) ssim_box_double(dst, tmp, rows, bits, f, scale, weight, w, n);
    else ssim_box_integer(dst, (int32_t *)tmp, rows, bits, f, scale * weight, w, n);
}

static void ssim_box_8(float *dst, double *tmp, const void *const *rows, int f, int bpc, int w,
                       int n)
{
    ssim_box(dst, tmp, rows, 8, f, bpc, w, n);
}

static void ssim_box_16(float *dst, double *tmp, const void *const *rows, int f, int bpc, int w,
                        int n)
{
    ssim_box(dst, tmp, rows, 16, f, bpc, w, n);
}
