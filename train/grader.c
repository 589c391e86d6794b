/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "grader.h"

#include <stdio.h>
#include <string.h>

#include "infile.h"
#include "sha256.h"
#include "suggest.h"

enum { MODEL_MAX = 64 << 20 };

void vm_grader_split(const char *spec, const char **version, const char **path)
{
    const size_t length = strlen(spec);
    const int is_path = strchr(spec, '/') || (length > 5 && !strcmp(spec + length - 5, ".json"));

    *version = *path = NULL;
    if (!strncmp(spec, "version=", 8)) *version = spec + 8;
    else if (!strncmp(spec, "path=", 5)) *path = spec + 5;
    else if (is_path) *path = spec;
    else *version = spec;
}

/* The digest of a built-in model comes with it. */
static int open_version(VmGrader *teacher, const char *version, VmError *error)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};
    VmSuggest suggest;

    vm_suggest_start(&suggest, version);
    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++) {
        vm_suggest_offer(&suggest, info.version);
        if (strcmp(info.version, version) != 0) continue;
        teacher->version = vm_strdup(version);
        if (!teacher->version) return vm_fail_memory(error);
        (void)snprintf(teacher->name, sizeof(teacher->name), "%s", version);
        (void)snprintf(teacher->sha256, sizeof(teacher->sha256), "%s", info.sha256);
        return 0;
    }
    if (suggest.best)
        return vm_fail(error, -EINVAL, "no built-in model is named \"%s\"; did you mean \"%s\"?",
                       version, suggest.best);
    return vm_fail(error, -EINVAL,
                   "no built-in model is named \"%s\"; vmaf --list-models shows what there is, and "
                   "path= takes a file",
                   version);
}

static int open_path(VmGrader *teacher, const char *path, VmError *error)
{
    const char *slash = strrchr(path, '/');
    void *bytes = NULL;
    VmError why = {""};
    const int err = vm_infile_read(path, MODEL_MAX, &bytes, &teacher->json_size, &why);

    if (err < 0) return vm_fail(error, err, "model \"%s\": %.700s", path, why.text);
    teacher->json = bytes;
    teacher->path = vm_strdup(path);
    if (!teacher->path) return vm_fail_memory(error);
    (void)snprintf(teacher->name, sizeof(teacher->name), "%s", slash ? slash + 1 : path);
    vm_text_make_plain(teacher->name);
    vm_sha256_hex(teacher->json, teacher->json_size, teacher->sha256);
    return 0;
}

int vm_grader_open(VmGrader *teacher, const char *spec, VmError *error)
{
    const char *version, *path;

    *teacher = (VmGrader){.version = NULL};
    vm_grader_split(spec, &version, &path);
    return path ? open_path(teacher, path, error) : open_version(teacher, version, error);
}

void vm_grader_free(VmGrader *teacher)
{
    vm_free(teacher->version);
    vm_free(teacher->path);
    vm_free(teacher->json);
    *teacher = (VmGrader){.version = NULL};
}

int vm_grader_load(VmGraderPair *pair, const VmGrader *teacher, VmError *error)
{
    char text[512] = "";

    *pair = (VmGraderPair){.model = {NULL}};
    for (int i = 0; i < 2; i++) {
        VmafModelSpec spec;
        vmaf_ext_model_spec_default(&spec);
        spec.version = teacher->version;
        spec.path = teacher->path;
        spec.json = teacher->json;
        spec.json_size = teacher->json_size;
        spec.name = i ? "teacher_raw" : "teacher";
        spec.flags = i ? VMAF_MODEL_FLAG_DISABLE_CLIP : VMAF_MODEL_FLAGS_DEFAULT;
        const int err =
            vmaf_ext_model_load(&pair->model[i], &pair->collection[i], &spec, text, sizeof(text));
        if (err < 0)
            return vm_fail(error, err, "teacher %s: %s", teacher->name,
                           *text ? text : strerror(-err));
    }
    return 0;
}

void vm_grader_unload(VmGraderPair *pair)
{
    for (int i = 0; i < 2; i++) {
        vmaf_model_destroy(pair->model[i]);
        vmaf_model_collection_destroy(pair->collection[i]);
    }
    *pair = (VmGraderPair){.model = {NULL}};
}

int vm_grader_use(const VmGraderPair *pair, VmafContext *vmaf)
{
    for (int i = 0; i < 2; i++) {
        VM_TRY(vmaf_use_features_from_model(vmaf, pair->model[i]));
        if (pair->collection[i])
            VM_TRY(vmaf_use_features_from_model_collection(vmaf, pair->collection[i]));
    }
    return 0;
}

static int score_one(const VmGraderPair *pair, int i, VmafContext *vmaf, unsigned index,
                     double *score)
{
    VmafModelCollectionScore spread;

    VM_TRY(vmaf_score_at_index(vmaf, pair->model[i], score, index));
    if (!pair->collection[i]) return 0;
    VM_TRY(vmaf_score_at_index_model_collection(vmaf, pair->collection[i], &spread, index));
    *score = spread.bootstrap.bagging_score;
    return 0;
}

int vm_grader_score(const VmGraderPair *pair, VmafContext *vmaf, unsigned index, double *clipped,
                    double *raw)
{
    VM_TRY(score_one(pair, 0, vmaf, index, clipped));
    return score_one(pair, 1, vmaf, index, raw);
}
