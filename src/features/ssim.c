/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SSIM on a decimated picture and MS-SSIM on a pyramid of five. Rows flow: a ring of 11 horizontally
 * filtered rows per map is all that is kept of a level. (spec: 3.2, 3.3) */
#include "exact.h"
#include "extractor.h"
#include "rows.h"

#include <math.h>
#include <string.h>

typedef struct SsimOptions {
    int lcs, db, clip_db, scale;
} SsimOptions;

#define COMMON_OPTIONS                                                                             \
    {"enable_lcs", NULL, VM_OPT_BOOL, offsetof(SsimOptions, lcs), .unnamed = 1},                   \
        {"enable_db", NULL, VM_OPT_BOOL, offsetof(SsimOptions, db), .unnamed = 1},                 \
    {                                                                                              \
        "clip_db", NULL, VM_OPT_BOOL, offsetof(SsimOptions, clip_db), .unnamed = 1                 \
    }

static const VmOption ssim_options[] = {
    COMMON_OPTIONS,
    {"scale", NULL, VM_OPT_INT, offsetof(SsimOptions, scale), 0, 0, 10, .unnamed = 1},
    {0},
};
static const VmOption ms_ssim_options[] = {COMMON_OPTIONS, {0}};

static const VmFeature ssim_features[] = {
    {"float_ssim"}, {"float_ssim_l"}, {"float_ssim_c"}, {"float_ssim_s"}};

static const VmFeature ms_ssim_features[] = {
    {"float_ms_ssim"},          {"float_ms_ssim_l_scale0"}, {"float_ms_ssim_l_scale1"},
    {"float_ms_ssim_l_scale2"}, {"float_ms_ssim_l_scale3"}, {"float_ms_ssim_l_scale4"},
    {"float_ms_ssim_c_scale0"}, {"float_ms_ssim_c_scale1"}, {"float_ms_ssim_c_scale2"},
    {"float_ms_ssim_c_scale3"}, {"float_ms_ssim_c_scale4"}, {"float_ms_ssim_s_scale0"},
    {"float_ms_ssim_s_scale1"}, {"float_ms_ssim_s_scale2"}, {"float_ms_ssim_s_scale3"},
    {"float_ms_ssim_s_scale4"}};

enum { MS_SCALES = 5, MAX_BOX = VM_MAX_SIDE / 256 };

typedef struct Ssim {
    const VmGroup *group;
    const VmFrame *frame;
    VmPyramid pyramid;
    VmRing maps[MS_SCALES][VM_SSIM_MAPS]; /* horizontal windows of x, d, xx, dd, xd */
    VmSsimSums sums[MS_SCALES];
    int compared[MS_SCALES]; /* rows of samples */
    double *tmp[VM_MS_TMP];
    int box;  /* decimation factor of level 0 */
    int luma; /* levels from here on need their mean of l */
} Ssim;

static uint32_t ssim_mask(const void *o)
{
    return ((const SsimOptions *)o)->lcs ? 0xf : 1;
}
static uint32_t ms_ssim_mask(const void *o)
{
    return ((const SsimOptions *)o)->lcs ? 0xffff : 1;
}

/* min(w, h) / 256 rounded half up, at least 1 */
static int box_of(const SsimOptions *o, const VmFormat *f)
{
    if (o->scale) return o->scale;
    const int n = (int)((float)VM_MIN(f->w, f->h) / 256.0f + 0.5f);
    return n > 1 ? n : 1;
}

/* Side of a decimated picture; the remainder counts modulo 2 whatever the factor, as defined. */
static int decimated(unsigned side, int box)
{
    return box == 1 ? (int)side : (int)(side / (unsigned)box + side % 2);
}

static int ssim_check(const void *o, const VmFormat *f, VmError *error)
{
    const int box = box_of(o, f);
    if (decimated(f->w, box) >= VM_SSIM_TAPS && decimated(f->h, box) >= VM_SSIM_TAPS) return 0;
    return vm_fail(error, -EINVAL,
                   "feature float_ssim needs at least 11x11 samples after decimation by %d, the "
                   "pictures are %ux%u",
                   box, f->w, f->h);
}

static int ms_ssim_check(const void *o, const VmFormat *f, VmError *error)
{
    (void)o;
    if (f->w >= 176 && f->h >= 176) return 0;
    return vm_fail(error, -EINVAL,
                   "feature float_ms_ssim needs pictures of at least 176x176, these are %ux%u",
                   f->w, f->h);
}

/* Adds rows of samples that are complete. */
static void compare(Ssim *s, int level, int first, int n_rows)
{
    VmSsimSums row[VM_SSIM_ROWS], *sums = &s->sums[level];
    const float *rows[VM_SSIM_MAPS][VM_SSIM_IN];
    for (int m = 0; m < VM_SSIM_MAPS; m++)
        for (int k = 0; k < VM_SSIM_IN; k++)
            rows[m][k] = vm_ring_row(&s->maps[level][m], first + k);
    s->group->kernels->ssim_vert(row, rows, n_rows, level >= s->luma,
                                 s->pyramid.level[level].w - VM_SSIM_TAPS + 1);
    for (int i = 0; i < n_rows; i++) {
        sums->ssim += row[i].ssim;
        sums->l += row[i].l;
        sums->c += row[i].c;
        sums->s += row[i].s;
    }
}

/* Row y has arrived at the level: its windows, and the samples of some rows when there are enough. */
static void stat(void *state, int level, int y)
{
    Ssim *s = state;
    const VmLevel *l = &s->pyramid.level[level];
    float *maps[VM_SSIM_MAPS];
    for (int m = 0; m < VM_SSIM_MAPS; m++) maps[m] = vm_ring_row(&s->maps[level][m], y);
    s->group->kernels->ssim_horz(maps, vm_ring_row(&l->ring[0], y), vm_ring_row(&l->ring[1], y),
                                 l->w);
    const int n_rows = y + 1 - (VM_SSIM_TAPS - 1) - s->compared[level];
    if (n_rows < VM_SSIM_ROWS && y + 1 < l->h) return;
    compare(s, level, s->compared[level], n_rows);
    s->compared[level] += n_rows;
}

/* A row of a level is complete: repeats its edges, and leaves nothing undefined that a vector reads. */
static void pad(float *row, int w)
{
    memset(row - VM_ROW_PAD / 4, 0, VM_ROW_PAD);
    memset(row + w, 0, VM_ROW_PAD);
    for (int k = 0; k < VM_MS_TAPS / 2; k++) {
        row[-1 - k] = row[vm_mirror(-1 - k, w)];
        row[w + k] = row[vm_mirror(w + k, w)];
    }
}

static void half(void *state, int level, int i)
{
    Ssim *s = state;
    const VmLevel *l = &s->pyramid.level[level];
    for (int p = 0; p < 2; p++) {
        const float *rows[VM_MS_TAPS];
        for (int k = 0; k < VM_MS_TAPS; k++)
            rows[k] = vm_ring_row(&l->ring[p], vm_mirror(2 * i - VM_MS_TAPS / 2 + k, l->h));
        float *dst = vm_ring_row(&s->pyramid.level[level + 1].ring[p], i);
        s->group->kernels->ms_ssim_half(dst, s->tmp, rows, l->w);
        pad(dst, s->pyramid.level[level + 1].w);
    }
}

static void layout(Ssim *s, VmArena *arena, int n_levels)
{
    int w = decimated(s->group->format.w, s->box), h = decimated(s->group->format.h, s->box);
    for (int k = 0; k < n_levels; k++, w = (w + 1) / 2, h = (h + 1) / 2) {
        VmLevel *l = &s->pyramid.level[k];
        l->w = w;
        l->h = h;
        l->stat = (VmTap){0, h, 1};
        if (k + 1 < n_levels) l->sub = (VmTap){.step = 2, .reach = VM_MS_TAPS / 2};
        for (int p = 0; p < 2; p++)
            vm_ring_take(&l->ring[p], arena, k + 1 < n_levels ? VM_MS_TAPS : 1, (size_t)w * 4);
        for (int m = 0; m < VM_SSIM_MAPS; m++)
            vm_ring_take(&s->maps[k][m], arena, VM_SSIM_IN, (size_t)w * 4);
    }
    /* for the box or for the half, whichever it is */
    const size_t side = s->group->format.w + 2 * (size_t)s->box;
    for (int k = 0; k < (n_levels > 1 ? VM_MS_TMP : 1); k++)
        s->tmp[k] = vm_row_take(arena, side * sizeof(double));
    s->pyramid.state = s;
    s->pyramid.stat = stat;
    s->pyramid.sub = half;
    vm_pyramid_plan(&s->pyramid, n_levels);
}

/* Row i of level 0, from the picture. */
static void source_row(const Ssim *s, int picture, int i)
{
    const VmKernels *k = s->group->kernels;
    const VmafPicture *p = picture ? &s->frame->dis : &s->frame->ref;
    const int w = (int)s->group->format.w, h = (int)s->group->format.h;
    const int bpc = (int)s->group->format.bpc, level_w = s->pyramid.level[0].w;
    float *dst = vm_ring_row(&s->pyramid.level[0].ring[picture], i);
    if (s->box == 1) {
        (bpc == 8 ? k->to_float_8 : k->to_float_16)(dst, vm_picture_row(p, 0, i), 0, bpc, w);
    } else {
        const void *rows[MAX_BOX];
        for (int v = 0; v < s->box; v++) {
            const int y = vm_mirror(s->box * i - s->box / 2 + v, h);
            rows[v] = vm_picture_row(p, 0, VM_MIN(y, h - 1));
        }
        (bpc == 8 ? k->ssim_box_8 : k->ssim_box_16)(dst, s->tmp[0], rows, s->box, bpc, w, level_w);
    }
    pad(dst, level_w);
}

static void flow(Ssim *s)
{
    for (int i = 0; i < s->pyramid.level[0].h; i++) {
        source_row(s, 0, i);
        source_row(s, 1, i);
        vm_pyramid_push(&s->pyramid, 0);
    }
}

/* Means over the samples of a level, as floats. */
static VmSsimSums means(const Ssim *s, int level)
{
    const VmLevel *l = &s->pyramid.level[level];
    const double n = (double)(l->w - VM_SSIM_TAPS + 1) * (l->h - VM_SSIM_TAPS + 1);
    const VmSsimSums *sum = &s->sums[level];
    return (VmSsimSums){(double)(float)(sum->ssim / n), (double)(float)(sum->l / n),
                        (double)(float)(sum->c / n), (double)(float)(sum->s / n)};
}

static double as_db(const SsimOptions *o, const VmFormat *f, double score)
{
    if (!o->db) return score;
    const double db = -10 * vm_exact_log10(1 - score);
    if (!o->clip_db) return db;
    const double peak = (double)((1 << f->bpc) - 1), half_a_step = 0.5 / ((double)f->w * f->h);
    const double limit = ceil(10 * vm_exact_log10(peak * peak / half_a_step));
    return VM_MIN(db, limit);
}

static void run_ssim(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmValues *values = out;
    (void)band;
    const SsimOptions *o = g->instances[0]->options;
    Ssim s = {.group = g, .frame = frame, .box = box_of(o, &g->format)};
    layout(&s, arena, 1);
    if (!values) return;
    flow(&s);
    const VmSsimSums m = means(&s, 0);
    values[0][0].d = as_db(o, &g->format, m.ssim);
    values[0][1].d = m.l;
    values[0][2].d = m.c;
    values[0][3].d = m.s;
}

static void run_ms_ssim(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena,
                        void *out)
{
    VmValues *values = out;
    (void)band;
    static const float alpha[MS_SCALES] = {0, 0, 0, 0, 0.1333f};
    static const float beta[MS_SCALES] = {0.0448f, 0.2856f, 0.3001f, 0.2363f, 0.1333f};
    const SsimOptions *o = g->instances[0]->options;
    Ssim s = {.group = g, .frame = frame, .box = 1, .luma = o->lcs ? 0 : MS_SCALES - 1};
    layout(&s, arena, MS_SCALES);
    if (!values) return;
    flow(&s);
    double score = 1;
    for (int j = 0; j < MS_SCALES; j++) {
        const VmSsimSums m = means(&s, j);
        score *= vm_exact_pow(m.l, (double)alpha[j]) * vm_exact_pow(m.c, (double)beta[j]) *
                 vm_exact_pow(m.s, (double)beta[j]);
        values[0][1 + j].d = m.l;
        values[0][1 + MS_SCALES + j].d = m.c;
        values[0][1 + 2 * MS_SCALES + j].d = m.s;
    }
    values[0][0].d = as_db(o, &g->format, score);
}

const VmExtractor vm_extractor_float_ssim = {
    .name = "float_ssim",
    .description = "structural similarity of luma",
    .features = ssim_features,
    .n_features = VM_COUNT(ssim_features),
    .options = ssim_options,
    .options_size = sizeof(SsimOptions),
    .cost = 10,
    .mask = ssim_mask,
    .check = ssim_check,
    .run = run_ssim,
};

const VmExtractor vm_extractor_float_ms_ssim = {
    .name = "float_ms_ssim",
    .description = "structural similarity of luma at 5 scales",
    .features = ms_ssim_features,
    .n_features = VM_COUNT(ms_ssim_features),
    .options = ms_ssim_options,
    .options_size = sizeof(SsimOptions),
    .cost = 80,
    .mask = ms_ssim_mask,
    .check = ms_ssim_check,
    .run = run_ms_ssim,
};
