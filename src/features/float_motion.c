/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Motion in floating point: each reference frame is blurred, then compared with the one before.
 * (spec: P2.3) */
#include "extractor.h"
#include "features/resample.h"

#include <math.h>

typedef struct FloatMotionOptions {
    int debug, force_zero, add_scale1, filter_size, add_uv;
    double fps_weight, blend_factor, blend_offset, max;
} FloatMotionOptions;

#define AT(member) offsetof(FloatMotionOptions, member)
static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, AT(debug), 1, .unnamed = 1},
    {"motion_force_zero", "force_0", VM_OPT_BOOL, AT(force_zero)},
    {"motion_fps_weight", "mfw", VM_OPT_DOUBLE, AT(fps_weight), 1, 0, 5},
    {"motion_blend_factor", "mbf", VM_OPT_DOUBLE, AT(blend_factor), 1, 0, 1},
    {"motion_blend_offset", "mbo", VM_OPT_DOUBLE, AT(blend_offset), 40, 0, 1000},
    {"motion_add_scale1", "mdc", VM_OPT_BOOL, AT(add_scale1)},
    {"motion_filter_size", "mfs", VM_OPT_INT, AT(filter_size), 5, 0, 9},
    {"motion_add_uv", "mau", VM_OPT_BOOL, AT(add_uv)},
    {"motion_max_val", "mmxv", VM_OPT_DOUBLE, AT(max), 10000, 0, 10000},
    {0},
};
#undef AT

enum { MOTION2, MOTION, MOTION3, RAW };

static const VmFeature features[] = {
    [MOTION2] = {"VMAF_feature_motion2_score", "motion2", VM_DERIVED_FEATURE},
    [MOTION] = {"VMAF_feature_motion_score", "motion"},
    [MOTION3] = {"VMAF_feature_motion3_score", "motion3", VM_DERIVED_FEATURE,
                 .phase = VM_PHASE_NEXT},
    [RAW] = {"motion_unweighted", NULL, VM_HIDDEN_BITS},
};

/* Blurred rows of one plane of one picture. */
typedef struct Blur {
    const VmGroup *group;
    const VmafPicture *picture;
    int plane, w, h, n_taps;
    const float *taps;
    VmRowCache source, blurred;
    float *tmp;
} Blur;

static uint32_t mask(const void *o)
{
    return 1u << MOTION2 | 1u << MOTION3 | 1u << RAW |
           (uint32_t)((const FloatMotionOptions *)o)->debug << MOTION;
}

static int previous(const void *o)
{
    return !((const FloatMotionOptions *)o)->force_zero;
}

static void context(const void *o, unsigned *before, unsigned *after)
{
    *before = (unsigned)previous(o);
    *after = 1;
}

static int chroma(const void *o)
{
    return ((const FloatMotionOptions *)o)->add_uv;
}

static int check(const void *options_, const VmFormat *f, VmError *error)
{
    const FloatMotionOptions *o = options_;
    unsigned w, h;
    vm_format_plane(f, 1, &w, &h);
    if (o->add_uv && (!w || !h))
        return vm_fail(error, -EINVAL,
                       "feature float_motion: motion_add_uv needs pictures with chroma");
    return 0;
}

static void source_row(void *state, float *row, int y)
{
    const Blur *b = state;
    const VmKernels *k = b->group->kernels;
    const int bpc = (int)b->group->format.bpc;
    (bpc == 8 ? k->to_float_8 : k->to_float_16)(row, vm_picture_row(b->picture, b->plane, y), -128,
                                                bpc, b->w);
}

static void blurred_row(void *state, float *row, int y)
{
    Blur *b = state;
    const float *rows[5];
    for (int k = 0; k < b->n_taps; k++)
        rows[k] = vm_row_cache_get(&b->source, vm_reflect(y - b->n_taps / 2 + k, b->h));
    b->group->kernels->fvif_sub(row, b->tmp, rows, b->taps, b->n_taps, 1, b->w);
}

static void choose_taps(Blur *b, int filter_size)
{
    static const float five[] = {0.054488685f, 0.244201342f, 0.402619947f, 0.244201342f,
                                 0.054488685f};
    static const float three[] = {0.166378498f, 0.667243004f, 0.166378498f};
    static const float one[] = {1.0f};
    b->taps = filter_size == 1 ? one : filter_size == 3 ? three : five;
    b->n_taps = filter_size == 1 ? 1 : filter_size == 3 ? 3 : 5;
}

static void take(Blur *b, VmArena *arena)
{
    vm_row_cache_take(&b->source, arena, b->w, b->h);
    vm_row_cache_take(&b->blurred, arena, b->w, b->h);
    b->tmp = vm_row_take(arena, (size_t)b->w * 4);
    b->source.state = b->blurred.state = b;
    b->source.make = source_row;
    b->blurred.make = blurred_row;
}

static float row_sad(const float *a, const float *b, int w)
{
    float sum = 0;
    for (int j = 0; j < w; j++) sum += fabsf(a[j] - b[j]);
    return sum;
}

/* Mean absolute difference of two blurred pictures scaled to w x h. */
static float sad(Blur pair[2], float *row[2], int w, int h)
{
    float sum = 0;
    for (int y = 0; y < h; y++) {
        for (int i = 0; i < 2; i++) vm_resample_row(row[i], VM_BILINEAR, &pair[i].blurred, y, w, h);
        sum += row_sad(row[0], row[1], w);
    }
    return sum / (float)(w * h);
}

static double plane_score(const VmGroup *g, const VmFrame *frame, VmArena arena, int plane,
                          int measure, size_t *used)
{
    const FloatMotionOptions *o = g->instances[0]->options;
    unsigned w, h;
    vm_format_plane(&g->format, plane, &w, &h);
    Blur pair[2];
    float *row[2];
    for (int i = 0; i < 2; i++) {
        pair[i] = (Blur){.group = g, .plane = plane, .w = (int)w, .h = (int)h};
        choose_taps(&pair[i], o->filter_size);
        take(&pair[i], &arena);
        row[i] = vm_row_take(&arena, (size_t)w * 4);
    }
    *used = arena.used;
    if (measure) return 0;
    pair[0].picture = &frame->previous[0];
    pair[1].picture = &frame->ref;
    float score = sad(pair, row, (int)w, (int)h);
    if (o->add_scale1) score += sad(pair, row, (int)(w * 0.5 + 0.5), (int)(h * 0.5 + 0.5));
    return (double)score;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmValues *values = out;
    (void)band;
    const FloatMotionOptions *o = g->instances[0]->options;
    /* other instances may have asked for the frame before */
    const int measure = !values || o->force_zero || !frame->previous[0].data[0];
    size_t used = arena->used;
    double score = 0; /* planes one after the other use the same memory, luma's is the largest */
    for (int plane = 0; plane < (o->add_uv ? 3 : 1); plane++) {
        size_t plane_used;
        score += plane_score(g, frame, *arena, plane, measure, &plane_used);
        used = VM_MAX(used, plane_used);
    }
    arena->used = used;
    if (!values) return;
    const double weighted = score * o->fps_weight;
    values[0][RAW].d = score;
    values[0][MOTION].d = VM_MIN(weighted, o->max);
}

static double raw_at(const VmInstance *instance, unsigned row)
{
    double value = 0;
    vm_column_get(instance->columns[RAW], row, &value);
    return value;
}

static double blend(const FloatMotionOptions *o, double score)
{
    const double m = score * o->fps_weight;
    const double blended = m * o->blend_factor + (1 - o->blend_factor) * VM_MIN(o->blend_offset, m);
    return VM_MIN(blended, o->max);
}

static double derive(const VmInstance *instance, unsigned feature, unsigned i, unsigned first,
                     unsigned end)
{
    const FloatMotionOptions *o = instance->options;
    double score = raw_at(instance, i);
    if (i + 1 < end) {
        const double next = raw_at(instance, i + 1);
        /* the first frame has no motion of its own; motion3 takes the next one's instead */
        score = i == first && feature == MOTION3 ? next : VM_MIN(score, next);
    }
    if (feature == MOTION3) return blend(o, score);
    const double weighted = score * o->fps_weight;
    return VM_MIN(weighted, o->max);
}

const VmExtractor vm_extractor_float_motion = {
    .name = "float_motion",
    .description = "temporal difference of the blurred reference, floating point",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(FloatMotionOptions),
    .every_frame = 1,
    .cost = 30,
    .mask = mask,
    .previous = previous,
    .context = context,
    .chroma = chroma,
    .check = check,
    .run = run,
    .derive = derive,
};
