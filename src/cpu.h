/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Instruction-set levels, each including those before it. A level is chosen per context from what the
 * machine has minus what the caller's mask disables. */
#ifndef VM_CPU_H
#define VM_CPU_H

#include <stdint.h>

typedef enum VmCpuLevel {
    VM_CPU_SCALAR,
#if defined(__x86_64__)
#define VM_HAVE_X86 1
    VM_CPU_SSE41,
    VM_CPU_AVX2,        /* with FMA */
    VM_CPU_AVX512,      /* F, BW, DQ, VL */
    VM_CPU_AVX512_VNNI, /* also VNNI */
#elif defined(__aarch64__)
#define VM_HAVE_NEON 1
    VM_CPU_NEON,
#endif
    VM_CPU_LEVELS
} VmCpuLevel;

/* The highest level that the machine has and the mask leaves. mask: VmafConfiguration.cpumask, bits of
 * libvmaf that disable: x86 SSE2 1, SSSE3 2, SSE4.1 4, AVX2 8, AVX-512 16, AVX-512 of Ice Lake 32;
 * NEON 1. */
VmCpuLevel vm_cpu_level(uint64_t mask);
const char *vm_cpu_name(VmCpuLevel level);

/* Cores that this process may run on, at least 1. */
unsigned vm_cpu_count(void);

#endif
