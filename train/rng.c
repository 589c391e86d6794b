/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "rng.h"

#include <math.h>

#include "exact.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

VmRng vm_rng(uint64_t seed, uint64_t stream)
{
    VmRng rng = {{0}, 0, 0};
    uint64_t state = seed;
    state = splitmix(&state) ^ (stream + 1) * 0xd1342543de82ef95u;
    for (int i = 0; i < 4; i++) rng.s[i] = splitmix(&state);
    return rng;
}

static uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

uint64_t vm_rng_bits(VmRng *rng)
{
    uint64_t *s = rng->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double vm_rng_uniform(VmRng *rng)
{
    return (double)(vm_rng_bits(rng) >> 11) * 0x1p-53;
}

/* What is left above the largest multiple of n is drawn again. */
uint64_t vm_rng_below(VmRng *rng, uint64_t n)
{
    const uint64_t reject = -n % n; /* 2^64 mod n */
    uint64_t x;
    do x = vm_rng_bits(rng);
    while (x < reject);
    return x % n;
}

/* The polar method gives two at a time. */
double vm_rng_normal(VmRng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = 0;
        return rng->spare;
    }
    double u, v, q;
    do {
        u = 2 * vm_rng_uniform(rng) - 1;
        v = 2 * vm_rng_uniform(rng) - 1;
        q = u * u + v * v;
    } while (q >= 1 || q == 0);
    const double factor = sqrt(-2 * vm_exact_log(q) / q);
    rng->spare = v * factor;
    rng->has_spare = 1;
    return u * factor;
}

double vm_rng_exponential(VmRng *rng)
{
    return -vm_exact_log(1 - vm_rng_uniform(rng));
}

void vm_rng_shuffle(VmRng *rng, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = vm_rng_below(rng, i);
        const uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
