/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The kernels of one precision: REAL, the whole numbers of its size INT and FACTOR, names made by OF(). VBYTES is
 * the size of a vector. */
typedef REAL OF(V) __attribute__((vector_size(VBYTES)));
typedef INT OF(VI) __attribute__((vector_size(VBYTES)));
#define V    OF(V)
#define VI   OF(VI)
#define L    (VBYTES / sizeof(REAL))
#define R(x) ((REAL)(x))

UNROLLED OF(tile)(REAL *c, size_t c_stride, const REAL *start, FACTOR a, const REAL *b,
                  size_t b_stride, size_t n_k, const int n_i, const int n_v)
{
    V sum[TILE_I][TILE_V];
    for (int i = 0; i < n_i; i++)
        for (int v = 0; v < n_v; v++)
            sum[i][v] = *(const V *)((start ? start : c + (size_t)i * c_stride) + (size_t)v * L);
    for (size_t k = 0; k < n_k; k++) {
        const REAL *at = a.at + k * a.k_stride;
        V row[TILE_V];
        for (int v = 0; v < n_v; v++) row[v] = *(const V *)(b + k * b_stride + (size_t)v * L);
        for (int i = 0; i < n_i; i++)
            for (int v = 0; v < n_v; v++) sum[i][v] += at[(size_t)i * a.i_stride] * row[v];
    }
    for (int i = 0; i < n_i; i++)
        for (int v = 0; v < n_v; v++) *(V *)(c + (size_t)i * c_stride + (size_t)v * L) = sum[i][v];
}

UNROLLED OF(strip)(REAL *c, size_t c_stride, const REAL *start, FACTOR a, const REAL *b,
                   size_t b_stride, size_t n_j, size_t n_k, const int n_i)
{
    size_t j = 0;
    for (; j + TILE_V * L <= n_j; j += TILE_V * L)
        OF(tile)(c + j, c_stride, start ? start + j : NULL, a, b + j, b_stride, n_k, n_i, TILE_V);
    for (; j < n_j; j += L)
        OF(tile)(c + j, c_stride, start ? start + j : NULL, a, b + j, b_stride, n_k, n_i, 1);
}

static void OF(multiply_add)(REAL *c, size_t c_stride, const REAL *start, FACTOR a, const REAL *b,
                             size_t b_stride, size_t n_i, size_t n_j, size_t n_k)
{
    for (size_t done; n_i; n_i -= done) {
        done = n_i >= TILE_I ? TILE_I : n_i >= 2 ? 2 : 1;
        if (done == TILE_I) OF(strip)(c, c_stride, start, a, b, b_stride, n_j, n_k, TILE_I);
        else if (done == 2) OF(strip)(c, c_stride, start, a, b, b_stride, n_j, n_k, 2);
        else OF(strip)(c, c_stride, start, a, b, b_stride, n_j, n_k, 1);
        c += done * c_stride;
        a.at += done * a.i_stride;
    }
}

static inline V OF(select)(VI mask, V yes, V no)
{
    return (V)(((VI)yes & mask) | ((VI)no & ~mask));
}

/* exp(x) for -708 <= x <= 0, or -87 in single precision. x = n ln 2 + r with |r| <= 0.3466, where the series up to
 * r^12 leaves less than 0.3466^13 / 13! = 1.7e-16 of exp(r) >= 0.7, and that up to r^7 less than 5.2e-9. ln 2
 * is taken in two parts: n times the first is exact, as it has 33 bits and |n| < 2^11, or 15 bits and 2^7. */
static inline V OF(exp_nonpositive)(V x)
{
    static const REAL factorial[] = {1,    1,     2,      6,       24,       120,      720,
                                     5040, 40320, 362880, 3628800, 39916800, 479001600};
    const V shifted = x * R(0x1.71547652b82fep0) + R(MAGIC);
    const V n = shifted - R(MAGIC);
    const V r = (x - n * R(LN2_HIGH)) - n * R(LN2_LOW);
    V sum = r * (1 / factorial[TERMS]) + 1 / factorial[TERMS - 1];
    for (int k = TERMS - 2; k >= 0; k--) sum = sum * r + 1 / factorial[k];
    /* n into the exponent: the low bits of shifted are n, those above fall out */
    const VI power = ((VI)shifted << MANTISSA) + ((VI){0} + ((INT)BIAS << MANTISSA));
    return sum * (V)power;
}

/* Within 2e-16 of the exact value, absolutely, or 2e-7. exp(-2 * 20) is below half an ulp of 1. */
static inline V OF(tanh_of)(V x)
{
    const VI sign = (VI)x & ((VI){0} + INT_LEAST);
    V size = (V)((VI)x ^ sign);
    const V limit = (V){0} + R(20);
    size = OF(select)(size > limit, limit, size); /* NaN stays, as it is not greater */
    const V e = OF(exp_nonpositive)(R(-2) * size);
    const V t = (R(1) - e) / (R(1) + e);
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

static void OF(activate)(enum VmActivation kind, REAL *z, REAL *slope, size_t n)
{
    const V zero = {0}, one = zero + R(1);
    switch (kind) {
    case VM_ACT_RELU:
        EACH({
            /* a NaN must not become 0 */
            const VI dead = x <= zero;
            d = OF(select)(dead, zero, one);
            x = OF(select)(dead, zero, x);
        });
    case VM_ACT_TANH:
        EACH({
            x = OF(tanh_of)(x);
            d = R(1) - x * x;
        });
    case VM_ACT_SIGMOID:
        EACH({
            x = R(0.5) + R(0.5) * OF(tanh_of)(R(0.5) * x);
            d = x * (R(1) - x);
        });
    case VM_ACT_SOFTSIGN:
        EACH({
            const V size = (V)((VI)x & ~((VI){0} + INT_LEAST));
            const V inverse = R(1) / (R(1) + size);
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

static void OF(multiply)(REAL *a, const REAL *b, size_t n)
{
    for (size_t i = 0; i < n; i += L) *(V *)(a + i) *= *(const V *)(b + i);
}

#undef EACH
#undef V
#undef VI
#undef L
#undef R
