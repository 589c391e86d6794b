/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "features/adm_flow.h"

#include <string.h>

enum { ADDITIVE, RESTORED };
enum { SPARSE_SCALES = 2 }; /* those that row_step applies to */

_Static_assert((int)VM_MAX_INSTANCES <= (int)VM_MAX_GAINS, "more options than decouple takes");

/* Width of the ignored border of a band. */
static int border(int n)
{
    return n >= 5 ? (n - 5) / 10 : 0;
}

void vm_adm_geometry(VmAdmScale scale[VM_ADM_SCALES], const VmFormat *format)
{
    int w = (int)format->w, h = (int)format->h;
    for (int s = 0; s < VM_ADM_SCALES; s++) {
        VmAdmScale *c = &scale[s];
        c->scale = s;
        c->w = w = (w + 1) / 2;
        c->h = h = (h + 1) / 2;
        c->x0 = border(w);
        c->x1 = w - c->x0;
        c->y0 = border(h);
        c->y1 = h - c->y0;
        const unsigned rows = (unsigned)(c->y1 - c->y0), columns = (unsigned)(c->x1 - c->x0);
        if (s == 0) {
            c->den_shift[0] = VM_MAX(0, vm_ceil_log2(rows * columns) - 20);
        } else {
            c->den_shift[0] = vm_ceil_log2(columns);
            c->den_shift[1] = vm_ceil_log2(rows);
        }
        const int log_w = vm_ceil_log2((unsigned)w);
        c->value_shift[0] = c->value_shift[1] = s ? log_w : log_w - 4;
        c->value_shift[2] = s ? log_w : log_w - 3;
        c->row_shift = vm_ceil_log2((unsigned)h);
    }
}

/* ---- what is wanted of each scale ---- */

/* Rows in a group. One more on each side is made for the masking: half as many again. */
enum { GROUP = 4 };

int vm_adm_takes_row(const VmAdmVariant *v, int s, int i)
{
    return s >= SPARSE_SCALES || v->row_step <= 1 || i / GROUP % v->row_step == v->row_step / 2;
}

static int runs_scale(const VmAdmVariant *v, int s)
{
    return s || !v->skip_scale0;
}

static int anyone_runs(const VmAdmFlow *f, int s)
{
    for (unsigned i = 0; i < f->group->n; i++)
        if (runs_scale(&f->variants[i], s)) return 1;
    return 0;
}

/* Of n columns, details are wanted one around the scored region; the low-pass band where the next scale
 * reads it: output j needs 2j - 1 .. 2j + 2. next is NULL at the last scale, which has no next. */
static void plan_columns(VmAdmSpan *span, const VmAdmScale *c, const int next[2])
{
    span->d0 = VM_MAX(c->x0 - 1, 0);
    span->d1 = VM_MIN(c->x1 + 1, c->w);
    span->a0 = next ? VM_MAX(2 * next[0] - 1, 0) : span->d0;
    span->a1 = next ? VM_MIN(2 * next[1] + 1, c->w) : span->d0;
}

/* Row y is masked by details of rows y - 1 .. y + 1, so that one row of details is made around the
 * own ones; the wavelet makes row i from rows 2i - 1 .. 2i + 2. */
static void plan_rows(VmAdmFlow *f, int s, const VmAdmScale *c, int runs)
{
    VmTap *stat = &f->pyramid.level[s + 1].stat;
    f->own[s] = vm_band_rows(f->part, c->y0, runs ? c->y1 : c->y0);
    *stat = (VmTap){f->own[s].first, f->own[s].end, 1, 1};
    f->detail[s] = (VmRows){VM_MAX(stat->next - 1, 0), VM_MIN(stat->end + 1, c->h)};
    if (stat->next == stat->end) f->detail[s] = (VmRows){0};
    f->pyramid.level[s].sub = (VmTap){.step = 2, .reach = 1, .over = 1};
}

static void plan(VmAdmFlow *f)
{
    VmAdmScale scale[VM_ADM_SCALES] = {{0}};
    vm_adm_geometry(scale, &f->group->format);
    int next[2];
    for (int s = VM_ADM_SCALES - 1; s >= 0; s--) {
        VmAdmSpan *span = &f->span[s];
        span->w = s ? scale[s - 1].w : (int)f->group->format.w;
        plan_columns(span, &scale[s], s == VM_ADM_SCALES - 1 ? NULL : next);
        next[0] = VM_MIN(span->a0, span->d0);
        next[1] = VM_MAX(span->a1, span->d1);
        plan_rows(f, s, &scale[s], anyone_runs(f, s));
    }
    vm_pyramid_plan(&f->pyramid, VM_ADM_SCALES + 1);
}

/* ---- rows ---- */

static const VmAdmOps *ops_of(const VmAdmFlow *f, int s)
{
    const VmKernels *k = f->group->kernels;
    return f->is_float ? &k->adm_float : s ? &k->adm_123 : &k->adm_0;
}

static VmAdmDwt *dwt_of(const VmAdmFlow *f, int s)
{
    const VmKernels *k = f->group->kernels;
    if (f->is_float) return k->adm_dwt_float;
    if (s) return k->adm_dwt[s];
    return f->group->format.bpc == 8 ? k->adm_dwt_8 : k->adm_dwt_16;
}

/* Border of the wavelet: mirrored around the first row, the last row repeated. */
static const void *source_row(const VmAdmFlow *f, int s, int picture, int y)
{
    const VmLevel *l = &f->pyramid.level[s];
    const int i = y < 0 ? -y : y >= l->h ? 2 * l->h - 1 - y : y;
    if (s || f->is_float) return vm_ring_row(&l->ring[picture], i);
    return vm_picture_row(picture ? &f->frame->dis : &f->frame->ref, 0, i);
}

/* A row of details restored and additive, for all sets of options at once. */
static void decouple(VmAdmFlow *f, int s, int i)
{
    VmAdmSplit out[VM_MAX_GAINS];
    int n = 0;
    for (unsigned k = 0; k < f->group->n; k++) {
        const VmAdmVariant *v = &f->variants[k];
        if (!runs_scale(v, s)) continue;
        out[n].gain = v->gain;
        for (int b = 0; b < 3; b++) {
            out[n].r[b] = vm_ring_row(&v->rows[s].detail[0][b], i);
            out[n].a[b] = vm_ring_row(&v->rows[s].detail[1][b], i);
        }
        n++;
    }
    ops_of(f, s)->decouple(out, n, (const void *const *)f->band[0], (const void *const *)f->band[1],
                           &f->variants[0].scale[s]);
}

/* The row for one set of options: everything but the masking, which waits for the row below. */
static void add_details(VmAdmFlow *f, unsigned variant, int s, int i)
{
    const VmAdmVariant *v = &f->variants[variant];
    const VmAdmOps *ops = ops_of(f, s);
    const VmAdmScale *c = &v->scale[s];
    if (v->den_of == variant && i >= f->own[s].first && i < f->own[s].end &&
        vm_adm_takes_row(v, s, i))
        ops->den(f->sums[variant][s].den, (const void *const *)f->band[0], c);
    /* additive detail masks the restored one and, for AIM, the other way round */
    for (int m = ADDITIVE; m <= (v->skip_aim ? ADDITIVE : RESTORED); m++) {
        const void *masker[3];
        for (int b = 0; b < 3; b++)
            masker[b] = vm_ring_row(&v->rows[s].detail[m == ADDITIVE][b], i);
        ops->csf(vm_ring_row(&v->rows[s].outer[m], i), vm_ring_row(&v->rows[s].inner[m], i),
                 f->tmp[0], masker, c);
    }
}

static void add_masked(VmAdmFlow *f, unsigned variant, int s, int y)
{
    const VmAdmVariant *v = &f->variants[variant];
    VmAdmSums *sums = &f->sums[variant][s];
    const VmAdmScale *c = &v->scale[s];
    const int above = y ? y - 1 : 1, below = y + 1 < c->h ? y + 1 : c->h - 1;
    for (int m = ADDITIVE; m <= (v->skip_aim ? ADDITIVE : RESTORED); m++) {
        const void *x[3];
        for (int b = 0; b < 3; b++) x[b] = vm_ring_row(&v->rows[s].detail[m][b], y);
        const VmRing *outer = &v->rows[s].outer[m];
        ops_of(f, s)->mask(m == ADDITIVE ? sums->num : sums->aim, x, vm_ring_row(outer, above),
                           vm_ring_row(&v->rows[s].inner[m], y), vm_ring_row(outer, below), c);
    }
}

/* Are details of row i needed, for itself or for the masking of a neighbour? */
static int wants_details(const VmAdmFlow *f, int s, int i)
{
    if (i < f->detail[s].first || i >= f->detail[s].end) return 0;
    for (unsigned v = 0; v < f->group->n; v++)
        for (int y = i - 1; runs_scale(&f->variants[v], s) && y <= i + 1; y++)
            if (vm_adm_takes_row(&f->variants[v], s, y)) return 1;
    return 0;
}

/* Row i of the bands of scale s. */
static void transform(void *state, int s, int i)
{
    VmAdmFlow *f = state;
    const int details = wants_details(f, s, i);
    for (int p = 0; p < 2; p++) {
        const void *rows[4];
        for (int k = 0; k < 4; k++) rows[k] = source_row(f, s, p, 2 * i - 1 + k);
        void *const dst[4] = {vm_ring_row(&f->pyramid.level[s + 1].ring[p], i), f->band[p][0],
                              f->band[p][1], f->band[p][2]};
        dwt_of(f, s)(dst, f->tmp, rows, &f->span[s], (int)f->group->format.bpc, details);
    }
    if (!details) return;
    decouple(f, s, i);
    for (unsigned v = 0; v < f->group->n; v++)
        if (runs_scale(&f->variants[v], s)) add_details(f, v, s, i);
}

static void masked(void *state, int level, int y)
{
    VmAdmFlow *f = state;
    const int s = level - 1;
    for (unsigned v = 0; v < f->group->n; v++)
        if (runs_scale(&f->variants[v], s) && vm_adm_takes_row(&f->variants[v], s, y))
            add_masked(f, v, s, y);
}

/* ---- memory ---- */

static void take_rows(VmAdmFlow *f, VmAdmVariant *v, VmArena *arena, int s, size_t w)
{
    const size_t size = s || f->is_float ? 4 : 2;
    for (int m = 0; m < 2; m++) {
        VmRing outer, inner, detail[3];
        vm_ring_take(&outer, arena, 3, w * 4);
        vm_ring_take(&inner, arena, 2, w * 4);
        for (int b = 0; b < 3; b++) vm_ring_take(&detail[b], arena, 2, w * size);
        if (!v) continue;
        v->rows[s].outer[m] = outer;
        v->rows[s].inner[m] = inner;
        memcpy(v->rows[s].detail[m], detail, sizeof(detail));
    }
}

static void take_level(VmAdmFlow *f, VmArena *arena, int s, int w, int h)
{
    VmLevel *l = &f->pyramid.level[s];
    l->w = w;
    l->h = h;
    const size_t size = s > 1 || f->is_float ? 4 : 2;
    for (int p = 0; (s || f->is_float) && p < 2; p++)
        vm_ring_take(&l->ring[p], arena, 4, (size_t)w * size);
}

void vm_adm_flow_take(VmAdmFlow *f, VmArena *arena)
{
    const size_t variants = f->group->n * sizeof(VmAdmVariant), w0 = f->group->format.w;
    f->variants = vm_arena_take(arena, variants);
    if (f->variants) memset(f->variants, 0, variants);
    int w = (int)w0, h = (int)f->group->format.h;
    for (int s = 0; s <= VM_ADM_SCALES; s++, w = (w + 1) / 2, h = (h + 1) / 2) {
        take_level(f, arena, s, w, h);
        for (unsigned v = 0; s && v < f->group->n; v++)
            take_rows(f, f->variants ? &f->variants[v] : NULL, arena, s - 1, (size_t)w);
    }
    for (int k = 0; k < 2; k++) {
        f->tmp[k] = vm_row_take(arena, w0 * 4);
        for (int b = 0; b < 3; b++) f->band[k][b] = vm_row_take(arena, (w0 + 1) / 2 * 4);
    }
    f->pyramid.state = f;
    f->pyramid.sub = transform;
    f->pyramid.stat = masked;
}

void vm_adm_flow_run(VmAdmFlow *f)
{
    const VmKernels *k = f->group->kernels;
    const int w = (int)f->group->format.w, bpc = (int)f->group->format.bpc;
    const VmLevel *l = &f->pyramid.level[0];
    plan(f);
    for (int y = l->first; y < l->end; y++) {
        for (int p = 0; f->is_float && p < 2; p++)
            (bpc == 8 ? k->to_float_8 : k->to_float_16)(
                vm_ring_row(&l->ring[p], y),
                vm_picture_row(p ? &f->frame->dis : &f->frame->ref, 0, y), -128, bpc, w);
        vm_pyramid_push(&f->pyramid, 0);
    }
}

size_t vm_adm_words(const VmGroup *group)
{
    return group->n * VM_ADM_SCALES * sizeof(VmAdmSums) / sizeof(uint64_t);
}

int vm_adm_output(VmValue *out, const VmFormat *format, const float num[VM_ADM_SCALES],
                  const float den[VM_ADM_SCALES])
{
    double total_num = 0, total_den = 0;
    for (int s = 0; s < VM_ADM_SCALES; s++) {
        total_num += (double)num[s];
        total_den += (double)den[s];
        out[VM_ADM_SCALE0 + s].d = (double)num[s] / (double)den[s];
        out[VM_ADM_NUM_SCALE0 + 2 * s].d = (double)num[s];
        out[VM_ADM_NUM_SCALE0 + 2 * s + 1].d = (double)den[s];
    }
    const double area = (double)format->w * (double)format->h;
    const double limit = 1e-10 * area / (1920.0 * 1080.0);
    if (total_num < limit) total_num = 0;
    if (total_den < limit) total_den = 0;
    out[VM_ADM_NUM].d = total_num;
    out[VM_ADM_DEN].d = total_den;
    out[VM_ADM2].d = out[VM_ADM_DEBUG].d = total_den == 0 ? 1 : total_num / total_den;
    return total_den != 0;
}
