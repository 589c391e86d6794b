/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* PSNR of each plane, and over the whole clip from exact sums. (spec: 3.1) */
#include "exact.h"
#include "extractor.h"

#include <math.h>

typedef struct PsnrOptions {
    int chroma, mse, apsnr, reduced_peak;
    double min_sse;
} PsnrOptions;

#define AT(member) offsetof(PsnrOptions, member)
static const VmOption options[] = {
    {"enable_chroma", NULL, VM_OPT_BOOL, AT(chroma), 1, .unnamed = 1},
    {"enable_mse", NULL, VM_OPT_BOOL, AT(mse), .unnamed = 1},
    {"enable_apsnr", NULL, VM_OPT_BOOL, AT(apsnr), .unnamed = 1},
    {"reduced_hbd_peak", NULL, VM_OPT_BOOL, AT(reduced_peak), .unnamed = 1},
    {"min_sse", NULL, VM_OPT_DOUBLE, AT(min_sse), 0, 0, 1.7976931348623157e308, .unnamed = 1},
    {0},
};
#undef AT

enum { PSNR, MSE, SSE = 6, APSNR = 9 }; /* psnr and mse alternate, the rest is one a plane */

static const VmFeature features[] = {
    {"psnr_y"},
    {"mse_y"},
    {"psnr_cb"},
    {"mse_cb"},
    {"psnr_cr"},
    {"mse_cr"},
    {"sse_y", NULL, VM_HIDDEN_BITS},
    {"sse_cb", NULL, VM_HIDDEN_BITS},
    {"sse_cr", NULL, VM_HIDDEN_BITS},
    {"apsnr_y", NULL, VM_TOTAL_FEATURE},
    {"apsnr_cb", NULL, VM_TOTAL_FEATURE},
    {"apsnr_cr", NULL, VM_TOTAL_FEATURE},
};

static uint32_t mask(const void *options)
{
    const PsnrOptions *o = options;
    const uint32_t planes = o->chroma ? 0x15 : 0x01;
    return planes | (o->mse ? planes << 1 : 0) | (o->apsnr ? 0xfc0 : 0);
}

static int chroma(const void *options)
{
    return ((const PsnrOptions *)options)->chroma;
}

static int has_plane(const VmFormat *f, const PsnrOptions *o, int plane)
{
    unsigned w, h;
    vm_format_plane(f, plane, &w, &h);
    return w && h && (!plane || o->chroma);
}

static double peak_of(const VmFormat *f, const PsnrOptions *o)
{
    if (f->bpc == 8) return 255;
    return o->reduced_peak ? 255.0 * (1 << (f->bpc - 8)) : (double)((1 << f->bpc) - 1);
}

static uint64_t plane_sse(const VmGroup *g, const VmFrame *frame, VmBand band, int plane)
{
    unsigned w, h;
    vm_format_plane(&g->format, plane, &w, &h);
    const VmRows rows = vm_band_rows(band, 0, (int)h);
    uint64_t sum = 0; /* < 2^32 * 2^30 */
    for (int y = rows.first; y < rows.end; y++)
        sum += (g->format.bpc == 8 ? g->kernels->sse_8 : g->kernels->sse_16)(
            vm_picture_row(&frame->ref, plane, y), vm_picture_row(&frame->dis, plane, y), (int)w);
    return sum;
}

static void score(const VmGroup *g, const PsnrOptions *o, int plane, uint64_t sse, VmValue *out)
{
    unsigned w, h;
    vm_format_plane(&g->format, plane, &w, &h);
    const double n = (double)w * h, peak = peak_of(&g->format, o), mse = (double)sse / n;
    const double floor = mse > 1e-16 ? mse : 1e-16, depth = g->format.bpc;
    const double limit = o->min_sse == 0
                             ? 6 * depth + 12
                             : ceil(10.0 * vm_exact_log10(peak * peak / (o->min_sse / n)));
    const double psnr = 10.0 * vm_exact_log10(peak * peak / floor);
    out[PSNR + 2 * plane].d = VM_MIN(psnr, limit);
    out[MSE + 2 * plane].d = mse;
    out[SSE + plane].bits = sse;
}

/* One sum for each plane. */
static size_t words(const VmGroup *g)
{
    (void)g;
    return 3;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    uint64_t *sse = out;
    (void)arena;
    for (int plane = 0; out && plane < 3; plane++)
        if (has_plane(&g->format, g->instances[0]->options, plane))
            sse[plane] = plane_sse(g, frame, band, plane);
}

static void finish(const VmGroup *g, const VmFrame *frame, const void *sums, VmValues *values)
{
    const PsnrOptions *o = g->instances[0]->options;
    const uint64_t *sse = sums;
    (void)frame;
    for (int plane = 0; plane < 3; plane++) {
        values[0][SSE + plane].bits = 0;
        if (has_plane(&g->format, o, plane)) score(g, o, plane, sse[plane], values[0]);
    }
}

/* Planes that are not compared leave the total empty. */
static void total(const VmGroup *g, const VmInstance *instance, unsigned feature, unsigned first,
                  unsigned end, VmTotal *out)
{
    const PsnrOptions *o = instance->options;
    const int plane = (int)feature - APSNR;
    unsigned w, h;
    if (!has_plane(&g->format, o, plane)) return;
    vm_format_plane(&g->format, plane, &w, &h);
    out->samples = (double)w * h * (end - first);
    out->peak = peak_of(&g->format, o);
    for (unsigned i = first; i < end; i++) {
        uint64_t bits = 0;
        vm_column_get_bits(instance->columns[SSE + plane], i, &bits);
        out->sse += bits;
    }
}

const VmExtractor vm_extractor_psnr = {
    .name = "psnr",
    .description = "peak signal-to-noise ratio of Y, Cb and Cr",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(PsnrOptions),
    .every_frame = 1,
    .bands = 1,
    .cost = 3,
    .mask = mask,
    .chroma = chroma,
    .words = words,
    .run = run,
    .finish = finish,
    .total = total,
};
