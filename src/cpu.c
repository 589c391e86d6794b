/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "cpu.h"

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#if defined(VM_HAVE_X86)

static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

VmCpuLevel vm_cpu_level(uint64_t mask)
{
    if (mask & 7 || !__builtin_cpu_supports("sse4.1")) return VM_CPU_SCALAR;
    if (mask & 8 || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return VM_CPU_SSE41;
    if (mask & 16 || !has_avx512()) return VM_CPU_AVX2;
    if (mask & 32 || !__builtin_cpu_supports("avx512vnni")) return VM_CPU_AVX512;
    return VM_CPU_AVX512_VNNI;
}

#elif defined(VM_HAVE_NEON)

VmCpuLevel vm_cpu_level(uint64_t mask)
{
    return mask & 1 ? VM_CPU_SCALAR : VM_CPU_NEON; /* every aarch64 has it */
}

#else

VmCpuLevel vm_cpu_level(uint64_t mask)
{
    (void)mask; /* the scalar level cannot be disabled */
    return VM_CPU_SCALAR;
}

#endif

const char *vm_cpu_name(VmCpuLevel level)
{
    static const char *const names[VM_CPU_LEVELS] = {
        [VM_CPU_SCALAR] = "scalar",
#if defined(VM_HAVE_X86)
        [VM_CPU_SSE41] = "sse4.1",
        [VM_CPU_AVX2] = "avx2",
        [VM_CPU_AVX512] = "avx512",
        [VM_CPU_AVX512_VNNI] = "avx512-vnni",
#elif defined(VM_HAVE_NEON)
        [VM_CPU_NEON] = "neon",
#endif
    };
    return names[level];
}

unsigned vm_cpu_count(void)
{
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof(set), &set)) {
        const int n = CPU_COUNT(&set);
        if (n > 0) return (unsigned)n;
    }
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}
