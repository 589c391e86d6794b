/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "lines.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 << 10,
    PIECE = 4096,              /* a pipe that is not full takes so much */
    BACKLOG_NOTES = 256 << 10, /* waiting bytes from which on notifications are dropped */
    BACKLOG_STOP = 8 << 20,    /* waiting bytes from which on nothing is read */
    FLUSH_SECONDS = 1,
};

typedef struct Connection {
    VmChannel channel;    /* first: a channel is cast to its connection */
    atomic_uint users;    /* who reads, each call, and the writer */
    int out;              /* its own: the number is nobody else's while there is a user */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t change;
    VmText backlog; /* what the client has not taken yet, from `done` on */
    size_t done;
    pthread_t writer;
    int writing;   /* the thread was started */
    int ended;     /* no more is taken: the writer ends when all is written */
    int broken;    /* a write failed, or an answer is lost */
    int no_memory; /* for an answer */
    int finished;  /* the writer is at its end */
} Connection;

/* ---- users ---- */

static void hold(VmChannel *channel)
{
    atomic_fetch_add(&((Connection *)channel)->users, 1);
}

static void drop(VmChannel *channel)
{
    Connection *c = (Connection *)channel;

    if (atomic_fetch_sub(&c->users, 1) != 1) return;
    close(c->out);
    vm_text_free(&c->backlog);
    pthread_cond_destroy(&c->change);
    pthread_mutex_destroy(&c->lock);
    vm_free(c);
}

/* ---- writing ---- */

/* Bytes that a writable descriptor takes without waiting. An empty pipe takes all it can hold. */
static size_t piece_size(int fd)
{
    int waiting = 1;
    const int capacity = fcntl(fd, F_GETPIPE_SZ);

    return capacity > PIECE && !ioctl(fd, FIONREAD, &waiting) && !waiting ? (size_t)capacity
                                                                          : PIECE;
}

/* Writes what can be written without waiting of a text and its newline. Returns the number of bytes, or a
 * negative errno. */
static ssize_t write_now(int fd, const char *text, size_t size)
{
    size_t done = 0;

    while (done < size + 1) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (poll(&p, 1, 0) != 1 || !(p.revents & (POLLOUT | POLLERR | POLLHUP))) break;
        const size_t most = piece_size(fd), left = size - VM_MIN(done, size);
        struct iovec part[2] = {{(char *)text + (size - left), VM_MIN(left, most)}, {"\n", 1}};
        const ssize_t n = writev(fd, part, left < most ? 2 : 1);
        if (n < 0 && errno != EINTR && errno != EAGAIN) return -errno;
        if (n > 0) done += (size_t)n;
        else if (n < 0 && errno == EAGAIN) break;
    }
    return (ssize_t)done;
}

/* The lock is held. */
static void forget_written(Connection *c)
{
    if (c->done == c->backlog.size) {
        vm_text_free(&c->backlog);
        c->done = 0;
    } else if (c->done > BACKLOG_NOTES && c->done >= c->backlog.size / 2) {
        /* not more bytes than were written since the last time: linear in all */
        memmove(c->backlog.data, c->backlog.data + c->done, c->backlog.size - c->done + 1);
        c->backlog.size -= c->done;
        c->done = 0;
    }
}

/* Waits for a client that reads slowly, so that no other thread must. */
static void *write_backlog(void *opaque)
{
    Connection *c = opaque;

    pthread_mutex_lock(&c->lock);
    while (!c->broken) {
        const size_t left = c->backlog.size - c->done;
        if (!left && c->ended) break;
        if (!left) {
            pthread_cond_wait(&c->change, &c->lock);
            continue;
        }
        /* a piece of its own: the text may move while the lock is open */
        char piece[PIECE];
        const size_t size = VM_MIN(left, sizeof(piece));
        memcpy(piece, c->backlog.data + c->done, size);
        pthread_mutex_unlock(&c->lock);
        const ssize_t n = write(c->out, piece, size);
        const int fault = n < 0 && errno != EINTR && errno != EAGAIN;
        pthread_mutex_lock(&c->lock);
        if (n > 0) c->done += (size_t)n;
        c->broken |= fault; /* or lost meanwhile */
        forget_written(c);
        pthread_cond_broadcast(&c->change);
    }
    c->finished = 1;
    pthread_cond_broadcast(&c->change);
    pthread_mutex_unlock(&c->lock);
    drop(&c->channel);
    return NULL;
}

/* The lock is held. */
static void start_writer(Connection *c)
{
    if (c->writing) return;
    hold(&c->channel);
    if (!pthread_create(&c->writer, NULL, write_backlog, c)) c->writing = 1;
    else drop(&c->channel); /* never the last: the caller is a user */
}

/* The lock is held. Who waits for an answer that is lost sees the end instead. */
static void lose(Connection *c)
{
    c->broken = c->no_memory = 1;
    pthread_cond_broadcast(&c->change);
}

/* The lock is held. */
static void keep(Connection *c, const char *data, size_t size)
{
    vm_text_append(&c->backlog, data, size);
    vm_text_append(&c->backlog, "\n", 1);
    start_writer(c);
    if (!c->writing || c->backlog.failed) lose(c);
    pthread_cond_broadcast(&c->change);
}

static void send_line(VmChannel *channel, int status, const char *text, size_t size)
{
    Connection *c = (Connection *)channel;

    pthread_mutex_lock(&c->lock);
    const size_t waiting = c->backlog.size - c->done;
    if (waiting && !status && waiting > BACKLOG_NOTES) size = 0;
    if (c->broken || c->ended || !size) {
        pthread_mutex_unlock(&c->lock);
        return;
    }
    const ssize_t n = waiting ? 0 : write_now(c->out, text, size);
    if (n < 0) c->broken = 1;
    else if ((size_t)n <= size) keep(c, text + n, size - (size_t)n);
    pthread_mutex_unlock(&c->lock);
}

static void lose_answer(VmChannel *channel)
{
    Connection *c = (Connection *)channel;

    pthread_mutex_lock(&c->lock);
    lose(c);
    pthread_mutex_unlock(&c->lock);
}

/* ---- life ---- */

static const VmChannelOps line_ops = {
    .send = send_line, .lose = lose_answer, .hold = hold, .drop = drop};

static Connection *open_connection(int out)
{
    Connection *c = vm_alloc(sizeof(*c));

    if (!c) return NULL;
    c->out = fcntl(out, F_DUPFD_CLOEXEC, 0);
    if (c->out < 0) {
        vm_free(c);
        return NULL;
    }
    c->channel.ops = &line_ops;
    atomic_init(&c->users, 1);
    pthread_mutex_init(&c->lock, NULL);
    vm_condition_init(&c->change);
    return c;
}

/* The writer gets a moment for what is left; one that is stuck keeps the connection until its write ends. */
static void close_connection(Connection *c)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FLUSH_SECONDS;
    pthread_mutex_lock(&c->lock);
    c->ended = 1;
    pthread_cond_broadcast(&c->change);
    while (c->writing && !c->finished)
        if (pthread_cond_timedwait(&c->change, &c->lock, &until)) break;
    const int stuck = c->writing && !c->finished;
    c->broken |= stuck;
    pthread_mutex_unlock(&c->lock);
    if (stuck) pthread_detach(c->writer);
    else if (c->writing) pthread_join(c->writer, NULL);
    drop(&c->channel);
}

static int lacks_memory(Connection *c)
{
    pthread_mutex_lock(&c->lock);
    const int lacks = c->no_memory;
    pthread_mutex_unlock(&c->lock);
    return lacks;
}

/* ---- reading ---- */

typedef struct Reader {
    VmPeer *peer;
    Connection *c;
    VmText line;
    int skipping; /* the rest of a line that is too long */
} Reader;

/* Which version is it? See the table in docs/mcp.md. */
static int find_era(const VmPeer *peer, const VmMessage *message, enum VmEra *era, json_t **data,
                    VmError *error)
{
    const int request = message->kind == VM_MESSAGE_REQUEST;

    *data = NULL;
    *era = message->claim ? VM_ERA_MODERN : VM_ERA_LEGACY;
    if (message->claim) return vm_server_check_claim(message, data, error);
    if (!request || peer->version || !strcmp(message->method, "initialize") ||
        !strcmp(message->method, "ping"))
        return 0;
    return vm_fail(
        error, VM_RPC_INVALID_PARAMS,
        "no protocol version is agreed on: send initialize first (versions up to %s), or "
        "put io.modelcontextprotocol/protocolVersion (" VM_MODERN_VERSION
        ") into params._meta of each request",
        vm_legacy_versions[0]);
}

static void refuse_line(Reader *reader, VmMessage *message, int code, const char *text,
                        json_t *data)
{
    if (message->root && message->kind != VM_MESSAGE_REQUEST) {
        json_decref(data); /* notifications are never answered, whatever they hold */
        vm_rpc_free(message);
        return;
    }
    vm_server_refuse(&reader->c->channel, message, code, vm_server_status(code, VM_ERA_LEGACY),
                     text, data);
}

static void take_line(Reader *reader, const char *text, size_t size)
{
    VmMessage message;
    VmError why;
    json_t *data = NULL;
    enum VmEra era = VM_ERA_LEGACY;

    if (size && text[size - 1] == '\r') size--;
    if (!size) return;
    int code = vm_rpc_parse(&message, text, size, &why);
    if (!code) code = find_era(reader->peer, &message, &era, &data, &why);
    if (code) refuse_line(reader, &message, code, why.text, data);
    else vm_server_serve(reader->peer, &reader->c->channel, &message, era);
}

/* Of a line that is read no further the id is not known. */
static void refuse_rest(Reader *reader, int code, const char *text)
{
    VmMessage none = {0};

    vm_server_refuse(&reader->c->channel, &none, code, vm_server_status(code, VM_ERA_LEGACY), text,
                     NULL);
}

static void refuse_length(Reader *reader)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "a line has at most %d bytes", VM_RPC_MAX_BYTES);
    refuse_rest(reader, VM_RPC_INVALID_REQUEST, text);
}

/* Part of a line without its end. */
static void collect(Reader *reader, const char *data, size_t size)
{
    if (reader->skipping || !size) return;
    if (reader->line.size + size > VM_RPC_MAX_BYTES) {
        reader->skipping = 1;
        vm_text_free(&reader->line);
        refuse_length(reader);
        return;
    }
    vm_text_append(&reader->line, data, size);
    if (reader->line.failed) {
        reader->skipping = 1;
        vm_text_free(&reader->line);
        refuse_rest(reader, VM_RPC_INTERNAL, "out of memory");
    }
}

static void end_line(Reader *reader, const char *data, size_t size)
{
    if (!reader->line.size && !reader->skipping && size <= VM_RPC_MAX_BYTES) {
        take_line(reader, data, size);
        return;
    }
    collect(reader, data, size);
    if (!reader->skipping) take_line(reader, reader->line.data, reader->line.size);
    reader->skipping = 0;
    vm_text_free(&reader->line);
}

/* A client that sends without reading is not read any more until it does. 0: all is over. */
static int may_read(Connection *c)
{
    pthread_mutex_lock(&c->lock);
    const size_t waiting = c->backlog.size - c->done;
    const int broken = c->broken;
    pthread_mutex_unlock(&c->lock);
    return broken ? 0 : waiting > BACKLOG_STOP ? -1 : 1;
}

/* Until the client has taken so much that more can be answered. 0: all is over. */
static int wait_for_room(Connection *c, int stop_fd)
{
    int may;

    while ((may = may_read(c)) < 0) {
        struct pollfd p = {.fd = stop_fd, .events = POLLIN};
        if (poll(&p, 1, 20) < 0 && errno != EINTR) return 0;
        if (p.revents) return 0;
    }
    return may;
}

/* 1: there is something to read; 0: the end. */
static int wait_for_input(Connection *c, int in, int stop_fd)
{
    while (wait_for_room(c, stop_fd)) {
        struct pollfd p[] = {{.fd = in, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
        if (poll(p, 2, 1000) < 0 && errno != EINTR) return 0;
        if (p[1].revents) return 0;
        if (p[0].revents) return 1;
    }
    return 0;
}

/* Asks for room before each line: a short request may have a long answer. */
static void take_bytes(Reader *reader, const char *data, size_t size, int stop_fd)
{
    while (size && wait_for_room(reader->c, stop_fd)) {
        const char *end = memchr(data, '\n', size);
        if (!end) {
            collect(reader, data, size);
            return;
        }
        const size_t length = (size_t)(end - data);
        end_line(reader, data, length);
        data += length + 1;
        size -= length + 1;
    }
}

static int read_all(Reader *reader, int in, int stop_fd)
{
    char *block = vm_alloc(READ_SIZE);
    int code = 0;

    if (!block) return -ENOMEM;
    while (wait_for_input(reader->c, in, stop_fd)) {
        const ssize_t n = read(in, block, READ_SIZE);
        if (n > 0) take_bytes(reader, block, (size_t)n, stop_fd);
        else if (!n || (errno != EINTR && errno != EAGAIN)) {
            code = n ? -errno : 0;
            break;
        }
    }
    if (reader->line.size && !reader->skipping)
        take_line(reader, reader->line.data, reader->line.size);
    vm_text_free(&reader->line);
    vm_free(block);
    return code;
}

int vm_lines_serve(VmServer *server, int in, int out, int stop_fd)
{
    Reader reader = {.peer = vm_peer_open(server), .c = open_connection(out)};

    if (!reader.peer || !reader.c) {
        vm_peer_drop(reader.peer);
        if (reader.c) drop(&reader.c->channel);
        return -ENOMEM;
    }
    int code = read_all(&reader, in, stop_fd);
    if (!code && lacks_memory(reader.c)) code = -ENOMEM;
    vm_peer_stop(reader.peer, VM_STOP_SHUTDOWN);
    vm_peer_drop(reader.peer);
    close_connection(reader.c);
    return code;
}
