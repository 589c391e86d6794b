/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "dense.h"

#include "cpu.h"

extern const VmDenseKernels vm_dense_base;
#ifdef VM_HAVE_X86
extern const VmDenseKernels vm_dense_avx2, vm_dense_avx512;
#endif

const VmDenseKernels *vm_dense_kernels(unsigned long long mask)
{
    const VmCpuLevel level = vm_cpu_level(mask);
#ifdef VM_HAVE_X86
    if (level >= VM_CPU_AVX512) return &vm_dense_avx512;
    if (level >= VM_CPU_AVX2) return &vm_dense_avx2;
#endif
    (void)level;
    return &vm_dense_base;
}
