/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reports of names and values that few have: imported scores may be called anything. */
#include "unit.h"

#include <math.h>

#include "base.h"

static unsigned n_messages;

static void count(void *opaque, enum VmafLogLevel level, const char *text)
{
    (void)opaque;
    (void)level;
    (void)text;
    n_messages++;
}

/* A context with one frame of each of these scores. */
static VmafContext *with_scores(const char *const *names, size_t n, double value)
{
    VmafExtConfig cfg;
    VmafContext *v;
    vmaf_ext_config_default(&cfg);
    cfg.log = count;
    n_messages = 0;
    assert_int_equal(vmaf_ext_init(&v, &cfg), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(vmaf_import_feature_score(v, names[i], value, 0), 0);
    return v;
}

/* Closes the context. */
static char *printed(VmafContext *v, enum VmafOutputFormat format, const char *reference)
{
    static char text[16384];
    VmafReportConfig cfg;
    char *report;
    size_t size;
    vmaf_ext_report_config_default(&cfg);
    cfg.format = format;
    cfg.extended = reference != NULL;
    cfg.reference = reference;
    assert_int_equal(vmaf_ext_report_print(v, &cfg, &report, &size), 0);
    snprintf(text, sizeof(text), "%s", report);
    vmaf_ext_free(report);
    vmaf_close(v);
    return text;
}

static void attributes_of_an_element_differ(void **state)
{
    (void)state;
    const char *const names[] = {"a b", "a_b", "a?b", "a_b_2", "frameNum", "1st", "\xc3\xa9"};
    const char *text = printed(with_scores(names, 7, 1), VMAF_OUTPUT_FORMAT_XML, NULL);
    assert_non_null(strstr(text, "<frame frameNum=\"0\" a_b=\"1.000000\" a_b_2=\"1.000000\" "
                                 "a_b_3=\"1.000000\" a_b_2_2=\"1.000000\" frameNum_2=\"1.000000\" "
                                 "_st=\"1.000000\" __=\"1.000000\" />"));
    assert_non_null(strstr(text, "<metric name=\"a?b\" ")); /* there they are as they are */
    assert_non_null(strstr(text, "<metric name=\"\xc3\xa9\" "));
}

static void xml_has_no_noncharacters(void **state)
{
    (void)state;
    const char *reference = "a\xef\xbf\xbe"
                            "b\xef\xbf\xbf"
                            "c\xef\xbf\xbd"
                            "d\xff<\x01";
    const char *text = printed(with_scores(NULL, 0, 0), VMAF_OUTPUT_FORMAT_XML, reference);
    assert_non_null(strstr(text, "reference=\"a?b?c\xef\xbf\xbd"
                                 "d?&#60;?\""));
}

static void csv_quotes_what_it_must(void **state)
{
    (void)state;
    const char *const names[] = {"plain", "a,b", "say \"x\"", "two\nlines"};
    const char *text = printed(with_scores(names, 4, 1), VMAF_OUTPUT_FORMAT_CSV, NULL);
    assert_string_equal(text, "Frame,plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\n"
                              "0,1.000000,1.000000,1.000000,1.000000,\n");
}

static void subtitles_stay_one_line(void **state)
{
    (void)state;
    const char *const names[] = {"a|b", "two\nlines", "\xc3\xa9"};
    const char *text = printed(with_scores(names, 3, 1), VMAF_OUTPUT_FORMAT_SUB, NULL);
    assert_string_equal(text, "{0}{1}frame: 0|a_b: 1.000000|two_lines: 1.000000|"
                              "\xc3\xa9: 1.000000|\n");
}

/* It used to be logged as an error that the report has no percentiles of them. */
static void infinite_scores_are_no_error(void **state)
{
    (void)state;
    const char *const names[] = {"endless"};
    for (int f = VMAF_OUTPUT_FORMAT_XML; f <= VMAF_OUTPUT_FORMAT_SUB; f++) {
        VmafContext *v = with_scores(names, 1, INFINITY);
        const char *text = printed(v, (enum VmafOutputFormat)f, "ref");
        assert_null(strstr(text, "inf"));
        assert_int_equal(n_messages, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_of_an_element_differ),
        cmocka_unit_test(xml_has_no_noncharacters),
        cmocka_unit_test(csv_quotes_what_it_must),
        cmocka_unit_test(subtitles_stay_one_line),
        cmocka_unit_test(infinite_scores_are_no_error),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
