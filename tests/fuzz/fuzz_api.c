/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The C interface in any order: each byte is a call, the bytes behind it are its arguments. Contexts, pictures
 * and models may be absent or used up; what is promised holds all the same: no crash, no leak, pictures are
 * taken, a sentence where a call failed. */
#include <stdlib.h>
#include <string.h>

#include "libvmaf/vmaf_ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Run {
    const uint8_t *data;
    size_t size;
    VmafContext *vmaf;
    VmafModel *model;
    unsigned pictures, features; /* so far; both are bounded, a run stays short */
} Run;

static unsigned take(Run *run)
{
    if (!run->size) return 0;
    run->size--;
    return *run->data++;
}

static void open_context(Run *run)
{
    VmafExtConfig config;

    vmaf_ext_config_default(&config);
    config.n_threads = 1 + take(run) % 3;
    config.n_subsample = take(run) % 4;
    config.cpumask = take(run);
    config.log_level = VMAF_LOG_LEVEL_NONE;
    config.chunk_count = take(run) % 4;
    config.chunk_first = config.chunk_count ? take(run) % 4 : 0;
    if (run->vmaf) (void)vmaf_close(run->vmaf);
    run->vmaf = NULL;
    run->pictures = run->features = 0;
    (void)vmaf_ext_init(&run->vmaf, &config);
}

static void use_feature(Run *run)
{
    static const char *const names[] = {"psnr", "motion", "float_ssim", "vif", "fast", "nothing"};
    static const char *const keys[] = {"enable_chroma", "debug", "vif_enhn_gain_limit", "x"};
    static const char *const values[] = {"true", "false", "1.5", "", "-1"};
    VmafFeatureDictionary *options = NULL;

    if (run->features++ > 4) return;
    const char *name = names[take(run) % 6];
    for (unsigned n = take(run) % 3; n; n--)
        (void)vmaf_feature_dictionary_set(&options, keys[take(run) % 4], values[take(run) % 5]);
    (void)vmaf_use_feature(run->vmaf, name, options);
}

static void fill(const VmafPicture *pic, unsigned value)
{
    for (unsigned p = 0; p < 3; p++)
        for (unsigned i = 0; pic->data[p] && i < pic->h[p]; i++)
            memset((char *)pic->data[p] + pic->stride[p] * (ptrdiff_t)i, (int)(value + i * p),
                   pic->w[p]);
}

static void alloc_picture(Run *run, VmafPicture *pic)
{
    const unsigned kind = take(run);

    memset(pic, 0, sizeof(*pic));
    if (kind == 255) return; /* nothing in it */
    if (kind & 1 && vmaf_fetch_preallocated_picture(run->vmaf, pic) == 0) fill(pic, kind);
    else if (vmaf_picture_alloc(pic, (enum VmafPixelFormat)(kind >> 1 & 7), kind & 64 ? 10 : 8,
                                16 + take(run) % 32, 16 + take(run) % 32) == 0)
        fill(pic, kind & 3);
}

static void read_pictures(Run *run)
{
    VmafPicture ref, dis;
    const unsigned index = take(run);

    if (run->pictures++ > 12) return;
    if (index == 255) {
        (void)vmaf_read_pictures(run->vmaf, NULL, NULL, 0);
        return;
    }
    alloc_picture(run, &ref);
    if (take(run) & 3) {
        memset(&dis, 0, sizeof(dis));
        if (ref.ref) (void)vmaf_picture_alloc(&dis, ref.pix_fmt, ref.bpc, ref.w[0], ref.h[0]);
    } else {
        alloc_picture(run, &dis);
    }
    (void)vmaf_read_pictures(run->vmaf, &ref, &dis, index % 16);
    if (ref.ref || dis.ref) abort();
}

static void load_model(Run *run)
{
    VmafModelCollection *collection = NULL;
    VmafModelSpec spec;

    vmaf_model_destroy(run->model);
    run->model = NULL;
    vmaf_ext_model_spec_default(&spec);
    spec.version = take(run) & 1 ? "vmaf_v0.6.1" : "vmaf_v9";
    spec.flags = take(run);
    (void)vmaf_ext_model_load(&run->model, &collection, &spec, NULL, 0);
    vmaf_model_collection_destroy(collection);
}

static void ask(Run *run)
{
    static const char *const names[] = {"psnr_y", "integer_motion2", "float_ssim", "vmaf", "own"};
    const char *name = names[take(run) % 5];
    const unsigned low = take(run) % 20, high = take(run) % 20;
    VmafStats stats;
    double value;

    vmaf_ext_stats_default(&stats);
    (void)vmaf_feature_score_at_index(run->vmaf, name, &value, low);
    (void)vmaf_feature_score_pooled(run->vmaf, name, (enum VmafPoolingMethod)(take(run) % 6),
                                    &value, low, high);
    (void)vmaf_ext_stats(run->vmaf, name, &stats);
    (void)vmaf_ext_percentile(run->vmaf, name, take(run), &value);
    if (!run->model) return;
    (void)vmaf_score_at_index(run->vmaf, run->model, &value, low);
    (void)vmaf_score_pooled(run->vmaf, run->model, VMAF_POOL_METHOD_MEAN, &value, low, high);
}

static void report(Run *run)
{
    VmafReportConfig config;
    char *text = NULL;
    size_t size = 0;

    vmaf_ext_report_config_default(&config);
    config.format = (enum VmafOutputFormat)(take(run) % 6);
    config.precision = (int)(take(run) % 20) - 2;
    config.extended = take(run) & 1;
    if (vmaf_ext_report_print(run->vmaf, &config, &text, &size) == 0 && strlen(text) != size)
        abort();
    vmaf_ext_free(text);
}

static void preallocate(Run *run)
{
    VmafPictureConfiguration config = {
        .pic_params = {16 + take(run) % 32, 16 + take(run) % 32, 8, VMAF_PIX_FMT_YUV420P},
        .pic_cnt = 1 + take(run) % 4,
    };

    (void)vmaf_preallocate_pictures(run->vmaf, config);
}

static void call(Run *run)
{
    switch (take(run) % 12) {
    case 0: open_context(run); break;
    case 1: use_feature(run); break;
    case 2:
    case 3:
    case 4: read_pictures(run); break;
    case 5: load_model(run); break;
    case 6:
        if (run->model) (void)vmaf_use_features_from_model(run->vmaf, run->model);
        break;
    case 7: ask(run); break;
    case 8: report(run); break;
    case 9: preallocate(run); break;
    case 10:
        (void)vmaf_import_feature_score(run->vmaf, "own", take(run) * 0.5, take(run) % 20);
        break;
    default: vmaf_ext_cancel(take(run) > 200 ? run->vmaf : NULL); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Run run = {.data = data, .size = size};

    open_context(&run);
    for (int n = 0; run.size && n < 64; n++) call(&run);
    if (run.vmaf) (void)vmaf_close(run.vmaf);
    vmaf_model_destroy(run.model);
    return 0;
}
