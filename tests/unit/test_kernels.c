/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Facts of the specification about single kernels. */
#include "unit.h"

#include "extractor.h"
#include "features/adm_flow.h"

/* Sum, FNV-1a and single entries as given in the VIF specification, 1.2. */
static void the_log_table_has_its_checksum(void **state)
{
    (void)state;
    const uint16_t *t = vm_vif_log2_table();
    uint32_t sum = 0, hash = 2166136261u;
    for (int i = 0; i < 32768; i++) {
        sum += t[i];
        hash = (hash ^ (t[i] & 255)) * 16777619u;
        hash = (hash ^ (t[i] >> 8)) * 16777619u;
    }
    assert_int_equal(sum, 1044032097);
    assert_int_equal(hash, 0x927bfc09u);
    assert_int_equal(t[40000 - 32768], 31309);
    assert_int_equal(t[50000 - 32768], 31969);
}

static void every_filter_sums_to_one(void **state)
{
    (void)state;
    for (int s = 0; s < VM_VIF_SCALES; s++) {
        unsigned sum = 0;
        for (int k = 0; k < vm_vif_taps[s]; k++) sum += vm_vif_filter[s][k];
        assert_int_equal(sum, 65536);
    }
}

/* The weights of the ADM specification, 6, as hexadecimal floats. */
static void watson_weights_are_exact(void **state)
{
    (void)state;
    const uint32_t expected[4][2] = {{0x3c8e63ba, 0x3bc106aa},
                                     {0x3d030286, 0x3c6a46a3},
                                     {0x3d31a788, 0x3cc7dc06},
                                     {0x3d3b140b, 0x3d0041c9}};
    const VmAdmView view = {3, 1080, 1, 1};
    for (int s = 0; s < 4; s++)
        for (int d = 0; d < 2; d++) {
            const float r = vm_adm_csf_watson(&view, s, d);
            uint32_t bits;
            memcpy(&bits, &r, sizeof(bits));
            assert_int_equal(bits, expected[s][d]);
        }
}

/* Integer motion 2.1: rounding goes up for either sign, so the order of the frames matters. */
static void motion_rounds_prev_minus_cur(void **state)
{
    (void)state;
    const VmKernels *k = vm_kernels_get(0);
    const uint8_t a[8] = {0, 1, 0, 0, 0, 0, 0, 0}, b[8] = {0};
    int16_t up[8], down[8], none[8];
    k->motion_diff_8(up, a, b, 8);
    k->motion_diff_8(down, b, a, 8);
    k->motion_diff_8(none, b, b, 8);
    int32_t padded[64 + 16];
    int32_t *tmp = padded + 32;
    const void *rows_up[5] = {none, none, up, none, none};
    const void *rows_down[5] = {none, none, down, none, none};
    /* vertical: +-26386 -> 103 or -103; horizontal by hand, borders reflected */
    const int64_t taps[8][1] = {{2 * 16004}, {26386 + 3571}, {16004}, {3571}};
    uint64_t plus = 0, minus = 0;
    for (int j = 0; j < 4; j++) {
        plus += (uint64_t)((taps[j][0] * 103 + 32768) >> 16);
        minus += (uint64_t)(-((taps[j][0] * -103 + 32768) >> 16));
    }
    assert_int_equal(k->motion_sad_8(rows_up, tmp, 8, 8), plus);
    assert_int_equal(k->motion_sad_8(rows_down, tmp, 8, 8), minus);
}

static void sums_of_squares_use_64_bits(void **state)
{
    (void)state;
    const VmKernels *k = vm_kernels_get(0);
    uint16_t a[4] = {65535, 65535, 0, 0}, b[4] = {0, 0, 65535, 1};
    assert_true(k->sse_16(a, b, 4) == 3 * UINT64_C(4294836225) + 1);
}

static void no_slot_of_the_table_is_empty(void **state)
{
    (void)state;
    const VmKernels *k = vm_kernels_get(0);
    void (*slots[sizeof(VmKernels) / sizeof(void (*)(void))])(void);
    memcpy(slots, k, sizeof(slots));
    unsigned empty = 0;
    for (size_t i = 0; i < VM_COUNT(slots); i++) empty += !slots[i];
    assert_int_equal(empty, 1); /* adm_dwt[0]: scale 0 reads the picture */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_table_has_its_checksum),
        cmocka_unit_test(every_filter_sums_to_one),
        cmocka_unit_test(watson_weights_are_exact),
        cmocka_unit_test(motion_rounds_prev_minus_cur),
        cmocka_unit_test(sums_of_squares_use_64_bits),
        cmocka_unit_test(no_slot_of_the_table_is_empty),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
