/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "model.h"

static int parse(VmafModel **m, const char *json, uint64_t flags, VmError *error)
{
    VmafModelCollection *c;
    const int code = vm_model_parse(m, &c, json, strlen(json), "test.json", "vmaf", flags, error);
    vmaf_model_collection_destroy(c);
    return code;
}

static VmafModel *parsed(const char *json, uint64_t flags)
{
    VmafModel *m;
    VmError error = {{0}};
    if (parse(&m, json, flags, &error)) fail_msg("%s", error.text);
    return m;
}

/* Written out from the specification, 4.3, for TEST_MODEL. */
static double by_hand(double adm, double motion)
{
    const double x = 2 * adm + 3, y = 4 * motion + 5;
    const double q1 = (x - 0.5) * (x - 0.5) + (y - 1) * (y - 1), q2 = x * x + (y - 2) * (y - 2);
    const double sum = 2 * exp(-0.25 * q1) - 3 * exp(-0.25 * q2) + 1.5;
    return (sum - 1) / 0.5;
}

static void a_model_predicts_what_its_text_says(void **state)
{
    (void)state;
    const double points[][2] = {{0.5, 0}, {-1.25, -1}, {-1.5, -0.75}};
    VmafModel *m = parsed(TEST_MODEL(""), 0);
    for (int k = 0; k < 3; k++)
        assert_true(vm_model_raw(m, points[k]) == by_hand(points[k][0], points[k][1]));
    vmaf_model_destroy(m);
}

static void clip_and_transform_follow_the_flags(void **state)
{
    (void)state;
    const char *json = TEST_MODEL(", \"score_clip\": [0, 10], \"score_transform\": "
                                  "{\"p0\": 1, \"p1\": 2, \"p2\": 0.5, \"out_gte_in\": \"true\"}");
    VmafModel *plain = parsed(json, 0);
    assert_true(vm_model_finish(plain, 4) == 4); /* off unless asked for */
    assert_true(vm_model_finish(plain, 11) == 10);
    assert_true(vm_model_finish(plain, -1) == 0);
    VmafModel *on = parsed(json, VMAF_MODEL_FLAG_ENABLE_TRANSFORM | VMAF_MODEL_FLAG_DISABLE_CLIP);
    assert_true(vm_model_finish(on, 4) == 1 + 8 + 8);
    assert_true(vm_model_finish(on, -2) == -1);       /* 1 - 4 + 2 */
    assert_true(vm_model_finish(on, -1.5) == -0.875); /* 1 - 3 + 1.125 */
    vmaf_model_destroy(plain);
    vmaf_model_destroy(on);
}

static void knots_interpolate_and_extrapolate(void **state)
{
    (void)state;
    VmafModel *m = parsed(TEST_MODEL(", \"score_transform\": {\"enabled\": true, "
                                     "\"knots\": [[0, 10], [10, 30], [20, 30]]}"),
                          0);
    assert_true(vm_model_finish(m, 5) == 20);
    assert_true(vm_model_finish(m, -5) == 0);
    assert_true(vm_model_finish(m, 10) == 30);
    assert_true(vm_model_finish(m, 25) == 30);
    vmaf_model_destroy(m);
}

/* percentiles, population deviation and the slope of the transform: specification, 4.7 */
static void collections_report_their_spread(void **state)
{
    (void)state;
    VmafModel *m = parsed(TEST_MODEL(", \"score_clip\": [0, 100]"), 0);
    VmafModelCollection c = {"b", 1, &m};
    VmafModel *members[] = {m, m, m, m, m};
    c.models = members;
    c.n = 5;
    double raw[] = {50, 10, 40, 20, 30};
    const VmafModelCollectionScore s = vm_collection_score(&c, raw);
    assert_true(s.bootstrap.bagging_score == 30);
    assert_true(fabs(s.bootstrap.stddev - sqrt(200)) < 1e-9);
    assert_true(fabs(s.bootstrap.ci.p95.lo - 11) < 1e-12);
    assert_true(fabs(s.bootstrap.ci.p95.hi - 49) < 1e-12);
    vmaf_model_destroy(m);
}

/* Both support vectors by hand, columns in another order and one too many. */
static void tables_are_scored_by_column_name(void **state)
{
    (void)state;
    const char *const names[] = {"integer_motion2", "psnr_y", "adm2"};
    const double rows[][3] = {{0, 40, 0.5}, {-1, 41, -1.25}, {-0.75, NAN, -1.5}};
    double raw[3], clipped[3];
    char why[200] = "";
    VmafModel *m = parsed(TEST_MODEL(", \"score_clip\": [0, 4]"), 0);
    assert_int_equal(vmaf_ext_model_predict(m, names, 3, rows[0], 3, raw, clipped, NULL, 0), 0);
    for (int k = 0; k < 3; k++) {
        const double y = by_hand(rows[k][2], rows[k][0]);
        assert_true(raw[k] == y);
        assert_true(clipped[k] == (y < 0 ? 0 : y > 4 ? 4 : y));
    }
    assert_int_equal(vmaf_ext_model_predict(m, names, 2, rows[0], 3, raw, NULL, why, sizeof(why)),
                     -EINVAL);
    assert_string_equal(why, "the model reads adm2, which is not among the 2 columns given");
    assert_int_equal(vmaf_ext_model_predict(NULL, names, 3, rows[0], 3, raw, NULL, NULL, 0),
                     -EINVAL);
    vmaf_model_destroy(m);
}

/* Values at every digit that were computed outside of this project from the model's file, with the sum in
 * file order and the C library's exp. */
static void published_model_on_known_features(void **state)
{
    (void)state;
    const char *const names[] = {"adm2",       "vif_scale0", "vif_scale1",
                                 "vif_scale2", "vif_scale3", "motion2"};
    const double rows[][6] = {{1, 1, 1, 1, 1, 0},
                              {0.9, 0.4, 0.7, 0.8, 0.85, 5},
                              {0.6, 0.1, 0.35, 0.5, 0.6, 12},
                              {1, 1, 1, 1, 1, 20},
                              {0.25, 0.003, 0.14, 0.34, 0.5, 0}};
    const double expected[] = {97.428042642610308, 64.186036293923721, 10.608163032176053,
                               120.80583516378225, -17.825906079330309};
    double raw[5], clipped[5];
    VmafModel *m;
    if (vmaf_model_load(&m, NULL, "vmaf_v0.6.1")) skip();
    assert_int_equal(vmaf_ext_model_predict(m, names, 6, rows[0], 5, raw, clipped, NULL, 0), 0);
    for (int k = 0; k < 5; k++) assert_true(raw[k] == expected[k]);
    assert_true(clipped[3] == 100 && clipped[4] == 0);
    vmaf_model_destroy(m);
}

/* Equal members have no spread; different ones that of the definition. */
static void collections_are_asked_for_their_spread(void **state)
{
    (void)state;
    const char *const names[] = {"adm2", "motion2"};
    const double row[] = {0.5, 0.25};
    double mean, stddev;
    VmafModel *a = parsed(TEST_MODEL(""), 0), *b = parsed(TEST_MODEL(""), 0);
    b->intercept = 2; /* its raw scores are 2 lower */
    VmafModel *members[] = {a, b};
    const VmafModelCollection c = {"b", 2, members};
    assert_int_equal(vmaf_ext_collection_predict(&c, names, 2, row, 1, &mean, &stddev, NULL, 0), 0);
    assert_true(fabs(mean - (by_hand(0.5, 0.25) - 1)) < 1e-12);
    assert_true(fabs(stddev - 1) < 1e-12);
    assert_int_equal(vmaf_ext_collection_predict(&c, names, 1, row, 1, &mean, NULL, NULL, 0),
                     -EINVAL);
    vmaf_model_destroy(a);
    vmaf_model_destroy(b);
}

static void bad_files_are_refused_with_the_place(void **state)
{
    (void)state;
    const struct {
        const char *json, *says;
    } cases[] = {
        {"", "empty"},
        {"{\"model_dict\": {", "line 1, column"},
        {"{\"model_dict\": {}}", "model_type"},
        {"[1, 2]", "model_dict"},
        {"{\"model_dict\": {\"model_type\": \"TREE\"}}", "TREE"},
        {"{\"model_dict\": {\"model_type\": 7}}", "model_type"},
        {"{\"model_dict\": {\"model_type\": \"LIBSVMNUSVR\", \"feature_names\": [1]}}",
         "feature_names[0]"},
        {"{\"model_dict\": {\"model_type\": \"LIBSVMNUSVR\", \"feature_names\": []}}",
         "feature_names"},
        {"{\"model_dict\": {\"model_type\": \"LIBSVMNUSVR\", \"feature_names\": [\"a\"]}}",
         "norm_type"},
        {TEST_MODEL(", \"score_clip\": null"), "score_clip"},
        {TEST_MODEL(", \"score_clip\": [0, NaN]"), "line 1"},
        {TEST_MODEL(", \"score_clip\": [100, 0]"), "upside down"},
        {TEST_MODEL(", \"score_transform\": {\"p0\": null}"), "p0"},
        {TEST_MODEL(", \"score_transform\": {\"out_gte_in\": true}"), "out_gte_in"},
        {TEST_MODEL(", \"feature_opts_dicts\": [{}]"), "feature_opts_dicts"},
        {TEST_MODEL(", \"feature_opts_dicts\": [{\"a\": [1]}, {}]"), "option a"},
        {TEST_MODEL(", \"model_type\": \"LIBSVMNUSVR\""), "duplicate"},
        {TEST_MODEL(", \"chroma_correction_parameter\": 1"), "chroma_correction_parameter"},
    };
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafModel *m;
        VmError error = {{0}};
        assert_int_equal(parse(&m, cases[k].json, 0, &error), -EINVAL);
        assert_null(m);
        if (!strstr(error.text, cases[k].says) || !strstr(error.text, "test.json"))
            fail_msg("case %zu: %s", k, error.text);
    }
}

static void models_come_from_memory(void **state)
{
    (void)state;
    VmafModelSpec spec;
    VmafModel *m;
    VmafModelCollection *c;
    char why[200] = "";
    vmaf_ext_model_spec_default(&spec);
    spec.json = TEST_COLLECTION "left over";
    spec.json_size = strlen(TEST_COLLECTION);
    spec.path = "/no/such/file"; /* a name only */
    assert_int_equal(vmaf_ext_model_load(&m, &c, &spec, why, sizeof(why)), 0);
    assert_non_null(c);
    vmaf_model_destroy(m);
    vmaf_model_collection_destroy(c);
    spec.json_size++;
    assert_int_equal(vmaf_ext_model_load(&m, &c, &spec, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, "/no/such/file"));
    spec.json_size = SIZE_MAX;
    assert_int_equal(vmaf_ext_model_load(&m, &c, &spec, why, sizeof(why)), -EFBIG);
    spec.json_size = 0;
    spec.path = NULL;
    assert_int_equal(vmaf_ext_model_load(&m, &c, &spec, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, "in memory: the file is empty"));
}

static void bad_svm_text_is_refused_with_the_line(void **state)
{
    (void)state;
#define HEAD "svm_type nu_svr\nkernel_type rbf\ngamma 1\nrho 0\n"
    const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line 1: ends before"},
        {HEAD "SV\n", "no support vectors"},
        {HEAD "total_sv 0\nSV\n", "line 5"},
        {HEAD "total_sv 99999999\nSV\n1 1:1\n", "line 5"},
        {HEAD "total_sv 1048576\nSV\n1 1:1\n", "fewer support vectors"},
        {HEAD "total_sv 2\nSV\n1 1:1\n", "1 support vectors instead of 2"},
        {HEAD "total_sv 1\nSV\n1 1:1\n2 1:1\n", "more support vectors"},
        {HEAD "total_sv 1\nSV\n1 2:1 1:1\n", "line 7: indices must ascend"},
        {HEAD "total_sv 1\nSV\n1 65:1\n", "line 7: indices"},
        {HEAD "total_sv 1\nSV\n1 1:nan\n", "line 7: the value"},
        {HEAD "total_sv 1\nSV\nx 1:1\n", "line 7: the coefficient"},
        {HEAD "total_sv 1\nSV\n1 1=1\n", "line 7: expected index:value"},
        {HEAD "colour red\ntotal_sv 1\nSV\n1 1:1\n", "unknown word \"colour\""},
        {"svm_type c_svc\n", "no regression"},
        {"svm_type nu_svr\nkernel_type linear\n", "only rbf"},
        {"svm_type nu_svr\nkernel_type rbf\ngamma inf\n", "line 3: gamma is no number"},
        {"svm_type nu_svr\nkernel_type rbf\nrho 0\ntotal_sv 1\nSV\n1 1:1\n", "no gamma"},
    };
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmSvr *svr = NULL;
        VmError error = {{0}};
        assert_int_equal(vm_svr_parse(&svr, cases[k].text, 2, &error), -EINVAL);
        assert_null(svr);
        if (!strstr(error.text, cases[k].says)) fail_msg("case %zu: %s", k, error.text);
    }
}

/* Every allocation of a load fails once: an error, no crash, no leak (the sanitizers watch). */
static void loading_survives_failing_allocations(void **state)
{
    (void)state;
    for (long k = 0; k < 1000; k++) {
        VmafModel *m;
        VmError error = {{0}};
        vm_alloc_fail_after(k);
        const int code =
            parse(&m, TEST_MODEL(", \"feature_opts_dicts\": [{\"a\": 1}, {}]"), 0, &error);
        vm_alloc_fail_after(-1);
        if (!code) {
            assert_true(k > 5);
            vmaf_model_destroy(m);
            return;
        }
        assert_int_equal(code, -ENOMEM);
        assert_string_equal(error.text, "out of memory");
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_predicts_what_its_text_says),
        cmocka_unit_test(clip_and_transform_follow_the_flags),
        cmocka_unit_test(knots_interpolate_and_extrapolate),
        cmocka_unit_test(collections_report_their_spread),
        cmocka_unit_test(tables_are_scored_by_column_name),
        cmocka_unit_test(published_model_on_known_features),
        cmocka_unit_test(collections_are_asked_for_their_spread),
        cmocka_unit_test(bad_files_are_refused_with_the_place),
        cmocka_unit_test(models_come_from_memory),
        cmocka_unit_test(bad_svm_text_is_refused_with_the_line),
        cmocka_unit_test(loading_survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
