/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vectors whose width the build chooses: a kernel is written once and compiled for every instruction
 * set, with VBYTES = 16, 32 or 64. Lane-wise + - * & | ^ ~ << >> are the compiler's own operators on
 * these types; only what needs a particular instruction has a function here. "In-lane" operations
 * work on each 16-byte block by itself; zips and packs are inverse to each other in that order.
 * This half works on integers, vec_float.h on floating point.
 *
 * Included by kernels_simd.c only, so that nothing compiled for one level can be linked into another. */
#ifndef VM_VEC_H
#define VM_VEC_H

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

/* The lanes' numbers, 0, 1, ... */
#define V_EIGHT(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7
#if VBYTES == 64
#define V_IOTA_16 ((vs16){V_EIGHT(0), V_EIGHT(8), V_EIGHT(16), V_EIGHT(24)})
#define V_IOTA_32 ((vs32){V_EIGHT(0), V_EIGHT(8)})
#elif VBYTES == 32
#define V_IOTA_16 ((vs16){V_EIGHT(0), V_EIGHT(8)})
#define V_IOTA_32 ((vs32){V_EIGHT(0)})
#else
#define V_IOTA_16 ((vs16){V_EIGHT(0)})
#define V_IOTA_32 ((vs32){0, 1, 2, 3})
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

/* Functions that are one instruction: x86's by its name at this width and the cast to its register,
 * ARM's by its name and the type of its register. */
#if V_X86
#define V_UNARY(T, name, x86, cast, arm, R)                                                        \
    VM_INLINE T name(T a)                                                                          \
    {                                                                                              \
        return (T)V_(x86)(cast(a));                                                                \
    }
#define V_BINARY(T, name, x86, cast, arm, R)                                                       \
    VM_INLINE T name(T a, T b)                                                                     \
    {                                                                                              \
        return (T)V_(x86)(cast(a), cast(b));                                                       \
    }
#else
#define V_UNARY(T, name, x86, cast, arm, R)                                                        \
    VM_INLINE T name(T a)                                                                          \
    {                                                                                              \
        return (T)arm((R)a);                                                                       \
    }
#define V_BINARY(T, name, x86, cast, arm, R)                                                       \
    VM_INLINE T name(T a, T b)                                                                     \
    {                                                                                              \
        return (T)arm((R)a, (R)b);                                                                 \
    }
#endif

/* ---- memory ---- */

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

/* VN32 signed 16-bit values as 32-bit lanes, in order. */
VM_INLINE vs32 v_widen_s16(const void *p)
{
#if VBYTES == 64
    return (vs32)_mm512_cvtepi16_epi32(_mm256_loadu_si256(p));
#elif VBYTES == 32
    return (vs32)_mm256_cvtepi16_epi32(_mm_loadu_si128(p));
#elif V_X86
    return (vs32)_mm_cvtepi16_epi32(_mm_loadl_epi64(p));
#else
    return (vs32)vmovl_s16(vld1_s16(p));
#endif
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

/* VN16 values below 256 as bytes, in order, to memory. */
VM_INLINE void v_store_bytes(void *p, vu16 v)
{
#if VBYTES == 64
    _mm256_storeu_si256(p, _mm512_cvtepi16_epi8(VI(v)));
#elif VBYTES == 32
    const __m256i x = _mm256_packus_epi16(VI(v), VI(v));
    _mm_storeu_si128(p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(x, 0x08)));
#elif V_X86
    _mm_storel_epi64(p, _mm_packus_epi16(VI(v), VI(v)));
#else
    vst1_u8(p, vmovn_u16((uint16x8_t)v));
#endif
}

/* What became of lower and upper zips, in the order of what was zipped to memory. */
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

/* ---- 16-bit lanes ---- */

V_BINARY(vs16, v_zip_lo_16, unpacklo_epi16, VI, vzip1q_s16, int16x8_t)
V_BINARY(vs16, v_zip_hi_16, unpackhi_epi16, VI, vzip2q_s16, int16x8_t)
V_UNARY(vs16, v_abs_s16, abs_epi16, VI, vabsq_s16, int16x8_t)
V_BINARY(vs16, v_min_s16, min_epi16, VI, vminq_s16, int16x8_t)
V_BINARY(vu16, v_min_u16, min_epu16, VI, vminq_u16, uint16x8_t)
/* (a * b + 2^14) >> 15, but not of two -2^15: the ISAs differ there */
V_BINARY(vs16, v_mulhrs, mulhrs_epi16, VI, vqrdmulhq_s16, int16x8_t)

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
VM_INLINE vu16 v_mulhi_u16(vu16 a, vu16 b)
{
#if V_X86
    return (vu16)V_(mulhi_epu16)(VI(a), VI(b));
#else
    const uint32x4_t lo = vmull_u16(vget_low_u16((uint16x8_t)a), vget_low_u16((uint16x8_t)b));
    const uint32x4_t hi = vmull_high_u16((uint16x8_t)a, (uint16x8_t)b);
    return (vu16)vuzp2q_u16(vreinterpretq_u16_u32(lo), vreinterpretq_u16_u32(hi));
#endif
}

/* acc + a[2i] * b[2i] + a[2i + 1] * b[2i + 1]; the sum of two products of -2^15 wraps */
VM_INLINE vs32 v_dot(vs32 acc, vs16 a, vs16 b)
{
#if VBYTES == 64 && defined(__AVX512VNNI__)
    return (vs32)_mm512_dpwssd_epi32(VI(acc), VI(a), VI(b));
#elif V_X86
    acc += (vs32)V_(madd_epi16)(VI(a), VI(b));
    __asm__("" : V_REG(acc)); /* or gcc 12 forms all products of a sum first and spills them */
    return acc;
#else
    const int32x4_t lo = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    const int32x4_t hi = vmull_high_s16((int16x8_t)a, (int16x8_t)b);
    return acc + (vs32)vpaddq_s32(lo, hi);
#endif
}

/* Two 16-bit constants for v_dot. */
VM_INLINE vs16 v_pair(int16_t even, int16_t odd)
{
    return (vs16)V_SPLAT(vu32, (uint16_t)even | (uint32_t)(uint16_t)odd << 16);
}

/* 32 to 16 bits, in-lane: the inverse of the zips; signed saturation */
VM_INLINE vs16 v_pack_s16(vs32 lo, vs32 hi)
{
#if V_X86
    return (vs16)V_(packs_epi32)(VI(lo), VI(hi));
#else
    return (vs16)vqmovn_high_s32(vqmovn_s32((int32x4_t)lo), (int32x4_t)hi);
#endif
}
/* The same of values 0 .. 65535. */
VM_INLINE vu16 v_pack_u16(vu32 lo, vu32 hi)
{
#if V_X86
    return (vu16)V_(packus_epi32)(VI(lo), VI(hi));
#else
    return (vu16)vmovn_high_u32(vmovn_u32((uint32x4_t)lo), (uint32x4_t)hi);
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

/* 16-bit pairs in each 32-bit lane: the lower halves of a and b, or their upper halves */
VM_INLINE vs16 v_pair_lows(vs32 a, vs32 b)
{
#if VBYTES == 64
    return (vs16)_mm512_mask_mov_epi16(VI(a), 0xaaaaaaaa, VI(b << 16));
#elif V_X86
    return (vs16)V_(blend_epi16)(VI(a), VI(b << 16), 0xaa);
#else
    return (vs16)vtrn1q_s16((int16x8_t)a, (int16x8_t)b);
#endif
}
VM_INLINE vs16 v_pair_highs(vs32 a, vs32 b)
{
#if VBYTES == 64
    return (vs16)_mm512_mask_mov_epi16(VI((vu32)a >> 16), 0xaaaaaaaa, VI(b));
#elif V_X86
    return (vs16)V_(blend_epi16)(VI((vu32)a >> 16), VI(b), 0xaa);
#else
    return (vs16)vtrn2q_s16((int16x8_t)a, (int16x8_t)b);
#endif
}

/* a[0], b[0], a[1], ... to memory: 2 * VN16 values */
VM_INLINE void v_store_zip_16(void *p, vs16 a, vs16 b)
{
    const vs16 lo = v_zip_lo_16(a, b), hi = v_zip_hi_16(a, b);
    v_store_unzipped(p, (vs32)lo, (vs32)hi);
}

/* ---- 32-bit lanes ---- */

V_UNARY(vs32, v_abs_s32, abs_epi32, VI, vabsq_s32, int32x4_t)
V_BINARY(vs32, v_max_s32, max_epi32, VI, vmaxq_s32, int32x4_t)
V_BINARY(vu32, v_min_u32, min_epu32, VI, vminq_u32, uint32x4_t)

/* even[0], odd[0], even[1], ... to memory: 2 * VN32 values */
VM_INLINE void v_store_zip_32(void *p, vs32 even, vs32 odd)
{
#if VBYTES == 64
    const vs32 lo = V_IOTA_32 / 2 + V_IOTA_32 % 2 * VN32, hi = lo + VN32 / 2;
    v_store_vs32(p, (vs32)_mm512_permutex2var_epi32(VI(even), VI(lo), VI(odd)));
    v_store_vs32((char *)p + 64, (vs32)_mm512_permutex2var_epi32(VI(even), VI(hi), VI(odd)));
#elif V_X86
    const vs32 lo = (vs32)V_(unpacklo_epi32)(VI(even), VI(odd));
    const vs32 hi = (vs32)V_(unpackhi_epi32)(VI(even), VI(odd));
    v_store_unzipped(p, lo, hi);
#else
    v_store_unzipped(p, (vs32)vzip1q_s32((int32x4_t)even, (int32x4_t)odd),
                     (vs32)vzip2q_s32((int32x4_t)even, (int32x4_t)odd));
#endif
}

/* a << n, or 0 or anything where n is above 31 */
VM_INLINE vu32 v_shift_left(vu32 a, vu32 n)
{
#if VBYTES >= 32
    return (vu32)V_(sllv_epi32)(VI(a), VI(n));
#elif V_X86 /* times 2^n, by way of floats; 2^31 comes out right as well */
    return a * (vu32)_mm_cvttps_epi32(VF((n + 127) << 23));
#else
    return (vu32)vshlq_u32((uint32x4_t)a, (int32x4_t)n);
#endif
}

/* Sums of neighbours: VN32 / 2 of a, then those of b. */
VM_INLINE vs32 v_add_pairs_s32(vs32 a, vs32 b)
{
#if VBYTES == 64
    const __m512i even = VI(V_IOTA_32 * 2), odd = VI(V_IOTA_32 * 2 + 1);
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

/* ---- 64-bit lanes ---- */

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
VM_INLINE vs64 v_mul_even_s32(vs32 a, vs32 b)
{
#if V_X86
    return (vs64)V_(mul_epi32)(VI(a), VI(b));
#else
    return (vs64)vmull_s32(vmovn_s64((int64x2_t)a), vmovn_s64((int64x2_t)b));
#endif
}

/* the even 32-bit lanes of one, the odd ones of the other */
VM_INLINE vu32 v_weave(vu64 even, vu64 odd)
{
#if VBYTES == 64
    return (vu32)_mm512_mask_mov_epi32(VI(even), 0xaaaa, VI(odd));
#elif V_X86
    return (vu32)V_(blend_epi16)(VI(even), VI(odd), 0xcc);
#else
    return (vu32)((even & 0xffffffff) | (odd & (uint64_t)0xffffffff00000000));
#endif
}

/* (a * b + 2^31) >> 32 */
VM_INLINE vu32 v_mulhi_round(vu32 a, vu32 b)
{
    const vu64 half = V_SPLAT(vu64, (uint64_t)1 << 31);
    const vu64 even = v_mul_even(a, b) + half, odd = v_mul_odd(a, b) + half;
#if VBYTES == 64
    return (vu32)_mm512_mask_shuffle_epi32(VI(odd), 0x5555, VI(even), _MM_PERM_DDBB);
#else
    return v_weave(even >> 32, odd);
#endif
}

/* ---- masks ---- */

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
VM_INLINE int v_all(vm32 m)
{
    return m == 0xffff;
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
VM_INLINE int v_all(vm32 m)
{
#if V_X86
    return V_(movemask_epi8)(VI(m)) == (VBYTES == 32 ? -1 : 0xffff);
#else
    return vmaxvq_s32((int32x4_t)m) < 0;
#endif
}
#endif

VM_INLINE vm32 v_not(vm32 m)
{
    return (vm32)~m;
}
VM_INLINE vm32 v_both(vm32 a, vm32 b)
{
    return a & b;
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
VM_INLINE int v_any_negative(vs32 a)
{
    return !v_all(v_not(v_lt_s32(a, (vs32){0})));
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

/* Lanes i with from <= i < to: 0 or -1 in 16 bits, or selected in 32. */
VM_INLINE vs16 v_lanes_16(int from, int to)
{
    return (vs16)(V_IOTA_16 >= (int16_t)VM_MAX(from, 0)) &
           (vs16)(V_IOTA_16 < (int16_t)VM_MIN(to, VN16));
}
VM_INLINE vm32 v_lanes(int from, int to)
{
    return v_both(v_lt_s32(V_SPLAT(vs32, from - 1), V_IOTA_32),
                  v_lt_s32(V_IOTA_32, V_SPLAT(vs32, to)));
}

/* ---- sums of all lanes ---- */

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

#endif
