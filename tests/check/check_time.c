/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a kernel costs: short samples of the scalar and of the vector kernel in turn, so that whatever
 * else the machine does meets both; the lower quartile of each. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 101, REPEATS = 4 };

#if defined(__x86_64__)
static const char unit[] = "cycles";
static uint64_t now(void)
{
    return __builtin_ia32_rdtsc();
}
#else
static const char unit[] = "ns";
static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#endif

static uint64_t sample(CheckCall *call, const VmKernels *k, int side, void *state)
{
    const uint64_t start = now();
    for (int i = 0; i < REPEATS; i++) call(k, side, state);
    return now() - start;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double quartile(uint64_t *samples)
{
    qsort(samples, SAMPLES, sizeof(*samples), compare);
    return (double)samples[SAMPLES / 4];
}

static void do_nothing(const VmKernels *k, int side, void *state)
{
    (void)k;
    (void)side;
    (void)state;
}

void check_time(const char *name, const VmKernels *scalar, const VmKernels *fresh, CheckCall *call,
                void *state, int w)
{
    uint64_t empty[SAMPLES], slow[SAMPLES], fast[SAMPLES];
    CheckCall *volatile nothing = do_nothing;
    for (int i = 0; i < SAMPLES; i++) {
        empty[i] = sample(nothing, scalar, 0, state);
        slow[i] = sample(call, scalar, 0, state);
        fast[i] = sample(call, fresh, 1, state);
    }
    const double none = quartile(empty), n = (double)w * REPEATS;
    const double a = (quartile(slow) - none) / n, b = (quartile(fast) - none) / n;
    printf("# %-44s %8.2f %s a column, scalar %8.2f, x%.1f\n", name, b, unit, a, a / b);
    fflush(stdout);
}
