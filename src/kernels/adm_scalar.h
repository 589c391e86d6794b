/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Single values of integer ADM: kernels_ref.c is made of them, and vector kernels fall back on
 * them for the rare lanes that their shortcuts do not cover. */
#ifndef VM_ADM_SCALAR_H
#define VM_ADM_SCALAR_H

#include <stdint.h>

#include "kernels/kernels_impl.h"

/* round(x / 2^n), ties up; arithmetic shift for negative x. Unsigned so that sums may wrap. */
VM_INLINE int64_t round_shift(int64_t x, int n)
{
    return n ? (int64_t)((uint64_t)x + ((uint64_t)1 << (n - 1))) >> n : x;
}

/* ---- decoupling (spec 5) ---- */

/* Do the h and v bands of both pictures point within 1 degree of each other? */
VM_INLINE int same_angle(int64_t oh, int64_t ov, int64_t th, int64_t tv)
{
    /* one rounding from 64 bits to float; the squares below are then exact in double */
    const double dp = (double)(float)(oh * th + ov * tv);
    const double om = (double)(float)(oh * oh + ov * ov);
    const double tm = (double)(float)(th * th + tv * tv);
    return dp >= 0 && dp * dp >= (double)VM_ADM_COS2 * om * tm;
}

/* Limit the gain of an enhanced detail: r times gain, but not past t. */
VM_INLINE int32_t enhance(int32_t r, int32_t t, int32_t o, double gain)
{
    const double wanted = (double)r * gain, limit = (double)t;
    if (o > 0) return (int32_t)(wanted < limit ? wanted : limit);
    return (int32_t)(wanted > limit ? wanted : limit);
}

/* o and t at scale 0 fit 16 bits; k = t / o in Q15, 0..32768 */
VM_INLINE int32_t restore_0(int32_t o, int32_t t, int similar, double gain)
{
    if (o == 0) return 0;
    const int32_t q = (int32_t)((1u << 30) / (uint32_t)(o < 0 ? -o : o));
    const int64_t ratio = ((int64_t)(o < 0 ? -q : q) * t + 16384) >> 15;
    const int32_t k = ratio < 0 ? 0 : ratio > 32768 ? 32768 : (int32_t)ratio;
    const int32_t r = (k * o + 16384) >> 15;
    return similar && k > 0 ? enhance(r, t, o, gain) : r;
}

VM_INLINE int32_t restore_123(int32_t o, int32_t t, int similar, double gain)
{
    if (o == 0) return 0;
    uint32_t m = (uint32_t)(o < 0 ? -(int64_t)o : o);
    int e = 0;
    if (m >= 32768) {
        e = 32 - __builtin_clz(m) - 15;
        m = (uint32_t)(((uint64_t)m + ((uint64_t)1 << (e - 1))) >> e);
    }
    const int64_t q = (1u << 30) / m;
    const int64_t ratio = ((o < 0 ? -q : q) * t + ((int64_t)1 << (14 + e))) >> (15 + e);
    const int64_t k = ratio < 0 ? 0 : ratio > 32768 ? 32768 : ratio;
    const int32_t r = (int32_t)((k * o + 16384) >> 15);
    return similar && k > 0 ? enhance(r, t, o, gain) : r;
}

/* ---- masking (spec 8) ---- */

VM_INLINE int64_t weigh_123(uint32_t weight, int32_t x)
{
    /* |x| < 2^31, weight < 2^32; the result is taken modulo 2^32 like the band it stands for */
    return (int32_t)(((int64_t)weight * x + (1 << 27)) >> 28);
}

/* cube of what is left of a value above its threshold, with the roundings of the definition */
VM_INLINE int64_t cubed(int32_t u, int square_shift, int value_shift)
{
    if (u < 16384) return 0; /* u^2 < 2^28 rounds to 0 by every shift in use (29, 30) */
    const int32_t square = (int32_t)round_shift((int64_t)u * u, square_shift);
    return round_shift((int64_t)square * u, value_shift);
}

#endif
