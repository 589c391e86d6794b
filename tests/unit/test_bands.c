/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A frame cut into bands gives the values of the uncut frame, to the last bit. */
#include "unit.h"

#include "context.h"

static void use(VmafContext *v, const char *name, const char *key, const char *value)
{
    VmafFeatureDictionary *dict = NULL;
    if (key) assert_int_equal(vmaf_feature_dictionary_set(&dict, key, value), 0);
    if (key) assert_int_equal(vmaf_feature_dictionary_set(&dict, "debug", "true"), 0);
    assert_int_equal(vmaf_use_feature(v, name, dict), 0);
}

/* Every extractor that has bands, with options that leave out scales or add a second look back. */
static void use_all(VmafContext *v, unsigned w, unsigned h)
{
    if (w >= 16 && h >= 16) {
        use(v, "vif", "vif_skip_scale0", "true");
        use(v, "vif", "vif_enhn_gain_limit", "1.5");
    }
    if (w >= 17 && h >= 17) {
        use(v, "adm", "adm_skip_scale0", "true");
        use(v, "adm", "adm_enhn_gain_limit", "1.5");
    }
    use(v, "motion", NULL, NULL);
    use(v, "motion", "motion_five_frame_window", "true");
    use(v, "psnr", NULL, NULL);
}

/* The report of three frames. */
static char *score(unsigned w, unsigned h, unsigned bpc, unsigned n_threads, unsigned bands)
{
    VmafContext *v;
    VmafReportConfig report;
    char *text;
    size_t size;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = n_threads};
    assert_int_equal(vmaf_init(&v, cfg), 0);
    v->bands = bands;
    use_all(v, w, h);
    for (unsigned i = 0; i < 3; i++) {
        VmafPicture r = test_picture_deep(w, h, bpc, i, 0), d = test_picture_deep(w, h, bpc, i, 23);
        assert_int_equal(vmaf_read_pictures(v, &r, &d, i), 0);
    }
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    vmaf_ext_report_config_default(&report);
    report.precision = VMAF_PRECISION_MAX;
    report.wall_seconds = 1;
    assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
    vmaf_close(v);
    return text;
}

static void check_size(unsigned w, unsigned h, unsigned bpc)
{
    static const unsigned counts[] = {2, 3, 4, 7, 16, 61};
    char *whole = score(w, h, bpc, 0, 1);
    for (size_t k = 0; k < VM_COUNT(counts); k++) {
        char *cut = score(w, h, bpc, k % 3, counts[k]);
        if (strcmp(whole, cut) != 0) print_error("%ux%u, %u bands\n", w, h, counts[k]);
        assert_string_equal(whole, cut);
        vmaf_ext_free(cut);
    }
    vmaf_ext_free(whole);
}

static void any_number_of_bands_gives_the_same(void **state)
{
    (void)state;
    static const unsigned sizes[][2] = {{16, 16},  {17, 17},  {18, 19}, {33, 21},
                                        {40, 34},  {64, 48},  {35, 97}, {50, 128},
                                        {24, 131}, {47, 255}, {19, 300}};
    for (size_t i = 0; i < VM_COUNT(sizes); i++) {
        check_size(sizes[i][0], sizes[i][1], 8);
        check_size(sizes[i][0], sizes[i][1], 10);
    }
}

static void every_height_is_cut_well(void **state)
{
    (void)state;
    for (unsigned h = 16; h < 90; h++) check_size(21, h, 8);
}

/* Bands cover the rows once, however many there are. */
static void bands_are_a_partition(void **state)
{
    (void)state;
    for (int count = 1; count < 20; count++)
        for (int end = 5; end < 40; end += 7) {
            int next = 5;
            for (int k = 0; k < count; k++) {
                const VmRows rows = vm_band_rows((VmBand){k, count}, 5, end);
                assert_int_equal(rows.first, next);
                assert_true(rows.end >= rows.first);
                next = rows.end;
            }
            assert_int_equal(next, end);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_are_a_partition),
        cmocka_unit_test(any_number_of_bands_gives_the_same),
        cmocka_unit_test(every_height_is_cut_well),
    };
    return cmocka_run_group_tests_name("bands", tests, NULL, NULL);
}
