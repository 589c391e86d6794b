/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Bad use: an errno and a text, never a crash or a leak (the sanitizers watch). */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "base.h"

/* The call failed, and the context says why. */
#define REFUSED(v, call, code)                                                                     \
    do {                                                                                           \
        assert_int_equal(call, code);                                                              \
        assert_true(*vmaf_ext_last_error(v));                                                      \
        assert_null(strchr(vmaf_ext_last_error(v), '\n'));                                         \
    } while (0)

static void null_contexts_and_results(void **state)
{
    (void)state;
    VmafContext *none = NULL;
    VmafModel *m = test_model();
    VmafModelCollectionScore spread;
    VmafPicture p;
    VmafReportConfig report = {sizeof(report)};
    VmafStats stats = {sizeof(stats)};
    const VmafConfiguration cfg = {0};
    const VmafPictureConfiguration pool = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 2};
    char *text;
    size_t size;
    double x;
    assert_int_equal(vmaf_init(NULL, cfg), -EINVAL);
    assert_int_equal(vmaf_ext_init(&none, NULL), -EINVAL);
    assert_int_equal(vmaf_close(NULL), -EINVAL);
    assert_int_equal(vmaf_use_feature(NULL, "vif", NULL), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model(NULL, m), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model_collection(NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_import_feature_score(NULL, "x", 1, 0), -EINVAL);
    assert_int_equal(vmaf_read_pictures(NULL, NULL, NULL, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index(NULL, m, &x, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index_model_collection(NULL, NULL, &spread, 0), -EINVAL);
    assert_int_equal(vmaf_feature_score_at_index(NULL, "x", &x, 0), -EINVAL);
    assert_int_equal(vmaf_score_pooled(NULL, m, VMAF_POOL_METHOD_MEAN, &x, 0, 0), -EINVAL);
    assert_int_equal(
        vmaf_score_pooled_model_collection(NULL, NULL, VMAF_POOL_METHOD_MEAN, &spread, 0, 0),
        -EINVAL);
    assert_int_equal(vmaf_feature_score_pooled(NULL, "x", VMAF_POOL_METHOD_MEAN, &x, 0, 0),
                     -EINVAL);
    assert_int_equal(vmaf_write_output(NULL, "/dev/null", VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    assert_int_equal(vmaf_preallocate_pictures(NULL, pool), -EINVAL);
    assert_int_equal(vmaf_fetch_preallocated_picture(NULL, &p), -EINVAL);
    assert_int_equal(vmaf_ext_stats(NULL, "x", &stats), -EINVAL);
    assert_int_equal(vmaf_ext_percentile(NULL, "x", 5, &x), -EINVAL);
    assert_int_equal(vmaf_ext_report_write(NULL, "/dev/null", &report), -EINVAL);
    assert_int_equal(vmaf_ext_report_print(NULL, &report, &text, &size), -EINVAL);
    assert_int_equal(vmaf_ext_merge(NULL, NULL, 0, NULL, 0), -EINVAL);
    assert_string_equal(vmaf_ext_last_error(NULL), "");
    assert_int_equal(vmaf_ext_thread_count(NULL), 0);
    assert_int_equal(vmaf_ext_reads_chroma(NULL), 0);
    assert_null(vmaf_ext_model_name(NULL, 0));
    assert_null(vmaf_ext_score_name(NULL, 0));
    vmaf_ext_cancel(NULL);
    vmaf_ext_chunk_context(NULL, NULL, NULL);
    vmaf_ext_free(NULL);
    vmaf_model_destroy(m);
}

static void null_arguments(void **state)
{
    (void)state;
    VmafContext *v = test_open(0);
    VmafModel *m = test_model();
    VmafModelCollectionScore spread;
    VmafReportConfig report;
    VmafPicture p = test_picture(64, 48, 0, 0);
    char *text;
    size_t size;
    double x;
    vmaf_ext_report_config_default(&report);
    REFUSED(v, vmaf_use_feature(v, NULL, NULL), -EINVAL);
    REFUSED(v, vmaf_use_features_from_model(v, NULL), -EINVAL);
    REFUSED(v, vmaf_use_features_from_model_collection(v, NULL), -EINVAL);
    REFUSED(v, vmaf_import_feature_score(v, NULL, 1, 0), -EINVAL);
    REFUSED(v, vmaf_import_feature_score(v, "", 1, 0), -EINVAL);
    REFUSED(v, vmaf_read_pictures(v, &p, NULL, 0), -EINVAL);
    REFUSED(v, vmaf_read_pictures(v, &p, &p, 0), -EINVAL); /* zeroed by now */
    REFUSED(v, vmaf_score_at_index(v, NULL, &x, 0), -EINVAL);
    REFUSED(v, vmaf_score_at_index(v, m, NULL, 0), -EINVAL);
    REFUSED(v, vmaf_score_at_index_model_collection(v, NULL, &spread, 0), -EINVAL);
    REFUSED(v, vmaf_feature_score_at_index(v, NULL, &x, 0), -EINVAL);
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, NULL, 0, 0), -EINVAL);
    REFUSED(v, vmaf_feature_score_pooled(v, "x", VMAF_POOL_METHOD_MEAN, NULL, 0, 0), -EINVAL);
    REFUSED(v, vmaf_write_output(v, NULL, VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    REFUSED(v, vmaf_write_output(v, "", VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    REFUSED(v, vmaf_write_output(v, "/dev/null", (enum VmafOutputFormat)9), -EINVAL);
    REFUSED(v, vmaf_write_output(v, "/no/such/folder/x", VMAF_OUTPUT_FORMAT_XML), -ENOENT);
    REFUSED(v, vmaf_fetch_preallocated_picture(v, NULL), -EINVAL);
    REFUSED(v, vmaf_ext_stats(v, "x", NULL), -EINVAL);
    REFUSED(v, vmaf_ext_percentile(v, "x", NAN, &x), -EINVAL);
    REFUSED(v, vmaf_ext_report_print(v, &report, NULL, &size), -EINVAL);
    REFUSED(v, vmaf_ext_report_print(v, &(VmafReportConfig){0}, &text, &size), -EINVAL);
    vmaf_model_destroy(m);
    vmaf_close(v);
}

static void null_models_and_pictures(void **state)
{
    (void)state;
    VmafModel *m = NULL;
    VmafModelCollection *c = NULL;
    VmafFeatureDictionary *dict = NULL;
    VmafModelSpec spec;
    char why[200];
    assert_int_equal(vmaf_model_load(NULL, NULL, "vmaf_v0.6.1"), -EINVAL);
    assert_int_equal(vmaf_model_load(&m, NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_model_load(&m, NULL, "vmaf_v9"), -EINVAL);
    assert_int_equal(vmaf_model_load_from_path(&m, NULL, NULL), -EINVAL);
    assert_int_equal(vmaf_model_load_from_path(&m, NULL, "/no/such/file"), -ENOENT);
    assert_int_equal(vmaf_model_collection_load(&m, NULL, NULL, "vmaf_b_v0.6.3"), -EINVAL);
    assert_int_equal(vmaf_model_collection_load_from_path(&m, &c, NULL, "/tmp"), -EINVAL);
    assert_int_equal(vmaf_model_feature_overload(NULL, "vif", NULL), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "a", "1"), 0);
    assert_int_equal(vmaf_model_feature_overload(NULL, "vif", dict), -EINVAL); /* took it */
    assert_int_equal(vmaf_model_collection_feature_overload(NULL, &c, "vif", NULL), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(NULL, "a", "1"), -EINVAL);
    dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, NULL, "1"), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "a", NULL), -EINVAL);
    assert_null(dict);
    assert_int_equal(vmaf_feature_dictionary_free(NULL), 0);
    vmaf_model_destroy(NULL);
    vmaf_model_collection_destroy(NULL);
    assert_int_equal(vmaf_picture_alloc(NULL, VMAF_PIX_FMT_YUV420P, 8, 4, 4), -EINVAL);
    assert_int_equal(vmaf_picture_unref(NULL), -EINVAL);
    vmaf_ext_model_spec_default(&spec);
    assert_int_equal(vmaf_ext_model_load(&m, &c, &spec, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, "a version, a path or its JSON"));
    assert_int_equal(vmaf_ext_model_load(&m, &c, &(VmafModelSpec){0}, why, sizeof(why)), -EINVAL);
    assert_non_null(strstr(why, "no size"));
    assert_int_equal(vmaf_ext_model_load(&m, &c, NULL, why, 8), -EINVAL);
    assert_int_equal(strlen(why), 7);
    assert_null(m);
    assert_null(c);
}

static void sizes_that_no_picture_has(void **state)
{
    (void)state;
    const struct {
        int format;
        unsigned bpc, w, h;
    } cases[] = {{0, 8, 64, 64},      {5, 8, 64, 64},      {-1, 8, 64, 64}, {1, 7, 64, 64},
                 {1, 17, 4, 4},       {1, 8, 0, 64},       {1, 8, 64, 0},   {1, 8, 32769, 1},
                 {1, 8, 4, 1u << 31}, {1, 8, 99999, 99999}};
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafPicture p;
        const VmafPicture zero = {0};
        memset(&p, 0xff, sizeof(p));
        assert_int_equal(vmaf_picture_alloc(&p, (enum VmafPixelFormat)cases[k].format, cases[k].bpc,
                                            cases[k].w, cases[k].h),
                         -EINVAL);
        assert_memory_equal(&p, &zero, sizeof(p));
    }
}

static void the_wrong_order(void **state)
{
    (void)state;
    VmafContext *v = test_open(0);
    VmafModel *m = test_model(), *late = test_model();
    const VmafPictureConfiguration pool = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 2};
    const VmafPictureConfiguration absurd = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, ~0u};
    VmafFeatureDictionary *dict = NULL;
    VmafPicture p;
    double x;
    REFUSED(v, vmaf_score_at_index(v, m, &x, 0), -EINVAL); /* its features are not in use */
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 0), -EINVAL);
    REFUSED(v, vmaf_fetch_preallocated_picture(v, &p), -EINVAL);
    REFUSED(v, vmaf_preallocate_pictures(v, absurd), -EINVAL);
    assert_int_equal(vmaf_preallocate_pictures(v, pool), 0);
    REFUSED(v, vmaf_preallocate_pictures(v, pool), -EINVAL);
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    REFUSED(v, vmaf_score_at_index(v, m, &x, 0), -EAGAIN);
    REFUSED(v, vmaf_read_pictures(v, NULL, NULL, 0), -EINVAL); /* nothing to flush */
    test_feed(v, 3);
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 2), -EINVAL);
    REFUSED(v, vmaf_use_feature(v, "psnr", NULL), -EINVAL);
    REFUSED(v, vmaf_use_features_from_model(v, late), -EINVAL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "vif_enhn_gain_limit", "1"), 0);
    REFUSED(v, vmaf_use_feature(v, "vif", dict), -EINVAL);
    REFUSED(v, vmaf_score_at_index(v, m, &x, 3), -EAGAIN);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    REFUSED(v, vmaf_read_pictures(v, NULL, NULL, 0), -EINVAL);
    REFUSED(v, test_feed_one(v, 3), -EINVAL);
    REFUSED(v, vmaf_score_at_index(v, m, &x, 3), -EINVAL);
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 3), -EINVAL);
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 2, 1), -EINVAL);
    REFUSED(v, vmaf_score_pooled(v, m, VMAF_POOL_METHOD_UNKNOWN, &x, 0, 2), -EINVAL);
    REFUSED(v, vmaf_score_pooled(v, m, (enum VmafPoolingMethod) - 1, &x, 0, 2), -EINVAL);
    assert_int_equal(vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 2), 0);
    assert_string_equal(vmaf_ext_last_error(v), "");
    vmaf_model_destroy(m);
    vmaf_model_destroy(late);
    vmaf_close(v);
}

/* A frame that is refused changes nothing: the right one comes through afterwards. */
static void frames_that_do_not_fit(void **state)
{
    (void)state;
    const struct {
        unsigned w, h, bpc, index;
    } cases[] = {{64, 48, 8, 0},   {64, 48, 8, 3},  {64, 48, 8, ~0u}, {66, 48, 8, 2},
                 {64, 46, 8, 2},   {64, 48, 10, 2}, {32, 24, 8, 2},   {64, 48, 16, 2},
                 {640, 480, 8, 2}, {64, 48, 8, 1}};
    VmafContext *v = test_open(2);
    VmafModel *m = test_model();
    double x;
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    test_feed(v, 2);
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafPicture r = test_picture_deep(cases[k].w, cases[k].h, cases[k].bpc, 0, 0);
        VmafPicture d = test_picture_deep(cases[k].w, cases[k].h, cases[k].bpc, 0, 9);
        REFUSED(v, vmaf_read_pictures(v, &r, &d, cases[k].index), -EINVAL);
        assert_null(r.ref);
        assert_null(d.data[0]);
    }
    VmafPicture r = {0}, d = test_picture(64, 48, 0, 0);
    REFUSED(v, vmaf_read_pictures(v, &r, &d, 2), -EINVAL); /* a picture without planes */
    assert_int_equal(test_feed_one(v, 2), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MIN, &x, 0, 2), 0);
    vmaf_close(v);
    vmaf_model_destroy(m);
}

static void unknown_names(void **state)
{
    (void)state;
    const struct {
        const char *feature, *key, *value, *says;
    } cases[] = {
        {"wif", NULL, NULL, "wif"},
        {"", NULL, NULL, "unknown feature"},
        {"vif", "colour", "1", "colour"},
        {"vif", "vif_enhn_gain_limit", "much", "much"},
        {"vif", "vif_enhn_gain_limit", "0.5", "vif_enhn_gain_limit"},
        {"psnr", "enable_chroma", "perhaps", "perhaps"},
    };
    VmafContext *v = test_open(0);
    double x;
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafFeatureDictionary *dict = NULL;
        if (cases[k].key)
            assert_int_equal(vmaf_feature_dictionary_set(&dict, cases[k].key, cases[k].value), 0);
        REFUSED(v, vmaf_use_feature(v, cases[k].feature, dict), -EINVAL);
        if (!strstr(vmaf_ext_last_error(v), cases[k].says)) fail_msg("%s", vmaf_ext_last_error(v));
    }
    assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0); /* all of that left nothing behind */
    test_feed(v, 1);
    REFUSED(v, vmaf_feature_score_at_index(v, "vif", &x, 0), -EINVAL);
    REFUSED(v, vmaf_ext_percentile(v, "vif", 5, &x), -EINVAL);
    vmaf_close(v);
}

/* Models made before and after a context, gone before and after it, shared by several. */
static void lives_of_models(void **state)
{
    (void)state;
    VmafModel *early = test_model();
    VmafContext *v = test_open(0), *other = test_open(1);
    VmafModel *late = test_model(), *unused = test_model();
    double x, y;
    vmaf_model_destroy(unused);
    assert_int_equal(vmaf_use_features_from_model(v, early), 0);
    assert_int_equal(vmaf_use_features_from_model(other, early), 0);
    assert_int_equal(vmaf_use_features_from_model(v, late), 0);
    test_feed(v, 2);
    test_feed(other, 2);
    vmaf_read_pictures(v, NULL, NULL, 0);
    vmaf_read_pictures(other, NULL, NULL, 0);
    assert_int_equal(vmaf_score_pooled(v, early, VMAF_POOL_METHOD_MEAN, &x, 0, 1), 0);
    vmaf_close(v);
    assert_int_equal(vmaf_score_pooled(other, early, VMAF_POOL_METHOD_MEAN, &y, 0, 1), 0);
    assert_true(x == y);
    vmaf_model_destroy(early);
    assert_int_equal(vmaf_score_pooled(other, late, VMAF_POOL_METHOD_MEAN, &y, 0, 1), 0);
    assert_true(x == y); /* a model that was never registered finds the features it needs */
    vmaf_close(other);
    vmaf_model_destroy(late);
}

static void contexts_by_the_thousand(void **state)
{
    (void)state;
    VmafContext *open[64];
    for (int i = 0; i < 10000; i++) {
        VmafContext *v = test_open((unsigned)i % 3);
        if (i % 2) assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
        if (i % 100 == 1) test_feed(v, 2); /* and closed without a flush */
        assert_int_equal(vmaf_close(v), 0);
    }
    for (size_t i = 0; i < VM_COUNT(open); i++) {
        open[i] = test_open(1);
        assert_int_equal(vmaf_use_feature(open[i], "vif", NULL), 0);
        test_feed(open[i], 1);
    }
    for (size_t i = 0; i < VM_COUNT(open); i++) vmaf_close(open[i]);
}

/* ---- failing allocations ---- */

/* Allocations so far, and which of them fails; 0: none. */
typedef struct Failing {
    long n, fails;
    long out; /* blocks not given back */
} Failing;

static void *failing_alloc(void *opaque, size_t size)
{
    Failing *f = opaque;
    void *memory = ++f->n == f->fails ? NULL : malloc(size);
    f->out += memory != NULL;
    return memory;
}

static void failing_free(void *opaque, void *memory)
{
    ((Failing *)opaque)->out--;
    free(memory);
}

/* Everything a caller may do, once. */
static int busy_run(VmafContext *v)
{
    static uint8_t samples[48 * 64];
    const VmafPictureConfiguration pool = {{64, 48, 8, VMAF_PIX_FMT_YUV400P}, 2};
    VmafModel *m = NULL, *main_model = NULL;
    VmafModelCollection *c = NULL;
    VmafModelCollectionScore spread;
    VmafFeatureDictionary *dict = NULL;
    VmafReportConfig report;
    VmafPicture p = {0};
    char *path = test_file(TEST_COLLECTION), *single = test_file(TEST_MODEL("")), *text = NULL;
    size_t size;
    double x;
    vmaf_ext_report_config_default(&report);
    report.extended = 1;
    VmafPicture r = {VMAF_PIX_FMT_YUV400P, 8, {64}, {48}, {64}, {samples}, NULL, NULL};
    int code = vmaf_model_load_from_path(&m, NULL, single);
    if (!code) code = vmaf_model_collection_load_from_path(&main_model, &c, NULL, path);
    if (!code) code = vmaf_feature_dictionary_set(&dict, "adm_enhn_gain_limit", "1");
    if (!code) {
        code = vmaf_model_feature_overload(m, "adm", dict);
        dict = NULL;
    }
    if (!code) code = vmaf_use_features_from_model(v, m);
    if (!code) code = vmaf_use_features_from_model_collection(v, c);
    if (!code) code = vmaf_use_feature(v, "psnr", NULL);
    if (!code) code = vmaf_preallocate_pictures(v, pool);
    if (!code) code = vmaf_fetch_preallocated_picture(v, &p);
    if (!code) code = vmaf_read_pictures(v, &r, &p, 0);
    if (!code) code = vmaf_score_at_index(v, m, &x, 0);
    if (!code) code = vmaf_import_feature_score(v, "mine", 1, 0);
    if (!code) code = vmaf_read_pictures(v, NULL, NULL, 0);
    if (!code) code = vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 0);
    if (!code)
        code = vmaf_score_pooled_model_collection(v, c, VMAF_POOL_METHOD_MEAN, &spread, 0, 0);
    if (!code) code = vmaf_ext_percentile(v, "vmaf", 50, &x);
    for (int f = VMAF_OUTPUT_FORMAT_XML; !code && f <= VMAF_OUTPUT_FORMAT_SUB; f++) {
        report.format = (enum VmafOutputFormat)f;
        code = vmaf_ext_report_print(v, &report, &text, &size);
        if (!code) vmaf_ext_free(text);
    }
    if (!code) code = vmaf_write_output(v, path, VMAF_OUTPUT_FORMAT_XML);
    if (code && !m) assert_null(dict);
    vmaf_feature_dictionary_free(&dict);
    vmaf_picture_unref(&p);
    vmaf_model_destroy(m);
    vmaf_model_destroy(main_model);
    vmaf_model_collection_destroy(c);
    test_remove(path);
    test_remove(single);
    return code;
}

static int open_failing(VmafContext **v, Failing *f)
{
    VmafExtConfig cfg;
    vmaf_ext_config_default(&cfg);
    cfg.n_threads = 1;
    cfg.log_level = VMAF_LOG_LEVEL_NONE;
    cfg.alloc = failing_alloc;
    cfg.free = failing_free;
    cfg.alloc_opaque = f;
    return vmaf_ext_init(v, &cfg);
}

/* One allocation fails, those after it do not. */
static void one_allocation_fails(void **state)
{
    (void)state;
    for (long k = 1; k < 2000; k++) {
        VmafContext *v = NULL;
        Failing f = {.fails = k};
        int code = open_failing(&v, &f);
        if (!code) code = busy_run(v);
        if (code) assert_int_equal(code, -ENOMEM);
        if (code && v) assert_non_null(strstr(vmaf_ext_last_error(v), "memory"));
        if (v) vmaf_close(v);
        assert_int_equal(f.out, 0);
        if (f.n < k) {
            assert_int_equal(code, 0);
            assert_true(k > 50);
            return;
        }
    }
    fail();
}

/* From one allocation on all fail, also those of models and dictionaries. */
static void memory_runs_out(void **state)
{
    (void)state;
    for (long k = 0; k < 2000; k++) {
        VmafContext *v = NULL;
        const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_threads = 1};
        vm_alloc_fail_after(k);
        int code = vmaf_init(&v, cfg);
        if (!code) code = busy_run(v);
        if (v) vmaf_close(v);
        vm_alloc_fail_after(-1);
        if (!code) return;
        assert_int_equal(code, -ENOMEM);
    }
    fail();
}

/* Memory is there again: the same context goes on where it was refused. */
static void a_failed_start_can_be_repeated(void **state)
{
    (void)state;
    for (long k = 1;; k++) {
        VmafContext *v;
        Failing f = {0};
        double x;
        assert_int_equal(open_failing(&v, &f), 0);
        assert_int_equal(vmaf_use_feature(v, "motion", NULL), 0);
        f.fails = f.n + k;
        const int code = test_feed_one(v, 0);
        if (code) {
            assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
            test_feed(v, 2);
            assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
            assert_int_equal(vmaf_feature_score_at_index(v, "psnr_y", &x, 1), 0);
            assert_int_equal(vmaf_feature_score_at_index(v, "integer_motion2", &x, 1), 0);
        }
        vmaf_close(v);
        assert_int_equal(f.out, 0);
        if (!code) {
            assert_true(k > 5);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_contexts_and_results),
        cmocka_unit_test(null_arguments),
        cmocka_unit_test(null_models_and_pictures),
        cmocka_unit_test(sizes_that_no_picture_has),
        cmocka_unit_test(the_wrong_order),
        cmocka_unit_test(frames_that_do_not_fit),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(lives_of_models),
        cmocka_unit_test(contexts_by_the_thousand),
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(a_failed_start_can_be_repeated),
    };
    return cmocka_run_group_tests_name("misuse", tests, NULL, NULL);
}
