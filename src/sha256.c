/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "sha256.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t rotate(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* First 32 bits of the fractional part of a root. 80-bit or wider long double holds the 35 bits needed
 * exactly; with a 64-bit one the 53 bits still leave 16 to spare. */
static uint32_t fraction(long double root)
{
    return (uint32_t)((root - floorl(root)) * 4294967296.0L);
}

/* The constants are the roots of the first primes: 64 cube roots, 8 square roots. */
static void constants(uint32_t k[64], uint32_t h[8])
{
    int n = 0;
    for (int p = 2; n < 64; p++) {
        int prime = 1;
        for (int d = 2; d * d <= p; d++) prime &= p % d != 0;
        if (!prime) continue;
        if (n < 8) h[n] = fraction(sqrtl(p));
        k[n++] = fraction(cbrtl(p));
    }
}

/* Round i. The eight words stay where they are and change their names: word k of a .. h is
 * s[k - i mod 8]. */
static inline void turn(uint32_t s[8], int i, uint32_t k_w)
{
    uint32_t *d = &s[(3 - i) & 7], *h = &s[(7 - i) & 7];
    const uint32_t a = s[-i & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
    const uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
    const uint32_t t1 =
        *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k_w;
    const uint32_t t2 =
        (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    *d += t1;
    *h = t1 + t2;
}

static void compress(uint32_t state[8], const uint32_t k[64], const uint8_t *block)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        const uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof(s));
    for (int i = 0; i < 64; i += 8) {
        turn(s, 0, k[i] + w[i]);
        turn(s, 1, k[i + 1] + w[i + 1]);
        turn(s, 2, k[i + 2] + w[i + 2]);
        turn(s, 3, k[i + 3] + w[i + 3]);
        turn(s, 4, k[i + 4] + w[i + 4]);
        turn(s, 5, k[i + 5] + w[i + 5]);
        turn(s, 6, k[i + 6] + w[i + 6]);
        turn(s, 7, k[i + 7] + w[i + 7]);
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

void vm_sha256_start(VmSha256 *sha)
{
    sha->size = 0;
    constants(sha->k, sha->state);
}

void vm_sha256_add(VmSha256 *sha, const void *data, size_t size)
{
    const uint8_t *p = data;
    const size_t held = sha->size % 64;
    sha->size += size;
    if (held) {
        const size_t part = size < 64 - held ? size : 64 - held;
        memcpy(sha->block + held, p, part);
        if (held + part < 64) return;
        compress(sha->state, sha->k, sha->block);
        p += part;
        size -= part;
    }
    for (; size >= 64; size -= 64, p += 64) compress(sha->state, sha->k, p);
    if (size) memcpy(sha->block, p, size);
}

void vm_sha256_finish(VmSha256 *sha, char hex[65])
{
    uint8_t tail[128] = {0x80};
    const uint64_t bits = sha->size * 8;
    const size_t held = sha->size % 64;
    const size_t n = (held < 56 ? 64 : 128) - held;
    for (int i = 0; i < 8; i++) tail[n - 1 - i] = (uint8_t)(bits >> 8 * i);
    vm_sha256_add(sha, tail, n);
    for (int i = 0; i < 8; i++) snprintf(hex + 8 * i, 9, "%08x", (unsigned)sha->state[i]);
}

void vm_sha256_hex(const void *data, size_t size, char hex[65])
{
    VmSha256 sha;
    vm_sha256_start(&sha);
    vm_sha256_add(&sha, data, size);
    vm_sha256_finish(&sha, hex);
}
