/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* ADM: wavelet, decoupling, contrast masking, for integers and floats. Bands stay within the bounds that
 * the wavelet proves. */
#include "check.h"

#include <math.h>

/* ---- wavelet ---- */

enum { DWT_8, DWT_16, DWT_1, DWT_2, DWT_3, DWT_FLOAT };

/* Greatest sample of the scale's bands; the low-pass band feeds the next scale. */
static const double band_limit[] = {22930, 2.104e9, 1.472e9, 2.06e9};
enum { FLOAT_LIMIT = 1000 };

typedef struct Dwt {
    CheckRows rows, tmp, dst[4];
    VmAdmSpan span;
    int which, bpc, details;
} Dwt;

static VmAdmDwt *dwt_of(const VmKernels *k, int which)
{
    switch (which) {
    case DWT_8: return k->adm_dwt_8;
    case DWT_16: return k->adm_dwt_16;
    case DWT_FLOAT: return k->adm_dwt_float;
    default: return k->adm_dwt[which - DWT_1 + 1];
    }
}

static void call_dwt(const VmKernels *k, int side, void *state)
{
    const Dwt *c = state;
    void *dst[4];
    for (int b = 0; b < 4; b++) dst[b] = c->dst[b].p[side][0];
    dwt_of(k, c->which)(dst, (void *const *)c->tmp.p[side], (const void *const *)c->rows.p[side],
                        &c->span, c->bpc, c->details);
}

static int border(int n)
{
    return n >= 5 ? (n - 5) / 10 : 0;
}

/* Details around the scored region; the low-pass band is asked for as a whole, as much as reaches
 * further than the details, or not at all. */
static void choose_span(VmAdmSpan *s, int w)
{
    const int n = (w + 1) / 2, x0 = border(n);
    s->w = w;
    s->d0 = VM_MAX(x0 - 1, 0);
    s->d1 = VM_MIN(n - x0 + 1, n);
    s->a0 = check_below(s->d0 + 1);
    s->a1 = s->d1 + check_below(n - s->d1 + 1);
    switch (check_below(3)) {
    case 0: s->a0 = 0, s->a1 = n; break;
    case 1: s->a0 = s->a1 = s->d0; break;
    default: break;
    }
}

static void dwt_source(Dwt *c)
{
    static const int64_t limit[] = {22930, 2104000000, 1472000000};
    const int w = c->span.w;
    if (c->which == DWT_FLOAT) check_floats(&c->rows, 4, w, -FLOAT_LIMIT, FLOAT_LIMIT);
    else if (c->which <= DWT_16) check_picture(&c->rows, 4, c->bpc, w);
    else {
        const int64_t m = limit[c->which - DWT_1];
        check_ints(&c->rows, 4, c->which == DWT_1 ? 2 : 4, w, -m, m);
    }
}

static void dwt_outputs(Dwt *c)
{
    const VmAdmSpan *s = &c->span;
    const int n = (s->w + 1) / 2;
    const size_t size = c->which <= DWT_16 ? 2 : 4;
    check_tmp(&c->tmp, 2, 4, s->w);
    check_output(&c->dst[0], 1, size, n, s->a0, s->a1);
    for (int b = 1; b < 4; b++)
        if (c->details) check_output(&c->dst[b], 1, size, n, s->d0, s->d1);
        else check_ints(&c->dst[b], 1, size, n, 0, 1); /* must be left alone */
}

static void dwt_at(int which, int bpc)
{
    Dwt c = {.which = which, .bpc = bpc};
    int w;
    if (which <= DWT_16) check_label("%d bit", bpc);
    for (check_sizes(2); (w = check_next_size());) {
        choose_span(&c.span, w);
        c.details = check_timing() || c.span.a0 == c.span.a1 || check_below(4);
        dwt_source(&c);
        dwt_outputs(&c);
        check_call(call_dwt, &c);
    }
}

static void run_dwt(int which)
{
    if (which != DWT_16) {
        dwt_at(which, 8);
        return;
    }
    for (int bpc = 10; bpc <= 16; bpc += bpc == 10 ? 2 : 4) dwt_at(which, bpc);
}

/* ---- constants of a scale ---- */

static int ceil_log2(unsigned n)
{
    int k = 0;
    while (((uint64_t)1 << k) < n) k++;
    return k;
}

/* Shifts follow from the size, as the specification has them. */
static void choose_shifts(VmAdmScale *c)
{
    const unsigned rows = (unsigned)(c->y1 - c->y0), columns = (unsigned)(c->x1 - c->x0);
    const int log_w = ceil_log2((unsigned)c->w);
    if (c->scale) {
        c->den_shift[0] = ceil_log2(columns);
        c->den_shift[1] = ceil_log2(rows);
    } else c->den_shift[0] = VM_MAX(0, ceil_log2(rows * columns) - 20);
    for (int b = 0; b < 3; b++) c->value_shift[b] = c->scale ? log_w : log_w - (b == 2 ? 3 : 4);
    c->row_shift = ceil_log2((unsigned)c->h);
}

/* The default view's weights; those of another; any, so that everything wraps that can wrap. */
static void choose_weights(VmAdmScale *c)
{
    static const uint32_t usual[2][4][2] = {
        {{36453, 49417}, {137373792, 61414028}, {186284160, 104783920}, {196165808, 134487184}},
        {{8833, 8254}, {63604172, 25134148}, {127311424, 62706524}, {203856320, 118429432}}};
    const int set = check_timing() ? 0 : check_below(4);
    for (int b = 0; b < 3; b++) {
        const uint32_t any = (uint32_t)check_random() >> check_below(8);
        c->weight[b] = set < 2 ? usual[set][c->scale][b == 2] : c->scale ? any : any & 0xffff;
        c->rfactor[b] =
            set < 2 ? 0.01f * (float)(1 + check_below(5)) : (float)check_below(27000) / 1000;
    }
}

static VmAdmScale choose_scale(int scale, int w)
{
    VmAdmScale c = {.scale = scale, .w = w, .h = 9 + check_below(3000), .p_norm = 3};
    c.x0 = border(c.w);
    c.x1 = c.w - c.x0;
    c.y0 = border(c.h);
    c.y1 = c.h - c.y0;
    if (!check_timing()) {
        if (check_below(4) == 0) c.p_norm = 1 + (float)check_below(80) / 16;
        c.bypass = check_below(4) == 0;
    }
    choose_shifts(&c);
    choose_weights(&c);
    return c;
}

/* ---- cases of all four steps ---- */

enum { STEP_0, STEP_123, STEP_FLOAT };

typedef struct Step {
    VmAdmScale c;
    int which, n_gain;
    CheckRows in, other, a, b, tmp;
    VmAdmSum sum[2][3];
} Step;

static const VmAdmOps *ops_of(const VmKernels *k, int which)
{
    return which == STEP_0 ? &k->adm_0 : which == STEP_123 ? &k->adm_123 : &k->adm_float;
}

static size_t band_size(const Step *s)
{
    return s->which == STEP_0 ? 2 : 4;
}

/* Three detail bands. */
static void band_rows(Step *s, CheckRows *rows)
{
    if (s->which == STEP_FLOAT) check_floats(rows, 3, s->c.w, -FLOAT_LIMIT, FLOAT_LIMIT);
    else {
        const int64_t m = (int64_t)band_limit[s->c.scale];
        check_ints(rows, 3, band_size(s), s->c.w, -m, m);
    }
}

/* Columns read, and of bands written. */
static int first_column(const Step *s)
{
    return VM_MAX(s->c.x0 - 1, 0);
}
static int end_column(const Step *s)
{
    return VM_MIN(s->c.x1 + 1, s->c.w);
}

/* Thresholds of rows around, as large as sums of three times three or six contributions can be. */
static void threshold_rows(Step *s, CheckRows *rows)
{
    if (s->which == STEP_FLOAT) check_floats(rows, 1, s->c.w, 0, 300);
    else if (s->which == STEP_0) check_ints(rows, 1, 4, s->c.w, -294912, 294912);
    else check_ints(rows, 1, 4, s->c.w, -27, check_below(2) ? 860000000 : 1000000);
}

static void compare_sums(const Step *s)
{
    static const char *const names[] = {"sum of h", "sum of v", "sum of d"};
    for (int b = 0; b < 3; b++)
        check_same(names[b], &s->sum[0][b], &s->sum[1][b], sizeof(s->sum[0][b]));
}

/* Bands are at least 9 wide at scale 0 and 2 wide at scale 3: pictures are at least 17 wide. */
static void run_step(int which, void (*rows)(Step *s), CheckCall *call)
{
    const int first = which == STEP_123, last = which == STEP_123 ? 3 : 0;
    for (int scale = first; scale <= last; scale++) {
        Step s = {.which = which};
        int w;
        if (which == STEP_123) check_label("scale %d", scale);
        for (check_sizes(scale ? 2 : 9); (w = check_next_size());) {
            s.c = choose_scale(scale, VM_MIN(w, CHECK_MAX_WIDTH / 2));
            memset(s.sum, 0, sizeof(s.sum));
            rows(&s);
            check_call(call, &s);
            compare_sums(&s);
        }
    }
}

/* ---- decoupling ---- */

static const double gains[] = {100, 1, 1.7, 1.2, 37};

static double get(const Step *s, const void *row, int j)
{
    if (s->which == STEP_0) return ((const int16_t *)row)[j];
    return s->which == STEP_123 ? ((const int32_t *)row)[j] : (double)((const float *)row)[j];
}

static void set(const Step *s, void *row, int j, double x)
{
    const double m = s->which == STEP_FLOAT ? FLOAT_LIMIT : band_limit[s->c.scale];
    const double v = VM_MAX(-m, VM_MIN(m, x));
    if (s->which == STEP_0) ((int16_t *)row)[j] = (int16_t)v;
    else if (s->which == STEP_123) ((int32_t *)row)[j] = (int32_t)v;
    else ((float *)row)[j] = (float)v;
}

/* The distorted bands of a column: the reference's times a factor, turned by about as much as the angle
 * test allows, or not at all. */
static void relate(Step *s, int j)
{
    const double degree = 3.14159265358979323846 / 180;
    const double factor = check_below(3) ? check_below(3000) / 1000.0 : 1;
    const double angle = check_below(3) ? degree * (check_below(400) - 200) / 100 : 0;
    const double limit = check_below(2) ? angle : (check_below(2) ? degree : -degree);
    void **o = s->in.p[0], **t = s->other.p[0];
    const double h = get(s, o[0], j), v = get(s, o[1], j), d = get(s, o[2], j);
    set(s, t[0], j, factor * (h * cos(limit) - v * sin(limit)));
    set(s, t[1], j, factor * (h * sin(limit) + v * cos(limit)));
    set(s, t[2], j, factor * d + (double)(check_below(3) - 1));
}

static void decouple_rows(Step *s)
{
    band_rows(s, &s->in);
    band_rows(s, &s->other);
    for (int j = 0; j < s->c.w; j++)
        if (check_below(4)) relate(s, j);
    s->n_gain = check_timing() ? 1 : (int)VM_COUNT(gains);
    check_output(&s->a, 3 * s->n_gain, band_size(s), s->c.w, first_column(s), end_column(s));
    check_output(&s->b, 3 * s->n_gain, band_size(s), s->c.w, first_column(s), end_column(s));
}

static void call_decouple(const VmKernels *k, int side, void *state)
{
    const Step *s = state;
    VmAdmSplit out[VM_COUNT(gains)];
    for (int i = 0; i < s->n_gain; i++) {
        out[i].gain = gains[i];
        memcpy(out[i].r, &s->a.p[side][3 * i], sizeof(out[i].r));
        memcpy(out[i].a, &s->b.p[side][3 * i], sizeof(out[i].a));
    }
    ops_of(k, s->which)
        ->decouple(out, s->n_gain, (const void *const *)s->in.p[side],
                   (const void *const *)s->other.p[side], &s->c);
}

static void run_decouple(int which)
{
    run_step(which, decouple_rows, call_decouple);
}

/* ---- denominator ---- */

static void den_rows(Step *s)
{
    band_rows(s, &s->in);
}

static void call_den(const VmKernels *k, int side, void *state)
{
    Step *s = state;
    ops_of(k, s->which)->den(s->sum[side], (const void *const *)s->in.p[side], &s->c);
}

static void run_den(int which)
{
    run_step(which, den_rows, call_den);
}

/* ---- masking ---- */

static void csf_rows(Step *s)
{
    band_rows(s, &s->in);
    check_output(&s->a, 2, 4, s->c.w, s->c.x0, s->c.x1);
    check_tmp(&s->tmp, 1, 4, s->c.w);
}

static void call_csf(const VmKernels *k, int side, void *state)
{
    const Step *s = state;
    ops_of(k, s->which)
        ->csf(s->a.p[side][0], s->a.p[side][1], s->tmp.p[side][0],
              (const void *const *)s->in.p[side], &s->c);
}

static void run_csf(int which)
{
    run_step(which, csf_rows, call_csf);
}

static void mask_rows(Step *s)
{
    band_rows(s, &s->in);
    threshold_rows(s, &s->a);
    threshold_rows(s, &s->b);
    threshold_rows(s, &s->other);
}

static void call_mask(const VmKernels *k, int side, void *state)
{
    Step *s = state;
    ops_of(k, s->which)
        ->mask(s->sum[side], (const void *const *)s->in.p[side], s->a.p[side][0], s->b.p[side][0],
               s->other.p[side][0], &s->c);
}

static void run_mask(int which)
{
    run_step(which, mask_rows, call_mask);
}

#define DWT_TEST(name, slot, which)                                                                \
    {                                                                                              \
        "adm_dwt_" name, CHECK_SLOT(slot), run_dwt, which                                          \
    }
#define STEP_TEST(step, name, ops, which)                                                          \
    {                                                                                              \
        "adm_" #step "_" name, CHECK_SLOT(ops.step), run_##step, which                             \
    }

const CheckTest check_adm[] = {
    DWT_TEST("8", adm_dwt_8, DWT_8),
    DWT_TEST("16", adm_dwt_16, DWT_16),
    DWT_TEST("1", adm_dwt[1], DWT_1),
    DWT_TEST("2", adm_dwt[2], DWT_2),
    DWT_TEST("3", adm_dwt[3], DWT_3),
    DWT_TEST("float", adm_dwt_float, DWT_FLOAT),
    STEP_TEST(decouple, "0", adm_0, STEP_0),
    STEP_TEST(den, "0", adm_0, STEP_0),
    STEP_TEST(csf, "0", adm_0, STEP_0),
    STEP_TEST(mask, "0", adm_0, STEP_0),
    STEP_TEST(decouple, "123", adm_123, STEP_123),
    STEP_TEST(den, "123", adm_123, STEP_123),
    STEP_TEST(csf, "123", adm_123, STEP_123),
    STEP_TEST(mask, "123", adm_123, STEP_123),
    STEP_TEST(decouple, "float", adm_float, STEP_FLOAT),
    STEP_TEST(den, "float", adm_float, STEP_FLOAT),
    STEP_TEST(csf, "float", adm_float, STEP_FLOAT),
    STEP_TEST(mask, "float", adm_float, STEP_FLOAT),
    {0},
};
