/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What vmaf_ext.h adds. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#include "base.h"

static VmafExtConfig quiet_config(unsigned n_threads)
{
    VmafExtConfig cfg;
    vmaf_ext_config_default(&cfg);
    cfg.log_level = VMAF_LOG_LEVEL_NONE;
    cfg.n_threads = n_threads;
    return cfg;
}

static VmafContext *open_with(const VmafExtConfig *cfg)
{
    VmafContext *v;
    assert_int_equal(vmaf_ext_init(&v, cfg), 0);
    return v;
}

/* ---- progress and cancellation ---- */

typedef struct Watch {
    VmafContext *v;
    unsigned calls, last, cancel_at;
} Watch;

static void watch(void *opaque, unsigned frames)
{
    Watch *w = opaque;
    w->calls++;
    assert_int_equal(frames, w->last + 1);
    w->last = frames;
    if (frames == w->cancel_at) vmaf_ext_cancel(w->v);
}

static void progress_counts_every_frame(void **state)
{
    (void)state;
    const char *const features[] = {"vif", NULL};
    for (unsigned threads = 1; threads <= 4; threads++)
        for (int k = 0; k < 2; k++) {
            Watch w = {0};
            VmafExtConfig cfg = quiet_config(threads);
            cfg.n_subsample = threads;
            cfg.progress = watch;
            cfg.progress_opaque = &w;
            VmafContext *v = open_with(&cfg);
            if (features[k]) assert_int_equal(vmaf_use_feature(v, features[k], NULL), 0);
            test_feed(v, 9);
            assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
            assert_int_equal(w.calls, 9);
            vmaf_close(v);
        }
}

/* Frames come until one is refused. */
static unsigned feed_until_refused(VmafContext *v)
{
    int code = 0;
    unsigned i = 0;
    while (i < 1000 && !(code = test_feed_one(v, i))) i++;
    assert_int_equal(code, -ECANCELED);
    assert_non_null(strstr(vmaf_ext_last_error(v), "cancelled"));
    return i;
}

static void a_callback_can_cancel(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        Watch w = {.cancel_at = 3};
        VmafExtConfig cfg = quiet_config(threads);
        VmafReportConfig report;
        char *text;
        size_t size;
        double x;
        vmaf_ext_report_config_default(&report);
        cfg.progress = watch;
        cfg.progress_opaque = &w;
        VmafContext *v = w.v = open_with(&cfg);
        assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0);
        assert_true(feed_until_refused(v) >= 3);
        assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), -ECANCELED);
        if (threads == 1) /* several finish frames in any order */
            assert_int_equal(vmaf_feature_score_at_index(v, "integer_vif_scale0", &x, 0), 0);
        assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
        assert_non_null(strstr(text, "integer_vif_scale0"));
        vmaf_ext_free(text);
        vmaf_close(v);
        assert_int_equal(w.calls, 3); /* nobody is in the callback any more */
    }
}

static void stop_late(void *opaque, unsigned frames)
{
    const struct timespec moment = {0, 200000000};
    if (frames != 3) return;
    nanosleep(&moment, NULL); /* more frames are handed over, and not computed */
    vmaf_ext_cancel(((Watch *)opaque)->v);
}

/* What stands on a frame that was never computed took it for one without motion: the score was wrong, and reported. */
static void cancelled_frames_are_not_still(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        Watch w = {0};
        VmafExtConfig cfg = quiet_config(threads);
        double motion, motion2;
        unsigned refused = 0;
        cfg.progress = stop_late;
        cfg.progress_opaque = &w;
        VmafContext *v = w.v = open_with(&cfg);
        VmafFeatureDictionary *options = NULL;
        assert_int_equal(vmaf_feature_dictionary_set(&options, "debug", "true"), 0);
        assert_int_equal(vmaf_use_feature(v, "motion", options), 0);
        const unsigned n = feed_until_refused(v);
        for (unsigned i = 1; i < n; i++) {
            const int code = vmaf_feature_score_at_index(v, "integer_motion2", &motion2, i);
            const int known = !vmaf_feature_score_at_index(v, "integer_motion", &motion, i);
            refused += code != 0;
            if (!known) assert_int_equal(code, -EINVAL);
            if (!code) assert_true(motion2 > 0 && motion2 <= motion);
        }
        if (threads == 1) assert_true(refused > 0);
        vmaf_close(v);
    }
}

static void *cancel(void *v)
{
    vmaf_ext_cancel(v);
    return NULL;
}

static void another_thread_can_cancel(void **state)
{
    (void)state;
    const VmafPictureConfiguration pool = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 2};
    pthread_t thread;
    VmafPicture p;
    VmafExtConfig cfg = quiet_config(2);
    VmafContext *v = open_with(&cfg);
    assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0);
    assert_int_equal(vmaf_preallocate_pictures(v, pool), 0);
    test_feed(v, 2);
    assert_int_equal(pthread_create(&thread, NULL, cancel, v), 0);
    for (unsigned i = 2, code = 0; !code; i++) {
        VmafPicture r, d;
        assert_int_equal(vmaf_fetch_preallocated_picture(v, &r), 0);
        assert_int_equal(vmaf_fetch_preallocated_picture(v, &d), 0);
        code = (unsigned)vmaf_read_pictures(v, &r, &d, i);
        assert_null(r.ref);
    }
    pthread_join(thread, NULL);
    assert_int_equal(vmaf_fetch_preallocated_picture(v, &p), 0); /* the pool is whole */
    assert_int_equal(vmaf_picture_unref(&p), 0);
    vmaf_close(v);
}

static void cancelled_before_it_began(void **state)
{
    (void)state;
    VmafContext *v = test_open(0);
    vmaf_ext_cancel(v);
    vmaf_ext_cancel(v);
    assert_int_equal(vmaf_use_feature(v, "vif", NULL), 0);
    assert_int_equal(test_feed_one(v, 0), -ECANCELED);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), -EINVAL); /* nothing was read */
    vmaf_close(v);
}

/* ---- messages ---- */

typedef struct Log {
    unsigned n;
    enum VmafLogLevel level;
    char text[1024];
} Log;

static void log_to(void *opaque, enum VmafLogLevel level, const char *text)
{
    Log *log = opaque;
    log->n++;
    log->level = level;
    snprintf(log->text, sizeof(log->text), "%s", text);
}

static void each_context_has_its_logger(void **state)
{
    (void)state;
    Log logs[2] = {{0}};
    VmafContext *v[2];
    for (int k = 0; k < 2; k++) {
        VmafExtConfig cfg = quiet_config(1);
        cfg.log_level = k ? VMAF_LOG_LEVEL_NONE : VMAF_LOG_LEVEL_ERROR;
        cfg.log = log_to;
        cfg.log_opaque = &logs[k];
        v[k] = open_with(&cfg);
        assert_int_equal(vmaf_use_feature(v[k], "wif", NULL), -EINVAL);
        assert_non_null(strstr(vmaf_ext_last_error(v[k]), "\"wif\""));
    }
    assert_int_equal(logs[0].n, 1);
    assert_int_equal(logs[0].level, VMAF_LOG_LEVEL_ERROR);
    assert_string_equal(logs[0].text, vmaf_ext_last_error(v[0]));
    assert_null(strchr(logs[0].text, '\n'));
    assert_int_equal(logs[1].n, 0);
    assert_int_equal(vmaf_use_feature(v[0], "vif", NULL), 0);
    assert_string_equal(vmaf_ext_last_error(v[0]), ""); /* the next call went well */
    for (int k = 0; k < 2; k++) vmaf_close(v[k]);
}

/* ---- memory ---- */

typedef struct Heap {
    long n, out, fail; /* fail: the so many-th from now on gives NULL; 0: none */
} Heap;

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;

/* What comes from here is full of rubbish, and aligned no better than promised. */
static void *heap_alloc(void *opaque, size_t size)
{
    Heap *h = opaque;
    uint8_t *memory = aligned_alloc(64, (size + 16 + 63) & ~(size_t)63);
    if (!memory) return NULL;
    memset(memory, 0xa5, size + 16);
    pthread_mutex_lock(&heap_lock);
    const int fails = h->fail && !--h->fail;
    h->n += !fails;
    h->out += !fails;
    pthread_mutex_unlock(&heap_lock);
    if (!fails) return memory + 16;
    free(memory);
    return NULL;
}

static void heap_free(void *opaque, void *memory)
{
    pthread_mutex_lock(&heap_lock);
    ((Heap *)opaque)->out--;
    pthread_mutex_unlock(&heap_lock);
    free((uint8_t *)memory - 16);
}

static char *scored(VmafContext *v)
{
    VmafReportConfig report;
    char *text;
    size_t size;
    VmafModel *m = test_model();
    double x;
    vmaf_ext_report_config_default(&report);
    report.reproducible = 1;
    report.extended = 1;
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    assert_int_equal(vmaf_use_feature(v, "float_ssim", NULL), 0);
    test_feed(v, 5);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 4), 0);
    assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
    assert_int_equal(strlen(text), size);
    vmaf_model_destroy(m);
    return text;
}

/* The path of a model is part of the report and differs each time. */
static void assert_same_scores(const char *a, const char *b)
{
    const size_t n = (size_t)(strstr(a, "\"tinyvmaf\"") - a);
    assert_memory_equal(a, b, n);
}

static void memory_comes_from_the_context(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        const VmafPictureConfiguration pool = {{64, 48, 8, VMAF_PIX_FMT_YUV420P}, 2};
        Heap heap = {0};
        VmafPicture p;
        VmafExtConfig cfg = quiet_config(threads);
        VmafContext *plain = open_with(&cfg);
        cfg.alloc = heap_alloc;
        cfg.free = heap_free;
        cfg.alloc_opaque = &heap;
        VmafContext *v = open_with(&cfg);
        char *mine = scored(v), *plainly = scored(plain);
        assert_same_scores(mine, plainly);
        const long n = heap.n;
        VmafModel *m = test_model(); /* no context's */
        assert_int_equal(heap.n, n);
        assert_int_equal(vmaf_preallocate_pictures(v, pool), 0);
        assert_int_equal(vmaf_fetch_preallocated_picture(v, &p), 0);
        assert_true(heap.n > n);
        vmaf_model_destroy(m);
        vmaf_close(v);
        assert_true(heap.out >= 2); /* the report and the picture are still there */
        vmaf_ext_free(mine);
        memset(p.data[0], 1, 64);
        assert_int_equal(vmaf_picture_unref(&p), 0);
        assert_int_equal(heap.out, 0);
        vmaf_ext_free(plainly);
        vmaf_close(plain);
    }
}

static VmafContext *open_on(Heap *heap)
{
    VmafExtConfig cfg = quiet_config(1);
    cfg.alloc = heap_alloc;
    cfg.free = heap_free;
    cfg.alloc_opaque = heap;
    return open_with(&cfg);
}

static int use_psnr(VmafContext *v)
{
    VmafFeatureDictionary *options = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&options, "enable_apsnr", "true"), 0);
    return vmaf_use_feature(v, "psnr", options);
}

static char *report_of(VmafContext *v)
{
    VmafReportConfig report;
    char *text;
    size_t size;
    vmaf_ext_report_config_default(&report);
    report.reproducible = report.extended = 1;
    test_feed(v, 3);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
    return text;
}

/* Half a feature was left: asked for again it was said to be there, and APSNR was that of equal pictures. */
static void a_feature_can_be_asked_for_again(void **state)
{
    (void)state;
    Heap heap = {0};
    VmafContext *v = open_on(&heap);
    assert_int_equal(use_psnr(v), 0);
    char *whole = report_of(v);
    vmaf_close(v);
    int failed = 1;
    for (long k = 1; failed; k++) {
        v = open_on(&heap);
        heap.fail = k;
        failed = use_psnr(v) == -ENOMEM;
        heap.fail = 0;
        assert_int_equal(use_psnr(v), 0);
        char *text = report_of(v);
        assert_string_equal(whole, text);
        vmaf_ext_free(text);
        vmaf_close(v);
        assert_true(failed || k > 10);
    }
    vmaf_ext_free(whole);
    assert_int_equal(heap.out, 0);
}

/* The table of scores began with the frame that had failed: those before it were written beside it. */
static void a_clip_can_begin_again(void **state)
{
    (void)state;
    Heap heap = {0};
    VmafContext *v = open_on(&heap);
    assert_int_equal(use_psnr(v), 0);
    char *whole = report_of(v);
    vmaf_close(v);
    int failed = 1;
    for (long k = 1; failed; k++) {
        v = open_on(&heap);
        assert_int_equal(use_psnr(v), 0);
        heap.fail = k;
        failed = test_feed_one(v, 2000000) == -ENOMEM;
        heap.fail = 0;
        if (failed) {
            char *text = report_of(v);
            assert_string_equal(whole, text);
            vmaf_ext_free(text);
        }
        vmaf_close(v);
        assert_true(failed || k > 3);
    }
    vmaf_ext_free(whole);
    assert_int_equal(heap.out, 0);
}

static void half_an_allocator_is_refused(void **state)
{
    (void)state;
    VmafContext *v = NULL;
    VmafExtConfig cfg = quiet_config(1);
    cfg.alloc = heap_alloc;
    assert_int_equal(vmaf_ext_init(&v, &cfg), -EINVAL);
    cfg.alloc = NULL;
    cfg.free = heap_free;
    assert_int_equal(vmaf_ext_init(&v, &cfg), -EINVAL);
    assert_null(v);
}

/* ---- structs of another size ---- */

static void older_callers_have_smaller_structs(void **state)
{
    (void)state;
    VmafExtConfig cfg;
    VmafStats stats;
    VmafModelInfo model;
    VmafExtractorInfo extractor;
    VmafReportConfig report;
    char *text;
    size_t size;
    memset(&cfg, 0xa5, sizeof(cfg)); /* what lies behind the struct of an old caller */
    vmaf_ext_config_init(&cfg, offsetof(VmafExtConfig, chunk_first));
    assert_int_equal(cfg.struct_size, offsetof(VmafExtConfig, chunk_first));
    assert_int_equal(cfg.chunk_first, 0xa5a5a5a5u);
    cfg.log_level = VMAF_LOG_LEVEL_NONE;
    VmafContext *v = open_with(&cfg);
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    test_feed(v, 2);
    memset(&stats, 0xa5, sizeof(stats));
    vmaf_ext_stats_init(&stats, offsetof(VmafStats, p1));
    assert_int_equal(vmaf_ext_stats(v, "psnr_y", &stats), 0);
    assert_int_equal(stats.struct_size, offsetof(VmafStats, p1));
    assert_int_equal(stats.n, 2);
    assert_int_equal(stats.worst_index, 0xa5a5a5a5u);
    memset(&report, 0xa5, sizeof(report));
    vmaf_ext_report_config_init(&report, offsetof(VmafReportConfig, extended));
    assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
    vmaf_ext_free(text);
    memset(&model, 0xa5, sizeof(model));
    vmaf_ext_model_info_init(&model, offsetof(VmafModelInfo, sha256));
    assert_int_equal(vmaf_ext_model_info(0, &model), 0);
    assert_true(strlen(model.version) > 4);
    assert_int_equal(model.embedded, (int)0xa5a5a5a5);
    memset(&extractor, 0xa5, sizeof(extractor));
    vmaf_ext_extractor_info_init(&extractor, offsetof(VmafExtractorInfo, description));
    assert_int_equal(vmaf_ext_extractor_info(0, &extractor), 0);
    assert_string_equal(extractor.name, "vif");
    assert_int_equal((uintptr_t)extractor.description & 0xff, 0xa5);
    vmaf_close(v);
}

/* A caller compiled against a later version has members that are not known here. */
static void newer_callers_have_larger_structs(void **state)
{
    (void)state;
    struct {
        VmafExtConfig known;
        uint64_t unknown;
    } cfg;
    VmafContext *v;
    vmaf_ext_config_init(&cfg.known, sizeof(cfg));
    cfg.unknown = 7;
    assert_int_equal(cfg.known.struct_size, sizeof(cfg));
    assert_int_equal(vmaf_ext_init(&v, &cfg.known), 0);
    vmaf_close(v);
}

static void a_struct_without_size_is_refused(void **state)
{
    (void)state;
    VmafContext *v = test_open(0), *none = NULL;
    assert_int_equal(vmaf_ext_init(&none, &(VmafExtConfig){0}), -EINVAL);
    assert_int_equal(vmaf_ext_stats(v, "x", &(VmafStats){0}), -EINVAL);
    assert_non_null(strstr(vmaf_ext_last_error(v), "vmaf_ext_stats_default"));
    assert_int_equal(vmaf_ext_model_info(0, &(VmafModelInfo){0}), -EINVAL);
    assert_int_equal(vmaf_ext_extractor_info(0, &(VmafExtractorInfo){0}), -EINVAL);
    vmaf_close(v);
}

/* ---- what there is ---- */

static void scores_can_be_listed(void **state)
{
    (void)state;
    VmafContext *v = test_open(0);
    VmafModel *m = test_model();
    VmafReportConfig report;
    unsigned n = 0;
    char *text;
    size_t size;
    double x;
    assert_null(vmaf_ext_score_name(v, 0));
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0); /* with a column that stays hidden */
    assert_int_equal(vmaf_import_feature_score(v, "mine", 1, 0), 0);
    test_feed(v, 2);
    assert_int_equal(vmaf_import_feature_score(v, "mine", 1, 1), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 1), 0);
    vmaf_ext_report_config_default(&report);
    assert_int_equal(vmaf_ext_report_print(v, &report, &text, &size), 0);
    const char *at = strstr(text, "\"pooled_metrics\"");
    for (const char *name; (name = vmaf_ext_score_name(v, n)); n++) {
        char key[200];
        snprintf(key, sizeof(key), "\n    \"%s\": {", name);
        at = strstr(at, key); /* in the order of reports */
        assert_non_null(at);
        assert_int_equal(vmaf_feature_score_pooled(v, name, VMAF_POOL_METHOD_MEAN, &x, 0, 1), 0);
    }
    assert_true(n > 6);
    assert_string_equal(vmaf_ext_score_name(v, n - 1), "vmaf");
    vmaf_ext_free(text);
    vmaf_model_destroy(m);
    vmaf_close(v);
}

/* A caller that asks for each frame while the clip runs, and for nothing else. */
static void early_scores_are_reported(void **state)
{
    (void)state;
    VmafContext *v = test_open(0);
    VmafModel *m = test_model();
    VmafStats stats;
    double x, last;
    vmaf_ext_stats_default(&stats);
    assert_int_equal(vmaf_use_features_from_model(v, m), 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(test_feed_one(v, i), 0);
        assert_int_equal(vmaf_score_at_index(v, m, &last, i),
                         0); /* may change with the next frame */
        if (i) assert_int_equal(vmaf_score_at_index(v, m, &x, i - 1), 0);
    }
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_ext_stats(v, "vmaf", &stats), 0);
    assert_int_equal(stats.n, 4);
    assert_int_equal(vmaf_feature_score_at_index(v, "vmaf", &x, 4), -EINVAL);
    assert_int_equal(vmaf_score_at_index(v, m, &x, 4), 0);
    assert_true(x == last);
    assert_int_equal(vmaf_ext_stats(v, "vmaf", &stats), 0);
    assert_int_equal(stats.n, 5);
    vmaf_model_destroy(m);
    vmaf_close(v);
}

/* ---- scores with an owner ---- */

static void load_named(VmafModel **m, VmafModelCollection **c, const char *json, const char *path,
                       const char *name)
{
    VmafModelSpec spec;
    char error[256];
    vmaf_ext_model_spec_default(&spec);
    spec.json = json;
    spec.json_size = strlen(json);
    spec.path = path;
    spec.name = name;
    assert_int_equal(vmaf_ext_model_load(m, c, &spec, error, sizeof(error)), 0);
}

static VmafContext *open_for(VmafModel *a, VmafModel *b)
{
    VmafContext *v = test_open(0);
    assert_int_equal(vmaf_use_features_from_model(v, a), 0);
    assert_int_equal(vmaf_use_features_from_model(v, b), 0);
    test_feed(v, 2);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    return v;
}

static void assert_taken(VmafContext *v, const char *sentence)
{
    assert_string_equal(vmaf_ext_last_error(v), sentence);
}

/* The second model's values stood under the first one's source and digest. */
static void two_models_of_one_name_are_refused(void **state)
{
    (void)state;
    VmafModel *a, *b, *again;
    VmafModelCollection *none;
    double x, y;
    load_named(&a, &none, TEST_MODEL(""), "a.json", NULL);
    load_named(&b, &none, TEST_MODEL(",\"score_clip\": [0, 1]"), "b.json", NULL);
    load_named(&again, &none, TEST_MODEL(""), "copy.json", NULL);
    VmafContext *v = open_for(a, b);
    assert_int_equal(vmaf_score_pooled(v, a, VMAF_POOL_METHOD_MEAN, &x, 0, 1), 0);
    assert_int_equal(vmaf_score_pooled(v, b, VMAF_POOL_METHOD_MEAN, &y, 0, 1), -EINVAL);
    assert_taken(
        v, "models a.json and b.json both give the score vmaf: give one of them another name");
    assert_int_equal(vmaf_score_at_index(v, b, &y, 0), -EINVAL);
    assert_int_equal(vmaf_score_pooled(v, a, VMAF_POOL_METHOD_MEAN, &y, 0, 1), 0);
    assert_true(x == y);
    assert_int_equal(vmaf_score_pooled(v, again, VMAF_POOL_METHOD_MEAN, &y, 0, 1), 0);
    assert_true(x == y);
    vmaf_close(v);
    vmaf_model_destroy(a);
    vmaf_model_destroy(b);
    vmaf_model_destroy(again);
}

/* A model named like a statistic of a collection, or like a member, had its values written over: a limit on
 * the model's score was held against the collection's. */
static void scores_of_collections_are_no_models(void **state)
{
    (void)state;
    static const char *const names[] = {"vmaf_ci_p95_hi", "vmaf_bagging", "vmaf_0002"};
    for (size_t k = 0; k < VM_COUNT(names); k++)
        for (int first = 0; first < 2; first++) {
            VmafModel *m, *main_model;
            VmafModelCollection *none, *c;
            VmafModelCollectionScore s;
            double x;
            load_named(&m, &none, TEST_MODEL(""), "m.json", names[k]);
            load_named(&main_model, &c, TEST_COLLECTION, "c.json", NULL);
            VmafContext *v = open_for(m, main_model);
            for (int turn = 0; turn < 2; turn++) { /* whoever scores first keeps the name */
                const int code =
                    turn == first
                        ? vmaf_score_pooled(v, m, VMAF_POOL_METHOD_MEAN, &x, 0, 1)
                        : vmaf_score_pooled_model_collection(v, c, VMAF_POOL_METHOD_MEAN, &s, 0, 1);
                assert_int_equal(code, turn ? -EINVAL : 0);
            }
            assert_non_null(strstr(vmaf_ext_last_error(v), names[k]));
            assert_int_equal(vmaf_score_pooled(v, main_model, VMAF_POOL_METHOD_MEAN, &x, 0, 1), 0);
            vmaf_close(v);
            vmaf_model_destroy(m);
            vmaf_model_destroy(main_model);
            vmaf_model_collection_destroy(c);
        }
}

/* The main model and the members of a file have its digest in common. */
static void a_main_model_is_no_member(void **state)
{
    (void)state;
    VmafModel *a, *b;
    VmafModelCollection *c, *d;
    VmafModelCollectionScore s;
    double x;
    load_named(&a, &c, TEST_COLLECTION, "c.json", NULL);
    load_named(&b, &d, TEST_COLLECTION, "c.json", "vmaf_0001");
    VmafContext *v = open_for(a, b);
    assert_int_equal(vmaf_score_at_index_model_collection(v, c, &s, 0), 0);
    assert_int_equal(vmaf_score_at_index_model_collection(v, c, &s, 0), 0);
    assert_int_equal(vmaf_score_at_index(v, b, &x, 0), -EINVAL);
    assert_int_equal(vmaf_score_at_index_model_collection(v, d, &s, 0), 0);
    vmaf_close(v);
    vmaf_model_destroy(a);
    vmaf_model_destroy(b);
    vmaf_model_collection_destroy(c);
    vmaf_model_collection_destroy(d);
}

/* Other options are other scores. */
static void options_are_part_of_a_model(void **state)
{
    (void)state;
    VmafModel *a, *b;
    VmafModelCollection *none;
    VmafFeatureDictionary *dict = NULL;
    double x;
    load_named(&a, &none, TEST_MODEL(""), "a.json", NULL);
    load_named(&b, &none, TEST_MODEL(""), "a.json", NULL);
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "adm_enhn_gain_limit", "1"), 0);
    assert_int_equal(vmaf_model_feature_overload(b, "adm", dict), 0);
    VmafContext *v = open_for(a, b);
    assert_int_equal(vmaf_score_at_index(v, a, &x, 0), 0);
    assert_int_equal(vmaf_score_at_index(v, b, &x, 0), -EINVAL);
    vmaf_close(v);
    vmaf_model_destroy(a);
    vmaf_model_destroy(b);
}

/* ---- names ---- */

static void scores_are_found_by_name(void **state)
{
    (void)state;
    const struct {
        const char *name, *extractor, *label;
    } cases[] = {
        {"adm2", "adm", "integer_adm2"},
        {"integer_adm2", "adm", "integer_adm2"},
        {"VMAF_integer_feature_adm2_score", "adm", "integer_adm2"},
        {"adm2_egl_1.5", "adm", "integer_adm2_egl_1.5"},
        {"vif_scale1_egl_1_ssclz", "vif", "integer_vif_scale1_egl_1_ssclz"},
        {"motion", "motion", "integer_motion"}, /* a feature for debugging */
        {"float_ssim", "float_ssim", "float_ssim"},
    };
    const char *extractor;
    VmafFeatureDictionary *options;
    char label[64];
    double x;
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        VmafContext *v = test_open(0);
        assert_int_equal(
            vmaf_ext_feature_find(cases[k].name, &extractor, &options, label, sizeof(label)), 0);
        assert_string_equal(extractor, cases[k].extractor);
        assert_string_equal(label, cases[k].label);
        assert_int_equal(vmaf_use_feature(v, extractor, options), 0);
        test_feed(v, 1);
        assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
        assert_int_equal(vmaf_feature_score_at_index(v, label, &x, 0), 0);
        vmaf_close(v);
    }
}

static void names_of_no_score(void **state)
{
    (void)state;
    const char *const names[] = {"",
                                 "wif",
                                 "adm2_",
                                 "adm2_egl",
                                 "adm2_egl_100",
                                 "adm2_egl_0.5",
                                 "adm2_egl_1_egl_1",
                                 "vif_scale1_ssclz_egl_1",
                                 "adm2_debug"};
    const char *extractor;
    VmafFeatureDictionary *options;
    char label[8];
    for (size_t k = 0; k < VM_COUNT(names); k++)
        assert_int_equal(vmaf_ext_feature_find(names[k], &extractor, &options, NULL, 0), -ENOENT);
    assert_int_equal(vmaf_ext_feature_find("adm2", &extractor, &options, label, sizeof(label)),
                     -EINVAL); /* no room */
    assert_int_equal(vmaf_ext_feature_find(NULL, &extractor, &options, NULL, 0), -EINVAL);
    assert_int_equal(vmaf_ext_feature_find("adm2", NULL, &options, NULL, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_counts_every_frame),
        cmocka_unit_test(a_callback_can_cancel),
        cmocka_unit_test(cancelled_frames_are_not_still),
        cmocka_unit_test(another_thread_can_cancel),
        cmocka_unit_test(cancelled_before_it_began),
        cmocka_unit_test(each_context_has_its_logger),
        cmocka_unit_test(memory_comes_from_the_context),
        cmocka_unit_test(a_feature_can_be_asked_for_again),
        cmocka_unit_test(a_clip_can_begin_again),
        cmocka_unit_test(half_an_allocator_is_refused),
        cmocka_unit_test(older_callers_have_smaller_structs),
        cmocka_unit_test(newer_callers_have_larger_structs),
        cmocka_unit_test(a_struct_without_size_is_refused),
        cmocka_unit_test(scores_can_be_listed),
        cmocka_unit_test(early_scores_are_reported),
        cmocka_unit_test(two_models_of_one_name_are_refused),
        cmocka_unit_test(scores_of_collections_are_no_models),
        cmocka_unit_test(a_main_model_is_no_member),
        cmocka_unit_test(options_are_part_of_a_model),
        cmocka_unit_test(scores_are_found_by_name),
        cmocka_unit_test(names_of_no_score),
    };
    return cmocka_run_group_tests_name("ext", tests, NULL, NULL);
}
