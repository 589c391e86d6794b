/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One row of the db2 wavelet (spec: integer ADM 3). The includer defines
 *   DWT_NAME, DWT_SRC (source samples), DWT_ROW (rows and bands), DWT_SUM (sums of four products),
 *   DWT_L, DWT_G (tap arrays), DWT_IN(x), DWT_V(sum), DWT_H(sum) (centring and rounding). */

#define DWT_DOT(f, x0, x1, x2, x3) ((f)[0] * (x0) + (f)[1] * (x1) + (f)[2] * (x2) + (f)[3] * (x3))

#define DWT_HORZ(dst, t, taps, lo, hi)                                                             \
    do {                                                                                           \
        DWT_ROW *out = (dst);                                                                      \
        const DWT_ROW *in = (t);                                                                   \
        VM_IVDEP                                                                                   \
        for (int j = (lo); j < (hi); j++) {                                                        \
            const DWT_SUM sum = DWT_DOT(taps, (DWT_SUM)in[2 * j - 1], (DWT_SUM)in[2 * j],          \
                                        (DWT_SUM)in[2 * j + 1], (DWT_SUM)in[2 * j + 2]);           \
            out[j] = (DWT_ROW)DWT_H(sum);                                                          \
        }                                                                                          \
    } while (0)

#define DWT_VERT(t, taps, lo, hi)                                                                  \
    do {                                                                                           \
        DWT_ROW *out = (t);                                                                        \
        VM_IVDEP                                                                                   \
        for (int j = (lo); j < (hi); j++) {                                                        \
            const DWT_SUM sum =                                                                    \
                DWT_DOT(taps, DWT_IN(s0[j]), DWT_IN(s1[j]), DWT_IN(s2[j]), DWT_IN(s3[j]));         \
            out[j] = (DWT_ROW)DWT_V(sum);                                                          \
        }                                                                                          \
        /* the low end mirrors around its first sample, the high end repeats its last */           \
        out[-1] = out[1];                                                                          \
        out[span->w] = out[span->w - 1];                                                           \
        out[span->w + 1] = out[span->w - 2];                                                       \
    } while (0)

static void DWT_NAME(void *const dst[4], void *const tmp[2], const void *const rows[4],
                     const VmAdmSpan *span, int bpc, int details)
{
    const DWT_SRC *s0 = rows[0], *s1 = rows[1], *s2 = rows[2], *s3 = rows[3];
    const int first = VM_MIN(span->a0, span->d0), end = VM_MAX(span->a1, span->d1);
    const int lo = VM_MAX(2 * first - 1, 0), hi = VM_MIN(2 * end + 1, span->w);
    (void)bpc;
    DWT_VERT(tmp[0], DWT_L, lo, hi);
    DWT_HORZ(dst[VM_ADM_A], tmp[0], DWT_L, span->a0, span->a1);
    if (!details) return;
    DWT_VERT(tmp[1], DWT_G, lo, hi);
    DWT_HORZ(dst[VM_ADM_H], tmp[1], DWT_L, span->d0, span->d1);
    DWT_HORZ(dst[VM_ADM_V], tmp[0], DWT_G, span->d0, span->d1);
    DWT_HORZ(dst[VM_ADM_D], tmp[1], DWT_G, span->d0, span->d1);
}

#undef DWT_DOT
#undef DWT_HORZ
#undef DWT_VERT
#undef DWT_NAME
#undef DWT_SRC
#undef DWT_ROW
#undef DWT_SUM
#undef DWT_L
#undef DWT_G
#undef DWT_IN
#undef DWT_V
#undef DWT_H
