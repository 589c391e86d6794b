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
                        (float)((double)vm_exact_powf((float)nsq, 2.0f) / (255.0 * 255.0)), nsq};
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

/* ---- float ADM ---- */

VM_INLINE vf32 fadm_dot(const float tap[4], vf32 a, vf32 b, vf32 c, vf32 d)
{
    return tap[0] * a + tap[1] * b + tap[2] * c + tap[3] * d;
}

/* Columns lo .. hi - 1 of a filtered row; the low end mirrors around its first sample, the high end repeats
 * its last. */
VM_INLINE void fadm_dwt_vert(float *dst, const float *const rows[4], const float tap[4], int lo,
                             int hi, int w)
{
    for (int j = lo; j < hi; j += VN32)
        v_store_vf32(dst + j, fadm_dot(tap, v_load_vf32(rows[0] + j), v_load_vf32(rows[1] + j),
                                       v_load_vf32(rows[2] + j), v_load_vf32(rows[3] + j)));
    dst[-1] = dst[1];
    dst[w] = dst[w - 1];
    dst[w + 1] = dst[w - 2];
}

VM_INLINE void fadm_dwt_horz(float *dst, const float *src, const float tap[4], int lo, int hi)
{
    for (int j = lo; j < hi; j += VN32) {
        const float *p = src + 2 * j;
        v_store_vf32(dst + j, fadm_dot(tap, float_even(p - 1), float_even(p), float_even(p + 1),
                                       float_even(p + 2)));
    }
}

static void adm_dwt_float(void *const dst[4], void *const tmp[2], const void *const rows[4],
                          const VmAdmSpan *span, int bpc, int details)
{
    const float *const source[4] = {rows[0], rows[1], rows[2], rows[3]};
    const int first = VM_MIN(span->a0, span->d0), end = VM_MAX(span->a1, span->d1);
    const int lo = VM_MAX(2 * first - 1, 0), hi = VM_MIN(2 * end + 1, span->w);
    (void)bpc;
    fadm_dwt_vert(tmp[0], source, vm_adm_low, lo, hi, span->w);
    fadm_dwt_horz(dst[VM_ADM_A], tmp[0], vm_adm_low, span->a0, span->a1);
    if (!details) return;
    fadm_dwt_vert(tmp[1], source, vm_adm_high, lo, hi, span->w);
    fadm_dwt_horz(dst[VM_ADM_H], tmp[1], vm_adm_low, span->d0, span->d1);
    fadm_dwt_horz(dst[VM_ADM_V], tmp[0], vm_adm_high, span->d0, span->d1);
    fadm_dwt_horz(dst[VM_ADM_D], tmp[1], vm_adm_high, span->d0, span->d1);
}

/* (float)(a * gain) with the product in double */
VM_INLINE vf32 fadm_enhance(vf32 a, double gain)
{
    const VPairF64 x = v_widen_f32(a);
    return v_narrow_f64((VPairF64){x.lo * gain, x.hi * gain});
}

/* The smaller of a double and a float, rounded to float, is the smaller of the rounded and the float. */
VM_INLINE vf32 fadm_restore(vf32 o, vf32 t, vm32 similar, double gain)
{
    const vf32 zero = {0}, ratio = t * (1.0f / (o + 1e-30f));
    const vf32 r = v_min_f32(V_SPLAT(vf32, 1), v_max_f32(zero, ratio)) * o;
    const vf32 wanted = fadm_enhance(r, gain);
    const vm32 above = v_both(similar, v_lt_f32(zero, r)),
               below = v_both(similar, v_lt_f32(r, zero));
    return float_select(above, v_min_f32(wanted, t), float_select(below, v_max_f32(wanted, t), r));
}

static void adm_decouple_float(const VmAdmSplit *out, int n, const void *const o[3],
                               const void *const t[3], const VmAdmScale *c)
{
    const int end = VM_MIN(c->x1 + 1, c->w);
    for (int j = VM_MAX(c->x0 - 1, 0); j < end; j += VN32) {
        vf32 x[3], y[3];
        for (int b = 0; b < 3; b++) x[b] = v_load_vf32((const float *)o[b] + j);
        for (int b = 0; b < 3; b++) y[b] = v_load_vf32((const float *)t[b] + j);
        const vf32 dp = x[0] * y[0] + x[1] * y[1];
        const vf32 om = x[0] * x[0] + x[1] * x[1], tm = y[0] * y[0] + y[1] * y[1];
        const vm32 similar =
            v_both(v_not(v_lt_f32(dp, (vf32){0})), v_not(v_lt_f32(dp * dp, VM_ADM_COS2 * om * tm)));
        for (int b = 0; b < 3; b++)
            for (int i = 0; i < n; i++) {
                const vf32 restored = fadm_restore(x[b], y[b], similar, out[i].gain);
                v_store_vf32((float *)out[i].r[b] + j, restored);
                v_store_vf32((float *)out[i].a[b] + j, y[b] - restored);
            }
    }
}

VM_INLINE vf32 fadm_power(vf32 x, float p)
{
    if (p == 3.0f) return x * x * x;
    for (int i = 0; i < VN32; i++) x[i] = vm_exact_powf(x[i], p);
    return x;
}

/* Adds n columns, VN32 at most, one by one: the order of these sums shows in the scores. */
VM_INLINE void fadm_add(float row[3], float x[3][VN32], int n)
{
    for (int i = 0; i < VM_MIN(n, VN32); i++)
        for (int b = 0; b < 3; b++) row[b] += x[b][i];
}

static void adm_den_float(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c)
{
    float row[3] = {0};
    for (int j = c->x0; j < c->x1; j += VN32) {
        float out[3][VN32];
        for (int b = 0; b < 3; b++) {
            const vf32 x = float_abs(c->rfactor[b] * v_load_vf32((const float *)o[b] + j));
            v_store_vf32(out[b], fadm_power(x, c->p_norm));
        }
        fadm_add(row, out, c->x1 - j);
    }
    for (int b = 0; b < 3; b++) sum[b].f += row[b];
}

static void adm_csf_float(void *outer, void *inner, void *tmp, const void *const m[3],
                          const VmAdmScale *c)
{
    float *f = tmp, *o = outer, *in = inner;
    const int first = VM_MAX(c->x0 - 1, 0), end = VM_MIN(c->x1 + 1, c->w);
    for (int j = first; j < end; j += VN32) {
        vf32 sum_f = {0}, sum_c = {0};
        for (int b = 0; b < 3; b++) {
            const vf32 q = float_abs(c->rfactor[b] * v_load_vf32((const float *)m[b] + j));
            sum_f += 0.0333333351f * q;
            sum_c += 0.0666666701f * q;
        }
        v_store_vf32(f + j, sum_f);
        v_store_vf32(in + j, sum_c);
    }
    if (c->x0 == 0) f[-1] = f[1];
    if (c->x1 == c->w) f[c->w] = f[c->w - 1];
    for (int j = c->x0; j < c->x1; j += VN32) {
        const vf32 sides = v_load_vf32(f + j - 1) + v_load_vf32(f + j + 1);
        v_store_vf32(o + j, sides + v_load_vf32(f + j));
        v_store_vf32(in + j, v_load_vf32(in + j) + sides);
    }
}

static void adm_mask_float(VmAdmSum sum[3], const void *const x[3], const void *above,
                           const void *inner, const void *below, const VmAdmScale *c)
{
    const float *a = above, *i = inner, *d = below;
    float row[3] = {0};
    for (int j = c->x0; j < c->x1; j += VN32) {
        float out[3][VN32];
        vf32 threshold = {0};
        if (!c->bypass) threshold = v_load_vf32(a + j) + v_load_vf32(i + j) + v_load_vf32(d + j);
        for (int b = 0; b < 3; b++) {
            const vf32 value = float_abs(c->rfactor[b] * v_load_vf32((const float *)x[b] + j));
            const vf32 u = v_max_f32(value - threshold, (vf32){0}); /* 0 adds nothing */
            v_store_vf32(out[b], fadm_power(u, c->p_norm));
        }
        fadm_add(row, out, c->x1 - j);
    }
    for (int b = 0; b < 3; b++) sum[b].f += row[b];
}
