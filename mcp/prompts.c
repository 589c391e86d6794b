/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Prompts, and what completes their arguments and those of resource templates. */
#include <string.h>

#include "libvmaf/vmaf_ext.h"
#include "resources.h"

static const char *argument(const json_t *args, const char *name, const char *fallback)
{
    const char *value = json_string_value(json_object_get(args, name));

    return value && *value ? value : fallback;
}

static int say(json_t *messages, VmText *text)
{
    const int code =
        text->failed ? -ENOMEM : vm_prompt_message(messages, vm_content_text(text->data));

    vm_text_free(text);
    return code;
}

static int get_compare(VmCall *call, const json_t *args, json_t *messages)
{
    VmText text = {0};

    (void)call;
    vm_text_add(
        &text,
        "Compare these encodes of one source with each other.\n\nReference: %s\nEncodes: "
        "%s\nModel: "
        "%s\n\n1. Call probe_video for the reference and each encode; if sizes or frame rates "
        "differ, say so and stop.\n2. Call compare_encodes once with all of them; give the bit "
        "rates "
        "if you know them.\n3. Answer with a table of mean, 5th percentile and minimum for each "
        "encode, the BD-rate if there is one, and one sentence on which encode you would ship and "
        "why. Differences below 1 point of VMAF are not visible to most people.",
        argument(args, "reference", ""), argument(args, "encodes", ""),
        argument(args, "model", "vmaf_v0.6.1"));
    return say(messages, &text);
}

static int get_worst(VmCall *call, const json_t *args, json_t *messages)
{
    VmText text = {0};

    (void)call;
    vm_text_add(
        &text,
        "Find the worst moments of an encode and say what is wrong there.\n\nReference: "
        "%s\nDistorted: "
        "%s\nModel: %s\n\n1. Call vmaf_score for the pair.\n2. Call describe_worst_frames with n = "
        "%s "
        "and look at the pictures: reference, distorted, difference.\n3. For each moment give the "
        "frame, its score, what is seen (blocking, blur, banding, ringing, lost grain) and where, "
        "and "
        "which feature fell.\n4. End with what to change in the encoder's settings.",
        argument(args, "reference", ""), argument(args, "distorted", ""),
        argument(args, "model", "vmaf_v0.6.1"), argument(args, "n", "5"));
    return say(messages, &text);
}

static const VmPromptArg compare_args[] = {
    {"reference", "Path of the source.", 1},
    {"encodes", "Paths of the encodes, separated by commas.", 1},
    {"model", "Name of a model, see list_models (default vmaf_v0.6.1).", 0},
    {NULL},
};

static const VmPromptArg worst_args[] = {
    {"reference", "Path of the source.", 1},
    {"distorted", "Path of the encode.", 1},
    {"n", "How many moments, 1 to 32 (default 5).", 0},
    {"model", "Name of a model, see list_models (default vmaf_v0.6.1).", 0},
    {NULL},
};

const VmPrompt vm_prompts[] = {
    {"compare_encodes", "Compare encodes", "Which of several encodes of one source is best?",
     compare_args, get_compare},
    {"find_worst_moments", "Find the worst moments", "Where does an encode look worst, and why?",
     worst_args, get_worst},
    {NULL},
};

/* ---- completion ---- */

static void offer(json_t *values, const char *candidate, const char *value)
{
    if (!strncmp(candidate, value, strlen(value)))
        json_array_append_new(values, json_string(candidate));
}

static int offer_models(json_t *values, const char *value)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++)
        offer(values, info.version, value);
    return 0;
}

static int complete_prompt(const VmPrompt *prompt, const char *argument, const char *value,
                           json_t *values)
{
    static const char *const counts[] = {"1", "3", "5", "10"};

    if (!strcmp(argument, "model")) return offer_models(values, value);
    for (unsigned i = 0; !strcmp(argument, "n") && i < VM_COUNT(counts); i++)
        offer(values, counts[i], value);
    (void)prompt;
    return 0;
}

/* Arguments of tools have no reference of their own in the protocol; their choices are in the schemas. */
int vm_prompts_complete(VmCall *call, const char *type, const char *name, const char *argument,
                        const char *value, json_t *values)
{
    (void)call;
    if (!strcmp(type, "ref/prompt")) {
        for (const VmPrompt *prompt = vm_prompts; prompt->name; prompt++)
            if (!strcmp(prompt->name, name))
                return complete_prompt(prompt, argument, value, values);
        return -ENOENT;
    }
    for (const VmTemplate *t = vm_resource_templates; t->uri; t++)
        if (!strcmp(t->uri, name))
            return strcmp(argument, "name") != 0 ? 0 : offer_models(values, value);
    return -ENOENT;
}
