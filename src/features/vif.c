/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Integer VIF: how much information of the reference survives in the distorted picture, at four
 * scales. Rows flow through the scales; instances differ only in the gain limit, so all of them share
 * the statistics. (spec: integer VIF) */
#include "extractor.h"
#include "rows.h"

typedef struct VifOptions {
    int debug, skip_scale0, first_scale, row_step;
    double gain_limit;
} VifOptions;

static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, offsetof(VifOptions, debug), .unnamed = 1},
    {"vif_enhn_gain_limit", "egl", VM_OPT_DOUBLE, offsetof(VifOptions, gain_limit), 100, 1, 100},
    {"vif_skip_scale0", "ssclz", VM_OPT_BOOL, offsetof(VifOptions, skip_scale0)},
    /* ours: scales below it are neither computed nor counted */
    {"vif_first_scale", "vfs", VM_OPT_INT, offsetof(VifOptions, first_scale), 0, 0, 3},
    /* ours: of scales 0 and 1 only one row in so many is looked at, for estimates */
    {"vif_row_step", "vrs", VM_OPT_INT, offsetof(VifOptions, row_step), 1, 1, 16},
    {0},
};

static const VmFeature features[] = {
    {"VMAF_integer_feature_vif_scale0_score", "integer_vif_scale0"},
    {"VMAF_integer_feature_vif_scale1_score", "integer_vif_scale1"},
    {"VMAF_integer_feature_vif_scale2_score", "integer_vif_scale2"},
    {"VMAF_integer_feature_vif_scale3_score", "integer_vif_scale3"},
    {"integer_vif"},
    {"integer_vif_num"},
    {"integer_vif_den"},
    {"integer_vif_num_scale0"},
    {"integer_vif_den_scale0"},
    {"integer_vif_num_scale1"},
    {"integer_vif_den_scale1"},
    {"integer_vif_num_scale2"},
    {"integer_vif_den_scale2"},
    {"integer_vif_num_scale3"},
    {"integer_vif_den_scale3"},
};

enum { SCORE = 0, TOTAL = 4, NUM = 5, DEN = 6, SCALES = 7 };
enum { SPARSE_SCALES = 2 }; /* those that row_step applies to */

typedef struct Vif {
    const VmGroup *group;
    const VmFrame *frame;
    VmPyramid pyramid;
    /* rows of each level as the filters read them: with the odd row below [0] or above [1] */
    VmRing pairs[VM_VIF_SCALES][2 /* picture */][2];
    VmVifRows rows;
    uint16_t *tmp;
    VmVifSums (*sums)[VM_VIF_SCALES]; /* by row step */
    double gain[VM_MAX_GAINS];
    int n_gain, gain_of[VM_MAX_INSTANCES];
    int step[VM_MAX_INSTANCES], n_step, step_of[VM_MAX_INSTANCES];
    int first; /* scale that somebody wants */
} Vif;

static uint32_t mask(const void *o)
{
    return ((const VifOptions *)o)->debug ? 0x7fff : 0xf;
}

static int check(const void *o, const VmFormat *f, VmError *error)
{
    const int step = ((const VifOptions *)o)->row_step;
    if (f->h < 4u * (unsigned)step) /* scale 1 would have one row or none */
        return vm_fail(
            error, -EINVAL,
            "feature vif: vif_row_step %d needs pictures of at least %d rows, these have %u", step,
            4 * step, f->h);
    if (f->w >= 16 && f->h >= 16) return 0;
    return vm_fail(error, -EINVAL, "feature vif needs pictures of at least 16x16, these are %ux%u",
                   f->w, f->h);
}

static int first_scale(const VifOptions *o)
{
    return VM_MAX(o->first_scale, o->skip_scale0);
}

static int bpc_of(const Vif *v, int level)
{
    return level ? 16 : (int)v->group->format.bpc;
}

static const void *source_row(const Vif *v, int level, int picture, int y)
{
    if (level) return vm_ring_row(&v->pyramid.level[level].ring[picture], y);
    return vm_picture_row(picture ? &v->frame->dis : &v->frame->ref, 0, y);
}

/* Row y of a level has arrived: interleaves it with the row above it, if that is there. */
static void make_pair(const Vif *v, int level, int y)
{
    const VmKernels *k = v->group->kernels;
    const VmLevel *l = &v->pyramid.level[level];
    const int bpc = bpc_of(v, level), w = l->w, is_even = y % 2 == 0;
    for (int picture = 0; y > l->first && picture < 2; picture++) {
        const void *even = source_row(v, level, picture, is_even ? y : y - 1);
        const void *odd = source_row(v, level, picture, is_even ? y - 1 : y);
        (bpc == 8 ? k->vif_pair_8 : k->vif_pair_16)(
            vm_ring_row(&v->pairs[level][picture][is_even], y / 2), even, odd, bpc, w);
    }
}

/* The pair of two neighbours, reflected at the border: an even row stays even. */
static const int16_t *pair_row(const Vif *v, int level, int picture, int even, int odd)
{
    const int h = v->pyramid.level[level].h;
    even = vm_reflect(even, h);
    odd = vm_reflect(odd, h);
    return vm_ring_row(&v->pairs[level][picture][odd < even], even / 2);
}

/* The pairs that a filter wants around row y of a level. */
static void window(const Vif *v, int level, int picture, int y, int filter,
                   const int16_t *rows[VM_VIF_MAX_PAIRS])
{
    const VmVifColumns *c = &vm_vif_columns[filter];
    for (int k = 0; k < c->n; k++) {
        const int a = y + c->pair[k].a, b = y + c->pair[k].b;
        rows[k] = pair_row(v, level, picture, y % 2 ? b : a, y % 2 ? a : b);
    }
}

/* Does row y of a level add to the sums of a row step? */
static int takes_row(int level, int y, int step)
{
    return level >= SPARSE_SCALES || y % step == step / 2;
}

static void stat(void *state, int level, int y)
{
    Vif *v = state;
    const VmKernels *k = v->group->kernels;
    const int w = v->pyramid.level[level].w;
    const int16_t *ref[VM_VIF_MAX_PAIRS], *dis[VM_VIF_MAX_PAIRS];
    int made = 0;
    window(v, level, 0, y, level, ref);
    window(v, level, 1, y, level, dis);
    for (int i = 0; i < v->n_step; i++) {
        if (!takes_row(level, y, v->step[i])) continue;
        if (!made++)
            (bpc_of(v, level) == 8 ? k->vif_stat_8 : k->vif_stat_16)(&v->rows, ref, dis, level,
                                                                     y % 2, w);
        k->vif_residual(&v->sums[i][level], &v->rows, v->gain, v->n_gain, w);
    }
}

static void sub(void *state, int level, int i)
{
    Vif *v = state;
    const int bits = bpc_of(v, level) == 8 ? 8 : 16, w = v->pyramid.level[level].w;
    for (int picture = 0; picture < 2; picture++) {
        const int16_t *rows[VM_VIF_MAX_PAIRS];
        window(v, level, picture, 2 * i, level + 1, rows);
        v->group->kernels->vif_sub(vm_ring_row(&v->pyramid.level[level + 1].ring[picture], i),
                                   v->tmp, rows, level + 1, bits, w);
    }
    make_pair(v, level + 1, i);
}

static void layout(Vif *v, VmBand band, VmArena *arena)
{
    int w = (int)v->group->format.w, h = (int)v->group->format.h;
    const size_t n = (size_t)w;
    v->rows = (VmVifRows){
        .s1 = vm_row_take(arena, n * 4),
        .s2 = vm_row_take(arena, n * 4),
        .s12 = vm_row_take(arena, n * 4),
    };
    for (int k = 0; k < VM_VIF_TMP; k++) v->rows.tmp[k] = vm_row_take(arena, n * 4);
    v->tmp = vm_row_take(arena, n * 2);
    for (int s = 0; s < VM_VIF_SCALES; s++, w /= 2, h /= 2) {
        VmLevel *l = &v->pyramid.level[s];
        l->w = w;
        l->h = h;
        const VmRows own = vm_band_rows(band, 0, s >= v->first ? h : 0);
        l->stat = (VmTap){own.first, own.end, 1, vm_vif_taps[s] / 2};
        if (s + 1 < VM_VIF_SCALES) l->sub = (VmTap){.step = 2, .reach = vm_vif_taps[s + 1] / 2};
        for (int picture = 0; picture < 2; picture++) {
            if (s) vm_ring_take(&l->ring[picture], arena, 2, (size_t)w * 2);
            for (int k = 0; k < 2; k++)
                vm_ring_take(&v->pairs[s][picture][k], arena, vm_vif_taps[s] / 2 + 1,
                             (size_t)w * 4);
        }
    }
    v->pyramid.state = v;
    v->pyramid.stat = stat;
    v->pyramid.sub = sub;
    vm_pyramid_plan(&v->pyramid, VM_VIF_SCALES);
}

/* The distinct gain limits and row steps of the group. */
static void collect_options(Vif *v)
{
    v->first = VM_VIF_SCALES;
    for (unsigned i = 0; i < v->group->n; i++) {
        const VifOptions *o = v->group->instances[i]->options;
        int g = 0, step = 0;
        while (g < v->n_gain && v->gain[g] != o->gain_limit) g++;
        if (g == v->n_gain) v->gain[v->n_gain++] = o->gain_limit;
        v->gain_of[i] = g;
        while (step < v->n_step && v->step[step] != o->row_step) step++;
        if (step == v->n_step) v->step[v->n_step++] = o->row_step;
        v->step_of[i] = step;
        v->first = VM_MIN(v->first, first_scale(o));
    }
}

static void score(const VifOptions *o, const VmVifSums *sums, int gain, VmValue *out)
{
    double total_num = 0, total_den = 0;
    for (int s = 0; s < VM_VIF_SCALES; s++) {
        const VmVifSums *sum = &sums[s];
        const double flat = (double)sum->num_nl / 16384.0 / 65025.0; /* 255^2 */
        const double log_num = (double)sum->num_log[gain] / 2048.0;
        float num = (float)(log_num + ((double)sum->den_nl - flat));
        float den = (float)((double)sum->den_log / 2048.0 + (double)sum->den_nl);
        out[SCORE + s].d = num / den;
        if (s < first_scale(o)) {
            num = 0;
            den = -1;
            out[SCORE + s].d = 0;
        } else {
            total_num += num;
            total_den += den;
        }
        out[SCALES + 2 * s].d = num;
        out[SCALES + 2 * s + 1].d = den;
    }
    out[TOTAL].d = total_den == 0 ? 1 : total_num / total_den;
    out[NUM].d = total_num;
    out[DEN].d = total_den;
}

static size_t words(const VmGroup *group)
{
    Vif v = {.group = group};
    collect_options(&v);
    return (size_t)v.n_step * VM_VIF_SCALES * sizeof(VmVifSums) / sizeof(uint64_t);
}

static void run(const VmGroup *group, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    Vif v = {.group = group, .frame = frame, .sums = out};
    collect_options(&v);
    layout(&v, band, arena);
    if (!out) return;
    const VmLevel *l = &v.pyramid.level[0];
    for (int y = l->first; y < l->end; y++) {
        make_pair(&v, 0, y);
        vm_pyramid_push(&v.pyramid, 0);
    }
}

static void finish(const VmGroup *group, const VmFrame *frame, const void *words, VmValues *values)
{
    const VmVifSums(*sums)[VM_VIF_SCALES] = words;
    Vif v = {.group = group, .frame = frame};
    collect_options(&v);
    for (unsigned i = 0; i < group->n; i++)
        score(group->instances[i]->options, sums[v.step_of[i]], v.gain_of[i], values[i]);
}

const VmExtractor vm_extractor_vif = {
    .name = "vif",
    .description = "visual information fidelity, integer, 4 scales",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(VifOptions),
    .shares = 1,
    .bands = 1,
    .cost = 60,
    .mask = mask,
    .check = check,
    .words = words,
    .run = run,
    .finish = finish,
};
