/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Single values of dense layers as the specification of tiny models has them: the scalar kernels and what
 * runs graphs node by node. Vectors do the same operations in the same order, each rounded by itself. */
#ifndef VM_DENSE_SCALAR_H
#define VM_DENSE_SCALAR_H

#include "kernels/kernels_impl.h"

/* tanh x = x P(x^2) / Q(x^2) for |x| <= 9.02, where float tanh has become 1; found by reweighted least
 * squares of the relative error, 2.1e-8 before rounding. Rounded: at most 4e-7 off, see test_tiny.c. */
#define DENSE_TANH_LIMIT 9.02f
#define DENSE_TANH_P                                                                               \
    {                                                                                              \
        0.999999979f, 0.133797194f, 3.49403622e-3f, 2.05835063e-5f, 1.33191022e-8f                 \
    }
#define DENSE_TANH_Q                                                                               \
    {                                                                                              \
        1.0f, 0.467130346f, 2.58710797e-2f, 3.28309545e-4f, 7.76203275e-7f                         \
    }

/* erf x in the same way for |x| <= 3.95: 3.1e-7 before rounding, at most 7e-7 off after it. */
#define DENSE_ERF_LIMIT 3.95f
#define DENSE_ERF_P                                                                                \
    {                                                                                              \
        1.12837882f, 0.32257587f, 6.87274724e-2f, 8.93663117e-3f, 3.17155933e-4f                   \
    }
#define DENSE_ERF_Q                                                                                \
    {                                                                                              \
        1.0f, 0.619199312f, 0.167355041f, 2.55031904e-2f, 2.25244708e-3f, 1.83738807e-5f           \
    }

#define DENSE_SQRT1_2 0.70710678f

/* a < b ? a : b as the vectors have it: the second of two that are equal or not comparable. */
VM_INLINE float dense_min(float a, float b)
{
    return a < b ? a : b;
}
VM_INLINE float dense_max(float a, float b)
{
    return a > b ? a : b;
}

VM_INLINE float dense_horner(const float *c, int n, float x)
{
    float y = c[n - 1];
    for (int i = n - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}

/* The quotient may round to just above 1. */
VM_INLINE float dense_rational(float x, float limit, const float *p, int np, const float *q, int nq)
{
    x = dense_max(dense_min(x, limit), -limit);
    const float x2 = x * x;
    const float y = x * dense_horner(p, np, x2) / dense_horner(q, nq, x2);
    return dense_max(dense_min(y, 1), -1);
}

VM_INLINE float dense_tanh(float x)
{
    static const float p[] = DENSE_TANH_P, q[] = DENSE_TANH_Q;
    return dense_rational(x, DENSE_TANH_LIMIT, p, VM_COUNT(p), q, VM_COUNT(q));
}

VM_INLINE float dense_erf(float x)
{
    static const float p[] = DENSE_ERF_P, q[] = DENSE_ERF_Q;
    return dense_rational(x, DENSE_ERF_LIMIT, p, VM_COUNT(p), q, VM_COUNT(q));
}

VM_INLINE float dense_sigmoid(float x)
{
    return dense_tanh(x * 0.5f) * 0.5f + 0.5f;
}

VM_INLINE float dense_softsign(float x)
{
    return x / ((x < 0 ? -x : x) + 1);
}

VM_INLINE float dense_activate(enum VmActivation act, float x)
{
    switch (act) {
    case VM_ACT_NONE: return x;
    case VM_ACT_RELU: return dense_max(x, 0);
    case VM_ACT_TANH: return dense_tanh(x);
    case VM_ACT_SIGMOID: return dense_sigmoid(x);
    case VM_ACT_SOFTSIGN: return dense_softsign(x);
    case VM_ACT_SQUARE: return x * x;
    case VM_ACT_GELU: return x * (dense_erf(x * DENSE_SQRT1_2) + 1) * 0.5f;
    }
    return x;
}

/* first + the products of w and x, step elements of w apart: two sums, of the even ones, which begins with
 * `first`, and of the odd ones. Two short chains of additions wait less for each other than a long one. */
VM_INLINE float dense_dot(const float *w, int step, const float *x, int n, float first)
{
    float even = first + w[0] * x[0];
    if (n == 1) return even;
    float odd = w[step] * x[1];
    for (int i = 2; i < n; i++) {
        const float product = w[(size_t)i * (size_t)step] * x[i];
        if (i % 2) odd += product;
        else even += product;
    }
    return even + odd;
}

#endif
