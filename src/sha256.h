/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SHA-256 (FIPS 180-4), for the digests of model files. */
#ifndef VM_SHA256_H
#define VM_SHA256_H

#include <stddef.h>

/* 64 lower-case hex digits and a 0. */
void vm_sha256_hex(const void *data, size_t size, char hex[65]);

#endif
