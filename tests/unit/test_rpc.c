/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Numbers in answers: as few digits as give the same number back, and nothing else changed. */
#include <float.h>
#include <math.h>

#include "rpc.h"
#include "unit.h"

static char *dump(json_t *value)
{
    VmText out = {0};
    vm_rpc_dump(&out, value);
    json_decref(value);
    assert_int_equal(out.failed, 0);
    return out.data;
}

static void assert_dumps(json_t *value, const char *text)
{
    char *got = dump(value);
    assert_string_equal(got, text);
    vm_free(got);
}

static void numbers_are_short(void **state)
{
    (void)state;
    assert_dumps(json_real(0.1), "0.1");
    assert_dumps(json_real(-0.1), "-0.1");
    assert_dumps(json_real(1.0 / 3), "0.3333333333333333");
    assert_dumps(json_real(76.66783025), "76.66783025");
    assert_dumps(json_real(0), "0.0");
    assert_dumps(json_real(100), "100.0");
    assert_dumps(json_real(5e-324), "4.94065645841247e-324");
    assert_dumps(json_integer(INT64_MIN), "-9223372036854775808");
    assert_dumps(json_integer(1234567890123456789), "1234567890123456789");
    assert_dumps(json_pack("[f,{s:f,s:i},f]", 0.7, "a", 0.3, "b", 3, -1.5),
                 "[0.7,{\"a\":0.3,\"b\":3},-1.5]");
}

static void texts_are_left_alone(void **state)
{
    (void)state;
    assert_dumps(json_string("0.10000000000000001"), "\"0.10000000000000001\"");
    assert_dumps(json_string("a\\\" 0.10000000000000001 \\"),
                 "\"a\\\\\\\" 0.10000000000000001 \\\\\"");
    assert_dumps(json_pack("{s:f}", "0.10000000000000001\"", 0.1),
                 "{\"0.10000000000000001\\\"\":0.1}");
}

/* What was shortened before makes room under what follows. */
static void mixtures_stay_what_they_are(void **state)
{
    (void)state;
    json_t *list = json_array();
    for (int i = 0; i < 200; i++)
        json_array_append_new(list, json_pack("{s:f,s:s,s:[f,i,b,n],s:s}", "0.30000000000000004",
                                              i / 10.0, "vmaf_v0.6.1neg",
                                              "1.0000000000000000000 \\\" e+-", "-", 0.1 + 0.2 * i,
                                              i - 3, i % 2, "e", "\\"));
    json_incref(list);
    char *text = dump(list);
    json_t *back = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_equal(list, back));
    json_decref(back);
    json_decref(list);
    vm_free(text);
}

static void every_number_comes_back(void **state)
{
    (void)state;
    static const double edges[] = {DBL_MAX, DBL_MIN, DBL_EPSILON,          5e-324,
                                   1e22,    1e21,    123456789012345680.0, -0.0};
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 50000; i++) {
        double value;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        if (i < (int)VM_COUNT(edges)) value = edges[i];
        else if (i % 2) value = (double)(int64_t)(bits >> 20) / 1e6;
        if (!isfinite(value)) continue;
        char *text = dump(json_real(value));
        json_t *back = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_non_null(back);
        assert_true(json_number_value(back) == value);
        json_decref(back);
        vm_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(texts_are_left_alone),
        cmocka_unit_test(mixtures_stay_what_they_are),
        cmocka_unit_test(every_number_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
