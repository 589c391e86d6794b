/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "http_exchange.h"
#include "http_session.h"
#include "number.h"
#include "progress.h"

enum {
    CONNECTIONS = 128,
    CONNECTION_BYTES = 32 << 10,
    LOOK_MS = 1000,
};

/* A connection, for those that send so slowly that MHD's timeout begins anew again and again. */
typedef struct Line {
    struct Line *next, **link;
    int fd, working; /* a whole request is there */
    double since;
} Line;

typedef struct Http {
    VmServer *server;
    const VmMhd *mhd;
    VmHeadRules rules;
    VmSessions sessions;
    struct MHD_Daemon *daemons[2];
    atomic_int ending;
    pthread_mutex_t lock; /* of both lists */
    VmExchange *exchanges;
    Line *lines;
} Http;

/* ---- serving a request ---- */

static void refuse(VmExchange *exchange, int status, int code, const char *why)
{
    VmMessage none = {0};

    vm_server_refuse(&exchange->channel, &none, code, status, why, NULL);
}

static int has_version(const char *version)
{
    for (unsigned i = 0; vm_legacy_versions[i]; i++)
        if (!strcmp(version, vm_legacy_versions[i])) return 1;
    return 0;
}

/* Which version is it? Returns 0 or a code of JSON-RPC; the status is 400 then. */
static int find_era(const VmExchange *exchange, const VmMessage *message, enum VmEra *era,
                    json_t **data, VmError *error)
{
    const char *header = exchange->head.value[VM_HEAD_VERSION];
    const int modern = header && strcmp(header, VM_MODERN_VERSION) >= 0;

    *data = NULL;
    *era = message->claim ? VM_ERA_MODERN : VM_ERA_LEGACY;
    if (message->claim) {
        if (json_is_string(message->claim) && message->method)
            VM_TRY(vm_head_compare(&exchange->head, message, error));
        return vm_server_check_claim(message, data, error);
    }
    if (modern && message->method && !strcmp(message->method, "initialize"))
        return vm_fail(error, VM_RPC_HEADER,
                       "MCP-Protocol-Version is %.32s, which has no initialize", header);
    if (modern)
        return vm_fail(error, VM_RPC_INVALID_PARAMS,
                       "params._meta must hold io.modelcontextprotocol/protocolVersion and "
                       "io.modelcontextprotocol/clientCapabilities");
    if (header && !has_version(header))
        return vm_fail(error, VM_RPC_INVALID_REQUEST, "MCP-Protocol-Version %.32s is not supported",
                       header);
    return 0;
}

/* Returns 0, or the status to refuse with. */
static int find_peer(Http *http, VmExchange *exchange, const VmMessage *message, enum VmEra era)
{
    const char *session = exchange->head.value[VM_HEAD_SESSION];
    const int opens = message->kind == VM_MESSAGE_REQUEST && !strcmp(message->method, "initialize");

    if (era == VM_ERA_MODERN) {
        exchange->peer = vm_peer_open(http->server);
        exchange->stops = 1;
        return exchange->peer ? 0 : 500;
    }
    if (opens) {
        const int code =
            vm_sessions_add(&http->sessions, http->server, &exchange->peer, exchange->session);
        return !code ? 0 : code == -EBUSY ? 503 : 500;
    }
    if (!session) return 400;
    exchange->peer = vm_sessions_find(&http->sessions, session);
    return exchange->peer ? 0 : 404;
}

static const char *peer_fault(int status)
{
    switch (status) {
    case 400: return "Mcp-Session-Id is missing; it comes with the answer to initialize";
    case 404: return "there is no such session; send initialize again";
    case 503: return "all sessions are in work; try again when one of them is idle";
    default: return "out of memory";
    }
}

/* Takes the message. */
static void serve_message(Http *http, VmExchange *exchange, VmMessage *message)
{
    VmError why;
    json_t *data;
    enum VmEra era;
    const int code = find_era(exchange, message, &era, &data, &why);
    const int request = message->kind == VM_MESSAGE_REQUEST;

    if (code) {
        vm_server_refuse(&exchange->channel, message, code, 400, why.text, data);
        return;
    }
    const int status = find_peer(http, exchange, message, era);
    if (status) {
        vm_server_refuse(&exchange->channel, message,
                         status >= 500 ? VM_RPC_INTERNAL : VM_RPC_INVALID_REQUEST, status,
                         peer_fault(status), NULL);
        return;
    }
    /* its own: the call frees the message on another thread */
    if (request) exchange->id = json_deep_copy(message->id);
    vm_server_serve(exchange->peer, &exchange->channel, message, era);
    if (!request) vm_exchange_answer(exchange, 202, NULL);
}

static void serve_body(Http *http, VmExchange *exchange)
{
    VmMessage message;
    VmError why;

    exchange->begun = 1;
    if (exchange->too_big) {
        refuse(exchange, 413, VM_RPC_INVALID_REQUEST, "a message has at most 4 MiB");
        return;
    }
    const int code = vm_rpc_parse(&message, exchange->body.data ? exchange->body.data : "",
                                  exchange->body.size, &why);
    if (code) vm_server_refuse(&exchange->channel, &message, code, 400, why.text, NULL);
    else serve_message(http, exchange, &message);
    vm_text_free(&exchange->body);
}

/* ---- what MHD calls ---- */

static Line *line_of(const Http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        http->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void mark_line(Http *http, struct MHD_Connection *connection, int working)
{
    Line *line = line_of(http, connection);

    if (!line) return;
    pthread_mutex_lock(&http->lock);
    line->working = working;
    line->since = vm_clock();
    pthread_mutex_unlock(&http->lock);
}

static enum MHD_Result take_header(void *opaque, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    VmExchange *exchange = opaque;

    (void)kind;
    return vm_head_add(&exchange->head, name, name_size, value ? value : "", value ? value_size : 0)
               ? MHD_NO
               : MHD_YES;
}

static VmExchange *open_exchange(Http *http, struct MHD_Connection *connection)
{
    VmExchange *exchange =
        vm_exchange_open(http->mhd, connection, &http->ending, http->server->limits.beat);

    if (!exchange) return NULL;
    pthread_mutex_lock(&http->lock);
    exchange->next = http->exchanges;
    exchange->link = &http->exchanges;
    if (exchange->next) exchange->next->link = &exchange->next;
    http->exchanges = exchange;
    pthread_mutex_unlock(&http->lock);
    return exchange;
}

/* The head of a request is complete: whatever can be refused is refused before a body is read. */
static enum MHD_Result take_head(Http *http, VmExchange *exchange, const char *url,
                                 const char *method)
{
    http->mhd->MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, take_header,
                                           exchange);
    const int status = vm_head_check(&exchange->head, method, url, &http->rules);
    if (status) refuse(exchange, status, VM_RPC_INVALID_REQUEST, exchange->head.why.text);
    else if (!strcmp(method, "DELETE"))
        vm_exchange_answer(
            exchange,
            vm_sessions_end(&http->sessions, exchange->head.value[VM_HEAD_SESSION]) ? 404 : 200,
            NULL);
    else return MHD_YES;
    mark_line(http, exchange->connection, 1);
    exchange->begun = 1;
    return vm_exchange_respond(exchange);
}

static enum MHD_Result handle(void *opaque, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    Http *http = opaque;
    VmExchange *exchange = *context;

    (void)version;
    if (!exchange) {
        *context = exchange = open_exchange(http, connection);
        return exchange ? take_head(http, exchange, url, method) : MHD_NO;
    }
    if (*size) {
        const int code = vm_exchange_collect(exchange, data, *size);
        *size = 0;
        return code ? MHD_NO : MHD_YES;
    }
    if (!exchange->begun) {
        mark_line(http, connection, 1);
        serve_body(http, exchange);
    }
    return vm_exchange_respond(exchange);
}

static void complete(void *opaque, struct MHD_Connection *connection, void **context,
                     enum MHD_RequestTerminationCode code)
{
    Http *http = opaque;
    VmExchange *exchange = *context;

    mark_line(http, connection, 0);
    if (!exchange) return;
    *context = NULL;
    pthread_mutex_lock(&http->lock);
    *exchange->link = exchange->next;
    if (exchange->next) exchange->next->link = exchange->link;
    pthread_mutex_unlock(&http->lock);
    vm_exchange_over(exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    vm_exchange_drop(exchange);
}

static Line *open_line(Http *http, int fd)
{
    Line *line = vm_alloc(sizeof(*line));

    if (!line) return NULL;
    line->fd = fd;
    line->since = vm_clock();
    pthread_mutex_lock(&http->lock);
    line->next = http->lines;
    line->link = &http->lines;
    if (line->next) line->next->link = &line->next;
    http->lines = line;
    pthread_mutex_unlock(&http->lock);
    return line;
}

static void watch(void *opaque, struct MHD_Connection *connection, void **context,
                  enum MHD_ConnectionNotificationCode code)
{
    Http *http = opaque;
    Line *line = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            http->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? open_line(http, info->connect_fd) : NULL;
        return;
    }
    if (!line) return;
    pthread_mutex_lock(&http->lock);
    *line->link = line->next;
    if (line->next) line->next->link = line->link;
    pthread_mutex_unlock(&http->lock);
    *context = NULL;
    vm_free(line);
}

static void reap(Http *http)
{
    const double now = vm_clock();

    pthread_mutex_lock(&http->lock);
    for (Line *line = http->lines; line; line = line->next)
        if (!line->working && now - line->since > http->server->limits.idle)
            shutdown(line->fd, SHUT_RDWR);
    pthread_mutex_unlock(&http->lock);
}

/* ---- addresses and daemons ---- */

static void keep_quiet(void *opaque, const char *format, va_list args)
{
    (void)opaque, (void)format, (void)args;
}

static struct MHD_Daemon *start_daemon(Http *http, const struct sockaddr *address)
{
    const int six = address->sa_family == AF_INET6;

    return http->mhd->MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (six ? MHD_USE_IPv6 : 0), 0,
        NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, keep_quiet, NULL,
        MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        http->server->limits.idle, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
        complete, http, MHD_OPTION_NOTIFY_CONNECTION, watch, http, MHD_OPTION_END);
}

typedef struct Place {
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    int is_six, local, both; /* both: the loopback addresses of either kind */
} Place;

static int read_host(Place *place, char *host)
{
    const size_t n = strlen(host);

    place->four = (struct sockaddr_in){.sin_family = AF_INET};
    place->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    place->both = !n || !strcmp(host, "localhost");
    place->local = place->both;
    if (place->both) {
        place->four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return 0;
    }
    if (n > 2 && *host == '[' && host[n - 1] == ']') {
        host[n - 1] = 0;
        place->is_six = 1;
        const int good = inet_pton(AF_INET6, host + 1, &place->six.sin6_addr) == 1;
        place->local = IN6_IS_ADDR_LOOPBACK(&place->six.sin6_addr);
        return good ? 0 : -EINVAL;
    }
    if (inet_pton(AF_INET, host, &place->four.sin_addr) != 1) return -EINVAL;
    place->local = ntohl(place->four.sin_addr.s_addr) >> 24 == 127;
    return 0;
}

static int read_place(Place *place, const char *text, VmError *error)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    uint64_t number = 0;

    *place = (Place){0};
    if (colon) (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
    if (vm_number_decimal(port, 65535, &number) || read_host(place, host))
        return vm_fail(
            error, -EINVAL,
            "--http takes PORT or ADDRESS:PORT, e.g. 8080, 127.0.0.1:0 or [::1]:8080, not %s",
            text);
    place->four.sin_port = place->six.sin6_port = htons((uint16_t)number);
    return 0;
}

static int start(Http *http, Place *place, VmError *error)
{
    const struct sockaddr *first = place->is_six ? (const struct sockaddr *)&place->six
                                                 : (const struct sockaddr *)&place->four;
    char host[INET6_ADDRSTRLEN] = "";

    http->daemons[0] = start_daemon(http, first);
    if (!http->daemons[0])
        return vm_fail(error, -EADDRINUSE, "cannot listen there: %s", strerror(errno));
    const union MHD_DaemonInfo *info =
        http->mhd->MHD_get_daemon_info(http->daemons[0], MHD_DAEMON_INFO_BIND_PORT);
    const unsigned port = info ? info->port : 0;
    place->six.sin6_port = htons((uint16_t)port);
    /* a machine without IPv6 is fine */
    if (place->both) http->daemons[1] = start_daemon(http, (const struct sockaddr *)&place->six);
    if (place->is_six) inet_ntop(AF_INET6, &place->six.sin6_addr, host, sizeof(host));
    else inet_ntop(AF_INET, &place->four.sin_addr, host, sizeof(host));
    fprintf(stderr, "vmaf-mcp: listening at http://%s%s%s:%u/mcp\n", place->is_six ? "[" : "", host,
            place->is_six ? "]" : "", port);
    return 0;
}

/* A daemon must not be stopped while one of its connections is suspended. */
static void stop(Http *http)
{
    atomic_store(&http->ending, 1);
    pthread_mutex_lock(&http->lock);
    for (VmExchange *exchange = http->exchanges; exchange; exchange = exchange->next)
        vm_exchange_wake(exchange);
    pthread_mutex_unlock(&http->lock);
    for (unsigned i = 0; i < VM_COUNT(http->daemons); i++)
        if (http->daemons[i]) http->mhd->MHD_stop_daemon(http->daemons[i]);
}

int vm_http_serve(VmServer *server, const char *address, const char *token, int stop_fd,
                  VmError *error)
{
    Http http = {.server = server, .rules.token = token && *token ? token : NULL};
    Place place;

    VM_TRY(read_place(&place, address, error));
    http.rules.any_host = !place.local;
    if (!place.local && !http.rules.token)
        return vm_fail(error, -EACCES,
                       "an address that other machines reach needs a token in VMAF_MCP_TOKEN");
    VM_TRY(vm_mhd_load(&http.mhd, error));
    pthread_mutex_init(&http.lock, NULL);
    vm_sessions_open(&http.sessions);
    const int code = start(&http, &place, error);
    struct pollfd p = {.fd = stop_fd, .events = POLLIN};
    while (!code && poll(&p, 1, LOOK_MS) <= 0) reap(&http);
    stop(&http);
    vm_sessions_close(&http.sessions);
    pthread_mutex_destroy(&http.lock);
    return code;
}
