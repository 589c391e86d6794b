/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SHA-256 (FIPS 180-4), for the digests of files and data. */
#ifndef VM_SHA256_H
#define VM_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct VmSha256 {
    uint32_t k[64], state[8];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
} VmSha256;

/* Piece by piece. */
void vm_sha256_start(VmSha256 *sha);
void vm_sha256_add(VmSha256 *sha, const void *data, size_t size);
void vm_sha256_finish(VmSha256 *sha, char hex[65]);

/* 64 lower-case hex digits and a 0. */
void vm_sha256_hex(const void *data, size_t size, char hex[65]);

#endif
