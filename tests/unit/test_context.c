/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The library as its callers use it, well and badly. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base.h"
#include "context.h"
#include "model.h"

static VmafContext *open_context(unsigned n_threads)
{
    VmafContext *v;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = n_threads};
    assert_int_equal(vmaf_init(&v, cfg), 0);
    return v;
}

static VmafModel *open_model(void)
{
    VmafModel *m;
    VmafModelCollection *c;
    const char *json = TEST_MODEL("");
    assert_int_equal(vm_model_parse(&m, &c, json, strlen(json), "test", "vmaf", 0, NULL), 0);
    return m;
}

static void feed(VmafContext *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        VmafPicture r = test_picture(64, 48, i, 0), d = test_picture(64, 48, i, 9);
        assert_int_equal(vmaf_read_pictures(v, &r, &d, i), 0);
        assert_null(r.ref);
        assert_null(d.data[0]);
    }
}

static char *report(VmafContext *v)
{
    VmafReportConfig cfg;
    char *text;
    size_t size;
    vmaf_ext_report_config_default(&cfg);
    cfg.precision = VMAF_PRECISION_MAX;
    cfg.wall_seconds = 1;
    assert_int_equal(vmaf_ext_report_print(v, &cfg, &text, &size), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

/* The order of FFmpeg's filter: the first context is closed unused, the model before the context. */
static void pictures_in_scores_out(void **state)
{
    (void)state;
    VmafContext *unused = open_context(0), *v = open_context(0);
    VmafModel *m = open_model();
    double pooled, one, sum = 0;
    assert_int_equal(vmaf_close(unused), 0);
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    feed(v, 4);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &pooled, 0, 3), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(vmaf_score_at_index(v, m, &one, i), 0);
        sum += one;
    }
    assert_true(pooled == sum / 4);
    vmaf_model_destroy(m);
    assert_int_equal(vmaf_close(v), 0);
}

static void reports_do_not_depend_on_threads(void **state)
{
    (void)state;
    char *first = NULL;
    const unsigned threads[] = {0, 1, 2, 3, 7};
    for (size_t k = 0; k < VM_COUNT(threads); k++) {
        VmafContext *v = open_context(threads[k]);
        const char *const features[] = {"vif",  "adm",        "motion",
                                        "psnr", "float_ssim", "float_motion"};
        for (size_t f = 0; f < VM_COUNT(features); f++)
            assert_int_equal(vmaf_use_feature(v, features[f], NULL), 0);
        feed(v, 9);
        assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
        char *text = report(v);
        if (first) assert_string_equal(text, first);
        if (first) vmaf_ext_free(text);
        else first = text;
        vmaf_close(v);
    }
    vmaf_ext_free(first);
}

static void assert_kernels(const VmafContext *v, VmCpuLevel level)
{
    assert_int_equal(v->level, level);
    assert_true(v->n_groups > 0);
    for (unsigned i = 0; i < v->n_groups; i++)
        assert_ptr_equal(v->groups[i].kernels, vm_kernels_get(level));
}

/* Two contexts in turn, one of which may not use any instruction set. */
static void cpu_masks_stay_apart(void **state)
{
    (void)state;
    VmafContext *v[2];
    char *text[2];
    const char *const features[] = {"vif", "adm", "motion", "psnr", "float_vif", "float_adm"};
    for (int k = 0; k < 2; k++) {
        const VmafConfiguration cfg = {.n_threads = 2, .cpumask = k ? UINT64_MAX : 0};
        assert_int_equal(vmaf_init(&v[k], cfg), 0);
        for (size_t f = 0; f < VM_COUNT(features); f++)
            assert_int_equal(vmaf_use_feature(v[k], features[f], NULL), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++) {
            VmafPicture r = test_picture(99, 51, i, 0), d = test_picture(99, 51, i, 9);
            assert_int_equal(vmaf_read_pictures(v[k], &r, &d, i), 0);
        }
    for (int k = 0; k < 2; k++) {
        assert_kernels(v[k], k ? VM_CPU_SCALAR : vm_cpu_level(0));
        assert_int_equal(vmaf_read_pictures(v[k], NULL, NULL, 0), 0);
        text[k] = report(v[k]);
    }
    assert_string_equal(text[0], text[1]);
    for (int k = 0; k < 2; k++) {
        vmaf_ext_free(text[k]);
        vmaf_close(v[k]);
    }
}

/* Context frames give nothing but what the frames of the chunk need. */
static void chunks_report_their_own_frames(void **state)
{
    (void)state;
    VmafContext *v;
    VmafExtConfig cfg;
    unsigned before, after;
    double x;
    vmaf_ext_config_default(&cfg);
    cfg.chunk_first = 10;
    cfg.chunk_count = 2;
    assert_int_equal(vmaf_ext_init(&v, &cfg), 0);
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    vmaf_ext_chunk_context(v, &before, &after);
    assert_true(before == 0 && after == 0);
    assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
    vmaf_ext_chunk_context(v, &before, &after);
    assert_true(before == 1 && after == 1);
    for (unsigned i = 9; i < 13; i++) {
        VmafPicture r = test_picture(64, 48, i, 0), d = test_picture(64, 48, i, 9);
        assert_int_equal(vmaf_read_pictures(v, &r, &d, i), 0);
    }
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "psnr_y", &x, 9), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(v, "psnr_y", &x, 10), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &x, 11), 0);
    assert_true(x > 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &x, 12), -EINVAL);
    char *text = report(v);
    assert_null(strstr(text, "\"frameNum\": 9"));
    assert_non_null(strstr(text, "\"frameNum\": 11"));
    assert_null(strstr(text, "\"frameNum\": 12"));
    vmaf_ext_free(text);
    vmaf_close(v);
}

/* Before the flush the newest frame counts as the last one. */
static void scores_can_be_read_while_running(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    double early, sad, late;
    assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
    feed(v, 3);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &early, 2), 0);
    assert_int_equal(
        vmaf_feature_score_at_index(v, "VMAF_integer_feature_motion_sad_score", &sad, 2), 0);
    assert_true(early == sad);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &early, 1), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &late, 3), -EAGAIN);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &late, 1), 0);
    assert_true(early == late);
    vmaf_close(v);
}

static void misuse_is_answered_in_words(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    VmafPicture a = test_picture(64, 48, 0, 0), b = test_picture(64, 50, 0, 0);
    double x;
    assert_int_equal(vmaf_use_feature(v, "vfi", NULL), -EINVAL);
    assert_non_null(strstr(vmaf_ext_last_error(v), "vif, adm, motion"));
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), -EINVAL);
    assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0);
    assert_int_equal(vmaf_read_pictures(v, &a, &b, 0), -EINVAL);
    assert_non_null(strstr(vmaf_ext_last_error(v), "64x48"));
    assert_non_null(strstr(vmaf_ext_last_error(v), "64x50"));
    assert_null(a.ref);
    assert_null(b.ref);
    assert_int_equal(vmaf_picture_unref(&a), -EINVAL); /* zeroed: no harm */
    feed(v, 2);
    a = test_picture(64, 48, 0, 0);
    b = test_picture(64, 48, 0, 0);
    assert_int_equal(vmaf_read_pictures(v, &a, &b, 5), -EINVAL);
    assert_non_null(strstr(vmaf_ext_last_error(v), "frame 5 comes where frame 2 is due"));
    a = test_picture(64, 48, 0, 0);
    assert_int_equal(vmaf_read_pictures(v, &a, NULL, 2), -EINVAL);
    assert_null(a.ref);
    assert_int_equal(vmaf_use_feature(v, "adm", NULL), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(v, "nothing", &x, 0), -EINVAL);
    assert_int_equal(
        vmaf_feature_score_pooled(v, "integer_vif_scale0", VMAF_POOL_METHOD_NB, &x, 0, 1), -EINVAL);
    assert_int_equal(
        vmaf_feature_score_pooled(v, "integer_vif_scale0", VMAF_POOL_METHOD_MEAN, &x, 0, 9),
        -EINVAL);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), -EINVAL);
    vmaf_close(v);
    assert_int_equal(vmaf_close(NULL), -EINVAL);
}

static void too_small_pictures_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *feature;
        unsigned side;
    } cases[] = {{"vif", 15},       {"adm", 16},      {"float_ssim", 10}, {"float_ms_ssim", 175},
                 {"float_vif", 15}, {"float_adm", 16}};
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafContext *v = open_context(0);
        const unsigned n = cases[k].side;
        VmafPicture a = test_picture(n, n, 0, 0), b = test_picture(n, n, 0, 0);
        assert_int_equal(vmaf_use_feature(v, cases[k].feature, NULL), 0);
        assert_int_equal(vmaf_read_pictures(v, &a, &b, 0), -EINVAL);
        assert_non_null(strstr(vmaf_ext_last_error(v), cases[k].feature));
        a = test_picture(n + 1, n + 1, 0, 0);
        b = test_picture(n + 1, n + 1, 0, 0);
        assert_int_equal(vmaf_read_pictures(v, &a, &b, 0), 0);
        vmaf_close(v);
    }
}

/* Stripes with the unscaled Barten weights overflow every sum of ADM; they wrap, as defined. */
static void sums_wrap_where_the_definition_does(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    VmafFeatureDictionary *dict = NULL;
    VmafPicture p[2];
    double x;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "adm_csf_mode", "1"), 0);
    assert_int_equal(vmaf_use_feature(v, "adm", dict), 0);
    for (unsigned k = 0; k < 2; k++) {
        assert_int_equal(vmaf_picture_alloc(&p[k], VMAF_PIX_FMT_YUV400P, 8, 256, 144), 0);
        for (unsigned i = 0; i < 144; i++)
            for (unsigned j = 0; j < 256; j++) {
                uint8_t *row = (uint8_t *)p[k].data[0] + (ptrdiff_t)i * p[k].stride[0];
                row[j] = (uint8_t)((j / 2 + k * (i / 3)) % 2 ? 255 : 0);
            }
    }
    assert_int_equal(vmaf_read_pictures(v, &p[0], &p[1], 0), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "integer_adm2_csf_1", &x, 0), 0);
    vmaf_close(v);
}

/* Words that hold more than 10 bits used to overflow sums; UBSan sees it. The scores mean nothing. */
static void samples_beyond_the_depth_do_no_harm(void **state)
{
    (void)state;
    const uint64_t masks[] = {0, UINT64_MAX};
    const char *const features[] = {"vif",        "adm",       "motion",    "psnr",
                                    "float_ssim", "float_vif", "float_adm", "float_motion"};
    for (size_t k = 0; k < VM_COUNT(masks); k++) {
        VmafContext *v;
        const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .cpumask = masks[k]};
        assert_int_equal(vmaf_init(&v, cfg), 0);
        for (size_t f = 0; f < VM_COUNT(features); f++)
            assert_int_equal(vmaf_use_feature(v, features[f], NULL), 0);
        for (unsigned i = 0; i < 3; i++) {
            VmafPicture p[2];
            for (unsigned n = 0; n < 2; n++) {
                p[n] = test_picture_deep(99, 51, 10, i, 0);
                for (unsigned y = 0; y < 51; y++) {
                    uint16_t *row = (void *)((uint8_t *)p[n].data[0] + y * (size_t)p[n].stride[0]);
                    for (unsigned x = 0; x < 99; x++)
                        row[x] = (x / 3 + y / 2 + n) % (3 + i) ? 65535 : 0;
                }
            }
            assert_int_equal(vmaf_read_pictures(v, &p[0], &p[1], i), 0);
        }
        assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
        vmaf_close(v);
    }
}

/* A picture without a reference count is the caller's memory: copied, left alone. */
static void pictures_filled_by_hand_are_copied(void **state)
{
    (void)state;
    static uint8_t samples[48 * 64];
    VmafContext *v = open_context(1);
    VmafPicture d = test_picture(64, 48, 0, 0);
    VmafPicture r = {.pix_fmt = VMAF_PIX_FMT_YUV400P,
                     .bpc = 8,
                     .w = {64},
                     .h = {48},
                     .stride = {64},
                     .data = {samples}};
    vmaf_picture_unref(&d);
    assert_int_equal(vmaf_picture_alloc(&d, VMAF_PIX_FMT_YUV400P, 8, 64, 48), 0);
    double psnr;
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    assert_int_equal(vmaf_read_pictures(v, &r, &d, 0), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "psnr_y", &psnr, 0), 0);
    assert_true(psnr == 60);
    vmaf_close(v);
}

/* Half of an allocated picture, and one whose plane is the caller's: copied, and given back. */
static void changed_pictures_are_copied(void **state)
{
    (void)state;
    static uint8_t samples[24 * 32];
    VmafContext *v = open_context(1);
    VmafPicture p[2];
    double psnr;
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(vmaf_picture_alloc(&p[k], VMAF_PIX_FMT_YUV400P, 8, 64, 48), 0);
        p[k].w[0] = 32;
        p[k].h[0] = 24;
    }
    p[1].data[0] = samples;
    p[1].stride[0] = 32;
    assert_int_equal(vmaf_read_pictures(v, &p[0], &p[1], 0), 0);
    assert_null(p[0].ref);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "psnr_y", &psnr, 0), 0);
    assert_true(psnr == 60);
    vmaf_close(v);
}

static void imported_scores_are_pooled(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    double x;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vmaf_import_feature_score(v, "mine", i + 1.0, i), 0);
    assert_int_equal(vmaf_import_feature_score(v, "mine", 9, 1), -EINVAL);
    assert_int_equal(vmaf_feature_score_pooled(v, "mine", VMAF_POOL_METHOD_MEAN, &x, 0, 2), 0);
    assert_true(x == 2);
    assert_int_equal(vmaf_feature_score_pooled(v, "mine", VMAF_POOL_METHOD_HARMONIC_MEAN, &x, 0, 2),
                     0);
    assert_true(fabs(x - (3 / (1. / 2 + 1. / 3 + 1. / 4) - 1)) < 1e-15);
    assert_int_equal(vmaf_import_feature_score(v, "far", 1, 4000000000u), -EINVAL);
    assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0);
    assert_int_equal(vmaf_import_feature_score(v, "integer_vif_scale0", 1, 0), -EINVAL);
    vmaf_close(v);
}

/* Names that a feature is about to use belong to it. */
static void imports_do_not_take_a_features_name(void **state)
{
    (void)state;
    const char *const names[][2] = {{"VMAF_integer_feature_motion_sad_score", "motion"},
                                    {"motion_unweighted", "float_motion"}};
    for (size_t k = 0; k < VM_COUNT(names); k++) {
        VmafContext *v = open_context(0);
        assert_int_equal(vmaf_import_feature_score(v, names[k][0], 1, 0), 0);
        assert_int_equal(vmaf_use_feature(v, names[k][1], NULL), -EINVAL);
        feed(v, 3);
        vmaf_read_pictures(v, NULL, NULL, 0);
        vmaf_close(v);
    }
}

static void forced_zeros_hold_beside_other_motion(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    VmafFeatureDictionary *dict = NULL;
    double x;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "motion_force_zero", "true"), 0);
    assert_int_equal(vmaf_use_feature(v, "float_motion", dict), 0);
    assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
    feed(v, 3);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_feature_score_at_index(v, "motion2_force_0", &x, 1), 0);
    assert_true(x == 0);
    vmaf_close(v);
}

/* The first counted frame need not be the first of the range. */
static void pooling_starts_at_a_counted_frame(void **state)
{
    (void)state;
    VmafContext *v;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_subsample = 2};
    double x;
    assert_int_equal(vmaf_init(&v, cfg), 0);
    assert_int_equal(vmaf_import_feature_score(v, "mine", 7, 2), 0);
    assert_int_equal(vmaf_feature_score_pooled(v, "mine", VMAF_POOL_METHOD_MIN, &x, 1, 3), 0);
    assert_true(x == 7);
    vmaf_close(v);
}

static void pools_give_pictures_back(void **state)
{
    (void)state;
    VmafContext *v = open_context(2);
    const VmafPictureConfiguration cfg = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 2};
    VmafPicture p[2];
    assert_int_equal(vmaf_fetch_preallocated_picture(v, &p[0]), -EINVAL);
    VmafPictureConfiguration huge = cfg;
    huge.pic_cnt = UINT32_MAX; /* wrapped to a pool of one, whose second fetch never came back */
    assert_int_equal(vmaf_preallocate_pictures(v, huge), -EINVAL);
    assert_int_equal(vmaf_preallocate_pictures(v, cfg), 0);
    assert_int_equal(vmaf_preallocate_pictures(v, cfg), -EINVAL);
    assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(vmaf_fetch_preallocated_picture(v, &p[0]), 0);
        assert_int_equal(vmaf_fetch_preallocated_picture(v, &p[1]), 0);
        assert_int_equal(vmaf_read_pictures(v, &p[0], &p[1], i), 0);
    }
    assert_int_equal(vmaf_fetch_preallocated_picture(v, &p[0]), 0);
    vmaf_close(v); /* the pool outlives its context as long as a picture is out */
    memset(p[0].data[0], 1, 64);
    assert_int_equal(vmaf_picture_unref(&p[0]), 0);
}

static void statistics_come_with_percentiles(void **state)
{
    (void)state;
    VmafContext *v = open_context(0);
    VmafStats s;
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    feed(v, 5);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(vmaf_import_feature_score(v, "five", 10.0 * (5 - i), i), 0);
    vmaf_ext_stats_default(&s);
    assert_int_equal(vmaf_ext_stats(v, "five", &s), 0);
    assert_int_equal(s.n, 5);
    assert_true(s.min == 10 && s.max == 50 && s.mean == 30 && s.p50 == 30 && s.p25 == 20);
    assert_true(fabs(s.stddev - sqrt(200)) < 1e-12);
    assert_int_equal(s.worst_index, 4);
    double p;
    assert_int_equal(vmaf_ext_percentile(v, "five", 75, &p), 0);
    assert_true(p == 40);
    assert_int_equal(vmaf_ext_percentile(v, "six", 75, &p), -EINVAL);
    vmaf_close(v);
}

/* A whole run in which allocation k fails: an error code or success, never a crash or a leak. */
static int whole_run(void)
{
    VmafContext *v = NULL;
    VmafPicture r = {0}, d = {0};
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = 1};
    char *text = NULL;
    size_t size;
    VmafReportConfig report_cfg;
    vmaf_ext_report_config_default(&report_cfg);
    report_cfg.extended = 1;
    int code = vmaf_init(&v, cfg);
    if (!code) code = vmaf_use_feature(v, "vif", NULL);
    if (!code) code = vmaf_use_feature(v, "motion", NULL);
    if (!code) code = vmaf_picture_alloc(&r, VMAF_PIX_FMT_YUV420P, 8, 32, 32);
    if (!code) code = vmaf_picture_alloc(&d, VMAF_PIX_FMT_YUV420P, 8, 32, 32);
    if (!code) code = vmaf_read_pictures(v, &r, &d, 0);
    if (!code) code = vmaf_read_pictures(v, NULL, NULL, 0);
    if (!code) code = vmaf_ext_report_print(v, &report_cfg, &text, &size);
    vmaf_ext_free(text);
    vmaf_picture_unref(&r);
    vmaf_picture_unref(&d);
    if (v) vmaf_close(v);
    return code;
}

static void runs_survive_failing_allocations(void **state)
{
    (void)state;
    for (long k = 0; k < 2000; k++) {
        vm_alloc_fail_after(k);
        const int code = whole_run();
        vm_alloc_fail_after(-1);
        if (!code) return;
        assert_int_equal(code, -ENOMEM);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_in_scores_out),
        cmocka_unit_test(reports_do_not_depend_on_threads),
        cmocka_unit_test(cpu_masks_stay_apart),
        cmocka_unit_test(chunks_report_their_own_frames),
        cmocka_unit_test(scores_can_be_read_while_running),
        cmocka_unit_test(misuse_is_answered_in_words),
        cmocka_unit_test(too_small_pictures_are_refused),
        cmocka_unit_test(sums_wrap_where_the_definition_does),
        cmocka_unit_test(samples_beyond_the_depth_do_no_harm),
        cmocka_unit_test(pictures_filled_by_hand_are_copied),
        cmocka_unit_test(changed_pictures_are_copied),
        cmocka_unit_test(imported_scores_are_pooled),
        cmocka_unit_test(imports_do_not_take_a_features_name),
        cmocka_unit_test(forced_zeros_hold_beside_other_motion),
        cmocka_unit_test(pooling_starts_at_a_counted_frame),
        cmocka_unit_test(pools_give_pictures_back),
        cmocka_unit_test(statistics_come_with_percentiles),
        cmocka_unit_test(runs_survive_failing_allocations),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
