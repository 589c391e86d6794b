/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Instruction-set levels. A level is chosen per context from what the machine has minus what the
 * caller's mask disables. */
#ifndef VM_CPU_H
#define VM_CPU_H

#include <stdint.h>

typedef enum VmCpuLevel { VM_CPU_SCALAR, VM_CPU_LEVELS } VmCpuLevel;

/* mask: VmafConfiguration.cpumask, bits that disable. */
VmCpuLevel vm_cpu_level(uint64_t mask);
const char *vm_cpu_name(VmCpuLevel level);

/* Cores that this process may run on, at least 1. */
unsigned vm_cpu_count(void);

#endif
