/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scalar kernels that read picture samples; included once for PIXEL = uint8_t (BITS 8) and once for
 * uint16_t (BITS 16). MOMENT is the type that holds a sum of taps times products of two samples:
 * taps sum to 65536, so 8 bits stay below 65536 * 255^2 < 2^32; 16 bits need 64. */

VM_INLINE void VM_BITS(vif_vert)(const VifMoments *t, const PIXEL *const *ref,
                                 const PIXEL *const *dis, const uint16_t *f, int n, int a, int b,
                                 int w)
{
    const uint32_t half_a = 1u << (a - 1);
    const MOMENT half_b = b ? (MOMENT)1 << (b - 1) : 0;
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        uint32_t m1 = half_a, m2 = half_a;
        MOMENT xx = half_b, yy = half_b, xy = half_b;
        for (int k = 0; k < n; k++) {
            const uint32_t x = ref[k][j], y = dis[k][j], fx = f[k] * x, fy = f[k] * y;
            m1 += fx;
            m2 += fy;
            xx += (MOMENT)fx * x;
            yy += (MOMENT)fy * y;
            xy += (MOMENT)fx * y;
        }
        t->m1[j] = (uint16_t)(m1 >> a);
        t->m2[j] = (uint16_t)(m2 >> a);
        t->xx[j] = (uint32_t)(xx >> b);
        t->yy[j] = (uint32_t)(yy >> b);
        t->xy[j] = (uint32_t)(xy >> b);
    }
}

static void VM_BITS(vif_stat)(VmVifRows *t, const void *const *ref, const void *const *dis,
                              int scale, int bpc, int w)
{
    const PIXEL *const *r = (const PIXEL *const *)ref, *const *d = (const PIXEL *const *)dis;
    const uint16_t *f = vm_vif_filter[scale];
    const int a = bpc, b = 2 * (bpc - 8);
    const VifMoments v = vif_moments(t);
    switch (scale) { /* the tap count as a constant lets the compiler unroll */
    case 0: VM_BITS(vif_vert)(&v, r, d, f, 17, a, b, w); break;
    case 1: VM_BITS(vif_vert)(&v, r, d, f, 9, a, b, w); break;
    case 2: VM_BITS(vif_vert)(&v, r, d, f, 5, a, b, w); break;
    default: VM_BITS(vif_vert)(&v, r, d, f, 3, a, b, w); break;
    }
    vif_horz(t, scale, w);
}

static void VM_BITS(vif_sub)(uint16_t *dst, uint16_t *tmp, const void *const *rows, int next_scale,
                             int bpc, int w)
{
    const PIXEL *const *p = (const PIXEL *const *)rows;
    const uint16_t *f = vm_vif_filter[next_scale];
    const int n = vm_vif_taps[next_scale];
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        uint32_t sum = 1u << (bpc - 1); /* < 65536 * 65535 + 32768 < 2^32 */
        for (int k = 0; k < n; k++) sum += (uint32_t)f[k] * p[k][j];
        tmp[j] = (uint16_t)(sum >> bpc);
    }
    vif_sub_horz(dst, tmp, f, n, w);
}

static uint64_t VM_BITS(motion_sad)(const void *const *prev, const void *const *cur, int32_t *tmp,
                                    int bpc, int w)
{
    const PIXEL *const *p = (const PIXEL *const *)prev, *const *c = (const PIXEL *const *)cur;
    const uint16_t *f = vm_vif_filter[2];
    VM_IVDEP
    for (int j = 0; j < w; j++) {
        int64_t sum = (int64_t)1 << (bpc - 1);
        for (int k = 0; k < 5; k++) sum += (int64_t)f[k] * ((int32_t)p[k][j] - (int32_t)c[k][j]);
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

static void VM_BITS(to_float)(float *dst, const void *src, float offset, int bpc, int w)
{
    const PIXEL *p = src;
    const float scale = 1.0f / (float)(1 << (bpc - 8)); /* a power of two: exact */
    VM_IVDEP
    for (int j = 0; j < w; j++) dst[j] = (float)p[j] * scale + offset;
}

#undef PIXEL
#undef BITS
#undef MOMENT
