/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Float VIF, and the filter that float motion shares with it. */
#include "check.h"

#include <math.h>

typedef struct Fvif {
    CheckRows ref, dis, tmp, dst;
    float taps[VM_FVIF_MAX_TAPS];
    int n, step, w;
    double gain, nsq;
    VmFvifSums sums[2];
} Fvif;

/* A bell of n taps; the feature's differ, which does not matter to a kernel. */
static void choose_taps(Fvif *c)
{
    float sum = 0;
    for (int k = 0; k < c->n; k++) {
        const float x = (float)(k - c->n / 2) * 2.5f / (float)c->n;
        c->taps[k] = expf(-2 * x * x);
        sum += c->taps[k];
    }
    for (int k = 0; k < c->n; k++) c->taps[k] /= sum;
}

static void call_stat(const VmKernels *k, int side, void *state)
{
    Fvif *c = state;
    VmFvifRows t;
    for (int i = 0; i < 5; i++) t.v[i] = c->tmp.p[side][i];
    k->fvif_stat(&c->sums[side], &t, (const float *const *)c->ref.p[side],
                 (const float *const *)c->dis.p[side], c->taps, c->n, c->gain, c->nsq, c->w);
}

static void call_sub(const VmKernels *k, int side, void *state)
{
    const Fvif *c = state;
    k->fvif_sub(c->dst.p[side][0], c->tmp.p[side][0], (const float *const *)c->ref.p[side], c->taps,
                c->n, c->step, c->w);
}

/* Lengths for kernelscale 1, then some of the others; the long ones cost too much for a short run. */
static const int lengths[] = {17, 9, 5, 3, 7, 25, 69};

static int n_lengths(void)
{
    return check_quick() ? 5 : (int)VM_COUNT(lengths);
}

static void run_stat(int which)
{
    static const double gains[] = {100, 1, 1.7}, noises[] = {2, 2, 0.5, 5, 0};
    (void)which;
    for (int i = 0; i < n_lengths(); i++) {
        Fvif c = {.n = lengths[i], .gain = 100, .nsq = 2};
        choose_taps(&c);
        check_label("%d taps", c.n);
        for (check_sizes(1); (c.w = check_next_size());) {
            check_floats(&c.ref, c.n, c.w, -128, 127.996);
            check_floats(&c.dis, c.n, c.w, -128, 127.996);
            check_tmp(&c.tmp, 5, 4, c.w);
            if (!check_timing()) {
                c.gain = gains[check_below(VM_COUNT(gains))];
                c.nsq = noises[check_below(VM_COUNT(noises))];
            }
            check_call(call_stat, &c);
            check_same("num", &c.sums[0].num, &c.sums[1].num, sizeof(float));
            check_same("den", &c.sums[0].den, &c.sums[1].den, sizeof(float));
        }
    }
}

static void sub_at(int n, int step)
{
    Fvif c = {.n = n, .step = step};
    choose_taps(&c);
    check_label("%d taps, step %d", n, step);
    for (check_sizes(step); (c.w = check_next_size());) {
        check_floats(&c.ref, n, c.w, -128, 127.996);
        check_tmp(&c.tmp, 1, 4, c.w);
        check_output(&c.dst, 1, 4, c.w / step, 0, c.w / step);
        check_call(call_sub, &c);
    }
}

static void run_sub(int which)
{
    (void)which;
    sub_at(1, 1);
    for (int i = 2; i < 4; i++) sub_at(lengths[i], 1);
    for (int i = 1; i < n_lengths() && lengths[i] <= 35; i++) sub_at(lengths[i], 2);
    if (!check_quick()) sub_at(35, 2);
}

const CheckTest check_float[] = {
    {"fvif_stat", CHECK_SLOT(fvif_stat), run_stat, 0},
    {"fvif_sub", CHECK_SLOT(fvif_sub), run_sub, 0},
    {0},
};
