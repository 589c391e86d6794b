/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The order in which programs that link libvmaf call it. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>

#include "base.h"

static char *file_text(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    return text;
}

/* FFmpeg: the graph is configured twice and the first context closed unused. The default model is loaded
 * even if another one is named by its path; the collection is tried where a single model fails. Models go
 * before the context. */
static void ffmpeg(void **state)
{
    (void)state;
    enum { N = 6 };
    char *single = test_file(TEST_MODEL("")), *many = test_file(TEST_COLLECTION);
    char *log = test_file("");
    VmafContext *v;
    VmafModel *model, *main_model;
    VmafModelCollection *collection;
    VmafModelConfig named = {.name = "many"};
    double score, feature;
    vmaf_close(test_open(0));
    v = test_open(0);
    assert_int_equal(vmaf_model_load_from_path(&model, NULL, single), 0);
    assert_int_equal(vmaf_model_load_from_path(&main_model, &named, many), -EINVAL);
    assert_int_equal(vmaf_model_collection_load_from_path(&main_model, &collection, &named, many),
                     0);
    VmafFeatureDictionary *dict = NULL;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "adm_enhn_gain_limit", "1.2"), 0);
    assert_int_equal(vmaf_model_feature_overload(model, "adm", dict), 0);
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    assert_int_equal(vmaf_use_features_from_model(v, main_model), 0);
    assert_int_equal(vmaf_use_features_from_model_collection(v, collection), 0);
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    test_feed(v, N);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, model, VMAF_POOL_METHOD_MEAN, &score, 0, N - 1), 0);
    assert_int_equal(vmaf_score_pooled(v, main_model, VMAF_POOL_METHOD_MEAN, &score, 0, N - 1), 0);
    assert_int_equal(
        vmaf_feature_score_pooled(v, "psnr_y", VMAF_POOL_METHOD_MEAN, &feature, 0, N - 1), 0);
    assert_int_equal(vmaf_write_output(v, log, VMAF_OUTPUT_FORMAT_JSON), 0);
    const char *text = file_text(log);
    assert_non_null(strstr(text, "\"vmaf\": "));
    assert_non_null(strstr(text, "\"many\": "));
    assert_non_null(strstr(text, "\"integer_adm2_egl_1.2\": "));
    vmaf_model_destroy(model);
    vmaf_model_destroy(main_model);
    vmaf_model_collection_destroy(collection);
    assert_int_equal(vmaf_close(v), 0);
    test_remove(single);
    test_remove(many);
    test_remove(log);
}

/* Pooled over all indices, also those that were left out. */
static void ffmpeg_with_subsampling(void **state)
{
    (void)state;
    VmafContext *v;
    VmafModel *model = test_model();
    double pooled, one, sum = 0;
    const VmafConfiguration cfg = {.log_level = VMAF_LOG_LEVEL_NONE, .n_subsample = 3};
    assert_int_equal(vmaf_init(&v, cfg), 0);
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    test_feed(v, 8);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, model, VMAF_POOL_METHOD_MEAN, &pooled, 0, 7), 0);
    for (unsigned i = 0; i < 8; i += 3) {
        assert_int_equal(vmaf_score_at_index(v, model, &one, i), 0);
        sum += one;
    }
    assert_true(pooled == sum / 3);
    assert_int_equal(vmaf_score_at_index(v, model, &one, 1), -EINVAL);
    vmaf_model_destroy(model);
    vmaf_close(v);
}

/* GStreamer: scores are asked for one or two frames behind while frames come, pooled ones at the end. A
 * picture whose frame failed is unreferenced once more. */
static void gstreamer(void **state)
{
    (void)state;
    enum { N = 5 };
    VmafContext *v = test_open(0);
    VmafModel *model, *main_model;
    VmafModelCollection *collection;
    VmafModelCollectionScore spread;
    char *many = test_file(TEST_COLLECTION);
    double early[N], late, x;
    assert_true(vmaf_model_load(&model, NULL, "vmaf_b_v0.6.3") < 0);
    model = test_model();
    assert_int_equal(vmaf_model_collection_load_from_path(&main_model, &collection, NULL, many), 0);
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    assert_int_equal(vmaf_use_features_from_model_collection(v, collection), 0);
    assert_int_equal(vmaf_use_feature(v, "float_ssim", NULL), 0);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(test_feed_one(v, i), 0);
        assert_int_equal(vmaf_score_at_index(v, model, &x, i), 0);
        if (i) assert_int_equal(vmaf_score_at_index(v, model, &early[i - 1], i - 1), 0);
        if (i > 1) assert_int_equal(vmaf_score_at_index(v, model, &early[i - 2], i - 2), 0);
        assert_int_equal(vmaf_feature_score_at_index(v, "float_ssim", &x, i), 0);
    }
    VmafPicture r = test_picture(32, 32, 0, 0), d = test_picture(64, 48, 0, 0);
    assert_int_equal(vmaf_read_pictures(v, &r, &d, N), -EINVAL);
    assert_int_equal(vmaf_picture_unref(&r), -EINVAL);
    assert_int_equal(vmaf_picture_unref(&d), -EINVAL);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    for (unsigned i = 0; i < N - 1; i++) {
        assert_int_equal(vmaf_score_at_index(v, model, &late, i), 0);
        assert_true(late == early[i]);
    }
    assert_int_equal(vmaf_score_pooled(v, model, VMAF_POOL_METHOD_HARMONIC_MEAN, &x, 0, N - 1), 0);
    assert_int_equal(
        vmaf_score_pooled_model_collection(v, collection, VMAF_POOL_METHOD_MEAN, &spread, 0, N - 1),
        0);
    assert_int_equal(spread.type, VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP);
    assert_int_equal(vmaf_feature_score_pooled(v, "float_ssim", VMAF_POOL_METHOD_MIN, &x, 0, N - 1),
                     0);
    assert_int_equal(vmaf_close(v), 0);
    vmaf_model_collection_destroy(collection);
    vmaf_model_destroy(main_model);
    vmaf_model_destroy(model);
    test_remove(many);
}

/* VapourSynth: worker threads, deep pictures, a dictionary given up unused, pictures unreferenced after a
 * failure. */
static void vapoursynth(void **state)
{
    (void)state;
    enum { N = 4 };
    VmafContext *v = test_open(3);
    VmafModel *model = test_model();
    VmafFeatureDictionary *dict = NULL;
    VmafModelCollection *collection;
    VmafModel *main_model;
    char *log = test_file("");
    double x;
    assert_int_equal(vmaf_feature_dictionary_set(&dict, "enable_chroma", "false"), 0);
    assert_int_equal(vmaf_feature_dictionary_free(&dict), 0);
    assert_null(dict);
    assert_int_equal(vmaf_feature_dictionary_free(&dict), 0);
    assert_true(vmaf_model_collection_load(&main_model, &collection, NULL, "vmaf_v0.6.1") < 0);
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    assert_int_equal(vmaf_use_feature(v, "psnr", NULL), 0);
    for (unsigned i = 0; i < N; i++) {
        VmafPicture r = test_picture_deep(64, 48, 10, i, 0),
                    d = test_picture_deep(64, 48, 10, i, 9);
        if (vmaf_read_pictures(v, &r, &d, i)) {
            vmaf_picture_unref(&r);
            vmaf_picture_unref(&d);
            fail();
        }
    }
    assert_int_equal(test_feed_one(v, N), -EINVAL); /* another depth */
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, model, VMAF_POOL_METHOD_MEAN, &x, 0, N - 1), 0);
    assert_int_equal(vmaf_write_output(v, log, VMAF_OUTPUT_FORMAT_XML), 0);
    assert_non_null(strstr(file_text(log), "<metric name=\"vmaf\""));
    vmaf_model_destroy(model);
    vmaf_close(v);
    test_remove(log);
}

/* aom: a context for each score, one model for all of them, overloaded each time; gpumask is whatever was on
 * the stack, the index that of the encoded frame; pictures are unreferenced after they were taken. */
static double score_as_aom(VmafModel *model, unsigned index, int neg)
{
    VmafConfiguration cfg;
    VmafContext *v;
    VmafFeatureDictionary *force = NULL, *limit = NULL;
    double score;
    memset(&cfg, 0xa5, sizeof(cfg));
    cfg.log_level = VMAF_LOG_LEVEL_NONE;
    cfg.n_threads = 0;
    cfg.n_subsample = 0;
    cfg.cpumask = 0;
    assert_int_equal(vmaf_init(&v, cfg), 0);
    if (neg) {
        assert_int_equal(vmaf_feature_dictionary_set(&limit, "adm_enhn_gain_limit", "1.0"), 0);
        assert_int_equal(vmaf_model_feature_overload(model, "adm", limit), 0);
    }
    assert_int_equal(vmaf_feature_dictionary_set(&force, "motion_force_zero", "1"), 0);
    assert_int_equal(vmaf_model_feature_overload(model, "float_motion", force), 0);
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    VmafPicture r = test_picture(64, 48, index, 0), d = test_picture(64, 48, index, 9);
    assert_int_equal(vmaf_read_pictures(v, &r, &d, index), 0);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_picture_unref(&r), -EINVAL);
    assert_int_equal(vmaf_picture_unref(&d), -EINVAL);
    assert_int_equal(vmaf_score_at_index(v, model, &score, index), 0);
    assert_int_equal(vmaf_close(v), 0);
    return score;
}

static void aom(void **state)
{
    (void)state;
    VmafModel *model = test_model();
    const double first = score_as_aom(model, 7, 0);
    for (unsigned i = 0; i < 3; i++) assert_true(score_as_aom(model, 7, 0) == first);
    for (unsigned i = 0; i < 3; i++) score_as_aom(model, i, 1);
    vmaf_model_destroy(model);
}

static void *run_alone(void *result)
{
    VmafContext *v = test_open(2);
    VmafModel *model = test_model();
    assert_int_equal(vmaf_use_features_from_model(v, model), 0);
    test_feed(v, 5);
    assert_int_equal(vmaf_read_pictures(v, NULL, NULL, 0), 0);
    assert_int_equal(vmaf_score_pooled(v, model, VMAF_POOL_METHOD_MEAN, result, 0, 4), 0);
    vmaf_close(v);
    vmaf_model_destroy(model);
    return NULL;
}

static void contexts_side_by_side(void **state)
{
    (void)state;
    pthread_t threads[4];
    double results[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_alone, &results[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 1; i < 4; i++) assert_true(results[i] == results[0]);
}

/* What callers fill without looking: alignment, zeros, strides, planes of each format. */
static void planes_are_as_callers_expect(void **state)
{
    (void)state;
    for (int format = VMAF_PIX_FMT_YUV420P; format <= VMAF_PIX_FMT_YUV400P; format++)
        for (unsigned bpc = 8; bpc <= 16; bpc += 2) {
            VmafPicture p;
            assert_int_equal(vmaf_picture_alloc(&p, (enum VmafPixelFormat)format, bpc, 67, 35), 0);
            const int half_w = format == VMAF_PIX_FMT_YUV420P || format == VMAF_PIX_FMT_YUV422P;
            const int gray = format == VMAF_PIX_FMT_YUV400P;
            assert_int_equal(p.w[1], gray ? 0 : half_w ? 33 : 67);
            assert_int_equal(p.h[2], gray ? 0 : format == VMAF_PIX_FMT_YUV420P ? 17 : 35);
            assert_true((p.data[1] == NULL) == gray);
            for (int i = 0; i < (gray ? 1 : 3); i++) {
                assert_int_equal((uintptr_t)p.data[i] % 32, 0);
                assert_int_equal(p.stride[i] % 32, 0);
                assert_true(p.stride[i] >= (ptrdiff_t)p.w[i] * (bpc > 8 ? 2 : 1));
                const uint8_t *data = p.data[i];
                for (size_t k = 0; k < (size_t)p.stride[i] * p.h[i]; k++)
                    assert_int_equal(data[k], 0);
            }
            assert_int_equal(vmaf_picture_unref(&p), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ffmpeg),
        cmocka_unit_test(ffmpeg_with_subsampling),
        cmocka_unit_test(gstreamer),
        cmocka_unit_test(vapoursynth),
        cmocka_unit_test(aom),
        cmocka_unit_test(contexts_side_by_side),
        cmocka_unit_test(planes_are_as_callers_expect),
    };
    return cmocka_run_group_tests_name("consumers", tests, NULL, NULL);
}
