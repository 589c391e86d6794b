/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "server.h"

#include <string.h>

#include "schema.h"
#include "store.h"

#define META "io.modelcontextprotocol/"

const char *const vm_legacy_versions[] = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05",
                                          NULL};

/* Lists never change while a server runs. */
enum { LIST_TTL_MS = 300000 };

void vm_limits_default(VmLimits *limits)
{
    *limits = (VmLimits){
        .jobs = 1, .queue = 8, .timeout = 3600, .idle = 30, .beat = 10, .max_frames = 10000000};
}

/* ---- server and peers ---- */

static unsigned count_tools(const VmServer *server)
{
    unsigned n = 0;

    while (server->offer->tools[n]) n++;
    return n;
}

static int open_results(VmServer *server)
{
    for (unsigned era = 0; era < 2; era++) {
        server->results[era] = vm_alloc_array(count_tools(server) + 1, sizeof(VmText));
        if (!server->results[era]) return -ENOMEM;
    }
    return 0;
}

static void free_texts(VmText *texts, unsigned n)
{
    for (unsigned i = 0; texts && i < n; i++) vm_text_free(&texts[i]);
}

int vm_server_open(VmServer **server, const VmOffer *offer, const VmLimits *limits)
{
    VmServer *s = vm_alloc(sizeof(*s));

    if (!s) return -ENOMEM;
    s->offer = offer;
    s->limits = *limits;
    pthread_mutex_init(&s->lock, NULL);
    if (vm_workers_open(s) || vm_store_open(&s->store) || open_results(s)) {
        (void)vm_server_close(s);
        return -ENOMEM;
    }
    *server = s;
    return 0;
}

static void stop_calls(VmServer *server, const VmPeer *peer, enum VmStop why);

int vm_server_close(VmServer *server)
{
    if (!server) return 0;
    stop_calls(server, NULL, VM_STOP_SHUTDOWN);
    VM_TRY(vm_workers_close(server));
    vm_store_close(server->store);
    for (unsigned era = 0; era < 2; era++) {
        free_texts(server->cached[era], VM_CACHED);
        free_texts(server->results[era], count_tools(server));
        vm_free(server->results[era]);
    }
    pthread_mutex_destroy(&server->lock);
    vm_free(server);
    return 0;
}

VmPeer *vm_peer_open(VmServer *server)
{
    VmPeer *peer = vm_alloc(sizeof(*peer));

    if (!peer) return NULL;
    peer->server = server;
    atomic_init(&peer->users, 1);
    return peer;
}

void vm_peer_hold(VmPeer *peer)
{
    atomic_fetch_add(&peer->users, 1);
}

void vm_peer_drop(VmPeer *peer)
{
    if (peer && atomic_fetch_sub(&peer->users, 1) == 1) vm_free(peer);
}

/* ---- calls in flight; the server's lock is held ---- */

static void list(VmCall *call)
{
    VmServer *server = call->server;

    call->older = server->calls;
    if (call->older) call->older->newer = call;
    server->calls = call;
    call->listed = 1;
}

static void unlist(VmCall *call)
{
    if (call->older) call->older->newer = call->newer;
    if (call->newer) call->newer->older = call->older;
    else call->server->calls = call->older;
    call->listed = 0;
}

static VmCall *find(const VmServer *server, const VmPeer *peer, const json_t *id)
{
    VmCall *call = server->calls;

    while (call && (call->peer != peer || !json_equal(call->message.id, id))) call = call->older;
    return call;
}

int vm_server_unlist(VmCall *call)
{
    pthread_mutex_lock(&call->server->lock);
    const int was = call->listed;
    if (was) unlist(call);
    pthread_mutex_unlock(&call->server->lock);
    return was;
}

/* Stops the call and takes it out of the list, so that its id is free again. Returns the call if it was still
 * waiting and is now the caller's to close. */
static VmCall *stop_listed(VmCall *call, enum VmStop why)
{
    vm_call_stop(call, why);
    unlist(call);
    return vm_workers_remove(call) ? call : NULL;
}

static void stop_calls(VmServer *server, const VmPeer *peer, enum VmStop why)
{
    VmCall *waiting = NULL;

    pthread_mutex_lock(&server->lock);
    for (VmCall *call = server->calls, *older; call; call = older) {
        older = call->older;
        if (peer && call->peer != peer) continue;
        VmCall *mine = stop_listed(call, why);
        if (!mine) continue;
        mine->behind = waiting;
        waiting = mine;
    }
    pthread_mutex_unlock(&server->lock);
    while (waiting) {
        VmCall *call = waiting;
        waiting = call->behind;
        vm_call_close(call);
    }
}

void vm_peer_stop(VmPeer *peer, enum VmStop why)
{
    atomic_store(&peer->stopped, 1);
    stop_calls(peer->server, peer, why);
}

static void cancel(VmPeer *peer, const json_t *params)
{
    const json_t *id = json_object_get(params, "requestId");
    VmServer *server = peer->server;

    pthread_mutex_lock(&server->lock);
    VmCall *call = id ? find(server, peer, id) : NULL;
    if (call) call = stop_listed(call, VM_STOP_CANCELLED);
    pthread_mutex_unlock(&server->lock);
    vm_call_close(call);
}

/* ---- results ---- */

static json_t *server_info(const VmServer *server, int with_title)
{
    const VmOffer *offer = server->offer;
    json_t *info = json_pack("{ssss}", "name", offer->name, "version", offer->version);

    if (info && with_title) json_object_set_new(info, "title", json_string(offer->title));
    return info;
}

static int decorate(const VmCall *call, json_t *result, const char *scope)
{
    if (call->era != VM_ERA_MODERN) return 0;
    json_t *meta = json_object_get(result, "_meta");
    if (!meta) {
        meta = json_object();
        json_object_set_new(result, "_meta", meta);
    }
    if (!json_object_get(result, "resultType"))
        json_object_set_new(result, "resultType", json_string("complete"));
    if (scope) {
        json_object_set_new(result, "ttlMs", json_integer(LIST_TTL_MS));
        json_object_set_new(result, "cacheScope", json_string(scope));
    }
    return json_object_set_new(meta, META "serverInfo", server_info(call->server, 0));
}

int vm_server_complete(VmCall *call, json_t *result, const char *scope)
{
    vm_text_free(&call->text);
    if (!result || decorate(call, result, scope)) call->text.failed = 1;
    else vm_rpc_dump(&call->text, result);
    json_decref(result);
    call->ready = call->text.data;
    call->ready_size = call->text.size;
    return call->text.failed ? -ENOMEM : 0;
}

static int refuse_cursor(VmCall *call)
{
    return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                          "cursor is not one of this server's: lists have one page");
}

/* Assumes the server's lock is held. */
static void build_list(VmCall *call, const char *key, int (*build)(VmServer *server, json_t *array))
{
    json_t *array = json_array();

    if (build(call->server, array)) {
        json_decref(array);
        array = NULL;
    }
    (void)vm_server_complete(call, json_pack("{so}", key, array), "public");
}

static void answer_cached(VmCall *call, const VmText *cached)
{
    call->text.failed = cached->failed;
    call->ready = cached->data;
    call->ready_size = cached->size;
}

int vm_server_answer_list(VmCall *call, enum VmCached which, const char *key,
                          int (*build)(VmServer *server, json_t *array))
{
    VmText *cached = &call->server->cached[call->era][which];

    if (json_object_get(call->message.params, "cursor")) return refuse_cursor(call);
    pthread_mutex_lock(&call->server->lock);
    if (!cached->size) {
        build_list(call, key, build);
        *cached = call->text;
        call->text = (VmText){0};
    }
    answer_cached(call, cached);
    pthread_mutex_unlock(&call->server->lock);
    return 0;
}

static json_t *capabilities(const VmServer *server, enum VmEra era)
{
    const char *more = server->offer->capabilities;
    VmText text = {0};

    vm_text_add(&text, "{\"tools\":{},\"resources\":{},\"prompts\":{},\"completions\":{}%s}",
                more && era == VM_ERA_LEGACY ? more : "");
    /* later members of the same name win */
    json_t *value = text.failed ? NULL : json_loads(text.data, 0, NULL);
    vm_text_free(&text);
    return value;
}

/* ---- methods ---- */

static const char *negotiate(const char *asked)
{
    for (unsigned i = 0; asked && vm_legacy_versions[i]; i++)
        if (!strcmp(asked, vm_legacy_versions[i])) return vm_legacy_versions[i];
    return vm_legacy_versions[0];
}

static int run_initialize(VmCall *call)
{
    const VmServer *server = call->server;
    const json_t *asked = json_object_get(call->message.params, "protocolVersion");

    if (!json_is_string(asked))
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                              "params.protocolVersion must be a string, e.g. \"%s\"",
                              vm_legacy_versions[0]);
    call->peer->version = negotiate(json_string_value(asked));
    return vm_server_complete(call,
                              json_pack("{sssososs}", "protocolVersion", call->peer->version,
                                        "capabilities", capabilities(server, VM_ERA_LEGACY),
                                        "serverInfo", server_info(server, 1), "instructions",
                                        server->offer->instructions),
                              NULL);
}

static int run_discover(VmCall *call)
{
    const VmServer *server = call->server;

    return vm_server_complete(call,
                              json_pack("{s[s]soss}", "supportedVersions", VM_MODERN_VERSION,
                                        "capabilities", capabilities(server, VM_ERA_MODERN),
                                        "instructions", server->offer->instructions),
                              "public");
}

static int run_ping(VmCall *call)
{
    return vm_server_complete(call, json_object(), NULL);
}

/* ---- tools ---- */

static json_t *annotations(const VmTool *tool)
{
    const int writes = (tool->flags & VM_TOOL_WRITES) != 0;

    return json_pack("{sbsbsbsb}", "readOnlyHint", !writes, "destructiveHint", 0, "idempotentHint",
                     !writes, "openWorldHint", 0);
}

static json_t *describe_tool(const VmTool *tool)
{
    json_t *entry = json_pack("{sssssssoso}", "name", tool->name, "title", tool->title,
                              "description", tool->description, "inputSchema",
                              vm_schema_input(tool), "annotations", annotations(tool));

    if (entry && tool->output) json_object_set_new(entry, "outputSchema", vm_schema_output(tool));
    return entry;
}

static int build_tools(VmServer *server, json_t *array)
{
    for (const VmTool *const *tool = server->offer->tools; *tool; tool++)
        if (json_array_append_new(array, describe_tool(*tool))) return -ENOMEM;
    return 0;
}

static int run_tools_list(VmCall *call)
{
    return vm_server_answer_list(call, VM_CACHED_TOOLS, "tools", build_tools);
}

/* The result in the shape of tools/call. */
static json_t *tool_error(const char *text)
{
    return json_pack("{s[{ssso}]sb}", "content", "type", "text", "text",
                     vm_rpc_string(text, strlen(text)), "isError", 1);
}

/* Versions before 2025-06-18 know no links: the address becomes text. */
static json_t *known_content(const VmCall *call, json_t *item)
{
    const char *type = json_string_value(json_object_get(item, "type"));
    const char *version = call->era == VM_ERA_LEGACY ? call->peer->version : NULL;

    if (!version || strcmp(version, "2025-06-18") >= 0 || strcmp(type, "resource_link") != 0)
        return json_incref(item);
    return json_pack("{sssO}", "type", "text", "text", json_object_get(item, "uri"));
}

static void add_contents(const VmCall *call, json_t *content)
{
    size_t i;
    json_t *item;

    json_array_foreach(call->content, i, item)
    {
        json_array_append_new(content, known_content(call, item));
    }
}

static json_t *tool_result(VmCall *call)
{
    json_t *content = json_array(), *result = json_pack("{sO}", "content", content);

    if (call->structured) {
        VmText text = {0};
        if (call->warnings) json_object_set(call->structured, "warnings", call->warnings);
        vm_rpc_dump(&text, call->structured);
        json_array_append_new(content, text.failed ? NULL : vm_content_text(text.data));
        vm_text_free(&text);
        json_object_set(result, "structuredContent", call->structured);
    } else {
        size_t i;
        json_t *warning;
        json_array_foreach(call->warnings, i, warning)
            json_array_append_new(content, vm_content_text(json_string_value(warning)));
    }
    add_contents(call, content);
    json_decref(content);
    return result;
}

/* Where the answer of a tool is kept that is always the same; NULL: nowhere. */
static VmText *find_result(const VmCall *call)
{
    const VmTool *const *tools = call->server->offer->tools;
    unsigned i = 0;

    if (!(call->tool->flags & VM_TOOL_CONSTANT)) return NULL;
    while (tools[i] != call->tool) i++;
    return &call->server->results[call->era][i];
}

/* 1: the answer was there. */
static int recall(VmCall *call, const VmText *kept)
{
    if (!kept) return 0;
    pthread_mutex_lock(&call->server->lock);
    const int found = kept->size > 0;
    if (found) answer_cached(call, kept);
    pthread_mutex_unlock(&call->server->lock);
    return found;
}

static void keep(VmCall *call, VmText *kept)
{
    if (!kept || call->failed || call->code || call->text.failed) return;
    pthread_mutex_lock(&call->server->lock);
    if (!kept->size) {
        *kept = call->text;
        call->text = (VmText){0};
    }
    pthread_mutex_unlock(&call->server->lock);
}

static void finish(VmCall *call)
{
    (void)vm_server_unlist(call);
    vm_call_answer(call);
    vm_call_close(call);
}

void vm_server_run_tool(VmCall *call)
{
    VmText *kept = find_result(call);

    if (recall(call, kept)) {
        finish(call);
        return;
    }
    const int code = vm_call_stopped(call) ? -ECANCELED : call->tool->run(call);

    if (code < 0 && !call->failed && !call->code)
        (void)vm_call_fail(call, code, "%s failed: %s", call->tool->name, strerror(-code));
    if (call->failed) (void)vm_server_complete(call, tool_error(call->failure.text), NULL);
    else if (!call->code && !call->ready)
        (void)vm_server_complete(call, call->broken ? NULL : tool_result(call), NULL);
    keep(call, kept);
    finish(call);
}

static const VmTool *find_tool(const VmServer *server, const char *name)
{
    const VmTool *const *tool = server->offer->tools;

    while (*tool && strcmp((*tool)->name, name) != 0) tool++;
    return *tool;
}

/* 0: nothing more to do now, the call belongs to a worker or is gone. Else it has an answer. */
static int start_tool(VmCall *call)
{
    unsigned ahead = 0;

    if (call->tool->flags & VM_TOOL_QUICK) {
        vm_server_run_tool(call);
        return 0;
    }
    pthread_mutex_lock(&call->server->lock);
    const int code = vm_workers_add(call, &ahead);
    if (!code) {
        list(call);
        /* told here, since without the lock the call may be at its end already */
        if (call->tool->flags & VM_TOOL_LONG) vm_call_progress(call, 0, 0, "accepted");
    }
    pthread_mutex_unlock(&call->server->lock);
    if (!code) return 0;
    if (code == -EBUSY) {
        (void)vm_call_fail(call, code, "busy: %u calls are ahead; try again when one has ended",
                           ahead);
        call->status = 429;
        (void)vm_server_complete(call, tool_error(call->failure.text), NULL);
        return 1;
    }
    return vm_call_refuse(call, VM_RPC_INTERNAL, "no worker can be started");
}

/* Returns 0 when the call is another's by now. */
static int run_tool(VmCall *call)
{
    const json_t *params = call->message.params, *args = json_object_get(params, "arguments");
    const char *name = json_string_value(json_object_get(params, "name"));

    if (!name) return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "params.name must be a string");
    call->tool = find_tool(call->server, name);
    if (!call->tool)
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "there is no tool %.64s; see tools/list",
                              name);
    if (args && !json_is_object(args))
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS, "params.arguments must be an object");
    VmError why;
    const int code = vm_schema_check(call->tool, args, &call->args, &why);
    if (code == -ENOMEM) return vm_call_refuse(call, VM_RPC_INTERNAL, "out of memory");
    if (code) {
        (void)vm_server_complete(call, tool_error(why.text), NULL);
        return 1;
    }
    return start_tool(call);
}

static const VmMethod core_methods[] = {
    {"initialize", 1 << VM_ERA_LEGACY, run_initialize},
    {"ping", 1 << VM_ERA_LEGACY, run_ping},
    {"server/discover", 1 << VM_ERA_MODERN, run_discover},
    {"tools/list", 1 << VM_ERA_LEGACY | 1 << VM_ERA_MODERN, run_tools_list},
    {NULL},
};

/* ---- serving ---- */

static const VmMethod *find_method(const VmMethod *table, const VmCall *call)
{
    for (; table->name; table++)
        if (!strcmp(table->name, call->message.method) && table->eras & 1u << call->era)
            return table;
    return NULL;
}

static int refuse_method(VmCall *call)
{
    const char *method = call->message.method;

    if (call->era == VM_ERA_MODERN && !strcmp(method, "initialize"))
        return vm_call_refuse(call, VM_RPC_NO_METHOD,
                              "version " VM_MODERN_VERSION
                              " has no initialize; without its version in _meta, initialize "
                              "opens %s and older",
                              vm_legacy_versions[0]);
    return vm_call_refuse(call, VM_RPC_NO_METHOD, "there is no method %.64s", method);
}

static void run_method(VmCall *call)
{
    const VmMethod *method = find_method(core_methods, call);
    const VmOffer *offer = call->server->offer;

    if (!method) method = find_method(vm_catalog_methods, call);
    if (method) (void)method->run(call);
    else if (!offer->method || offer->method(call) == -ENOSYS) (void)refuse_method(call);
    vm_call_answer(call);
    vm_call_close(call);
}

static int in_flight(VmCall *call)
{
    pthread_mutex_lock(&call->server->lock);
    const int found = find(call->server, call->peer, call->message.id) != NULL;
    pthread_mutex_unlock(&call->server->lock);
    return found;
}

static void serve_request(VmCall *call)
{
    if (in_flight(call)) {
        (void)vm_call_refuse(call, VM_RPC_INVALID_REQUEST,
                             "a request with this id is still in work");
    } else if (strcmp(call->message.method, "tools/call") != 0) {
        run_method(call);
        return;
    } else if (!run_tool(call)) {
        return;
    }
    vm_call_answer(call);
    vm_call_close(call);
}

void vm_server_serve(VmPeer *peer, VmChannel *channel, VmMessage *message, enum VmEra era)
{
    if (message->kind == VM_MESSAGE_REQUEST) {
        VmCall *call = vm_call_open(peer, channel, message, era);
        if (call) serve_request(call);
        else
            vm_server_refuse(channel, message, VM_RPC_INTERNAL,
                             vm_server_status(VM_RPC_INTERNAL, era), "out of memory", NULL);
        return;
    }
    if (message->kind == VM_MESSAGE_NOTE && !strcmp(message->method, "notifications/cancelled"))
        cancel(peer, message->params);
    if (message->kind == VM_MESSAGE_RESPONSE && peer->server->offer->response)
        peer->server->offer->response(peer, message);
    vm_rpc_free(message);
}

void vm_server_refuse(VmChannel *channel, VmMessage *message, int code, int status,
                      const char *text, json_t *data)
{
    VmText line = {0};

    vm_rpc_error(&line, message->id, code, text, data);
    json_decref(data);
    if (line.failed) channel->ops->lose(channel);
    else channel->ops->send(channel, status, line.data, line.size);
    vm_text_free(&line);
    vm_rpc_free(message);
}

int vm_server_check_claim(const VmMessage *message, json_t **data, VmError *error)
{
    const char *claim = json_string_value(message->claim);

    *data = NULL;
    if (!claim)
        return vm_fail(error, VM_RPC_INVALID_PARAMS,
                       "params._meta must hold " META "protocolVersion, a string");
    if (strcmp(claim, VM_MODERN_VERSION) != 0) {
        *data = json_pack("{s[s]sO}", "supported", VM_MODERN_VERSION, "requested", message->claim);
        return vm_fail(error, VM_RPC_VERSION, "protocol version %.32s is not supported", claim);
    }
    if (message->kind == VM_MESSAGE_REQUEST &&
        !json_is_object(json_object_get(message->meta, META "clientCapabilities")))
        return vm_fail(error, VM_RPC_INVALID_PARAMS,
                       "params._meta must hold " META "clientCapabilities, an object");
    return 0;
}

int vm_server_status(int code, enum VmEra era)
{
    switch (code) {
    case VM_RPC_PARSE_ERROR:
    case VM_RPC_INVALID_REQUEST:
    case VM_RPC_HEADER:
    case VM_RPC_CAPABILITY:
    case VM_RPC_VERSION: return 400;
    case VM_RPC_NO_METHOD: return era == VM_ERA_MODERN ? 404 : 200;
    default: return 200;
    }
}
