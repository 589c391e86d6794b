/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels of the floating-point features (spec: P2.1, P2.2). Operations and their order are the
 * definition's, lane by lane. */

/* Lanes of floats that a mask selects. */
VM_INLINE vf32 float_select(vm32 mask, vf32 a, vf32 b)
{
    return (vf32)v_select(mask, (vs32)a, (vs32)b);
}
VM_INLINE vf32 float_keep(vm32 mask, vf32 a)
{
    return (vf32)v_and_mask(mask, (vs32)a);
}

VM_INLINE vf32 float_abs(vf32 a)
{
    return (vf32)((vs32)a & 0x7fffffff);
}

/* Every second float from p on. */
VM_INLINE vf32 float_even(const float *p)
{
    return (vf32)v_narrow_64((vu64)v_load_vf32(p), (vu64)v_load_vf32(p + VN32));
}

/* ---- float VIF ---- */

/* Columns whose windows are summed side by side; a filter of 69 taps leaves no padding for more. */
enum { FVIF_VECTORS = VBYTES == 64 ? 1 : 2, FVIF_WIDE = FVIF_VECTORS * VN32 };

VM_INLINE void fvif_vert(VmFvifRows *t, const float *const *ref, const float *const *dis,
                         const float *taps, int n, int j)
{
    vf32 sum[5][FVIF_VECTORS] = {{{0}}};
    for (int k = 0; k < n; k++) {
        V_UNROLL
        for (int i = 0; i < FVIF_VECTORS; i++) {
            const vf32 p = v_load_vf32(ref[k] + j + i * VN32);
            const vf32 q = v_load_vf32(dis[k] + j + i * VN32);
            sum[0][i] += taps[k] * p;
            sum[1][i] += taps[k] * q;
            sum[2][i] += taps[k] * (p * p);
            sum[3][i] += taps[k] * (q * q);
            sum[4][i] += taps[k] * (p * q);
        }
    }
    V_UNROLL
    for (int m = 0; m < 5; m++) V_UNROLL
    for (int i = 0; i < FVIF_VECTORS; i++) v_store_vf32(t->v[m] + j + i * VN32, sum[m][i]);
}

VM_INLINE void fvif_horz(vf32 sum[FVIF_VECTORS][5], const VmFvifRows *t, const float *taps, int n,
                         int j)
{
    V_UNROLL
    for (int i = 0; i < FVIF_VECTORS; i++) V_UNROLL
    for (int m = 0; m < 5; m++) sum[i][m] = (vf32){0};
    for (int k = 0; k < n; k++) V_UNROLL
    for (int i = 0; i < FVIF_VECTORS; i++) V_UNROLL
    for (int m = 0; m < 5; m++)
        sum[i][m] += taps[k] * v_load_vf32(t->v[m] + j - n / 2 + k + i * VN32);
}

VM_INLINE vf32 fvif_log2(vf32 x)
{
    static const float poly[] = {
        0.064841182402670f, -0.157048836463065f, 0.257167726303123f, -0.353800560300520f,
        0.480131410397451f, -0.721314327952201f, 1.442694803896991f, 0.0f};
    const vs32 exponent = ((vs32)x >> 23 & 255) - 127;
    const vf32 u = (vf32)(((vs32)x & 0x7fffff) | 0x3f800000) - 1.0f;
    vf32 sum = V_SPLAT(vf32, -0.012671635276421f);
    V_UNROLL
    for (size_t i = 0; i < VM_COUNT(poly); i++) sum = sum * u + poly[i];
    return v_to_f32(exponent) + sum;
}

typedef struct FvifLimits {
    float gain, flat; /* variances below the second are flat */
    float sigma_max_inv;
    double nsq;
} FvifLimits;

/* (float)(1 + a / (b + c)) with sums and quotient in double */
VM_INLINE vf32 fvif_ratio(vf32 a, vf32 b, double c)
{
    const VPairF64 x = v_widen_f32(a), y = v_widen_f32(b);
    return v_narrow_f64((VPairF64){1.0 + x.lo / (y.lo + c), 1.0 + x.hi / (y.hi + c)});
}

/* What VN32 samples add to num and den. */
VM_INLINE void fvif_compare(float *num, float *den, const vf32 m[5], const FvifLimits *limit)
{
    const vf32 zero = {0}, eps = V_SPLAT(vf32, 1.0e-10f);
    const vf32 s12 = m[4] - m[0] * m[1];
    vf32 s1 = v_max_f32(m[2] - m[0] * m[0], zero);
    const vf32 s2 = v_max_f32(m[3] - m[1] * m[1], zero);
    vf32 g = s12 / (s1 + eps), sv = s2 - g * s12;
    const vm32 no_s1 = v_lt_f32(s1, eps), no_s2 = v_lt_f32(s2, eps);
    g = float_keep(v_not(no_s1), g);
    sv = float_select(no_s1, s2, sv);
    s1 = float_keep(v_not(no_s1), s1);
    g = float_keep(v_not(no_s2), g);
    sv = float_keep(v_not(no_s2), sv);
    const vm32 opposed = v_lt_f32(g, zero);
    sv = v_max_f32(float_select(opposed, s2, sv), eps);
    g = v_min_f32(float_keep(v_not(opposed), g), V_SPLAT(vf32, limit->gain));
    const vm32 flat = v_lt_f32(s1, V_SPLAT(vf32, limit->flat));
    const vf32 signal =
        float_keep(v_not(v_lt_f32(s12, zero)), fvif_log2(fvif_ratio(g * g * s1, sv, limit->nsq)));
    const vf32 whole = fvif_log2(fvif_ratio(s1, zero, limit->nsq));
    v_store_vf32(num, float_select(flat, 1.0f - s2 * limit->sigma_max_inv, signal));
    v_store_vf32(den, float_select(flat, V_SPLAT(vf32, 1.0f), whole));
}

static void fvif_stat(VmFvifSums *sums, VmFvifRows *t, const float *const *ref,
                      const float *const *dis, const float *taps, int n, double gain, double nsq,
                      int w)
{
    FvifLimits limit = {(float)gain, (float)nsq,
                        (float)((double)powf((float)nsq, 2.0f) / (255.0 * 255.0)), nsq};
    if ((double)limit.flat < nsq) limit.flat = nextafterf(limit.flat, INFINITY);
    for (int j = 0; j < w; j += FVIF_WIDE) fvif_vert(t, ref, dis, taps, n, j);
    for (int i = 0; i < 5; i++) VM_PAD_REFLECT(t->v[i], w, n / 2);
    *sums = (VmFvifSums){0};
    for (int j = 0; j < w; j += FVIF_WIDE) {
        vf32 m[FVIF_VECTORS][5];
        float num[FVIF_WIDE], den[FVIF_WIDE];
        fvif_horz(m, t, taps, n, j);
        V_UNROLL
        for (int i = 0; i < FVIF_VECTORS; i++)
            fvif_compare(num + i * VN32, den + i * VN32, m[i], &limit);
        /* one by one: the order of these sums shows in the scores */
        for (int i = 0; i < VM_MIN(FVIF_WIDE, w - j); i++) {
            sums->num += num[i];
            sums->den += den[i];
        }
    }
}

static void fvif_sub(float *dst, float *tmp, const float *const *rows, const float *taps, int n,
                     int step, int w)
{
    for (int j = 0; j < w; j += VN32) {
        vf32 sum = {0};
        for (int k = 0; k < n; k++) sum += taps[k] * v_load_vf32(rows[k] + j);
        v_store_vf32(tmp + j, sum);
    }
    VM_PAD_REFLECT(tmp, w, n / 2);
    for (int j = 0; j < w / step; j += VN32) {
        const float *p = tmp + step * j - n / 2;
        vf32 sum = {0};
        for (int k = 0; k < n; k++)
            sum += taps[k] * (step == 1 ? v_load_vf32(p + k) : float_even(p + k));
        v_store_vf32(dst + j, sum);
    }
}
