/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* VIF in floating point, with an optional scaling of the pictures before it. (spec: P2.2) */
#include "exact.h"
#include "extractor.h"
#include "features/resample.h"

#include <math.h>

typedef struct FloatVifOptions {
    int debug, skip_scale0, prescale_method;
    double gain_limit, kernelscale, prescale, min[VM_VIF_SCALES], sigma_nsq;
} FloatVifOptions;

static const char *const methods[] = {"nearest", "bilinear", "bicubic", "lanczos4", NULL};

#define AT(member) offsetof(FloatVifOptions, member)
static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, AT(debug), .unnamed = 1},
    {"vif_enhn_gain_limit", "egl", VM_OPT_DOUBLE, AT(gain_limit), 100, 1, 100},
    {"vif_kernelscale", "ks", VM_OPT_DOUBLE, AT(kernelscale), 1, 0.1, 4},
    {"vif_prescale", "ps", VM_OPT_DOUBLE, AT(prescale), 1, 0.1, 4},
    {"vif_prescale_method", "pm", VM_OPT_CHOICE, AT(prescale_method), VM_NEAREST,
     .choices = methods},
    {"vif_scale1_min_val", "s1miv", VM_OPT_DOUBLE, AT(min[1]), 0, 0, 1},
    {"vif_scale2_min_val", "s2miv", VM_OPT_DOUBLE, AT(min[2]), 0, 0, 1},
    {"vif_scale3_min_val", "s3miv", VM_OPT_DOUBLE, AT(min[3]), 0, 0, 1},
    {"vif_sigma_nsq", "snsq", VM_OPT_DOUBLE, AT(sigma_nsq), 2, 0, 5},
    {"vif_skip_scale0", "ssclz", VM_OPT_BOOL, AT(skip_scale0)},
    {0},
};
#undef AT

static const VmFeature features[] = {
    {"VMAF_feature_vif_scale0_score", "vif_scale0"},
    {"VMAF_feature_vif_scale1_score", "vif_scale1"},
    {"VMAF_feature_vif_scale2_score", "vif_scale2"},
    {"VMAF_feature_vif_scale3_score", "vif_scale3"},
    {"vif"},
    {"vif_num"},
    {"vif_den"},
    {"vif_num_scale0"},
    {"vif_den_scale0"},
    {"vif_num_scale1"},
    {"vif_den_scale1"},
    {"vif_num_scale2"},
    {"vif_den_scale2"},
    {"vif_num_scale3"},
    {"vif_den_scale3"},
};

enum { SCORE = 0, TOTAL = 4, NUM = 5, DEN = 6, SCALES = 7 };

typedef struct FloatVif {
    const VmGroup *group;
    const VmFrame *frame;
    const FloatVifOptions *options;
    VmPyramid pyramid;
    VmRowCache source[2];
    VmFvifRows rows;
    float *tmp;
    int n_taps[VM_VIF_SCALES];
    float taps[VM_VIF_SCALES][VM_FVIF_MAX_TAPS];
    VmFvifSums sums[VM_VIF_SCALES];
} FloatVif;

static uint32_t mask(const void *o)
{
    return ((const FloatVifOptions *)o)->debug ? 0x7fff : 0xf;
}

static int scaled(unsigned side, double prescale)
{
    return (int)(side * prescale + 0.5);
}

static int known_kernelscale(double ks)
{
    static const float known[] = {
        1.0f,     1.0f / 2, 3.0f / 2,  2.0f,      2.0f / 3,  2.4f,      360.0f / 97,
        4.0f / 3, 3.5f / 3, 3.75f / 3, 4.25f / 3, 5.0f / 3,  3.0f,      1.0f / 2.25f,
        1.4746f,  1.54f,    1.6f,      1.06667f,  0.711111f, 0.740740f, 1.111111f};
    for (size_t i = 0; i < VM_COUNT(known); i++)
        if (fabsf((float)ks - known[i]) < 1e-3f) return 1;
    return 0;
}

static int check(const void *options_, const VmFormat *f, VmError *error)
{
    const FloatVifOptions *o = options_;
    const int w = scaled(f->w, o->prescale), h = scaled(f->h, o->prescale);
    if (!known_kernelscale(o->kernelscale))
        return vm_fail(error, -EINVAL,
                       "feature float_vif: vif_kernelscale %g is none of the defined ones (1, 1/2, "
                       "3/2, 2, 2/3, 2.4, 360/97, 4/3 ...)",
                       o->kernelscale);
    if (w > VM_MAX_SIDE || h > VM_MAX_SIDE)
        return vm_fail(error, -EINVAL,
                       "feature float_vif: prescaled pictures of %dx%d are too large", w, h);
    if (w >= 16 && h >= 16) return 0;
    return vm_fail(error, -EINVAL,
                   "feature float_vif needs pictures of at least 16x16, these are %dx%d", w, h);
}

/* Gaussian taps of a scale; types and order are part of the definition. */
static int gaussian(float taps[VM_FVIF_MAX_TAPS], int scale, float kernelscale)
{
    const int wanted = (int)ceilf((float)((1 << (4 - scale)) + 1) * kernelscale);
    const int n = VM_MAX(wanted | 1, 3);
    const float sigma = (float)n / 5.0f;
    const float den = (float)(1 / ((double)sigma * sqrt(2 * 3.14159265358979323846)));
    float sum = 0;
    for (int k = 0; k < n; k++) {
        const int offset = k - n / 2;
        const float x = (float)offset;
        const float e =
            (float)vm_exact_exp(-0.5 * (double)x / (double)sigma * (double)x / (double)sigma);
        taps[k] = e / den;
        sum += taps[k];
    }
    for (int k = 0; k < n; k++) taps[k] /= sum;
    return n;
}

static void window(const FloatVif *v, int level, int picture, int y, int n,
                   const float *rows[VM_FVIF_MAX_TAPS])
{
    const VmLevel *l = &v->pyramid.level[level];
    for (int k = 0; k < n; k++)
        rows[k] = vm_ring_row(&l->ring[picture], vm_reflect(y - n / 2 + k, l->h));
}

static void stat(void *state, int level, int y)
{
    FloatVif *v = state;
    const float *ref[VM_FVIF_MAX_TAPS], *dis[VM_FVIF_MAX_TAPS];
    VmFvifSums row;
    window(v, level, 0, y, v->n_taps[level], ref);
    window(v, level, 1, y, v->n_taps[level], dis);
    v->group->kernels->fvif_stat(&row, &v->rows, ref, dis, v->taps[level], v->n_taps[level],
                                 v->options->gain_limit, v->options->sigma_nsq,
                                 v->pyramid.level[level].w);
    v->sums[level].num += row.num;
    v->sums[level].den += row.den;
}

static void sub(void *state, int level, int i)
{
    FloatVif *v = state;
    const int n = v->n_taps[level + 1];
    for (int p = 0; p < 2; p++) {
        const float *rows[VM_FVIF_MAX_TAPS];
        window(v, level, p, 2 * i, n, rows);
        v->group->kernels->fvif_sub(vm_ring_row(&v->pyramid.level[level + 1].ring[p], i), v->tmp,
                                    rows, v->taps[level + 1], n, 2, v->pyramid.level[level].w);
    }
}

static void picture_row(void *state, float *row, int y, const VmafPicture *p)
{
    const FloatVif *v = state;
    const VmKernels *k = v->group->kernels;
    const int bpc = (int)v->group->format.bpc;
    (bpc == 8 ? k->to_float_8 : k->to_float_16)(row, vm_picture_row(p, 0, y), -128, bpc,
                                                (int)v->group->format.w);
}

static void ref_row(void *state, float *row, int y)
{
    picture_row(state, row, y, &((FloatVif *)state)->frame->ref);
}

static void dis_row(void *state, float *row, int y)
{
    picture_row(state, row, y, &((FloatVif *)state)->frame->dis);
}

static void layout(FloatVif *v, VmArena *arena)
{
    const VmFormat *f = &v->group->format;
    int w = scaled(f->w, v->options->prescale), h = scaled(f->h, v->options->prescale);
    for (int i = 0; i < 5; i++) v->rows.v[i] = vm_row_take(arena, (size_t)w * 4);
    v->tmp = vm_row_take(arena, (size_t)w * 4);
    for (int s = 0; s < VM_VIF_SCALES; s++)
        v->n_taps[s] = gaussian(v->taps[s], s, (float)v->options->kernelscale);
    for (int s = 0; s < VM_VIF_SCALES; s++, w /= 2, h /= 2) {
        VmLevel *l = &v->pyramid.level[s];
        l->w = w;
        l->h = h;
        l->stat = (VmTap){0, s || !v->options->skip_scale0 ? h : 0, 1, v->n_taps[s] / 2};
        if (s + 1 < VM_VIF_SCALES) l->sub = (VmTap){.step = 2, .reach = v->n_taps[s + 1] / 2};
        /* a filter longer than the picture reflects more than once and may need any row */
        for (int p = 0; p < 2; p++) vm_ring_take(&l->ring[p], arena, v->n_taps[s], (size_t)w * 4);
    }
    for (int p = 0; p < 2; p++) {
        vm_row_cache_take(&v->source[p], arena, (int)f->w, (int)f->h);
        v->source[p].state = v;
        v->source[p].make = p ? dis_row : ref_row;
    }
    v->pyramid.state = v;
    v->pyramid.stat = stat;
    v->pyramid.sub = sub;
    vm_pyramid_plan(&v->pyramid, VM_VIF_SCALES);
}

static void score(const FloatVif *v, VmValue *out)
{
    const FloatVifOptions *o = v->options;
    double total_num = 0, total_den = 0;
    for (int s = 0; s < VM_VIF_SCALES; s++) {
        const int skip = s == 0 && o->skip_scale0;
        const double num = (double)v->sums[s].num, den = (double)v->sums[s].den;
        out[SCORE + s].d = skip ? 0 : s ? VM_MAX(num / den, o->min[s]) : num / den;
        out[SCALES + 2 * s].d = skip ? 0 : num;
        out[SCALES + 2 * s + 1].d = skip ? -1 : den;
        if (skip) continue;
        total_num += num;
        total_den += den;
    }
    out[TOTAL].d = total_den == 0 ? 1 : total_num / total_den;
    out[NUM].d = total_num;
    out[DEN].d = total_den;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmValues *values = out;
    (void)band;
    FloatVif v = {.group = g, .frame = frame, .options = g->instances[0]->options};
    layout(&v, arena);
    if (!values) return;
    const VmLevel *l = &v.pyramid.level[0];
    for (int y = l->first; y < l->end; y++) {
        for (int p = 0; p < 2; p++)
            vm_resample_row(vm_ring_row(&l->ring[p], y), (VmResample)v.options->prescale_method,
                            &v.source[p], y, l->w, l->h);
        vm_pyramid_push(&v.pyramid, 0);
    }
    score(&v, values[0]);
}

const VmExtractor vm_extractor_float_vif = {
    .name = "float_vif",
    .description = "visual information fidelity, floating point, 4 scales",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(FloatVifOptions),
    .cost = 200,
    .mask = mask,
    .check = check,
    .run = run,
};
