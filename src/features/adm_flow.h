/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The ADM chain, for integers and for floats: wavelet, decoupling into restored and additive detail,
 * contrast masking, at four scales in one flow of rows. Nothing bigger than a few rows is kept. Rows and
 * columns that cannot reach the scored region (10 % of each side is ignored) are not computed. */
#ifndef VM_ADM_FLOW_H
#define VM_ADM_FLOW_H

#include "extractor.h"
#include "rows.h"

enum { VM_ADM_SCALES = 4 };

/* Sums of one scale and one set of options, by orientation h, v, d. */
typedef struct VmAdmSums {
    VmAdmSum num[3]; /* restored detail masked by the additive */
    VmAdmSum den[3]; /* the reference's own detail */
    VmAdmSum aim[3]; /* additive detail masked by the restored */
} VmAdmSums;

/* One set of options. The caller fills constants and flags. */
typedef struct VmAdmVariant {
    VmAdmScale scale[VM_ADM_SCALES];
    double gain; /* enhancement gain limit */
    int skip_scale0, skip_aim;
    int row_step;    /* one group of rows in so many adds to the sums of the fine scales; 0 as 1 */
    unsigned den_of; /* the variant whose den sums hold for this one */
    /* rows of one scale: contributions to the threshold by the additive [0] and the restored [1]
     * detail; restored [0] and additive [1] detail waiting for the row below */
    struct {
        VmRing outer[2], inner[2], detail[2][3];
    } rows[VM_ADM_SCALES];
} VmAdmVariant;

typedef struct VmAdmFlow {
    const VmGroup *group;
    const VmFrame *frame;
    VmBand part;
    int is_float;
    VmAdmVariant *variants;           /* group->n of them */
    VmAdmSums (*sums)[VM_ADM_SCALES]; /* by variant, added up here */
    VmPyramid pyramid;                /* level s + 1 holds the low-pass band of scale s */
    VmAdmSpan span[VM_ADM_SCALES];
    VmRows own[VM_ADM_SCALES];    /* rows that this part adds to the sums */
    VmRows detail[VM_ADM_SCALES]; /* rows of details that it needs for them */
    void *band[2][3];             /* detail row of reference and distorted: h, v, d */
    void *tmp[2];
} VmAdmFlow;

/* Sets sizes, scored region and everything that depends on them alone. */
void vm_adm_geometry(VmAdmScale scale[VM_ADM_SCALES], const VmFormat *format);

/* Does row i of scale s add to the sums? */
int vm_adm_takes_row(const VmAdmVariant *variant, int s, int i);

/* Takes the flow's memory from the arena: variants first (zeroed), then rows. */
void vm_adm_flow_take(VmAdmFlow *flow, VmArena *arena);

/* Runs a part of one frame through it. */
void vm_adm_flow_run(VmAdmFlow *flow);

/* Size of the sums, as VmExtractor.words. */
size_t vm_adm_words(const VmGroup *group);

/* Both extractors list their features in this order; the last ones only with debug. */
enum {
    VM_ADM2,
    VM_AIM,
    VM_ADM3,
    VM_ADM_SCALE0,
    VM_ADM_DEBUG = VM_ADM_SCALE0 + VM_ADM_SCALES,
    VM_ADM_NUM,
    VM_ADM_DEN,
    VM_ADM_NUM_SCALE0, /* num and den of each scale alternate */
    VM_ADM_FEATURES = VM_ADM_NUM_SCALE0 + 2 * VM_ADM_SCALES
};

/* Features of an instance, bit per feature. */
static inline uint32_t vm_adm_mask(int debug)
{
    return (1u << (debug ? VM_ADM_FEATURES : VM_ADM_DEBUG)) - 1;
}

/* From the scales' numerators and denominators to every feature but aim and adm3. Returns 0 when the
 * denominator vanishes: adm2 is 1 then and aim has no meaning. */
int vm_adm_output(VmValue *out, const VmFormat *format, const float num[VM_ADM_SCALES],
                  const float den[VM_ADM_SCALES]);

/* Smallest k with 2^k >= n. */
static inline int vm_ceil_log2(unsigned n)
{
    int k = 0;
    while (((uint64_t)1 << k) < n) k++;
    return k;
}

/* ---- contrast sensitivity (spec: 6, P2.1) ---- */

typedef struct VmAdmView {
    double distance;                      /* in display heights */
    int display_height;                   /* pixels */
    double csf_scale, csf_diagonal_scale; /* Barten's model only */
} VmAdmView;

float vm_adm_csf_watson(const VmAdmView *view, int scale, int diagonal);
float vm_adm_csf_barten(const VmAdmView *view, int scale, int diagonal);
float vm_adm_csf_native(const VmAdmView *view, int scale, int diagonal);

/* From the blended tables, mae = 0 or 1; -EINVAL for a view that they do not have. */
int vm_adm_csf_table(const VmAdmView *view, int mae, int scale, int diagonal, float *value);

#endif
