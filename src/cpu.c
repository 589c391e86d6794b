/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "cpu.h"

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

VmCpuLevel vm_cpu_level(uint64_t mask)
{
    (void)mask; /* the scalar level cannot be disabled */
    return VM_CPU_SCALAR;
}

const char *vm_cpu_name(VmCpuLevel level)
{
    static const char *const names[VM_CPU_LEVELS] = {[VM_CPU_SCALAR] = "scalar"};
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
