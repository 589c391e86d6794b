/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scalar kernels that read picture samples; included once for PIXEL = uint8_t (BITS 8) and once for
 * uint16_t (BITS 16). DIFF holds the difference of two. */

static void VM_BITS(vif_pair)(int16_t *dst, const void *even, const void *odd, int bpc, int w)
{
    const PIXEL *a = even, *b = odd;
    const int up = BITS - bpc, bias = 1 << (BITS - 1);
    for (int j = 0; j < w; j++) {
        dst[2 * j] = (int16_t)(((int)a[j] << up) - bias);
        dst[2 * j + 1] = (int16_t)(((int)b[j] << up) - bias);
    }
}

static void VM_BITS(motion_diff)(void *dst, const void *prev, const void *cur, int w)
{
    const PIXEL *p = prev, *c = cur;
    DIFF *d = dst;
    VM_IVDEP
    for (int j = 0; j < w; j++) d[j] = (DIFF)((int32_t)p[j] - (int32_t)c[j]);
}

static uint64_t VM_BITS(motion_sad)(const void *const *rows, int32_t *tmp, int bpc, int w)
{
    const DIFF *const *d = (const DIFF *const *)rows;
    const uint16_t *f = vm_vif_filter[2];
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        int64_t sum = (int64_t)1 << (bpc - 1);
        for (int k = 0; k < 5; k++) sum += (int64_t)f[k] * d[k][j];
        tmp[j] = (int32_t)(sum >> bpc);
    }
    return motion_horz(tmp, f, w);
}

static uint64_t VM_BITS(sse)(const void *a, const void *b, int w)
{
    const PIXEL *x = a, *y = b;
    uint64_t sum = 0;
    for (int j = 0; j < w; j++) {
        const int32_t d = (int32_t)x[j] - (int32_t)y[j];
        sum += (uint64_t)((int64_t)d * d);
    }
    return sum;
}

static void VM_BITS(half)(void *dst, const void *above, const void *below, int w)
{
    const PIXEL *a = above, *b = below;
    PIXEL *d = dst;
    VM_IVDEP
    for (int j = 0; j < w; j++)
        d[j] = (PIXEL)(((uint32_t)a[2 * j] + a[2 * j + 1] + b[2 * j] + b[2 * j + 1] + 2) >> 2);
}

static void VM_BITS(to_float)(float *dst, const void *src, float offset, int bpc, int w)
{
    const PIXEL *p = src;
    const float scale = 1.0f / (float)(1 << (bpc - 8)); /* a power of two: exact */
    VM_IVDEP
    for (int j = 0; j < w; j++) dst[j] = (float)p[j] * scale + offset;
}

static void VM_BITS(ssim_box)(float *dst, double *tmp, const void *const *rows, int f, int bpc,
                              int w, int n)
{
    const PIXEL *const *p = (const PIXEL *const *)rows;
    const float scale = 1.0f / (float)(1 << (bpc - 8)), weight = 1.0f / (float)(f * f);
    (void)tmp;
    for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int v = 0; v < f; v++)
            for (int u = 0; u < f; u++) {
                const float x = (float)p[v][vm_mirror(f * j - f / 2 + u, w)] * scale;
                const float product = x * weight;
                sum += (double)product;
            }
        dst[j] = (float)sum;
    }
}

#undef PIXEL
#undef DIFF
#undef BITS
