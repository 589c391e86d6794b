/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* list_models and list_backends. */
#include <string.h>
#include <unistd.h>

#include "libvmaf/vmaf_ext.h"
#include "about.h"

/* ---- list_models ---- */

/* Says what a viewer's situation is, from the name; Netflix published no more than that. */
static const char *describe_model(const char *name)
{
    const int neg = strstr(name, "neg") != NULL;

    if (!strncmp(name, "vmaf_v0", 7))
        return neg ? "1080p on a television at three heights, no gain from enhancement"
                   : "1080p on a television at three heights; the usual choice";
    if (!strncmp(name, "vmaf_4k", 7))
        return neg ? "4K on a television at one and a half heights, no gain from enhancement"
                   : "4K on a television at one and a half heights";
    if (!strncmp(name, "vmaf_b", 6)) return "as vmaf_v0.6.1, with a confidence interval";
    return "version 1.0.16; the name says the distance in heights";
}

static json_t *published_entry(const VmafModelInfo *info)
{
    json_t *entry = json_pack("{sssssssbsssbsb}", "name", info->version, "kind", "svm",
                              "description", describe_model(info->version), "collection",
                              info->is_collection, "sha256", info->sha256, "embedded",
                              info->embedded, "usable", info->embedded && !info->missing);

    if (entry && info->missing)
        json_object_set_new(entry, "missing_feature", json_string(info->missing));
    return entry;
}

static json_t *tiny_entry(const VmafTinyInfo *info)
{
    return json_pack("{sssssssbsssbsb}", "name", info->id, "kind", "tiny", "description",
                     info->description, "collection", 0, "sha256", info->sha256, "embedded", 1,
                     "usable", 1);
}

/* Fills one of both: 1 the first, 2 the second, 0 none. */
static int find_model(unsigned i, VmafModelInfo *published, VmafTinyInfo *tiny)
{
    unsigned n = 0;

    vmaf_ext_model_info_default(published);
    vmaf_ext_tiny_info_default(tiny);
    if (!vmaf_ext_model_info(i, published)) return 1;
    while (!vmaf_ext_model_info(n, published)) n++;
    return vmaf_ext_tiny_info(i - n, tiny) ? 0 : 2;
}

const char *vm_about_model_name(unsigned i)
{
    VmafModelInfo published;
    VmafTinyInfo tiny;
    const int which = find_model(i, &published, &tiny);

    return which == 1 ? published.version : which == 2 ? tiny.id : NULL;
}

json_t *vm_about_model(unsigned i)
{
    VmafModelInfo published;
    VmafTinyInfo tiny;
    const int which = find_model(i, &published, &tiny);

    return which == 1 ? published_entry(&published) : which == 2 ? tiny_entry(&tiny) : NULL;
}

json_t *vm_about_models(void)
{
    json_t *models = json_array();

    for (unsigned i = 0; vm_about_model_name(i); i++)
        json_array_append_new(models, vm_about_model(i));
    return json_pack("{so}", "models", models);
}

static int run_models(VmCall *call)
{
    return vm_call_result(call, vm_about_models());
}

static const VmArg model_members[] = {
    {"name", VM_ARG_STRING, VM_ARG_REQUIRED,
     "For the argument model, that of tiny ones for tiny_models."},
    {"kind", VM_ARG_STRING, VM_ARG_REQUIRED, "svm: published by Netflix; tiny: a small network."},
    {"description", VM_ARG_STRING, VM_ARG_REQUIRED, "What it is for."},
    {"collection", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "Gives a confidence interval, too."},
    {"sha256", VM_ARG_STRING, VM_ARG_REQUIRED, "Digest of the model file."},
    {"embedded", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "This build contains it."},
    {"usable", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "It can be scored with."},
    {"missing_feature", VM_ARG_STRING, 0, "What it needs and this engine does not compute."},
    {NULL},
};

static const VmArg models_output[] = {
    {"models", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "All known models.", .members = model_members},
    {NULL},
};

const VmTool vm_tool_list_models = {
    .name = "list_models",
    .title = "List VMAF models",
    .description = "Lists the models that scores can be computed with: name, purpose, digest, and "
                   "whether this build contains it.",
    .flags = VM_TOOL_QUICK | VM_TOOL_CONSTANT,
    .output = models_output,
    .run = run_models,
};

/* ---- list_backends ---- */

/* Masks that leave one level after another, lowest first. */
static const uint64_t level_masks[] = {63, 56, 48, 32, 0};

/* Levels of this machine, each once. */
static json_t *list_levels(void)
{
    json_t *levels = json_array();
    const char *last = "";

    for (unsigned i = 0; i < VM_COUNT(level_masks); i++) {
        const char *level = vmaf_ext_cpu_level(level_masks[i]);
        if (strcmp(level, last) != 0) json_array_append_new(levels, json_string(level));
        last = level;
    }
    return levels;
}

static json_t *list_extractors(void)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};
    json_t *names = json_array();

    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++)
        json_array_append_new(names, json_string(info.name));
    return names;
}

json_t *vm_about_backends(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return json_pack("{sbsbsbsbsssosIsosssssb}", "cpu", 1, "cuda", 0, "sycl", 0, "hip", 0, "isa",
                     vmaf_ext_cpu_level(0), "isa_levels", list_levels(), "cores",
                     (json_int_t)(cores > 0 ? cores : 1), "features", list_extractors(),
                     "engine_version", vmaf_ext_version(), "epoch", vmaf_ext_epoch(),
                     "models_embedded", vm_about_has_model());
}

int vm_about_has_model(void)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++)
        if (info.embedded) return 1;
    return 0;
}

static int run_backends(VmCall *call)
{
    return vm_call_result(call, vm_about_backends());
}

static const VmArg backends_output[] = {
    {"cpu", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "Always there."},
    {"cuda", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "This engine has no GPU code."},
    {"sycl", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "As cuda."},
    {"hip", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "As cuda."},
    {"isa", VM_ARG_STRING, VM_ARG_REQUIRED, "Instruction set in use."},
    {"isa_levels", VM_ARG_STRINGS, VM_ARG_REQUIRED, "All that this machine could use."},
    {"cores", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Processors."},
    {"features", VM_ARG_STRINGS, VM_ARG_REQUIRED, "Features that can be computed."},
    {"engine_version", VM_ARG_STRING, VM_ARG_REQUIRED, "Of this engine."},
    {"epoch", VM_ARG_STRING, VM_ARG_REQUIRED, "The libvmaf release whose values are reproduced."},
    {"models_embedded", VM_ARG_BOOLEAN, VM_ARG_REQUIRED, "Models work without a file."},
    {NULL},
};

const VmTool vm_tool_list_backends = {
    .name = "list_backends",
    .title = "List compute backends",
    .description = "Says what scores are computed with: instruction sets, cores, features, and the "
                   "libvmaf release whose values are reproduced.",
    .flags = VM_TOOL_QUICK | VM_TOOL_CONSTANT,
    .output = backends_output,
    .run = run_backends,
};
