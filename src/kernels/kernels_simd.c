/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Vector kernels, compiled once per level with VBYTES, VM_TABLE and the level's instruction set. All of
 * it is static but the table: a function compiled for one level must never be linked into another. */
#include "exact.h"
#include "kernels/vec_float.h"

#include "kernels/float_tmpl.h"
#include "kernels/pixel_tmpl.h"
#include "kernels/ssim_tmpl.h"
#include "kernels/vif_tmpl.h"
#include "kernels/adm_tmpl.h"
#include "kernels/dense_tmpl.h"

const VmKernels VM_TABLE = {
    .vif_stat_8 = vif_stat_8,
    .vif_stat_16 = vif_stat_16,
    .vif_pair_8 = vif_pair_8,
    .vif_pair_16 = vif_pair_16,
    .vif_sub = vif_sub,
    .vif_residual = vif_residual,
    .motion_diff_8 = motion_diff_8,
    .motion_diff_16 = motion_diff_16,
    .motion_sad_8 = motion_sad_8,
    .motion_sad_16 = motion_sad_16,
    .adm_dwt_8 = adm_dwt_8,
    .adm_dwt_16 = adm_dwt_16,
    .adm_dwt = {NULL, adm_dwt_1, adm_dwt_2, adm_dwt_3},
    .adm_0 = {adm_decouple_0, adm_den_0, adm_csf_0, adm_mask_0},
    .adm_123 = {adm_decouple_123, adm_den_123, adm_csf_123, adm_mask_123},
    .sse_8 = sse_8,
    .sse_16 = sse_16,
    .half_8 = half_8,
    .half_16 = half_16,
    .to_float_8 = to_float_8,
    .to_float_16 = to_float_16,
    .ssim_box_8 = ssim_box_8,
    .ssim_box_16 = ssim_box_16,
    .ssim_horz = ssim_horz,
    .ssim_vert = ssim_vert,
    .ms_ssim_half = ms_ssim_half,
    .fvif_stat = fvif_stat,
    .fvif_sub = fvif_sub,
    .adm_dwt_float = adm_dwt_float,
    .adm_float = {adm_decouple_float, adm_den_float, adm_csf_float, adm_mask_float},
    .dense_row = dense_row,
    .dense_rows = dense_rows,
};
