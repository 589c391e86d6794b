/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The methods about resources, prompts and completion. What there is, the offer says. */
#include <string.h>

#include "server.h"

enum { COMPLETIONS_MAX = 100 };

#define BOTH (1u << VM_ERA_LEGACY | 1u << VM_ERA_MODERN)

/* ---- contents ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Size of out: 4 bytes for every 3 begun. */
static size_t encode_base64(const unsigned char *data, size_t size, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i += 3) {
        const unsigned left = (unsigned)VM_MIN(size - i, 3);
        const unsigned bits = (unsigned)data[i] << 16 | (left > 1 ? data[i + 1] << 8 : 0) |
                              (left > 2 ? data[i + 2] : 0);
        out[n++] = base64_digits[bits >> 18];
        out[n++] = base64_digits[bits >> 12 & 63];
        out[n++] = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
        out[n++] = left > 2 ? base64_digits[bits & 63] : '=';
    }
    return n;
}

static json_t *base64(const void *data, size_t size)
{
    char *text = size < SIZE_MAX / 2 ? vm_alloc(size / 3 * 4 + 5) : NULL;

    if (!text) return NULL;
    json_t *value = json_stringn_nocheck(text, encode_base64(data, size, text));
    vm_free(text);
    return value;
}

json_t *vm_content_text(const char *text)
{
    return json_pack("{ssso}", "type", "text", "text", vm_rpc_string(text, strlen(text)));
}

json_t *vm_content_binary(const char *type, const void *data, size_t size, const char *mime)
{
    return json_pack("{ssssso}", "type", type, "mimeType", mime, "data", base64(data, size));
}

int vm_prompt_message(json_t *messages, json_t *content)
{
    return json_array_append_new(messages, json_pack("{ssso}", "role", "user", "content", content));
}

/* Reports can be megabytes: their text is put into the answer without a tree in between. */
int vm_resource_text(VmCall *call, const char *uri, const char *mime, const char *text, size_t size)
{
    json_t *result = json_object();
    VmText out = {0};

    if (vm_server_complete(call, result, "private")) return -ENOMEM;
    const char *rest = call->ready + 1; /* after the brace */
    vm_text_add(&out, "{\"contents\":[{\"uri\":");
    vm_rpc_quote(&out, uri, strlen(uri));
    vm_text_add(&out, ",\"mimeType\":\"%s\",\"text\":", mime);
    vm_rpc_quote(&out, text, size);
    vm_text_add(&out, "}]%s%s", *rest == '}' ? "" : ",", rest);
    vm_text_free(&call->text);
    call->text = out;
    call->ready = out.data;
    call->ready_size = out.size;
    return out.failed ? -ENOMEM : 0;
}

int vm_resource_blob(VmCall *call, const char *uri, const char *mime, const void *data, size_t size)
{
    return vm_server_complete(call,
                              json_pack("{s[{ssssso}]}", "contents", "uri", uri, "mimeType", mime,
                                        "blob", base64(data, size)),
                              "private");
}

int vm_resource_list(json_t *array, const char *uri, const char *name, const char *title,
                     const char *description, const char *mime)
{
    json_t *entry =
        json_pack("{ssssssss}", "uri", uri, "name", name, "title", title, "mimeType", mime);

    if (entry && description) json_object_set_new(entry, "description", json_string(description));
    return json_array_append_new(array, entry);
}

/* ---- resources ---- */

static int list_resources(VmServer *server, json_t *array)
{
    return server->offer->list_resources(server, array);
}

static int list_templates(VmServer *server, json_t *array)
{
    for (const VmTemplate *t = server->offer->templates; t->uri; t++)
        if (json_array_append_new(array, json_pack("{ssssssssss}", "uriTemplate", t->uri, "name",
                                                   t->name, "title", t->title, "description",
                                                   t->description, "mimeType", t->mime)))
            return -ENOMEM;
    return 0;
}

static int run_resources_list(VmCall *call)
{
    return vm_server_answer_list(call, VM_CACHED_RESOURCES, "resources", list_resources);
}

static int run_templates_list(VmCall *call)
{
    return vm_server_answer_list(call, VM_CACHED_TEMPLATES, "resourceTemplates", list_templates);
}

static int run_read(VmCall *call)
{
    const json_t *uri = json_object_get(call->message.params, "uri");

    if (!json_is_string(uri))
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "params.uri must be a string");
    const int code = call->server->offer->read_resource(call, json_string_value(uri));
    if (code != -ENOENT) return code;
    call->data = json_pack("{sO}", "uri", uri);
    return vm_call_refuse(
        call, call->era == VM_ERA_MODERN ? VM_RPC_INVALID_PARAMS : VM_RPC_NO_RESOURCE,
        "there is no resource %.256s; reports and frames expire, score again to have them anew",
        json_string_value(uri));
}

/* ---- prompts ---- */

static json_t *describe_prompt(const VmPrompt *prompt)
{
    json_t *args = json_array();

    for (const VmPromptArg *arg = prompt->arguments; arg && arg->name; arg++)
        json_array_append_new(args, json_pack("{sssssb}", "name", arg->name, "description",
                                              arg->description, "required", arg->required));
    return json_pack("{ssssssso}", "name", prompt->name, "title", prompt->title, "description",
                     prompt->description, "arguments", args);
}

static int list_prompts(VmServer *server, json_t *array)
{
    for (const VmPrompt *prompt = server->offer->prompts; prompt->name; prompt++)
        if (json_array_append_new(array, describe_prompt(prompt))) return -ENOMEM;
    return 0;
}

static int run_prompts_list(VmCall *call)
{
    return vm_server_answer_list(call, VM_CACHED_PROMPTS, "prompts", list_prompts);
}

static const VmPrompt *find_prompt(const VmServer *server, const char *name)
{
    const VmPrompt *prompt = server->offer->prompts;

    while (prompt->name && strcmp(prompt->name, name) != 0) prompt++;
    return prompt->name ? prompt : NULL;
}

static int check_prompt_args(VmCall *call, const VmPrompt *prompt, const json_t *args)
{
    const char *key;
    json_t *value;

    if (args && !json_is_object(args))
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "params.arguments must be an object");
    json_object_foreach((json_t *)args, key, value)
    {
        if (!json_is_string(value))
            return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "argument %.64s must be a string",
                                  key);
    }
    for (const VmPromptArg *arg = prompt->arguments; arg && arg->name; arg++)
        if (arg->required && !json_object_get(args, arg->name))
            return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "argument %s is missing: %s",
                                  arg->name, arg->description);
    return 0;
}

static int run_prompts_get(VmCall *call)
{
    const json_t *params = call->message.params, *args = json_object_get(params, "arguments");
    const char *name = json_string_value(json_object_get(params, "name"));
    const VmPrompt *prompt = name ? find_prompt(call->server, name) : NULL;

    if (!name) return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "params.name must be a string");
    if (!prompt)
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                              "there is no prompt %.64s; see prompts/list", name);
    VM_TRY(check_prompt_args(call, prompt, args));
    json_t *messages = json_array();
    const int code = prompt->get(call, args, messages);
    if (code || call->code || call->ready) {
        json_decref(messages);
        return code;
    }
    return vm_server_complete(
        call, json_pack("{ssso}", "description", prompt->description, "messages", messages), NULL);
}

/* ---- completion ---- */

static int read_reference(VmCall *call, const char **type, const char **name)
{
    const json_t *ref = json_object_get(call->message.params, "ref");

    *type = json_string_value(json_object_get(ref, "type"));
    if (*type && !strcmp(*type, "ref/prompt"))
        *name = json_string_value(json_object_get(ref, "name"));
    else if (*type && !strcmp(*type, "ref/resource"))
        *name = json_string_value(json_object_get(ref, "uri"));
    else *name = NULL;
    if (*name) return 0;
    return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                          "params.ref must be {type: \"ref/prompt\", name} or "
                          "{type: \"ref/resource\", uri}");
}

/* Takes values; at most 100 are sent. */
static int answer_completion(VmCall *call, json_t *values)
{
    const size_t total = json_array_size(values);

    while (json_array_size(values) > COMPLETIONS_MAX)
        json_array_remove(values, json_array_size(values) - 1);
    return vm_server_complete(call,
                              json_pack("{s{sosIsb}}", "completion", "values", values, "total",
                                        (json_int_t)total, "hasMore", total > COMPLETIONS_MAX),
                              NULL);
}

static int run_complete(VmCall *call)
{
    const json_t *argument = json_object_get(call->message.params, "argument");
    const char *name = json_string_value(json_object_get(argument, "name"));
    const char *value = json_string_value(json_object_get(argument, "value"));
    const char *type, *subject;

    VM_TRY(read_reference(call, &type, &subject));
    if (!name || !value)
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                              "params.argument must be {name, value}, both strings");
    json_t *values = json_array();
    const int code = call->server->offer->complete(call, type, subject, name, value, values);
    if (!code) return answer_completion(call, values);
    json_decref(values);
    return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "there is no %.256s to complete for",
                          subject);
}

const VmMethod vm_catalog_methods[] = {
    {"resources/list", BOTH, run_resources_list},
    {"resources/templates/list", BOTH, run_templates_list},
    {"resources/read", BOTH, run_read},
    {"prompts/list", BOTH, run_prompts_list},
    {"prompts/get", BOTH, run_prompts_get},
    {"completion/complete", BOTH, run_complete},
    {NULL},
};
