/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http_job.h"

#include <poll.h>
#include <string.h>

#include "progress.h"

enum { EVENT_BLOCK = 16384 };

static const double beat_seconds = 10;

/* ---- the answer; the job's lock is held ---- */

/* Each suspension is ended once. */
static void resume(VmJob *job)
{
    if (!job->suspended || !job->connection) return;
    job->suspended = 0;
    job->mhd->MHD_resume_connection(job->connection);
}

static int suspend(VmJob *job)
{
    if (atomic_load(job->ending) || !job->connection) return 0;
    job->suspended = 1;
    job->mhd->MHD_suspend_connection(job->connection);
    return 1;
}

static void add_event(VmJob *job, const char *text, size_t size)
{
    if (job->sent == job->out.size) {
        vm_text_free(&job->out);
        job->sent = 0;
    }
    vm_text_add(&job->out, "event: message\ndata: %.*s\n\n", (int)size, text);
    job->wrote = vm_clock();
}

static void send_message(VmChannel *channel, int status, const char *text, size_t size)
{
    VmJob *job = (VmJob *)channel;

    pthread_mutex_lock(&job->lock);
    if (job->connection && !job->ended) {
        if (!status) job->events = 1;
        if (job->events) add_event(job, text, size);
        else vm_text_add(&job->out, "%.*s", (int)size, text);
        if (status) {
            job->status = status;
            job->ended = 1;
        }
        resume(job);
    }
    pthread_mutex_unlock(&job->lock);
}

void vm_job_answer(VmJob *job, int status, const char *text)
{
    send_message(&job->channel, status, text ? text : "", text ? strlen(text) : 0);
}

static void hold(VmChannel *channel)
{
    atomic_fetch_add(&((VmJob *)channel)->users, 1);
}

/* A call that was cancelled has no answer, but its exchange must have an end. */
static void drop(VmChannel *channel)
{
    VmJob *job = (VmJob *)channel;

    pthread_mutex_lock(&job->lock);
    if (!job->ended) {
        job->ended = 1;
        job->status = 202;
        resume(job);
    }
    pthread_mutex_unlock(&job->lock);
    vm_job_drop(job);
}

/* A suspended connection is watched by nobody else. */
static int hung_up(const VmJob *job)
{
    struct pollfd p = {.fd = job->fd, .events = POLLRDHUP};

    return job->suspended && job->fd >= 0 && poll(&p, 1, 0) == 1;
}

static int tick(VmChannel *channel)
{
    VmJob *job = (VmJob *)channel;

    pthread_mutex_lock(&job->lock);
    const int gone = !job->connection || hung_up(job);
    if (!gone && job->events && !job->ended && vm_clock() - job->wrote >= beat_seconds) {
        vm_text_add(&job->out, ": \n\n");
        job->wrote = vm_clock();
        resume(job);
    }
    pthread_mutex_unlock(&job->lock);
    return gone && job->stops;
}

static const VmChannelOps job_ops = {
    .send = send_message, .hold = hold, .drop = drop, .tick = tick};

/* ---- what MHD asks for ---- */

static ssize_t read_events(void *opaque, uint64_t place, char *data, size_t max)
{
    VmJob *job = opaque;
    ssize_t n = 0;

    (void)place;
    pthread_mutex_lock(&job->lock);
    const size_t left = job->out.size - job->sent;
    if (left) {
        n = (ssize_t)VM_MIN(left, max);
        memcpy(data, job->out.data + job->sent, (size_t)n);
        job->sent += (size_t)n;
    } else if (job->ended || job->out.failed || !suspend(job)) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    }
    pthread_mutex_unlock(&job->lock);
    return n;
}

static void end_events(void *opaque)
{
    vm_job_drop(opaque);
}

static struct MHD_Response *make_response(VmJob *job)
{
    if (job->events) {
        atomic_fetch_add(&job->users, 1);
        return job->mhd->MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_BLOCK,
                                                           read_events, job, end_events);
    }
    void *data = job->out.data;
    const size_t size = job->out.size;
    job->out = (VmText){0};
    /* with size 0 MHD does not free */
    if (!size) vm_free(data);
    return job->mhd->MHD_create_response_from_buffer_with_free_callback(size, size ? data : NULL,
                                                                        vm_free);
}

static void add_headers(const VmJob *job, struct MHD_Response *response)
{
    const VmMhd *mhd = job->mhd;

    if (job->events) mhd->MHD_add_response_header(response, "Content-Type", "text/event-stream");
    else if (job->status != 202)
        mhd->MHD_add_response_header(response, "Content-Type", "application/json");
    if (job->events) mhd->MHD_add_response_header(response, "X-Accel-Buffering", "no");
    mhd->MHD_add_response_header(response, "Cache-Control", "no-store");
    if (*job->session) mhd->MHD_add_response_header(response, "Mcp-Session-Id", job->session);
    if (job->status == 405) mhd->MHD_add_response_header(response, "Allow", "POST");
    if (job->status == 401) mhd->MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

enum MHD_Result vm_job_respond(VmJob *job)
{
    enum MHD_Result result = MHD_YES;

    pthread_mutex_lock(&job->lock);
    if (!job->status && !job->events && !suspend(job)) job->status = 503;
    if (job->status || job->events) {
        struct MHD_Response *response = make_response(job);
        result = MHD_NO;
        if (response) {
            add_headers(job, response);
            result = job->mhd->MHD_queue_response(
                job->connection, job->events ? 200 : (unsigned)job->status, response);
            job->mhd->MHD_destroy_response(response);
        }
    }
    pthread_mutex_unlock(&job->lock);
    return result;
}

void vm_job_wake(VmJob *job)
{
    pthread_mutex_lock(&job->lock);
    resume(job);
    pthread_mutex_unlock(&job->lock);
}

/* ---- life ---- */

VmJob *vm_job_open(const VmMhd *mhd, struct MHD_Connection *connection, const atomic_int *ending)
{
    VmJob *job = vm_alloc(sizeof(*job));
    const union MHD_ConnectionInfo *info =
        mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!job) return NULL;
    job->channel.ops = &job_ops;
    job->mhd = mhd;
    job->connection = connection;
    job->ending = ending;
    job->fd = info ? info->connect_fd : -1;
    atomic_init(&job->users, 1);
    pthread_mutex_init(&job->lock, NULL);
    return job;
}

void vm_job_drop(VmJob *job)
{
    if (!job || atomic_fetch_sub(&job->users, 1) != 1) return;
    vm_head_free(&job->head);
    vm_text_free(&job->body);
    vm_text_free(&job->out);
    vm_peer_drop(job->peer);
    pthread_mutex_destroy(&job->lock);
    vm_free(job);
}

int vm_job_collect(VmJob *job, const char *data, size_t size)
{
    VmText *body = &job->body;

    if (job->too_big || body->size + size > VM_RPC_MAX_BYTES) {
        job->too_big = 1;
        vm_text_free(body);
        return 0;
    }
    if (body->size + size + 1 > body->capacity) {
        const size_t capacity = VM_MAX(body->size + size + 1, 2 * body->capacity);
        char *grown = vm_realloc(body->data, capacity);
        if (!grown) return -ENOMEM;
        body->data = grown;
        body->capacity = capacity;
    }
    memcpy(body->data + body->size, data, size);
    body->size += size;
    return 0;
}

void vm_job_over(VmJob *job, int whole)
{
    pthread_mutex_lock(&job->lock);
    job->connection = NULL;
    job->ended = 1;
    pthread_mutex_unlock(&job->lock);
    if (!whole && job->stops && job->peer) vm_peer_stop(job->peer, VM_STOP_CANCELLED);
}
