/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels that read picture samples: motion, squared errors, floats. */

/* ---- motion (spec: integer motion 1 - 2) ---- */

/* (3571 a + 16004 b + 26386 c + 2^(shift - 1)) >> shift, a and b sums of two values, c one, of at most
 * 65535 each way. That is 33 bits; but two taps are even, so half of it, rounded down, is exact in 32:
 * (65536 * 65535 + 2^15) / 2 < 2^31. The taps come from the table because compilers make shifts and
 * additions of constants, which takes longer. */
VM_INLINE vs32 motion_tap(vs32 a, vs32 b, vs32 c, int shift)
{
    const uint16_t *f = vm_vif_filter[2];
    const vs32 odd = (a * (int32_t)f[0] + (1 << (shift - 1))) >> 1;
    return (b * (int32_t)(f[1] / 2) + c * (int32_t)(f[2] / 2) + odd) >> (shift - 1);
}

/* Sum of |z| over VN32 columns. */
VM_INLINE vs32 motion_abs(const int32_t *y)
{
    const vs32 a = v_load_vs32(y - 2) + v_load_vs32(y + 2);
    const vs32 b = v_load_vs32(y - 1) + v_load_vs32(y + 1);
    return v_abs_s32(motion_tap(a, b, v_load_vs32(y), 16));
}

VM_INLINE uint64_t motion_horz(int32_t *tmp, int w)
{
    vs32 sad = {0}; /* |z| < 2^16, at most 2^13 of them in a lane */
    int j = 0;
    VM_PAD_REFLECT(tmp, w, 2);
    for (; j < w - VN32; j += VN32) sad += motion_abs(tmp + j);
    sad += motion_abs(tmp + j) & (vs32)v_first((w - j) * 4);
    return (uint64_t)v_sum_s32(sad);
}

static void motion_diff_8(void *dst, const void *prev, const void *cur, int w)
{
    for (int j = 0; j < w; j += VN16)
        v_store_vs16((int16_t *)dst + j, (vs16)v_widen_u8((const uint8_t *)prev + j) -
                                             (vs16)v_widen_u8((const uint8_t *)cur + j));
}

static void motion_diff_16(void *dst, const void *prev, const void *cur, int w)
{
    for (int j = 0; j < w; j += VN32)
        v_store_vs32((int32_t *)dst + j, v_widen_u16_s32((const uint16_t *)prev + j) -
                                             v_widen_u16_s32((const uint16_t *)cur + j));
}

/* Differences fit 9 bits, sums of two 10: two taps make one multiply-add. */
static uint64_t motion_sad_8(const void *const *rows, int32_t *tmp, int bpc, int w)
{
    const int16_t *const *d = (const int16_t *const *)rows;
    const vs16 outer = v_pair(3571, 16004), centre = v_pair(26386, 128), one = V_SPLAT(vs16, 1);
    (void)bpc; /* 8 */
    for (int j = 0; j < w; j += VN16) {
        const vs16 a = v_load_vs16(d[0] + j) + v_load_vs16(d[4] + j);
        const vs16 b = v_load_vs16(d[1] + j) + v_load_vs16(d[3] + j), c = v_load_vs16(d[2] + j);
        const vs32 lo = v_dot((vs32){0}, v_zip_lo_16(a, b), outer);
        const vs32 hi = v_dot((vs32){0}, v_zip_hi_16(a, b), outer);
        v_store_unzipped(tmp + j, v_dot(lo, v_zip_lo_16(c, one), centre) >> 8,
                         v_dot(hi, v_zip_hi_16(c, one), centre) >> 8);
    }
    return motion_horz(tmp, w);
}

static uint64_t motion_sad_16(const void *const *rows, int32_t *tmp, int bpc, int w)
{
    const int32_t *const *d = (const int32_t *const *)rows;
    for (int j = 0; j < w; j += VN32) {
        const vs32 a = v_load_vs32(d[0] + j) + v_load_vs32(d[4] + j);
        const vs32 b = v_load_vs32(d[1] + j) + v_load_vs32(d[3] + j);
        v_store_vs32(tmp + j, motion_tap(a, b, v_load_vs32(d[2] + j), bpc));
    }
    return motion_horz(tmp, w);
}

/* ---- squared errors (spec: 3.1) ---- */

VM_INLINE vs16 sse_diff_8(const void *a, const void *b, int j)
{
    return (vs16)v_widen_u8((const uint8_t *)a + j) - (vs16)v_widen_u8((const uint8_t *)b + j);
}

static uint64_t sse_8(const void *a, const void *b, int w)
{
    vs32 sum = {0}; /* at most 2^12 times 2 * 255^2 in a lane */
    int j = 0;
    for (; j < w - VN16; j += VN16) {
        const vs16 d = sse_diff_8(a, b, j);
        sum = v_dot(sum, d, d);
    }
    const vs16 d = sse_diff_8(a, b, j) & (vs16)v_first((w - j) * 2);
    return (uint64_t)v_sum_s32(v_dot(sum, d, d));
}

/* Squares of VN32 differences, two by two: each below 2^32. */
VM_INLINE vu64 sse_pairs_16(const void *a, const void *b, int j, vs32 mask)
{
    const vs32 d =
        (v_widen_u16_s32((const uint16_t *)a + j) - v_widen_u16_s32((const uint16_t *)b + j)) &
        mask;
    const vu64 squares = (vu64)((vu32)d * (vu32)d);
    return (squares >> 32) + (squares & 0xffffffff);
}

static uint64_t sse_16(const void *a, const void *b, int w)
{
    vu64 sum = {0};
    int j = 0;
    for (; j < w - VN32; j += VN32) sum += sse_pairs_16(a, b, j, V_SPLAT(vs32, -1));
    sum += sse_pairs_16(a, b, j, (vs32)v_first((w - j) * 4));
    return (uint64_t)v_sum_s64((vs64)sum);
}

/* ---- half size ---- */

/* Two samples in a lane: sums of neighbours. */
VM_INLINE vu16 half_pairs_8(const void *row, int j)
{
    const vu16 x = v_load_vu16((const uint8_t *)row + 2 * j);
    return (x & 0xff) + (x >> 8);
}

static void half_8(void *dst, const void *above, const void *below, int w)
{
    for (int j = 0; j < w; j += VN16)
        v_store_bytes((uint8_t *)dst + j,
                      (half_pairs_8(above, j) + half_pairs_8(below, j) + 2) >> 2);
}

VM_INLINE vu32 half_pairs_16(const void *row, int j)
{
    const vu32 x = v_load_vu32((const uint16_t *)row + 2 * j);
    return (x & 0xffff) + (x >> 16);
}

static void half_16(void *dst, const void *above, const void *below, int w)
{
    for (int j = 0; j < w; j += VN32)
        v_store_narrow((uint16_t *)dst + j,
                       (half_pairs_16(above, j) + half_pairs_16(below, j) + 2) >> 2);
}

/* ---- floats ---- */

static void to_float_8(float *dst, const void *src, float offset, int bpc, int w)
{
    (void)bpc; /* 8 */
    for (int j = 0; j < w; j += VN32)
        v_store_vf32(dst + j, v_to_f32(v_widen_u8_s32((const uint8_t *)src + j)) + offset);
}

static void to_float_16(float *dst, const void *src, float offset, int bpc, int w)
{
    const float scale = 1.0f / (float)(1 << (bpc - 8)); /* a power of two: exact */
    for (int j = 0; j < w; j += VN32)
        v_store_vf32(dst + j,
                     v_to_f32(v_widen_u16_s32((const uint16_t *)src + j)) * scale + offset);
}
