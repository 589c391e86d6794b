/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A server of nothing but the tools, resources and prompts that the official conformance suite asks for, on the
 * same protocol core as vmaf-mcp. Installed nowhere. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "lines.h"
#include "server.h"
#include "sha256.h"

/* A red pixel. */
static const unsigned char png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xc9, 0xfe, 0x92,
    0xef, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

/* A millisecond of silence. */
static const unsigned char wav[] = {
    0x52, 0x49, 0x46, 0x46, 0x2c, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45, 0x66,
    0x6d, 0x74, 0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x40, 0x1f,
    0x00, 0x00, 0x40, 0x1f, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x64, 0x61, 0x74,
    0x61, 0x08, 0x00, 0x00, 0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* Takes item. */
static int add_content(VmCall *call, json_t *item)
{
    if (!call->content) call->content = json_array();
    return json_array_append_new(call->content, item);
}

/* ---- simple tools ---- */

static int run_text(VmCall *call)
{
    return vm_call_text(call, "This is a simple text response for testing.");
}

static int run_image(VmCall *call)
{
    return vm_call_image(call, png, sizeof(png), "image/png");
}

static int run_audio(VmCall *call)
{
    return add_content(call, vm_content_binary("audio", wav, sizeof(wav), "audio/wav"));
}

static json_t *embedded(const char *uri, const char *mime, const char *text)
{
    return json_pack("{sss{ssssss}}", "type", "resource", "resource", "uri", uri, "mimeType", mime,
                     "text", text);
}

static int run_embedded(VmCall *call)
{
    return add_content(call, embedded("test://embedded-resource", "text/plain",
                                      "This is an embedded resource content."));
}

static int run_mixed(VmCall *call)
{
    VM_TRY(vm_call_text(call, "Multiple content types test:"));
    VM_TRY(vm_call_image(call, png, sizeof(png), "image/png"));
    return add_content(call, embedded("test://mixed-content-resource", "application/json",
                                      "{\"test\":\"data\",\"value\":123}"));
}

static int run_progress(VmCall *call)
{
    for (int i = 0; i <= 100; i += 50) {
        vm_call_progress(call, i, 100, NULL);
        if (i < 100) pause_briefly();
    }
    return vm_call_text(call, "done");
}

static int run_error(VmCall *call)
{
    return vm_call_fail(call, -EIO, "This tool intentionally returns an error for testing");
}

static int run_logging(VmCall *call)
{
    static const char *const lines[] = {"Tool execution started", "Tool processing data",
                                        "Tool execution completed"};

    for (unsigned i = 0; i < VM_COUNT(lines) && call->era == VM_ERA_LEGACY; i++) {
        vm_call_notify(call, "notifications/message",
                       json_pack("{ssss}", "level", "info", "data", lines[i]));
        pause_briefly();
    }
    return vm_call_text(call, "logged");
}

/* ---- requests to the client, handshake versions only ---- */

typedef struct Ask {
    char id[32];
    json_t *answer;
    struct Ask *next;
} Ask;

static pthread_mutex_t ask_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ask_change = PTHREAD_COND_INITIALIZER;
static Ask *asks;

static void take_response(VmPeer *peer, const VmMessage *message)
{
    const char *id = json_string_value(message->id);

    (void)peer;
    pthread_mutex_lock(&ask_lock);
    for (Ask *ask = asks; ask && id; ask = ask->next)
        if (!strcmp(ask->id, id) && !ask->answer)
            /* its own: the message is freed on another thread */
            ask->answer = json_deep_copy(json_object_get(message->root, "result"));
    pthread_cond_broadcast(&ask_change);
    pthread_mutex_unlock(&ask_lock);
}

static void send_request(VmCall *call, const char *id, const char *method, json_t *params)
{
    VmText line = {0};

    vm_text_add(&line, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"%s\",\"params\":", id,
                method);
    vm_rpc_dump(&line, params);
    vm_text_add(&line, "}");
    call->channel->ops->send(call->channel, 0, line.data, line.size);
    vm_text_free(&line);
    json_decref(params);
}

/* Returns the client's result, NULL if none comes within ten seconds. */
static json_t *ask_client(VmCall *call, const char *method, json_t *params)
{
    static unsigned count;
    Ask ask = {{0}};
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&ask_lock);
    (void)snprintf(ask.id, sizeof(ask.id), "ask-%u", ++count);
    ask.next = asks;
    asks = &ask;
    send_request(call, ask.id, method, params);
    while (!ask.answer && !pthread_cond_timedwait(&ask_change, &ask_lock, &until)) {}
    Ask **link = &asks;
    while (*link != &ask) link = &(*link)->next;
    *link = ask.next;
    pthread_mutex_unlock(&ask_lock);
    return ask.answer;
}

static int run_sampling(VmCall *call)
{
    json_t *result =
        ask_client(call, "sampling/createMessage",
                   json_pack("{s[{sss{ssss?}}]si}", "messages", "role", "user", "content", "type",
                             "text", "text", vm_call_string(call, "prompt"), "maxTokens", 100));
    const json_t *content = json_object_get(result, "content");
    const char *text = json_string_value(json_object_get(content, "text"));
    const int code = vm_call_text(call, "LLM response: %s", text ? text : "none");

    json_decref(result);
    return code;
}

static int elicit(VmCall *call, const char *message, const char *properties)
{
    json_t *result = ask_client(
        call, "elicitation/create",
        json_pack("{sss{sssoso}}", "message", message, "requestedSchema", "type", "object",
                  "properties", json_loads(properties, 0, NULL), "required", json_array()));
    VmText text = {0};
    const char *action = json_string_value(json_object_get(result, "action"));

    vm_text_add(&text, "action=%s, content=", action ? action : "none");
    if (json_object_get(result, "content")) vm_rpc_dump(&text, json_object_get(result, "content"));
    else vm_text_add(&text, "{}");
    const int code = vm_call_text(call, "Elicitation completed: %s", text.failed ? "?" : text.data);
    vm_text_free(&text);
    json_decref(result);
    return code;
}

static int run_elicitation(VmCall *call)
{
    const char *message = vm_call_string(call, "message");

    return elicit(call, message ? message : "",
                  "{\"username\":{\"type\":\"string\",\"description\":\"User's response\"},"
                  "\"email\":{\"type\":\"string\",\"description\":\"User's email address\"}}");
}

static int run_elicit_defaults(VmCall *call)
{
    return elicit(call, "Please review",
                  "{\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"
                  "\"age\":{\"type\":\"integer\",\"default\":30},"
                  "\"score\":{\"type\":\"number\",\"default\":95.5},"
                  "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"pending\"],"
                  "\"default\":\"active\"},"
                  "\"verified\":{\"type\":\"boolean\",\"default\":true}}");
}

static int run_elicit_enums(VmCall *call)
{
    return elicit(
        call, "Please choose",
        "{\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"
        "\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"value1\",\"title\":\"First "
        "Option\"},{\"const\":\"value2\",\"title\":\"Second Option\"},{\"const\":\"value3\","
        "\"title\":\"Third Option\"}]},"
        "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],\"enumNames\":["
        "\"Option One\",\"Option Two\",\"Option Three\"]},"
        "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":["
        "\"option1\",\"option2\",\"option3\"]}},"
        "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\",\"title\":"
        "\"First Choice\"},{\"const\":\"value2\",\"title\":\"Second Choice\"},{\"const\":"
        "\"value3\",\"title\":\"Third Choice\"}]}}}");
}

/* ---- results that ask for input, version 2026-07-28 only ---- */

#define ASK_FORM(key, message, field, type)                                                        \
    "\"" key                                                                                       \
    "\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":\"" message   \
    "\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"" field "\":{\"type\":\"" type  \
    "\"}},\"required\":[\"" field "\"]}}}"
#define ASK_MODEL(key, text, tokens)                                                               \
    "\"" key "\":{\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[{\"role\":"      \
    "\"user\",\"content\":{\"type\":\"text\",\"text\":\"" text "\"}}],\"maxTokens\":" tokens "}}"
#define ASK_ROOTS "\"client_roots\":{\"method\":\"roots/list\",\"params\":{}}"

static unsigned char secret[16];

/* A round's state can neither be made up nor taken from another tool. */
static void sign_state(const char *name, int round, char state[80])
{
    char text[160], hex[65];
    const int n = snprintf(text, sizeof(text), "%s/%d/", name, round);

    memcpy(text + n, secret, sizeof(secret));
    vm_sha256_hex(text, (size_t)n + sizeof(secret), hex);
    (void)snprintf(state, 80, "%d-%s", round, hex);
}

static int require_input(VmCall *call, const char *requests, const char *state)
{
    json_t *result = json_pack("{ssso}", "resultType", "input_required", "inputRequests",
                               json_loads(requests, 0, NULL));

    if (result && state) json_object_set_new(result, "requestState", json_string(state));
    return vm_server_complete(call, result, NULL);
}

/* Has every request an answer, an object? */
static int is_answered(const VmCall *call, const char *requests)
{
    const json_t *given = json_object_get(call->message.params, "inputResponses");
    json_t *wanted = json_loads(requests, 0, NULL), *value;
    const char *key;
    int all = json_is_object(given);

    json_object_foreach(wanted, key, value)
    {
        all = all && json_is_object(json_object_get(given, key));
    }
    json_decref(wanted);
    return all;
}

/* The round that the caller's state is of: 0 without state, -1 if it was not made here. */
static int round_of(const VmCall *call, const char *name)
{
    const json_t *given = json_object_get(call->message.params, "requestState");
    char state[80];

    if (!given) return 0;
    for (int round = 1; round <= 2; round++) {
        sign_state(name, round, state);
        if (json_is_string(given) && !strcmp(json_string_value(given), state)) return round;
    }
    return -1;
}

/* requests holds the JSON of each round, NULL at the end. */
static int run_rounds(VmCall *call, const char *const *requests, int with_state)
{
    const char *name = call->tool->name;
    const int round = with_state ? round_of(call, name) : 1;
    char state[80];

    if (round < 0) return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "requestState is not ours");
    int next = round > 0 ? round - 1 : 0;
    if (round > 0 && is_answered(call, requests[next])) next++;
    if (!requests[next]) return vm_call_text(call, "state-ok: all that was asked for is there");
    sign_state(name, next + 1, state);
    return require_input(call, requests[next], with_state ? state : NULL);
}

static int run_input_form(VmCall *call)
{
    static const char *const requests[] = {
        "{" ASK_FORM("user_name", "What is your name?", "name", "string") "}", NULL};

    return run_rounds(call, requests, 0);
}

static int run_input_model(VmCall *call)
{
    static const char *const requests[] = {
        "{" ASK_MODEL("capital_question", "What is the capital of France?", "100") "}", NULL};

    return run_rounds(call, requests, 0);
}

static int run_input_roots(VmCall *call)
{
    static const char *const requests[] = {"{" ASK_ROOTS "}", NULL};

    return run_rounds(call, requests, 0);
}

static int run_input_state(VmCall *call)
{
    static const char *const requests[] = {
        "{" ASK_FORM("confirm", "Please confirm", "ok", "boolean") "}", NULL};

    return run_rounds(call, requests, 1);
}

static int run_input_many(VmCall *call)
{
    static const char *const requests[] = {
        "{" ASK_FORM("user_name", "What is your name?", "name", "string") "," ASK_MODEL(
            "greeting", "Generate a greeting", "50") "," ASK_ROOTS "}",
        NULL};

    return run_rounds(call, requests, 1);
}

static int run_input_twice(VmCall *call)
{
    static const char *const requests[] = {
        "{" ASK_FORM("step1", "What is your name?", "name", "string") "}",
        "{" ASK_FORM("step2", "What is your favorite color?", "color", "string") "}", NULL};

    return run_rounds(call, requests, 1);
}

static const json_t *client_capability(const VmCall *call, const char *name)
{
    const json_t *all =
        json_object_get(call->message.meta, "io.modelcontextprotocol/clientCapabilities");

    return json_object_get(all, name);
}

static int run_input_allowed(VmCall *call)
{
    static const char model[] =
        "{" ASK_MODEL("capital_question", "What is the capital of France?", "100") "}";
    static const char form[] =
        "{" ASK_FORM("user_name", "What is your name?", "name", "string") "}";

    if (client_capability(call, "sampling")) return require_input(call, model, NULL);
    if (client_capability(call, "elicitation")) return require_input(call, form, NULL);
    return vm_call_text(call, "there is nothing the client may be asked");
}

static int run_missing(VmCall *call)
{
    if (client_capability(call, "sampling")) return vm_call_text(call, "sampling is declared");
    call->data = json_pack("{s{s{}}}", "requiredCapabilities", "sampling");
    return vm_call_refuse(call, VM_RPC_CAPABILITY, "the client must declare sampling");
}

static int run_streaming(VmCall *call)
{
    vm_call_notify(call, "notifications/progress",
                   json_pack("{sisi}", "progressToken", 1, "progress", 1));
    return vm_call_text(call, "nothing is asked for on the stream");
}

/* ---- tables ---- */

#define TOOL(id, tool_name, text, function)                                                        \
    static const VmTool id = {                                                                     \
        .name = tool_name, .title = tool_name, .description = text, .run = function}

TOOL(tool_text, "test_simple_text", "A text.", run_text);
TOOL(tool_image, "test_image_content", "An image.", run_image);
TOOL(tool_audio, "test_audio_content", "A sound.", run_audio);
TOOL(tool_embedded, "test_embedded_resource", "A resource.", run_embedded);
TOOL(tool_mixed, "test_multiple_content_types", "Several contents.", run_mixed);
TOOL(tool_progress, "test_tool_with_progress", "Tells its progress.", run_progress);
TOOL(tool_error, "test_error_handling", "Fails.", run_error);
TOOL(tool_logging, "test_tool_with_logging", "Logs, in handshake versions.", run_logging);
TOOL(tool_defaults, "test_elicitation_sep1034_defaults", "Asks with defaults.",
     run_elicit_defaults);
TOOL(tool_enums, "test_elicitation_sep1330_enums", "Asks with choices.", run_elicit_enums);
TOOL(tool_missing, "test_missing_capability", "Needs sampling.", run_missing);
TOOL(tool_streaming, "test_streaming_elicitation", "Streams without asking.", run_streaming);
TOOL(tool_no_log, "test_logging_tool", "Logs nothing.", run_text);
TOOL(tool_in_form, "test_input_required_result_elicitation", "Asks the user.", run_input_form);
TOOL(tool_in_model, "test_input_required_result_sampling", "Asks a model.", run_input_model);
TOOL(tool_in_roots, "test_input_required_result_list_roots", "Asks for roots.", run_input_roots);
TOOL(tool_in_state, "test_input_required_result_request_state", "With state.", run_input_state);
TOOL(tool_in_many, "test_input_required_result_multiple_inputs", "Asks thrice.", run_input_many);
TOOL(tool_in_twice, "test_input_required_result_multi_round", "Two rounds.", run_input_twice);
TOOL(tool_in_tamper, "test_input_required_result_tampered_state", "With state.", run_input_state);
TOOL(tool_in_allowed, "test_input_required_result_capabilities", "Asks what it may.",
     run_input_allowed);

static const VmArg sampling_args[] = {{"prompt", VM_ARG_STRING, VM_ARG_REQUIRED, "What to ask."},
                                      {NULL}};
static const VmTool tool_sampling = {.name = "test_sampling",
                                     .title = "test_sampling",
                                     .description = "Asks the client's model.",
                                     .arguments = sampling_args,
                                     .run = run_sampling};

static const VmArg elicitation_args[] = {
    {"message", VM_ARG_STRING, VM_ARG_REQUIRED, "What to show."}, {NULL}};
static const VmTool tool_elicitation = {.name = "test_elicitation",
                                        .title = "test_elicitation",
                                        .description = "Asks the client's user.",
                                        .arguments = elicitation_args,
                                        .run = run_elicitation};

static const VmTool tool_schema = {
    .name = "json_schema_2020_12_tool",
    .title = "json_schema_2020_12_tool",
    .description = "Has a schema with everything.",
    .run = run_text,
    .schema =
        "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
        "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"
        "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{"
        "\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
        "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"
        "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},\"allOf\":[{\"anyOf\":[{"
        "\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],\"if\":{\"properties\":{"
        "\"contactMethod\":{\"const\":\"phone\"}},\"required\":[\"contactMethod\"]},\"then\":{"
        "\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},\"additionalProperties\":"
        "false}",
};

static const VmTool *const fixture_tools[] = {
    &tool_text,     &tool_image,     &tool_audio,      &tool_embedded,  &tool_mixed,
    &tool_progress, &tool_error,     &tool_logging,    &tool_sampling,  &tool_elicitation,
    &tool_defaults, &tool_enums,     &tool_missing,    &tool_streaming, &tool_no_log,
    &tool_in_form,  &tool_in_model,  &tool_in_roots,   &tool_in_state,  &tool_in_many,
    &tool_in_twice, &tool_in_tamper, &tool_in_allowed, &tool_schema,    NULL,
};

/* ---- resources ---- */

static int list_resources(VmServer *server, json_t *array)
{
    (void)server;
    VM_TRY(vm_resource_list(array, "test://static-text", "static-text", "Text", "A text.",
                            "text/plain"));
    VM_TRY(vm_resource_list(array, "test://static-binary", "static-binary", "Image", "An image.",
                            "image/png"));
    return vm_resource_list(array, "test://watched-resource", "watched-resource", "Watched",
                            "Never changes.", "text/plain");
}

static int read_text(VmCall *call, const char *uri, const char *mime, const char *text)
{
    return vm_resource_text(call, uri, mime, text, strlen(text));
}

static int read_resource(VmCall *call, const char *uri)
{
    char id[64], text[256];
    int end = 0;

    if (!strcmp(uri, "test://static-text"))
        return read_text(call, uri, "text/plain",
                         "This is the content of the static text resource.");
    if (!strcmp(uri, "test://watched-resource"))
        return read_text(call, uri, "text/plain", "Watched");
    if (!strcmp(uri, "test://static-binary"))
        return vm_resource_blob(call, uri, "image/png", png, sizeof(png));
    if (sscanf(uri, "test://template/%63[A-Za-z0-9]/data%n", id, &end) != 1 || !end || uri[end])
        return -ENOENT;
    (void)snprintf(text, sizeof(text),
                   "{\"id\":\"%s\",\"templateTest\":true,\"data\":\"Data for ID: %s\"}", id, id);
    return read_text(call, uri, "application/json", text);
}

static const VmTemplate templates[] = {
    {"test://template/{id}/data", "template", "Template", "Data for an id.", "application/json"},
    {NULL},
};

/* ---- prompts ---- */

static int get_simple(VmCall *call, const json_t *args, json_t *messages)
{
    (void)call, (void)args;
    return vm_prompt_message(messages, vm_content_text("This is a simple prompt for testing."));
}

static int get_with_args(VmCall *call, const json_t *args, json_t *messages)
{
    char text[512];

    (void)call;
    (void)snprintf(text, sizeof(text), "Prompt with arguments: arg1='%s', arg2='%s'",
                   json_string_value(json_object_get(args, "arg1")),
                   json_string_value(json_object_get(args, "arg2")));
    return vm_prompt_message(messages, vm_content_text(text));
}

static int get_embedded(VmCall *call, const json_t *args, json_t *messages)
{
    (void)call;
    VM_TRY(vm_prompt_message(messages,
                             embedded(json_string_value(json_object_get(args, "resourceUri")),
                                      "text/plain", "Embedded resource content for testing.")));
    return vm_prompt_message(messages,
                             vm_content_text("Please process the embedded resource above."));
}

static int get_image(VmCall *call, const json_t *args, json_t *messages)
{
    (void)call, (void)args;
    VM_TRY(vm_prompt_message(messages, vm_content_binary("image", png, sizeof(png), "image/png")));
    return vm_prompt_message(messages, vm_content_text("Please analyze the image above."));
}

static int get_input(VmCall *call, const json_t *args, json_t *messages)
{
    static const char requests[] = "{" ASK_FORM(
        "user_context", "What context should the prompt use?", "context", "string") "}";

    (void)args;
    if (!is_answered(call, requests)) return require_input(call, requests, NULL);
    return vm_prompt_message(messages, vm_content_text("With the context that was given."));
}

static const VmPromptArg two_args[] = {
    {"arg1", "The first.", 1}, {"arg2", "The second.", 1}, {NULL}};
static const VmPromptArg uri_arg[] = {{"resourceUri", "What to embed.", 1}, {NULL}};

static const VmPrompt prompts[] = {
    {"test_simple_prompt", "Simple", "A text.", NULL, get_simple},
    {"test_prompt_with_arguments", "Arguments", "A text with arguments.", two_args, get_with_args},
    {"test_prompt_with_embedded_resource", "Embedded", "A resource.", uri_arg, get_embedded},
    {"test_prompt_with_image", "Image", "An image.", NULL, get_image},
    {"test_input_required_result_prompt", "Input", "Asks the user.", NULL, get_input},
    {NULL},
};

static int complete_argument(VmCall *call, const char *type, const char *name, const char *argument,
                             const char *value, json_t *values)
{
    (void)call, (void)type, (void)name, (void)argument, (void)value;
    return json_array_append_new(values, json_string("paris"));
}

/* What the product does not declare. */
static int run_method(VmCall *call)
{
    static const char *const known[] = {"logging/setLevel", "resources/subscribe",
                                        "resources/unsubscribe"};

    if (call->era == VM_ERA_MODERN) return -ENOSYS;
    for (unsigned i = 0; i < VM_COUNT(known); i++)
        if (!strcmp(call->message.method, known[i]))
            return vm_server_complete(call, json_object(), NULL);
    return -ENOSYS;
}

static const VmOffer offer = {
    .name = "mcp-conformance-fixture",
    .title = "Conformance fixture",
    .version = VM_TOOL_VERSION,
    .instructions = "For the conformance suite only.",
    .tools = fixture_tools,
    .list_resources = list_resources,
    .templates = templates,
    .read_resource = read_resource,
    .prompts = prompts,
    .complete = complete_argument,
    .method = run_method,
    .response = take_response,
    .capabilities = ",\"logging\":{},\"resources\":{\"subscribe\":true}",
};

static int stop_pipe[2];

static void on_signal(int number)
{
    (void)number;
    (void)!write(stop_pipe[1], "", 1);
}

int main(int argc, char **argv)
{
    VmServer *server;
    VmLimits limits;
    VmError why = {""};
    struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

    vm_limits_default(&limits);
    limits.jobs = 4;
    if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret)) return 4;
    if (pipe2(stop_pipe, O_CLOEXEC) || vm_server_open(&server, &offer, &limits)) return 4;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    const int code = argc > 2 && !strcmp(argv[1], "--http")
                         ? vm_http_serve(server, argv[2], NULL, stop_pipe[0], &why)
                         : vm_lines_serve(server, STDIN_FILENO, STDOUT_FILENO, stop_pipe[0]);
    if (code) fprintf(stderr, "mcp-conformance-fixture: error: %s\n", why.text);
    if (vm_server_close(server)) _exit(4);
    return code ? 2 : 0;
}
