/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Prompts, and what completes their arguments and those of resource templates. */
#include <string.h>

#include "about.h"
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

static void offer_models(json_t *values, const char *value)
{
    for (unsigned i = 0; vm_about_model_name(i); i++) offer(values, vm_about_model_name(i), value);
}

static int complete_prompt(const char *argument, const char *value, json_t *values)
{
    static const char *const counts[] = {"1", "3", "5", "10"};

    if (!strcmp(argument, "model")) offer_models(values, value);
    for (unsigned i = 0; !strcmp(argument, "n") && i < VM_COUNT(counts); i++)
        offer(values, counts[i], value);
    return 0;
}

static int complete_template(const char *argument, const char *value, json_t *values)
{
    if (!strcmp(argument, "name")) offer_models(values, value);
    for (const VmPage *page = vm_pages; !strcmp(argument, "page") && page->name; page++)
        offer(values, page->name, value);
    return 0;
}

/* Arguments of tools have no reference of their own in the protocol; their choices are in the schemas. */
int vm_prompts_complete(VmCall *call, const char *type, const char *name, const char *argument,
                        const char *value, json_t *values)
{
    (void)call;
    if (!strcmp(type, "ref/prompt")) {
        for (const VmPrompt *prompt = vm_prompts; prompt->name; prompt++)
            if (!strcmp(prompt->name, name)) return complete_prompt(argument, value, values);
        return -ENOENT;
    }
    for (const VmTemplate *t = vm_resource_templates; t->uri; t++)
        if (!strcmp(t->uri, name)) return complete_template(argument, value, values);
    return -ENOENT;
}
