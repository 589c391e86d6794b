/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Compiled once for each instruction set: VBYTES is the size of a vector, VM_TABLE the table's name. */
#include <math.h>
#include <stdint.h>

#include "dense.h"

/* Accumulators of a tile: as many as leave registers for the factors. */
enum { TILE_I = VBYTES == 64 ? 8 : 4, TILE_V = 2 };

#define UNROLLED static inline __attribute__((always_inline)) void

#define REAL      double
#define INT       int64_t
#define INT_LEAST INT64_MIN
#define FACTOR    VmFactor
#define OF(name)  name##_double
#define MAGIC     0x1.8p52 /* adding it leaves the rounded integer in the low bits */
#define LN2_HIGH  0x1.62e42fefp-1
#define LN2_LOW   0x1.473de6af278edp-34
#define TERMS     12
#define MANTISSA  52
#define BIAS      1023
#include "backward_tmpl.h"
#undef REAL
#undef INT
#undef INT_LEAST
#undef FACTOR
#undef OF
#undef MAGIC
#undef LN2_HIGH
#undef LN2_LOW
#undef TERMS
#undef MANTISSA
#undef BIAS

#define REAL      float
#define INT       int32_t
#define INT_LEAST INT32_MIN
#define FACTOR    VmFactorSingle
#define OF(name)  name##_single
#define MAGIC     0x1.8p23
#define LN2_HIGH  0x1.62e4p-1
#define LN2_LOW   0x1.7f7d1cp-20
#define TERMS     7
#define MANTISSA  23
#define BIAS      127
#include "backward_tmpl.h"

typedef double Loose __attribute__((vector_size(VBYTES), aligned(8), may_alias));

static void subtract(double *a, double factor, const double *b, size_t n)
{
    enum { LANES = VBYTES / 8 };
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) *(Loose *)(a + i) -= factor * *(const Loose *)(b + i);
    for (; i < n; i++) a[i] -= factor * b[i];
}

static void adam(const VmAdamState *s, const double *restrict gradient, double rows,
                 double *restrict params, size_t n)
{
    double *restrict m = s->m, *restrict v = s->v;
    const double beta1 = s->beta1, beta2 = s->beta2, rate = s->rate, root = s->root;
    for (size_t i = 0; i < n; i++) {
        const double g = gradient[i] / rows;
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        params[i] -= rate * m[i] / (sqrt(v[i]) / root + s->epsilon);
    }
}

extern const VmDenseKernels VM_TABLE;
const VmDenseKernels VM_TABLE = {
    multiply_add_double, activate_double, multiply_double, subtract, adam,
    multiply_add_single, activate_single, multiply_single,
};
