/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What this machine can issue: for each class of instructions and width of vectors, how many it
 * executes per cycle when none waits for another. A cycle is the time of one addition in a chain of
 * dependent ones. Prints "clock GHZ", "tsc GHZ" (of the time
 * stamp counter) and lines "CLASS BYTES PER_CYCLE". */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)

typedef void Loop(long rounds);

/* A loop of 15 copies with different destinations; register 0 is an operand of all. */
#define EACH(op)                                                                                   \
    op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
/* Dirty upper halves would slow down the 16-byte forms that run later. */
#define CLEAR_16
#define CLEAR_32   "vzeroupper\n"
#define CLEAR_64   "vzeroupper\n"
#define FILL_16(n) "movups (%1), %%xmm" #n "\n"
#define FILL_32(n) "vmovups (%1), %%ymm" #n "\n"
#define FILL_64(n) "vmovups (%1), %%zmm" #n "\n"
#define CLOBBERS                                                                                   \
    "memory", "rcx", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",       \
        "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

enum { COPIES = 15, ROUNDS = 20000 };

static union {
    float f[16];
    char bytes[64];
} operand __attribute__((aligned(64)));

#define LOOP(name, width, op)                                                                      \
    static void name##_##width(long rounds)                                                        \
    {                                                                                              \
        __asm__ volatile(FILL_##width(0)                                                           \
                             EACH(FILL_##width) "1:\n" EACH(op) "dec %0\njnz 1b\n" CLEAR_##width   \
                         : "+r"(rounds)                                                            \
                         : "r"(&operand)                                                           \
                         : CLOBBERS);                                                              \
    }

#define OP_16(ins, n) #ins " %%xmm0, %%xmm" #n "\n"
#define OP_32(ins, n) "v" #ins " %%ymm0, %%ymm" #n ", %%ymm" #n "\n"
#define OP_64(ins, n) "v" #ins " %%zmm0, %%zmm" #n ", %%zmm" #n "\n"

#define ADD_16(n)   OP_16(paddd, n)
#define ADD_32(n)   OP_32(paddd, n)
#define ADD_64(n)   OP_64(paddd, n)
#define MUL_16(n)   OP_16(pmaddwd, n)
#define MUL_32(n)   OP_32(pmaddwd, n)
#define MUL_64(n)   OP_64(pmaddwd, n)
#define MIX_16(n)   OP_16(punpcklwd, n)
#define MIX_32(n)   OP_32(punpcklwd, n)
#define MIX_64(n)   OP_64(punpcklwd, n)
#define SHIFT_16(n) "psrld $1, %%xmm" #n "\n"
#define SHIFT_32(n) "vpsrld $1, %%ymm" #n ", %%ymm" #n "\n"
#define SHIFT_64(n) "vpsrld $1, %%zmm" #n ", %%zmm" #n "\n"
#define FADD_16(n)  OP_16(addps, n)
#define FADD_32(n)  OP_32(addps, n)
#define FADD_64(n)  OP_64(addps, n)
#define FMUL_16(n)  OP_16(mulps, n)
#define FMUL_32(n)  OP_32(mulps, n)
#define FMUL_64(n)  OP_64(mulps, n)
#define DIV_16(n)   OP_16(divpd, n)
#define DIV_32(n)   OP_32(divpd, n)
#define DIV_64(n)   OP_64(divpd, n)
#define LOAD_16(n)  "movaps (%1), %%xmm" #n "\n"
#define LOAD_32(n)  "vmovaps (%1), %%ymm" #n "\n"
#define LOAD_64(n)  "vmovaps (%1), %%zmm" #n "\n"
#define STORE_16(n) "movaps %%xmm" #n ", (%1)\n"
#define STORE_32(n) "vmovaps %%ymm" #n ", (%1)\n"
#define STORE_64(n) "vmovaps %%zmm" #n ", (%1)\n"
/* What decoding and renaming let through: neither the vector units nor the others can keep up alone. */
#define MIXED(n) ADD_16(n) "mov %0, %%rcx\n"
#define CHAIN(n) "add $1, %0\n"

#define WIDTHS(name, op) LOOP(name, 16, op##_16) LOOP(name, 32, op##_32) LOOP(name, 64, op##_64)

WIDTHS(add, ADD)
WIDTHS(multiply, MUL)
WIDTHS(shuffle, MIX)
WIDTHS(shift, SHIFT)
WIDTHS(fadd, FADD)
WIDTHS(fmul, FMUL)
WIDTHS(divide, DIV)
WIDTHS(load, LOAD)
WIDTHS(store, STORE)
LOOP(any, 16, MIXED)

/* Counts rounds up and down again, so that only the chain takes time. */
static void chain(long rounds)
{
    __asm__ volatile("1:\n" EACH(CHAIN) "sub $16, %0\njnz 1b\n" : "+r"(rounds));
}

static const struct {
    const char *name;
    Loop *loop[3]; /* for vectors of 16, 32 and 64 bytes */
} classes[] = {
    {"any", {any_16}},
    {"add", {add_16, add_32, add_64}},
    {"multiply", {multiply_16, multiply_32, multiply_64}},
    {"shuffle", {shuffle_16, shuffle_32, shuffle_64}},
    {"shift", {shift_16, shift_32, shift_64}},
    {"fadd", {fadd_16, fadd_32, fadd_64}},
    {"fmul", {fmul_16, fmul_32, fmul_64}},
    {"divide", {divide_16, divide_32, divide_64}},
    {"load", {load_16, load_32, load_64}},
    {"store", {store_16, store_32, store_64}},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double tsc_ghz(void)
{
    const uint64_t ticks = __builtin_ia32_rdtsc();
    const double start = now();
    double took = 0;
    while (took < 0.01) took = now() - start;
    return (double)(__builtin_ia32_rdtsc() - ticks) / took * 1e-9;
}

/* Nanoseconds of a round: the least of many tries, since others only ever add to it. */
static double time_loop(Loop *loop, long rounds)
{
    double least = 1;
    for (int i = 0; i < 25; i++) {
        const double start = now();
        loop(rounds);
        const double took = now() - start;
        if (took < least) least = took;
    }
    return least / (double)rounds * 1e9;
}

static int has_width(int w)
{
    return w == 0 || (w == 1 && __builtin_cpu_supports("avx2")) ||
           (w == 2 && __builtin_cpu_supports("avx512bw"));
}

static double rate(size_t c, int w, double cycle)
{
    const int copies = classes[c].loop[w] == any_16 ? 2 * COPIES : COPIES;
    return copies * cycle / time_loop(classes[c].loop[w], ROUNDS);
}

int main(void)
{
    for (int i = 0; i < 16; i++) operand.f[i] = 1.0F + (float)i / 16;
    time_loop(chain, ROUNDS * 10); /* lets the clock rise */
    const double cycle =
        time_loop(chain, ROUNDS) / (COPIES + 1); /* the subtraction is in the chain */
    printf("clock %.3f\ntsc %.3f\n", 1 / cycle, tsc_ghz());
    for (size_t c = 0; c < sizeof classes / sizeof *classes; c++)
        for (int w = 0; w < 3; w++)
            if (classes[c].loop[w] && has_width(w))
                printf("%s %d %.2f\n", classes[c].name, 16 << w, rate(c, w, cycle));
    return 0;
}

#else

int main(void)
{
    fprintf(stderr, "issue: only for x86-64\n");
    return 1;
}

#endif
