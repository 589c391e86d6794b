/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SSIM and MS-SSIM. */
#include "check.h"

/* ---- decimation ---- */

typedef struct Box {
    CheckRows rows, dst;
    int f, w, n;
} Box;

static void call_box(const VmKernels *k, int side, void *state)
{
    const Box *c = state;
    k->ssim_box(c->dst.p[side][0], (const float *const *)c->rows.p[side], c->f, c->w, c->n);
}

static void run_box(int which)
{
    static const int factors[] = {2, 3, 4, 5, 8, 10};
    (void)which;
    for (size_t i = 0; i < VM_COUNT(factors); i++) {
        Box c = {.f = factors[i]};
        check_label("factor %d", c.f);
        for (check_sizes(c.f); (c.w = check_next_size());) {
            c.n = c.w / c.f + c.w % 2; /* as the feature defines it */
            check_floats(&c.rows, c.f, c.w, 0, 255.996);
            check_output(&c.dst, 1, 4, c.n, 0, c.n);
            check_call(call_box, &c);
        }
    }
}

typedef struct Half {
    CheckRows rows, dst;
    int w;
} Half;

static void call_half(const VmKernels *k, int side, void *state)
{
    const Half *c = state;
    k->ms_ssim_half(c->dst.p[side][0], (const float *const *)c->rows.p[side], c->w);
}

static void run_half(int which)
{
    Half c;
    (void)which;
    for (check_sizes(16); (c.w = check_next_size());) { /* the feature's smallest is 22 */
        check_floats(&c.rows, VM_MS_TAPS, c.w, 0, 255.996);
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
        check_floats(&c.in, 2, c.w, 0, 255.996);
        check_output(&c.out, VM_SSIM_MAPS, 4, c.w, 0, c.w - VM_SSIM_TAPS + 1);
        check_call(call_horz, &c);
    }
}

/* ---- comparison ---- */

typedef struct Vert {
    CheckRows x, d, rows; /* rows: 11 of each map */
    int n;
    VmSsimSums sums[2];
} Vert;

static void call_vert(const VmKernels *k, int side, void *state)
{
    Vert *c = state;
    const float *rows[VM_SSIM_MAPS][VM_SSIM_TAPS];
    for (int m = 0; m < VM_SSIM_MAPS; m++)
        for (int i = 0; i < VM_SSIM_TAPS; i++) rows[m][i] = c->rows.p[side][m * VM_SSIM_TAPS + i];
    k->ssim_vert(&c->sums[side], rows, c->n);
}

/* Moments that belong together come from the definition of the windows. The last samples have no whole
 * window; they get the values of the first one. */
static void fill_moments(Vert *c)
{
    const VmKernels *scalar = vm_kernels_get(VM_CPU_SCALAR);
    for (int i = 0; i < VM_SSIM_TAPS; i++) {
        float *maps[VM_SSIM_MAPS];
        for (int m = 0; m < VM_SSIM_MAPS; m++) maps[m] = c->rows.p[0][m * VM_SSIM_TAPS + i];
        scalar->ssim_horz(maps, c->x.p[0][i], c->d.p[0][i], c->n);
        for (int m = 0; m < VM_SSIM_MAPS; m++)
            for (int j = c->n - VM_SSIM_TAPS + 1; j < c->n; j++) maps[m][j] = maps[m][0];
    }
}

static void compare_sums(const Vert *c)
{
    const VmSsimSums *a = &c->sums[0], *b = &c->sums[1];
    check_same("sum of l*c*s", &a->ssim, &b->ssim, sizeof(a->ssim));
    check_same("sum of l", &a->l, &b->l, sizeof(a->l));
    check_same("sum of c", &a->c, &b->c, sizeof(a->c));
    check_same("sum of s", &a->s, &b->s, sizeof(a->s));
}

static void run_vert(int which)
{
    Vert c;
    (void)which;
    for (check_sizes(1); (c.n = check_next_size());) {
        check_floats(&c.x, VM_SSIM_TAPS, VM_MAX(c.n, VM_SSIM_TAPS), 0, 255.996);
        check_floats(&c.d, VM_SSIM_TAPS, VM_MAX(c.n, VM_SSIM_TAPS), 0, 255.996);
        check_work(&c.rows, VM_SSIM_MAPS * VM_SSIM_TAPS, 4, c.n);
        fill_moments(&c);
        memset(c.sums, 0, sizeof(c.sums));
        check_call(call_vert, &c);
        compare_sums(&c);
    }
}

const CheckTest check_ssim[] = {
    {"ssim_box", CHECK_SLOT(ssim_box), run_box, 0},
    {"ssim_horz", CHECK_SLOT(ssim_horz), run_horz, 0},
    {"ssim_vert", CHECK_SLOT(ssim_vert), run_vert, 0},
    {"ms_ssim_half", CHECK_SLOT(ms_ssim_half), run_half, 0},
    {0},
};
