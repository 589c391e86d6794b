/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SSIM and MS-SSIM. */
#include "check.h"

/* ---- decimation ---- */

typedef struct Box {
    CheckRows rows, tmp, dst;
    int is_8, bpc, f, w, n;
} Box;

static void call_box(const VmKernels *k, int side, void *state)
{
    const Box *c = state;
    (c->is_8 ? k->ssim_box_8 : k->ssim_box_16)(c->dst.p[side][0], c->tmp.p[side][0],
                                               (const void *const *)c->rows.p[side], c->f, c->bpc,
                                               c->w, c->n);
}

static void run_box(int bits)
{
    static const int factors[] = {4, 2, 3, 5, 7, 8, 10, 16, 45};
    for (size_t i = 0; i < VM_COUNT(factors); i++) {
        Box c = {.f = factors[i], .is_8 = bits == 8, .bpc = bits};
        check_label("factor %d", c.f);
        for (check_sizes(c.f); (c.w = check_next_size());) {
            c.n = c.w / c.f + c.w % 2; /* as the feature defines it */
            if (!c.is_8) c.bpc = 9 + check_below(8);
            check_picture(&c.rows, c.f, c.bpc, c.w);
            check_tmp(&c.tmp, 1, sizeof(double), c.w + 2 * c.f);
            check_output(&c.dst, 1, 4, c.n, 0, c.n);
            check_call(call_box, &c);
        }
    }
}

/* Few samples are negative, none of a picture itself. */
static double least_sample(void)
{
    static const double least[] = {0, 0, -1, -255.996};
    return check_timing() ? 0 : least[check_below(VM_COUNT(least))];
}

typedef struct Half {
    CheckRows rows, tmp, dst;
    int w;
} Half;

static void call_half(const VmKernels *k, int side, void *state)
{
    const Half *c = state;
    k->ms_ssim_half(c->dst.p[side][0], (double *const *)c->tmp.p[side],
                    (const float *const *)c->rows.p[side], c->w);
}

/* The edges are part of the rows: those begin at the fifth of these columns. */
static void half_rows(Half *c)
{
    check_floats(&c->rows, VM_MS_TAPS, c->w + 8, least_sample(), 255.996);
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < VM_MS_TAPS; k++) c->rows.p[side][k] = (float *)c->rows.p[side][k] + 4;
}

static void run_half(int which)
{
    Half c;
    (void)which;
    for (check_sizes(16); (c.w = check_next_size());) { /* the feature's smallest is 22 */
        half_rows(&c);
        check_tmp(&c.tmp, VM_MS_TMP, sizeof(double), (c.w + 1) / 2);
        check_output(&c.dst, 1, 4, (c.w + 1) / 2, 0, (c.w + 1) / 2);
        check_call(call_half, &c);
    }
}

/* ---- windows ---- */

typedef struct Horz {
    CheckRows in, out;
    int w;
} Horz;

static void call_horz(const VmKernels *k, int side, void *state)
{
    const Horz *c = state;
    k->ssim_horz((float *const *)c->out.p[side], c->in.p[side][0], c->in.p[side][1], c->w);
}

static void run_horz(int which)
{
    Horz c;
    (void)which;
    for (check_sizes(VM_SSIM_TAPS); (c.w = check_next_size());) {
        check_floats(&c.in, 2, c.w, least_sample(), 255.996);
        check_output(&c.out, VM_SSIM_MAPS, 4, c.w, 0, c.w - VM_SSIM_TAPS + 1);
        check_call(call_horz, &c);
    }
}

/* ---- comparison ---- */

typedef struct Vert {
    CheckRows x, d, rows[VM_SSIM_MAPS];
    int n_rows, luma, n;
    VmSsimSums sums[2][VM_SSIM_ROWS];
} Vert;

static void call_vert(const VmKernels *k, int side, void *state)
{
    Vert *c = state;
    const float *rows[VM_SSIM_MAPS][VM_SSIM_IN];
    for (int m = 0; m < VM_SSIM_MAPS; m++)
        for (int i = 0; i < VM_SSIM_IN; i++) rows[m][i] = c->rows[m].p[side][i];
    k->ssim_vert(c->sums[side], rows, c->n_rows, c->luma, c->n);
}

/* Moments that belong together come from the definition of the windows. */
static void fill_moments(Vert *c)
{
    const VmKernels *scalar = vm_kernels_get(VM_CPU_SCALAR);
    for (int i = 0; i < VM_SSIM_IN; i++) {
        float *maps[VM_SSIM_MAPS];
        for (int m = 0; m < VM_SSIM_MAPS; m++) maps[m] = c->rows[m].p[0][i];
        scalar->ssim_horz(maps, c->x.p[0][i], c->d.p[0][i], c->n + VM_SSIM_TAPS - 1);
    }
}

static void compare_sums(const Vert *c)
{
    for (int y = 0; y < c->n_rows; y++) {
        const VmSsimSums *a = &c->sums[0][y], *b = &c->sums[1][y];
        check_same("sum of l*c*s", &a->ssim, &b->ssim, sizeof(a->ssim));
        check_same("sum of l", &a->l, &b->l, sizeof(a->l));
        check_same("sum of c", &a->c, &b->c, sizeof(a->c));
        check_same("sum of s", &a->s, &b->s, sizeof(a->s));
    }
}

static void run_vert(int which)
{
    Vert c;
    (void)which;
    for (check_sizes(1); (c.n = check_next_size());) {
        const int w = c.n + VM_SSIM_TAPS - 1;
        const double least = least_sample();
        c.n_rows = check_timing() ? 1 : 1 + check_below(VM_SSIM_ROWS);
        c.luma = check_timing() ? 1 : check_below(2);
        check_floats(&c.x, VM_SSIM_IN, w, least, 255.996);
        check_floats(&c.d, VM_SSIM_IN, w, least, 255.996);
        for (int m = 0; m < VM_SSIM_MAPS; m++) check_work(&c.rows[m], VM_SSIM_IN, 4, w);
        fill_moments(&c);
        check_call(call_vert, &c);
        compare_sums(&c);
    }
}

const CheckTest check_ssim[] = {
    {"ssim_box_8", CHECK_SLOT(ssim_box_8), run_box, 8},
    {"ssim_box_16", CHECK_SLOT(ssim_box_16), run_box, 16},
    {"ssim_horz", CHECK_SLOT(ssim_horz), run_horz, 0},
    {"ssim_vert", CHECK_SLOT(ssim_vert), run_vert, 0},
    {"ms_ssim_half", CHECK_SLOT(ms_ssim_half), run_half, 0},
    {0},
};
