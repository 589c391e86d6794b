/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http_exchange.h"

#include <poll.h>
#include <string.h>

#include "progress.h"

enum {
    EVENT_BLOCK = 16384,
    BACKLOG_NOTES = 256 << 10, /* waiting bytes from which on notifications are dropped */
};

/* ---- the answer; the exchange's lock is held ---- */

/* Each suspension is ended once. */
static void resume(VmExchange *exchange)
{
    if (!exchange->suspended || !exchange->connection) return;
    exchange->suspended = 0;
    exchange->mhd->MHD_resume_connection(exchange->connection);
}

static int suspend(VmExchange *exchange)
{
    if (atomic_load(exchange->ending) || !exchange->connection) return 0;
    exchange->suspended = 1;
    exchange->mhd->MHD_suspend_connection(exchange->connection);
    return 1;
}

static void add_event(VmExchange *exchange, const char *text, size_t size)
{
    if (exchange->sent == exchange->out.size) {
        vm_text_free(&exchange->out);
        exchange->sent = 0;
    }
    vm_text_add(&exchange->out, "event: message\ndata: ");
    vm_text_append(&exchange->out, text, size);
    vm_text_add(&exchange->out, "\n\n");
    exchange->wrote = vm_clock();
}

/* A part of an answer is none. */
static void end(VmExchange *exchange, int status)
{
    exchange->ended = 1;
    exchange->status = status;
    if (!exchange->out.failed || exchange->events) return;
    exchange->status = 500;
    vm_text_free(&exchange->out);
}

static void send_message(VmChannel *channel, int status, const char *text, size_t size)
{
    VmExchange *exchange = (VmExchange *)channel;

    pthread_mutex_lock(&exchange->lock);
    const int dropped = !status && exchange->out.size - exchange->sent > BACKLOG_NOTES;
    if (exchange->connection && !exchange->ended && !dropped) {
        if (!status) exchange->events = 1;
        if (exchange->events) add_event(exchange, text, size);
        else vm_text_append(&exchange->out, text, size);
        if (status) end(exchange, status);
        resume(exchange);
    }
    pthread_mutex_unlock(&exchange->lock);
}

void vm_exchange_answer(VmExchange *exchange, int status, const char *text)
{
    send_message(&exchange->channel, status, text ? text : "", text ? strlen(text) : 0);
}

static void lose_answer(VmChannel *channel)
{
    VmExchange *exchange = (VmExchange *)channel;

    pthread_mutex_lock(&exchange->lock);
    if (exchange->connection && !exchange->ended) {
        exchange->out.failed = 1;
        end(exchange, 500);
        resume(exchange);
    }
    pthread_mutex_unlock(&exchange->lock);
}

static void hold(VmChannel *channel)
{
    atomic_fetch_add(&((VmExchange *)channel)->users, 1);
}

/* The lock is held. The client must not wait for an answer that nobody gives any more. */
static void cut_off(VmExchange *exchange, int status)
{
    VmText line = {0};

    vm_rpc_error(&line, exchange->id, VM_RPC_INTERNAL,
                 "the request was stopped before it had an answer", NULL);
    if (line.failed) exchange->out.failed = 1;
    else if (exchange->events) add_event(exchange, line.data, line.size);
    else vm_text_append(&exchange->out, line.data, line.size);
    vm_text_free(&line);
    end(exchange, status);
}

/* A call that was stopped has no answer, but its exchange must have an end. Only of a stream, whose end is one, the
 * client that cancelled the call itself gets nothing more. */
static void drop(VmChannel *channel)
{
    VmExchange *exchange = (VmExchange *)channel;

    pthread_mutex_lock(&exchange->lock);
    if (!exchange->ended) {
        if (!exchange->events || atomic_load(&exchange->peer->stopped)) cut_off(exchange, 200);
        else end(exchange, 200);
        resume(exchange);
    }
    pthread_mutex_unlock(&exchange->lock);
    vm_exchange_drop(exchange);
}

/* A suspended connection is watched by nobody else. */
static int hung_up(const VmExchange *exchange)
{
    struct pollfd p = {.fd = exchange->fd, .events = POLLRDHUP};

    return exchange->suspended && exchange->fd >= 0 && poll(&p, 1, 0) == 1;
}

static int tick(VmChannel *channel)
{
    VmExchange *exchange = (VmExchange *)channel;

    pthread_mutex_lock(&exchange->lock);
    const int gone = !exchange->connection || hung_up(exchange);
    if (!gone && exchange->events && !exchange->ended &&
        vm_clock() - exchange->wrote >= exchange->beat) {
        vm_text_add(&exchange->out, ": \n\n");
        exchange->wrote = vm_clock();
        resume(exchange);
    }
    pthread_mutex_unlock(&exchange->lock);
    return gone && exchange->stops;
}

static const VmChannelOps exchange_ops = {
    .send = send_message, .lose = lose_answer, .hold = hold, .drop = drop, .tick = tick};

/* ---- what MHD asks for ---- */

static ssize_t read_events(void *opaque, uint64_t place, char *data, size_t max)
{
    VmExchange *exchange = opaque;
    ssize_t n = 0;

    (void)place;
    pthread_mutex_lock(&exchange->lock);
    const size_t left = exchange->out.size - exchange->sent;
    if (left) {
        n = (ssize_t)VM_MIN(left, max);
        memcpy(data, exchange->out.data + exchange->sent, (size_t)n);
        exchange->sent += (size_t)n;
    } else if (exchange->ended || exchange->out.failed || !suspend(exchange)) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    }
    pthread_mutex_unlock(&exchange->lock);
    return n;
}

static void end_events(void *opaque)
{
    vm_exchange_drop(opaque);
}

static struct MHD_Response *make_response(VmExchange *exchange)
{
    if (exchange->events) {
        atomic_fetch_add(&exchange->users, 1);
        return exchange->mhd->MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_BLOCK,
                                                                read_events, exchange, end_events);
    }
    void *data = exchange->out.data;
    const size_t size = exchange->out.size;
    exchange->out = (VmText){0};
    /* with size 0 MHD does not free */
    if (!size) vm_free(data);
    return exchange->mhd->MHD_create_response_from_buffer_with_free_callback(
        size, size ? data : NULL, vm_free);
}

static void add_headers(const VmExchange *exchange, struct MHD_Response *response)
{
    const VmMhd *mhd = exchange->mhd;

    if (exchange->events)
        mhd->MHD_add_response_header(response, "Content-Type", "text/event-stream");
    else if (exchange->status != 202)
        mhd->MHD_add_response_header(response, "Content-Type", "application/json");
    if (exchange->events) mhd->MHD_add_response_header(response, "X-Accel-Buffering", "no");
    mhd->MHD_add_response_header(response, "Cache-Control", "no-store");
    if (*exchange->session)
        mhd->MHD_add_response_header(response, "Mcp-Session-Id", exchange->session);
    if (exchange->status == 405) mhd->MHD_add_response_header(response, "Allow", "POST");
    if (exchange->status == 401)
        mhd->MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

enum MHD_Result vm_exchange_respond(VmExchange *exchange)
{
    pthread_mutex_lock(&exchange->lock);
    int ready = exchange->status || exchange->events;
    if (!ready && !suspend(exchange)) {
        cut_off(exchange, 503);
        ready = 1;
    }
    pthread_mutex_unlock(&exchange->lock);
    if (!ready) return MHD_YES;

    /* Without the lock: MHD has one of its own for the response, and holds it when it asks for events. What is
     * read here does not change any more. */
    struct MHD_Response *response = make_response(exchange);
    if (!response) return MHD_NO;
    add_headers(exchange, response);
    const unsigned status = exchange->events ? 200 : (unsigned)exchange->status;
    const enum MHD_Result result =
        exchange->mhd->MHD_queue_response(exchange->connection, status, response);
    exchange->mhd->MHD_destroy_response(response);
    return result;
}

void vm_exchange_wake(VmExchange *exchange)
{
    pthread_mutex_lock(&exchange->lock);
    resume(exchange);
    pthread_mutex_unlock(&exchange->lock);
}

/* ---- life ---- */

VmExchange *vm_exchange_open(const VmMhd *mhd, struct MHD_Connection *connection,
                             const atomic_int *ending, double beat)
{
    VmExchange *exchange = vm_alloc(sizeof(*exchange));
    const union MHD_ConnectionInfo *info =
        mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!exchange) return NULL;
    exchange->channel.ops = &exchange_ops;
    exchange->mhd = mhd;
    exchange->connection = connection;
    exchange->ending = ending;
    exchange->beat = beat;
    exchange->fd = info ? info->connect_fd : -1;
    atomic_init(&exchange->users, 1);
    pthread_mutex_init(&exchange->lock, NULL);
    return exchange;
}

void vm_exchange_drop(VmExchange *exchange)
{
    if (!exchange || atomic_fetch_sub(&exchange->users, 1) != 1) return;
    vm_head_free(&exchange->head);
    vm_text_free(&exchange->body);
    vm_text_free(&exchange->out);
    vm_peer_drop(exchange->peer);
    json_decref(exchange->id);
    pthread_mutex_destroy(&exchange->lock);
    vm_free(exchange);
}

int vm_exchange_collect(VmExchange *exchange, const char *data, size_t size)
{
    VmText *body = &exchange->body;

    if (exchange->too_big || body->size + size > VM_RPC_MAX_BYTES) {
        exchange->too_big = 1;
        vm_text_free(body);
        return 0;
    }
    vm_text_append(body, data, size);
    return body->failed ? -ENOMEM : 0;
}

void vm_exchange_over(VmExchange *exchange, int whole)
{
    pthread_mutex_lock(&exchange->lock);
    exchange->connection = NULL;
    exchange->ended = 1;
    pthread_mutex_unlock(&exchange->lock);
    if (!whole && exchange->stops && exchange->peer)
        vm_peer_stop(exchange->peer, VM_STOP_CANCELLED);
}
