/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One set of kernels: VBYTES is the size of a vector, VM_TABLE the table's name. */
#include <stdint.h>
#include <string.h>

#include "dense.h"

typedef double V __attribute__((vector_size(VBYTES)));
typedef double VU __attribute__((vector_size(VBYTES), aligned(8)));
typedef int64_t VI __attribute__((vector_size(VBYTES)));
enum { L = VBYTES / 8 };
/* Accumulators of a tile: as many as leave registers for the factors. */
enum { TILE_I = VBYTES == 64 ? 8 : 4, TILE_V = 2 };

#define UNROLLED static inline __attribute__((always_inline)) void

UNROLLED tile(double *c, size_t c_stride, VmFactor a, const double *b, size_t b_stride, size_t n_k,
              const int n_i, const int n_v)
{
    V sum[TILE_I][TILE_V];
    for (int i = 0; i < n_i; i++)
        for (int v = 0; v < n_v; v++)
            sum[i][v] = *(const V *)(c + (size_t)i * c_stride + (size_t)v * L);
    for (size_t k = 0; k < n_k; k++) {
        const double *at = a.at + k * a.k_stride;
        V row[TILE_V];
        for (int v = 0; v < n_v; v++) row[v] = *(const V *)(b + k * b_stride + (size_t)v * L);
        for (int i = 0; i < n_i; i++)
            for (int v = 0; v < n_v; v++) sum[i][v] += at[(size_t)i * a.i_stride] * row[v];
    }
    for (int i = 0; i < n_i; i++)
        for (int v = 0; v < n_v; v++) *(V *)(c + (size_t)i * c_stride + (size_t)v * L) = sum[i][v];
}

UNROLLED strip(double *c, size_t c_stride, VmFactor a, const double *b, size_t b_stride, size_t n_j,
               size_t n_k, const int n_i)
{
    size_t j = 0;
    for (; j + TILE_V * L <= n_j; j += TILE_V * L)
        tile(c + j, c_stride, a, b + j, b_stride, n_k, n_i, TILE_V);
    for (; j < n_j; j += L) tile(c + j, c_stride, a, b + j, b_stride, n_k, n_i, 1);
}

static void multiply_add(double *c, size_t c_stride, VmFactor a, const double *b, size_t b_stride,
                         size_t n_i, size_t n_j, size_t n_k)
{
    for (; n_i >= TILE_I; n_i -= TILE_I) {
        strip(c, c_stride, a, b, b_stride, n_j, n_k, TILE_I);
        c += TILE_I * c_stride;
        a.at += TILE_I * a.i_stride;
    }
    for (; n_i; n_i--) {
        strip(c, c_stride, a, b, b_stride, n_j, n_k, 1);
        c += c_stride;
        a.at += a.i_stride;
    }
}

static inline V select(VI mask, V yes, V no)
{
    return (V)(((VI)yes & mask) | ((VI)no & ~mask));
}

/* exp(x) for -708 <= x <= 0. x = n ln 2 + r with |r| <= 0.3466, where the series up to r^12 leaves less than
 * 0.3466^13 / 13! = 1.7e-16 of exp(r) >= 0.7. ln 2 is taken in two parts: n times the first is exact, as it
 * has 33 bits and |n| < 2^11. */
static inline V exp_nonpositive(V x)
{
    const double magic = 0x1.8p52; /* adding it leaves the rounded integer in the low bits */
    const V shifted = x * 0x1.71547652b82fep0 + magic;
    const V n = shifted - magic;
    const V r = (x - n * 0x1.62e42fefp-1) - n * 0x1.473de6af278edp-34;
    V sum = r * (1.0 / 479001600) + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800;
    sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320;
    sum = sum * r + 1.0 / 5040;
    sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120;
    sum = sum * r + 1.0 / 24;
    sum = sum * r + 1.0 / 6;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    /* n into the exponent: the low bits of shifted are n, those above fall out */
    const VI power = ((VI)shifted << 52) + ((VI){0} + ((int64_t)1023 << 52));
    return sum * (V)power;
}

/* Within 2e-16 of the exact value, absolutely. exp(-2 * 20) is below half an ulp of 1. */
static inline V tanh_of(V x)
{
    const VI sign = (VI)x & ((VI){0} + INT64_MIN);
    V size = (V)((VI)x ^ sign);
    const V limit = (V){0} + 20.0;
    size = select(size > limit, limit, size); /* NaN stays, as it is not greater */
    const V e = exp_nonpositive(-2.0 * size);
    const V t = (1.0 - e) / (1.0 + e);
    return (V)((VI)t ^ sign);
}

/* One loop for each kind: f leaves the value in x and the derivative in d. */
#define EACH(f)                                                                                    \
    for (size_t i = 0; i < n; i += L) {                                                            \
        V x = *(const V *)(z + i), d;                                                              \
        f;                                                                                         \
        *(V *)(z + i) = x;                                                                         \
        *(V *)(slope + i) = d;                                                                     \
    }                                                                                              \
    break

static void activate(enum VmActivation kind, double *z, double *slope, size_t n)
{
    const V zero = {0}, one = zero + 1.0;
    switch (kind) {
    case VM_ACT_RELU:
        EACH({
            /* a NaN must not become 0 */
            const VI dead = x <= zero;
            d = select(dead, zero, one);
            x = select(dead, zero, x);
        });
    case VM_ACT_TANH:
        EACH({
            x = tanh_of(x);
            d = 1.0 - x * x;
        });
    case VM_ACT_SIGMOID:
        EACH({
            x = 0.5 + 0.5 * tanh_of(0.5 * x);
            d = x * (1.0 - x);
        });
    case VM_ACT_SOFTSIGN:
        EACH({
            const V size = (V)((VI)x & ((VI){0} + INT64_MAX));
            const V inverse = 1.0 / (1.0 + size);
            x = x * inverse;
            d = inverse * inverse;
        });
    case VM_ACT_SQUARE:
        EACH({
            d = x + x;
            x = x * x;
        });
    default: EACH({ d = one; });
    }
}

static void multiply(double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i += L) *(V *)(a + i) *= *(const V *)(b + i);
}

static void subtract(double *a, double factor, const double *b, size_t n)
{
    size_t i = 0;
    for (; i + L <= n; i += L) *(VU *)(a + i) -= factor * *(const VU *)(b + i);
    for (; i < n; i++) a[i] -= factor * b[i];
}

extern const VmDenseKernels VM_TABLE;
const VmDenseKernels VM_TABLE = {multiply_add, activate, multiply, subtract};
