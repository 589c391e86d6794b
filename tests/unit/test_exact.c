/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Functions with one result on every machine, against glibc's on processors with fused multiply-add. */
#include "exact.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

/* Is exp() of this machine the one that the values come from? */
static int is_the_model(void)
{
#if defined(__GLIBC__) && defined(__x86_64__)
    const int fused = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
    return fused && strcmp(gnu_get_libc_version(), "2.36") <= 0;
#elif defined(__GLIBC__) && defined(__aarch64__)
    return strcmp(gnu_get_libc_version(), "2.36") <= 0;
#else
    return 0;
#endif
}

/* 0 if equal, 1 if neighbours, ... */
static uint64_t distance(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x > y ? x - y : y - x;
}

static double uniform(void)
{
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* Scores of vmaf_v0.6.1 had another last digit, in 1 frame of 144, on processors without fused multiply-add
 * and with musl. These are arguments at which glibc 2.36 differs from itself on such a processor; the values
 * are those of a processor that has it. */
static void test_where_processors_differ(void **state)
{
    (void)state;
    static const double known[][2] = {
        {-0x1.784p+3, 0x1.06a96743c2d77p-17},  {-0x1.4c9p+4, 0x1.0261a07091631p-30},
        {-0x1.ec1p+4, 0x1.8c96289803183p-45},  {-0x1.fb8p+4, 0x1.2e3b9c204aaafp-46},
        {-0x1.17ap+5, 0x1.7ce88614df219p-51},  {-0x1.4028p+5, 0x1.3368fbea0d1abp-58},
        {-0x1.4448p+5, 0x1.6f203b23a6665p-59}, {-0x1.702p+5, 0x1.87aae8601dd07p-67},
        {-0x1.7c98p+5, 0x1.49ad606b40561p-69}, {-0x1.b38p+5, 0x1.60f13d60812e9p-79},
        {-0x1.c638p+5, 0x1.1006fe6842acdp-82}, {-0x1.c998p+5, 0x1.64ccbbf84b1dbp-83},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        assert_true(vm_exact_exp(known[i][0]) == known[i][1]);
}

static void test_exp(void **state)
{
    (void)state;
    const uint64_t allowed = is_the_model() ? 0 : 1;
    for (int i = 0; i < 1000000; i++) {
        const double x = (2 * uniform() - 1) * (i % 2 ? 3 : 699.9);
        if (distance(vm_exact_exp(x), exp(x)) > allowed)
            fail_msg("exp(%a) is %a here, %a in the C library", x, vm_exact_exp(x), exp(x));
    }
    assert_true(vm_exact_exp(0) == 1 && vm_exact_exp(-0.0) == 1);
    assert_true(vm_exact_exp(-INFINITY) == 0 && vm_exact_exp(-746) == 0);
    assert_true(vm_exact_exp(INFINITY) == INFINITY && vm_exact_exp(710) == INFINITY);
    assert_true(isnan(vm_exact_exp(NAN)));
    for (double x = 500; x < 708; x += 0.37) assert_true(distance(vm_exact_exp(-x), exp(-x)) <= 1);
}

/* MS-SSIM takes powers of means. Arguments as above. */
static void test_pow(void **state)
{
    (void)state;
    static const double known[][3] = {
        {0x1.a78p-2, 0x1.6f0068p-5, 0x1.ec24adc8dd7efp-1},
        {0x1.ed4p-2, 0x1.247454p-2, 0x1.9f97d0b03d909p-1},
        {0x1.924p-2, 0x1.334d6ap-2, 0x1.82cd32a083689p-1},
        {0x1.e8cp-1, 0x1.334d6ap-2, 0x1.f8e8aa94f8fc9p-1},
        {0x1.88ep-1, 0x1.e3f142p-3, 0x1.e0f0e3e715287p-1},
        {0x1.284p-2, 0x1.10ff98p-3, 0x1.b1fab48ea9d95p-1},
        {0x1.ae8p-1, 0x1.10ff98p-3, 0x1.f44d817fe3d6dp-1},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        assert_true(vm_exact_pow(known[i][0], known[i][1]) == known[i][2]);
    const uint64_t allowed = is_the_model() ? 0 : 1;
    for (int i = 0; i < 1000000; i++) {
        const double x = i % 2 ? uniform() : ldexp(1 + uniform(), (int)(200 * uniform()) - 100);
        const double y = i % 3 ? 3 * uniform() : 14 * uniform() - 7;
        if (distance(vm_exact_pow(x, y), pow(x, y)) > allowed)
            fail_msg("pow(%a, %a) is %a here, %a in the C library", x, y, vm_exact_pow(x, y),
                     pow(x, y));
    }
    for (int n = -60; n <= 60; n++) assert_true(vm_exact_pow(2, n) == ldexp(1, n));
    assert_true(vm_exact_pow(1, 0.3) == 1 && vm_exact_pow(0.7, 0) == 1 &&
                vm_exact_pow(0, 0.3) == 0);
    assert_true(isnan(vm_exact_pow(-1, 0.3)) && isnan(vm_exact_pow(NAN, 1)) &&
                isnan(vm_exact_pow(2, NAN)));
    assert_true(vm_exact_pow(2, 1000) == 0x1p1000 && vm_exact_pow(10, -400) == 0);
    assert_true(vm_exact_pow(INFINITY, 0.5) == INFINITY && vm_exact_pow(2, INFINITY) == INFINITY);
}

/* ADM ends with cube roots; float ADM takes any power. */
static void test_powf(void **state)
{
    (void)state;
    const int allowed = is_the_model() ? 0 : 1;
    for (int i = 0; i < 3000000; i++) {
        const float x = (float)ldexp(1 + uniform(), (int)(240 * uniform()) - 120);
        const float y = i % 2 ? 1.0f / 3 : (float)(4 * uniform() - 2);
        const float ours = vm_exact_powf(x, y), theirs = powf(x, y);
        if (allowed ? fabsf(ours - theirs) > 0x1p-23f * theirs : ours != theirs)
            fail_msg("powf(%a, %a) is %a here, %a in the C library", (double)x, (double)y,
                     (double)ours, (double)theirs);
    }
    for (int n = -60; n <= 60; n++) assert_true(vm_exact_powf(2, (float)n) == ldexpf(1, n));
    assert_true(vm_exact_powf(3, 0) == 1 && vm_exact_powf(0, 0.5f) == 0 &&
                vm_exact_powf(5, 1) == 5);
    assert_true(isnan(vm_exact_powf(-1, 0.5f)) && isnan(vm_exact_powf(NAN, 1)) &&
                isnan(vm_exact_powf(2, NAN)));
    assert_true(vm_exact_powf(2, 127) == 0x1p127f && vm_exact_powf(2, 128) == INFINITY);
    assert_true(vm_exact_powf(2, -140) == 0x1p-140f && vm_exact_powf(INFINITY, 1) == INFINITY);
}

/* Arguments at which glibc 2.36 differs from itself on a processor without fused multiply-add: a PSNR could have
 * another last digit there, and so could a weight that training begins with. */
static void test_log(void **state)
{
    (void)state;
    static const double known[][2] = {
        {0x1.e58a16fbbd567p-1, -0x1.b2b39bf4e8e9fp-5},
        {0x1.11bb4bcb41404p+0, 0x1.124fe1a4f97b5p-4},
        {0x1.eb97a5f243882p-1, -0x1.4d3525799fc22p-5},
        {0x1.ddc3f53e5a2aep-1, -0x1.1b765dfe98ca4p-4},
        {0x1.0d3de10c54d65p+0, 0x1.9d23c82c3478ap-5},
        {0x1.11280d6e6c672p+0, 0x1.09b246501d876p-4},
        {0x1.3258ac94c24b4p-2, -0x1.34edeb89182d3p+0},
        {0x1.ad4f4b729b7e7p-1, -0x1.68bf35407393ap-3},
        {0x1.e9efa2b5553afp-1, -0x1.68dae9dce1b18p-5},
        {0x1.900dde82f2087p-1, -0x1.f94ac567ea5e6p-3},
        {0x1.a429a2d3f15adp-1, -0x1.94dab16559fe8p-3},
        {0x1.ad22aa42d031bp-1, -0x1.69942795c89c5p-3},
        {0x1.d5aa1dfc96a47p-1, -0x1.61825f08397aap-4},
        {0x1.c4d3ebad569c5p-1, -0x1.f70a6b71994acp-4},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        assert_true(vm_exact_log(known[i][0]) == known[i][1]);
    const uint64_t allowed = is_the_model() ? 0 : 1;
    for (int i = 0; i < 1000000; i++) {
        const double near = 1 + (2 * uniform() - 1) * 0x1.2p-4;
        const double x = i % 2 ? near : ldexp(1 + uniform(), (int)(2000 * uniform()) - 1000);
        if (distance(vm_exact_log(x), log(x)) > allowed)
            fail_msg("log(%a) is %a here, %a in the C library", x, vm_exact_log(x), log(x));
    }
    assert_true(vm_exact_log(1) == 0 && vm_exact_log(0) == -INFINITY);
    assert_true(vm_exact_log(INFINITY) == INFINITY && isnan(vm_exact_log(NAN)));
    assert_true(isnan(vm_exact_log(-1)) && vm_exact_log(DBL_MIN / 2) == log(DBL_MIN / 2));
}

static void test_log10(void **state)
{
    (void)state;
    const uint64_t allowed = is_the_model() ? 0 : 2;
    for (int i = 0; i < 1000000; i++) {
        const double x = ldexp(1 + uniform(), (int)(100 * uniform()) - 50);
        if (distance(vm_exact_log10(x), log10(x)) > allowed)
            fail_msg("log10(%a) is %a here, %a in the C library", x, vm_exact_log10(x), log10(x));
    }
    double power = 1;
    for (int n = 0; n <= 22; n++, power *= 10) assert_true(vm_exact_log10(power) == n);
    assert_true(vm_exact_log10(0) == -INFINITY && vm_exact_log10(INFINITY) == INFINITY);
    assert_true(isnan(vm_exact_log10(-1)) && isnan(vm_exact_log10(NAN)));
    assert_true(vm_exact_log10(DBL_MIN / 2) == log10(DBL_MIN / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_processors_differ),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_pow),
        cmocka_unit_test(test_powf),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_log10),
    };
    return cmocka_run_group_tests_name("exact", tests, NULL, NULL);
}
