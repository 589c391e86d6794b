/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The kernel table: every inner loop of the engine, one row of a picture at a time.
 *
 * Contracts common to all:
 * - Rows are named by pointers to column 0. Filters along columns get one pointer per tap, the border
 *   already resolved by the caller; filters along rows mirror the border themselves.
 * - Rows in scratch memory (all but picture rows) have VM_ROW_PAD bytes before and after them and are
 *   64-byte aligned. Kernels may read all padding, and write that of rows they write or are given as
 *   tmp; unless a kernel says so, nothing in it has a meaning to another call, nor have columns
 *   outside those asked for.
 * - Picture rows are rounded up to whole lines of 64 bytes, and one more line may be read.
 * - w is the number of valid columns, 1..32768. `_8` reads 8-bit samples, `_16` reads 16-bit words
 *   that hold bpc bits. Words that hold more are a caller's mistake: numbers then mean nothing, and
 *   levels may differ, but nothing worse happens.
 * - Kernels know no context, allocate nothing and cannot fail.
 * kernels_ref.c, kernels_float.c and kernels_dense.c are the definition; a vector version returns the same bits. */
#ifndef VM_KERNELS_H
#define VM_KERNELS_H

#include <stdint.h>

#include "cpu.h"
#include "tiny/net.h"

/* ---- VIF (spec: integer VIF 1.1 - 1.6) ---- */

enum { VM_VIF_SCALES = 4, VM_VIF_MAX_TAPS = 17, VM_VIF_MAX_PAIRS = 9, VM_MAX_GAINS = 16 };

extern const int vm_vif_taps[VM_VIF_SCALES];                             /* 17 9 5 3 */
extern const uint16_t vm_vif_filter[VM_VIF_SCALES][VM_VIF_MAX_TAPS + 1]; /* sum 65536 each */

/* Filters along columns read pair rows, which are made once and used by every filter that covers them:
 * an even row and the odd one above or below it, interleaved (even row first) as multiply-add likes it.
 * Samples are signed: 8 bits less 128, all others shifted up to 16 bits less 2^15.
 * The filter around row y multiplies pair k, rows y + a and y + b, by tap[0] and tap[1]. Pairs n - 1 - k
 * and k mirror each other where that matters; the last filter has its centre in two parts. */
typedef struct VmVifColumns {
    int n;
    struct {
        int a, b;
        int16_t tap[2];
    } pair[VM_VIF_MAX_PAIRS];
} VmVifColumns;
extern const VmVifColumns vm_vif_columns[VM_VIF_SCALES];

/* 2048 * log2(i) for i = 32768..65535 at [i - 32768], rounded twice as the specification says. */
const uint16_t *vm_vif_log2_table(void);

enum {
    VM_VIF_TMP = 8,
    VM_VIF_NOISE = 131072 /* 2^17: 2 grey levels squared in units of 1/65536 */
};

typedef struct VmVifRows {
    void *tmp[VM_VIF_TMP];  /* w 32-bit values each: column sums, as the kernel likes */
    int32_t *s1, *s2, *s12; /* (co)variances of the row, 8-bit levels squared * 65536; s2 >= 0;
                             * s12 = 0 where s1 is below the noise */
} VmVifRows;

typedef struct VmVifSums {
    int64_t den_log, den_nl, num_nl;
    int64_t num_log[VM_MAX_GAINS]; /* one for each gain limit */
} VmVifSums;

/* ---- ADM (spec: integer ADM 3 - 8, float P2.1) ---- */

/* Which columns of a wavelet row are wanted: [a0, a1) of the low-pass band, [d0, d1) of the details;
 * w = width of the source row. */
typedef struct VmAdmSpan {
    int a0, a1, d0, d1, w;
} VmAdmSpan;

enum { VM_ADM_A, VM_ADM_H, VM_ADM_V, VM_ADM_D };

/* Constants of one scale for one set of options. Detail bands are indexed h, v, d. */
typedef struct VmAdmScale {
    int scale;
    int w, h;           /* size of the bands */
    int x0, x1, y0, y1; /* scored region, ends excluded */
    int den_shift[2];   /* scale 0: K; others: Cc, Rr */
    int value_shift[3]; /* K of the masked value */
    int row_shift;      /* Rh */
    uint32_t weight[3]; /* integer contrast sensitivity */
    float rfactor[3];   /* the same as real numbers */
    float p_norm;       /* float_adm only */
    int bypass;         /* float_adm only: no masking threshold */
} VmAdmScale;

typedef union VmAdmSum {
    int64_t i;
    float f;
} VmAdmSum;

/* Where the restored detail r and the additive a of one gain limit go. */
typedef struct VmAdmSplit {
    void *r[3], *a[3];
    double gain; /* 1 .. 100 */
} VmAdmSplit;

/* The kernels of one scale; rows are int16_t at scale 0, int32_t at scales 1 - 3, float in float_adm.
 * Bands are read and written on columns max(x0 - 1, 0) .. min(x1, w - 1). */
typedef struct VmAdmOps {
    /* restored and additive detail from reference o and distorted t, for n <= VM_MAX_GAINS limits */
    void (*decouple)(const VmAdmSplit *out, int n, const void *const o[3], const void *const t[3],
                     const VmAdmScale *c);
    /* adds a row of the reference's own contrast */
    void (*den)(VmAdmSum sum[3], const void *const o[3], const VmAdmScale *c);
    /* what a row of the masking bands adds to the threshold: outer for the rows above and below,
     * inner for the row itself (columns x0 .. x1 - 1); tmp = w 32-bit values */
    void (*csf)(void *outer, void *inner, void *tmp, const void *const m[3], const VmAdmScale *c);
    /* adds a row of bands x masked by the thresholds of the rows around it */
    void (*mask)(VmAdmSum sum[3], const void *const x[3], const void *above, const void *inner,
                 const void *below, const VmAdmScale *c);
} VmAdmOps;

/* One row of the wavelet: dst = a, h, v, d (h, v, d untouched when details is 0); rows = source rows
 * 2i-1 .. 2i+2; tmp = two rows of w 32-bit values. */
typedef void VmAdmDwt(void *const dst[4], void *const tmp[2], const void *const rows[4],
                      const VmAdmSpan *span, int bpc, int details);

/* ---- SSIM (spec: 3.2, 3.3) ---- */

enum { VM_SSIM_TAPS = 11, VM_SSIM_MAPS = 5, VM_MS_TAPS = 9, VM_MS_TMP = 5 };

/* Rows of samples computed together, from as many rows of maps and ten more. */
enum { VM_SSIM_ROWS = 6, VM_SSIM_IN = VM_SSIM_ROWS + VM_SSIM_TAPS - 1 };

/* Sums over samples of l*c*s, l, c and s. Each is the sum of 16 lanes: sample j is added to lane
 * j mod 16, the lanes are then added in halves: 8 to 8, 4 to 4, 2 to 2, 1 to 1. */
typedef struct VmSsimSums {
    double ssim, l, c, s;
} VmSsimSums;

/* ---- float VIF (spec: P2.2) ---- */

enum { VM_FVIF_MAX_TAPS = 69 };

typedef struct VmFvifRows {
    float *v[5]; /* vertical results of x, y, xx, yy, xy; tmp */
} VmFvifRows;

typedef struct VmFvifSums {
    float num, den; /* of one row */
} VmFvifSums;

/* ---- dense networks (tiny models) ---- */

enum {
    VM_DENSE_MAX_WIDTH = 4096, /* values of a layer */
    VM_DENSE_BLOCK = 48,       /* rows worked on together: six vectors of eight */
    VM_DENSE_PAD = 16          /* floats to which neurons are filled up */
};

/* Arrays are 64-byte aligned. */
typedef struct VmDense {
    int in, out; /* 1 .. VM_DENSE_MAX_WIDTH */
    enum VmActivation activation;
    int stride;           /* out up to a multiple of VM_DENSE_PAD */
    const float *weights; /* [in][stride], zeros behind out */
    const float *biases;  /* [stride] */
} VmDense;

typedef struct VmDenseNet {
    int n_inputs, n_layers;
    const float *shift, *scale; /* inputs become (x - shift) / scale; both NULL: stay as they are */
    const VmDense *layers;      /* the last has one neuron */
    float lo, hi;               /* limits of the score, not -0; infinite: none */
    int stride;                 /* the most values of any layer or input, up to VM_DENSE_PAD */
} VmDenseNet;

/* ---- the table ---- */

typedef struct VmKernels {
    /* a pair row of 2 w elements */
    void (*vif_pair_8)(int16_t *dst, const void *even, const void *odd, int bpc, int w);
    void (*vif_pair_16)(int16_t *dst, const void *even, const void *odd, int bpc, int w);
    /* s1, s2, s12 of row y; ref, dis = the pairs of vm_vif_columns[scale] around it, odd = y % 2.
     * 8 bits: scale 0 only */
    void (*vif_stat_8)(VmVifRows *t, const int16_t *const *ref, const int16_t *const *dis,
                       int scale, int odd, int w);
    void (*vif_stat_16)(VmVifRows *t, const int16_t *const *ref, const int16_t *const *dis,
                        int scale, int odd, int w);
    /* w / 2 samples of row i of the next scale by that scale's filter, from the pairs of
     * vm_vif_columns[next_scale] around row 2 i; bits = 8 or 16 as in the pairs; tmp = w samples */
    void (*vif_sub)(uint16_t *dst, uint16_t *tmp, const int16_t *const *rows, int next_scale,
                    int bits, int w);
    void (*vif_residual)(VmVifSums *sums, const VmVifRows *t, const double *gain, int n_gain,
                         int w);

    VmAdmDwt *adm_dwt_8, *adm_dwt_16; /* scale 0, from the picture */
    VmAdmDwt *adm_dwt[VM_VIF_SCALES]; /* [1..3] from the a-band of the scale below; [0] is NULL */
    VmAdmDwt *adm_dwt_float;
    VmAdmOps adm_0, adm_123, adm_float;

    /* prev - cur of a row: int16_t from 8 bits, int32_t from 16 */
    void (*motion_diff_8)(void *dst, const void *prev, const void *cur, int w);
    void (*motion_diff_16)(void *dst, const void *prev, const void *cur, int w);
    /* sum over the row of |blur(prev - cur)|, rows = 5 of differences; tmp = w int32 */
    uint64_t (*motion_sad_8)(const void *const *rows, int32_t *tmp, int bpc, int w);
    uint64_t (*motion_sad_16)(const void *const *rows, int32_t *tmp, int bpc, int w);

    /* sum of squared differences of a row */
    uint64_t (*sse_8)(const void *a, const void *b, int w);
    uint64_t (*sse_16)(const void *a, const void *b, int w);

    /* w samples, each the mean of 2 x 2, rounded, of two rows of 2 w samples */
    void (*half_8)(void *dst, const void *above, const void *below, int w);
    void (*half_16)(void *dst, const void *above, const void *below, int w);

    /* samples as float: sample / 2^(bpc - 8) + offset */
    void (*to_float_8)(float *dst, const void *src, float offset, int bpc, int w);
    void (*to_float_16)(float *dst, const void *src, float offset, int bpc, int w);

    /* mean of f x f samples around every f-th sample of picture rows of width w, edges repeated;
     * rows = f, 2..128; tmp = w + 2 f doubles */
    void (*ssim_box_8)(float *dst, double *tmp, const void *const *rows, int f, int bpc, int w,
                       int n);
    void (*ssim_box_16)(float *dst, double *tmp, const void *const *rows, int f, int bpc, int w,
                        int n);
    /* horizontal 11-tap windows of x, d, xx, dd, xd: w - 10 samples each. What is behind the end of a
     * row is read, and written in out */
    void (*ssim_horz)(float *const out[VM_SSIM_MAPS], const float *x, const float *d, int w);
    /* vertical windows and the comparison of n_rows rows of n samples; sums[row];
     * rows[map][row + tap]; luma 0: sums c and s only */
    void (*ssim_vert)(VmSsimSums sums[VM_SSIM_ROWS],
                      const float *const rows[VM_SSIM_MAPS][VM_SSIM_IN], int n_rows, int luma,
                      int n);
    /* every second sample of the 9 x 9 low-pass: (w + 1) / 2 samples; rows = 9, their edges repeated
     * for 4 samples on both sides; tmp = (w + 1) / 2 doubles each */
    void (*ms_ssim_half)(float *dst, double *const tmp[VM_MS_TMP], const float *const *rows, int w);

    /* n-tap column filter of the row's five products, then n-tap row filter and the comparison */
    void (*fvif_stat)(VmFvifSums *sums, VmFvifRows *t, const float *const *ref,
                      const float *const *dis, const float *taps, int n, double gain, double nsq,
                      int w);
    /* every `step`-th (1 or 2) sample of an n-tap column and row filter, n <= 35, reflected;
     * tmp = w floats */
    void (*fvif_sub)(float *dst, float *tmp, const float *const *rows, const float *taps, int n,
                     int step, int w);

    /* Score of one row, or of n rows of n_inputs values one after the other, all of them finite. tmp =
     * 2 stride floats for one row, 2 stride VM_DENSE_BLOCK for n, 64-byte aligned. These rows are no picture's:
     * nothing outside of them is read. */
    void (*dense_row)(float *out, const float *row, const VmDenseNet *net, float *tmp);
    void (*dense_rows)(float *out, const float *rows, const VmDenseNet *net, float *tmp, int n);
} VmKernels;

/* The table for a level of cpu.h; every slot is filled, from a lower level where a level has nothing
 * of its own. */
const VmKernels *vm_kernels_get(VmCpuLevel level);

#endif
