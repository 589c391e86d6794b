/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Model files. What is accepted predicts: a number or, from values out of all range, none; never a crash. */
#include <math.h>
#include <stdlib.h>

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_prediction(const VmafModel *model, double value)
{
    const char *names[VM_MAX_MODEL_FEATURES];
    double row[VM_MAX_MODEL_FEATURES], raw, clipped;
    char error[256] = "";

    for (unsigned i = 0; i < model->n_features; i++) {
        names[i] = model->features[i].name;
        row[i] = value;
    }
    const int code = vmaf_ext_model_predict(model, names, model->n_features, row, 1, &raw, &clipped,
                                            error, sizeof(error));
    if (code < 0) {
        if (!error[0]) abort();
    } else if (model->has_clip && !model->transform.enabled && isfinite(clipped)) {
        if (clipped < model->clip_min || clipped > model->clip_max) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VmafModel *model = NULL;
    VmafModelCollection *collection = NULL;
    VmafModelSpec spec;
    char error[512] = "";

    if (!size) return 0;
    vmaf_ext_model_spec_default(&spec);
    spec.path = "model.json";
    spec.json = (const char *)data;
    spec.json_size = size;
    const int code = vmaf_ext_model_load(&model, &collection, &spec, error, sizeof(error));
    if (code < 0 && (!error[0] || model || collection)) abort();
    if (!code && !model) abort();
    if (model) {
        check_prediction(model, 0.5);
        check_prediction(model, 1e300);
    }
    vmaf_model_destroy(model);
    vmaf_model_collection_destroy(collection);
    return 0;
}
