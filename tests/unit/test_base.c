/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "unit.h"

#include <locale.h>

#include "base.h"
#include "rows.h"
#include "sha256.h"

static void numbers_are_read_whole(void **state)
{
    (void)state;
    double d;
    int i;
    assert_int_equal(vm_parse_double("1.5e1", &d), 0);
    assert_true(d == 15);
    assert_int_equal(vm_parse_double("1.5x", &d), -EINVAL);
    assert_int_equal(vm_parse_double("", &d), -EINVAL);
    assert_int_equal(vm_parse_int("-12", &i), 0);
    assert_int_equal(i, -12);
    assert_int_equal(vm_parse_int("12abc", &i), -EINVAL);
    assert_int_equal(vm_parse_int("99999999999", &i), -EINVAL);
}

static void reflection_skips_the_edge(void **state)
{
    (void)state;
    const int expected[] = {2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0}; /* i = -4 .. 6, n = 4 */
    for (int i = -4; i <= 6; i++) assert_int_equal(vm_reflect(i, 4), expected[i + 4]);
    assert_int_equal(vm_reflect(5, 1), 0);
    assert_int_equal(vm_mirror(-2, 4), 1);
    assert_int_equal(vm_mirror(5, 4), 2);
}

/* Rows that a tap may use are exactly those that arrived. */
static void taps_wait_for_their_rows(void **state)
{
    (void)state;
    VmTap t = {0, 5, 2, 2};
    assert_false(vm_tap_ready(&t, 2, 10));
    assert_true(vm_tap_ready(&t, 3, 10));
    t.next = 4; /* would need row 10 of 10: the last one will do */
    assert_false(vm_tap_ready(&t, 9, 10));
    assert_true(vm_tap_ready(&t, 10, 10));
    t.next = 5;
    assert_false(vm_tap_ready(&t, 10, 10));
}

/* FIPS 180-4 and NIST's example vectors */
static void sha256_is_the_standard_one(void **state)
{
    (void)state;
    char hex[65];
    vm_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    vm_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void arenas_measure_before_they_give(void **state)
{
    (void)state;
    VmArena a = {0};
    assert_null(vm_arena_take(&a, 100));
    assert_null(vm_arena_take(&a, 1));
    assert_int_equal(a.used, 192);
    a.base = vm_alloc_aligned(a.used);
    a.size = a.used;
    a.used = 0;
    uint8_t *first = vm_arena_take(&a, 100), *second = vm_arena_take(&a, 1);
    assert_int_equal((uintptr_t)first % 64, 0);
    assert_int_equal(second - first, 128);
    vm_free(a.base);
}

static void the_kth_allocation_fails(void **state)
{
    (void)state;
    vm_alloc_fail_after(1);
    void *a = vm_alloc(8), *b = vm_alloc(8);
    vm_alloc_fail_after(-1);
    assert_non_null(a);
    assert_null(b);
    vm_free(a);
}

/* A model's or a report's names were quoted as they are: escape sequences and line breaks reached terminals
 * and logs. */
static void sentences_cannot_command_a_terminal(void **state)
{
    (void)state;
    VmError error;
    assert_int_equal(vm_fail(&error, -EINVAL, "bad %s", "\x1b[2J\n\x7f\xff \xc3\xa9 \xe2\x82"),
                     -EINVAL);
    assert_string_equal(error.text, "bad ?[2J??? \xc3\xa9 ??");
    assert_true(vm_text_is_plain(error.text));
    /* the command to a terminal in one character, which got through */
    assert_int_equal(vm_fail(&error, -EINVAL, "bad %s",
                             "\xc2\x9b"
                             "2J \xc2\xa0"),
                     -EINVAL);
    assert_string_equal(error.text, "bad ??2J \xc2\xa0");
    assert_false(vm_text_is_plain("\xc2\x85"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole),
        cmocka_unit_test(reflection_skips_the_edge),
        cmocka_unit_test(taps_wait_for_their_rows),
        cmocka_unit_test(sha256_is_the_standard_one),
        cmocka_unit_test(arenas_measure_before_they_give),
        cmocka_unit_test(the_kth_allocation_fails),
        cmocka_unit_test(sentences_cannot_command_a_terminal),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
