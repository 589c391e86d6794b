/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The table of each level: what the level has of its own over what the levels below it have. */
#include <assert.h>
#include <pthread.h>

#include "kernels/kernels_impl.h"

typedef void VmKernel(void);

/* VmKernels is nothing but function pointers; so it can be walked. */
enum { N_SLOTS = sizeof(VmKernels) / sizeof(VmKernel *) };
typedef union Slots {
    VmKernels table;
    VmKernel *slot[N_SLOTS];
} Slots;
_Static_assert(sizeof(Slots) == sizeof(VmKernels), "a member is not a function pointer");

static const struct {
    VmCpuLevel level;
    const VmKernels *kernels;
} parts[] = {
    {VM_CPU_SCALAR, &vm_kernels_ref},    {VM_CPU_SCALAR, &vm_kernels_float},
    {VM_CPU_SCALAR, &vm_kernels_dense},
#if defined(VM_HAVE_X86)
    {VM_CPU_SSE41, &vm_kernels_sse41},   {VM_CPU_AVX2, &vm_kernels_avx2},
    {VM_CPU_AVX512, &vm_kernels_avx512}, {VM_CPU_AVX512_VNNI, &vm_kernels_avx512vnni},
#elif defined(VM_HAVE_NEON)
    {VM_CPU_NEON, &vm_kernels_neon},
#endif
};

static Slots tables[VM_CPU_LEVELS];

static void fill_tables(void)
{
    for (int level = 0; level < VM_CPU_LEVELS; level++)
        for (size_t p = 0; p < VM_COUNT(parts); p++) {
            if ((int)parts[p].level > level) continue;
            const Slots *part = (const Slots *)parts[p].kernels;
            for (int i = 0; i < N_SLOTS; i++)
                if (part->slot[i]) tables[level].slot[i] = part->slot[i];
        }
}

const VmKernels *vm_kernels_get(VmCpuLevel level)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
    return &tables[level].table;
}
