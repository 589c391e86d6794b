/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vectors whose width the build chooses: a kernel is written once and compiled for every instruction
 * set, with VBYTES = 16, 32 or 64. Lane-wise + - * & | ^ ~ << >> are the compiler's own operators on
 * these types; only what needs a particular instruction has a function here. "In-lane" operations
 * work on each 16-byte block by itself; zips and packs are inverse to each other in that order.
 *
 * Included by kernels_simd.c only, so that nothing compiled for one level can be linked into another. */
#ifndef VM_VEC_H
#define VM_VEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels_impl.h"

#if defined(__SSE4_1__)
#include <immintrin.h>
#define V_X86 1
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define V_X86 0
#else
#error "vector kernels need SSE4.1 or NEON"
#endif

/* Loops over taps must become straight code: the offsets in them are immediates. */
#if defined(__clang__)
#define V_UNROLL _Pragma("clang loop unroll(full)")
#else
#define V_UNROLL _Pragma("GCC unroll 32")
#endif

/* For what is rarely needed: kept out of the loops that call it. */
#define V_NOINLINE __attribute__((noinline, cold))

#define V_TYPE(T) __attribute__((vector_size(VBYTES), may_alias)) T
typedef V_TYPE(uint8_t) vu8;
typedef V_TYPE(uint16_t) vu16;
typedef V_TYPE(int16_t) vs16;
typedef V_TYPE(uint32_t) vu32;
typedef V_TYPE(int32_t) vs32;
typedef V_TYPE(uint64_t) vu64;
typedef V_TYPE(int64_t) vs64;
typedef V_TYPE(float) vf32;
typedef V_TYPE(double) vf64;

enum { VN8 = VBYTES, VN16 = VBYTES / 2, VN32 = VBYTES / 4, VN64 = VBYTES / 8 };

#define V_SPLAT(T, x) ((T){0} + (x))

#if VBYTES == 64
/* 0, 1, ... 31 */
#define V_IOTA_16                                                                                  \
    ((vs16){0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,                        \
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31})
#endif

#define V_LOAD_STORE(T)                                                                            \
    VM_INLINE T v_load_##T(const void *p)                                                          \
    {                                                                                              \
        T v;                                                                                       \
        memcpy(&v, p, sizeof(v));                                                                  \
        return v;                                                                                  \
    }                                                                                              \
    VM_INLINE void v_store_##T(void *p, T v)                                                       \
    {                                                                                              \
        memcpy(p, &v, sizeof(v));                                                                  \
    }
V_LOAD_STORE(vu8)
V_LOAD_STORE(vu16)
V_LOAD_STORE(vs16)
V_LOAD_STORE(vu32)
V_LOAD_STORE(vs32)
V_LOAD_STORE(vs64)
V_LOAD_STORE(vf32)
V_LOAD_STORE(vf64)

/* The name of an x86 intrinsic at this width: V_(add_epi16) is _mm_add_epi16 .. _mm512_add_epi16;
 * VI casts to the integer register type. */
#if VBYTES == 64
#define V_(op)   _mm512_##op
#define VI(v)    ((__m512i)(v))
#define VD(v)    ((__m512d)(v))
#define VF(v)    ((__m512)(v))
#define V_REG(v) "+v"(v)
#elif VBYTES == 32
#define V_(op)   _mm256_##op
#define VI(v)    ((__m256i)(v))
#define VD(v)    ((__m256d)(v))
#define VF(v)    ((__m256)(v))
#define V_REG(v) "+x"(v)
#elif V_X86
#define V_(op)   _mm_##op
#define VI(v)    ((__m128i)(v))
#define VD(v)    ((__m128d)(v))
#define VF(v)    ((__m128)(v))
#define V_REG(v) "+x"(v)
#endif

/* ---- 16-bit lanes ---- */

/* VN16 bytes as 16-bit lanes, in order. */
VM_INLINE vu16 v_widen_u8(const void *p)
{
#if VBYTES == 64
    return (vu16)_mm512_cvtepu8_epi16(_mm256_loadu_si256(p));
#elif VBYTES == 32
    return (vu16)_mm256_cvtepu8_epi16(_mm_loadu_si128(p));
#elif V_X86
    return (vu16)_mm_cvtepu8_epi16(_mm_loadl_epi64(p));
#else
    return (vu16)vmovl_u8(vld1_u8(p));
#endif
}

#if V_X86
VM_INLINE vs16 v_zip_lo_16(vs16 a, vs16 b)
{
    return (vs16)V_(unpacklo_epi16)(VI(a), VI(b));
}
VM_INLINE vs16 v_zip_hi_16(vs16 a, vs16 b)
{
    return (vs16)V_(unpackhi_epi16)(VI(a), VI(b));
}
/* acc + a[2i] * b[2i] + a[2i + 1] * b[2i + 1]; the sum of two products of -2^15 wraps */
VM_INLINE vs32 v_dot(vs32 acc, vs16 a, vs16 b)
{
#if VBYTES == 64 && defined(__AVX512VNNI__)
    return (vs32)_mm512_dpwssd_epi32(VI(acc), VI(a), VI(b));
#else
    acc += (vs32)V_(madd_epi16)(VI(a), VI(b));
    __asm__("" : V_REG(acc)); /* or gcc 12 forms all products of a sum first and spills them */
    return acc;
#endif
}
/* 32 to 16 bits, in-lane: the inverse of the zips; signed saturation */
VM_INLINE vs16 v_pack_s16(vs32 lo, vs32 hi)
{
#if VBYTES == 64
    return (vs16)_mm512_packs_epi32(VI(lo), VI(hi));
#else
    return (vs16)V_(packs_epi32)(VI(lo), VI(hi));
#endif
}
#else
VM_INLINE vs16 v_zip_lo_16(vs16 a, vs16 b)
{
    return (vs16)vzip1q_s16((int16x8_t)a, (int16x8_t)b);
}
VM_INLINE vs16 v_zip_hi_16(vs16 a, vs16 b)
{
    return (vs16)vzip2q_s16((int16x8_t)a, (int16x8_t)b);
}
VM_INLINE vs32 v_dot(vs32 acc, vs16 a, vs16 b)
{
    const int32x4_t lo = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    const int32x4_t hi = vmull_high_s16((int16x8_t)a, (int16x8_t)b);
    return acc + (vs32)vpaddq_s32(lo, hi);
}
VM_INLINE vs16 v_pack_s16(vs32 lo, vs32 hi)
{
    return (vs16)vqmovn_high_s32(vqmovn_s32((int32x4_t)lo), (int32x4_t)hi);
}
#endif

/* (a * b) >> 16 */
VM_INLINE vs16 v_mulhi_s16(vs16 a, vs16 b)
{
#if V_X86
    return (vs16)V_(mulhi_epi16)(VI(a), VI(b));
#else
    const int32x4_t lo = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    const int32x4_t hi = vmull_high_s16((int16x8_t)a, (int16x8_t)b);
    return (vs16)vuzp2q_s16(vreinterpretq_s16_s32(lo), vreinterpretq_s16_s32(hi));
#endif
}

/* The lower and the upper halves of the lanes of a, then of b. */
VM_INLINE vs16 v_low_halves(vs32 a, vs32 b)
{
#if VBYTES == 64
    const vs16 even = V_IOTA_16 * 2;
    return (vs16)_mm512_permutex2var_epi16(VI(a), VI(even), VI(b));
#elif VBYTES == 32
    const vs32 x = (vs32)((vu32)a << 16) >> 16, y = (vs32)((vu32)b << 16) >> 16;
    return (vs16)_mm256_permute4x64_epi64(VI(v_pack_s16(x, y)), 0xd8);
#elif V_X86
    return v_pack_s16((vs32)((vu32)a << 16) >> 16, (vs32)((vu32)b << 16) >> 16);
#else
    return (vs16)vuzp1q_s16((int16x8_t)a, (int16x8_t)b);
#endif
}
VM_INLINE vs16 v_high_halves(vs32 a, vs32 b)
{
#if VBYTES == 64
    const vs16 odd = V_IOTA_16 * 2 + 1;
    return (vs16)_mm512_permutex2var_epi16(VI(a), VI(odd), VI(b));
#elif VBYTES == 32
    return (vs16)_mm256_permute4x64_epi64(VI(v_pack_s16(a >> 16, b >> 16)), 0xd8);
#elif V_X86
    return v_pack_s16(a >> 16, b >> 16);
#else
    return (vs16)vuzp2q_s16((int16x8_t)a, (int16x8_t)b);
#endif
}

/* a[0], b[0], a[1], ... to memory: 2 * VN16 values */
VM_INLINE void v_store_zip_16(void *p, vs16 a, vs16 b)
{
    const vs16 lo = v_zip_lo_16(a, b), hi = v_zip_hi_16(a, b);
#if VBYTES == 64
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    v_store_vs16(p, (vs16)_mm512_permutex2var_epi64(VI(lo), first, VI(hi)));
    v_store_vs16((char *)p + 64, (vs16)_mm512_permutex2var_epi64(VI(lo), second, VI(hi)));
#elif VBYTES == 32
    v_store_vs16(p, (vs16)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x20));
    v_store_vs16((char *)p + 32, (vs16)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x31));
#else
    v_store_vs16(p, lo);
    v_store_vs16((char *)p + 16, hi);
#endif
}

/* Two 16-bit constants for v_dot. */
VM_INLINE vs16 v_pair(int16_t even, int16_t odd)
{
    return (vs16)V_SPLAT(vu32, (uint16_t)even | (uint32_t)(uint16_t)odd << 16);
}

/* The lower halves of VN32 lanes, in order, to memory. */
VM_INLINE void v_store_narrow(void *p, vu32 v)
{
#if VBYTES == 64
    _mm256_storeu_si256(p, _mm512_cvtepi32_epi16(VI(v)));
#elif VBYTES == 32
    const __m256i x = _mm256_packus_epi32(VI(v & 0xffff), VI(v));
    _mm_storeu_si128(p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(x, 0x08)));
#elif V_X86
    _mm_storel_epi64(p, _mm_packus_epi32(VI(v & 0xffff), VI(v)));
#else
    vst1_u16(p, vmovn_u32((uint32x4_t)v));
#endif
}

/* 16-bit lanes of a row in view: lane i of v_slide(w, k) is element 2k + i, 0 <= k <= VN32. */
typedef struct VWindow {
    const int16_t *p;
#if VBYTES >= 32
    vs16 lo, hi;
#endif
#if VBYTES == 32
    vs16 mid;
#endif
} VWindow;

VM_INLINE VWindow v_window(const int16_t *p)
{
#if VBYTES == 64
    return (VWindow){p, v_load_vs16(p), v_load_vs16(p + VN16)};
#elif VBYTES == 32
    return (VWindow){p, v_load_vs16(p), v_load_vs16(p + VN16), v_load_vs16(p + VN16 / 2)};
#else
    return (VWindow){p};
#endif
}

/* 64-byte loads that cross a cache line take two load slots, shuffles take a slot of the multiplier:
 * half of each keeps both busy. */
VM_INLINE vs16 v_slide(const VWindow *w, int k)
{
#if VBYTES == 64
    switch (k) { /* the immediate must be a literal */
    case 0: return w->lo;
    case 2: return (vs16)_mm512_alignr_epi32(VI(w->hi), VI(w->lo), 2);
    case 4: return (vs16)_mm512_alignr_epi32(VI(w->hi), VI(w->lo), 4);
    case 6: return (vs16)_mm512_alignr_epi32(VI(w->hi), VI(w->lo), 6);
    case 8: return (vs16)_mm512_alignr_epi32(VI(w->hi), VI(w->lo), 8);
    default: break;
    }
#elif VBYTES == 32
    switch (k) {
    case 0: return w->lo;
    case 4: return w->mid;
    case 8: return w->hi;
    case 1: return (vs16)_mm256_alignr_epi8(VI(w->mid), VI(w->lo), 4);
    case 2: return (vs16)_mm256_alignr_epi8(VI(w->mid), VI(w->lo), 8);
    case 3: return (vs16)_mm256_alignr_epi8(VI(w->mid), VI(w->lo), 12);
    case 5: return (vs16)_mm256_alignr_epi8(VI(w->hi), VI(w->mid), 4);
    case 6: return (vs16)_mm256_alignr_epi8(VI(w->hi), VI(w->mid), 8);
    case 7: return (vs16)_mm256_alignr_epi8(VI(w->hi), VI(w->mid), 12);
    default: break;
    }
#endif
    return v_load_vs16(w->p + 2 * k);
}

/* ---- 32-bit lanes ---- */

/* even[0], odd[0], even[1], ... to memory: 2 * VN32 values */
VM_INLINE void v_store_zip_32(void *p, vs32 even, vs32 odd)
{
#if VBYTES == 64
    const __m512i lo = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i hi = VI(V_SPLAT(vs32, 8) + (vs32)lo);
    v_store_vs32(p, (vs32)_mm512_permutex2var_epi32(VI(even), lo, VI(odd)));
    v_store_vs32((char *)p + 64, (vs32)_mm512_permutex2var_epi32(VI(even), hi, VI(odd)));
#elif V_X86
    const vs32 lo = (vs32)V_(unpacklo_epi32)(VI(even), VI(odd));
    const vs32 hi = (vs32)V_(unpackhi_epi32)(VI(even), VI(odd));
#if VBYTES == 32
    v_store_vs32(p, (vs32)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x20));
    v_store_vs32((char *)p + 32, (vs32)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x31));
#else
    v_store_vs32(p, lo);
    v_store_vs32((char *)p + 16, hi);
#endif
#else
    v_store_vs32(p, (vs32)vzip1q_s32((int32x4_t)even, (int32x4_t)odd));
    v_store_vs32((char *)p + 16, (vs32)vzip2q_s32((int32x4_t)even, (int32x4_t)odd));
#endif
}

/* Products of the even lanes, 64 bits each. */
VM_INLINE vu64 v_mul_even(vu32 a, vu32 b)
{
#if V_X86
    return (vu64)V_(mul_epu32)(VI(a), VI(b));
#else
    return (vu64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#endif
}
VM_INLINE vu64 v_mul_odd(vu32 a, vu32 b)
{
    return v_mul_even((vu32)((vu64)a >> 32), (vu32)((vu64)b >> 32));
}

/* (a * b + 2^31) >> 32 */
VM_INLINE vu32 v_mulhi_round(vu32 a, vu32 b)
{
    const vu64 half = V_SPLAT(vu64, (uint64_t)1 << 31);
    const vu64 even = v_mul_even(a, b) + half, odd = v_mul_odd(a, b) + half;
#if VBYTES == 64
    return (vu32)_mm512_mask_shuffle_epi32(VI(odd), 0x5555, VI(even), _MM_PERM_DDBB);
#else
    return (vu32)(even >> 32 | (odd & (uint64_t)0xffffffff00000000));
#endif
}

/* Lanes that a comparison selects: a vector of 0 and -1, or a mask register. */
#if VBYTES == 64
typedef __mmask16 vm32;
VM_INLINE vm32 v_lt_s32(vs32 a, vs32 b)
{
    return _mm512_cmplt_epi32_mask(VI(a), VI(b));
}
VM_INLINE vs32 v_and_mask(vm32 m, vs32 a)
{
    return (vs32)_mm512_maskz_mov_epi32(m, VI(a));
}
VM_INLINE vs32 v_select(vm32 m, vs32 a, vs32 b)
{
    return (vs32)_mm512_mask_mov_epi32(VI(b), m, VI(a));
}
VM_INLINE vs32 v_max_s32(vs32 a, vs32 b)
{
    return (vs32)_mm512_max_epi32(VI(a), VI(b));
}
VM_INLINE int v_all(vm32 m)
{
    return m == 0xffff;
}
VM_INLINE vm32 v_not(vm32 m)
{
    return (vm32)~m;
}
VM_INLINE vm32 v_both(vm32 a, vm32 b)
{
    return a & b;
}
#else
typedef vs32 vm32;
VM_INLINE vm32 v_lt_s32(vs32 a, vs32 b)
{
    return a < b;
}
VM_INLINE vs32 v_and_mask(vm32 m, vs32 a)
{
    return m & a;
}
VM_INLINE vs32 v_select(vm32 m, vs32 a, vs32 b)
{
    return (m & a) | (~m & b);
}
VM_INLINE vm32 v_not(vm32 m)
{
    return ~m;
}
VM_INLINE vm32 v_both(vm32 a, vm32 b)
{
    return a & b;
}
#if V_X86
VM_INLINE vs32 v_max_s32(vs32 a, vs32 b)
{
    return (vs32)V_(max_epi32)(VI(a), VI(b));
}
VM_INLINE int v_all(vm32 m)
{
    return V_(movemask_epi8)(VI(m)) == (VBYTES == 32 ? -1 : 0xffff);
}
#else
VM_INLINE vs32 v_max_s32(vs32 a, vs32 b)
{
    return (vs32)vmaxq_s32((int32x4_t)a, (int32x4_t)b);
}
VM_INLINE int v_all(vm32 m)
{
    return vmaxvq_s32((int32x4_t)m) < 0;
}
#endif
#endif

/* Sum of the lanes of a row's accumulator; each below 2^31 in absolute value. */
VM_INLINE int64_t v_sum_s32(vs32 v)
{
    int64_t sum = 0;
    for (int i = 0; i < VN32; i++) sum += v[i];
    return sum;
}
VM_INLINE int64_t v_sum_s64(vs64 v)
{
    int64_t sum = 0;
    for (int i = 0; i < VN64; i++) sum += v[i];
    return sum;
}

/* ---- floating point ---- */

#if V_X86
VM_INLINE vf32 v_to_f32(vs32 a)
{
    return (vf32)V_(cvtepi32_ps)(VI(a));
}
VM_INLINE vs32 v_trunc_f32(vf32 a)
{
    return (vs32)V_(cvttps_epi32)(VF(a));
}
VM_INLINE vf64 v_min_f64(vf64 a, vf64 b)
{
    return (vf64)V_(min_pd)(VD(a), VD(b));
}
VM_INLINE vf64 v_max_f64(vf64 a, vf64 b)
{
    return (vf64)V_(max_pd)(VD(a), VD(b));
}
VM_INLINE vf64 v_trunc_f64(vf64 a)
{
#if VBYTES == 64
    return (vf64)_mm512_roundscale_pd(VD(a), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#else
    return (vf64)V_(round_pd)(VD(a), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#endif
}
#else
VM_INLINE vf32 v_to_f32(vs32 a)
{
    return (vf32)vcvtq_f32_s32((int32x4_t)a);
}
VM_INLINE vs32 v_trunc_f32(vf32 a)
{
    return (vs32)vcvtq_s32_f32((float32x4_t)a);
}
VM_INLINE vf64 v_min_f64(vf64 a, vf64 b)
{
    return (vf64)vminq_f64((float64x2_t)a, (float64x2_t)b);
}
VM_INLINE vf64 v_max_f64(vf64 a, vf64 b)
{
    return (vf64)vmaxq_f64((float64x2_t)a, (float64x2_t)b);
}
VM_INLINE vf64 v_trunc_f64(vf64 a)
{
    return (vf64)vrndq_f64((float64x2_t)a);
}
#endif

/* a * b + c, in one or in two roundings: for approximations that are checked either way */
VM_INLINE vf32 v_fma_f32(vf32 a, vf32 b, vf32 c)
{
#if V_X86 && defined(__FMA__)
    return (vf32)V_(fmadd_ps)(VF(a), VF(b), VF(c));
#else
    return a * b + c;
#endif
}

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

/* The lower halves of two vectors of 64-bit lanes, in the order of v_to_f64. */
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

/* The upper halves of two vectors of 64-bit lanes, in the order of v_to_f64. */
VM_INLINE vu32 v_upper_64(vu64 lo, vu64 hi)
{
#if VBYTES == 64
    const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
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

/* trunc(a) + b for a >= 0 and whole b >= 0, right down to units at least */
VM_INLINE vf64 v_add_whole(vf64 a, vf64 b)
{
#if VBYTES == 64 /* cutting off the sum is the same: it is never rounded up to the next unit */
    return (vf64)_mm512_add_round_pd(VD(a), VD(b), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
#else
    return v_trunc_f64(a) + b;
#endif
}

/* ---- pixels and floats ---- */

/* VN32 bytes or 16-bit words as 32-bit lanes, in order. */
VM_INLINE vs32 v_widen_u8_s32(const void *p)
{
#if VBYTES == 64
    return (vs32)_mm512_cvtepu8_epi32(_mm_loadu_si128(p));
#elif VBYTES == 32
    return (vs32)_mm256_cvtepu8_epi32(_mm_loadl_epi64(p));
#elif V_X86
    return (vs32)_mm_cvtepu8_epi32(_mm_loadu_si32(p));
#else
    uint32_t bytes;
    memcpy(&bytes, p, sizeof(bytes));
    return (vs32)vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes))));
#endif
}
VM_INLINE vs32 v_widen_u16_s32(const void *p)
{
#if VBYTES == 64
    return (vs32)_mm512_cvtepu16_epi32(_mm256_loadu_si256(p));
#elif VBYTES == 32
    return (vs32)_mm256_cvtepu16_epi32(_mm_loadu_si128(p));
#elif V_X86
    return (vs32)_mm_cvtepu16_epi32(_mm_loadl_epi64(p));
#else
    return (vs32)vmovl_u16(vld1_u16(p));
#endif
}

VM_INLINE vs32 v_abs_s32(vs32 a)
{
#if V_X86
    return (vs32)V_(abs_epi32)(VI(a));
#else
    return (vs32)vabsq_s32((int32x4_t)a);
#endif
}

/* What became of the lower and upper zips of 16-bit lanes, in the lanes' order to memory. */
VM_INLINE void v_store_unzipped(void *p, vs32 lo, vs32 hi)
{
#if VBYTES == 64
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i last = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    v_store_vs32(p, (vs32)_mm512_permutex2var_epi64(VI(lo), first, VI(hi)));
    v_store_vs32((char *)p + 64, (vs32)_mm512_permutex2var_epi64(VI(lo), last, VI(hi)));
#elif VBYTES == 32
    v_store_vs32(p, (vs32)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x20));
    v_store_vs32((char *)p + 32, (vs32)_mm256_permute2x128_si256(VI(lo), VI(hi), 0x31));
#else
    v_store_vs32(p, lo);
    v_store_vs32((char *)p + 16, hi);
#endif
}

/* Ones in the first n bytes, n limited to 0..VBYTES. */
VM_INLINE vu8 v_first(int n)
{
    static const uint8_t edge[2 * VBYTES] = {
#define V_ONES 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
#if VBYTES >= 64
        V_ONES,
        V_ONES,
#endif
#if VBYTES >= 32
        V_ONES,
#endif
        V_ONES
#undef V_ONES
    };
    return v_load_vu8(edge + VBYTES - VM_MAX(0, VM_MIN(n, VBYTES)));
}

/* ---- for ADM ---- */

#if V_X86
VM_INLINE vs16 v_abs_s16(vs16 a)
{
    return (vs16)V_(abs_epi16)(VI(a));
}
VM_INLINE vs16 v_min_s16(vs16 a, vs16 b)
{
    return (vs16)V_(min_epi16)(VI(a), VI(b));
}
VM_INLINE vu16 v_mulhi_u16(vu16 a, vu16 b)
{
    return (vu16)V_(mulhi_epu16)(VI(a), VI(b));
}
VM_INLINE vu16 v_min_u16(vu16 a, vu16 b)
{
    return (vu16)V_(min_epu16)(VI(a), VI(b));
}
/* (a * b + 2^14) >> 15, but not of two -2^15: the ISAs differ there */
VM_INLINE vs16 v_mulhrs(vs16 a, vs16 b)
{
    return (vs16)V_(mulhrs_epi16)(VI(a), VI(b));
}
/* 32 to 16 bits, in-lane; values of 0 .. 65535 */
VM_INLINE vu16 v_pack_u16(vu32 lo, vu32 hi)
{
    return (vu16)V_(packus_epi32)(VI(lo), VI(hi));
}
/* VN32 16-bit values in order */
VM_INLINE vs32 v_widen_s16(const void *p)
{
#if VBYTES == 64
    return (vs32)_mm512_cvtepi16_epi32(_mm256_loadu_si256(p));
#elif VBYTES == 32
    return (vs32)_mm256_cvtepi16_epi32(_mm_loadu_si128(p));
#else
    return (vs32)_mm_cvtepi16_epi32(_mm_loadl_epi64(p));
#endif
}
VM_INLINE vu32 v_min_u32(vu32 a, vu32 b)
{
    return (vu32)V_(min_epu32)(VI(a), VI(b));
}
VM_INLINE vs64 v_mul_even_s32(vs32 a, vs32 b)
{
    return (vs64)V_(mul_epi32)(VI(a), VI(b));
}
/* the even 32-bit lanes of one, the odd ones of the other */
VM_INLINE vu32 v_weave(vu64 even, vu64 odd)
{
#if VBYTES == 64
    return (vu32)_mm512_mask_mov_epi32(VI(even), 0xaaaa, VI(odd));
#else
    return (vu32)V_(blend_epi16)(VI(even), VI(odd), 0xcc);
#endif
}
/* 16-bit pairs in each 32-bit lane: the lower halves of a and b, or their upper halves */
VM_INLINE vs16 v_pair_lows(vs32 a, vs32 b)
{
#if VBYTES == 64
    return (vs16)_mm512_mask_mov_epi16(VI(a), 0xaaaaaaaa, VI(b << 16));
#else
    return (vs16)V_(blend_epi16)(VI(a), VI(b << 16), 0xaa);
#endif
}
VM_INLINE vs16 v_pair_highs(vs32 a, vs32 b)
{
#if VBYTES == 64
    return (vs16)_mm512_mask_mov_epi16(VI((vu32)a >> 16), 0xaaaaaaaa, VI(b));
#else
    return (vs16)V_(blend_epi16)(VI((vu32)a >> 16), VI(b), 0xaa);
#endif
}
#else
VM_INLINE vs16 v_abs_s16(vs16 a)
{
    return (vs16)vabsq_s16((int16x8_t)a);
}
VM_INLINE vs16 v_min_s16(vs16 a, vs16 b)
{
    return (vs16)vminq_s16((int16x8_t)a, (int16x8_t)b);
}
VM_INLINE vu16 v_mulhi_u16(vu16 a, vu16 b)
{
    const uint32x4_t lo = vmull_u16(vget_low_u16((uint16x8_t)a), vget_low_u16((uint16x8_t)b));
    const uint32x4_t hi = vmull_high_u16((uint16x8_t)a, (uint16x8_t)b);
    return (vu16)vuzp2q_u16(vreinterpretq_u16_u32(lo), vreinterpretq_u16_u32(hi));
}
VM_INLINE vu16 v_min_u16(vu16 a, vu16 b)
{
    return (vu16)vminq_u16((uint16x8_t)a, (uint16x8_t)b);
}
VM_INLINE vs16 v_mulhrs(vs16 a, vs16 b)
{
    return (vs16)vqrdmulhq_s16((int16x8_t)a, (int16x8_t)b);
}
VM_INLINE vu16 v_pack_u16(vu32 lo, vu32 hi)
{
    return (vu16)vmovn_high_u32(vmovn_u32((uint32x4_t)lo), (uint32x4_t)hi);
}
VM_INLINE vs32 v_widen_s16(const void *p)
{
    return (vs32)vmovl_s16(vld1_s16(p));
}
VM_INLINE vu32 v_min_u32(vu32 a, vu32 b)
{
    return (vu32)vminq_u32((uint32x4_t)a, (uint32x4_t)b);
}
VM_INLINE vs64 v_mul_even_s32(vs32 a, vs32 b)
{
    return (vs64)vmull_s32(vmovn_s64((int64x2_t)a), vmovn_s64((int64x2_t)b));
}
VM_INLINE vu32 v_weave(vu64 even, vu64 odd)
{
    return (vu32)((even & 0xffffffff) | (odd & (uint64_t)0xffffffff00000000));
}
VM_INLINE vs16 v_pair_lows(vs32 a, vs32 b)
{
    return (vs16)vtrn1q_s16((int16x8_t)a, (int16x8_t)b);
}
VM_INLINE vs16 v_pair_highs(vs32 a, vs32 b)
{
    return (vs16)vtrn2q_s16((int16x8_t)a, (int16x8_t)b);
}
#endif

/* a << n, or 0 or anything where n is above 31 */
VM_INLINE vu32 v_shift_left(vu32 a, vu32 n)
{
#if VBYTES >= 32
    return (vu32)V_(sllv_epi32)(VI(a), VI(n));
#elif V_X86
    return a * (vu32)v_trunc_f32((vf32)((n + 127) << 23)); /* 2^31 comes out right as well */
#else
    return (vu32)vshlq_u32((uint32x4_t)a, (int32x4_t)n);
#endif
}

/* a <= b */
VM_INLINE vm32 v_le_f32(vf32 a, vf32 b)
{
#if VBYTES == 64
    return _mm512_cmp_ps_mask(VF(a), VF(b), _CMP_LE_OQ);
#else
    return (vm32)(a <= b);
#endif
}

VM_INLINE int v_equal(vm32 a, vm32 b)
{
#if VBYTES == 64
    return a == b;
#else
    return v_all((vm32)(a == b));
#endif
}

VM_INLINE int v_is_zero(vs32 a)
{
#if VBYTES == 64
    return _mm512_test_epi32_mask(VI(a), VI(a)) == 0;
#elif V_X86
    return v_all((vm32)(a == 0));
#else
    return vmaxvq_u32((uint32x4_t)a) == 0;
#endif
}

VM_INLINE vf32 v_abs_f32(vf32 a)
{
    return (vf32)((vu32)a & 0x7fffffff);
}

/* 16-bit lanes i with from <= i < to: 0 or -1 */
VM_INLINE vs16 v_lanes_16(int from, int to)
{
    static const int16_t lane[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    const vs16 i = v_load_vs16(lane);
    return (vs16)(i >= (int16_t)VM_MAX(from, 0)) & (vs16)(i < (int16_t)VM_MIN(to, VN16));
}

/* lanes i with from <= i < to */
VM_INLINE vm32 v_lanes(int from, int to)
{
    static const int32_t lane[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const vs32 i = v_load_vs32(lane);
    return v_both(v_lt_s32(V_SPLAT(vs32, from - 1), i), v_lt_s32(i, V_SPLAT(vs32, to)));
}

/* ---- floats ---- */

/* a > b ? a : b, zeros and all */
VM_INLINE vf32 v_max_f32(vf32 a, vf32 b)
{
#if V_X86
    return (vf32)V_(max_ps)(VF(a), VF(b));
#else
    return (vf32)vbslq_f32(vcgtq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a,
                           (float32x4_t)b);
#endif
}
/* a < b ? a : b */
VM_INLINE vf32 v_min_f32(vf32 a, vf32 b)
{
#if V_X86
    return (vf32)V_(min_ps)(VF(a), VF(b));
#else
    return (vf32)vbslq_f32(vcltq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a,
                           (float32x4_t)b);
#endif
}
VM_INLINE vf32 v_sqrt_f32(vf32 a)
{
#if V_X86
    return (vf32)V_(sqrt_ps)(VF(a));
#else
    return (vf32)vsqrtq_f32((float32x4_t)a);
#endif
}
VM_INLINE vm32 v_lt_f32(vf32 a, vf32 b)
{
#if VBYTES == 64
    return _mm512_cmp_ps_mask(VF(a), VF(b), _CMP_LT_OQ);
#else
    return a < b;
#endif
}

VM_INLINE int v_any_negative(vs32 a)
{
    return !v_all(v_not(v_lt_s32(a, (vs32){0})));
}

VM_INLINE vf32 v_pair_f32(float even, float odd)
{
    uint32_t e, o;
    memcpy(&e, &even, sizeof(e));
    memcpy(&o, &odd, sizeof(o));
    return (vf32)V_SPLAT(vu64, e | (uint64_t)o << 32);
}

/* Sums of neighbours: VN32 / 2 of a, then those of b. */
VM_INLINE vs32 v_add_pairs_s32(vs32 a, vs32 b)
{
#if VBYTES == 64
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = VI((vs32)even + 1);
    return (vs32)_mm512_permutex2var_epi32(VI(a), even, VI(b)) +
           (vs32)_mm512_permutex2var_epi32(VI(a), odd, VI(b));
#elif VBYTES == 32
    return (vs32)_mm256_permute4x64_epi64(_mm256_hadd_epi32(VI(a), VI(b)), 0xd8);
#elif V_X86
    return (vs32)_mm_hadd_epi32(VI(a), VI(b));
#else
    return (vs32)vpaddq_s32((int32x4_t)a, (int32x4_t)b);
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

/* even[0], odd[0], even[1], ... as floats */
VM_INLINE vf32 v_zip_f64(vf64 even, vf64 odd)
{
#if VBYTES == 64
    const __m512i order = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
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
