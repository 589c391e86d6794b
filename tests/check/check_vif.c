/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Integer VIF. */
#include "check.h"

#include <math.h>

static const int deep[] = {10, 12, 16};

/* ---- pair rows ---- */

typedef struct Pair {
    CheckRows rows, dst;
    int is_8, bpc, w;
} Pair;

static void call_pair(const VmKernels *k, int side, void *state)
{
    const Pair *c = state;
    void *const *row = c->rows.p[side];
    (c->is_8 ? k->vif_pair_8 : k->vif_pair_16)(c->dst.p[side][0], row[0], row[1], c->bpc, c->w);
}

/* Rows of scale 0 are the picture's, whose padding is smaller. */
static void pair_at(int bpc, int in_scratch)
{
    Pair c = {.is_8 = bpc == 8, .bpc = bpc};
    check_label("%d bit%s", bpc, in_scratch ? ", in scratch" : "");
    for (check_sizes(1); (c.w = check_next_size());) {
        if (in_scratch) check_ints(&c.rows, 2, 2, c.w, 0, 65535);
        else check_picture(&c.rows, 2, bpc, c.w);
        check_output(&c.dst, 1, 2, 2 * c.w, 0, 2 * c.w);
        check_call(call_pair, &c);
    }
}

static void run_pair(int bits)
{
    if (bits == 8) {
        pair_at(8, 0);
        return;
    }
    for (size_t i = 0; i < VM_COUNT(deep); i++) pair_at(deep[i], 0);
    pair_at(16, 1);
}

/* The pairs that a filter wants around a row, of samples of bpc bits: neighbours share rows. */
static void take_pairs(CheckRows *pairs, int filter, int odd, int bpc, int w)
{
    const VmVifColumns *columns = &vm_vif_columns[filter];
    const int up = bpc == 8 ? 0 : 16 - bpc, bias = bpc == 8 ? 128 : 32768;
    CheckRows samples;
    check_ints(&samples, vm_vif_taps[filter], 2, w, 0, (1 << bpc) - 1);
    check_input(pairs, columns->n, 2, 2 * w);
    for (int k = 0; k < columns->n; k++) {
        int16_t *row = pairs->p[0][k];
        const uint16_t *a = samples.p[0][columns->pair[k].a + vm_vif_taps[filter] / 2];
        const uint16_t *b = samples.p[0][columns->pair[k].b + vm_vif_taps[filter] / 2];
        for (int j = 0; j < w; j++) {
            row[2 * j + odd] = (int16_t)((a[j] << up) - bias);
            row[2 * j + 1 - odd] = (int16_t)((b[j] << up) - bias);
        }
    }
}

/* ---- statistics ---- */

typedef struct Stat {
    CheckRows ref, dis, tmp, s;
    int is_8, scale, odd, w;
} Stat;

static VmVifRows vif_rows(const CheckRows *tmp, const CheckRows *s, int side)
{
    VmVifRows t = {.s1 = s->p[side][0], .s2 = s->p[side][1], .s12 = s->p[side][2]};
    for (int i = 0; i < VM_VIF_TMP; i++) t.tmp[i] = tmp->p[side][i];
    return t;
}

static void call_stat(const VmKernels *k, int side, void *state)
{
    const Stat *c = state;
    VmVifRows t = vif_rows(&c->tmp, &c->s, side);
    (c->is_8 ? k->vif_stat_8 : k->vif_stat_16)(&t, (const int16_t *const *)c->ref.p[side],
                                               (const int16_t *const *)c->dis.p[side], c->scale,
                                               c->odd, c->w);
}

static void stat_at(int scale, int bpc)
{
    Stat c = {.is_8 = bpc == 8, .scale = scale};
    check_label("scale %d, %d bit", scale, bpc);
    for (check_sizes(1); (c.w = check_next_size());) {
        c.odd = check_below(2);
        take_pairs(&c.ref, scale, c.odd, bpc, c.w);
        take_pairs(&c.dis, scale, c.odd, bpc, c.w);
        check_tmp(&c.tmp, VM_VIF_TMP, 4, c.w);
        check_output(&c.s, 3, 4, c.w, 0, c.w);
        check_call(call_stat, &c);
    }
}

static void run_stat(int bits)
{
    if (bits == 8) {
        stat_at(0, 8);
        return;
    }
    for (size_t i = 0; i < VM_COUNT(deep); i++) stat_at(0, deep[i]);
    for (int scale = 1; scale < VM_VIF_SCALES; scale++) stat_at(scale, 16);
}

/* ---- next scale ---- */

typedef struct Sub {
    CheckRows rows, tmp, dst;
    int next, bits, w;
} Sub;

static void call_sub(const VmKernels *k, int side, void *state)
{
    const Sub *c = state;
    k->vif_sub(c->dst.p[side][0], c->tmp.p[side][0], (const int16_t *const *)c->rows.p[side],
               c->next, c->bits, c->w);
}

static void sub_at(int next, int bpc)
{
    Sub c = {.next = next, .bits = bpc == 8 ? 8 : 16};
    check_label("scale %d, %d bit", next, bpc);
    for (check_sizes(2); (c.w = check_next_size());) {
        take_pairs(&c.rows, next, 0, bpc, c.w);
        check_tmp(&c.tmp, 1, 2, c.w);
        check_output(&c.dst, 1, 2, c.w / 2, 0, c.w / 2);
        check_call(call_sub, &c);
    }
}

static void run_sub(int which)
{
    (void)which;
    sub_at(1, 8);
    sub_at(1, 10);
    for (int next = 1; next < VM_VIF_SCALES; next++) sub_at(next, 16);
}

/* ---- what survives ---- */

enum { NOISE = 131072 };

typedef struct Residual {
    CheckRows tmp, s;
    double gain[VM_MAX_GAINS];
    int n_gain, w;
    VmVifSums sums[2];
} Residual;

static void call_residual(const VmKernels *k, int side, void *state)
{
    Residual *c = state;
    const VmVifRows t = vif_rows(&c->tmp, &c->s, side);
    k->vif_residual(&c->sums[side], &t, c->gain, c->n_gain, c->w);
}

/* Variances up to the largest of 8-bit samples, of any magnitude, and a covariance between their
 * negative and their positive mean, ends included. */
static void fill_variances(Residual *c)
{
    const double largest = 127.5 * 127.5 * 65536;
    const int magnitudes = check_timing() ? 10 : 24; /* few samples are flat, or half of them */
    int32_t *s1 = c->s.p[0][0], *s2 = c->s.p[0][1], *s12 = c->s.p[0][2];
    for (int j = 0; j < c->w; j++) {
        const double x =
            largest / (double)(1 << check_below(magnitudes)) * (1 + check_below(1000)) / 1000;
        const double y = check_below(2) ? x * check_below(2000) / 1000
                                        : largest / (double)(1 << check_below(31));
        const double r =
            check_below(3) ? 1 - check_below(1000) / 4000.0 : check_below(2001) / 1000.0 - 1;
        s1[j] = (int32_t)x - (x < 100 ? 100 : 0); /* rounding makes some negative */
        s2[j] = (int32_t)VM_MIN(y, largest);
        s12[j] = (int32_t)(r * sqrt(VM_MAX(x, 0) * (double)s2[j]));
    }
}

static void choose_gains(Residual *c)
{
    static const double limits[] = {100, 1, 1.7, 1.2, 50};
    c->n_gain = check_timing() ? 1 : 1 + check_below(5);
    for (int i = 0; i < c->n_gain; i++)
        c->gain[i] = limits[check_timing() ? 0 : (size_t)check_below(VM_COUNT(limits))];
}

static void compare_sums(const Residual *c)
{
    const VmVifSums *a = &c->sums[0], *b = &c->sums[1];
    check_same("den_log", &a->den_log, &b->den_log, sizeof(a->den_log));
    check_same("den_nl", &a->den_nl, &b->den_nl, sizeof(a->den_nl));
    check_same("num_nl", &a->num_nl, &b->num_nl, sizeof(a->num_nl));
    check_same("num_log", a->num_log, b->num_log, (size_t)c->n_gain * sizeof(a->num_log[0]));
}

static void take_residual(Residual *c)
{
    check_tmp(&c->tmp, VM_VIF_TMP, 4, c->w);
    check_work(&c->s, 3, 4, c->w);
    memset(c->sums, 0, sizeof(c->sums));
}

/* All columns have the same value, so that errors add up. s1 = s2 = s12 makes the signal s1, or one less
 * after rounding, and both logarithms see the same leading 16 bits. */
static void residual_of_value(Residual *c, int64_t value)
{
    int32_t *s[3] = {c->s.p[0][0], c->s.p[0][1], c->s.p[0][2]};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < c->w; j++) s[i][j] = (int32_t)(value - NOISE);
    check_label("s1 = s2 = s12 = %d", (int)(value - NOISE));
    check_call(call_residual, c);
    compare_sums(c);
}

/* Every entry of the logarithm's table; the bits below it take turns, or are all zeros, all ones and
 * what makes the signal end in zeros. */
static void check_every_mantissa(int exponent)
{
    Residual c = {.n_gain = 1, .gain = {100}};
    check_sizes(3);
    c.w = check_next_size();
    take_residual(&c);
    for (int64_t m = 32768; m < 65536; m++) {
        const int64_t least = m << exponent, n = (int64_t)1 << exponent;
        if (check_quick()) {
            residual_of_value(&c, least + m % n);
            continue;
        }
        residual_of_value(&c, least);
        residual_of_value(&c, least + 1);
        residual_of_value(&c, least + n - 1);
    }
}

static void run_residual(int which)
{
    (void)which;
    Residual c;
    for (check_sizes(1); (c.w = check_next_size());) {
        take_residual(&c);
        fill_variances(&c);
        choose_gains(&c);
        check_call(call_residual, &c);
        compare_sums(&c);
    }
    /* exponent 3: values from 2 NOISE on; 15: up to 2^31 - 1 */
    for (int e = 3; e < 16 && !check_timing(); e++)
        if (!check_quick() || e % 6 == 3) check_every_mantissa(e);
}

const CheckTest check_vif[] = {
    {"vif_stat_8", CHECK_SLOT(vif_stat_8), run_stat, 8},
    {"vif_stat_16", CHECK_SLOT(vif_stat_16), run_stat, 16},
    {"vif_pair_8", CHECK_SLOT(vif_pair_8), run_pair, 8},
    {"vif_pair_16", CHECK_SLOT(vif_pair_16), run_pair, 16},
    {"vif_sub", CHECK_SLOT(vif_sub), run_sub, 0},
    {"vif_residual", CHECK_SLOT(vif_residual), run_residual, 0},
    {0},
};
