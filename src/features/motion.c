/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Integer motion: how much the blurred reference changes from frame to frame. Per frame only the sum of
 * absolute differences is computed; motion2 and motion3 are functions of that column.
 * (spec: integer motion) */
#include "extractor.h"
#include "rows.h"

#include <stdlib.h>

typedef struct MotionOptions {
    int debug, force_zero, five_frames, moving_average;
    double blend_factor, blend_offset, fps_weight, max;
} MotionOptions;

#define AT(member) offsetof(MotionOptions, member)
static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, AT(debug), .unnamed = 1},
    {"motion_force_zero", "force_0", VM_OPT_BOOL, AT(force_zero)},
    {"motion_blend_factor", "mbf", VM_OPT_DOUBLE, AT(blend_factor), 1, 0, 1},
    {"motion_blend_offset", "mbo", VM_OPT_DOUBLE, AT(blend_offset), 40, 0, 1000},
    {"motion_fps_weight", "mfw", VM_OPT_DOUBLE, AT(fps_weight), 1, 0, 5},
    {"motion_max_val", "mmxv", VM_OPT_DOUBLE, AT(max), 10000, 0, 10000},
    {"motion_five_frame_window", "mffw", VM_OPT_BOOL, AT(five_frames)},
    {"motion_moving_average", "mma", VM_OPT_BOOL, AT(moving_average)},
    {0},
};
#undef AT

enum { SAD, MOTION, MOTION2, MOTION3 };

static const VmFeature features[] = {
    [SAD] = {"VMAF_integer_feature_motion_sad_score"},
    [MOTION] = {"VMAF_integer_feature_motion_score", "integer_motion"},
    [MOTION2] = {"VMAF_integer_feature_motion2_score", "integer_motion2", VM_DERIVED_FEATURE,
                 .phase = VM_PHASE_FLUSH},
    [MOTION3] = {"VMAF_integer_feature_motion3_score", "integer_motion3", VM_DERIVED_FEATURE,
                 .phase = VM_PHASE_FLUSH},
};

static uint32_t mask(const void *o)
{
    return 1u << SAD | 1u << MOTION2 | 1u << MOTION3 |
           (uint32_t)((const MotionOptions *)o)->debug << MOTION;
}

/* D of the specification: how many frames back the difference reaches */
static int previous(const void *o)
{
    return ((const MotionOptions *)o)->five_frames ? 2 : 1;
}

static uint64_t sad_rows(const VmGroup *g, VmRows rows, const VmafPicture *before,
                         const VmafPicture *now, const VmRing *diffs, int32_t *tmp)
{
    const VmKernels *k = g->kernels;
    const int w = (int)g->format.w, h = (int)g->format.h, bpc = (int)g->format.bpc;
    uint64_t sad = 0; /* < 2^16 * 2^30 */
    for (int y = rows.first, next = VM_MAX(y - 2, 0); y < rows.end; y++) {
        const void *window[5];
        for (; next < VM_MIN(y + 3, h); next++)
            (bpc == 8 ? k->motion_diff_8 : k->motion_diff_16)(vm_ring_row(diffs, next),
                                                              vm_picture_row(before, 0, next),
                                                              vm_picture_row(now, 0, next), w);
        for (int i = 0; i < 5; i++) window[i] = vm_ring_row(diffs, vm_reflect(y - 2 + i, h));
        sad += (bpc == 8 ? k->motion_sad_8 : k->motion_sad_16)(window, tmp, bpc, w);
    }
    return sad;
}

/* A difference at distance d needs d frames, motion2 of five frames those at i - 1 and i + 1, a moving
 * average what the frame before needs. The first d frames of a clip get the value of frame d. */
static void context(const void *options, unsigned *before, unsigned *after)
{
    const MotionOptions *o = options;
    const unsigned d = (unsigned)previous(o);
    *before = d + (d > 1) + (unsigned)o->moving_average;
    *after = d;
}

/* The picture that an instance compares with; NULL: its score is 0. */
static const VmafPicture *before_of(const MotionOptions *o, const VmFrame *frame)
{
    const VmafPicture *before = &frame->previous[previous(o) - 1];
    return before->data[0] && !o->force_zero ? before : NULL;
}

/* One sum for each distance back. */
static size_t words(const VmGroup *g)
{
    (void)g;
    return VM_MAX_PREVIOUS;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    int32_t *tmp = vm_row_take(arena, (size_t)g->format.w * 4);
    VmRing diffs;
    vm_ring_take(&diffs, arena, 5, (size_t)g->format.w * (g->format.bpc == 8 ? 2 : 4));
    uint64_t *sads = out;
    unsigned known = 0;
    if (!out) return;
    for (unsigned i = 0; i < g->n; i++) {
        const MotionOptions *o = g->instances[i]->options;
        const VmafPicture *before = before_of(o, frame);
        const int k = previous(o) - 1;
        if (!before || known >> k & 1) continue;
        sads[k] =
            sad_rows(g, vm_band_rows(band, 0, (int)g->format.h), before, &frame->ref, &diffs, tmp);
        known |= 1u << k;
    }
}

static void finish(const VmGroup *g, const VmFrame *frame, const void *sads, VmValues *values)
{
    const double n = (double)(g->format.w * g->format.h);
    for (unsigned i = 0; i < g->n; i++) {
        const MotionOptions *o = g->instances[i]->options;
        const uint64_t sad = ((const uint64_t *)sads)[previous(o) - 1];
        const double score = (double)sad / 256.0 / n;
        const double weighted = VM_MIN(score * o->fps_weight, o->max);
        values[i][SAD].d = values[i][MOTION].d = before_of(o, frame) ? weighted : 0;
    }
}

static double sad_at(const VmInstance *instance, unsigned row)
{
    double value = 0;
    vm_column_get(instance->columns[SAD], row, &value);
    return value;
}

static double blend(const MotionOptions *o, double m)
{
    const double blended = m * o->blend_factor + (1 - o->blend_factor) * VM_MIN(o->blend_offset, m);
    return VM_MIN(blended, o->max);
}

static double motion2(const VmInstance *instance, unsigned i, unsigned first, unsigned end)
{
    const MotionOptions *o = instance->options;
    const unsigned d = (unsigned)previous(o), n = i - first;
    if (n < d) return 0;
    const double now = sad_at(instance, i);
    if (i + 1 == end) return now;
    const double next = sad_at(instance, i + 1);
    if (d == 1) return VM_MIN(now, next);
    if (n - 1 < d) return next;
    const double before = sad_at(instance, i - 1);
    return VM_MIN(before, next);
}

static double derive(const VmInstance *instance, unsigned feature, unsigned i, unsigned first,
                     unsigned end)
{
    const MotionOptions *o = instance->options;
    const unsigned d = (unsigned)previous(o), n = i - first;
    if (feature == MOTION2) return motion2(instance, i, first, end);
    /* the first frames get the first real value, not minimised */
    const double stamp = end - first > d ? blend(o, sad_at(instance, first + d)) : 0;
    if (n < d) return stamp;
    const double now = blend(o, motion2(instance, i, first, end));
    if (!o->moving_average) return now;
    const double last = n == d ? stamp : blend(o, motion2(instance, i - 1, first, end));
    return (now + last) / 2.0;
}

const VmExtractor vm_extractor_motion = {
    .name = "motion",
    .description = "temporal difference of the blurred reference, integer",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(MotionOptions),
    .shares = 1,
    .every_frame = 1,
    .bands = 1,
    .cost = 6,
    .mask = mask,
    .previous = previous,
    .context = context,
    .words = words,
    .run = run,
    .finish = finish,
    .derive = derive,
};
