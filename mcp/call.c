/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "call.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "progress.h"
#include "server.h"

static const double silence_max = 4.5; /* clients give up after a minute, some after ten seconds */
static const double spacing = 0.1;

/* Told without waiting for the spacing: what is short is seen from beginning to end. */
enum { UNSPACED = 3 };

VmCall *vm_call_open(VmPeer *peer, VmChannel *channel, VmMessage *message, enum VmEra era)
{
    VmCall *call = vm_alloc(sizeof(*call));

    if (!call) return NULL;
    call->server = peer->server;
    call->peer = peer;
    vm_peer_hold(peer);
    call->channel = channel;
    channel->ops->hold(channel);
    call->message = *message;
    *message = (VmMessage){0};
    call->era = era;
    call->told = -1;
    atomic_init(&call->stop, VM_STOP_NONE);
    atomic_init(&call->deadline, INFINITY);
    pthread_mutex_init(&call->lock, NULL);
    return call;
}

void vm_call_close(VmCall *call)
{
    if (!call) return;
    call->channel->ops->drop(call->channel);
    vm_peer_drop(call->peer);
    json_decref(call->args);
    json_decref(call->data);
    json_decref(call->content);
    json_decref(call->structured);
    json_decref(call->warnings);
    vm_text_free(&call->text);
    vm_rpc_free(&call->message);
    pthread_mutex_destroy(&call->lock);
    vm_free(call);
}

/* ---- arguments ---- */

const json_t *vm_call_args(const VmCall *call)
{
    return call->args;
}

const char *vm_call_string(const VmCall *call, const char *name)
{
    return json_string_value(json_object_get(call->args, name));
}

int64_t vm_call_integer(const VmCall *call, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(call->args, name);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double vm_call_number(const VmCall *call, const char *name, double fallback)
{
    const json_t *value = json_object_get(call->args, name);

    return json_is_number(value) ? json_number_value(value) : fallback;
}

int vm_call_flag(const VmCall *call, const char *name)
{
    return json_is_true(json_object_get(call->args, name));
}

void *vm_call_toolbox(const VmCall *call)
{
    return call->server->toolbox;
}

struct VmStore *vm_call_store(const VmCall *call)
{
    return call->server->store;
}

/* ---- notifications ---- */

void vm_call_notify(VmCall *call, const char *method, json_t *params)
{
    VmText line = {0};

    vm_text_add(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
    vm_rpc_dump(&line, params);
    vm_text_add(&line, "}");
    json_decref(params);
    if (!line.failed) call->channel->ops->send(call->channel, 0, line.data, line.size);
    vm_text_free(&line);
}

static json_t *progress_token(const VmCall *call)
{
    json_t *token = json_object_get(call->message.meta, "progressToken");

    return json_is_string(token) || json_is_integer(token) ? token : NULL;
}

/* Whole numbers are written as such. */
static json_t *number(double value)
{
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

/* Assumes the call's lock is held. */
static void tell(VmCall *call, json_t *token, double value, const char *text, double now)
{
    json_t *params = json_pack("{sOso*}", "progressToken", token, "progress", number(value));

    if (!params) return;
    if (call->total > 0) json_object_set_new(params, "total", number(call->total));
    if (text) json_object_set_new(params, "message", vm_rpc_string(text, strlen(text)));
    call->told = value;
    call->sent_last = now;
    call->sent[call->n_sent++ % VM_PROGRESS_BURST] = now;
    vm_call_notify(call, "notifications/progress", params);
}

/* Assumes the call's lock is held. */
static int may_tell(const VmCall *call, double now)
{
    if (call->n_sent >= UNSPACED && now - call->sent_last < spacing) return 0;
    return call->n_sent < VM_PROGRESS_BURST ||
           now - call->sent[call->n_sent % VM_PROGRESS_BURST] >= 1.0;
}

void vm_call_progress(VmCall *call, double done, double total, const char *text)
{
    json_t *token = progress_token(call);

    if (!token || !isfinite(done) || !isfinite(total)) return;
    const double now = vm_clock();
    pthread_mutex_lock(&call->lock);
    call->total = total;
    if (done > call->told && !call->answered && !vm_call_stopped(call) && may_tell(call, now))
        tell(call, token, done, text, now);
    pthread_mutex_unlock(&call->lock);
}

/* The client's clock starts again with every notification, and each must be above the one before: in a long
 * frame they creep towards the next whole number. */
static void beat(VmCall *call, double now)
{
    json_t *token = progress_token(call);

    pthread_mutex_lock(&call->lock);
    if (token && !call->answered && call->n_sent && now - call->sent_last >= silence_max) {
        const double value = call->told + (floor(call->told) + 1 - call->told) / 8;
        if (value > call->told)
            tell(call, token, value, call->running ? "still at work" : "waiting for its turn", now);
    }
    pthread_mutex_unlock(&call->lock);
}

/* ---- stopping ---- */

enum VmStop vm_call_stopped(const VmCall *call)
{
    return (enum VmStop)atomic_load_explicit(&call->stop, memory_order_relaxed);
}

void vm_call_stop(VmCall *call, enum VmStop why)
{
    pthread_mutex_lock(&call->lock);
    int none = VM_STOP_NONE;
    const int first = atomic_compare_exchange_strong(&call->stop, &none, (int)why);
    if (first && call->on_stop) call->on_stop(call->on_stop_opaque);
    /* a result that nobody waits for any more is not sent */
    if (!first && none == VM_STOP_TIMEOUT) atomic_store(&call->stop, (int)why);
    pthread_mutex_unlock(&call->lock);
}

void vm_call_on_stop(VmCall *call, void (*fn)(void *opaque), void *opaque)
{
    pthread_mutex_lock(&call->lock);
    call->on_stop = fn;
    call->on_stop_opaque = opaque;
    if (fn && vm_call_stopped(call)) fn(opaque);
    pthread_mutex_unlock(&call->lock);
}

double vm_call_time_left(const VmCall *call)
{
    const double left = call->deadline - vm_clock();

    return left > 0 ? left : 0;
}

uint64_t vm_call_max_frames(const VmCall *call)
{
    return call->server->limits.max_frames;
}

void vm_call_tick(VmCall *call, double now)
{
    const VmChannelOps *ops = call->channel->ops;

    if (ops->tick && ops->tick(call->channel)) vm_call_stop(call, VM_STOP_CANCELLED);
    else if (call->running && now > call->deadline) vm_call_stop(call, VM_STOP_TIMEOUT);
    else if (!vm_call_stopped(call)) beat(call, now);
}

/* ---- results ---- */

/* Takes item. */
static int append(VmCall *call, json_t **array, json_t *item)
{
    if (!*array) *array = json_array();
    if (item && *array && !json_array_append_new(*array, item)) return 0;
    call->broken = 1;
    return -ENOMEM;
}

int vm_call_result(VmCall *call, json_t *structured)
{
    json_decref(call->structured);
    call->structured = structured;
    if (structured) return 0;
    call->broken = 1;
    return -ENOMEM;
}

/* Formats into JSON text of any length. */
static json_t *format_text(const char *format, va_list args)
{
    va_list again;
    json_t *value = NULL;

    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size >= 0 ? vm_alloc((size_t)size + 1) : NULL;
    if (text) {
        (void)vsnprintf(text, (size_t)size + 1, format, args);
        value = vm_rpc_string(text, (size_t)size);
    }
    vm_free(text);
    return value;
}

int vm_call_text(VmCall *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    json_t *text = format_text(format, args);
    va_end(args);
    return append(call, &call->content, json_pack("{ssso}", "type", "text", "text", text));
}

int vm_call_image(VmCall *call, const void *data, size_t size, const char *mime)
{
    return append(call, &call->content, vm_content_binary("image", data, size, mime));
}

int vm_call_link(VmCall *call, const char *uri, const char *name, const char *mime,
                 const char *description, size_t size)
{
    json_t *item = json_pack("{ssssssss}", "type", "resource_link", "uri", uri, "name", name,
                             "mimeType", mime);

    if (item && size) json_object_set_new(item, "size", json_integer((json_int_t)size));
    if (item && description) json_object_set_new(item, "description", json_string(description));
    return append(call, &call->content, item);
}

int vm_call_warn(VmCall *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    json_t *text = format_text(format, args);
    va_end(args);
    return append(call, &call->warnings, text);
}

int vm_call_fail(VmCall *call, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(call->failure.text, sizeof(call->failure.text), format, args);
    va_end(args);
    call->failed = 1;
    return code;
}

int vm_call_refuse(VmCall *call, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(call->refusal.text, sizeof(call->refusal.text), format, args);
    va_end(args);
    call->code = code;
    return -EPROTO;
}

/* ---- the answer ---- */

static void compose(const VmCall *call, VmText *line)
{
    const json_t *id = call->message.id;

    if (call->code) vm_rpc_error(line, id, call->code, call->refusal.text, call->data);
    else if (call->ready && !call->text.failed)
        vm_rpc_result(line, id, call->ready, call->ready_size);
    else line->failed = 1;
    if (!line->failed) return;
    vm_text_free(line);
    vm_rpc_error(line, id, VM_RPC_INTERNAL, "out of memory", NULL);
}

void vm_call_answer(VmCall *call)
{
    VmText line = {0};

    pthread_mutex_lock(&call->lock);
    call->answered = 1;
    pthread_mutex_unlock(&call->lock);
    const enum VmStop why = vm_call_stopped(call);
    if (why == VM_STOP_CANCELLED || why == VM_STOP_SHUTDOWN) return;
    compose(call, &line);
    const int status = call->status ? call->status : vm_server_status(call->code, call->era);
    if (line.failed) call->channel->ops->lose(call->channel);
    else call->channel->ops->send(call->channel, status, line.data, line.size);
    vm_text_free(&line);
}
