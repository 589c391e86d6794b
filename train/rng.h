/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Random numbers that are the same everywhere for a seed: xoshiro256** (Blackman, Vigna), seeded through
 * splitmix64. */
#ifndef VM_RNG_H
#define VM_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Of those that are options: whole numbers of JSON, which records them, go no further. */
#define VM_SEED_MAX ((uint64_t)INT64_MAX)

typedef struct VmRng {
    uint64_t s[4];
    int has_spare;
    double spare; /* of vm_rng_normal */
} VmRng;

/* Streams of one seed are independent of each other: one for each use and each restart. */
VmRng vm_rng(uint64_t seed, uint64_t stream);

uint64_t vm_rng_bits(VmRng *rng);
double vm_rng_uniform(VmRng *rng);             /* [0, 1) */
uint64_t vm_rng_below(VmRng *rng, uint64_t n); /* 0 .. n - 1, n > 0; unbiased */
double vm_rng_normal(VmRng *rng);
double vm_rng_exponential(VmRng *rng); /* mean 1 */

/* A permutation of items[n]. */
void vm_rng_shuffle(VmRng *rng, uint32_t *items, size_t n);

#endif
