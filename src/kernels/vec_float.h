/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The floating-point half of vec.h. Nothing here fuses or reorders operations but where it says so. */
#ifndef VM_VEC_FLOAT_H
#define VM_VEC_FLOAT_H

#include <math.h>

#include "kernels/vec.h"

/* ---- 32 bits ---- */

/* a < b ? a : b and a > b ? a : b, zeros and all */
VM_INLINE vf32 v_min_f32(vf32 a, vf32 b)
{
#if V_X86
    return (vf32)V_(min_ps)(VF(a), VF(b));
#else
    return (vf32)vbslq_f32(vcltq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a,
                           (float32x4_t)b);
#endif
}
VM_INLINE vf32 v_max_f32(vf32 a, vf32 b)
{
#if V_X86
    return (vf32)V_(max_ps)(VF(a), VF(b));
#else
    return (vf32)vbslq_f32(vcgtq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a,
                           (float32x4_t)b);
#endif
}
V_UNARY(vf32, v_sqrt_f32, sqrt_ps, VF, vsqrtq_f32, float32x4_t)

VM_INLINE vf32 v_abs_f32(vf32 a)
{
    return (vf32)((vu32)a & 0x7fffffff);
}
VM_INLINE vm32 v_lt_f32(vf32 a, vf32 b)
{
#if VBYTES == 64
    return _mm512_cmp_ps_mask(VF(a), VF(b), _CMP_LT_OQ);
#else
    return a < b;
#endif
}
VM_INLINE vm32 v_le_f32(vf32 a, vf32 b)
{
#if VBYTES == 64
    return _mm512_cmp_ps_mask(VF(a), VF(b), _CMP_LE_OQ);
#else
    return (vm32)(a <= b);
#endif
}

/* a * b + c, in one or in two roundings: for approximations that are checked either way */
VM_INLINE vf32 v_fma_f32(vf32 a, vf32 b, vf32 c)
{
#if V_X86 && defined(__FMA__)
    return (vf32)V_(fmadd_ps)(VF(a), VF(b), VF(c));
#else
    return a * b + c;
#endif
}

VM_INLINE vf32 v_to_f32(vs32 a)
{
#if V_X86
    return (vf32)V_(cvtepi32_ps)(VI(a));
#else
    return (vf32)vcvtq_f32_s32((int32x4_t)a);
#endif
}
VM_INLINE vs32 v_trunc_f32(vf32 a)
{
#if V_X86
    return (vs32)V_(cvttps_epi32)(VF(a));
#else
    return (vs32)vcvtq_s32_f32((float32x4_t)a);
#endif
}

VM_INLINE vf32 v_pair_f32(float even, float odd)
{
    uint32_t e, o;
    memcpy(&e, &even, sizeof(e));
    memcpy(&o, &odd, sizeof(o));
    return (vf32)V_SPLAT(vu64, e | (uint64_t)o << 32);
}

/* ---- 64 bits ---- */

V_BINARY(vf64, v_min_f64, min_pd, VD, vminq_f64, float64x2_t)
V_BINARY(vf64, v_max_f64, max_pd, VD, vmaxq_f64, float64x2_t)

VM_INLINE vf64 v_trunc_f64(vf64 a)
{
#if VBYTES == 64
    return (vf64)_mm512_roundscale_pd(VD(a), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#elif V_X86
    return (vf64)V_(round_pd)(VD(a), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#else
    return (vf64)vrndq_f64((float64x2_t)a);
#endif
}

/* trunc(a) + b for a >= 0 and whole b >= 0, right down to units at least */
VM_INLINE vf64 v_add_whole(vf64 a, vf64 b)
{
#if VBYTES == 64 /* cutting off the sum is the same: it is never rounded up to the next unit */
    return (vf64)_mm512_add_round_pd(VD(a), VD(b), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#else
    return v_trunc_f64(a) + b;
#endif
}

/* Work on v stays on its side of this: of straight code with many sums gcc would do all products first
 * and spill them. */
VM_INLINE void v_settle(vf64 *v)
{
#if V_X86
    __asm__("" : "+v"(*v));
#else
    __asm__("" : "+w"(*v));
#endif
}

/* ---- between 32 and 64 bits ---- */

/* VN32 integers as two vectors of doubles: the first half and the second half. */
typedef struct VPairF64 {
    vf64 lo, hi;
} VPairF64;

VM_INLINE VPairF64 v_to_f64(vs32 a)
{
#if VBYTES == 64
    return (VPairF64){(vf64)_mm512_cvtepi32_pd(_mm512_castsi512_si256(VI(a))),
                      (vf64)_mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(VI(a), 1))};
#elif VBYTES == 32
    return (VPairF64){(vf64)_mm256_cvtepi32_pd(_mm256_castsi256_si128(VI(a))),
                      (vf64)_mm256_cvtepi32_pd(_mm256_extracti128_si256(VI(a), 1))};
#elif V_X86
    return (VPairF64){(vf64)_mm_cvtepi32_pd(VI(a)),
                      (vf64)_mm_cvtepi32_pd(_mm_shuffle_epi32(VI(a), 0xee))};
#else
    const int32x4_t v = (int32x4_t)a;
    return (VPairF64){(vf64)vcvtq_f64_s64(vmovl_s32(vget_low_s32(v))),
                      (vf64)vcvtq_f64_s64(vmovl_high_s32(v))};
#endif
}

/* The inverse, towards zero; values within 32 bits. */
VM_INLINE vs32 v_from_f64(VPairF64 a)
{
#if VBYTES == 64
    const __m512i lo = _mm512_castsi256_si512(_mm512_cvttpd_epi32(VD(a.lo)));
    return (vs32)_mm512_inserti64x4(lo, _mm512_cvttpd_epi32(VD(a.hi)), 1);
#elif VBYTES == 32
    const __m256i lo = _mm256_castsi128_si256(_mm256_cvttpd_epi32(VD(a.lo)));
    return (vs32)_mm256_inserti128_si256(lo, _mm256_cvttpd_epi32(VD(a.hi)), 1);
#elif V_X86
    return (vs32)_mm_unpacklo_epi64(_mm_cvttpd_epi32(VD(a.lo)), _mm_cvttpd_epi32(VD(a.hi)));
#else
    return (vs32)vcombine_s32(vmovn_s64(vcvtq_s64_f64((float64x2_t)a.lo)),
                              vmovn_s64(vcvtq_s64_f64((float64x2_t)a.hi)));
#endif
}

/* VN32 floats as doubles in the order of v_to_f64, and back, rounded. */
VM_INLINE VPairF64 v_widen_f32(vf32 a)
{
#if VBYTES == 64
    return (VPairF64){(vf64)_mm512_cvtps_pd(_mm512_castps512_ps256(VF(a))),
                      (vf64)_mm512_cvtps_pd(_mm512_extractf32x8_ps(VF(a), 1))};
#elif VBYTES == 32
    return (VPairF64){(vf64)_mm256_cvtps_pd(_mm256_castps256_ps128(VF(a))),
                      (vf64)_mm256_cvtps_pd(_mm256_extractf128_ps(VF(a), 1))};
#elif V_X86
    return (VPairF64){(vf64)_mm_cvtps_pd(VF(a)), (vf64)_mm_cvtps_pd(_mm_movehl_ps(VF(a), VF(a)))};
#else
    return (VPairF64){(vf64)vcvt_f64_f32(vget_low_f32((float32x4_t)a)),
                      (vf64)vcvt_high_f64_f32((float32x4_t)a)};
#endif
}
VM_INLINE vf32 v_narrow_f64(VPairF64 a)
{
#if VBYTES == 64
    return (vf32)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(VD(a.lo))),
                                    _mm512_cvtpd_ps(VD(a.hi)), 1);
#elif VBYTES == 32
    return (vf32)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(VD(a.lo))),
                                      _mm256_cvtpd_ps(VD(a.hi)), 1);
#elif V_X86
    return (vf32)_mm_movelh_ps(_mm_cvtpd_ps(VD(a.lo)), _mm_cvtpd_ps(VD(a.hi)));
#else
    return (vf32)vcvt_high_f32_f64(vcvt_f32_f64((float64x2_t)a.lo), (float64x2_t)a.hi);
#endif
}

/* The lower and the upper halves of two vectors of 64-bit lanes, in the order of v_to_f64. */
VM_INLINE vu32 v_narrow_64(vu64 lo, vu64 hi)
{
#if VBYTES == 64
    const __m512i first = _mm512_castsi256_si512(_mm512_cvtepi64_epi32(VI(lo)));
    return (vu32)_mm512_inserti64x4(first, _mm512_cvtepi64_epi32(VI(hi)), 1);
#elif VBYTES == 32
    const __m256 even = _mm256_shuffle_ps(VF(lo), VF(hi), 0x88);
    return (vu32)_mm256_permute4x64_epi64((__m256i)even, 0xd8);
#elif V_X86
    return (vu32)_mm_shuffle_ps(VF(lo), VF(hi), 0x88);
#else
    return (vu32)vuzp1q_u32((uint32x4_t)lo, (uint32x4_t)hi);
#endif
}
VM_INLINE vu32 v_upper_64(vu64 lo, vu64 hi)
{
#if VBYTES == 64
    const __m512i odd = VI(V_IOTA_32 * 2 + 1);
    return (vu32)_mm512_permutex2var_epi32(VI(lo), odd, VI(hi));
#elif VBYTES == 32
    const __m256 odd = _mm256_shuffle_ps(VF(lo), VF(hi), 0xdd);
    return (vu32)_mm256_permute4x64_epi64((__m256i)odd, 0xd8);
#elif V_X86
    return (vu32)_mm_shuffle_ps(VF(lo), VF(hi), 0xdd);
#else
    return (vu32)vuzp2q_u32((uint32x4_t)lo, (uint32x4_t)hi);
#endif
}

/* even[0], odd[0], even[1], ... as floats */
VM_INLINE vf32 v_zip_f64(vf64 even, vf64 odd)
{
#if VBYTES == 64
    const __m512i order = VI(V_IOTA_32 / 2 + V_IOTA_32 % 2 * VN32);
    return (vf32)_mm512_permutex2var_ps(_mm512_castps256_ps512(_mm512_cvtpd_ps(VD(even))), order,
                                        _mm512_castps256_ps512(_mm512_cvtpd_ps(VD(odd))));
#elif VBYTES == 32
    const __m128 e = _mm256_cvtpd_ps(VD(even)), o = _mm256_cvtpd_ps(VD(odd));
    return (vf32)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_unpacklo_ps(e, o)),
                                      _mm_unpackhi_ps(e, o), 1);
#elif V_X86
    return (vf32)_mm_unpacklo_ps(_mm_cvtpd_ps(VD(even)), _mm_cvtpd_ps(VD(odd)));
#else
    const float32x2_t e = vcvt_f32_f64((float64x2_t)even), o = vcvt_f32_f64((float64x2_t)odd);
    return (vf32)vcombine_f32(vzip1_f32(e, o), vzip2_f32(e, o));
#endif
}

#endif
