/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Shared by the files that implement kernels; nobody else includes it. */
#ifndef VM_KERNELS_IMPL_H
#define VM_KERNELS_IMPL_H

#include "base.h"
#include "kernels/kernels.h"
#include "rows.h"

#define VM_INLINE static inline __attribute__((always_inline))

/* The rows of one loop never overlap, which pointers in arrays cannot say. */
#if defined(__clang__)
#define VM_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define VM_IVDEP _Pragma("GCC ivdep")
#endif

/* Fills `reach` elements on both sides of a row by reflection without repeating the edge. */
#define VM_PAD_REFLECT(row, w, reach)                                                              \
    do {                                                                                           \
        const int once_ = (w) > (reach); /* the usual case, without calls */                       \
        for (int k_ = 1; k_ <= (reach); k_++) {                                                    \
            (row)[-k_] = (row)[once_ ? k_ : vm_reflect(-k_, (w))];                                 \
            (row)[(w)-1 + k_] = (row)[once_ ? (w)-1 - k_ : vm_reflect((w)-1 + k_, (w))];           \
        }                                                                                          \
    } while (0)

/* The sum of 16 lanes, whatever width they were computed in. */
VM_INLINE double vm_fold(double lane[16])
{
    for (int half = 8; half; half /= 2)
        for (int i = 0; i < half; i++) lane[i] += lane[i + half];
    return lane[0];
}

/* Taps of the wavelet. */
static const float vm_adm_low[4] = {0.482962913144690f, 0.836516303737469f, 0.224143868041857f,
                                    -0.129409522550921f};
static const float vm_adm_high[4] = {-0.129409522550921f, -0.224143868041857f, 0.836516303737469f,
                                     -0.482962913144690f};

/* Filters of SSIM and MS-SSIM. The low-pass goes by the distances from the centre; it is not separable
 * as rounded. */
static const float ssim_taps[VM_SSIM_TAPS] = {0.001028f, 0.007599f, 0.036001f, 0.109361f,
                                              0.213006f, 0.266012f, 0.213006f, 0.109361f,
                                              0.036001f, 0.007599f, 0.001028f};
static const float ms_low_pass[5][5] = {
    {0.363505f, 0.160885f, -0.047149f, -0.010146f, 0.016114f},
    {0.160885f, 0.071207f, -0.020867f, -0.004490f, 0.007132f},
    {-0.047149f, -0.020867f, 0.006115f, 0.001316f, -0.002090f},
    {-0.010146f, -0.004490f, 0.001316f, 0.000283f, -0.000450f},
    {0.016114f, 0.007132f, -0.002090f, -0.000450f, 0.000714f},
};

/* The angle test of ADM: cos^2 of 1 degree as a float. */
#define VM_ADM_COS2 0x1.ffd814p-1f

/* What each file brings to the tables; NULL where it has nothing. */
extern const VmKernels vm_kernels_ref;   /* kernels_ref.c */
extern const VmKernels vm_kernels_float; /* kernels_float.c */
extern const VmKernels vm_kernels_dense; /* kernels_dense.c */
/* kernels_simd.c, once per level; which of them exist depends on the processor family */
extern const VmKernels vm_kernels_sse41, vm_kernels_avx2, vm_kernels_avx512, vm_kernels_avx512vnni,
    vm_kernels_neon;

#endif
