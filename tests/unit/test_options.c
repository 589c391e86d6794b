/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "unit.h"

#include "extractor.h"

/* The instance of an extractor with options key, value, ..., NULL. */
static int create(VmInstance **instance, VmError *error, const char *extractor, ...)
{
    VmafFeatureDictionary *dict = NULL;
    va_list args;
    va_start(args, extractor);
    for (const char *key; (key = va_arg(args, const char *));)
        assert_int_equal(vmaf_feature_dictionary_set(&dict, key, va_arg(args, const char *)), 0);
    va_end(args);
    const int code = vm_instance_create(instance, vm_extractor_find(extractor), dict, error);
    vmaf_feature_dictionary_free(&dict);
    return code;
}

/* The example of the specification: integer ADM 10. */
static void names_carry_what_differs_from_the_default(void **state)
{
    (void)state;
    VmInstance *i;
    assert_int_equal(create(&i, NULL, "adm", "adm_csf_mode", "2", "adm_dlm_weight", "0.7",
                            "adm_enhn_gain_limit", "1.0", "adm_min_val", "0.5", "adm_noise_weight",
                            "0.02", "adm_norm_view_dist", "5", "debug", "true", (char *)NULL),
                     0);
    assert_string_equal(i->suffix, "_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02_nvd_5");
    vm_instance_free(i);
    assert_int_equal(create(&i, NULL, "motion", "motion_max_val", "18.0",
                            "motion_five_frame_window", "true", "motion_moving_average", "true",
                            (char *)NULL),
                     0);
    assert_string_equal(i->suffix, "_mffw_mmxv_18_mma");
    vm_instance_free(i);
    assert_int_equal(create(&i, NULL, "vif", "vif_enhn_gain_limit", "100", (char *)NULL), 0);
    assert_string_equal(i->suffix, "");
    vm_instance_free(i);
}

/* As --feature takes it. */
static void texts_name_every_difference(void **state)
{
    (void)state;
    VmInstance *i;
    assert_int_equal(create(&i, NULL, "adm", "debug", "true", "adm_csf_mode", "0", "adm_min_val",
                            "0.1", "adm_ref_display_height", "2160", (char *)NULL),
                     0);
    char *text = vm_options_text(i->extractor->options, i->options);
    assert_string_equal(text, "debug=true:adm_ref_display_height=2160:adm_min_val=0.1");
    vm_free(text);
    vm_instance_free(i);
    assert_int_equal(create(&i, NULL, "psnr", "enable_chroma", "false", (char *)NULL), 0);
    text = vm_options_text(i->extractor->options, i->options);
    assert_string_equal(text, "enable_chroma=false");
    vm_free(text);
    vm_instance_free(i);
}

static void numbers_keep_six_digits(void **state)
{
    (void)state;
    VmafFeatureDictionary *dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "a", "1.2345678"), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "b", "1.5x"), 0);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "a2", "0.01234567"), 0);
    assert_string_equal(vm_dictionary_get(dict, "a"), "1.23457");
    assert_string_equal(vm_dictionary_get(dict, "b"), "1.5x");
    assert_string_equal(vm_dictionary_get(dict, "a2"), "0.0123457");
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "", "1"), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "a", NULL), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(NULL, "a", "1"), -EINVAL);
    vmaf_feature_dictionary_free(&dict);
    assert_null(dict);
}

static void bad_options_are_refused_with_a_reason(void **state)
{
    (void)state;
    const struct {
        const char *extractor, *key, *value, *says;
    } cases[] = {
        {"vif", "egl", "1.5", "did you mean vif_enhn_gain_limit"},
        {"vif", "vif_enhn_gain_limit", "0.5", "number from 1 to 100"},
        {"vif", "vif_enhn_gain_limit", "nan", "number from 1 to 100"},
        {"vif", "debug", "yes", "true or false"},
        {"adm", "adm_csf_mode", "1.5", "number from 0 to 3"},
        {"float_vif", "vif_prescale_method", "cubic", "nearest, bilinear, bicubic, lanczos4"},
        {"psnr", "completely_unknown_option", "1", "has no option"},
    };
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmInstance *i;
        VmError error = {{0}};
        assert_int_equal(
            create(&i, &error, cases[k].extractor, cases[k].key, cases[k].value, (char *)NULL),
            -EINVAL);
        if (!strstr(error.text, cases[k].says)) fail_msg("%s", error.text);
    }
}

static void every_model_feature_has_one_extractor(void **state)
{
    (void)state;
    assert_string_equal(vm_extractor_of_feature("VMAF_integer_feature_adm2_score")->name, "adm");
    assert_string_equal(vm_extractor_of_feature("VMAF_feature_motion2_score")->name,
                        "float_motion");
    assert_null(vm_extractor_of_feature("Cambi_feature_cambi_score"));
    assert_null(vm_extractor_of_feature("sse_y")); /* raw material, not a feature */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_carry_what_differs_from_the_default),
        cmocka_unit_test(texts_name_every_difference),
        cmocka_unit_test(numbers_keep_six_digits),
        cmocka_unit_test(bad_options_are_refused_with_a_reason),
        cmocka_unit_test(every_model_feature_has_one_extractor),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
