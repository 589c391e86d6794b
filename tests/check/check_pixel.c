/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What reads picture rows directly: motion, squared differences, conversion to float. */
#include "check.h"

typedef struct Pixel {
    CheckRows a, b, out;
    int is_8, bpc, w;
    float offset;
    uint64_t sum[2];
} Pixel;

static const int depths[2][3] = {{8}, {10, 12, 16}};

static void call_motion(const VmKernels *k, int side, void *state)
{
    Pixel *c = state;
    c->sum[side] = (c->is_8 ? k->motion_sad_8 : k->motion_sad_16)((const void *const *)c->a.p[side],
                                                                  c->out.p[side][0], c->bpc, c->w);
}

static void call_sse(const VmKernels *k, int side, void *state)
{
    Pixel *c = state;
    c->sum[side] = (c->is_8 ? k->sse_8 : k->sse_16)(c->a.p[side][0], c->b.p[side][0], c->w);
}

static void call_to_float(const VmKernels *k, int side, void *state)
{
    const Pixel *c = state;
    (c->is_8 ? k->to_float_8 : k->to_float_16)(c->out.p[side][0], c->a.p[side][0], c->offset,
                                               c->bpc, c->w);
}

static void call_half(const VmKernels *k, int side, void *state)
{
    const Pixel *c = state;
    (c->is_8 ? k->half_8 : k->half_16)(c->out.p[side][0], c->a.p[side][0], c->b.p[side][0],
                                       c->w / 2);
}

static void call_diff(const VmKernels *k, int side, void *state)
{
    const Pixel *c = state;
    (c->is_8 ? k->motion_diff_8 : k->motion_diff_16)(c->out.p[side][0], c->a.p[side][0],
                                                     c->b.p[side][0], c->w);
}

static void motion_rows(Pixel *c)
{
    const int64_t most = ((int64_t)1 << c->bpc) - 1;
    check_ints(&c->a, 5, c->is_8 ? 2 : 4, c->w, -most, most);
    check_tmp(&c->out, 1, 4, c->w);
}

static void diff_rows(Pixel *c)
{
    check_picture(&c->a, 1, c->bpc, c->w);
    check_picture(&c->b, 1, c->bpc, c->w);
    check_output(&c->out, 1, c->is_8 ? 2 : 4, c->w, 0, c->w);
}

static void half_rows(Pixel *c)
{
    c->w += c->w % 2;
    check_picture(&c->a, 1, c->bpc, c->w);
    check_picture(&c->b, 1, c->bpc, c->w);
    check_output(&c->out, 1, c->is_8 ? 1 : 2, c->w / 2, 0, c->w / 2);
}

static void sse_rows(Pixel *c)
{
    check_picture(&c->a, 1, c->bpc, c->w);
    check_picture(&c->b, 1, c->bpc, c->w);
}

static void to_float_rows(Pixel *c)
{
    check_picture(&c->a, 1, c->bpc, c->w);
    check_output(&c->out, 1, 4, c->w, 0, c->w);
    c->offset = check_below(2) ? -128 : 0;
}

/* The cases of a kernel for 8 or 16 bits, of whatever sort. */
static void run(int bits, void (*rows)(Pixel *c), CheckCall *call)
{
    for (int i = 0; i < (bits == 8 ? 1 : 3); i++) {
        Pixel c = {.is_8 = bits == 8, .bpc = depths[bits != 8][i]};
        check_label("%d bit", c.bpc);
        for (check_sizes(1); (c.w = check_next_size());) {
            rows(&c);
            check_call(call, &c);
            check_same("sum", &c.sum[0], &c.sum[1], sizeof(c.sum[0]));
        }
    }
}

static void run_diff(int bits)
{
    run(bits, diff_rows, call_diff);
}
static void run_motion(int bits)
{
    run(bits, motion_rows, call_motion);
}
static void run_sse(int bits)
{
    run(bits, sse_rows, call_sse);
}
static void run_half(int bits)
{
    run(bits, half_rows, call_half);
}
static void run_to_float(int bits)
{
    run(bits, to_float_rows, call_to_float);
}

const CheckTest check_pixel[] = {
    {"motion_diff_8", CHECK_SLOT(motion_diff_8), run_diff, 8},
    {"motion_diff_16", CHECK_SLOT(motion_diff_16), run_diff, 16},
    {"motion_sad_8", CHECK_SLOT(motion_sad_8), run_motion, 8},
    {"motion_sad_16", CHECK_SLOT(motion_sad_16), run_motion, 16},
    {"sse_8", CHECK_SLOT(sse_8), run_sse, 8},
    {"sse_16", CHECK_SLOT(sse_16), run_sse, 16},
    {"half_8", CHECK_SLOT(half_8), run_half, 8},
    {"half_16", CHECK_SLOT(half_16), run_half, 16},
    {"to_float_8", CHECK_SLOT(to_float_8), run_to_float, 8},
    {"to_float_16", CHECK_SLOT(to_float_16), run_to_float, 16},
    {0},
};
