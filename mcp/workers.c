/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Threads that run tools, started when they are first needed, and one that looks after calls in flight. Long
 * calls have a lane of their own, so that what is short never waits behind them. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "progress.h"
#include "server.h"

enum { SHORT, LONG, N_LANES };

typedef struct VmLane {
    VmServer *server;
    VmCall *first, *last;
    pthread_cond_t wake;
    pthread_t *threads;
    unsigned n_threads, max_threads, idle;
    unsigned waiting, running; /* calls */
} VmLane;

static const double tick_seconds = 0.25;
static const double close_seconds = 2;

void vm_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct timespec time_in(double seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

int vm_workers_open(VmServer *server)
{
    vm_condition_init(&server->tick);
    vm_condition_init(&server->ended);
    server->lanes = vm_alloc_array(N_LANES, sizeof(*server->lanes));
    if (!server->lanes) return -ENOMEM;
    for (unsigned i = 0; i < N_LANES; i++) {
        VmLane *lane = &server->lanes[i];
        lane->server = server;
        lane->max_threads = i == LONG ? server->limits.jobs : 1;
        lane->threads = vm_alloc_array(lane->max_threads, sizeof(*lane->threads));
        vm_condition_init(&lane->wake);
        if (!lane->threads) return -ENOMEM;
    }
    return 0;
}

/* ---- the queue; the server's lock is held ---- */

static VmCall *take(VmLane *lane)
{
    VmCall *call = lane->first;

    lane->first = call->behind;
    if (!lane->first) lane->last = NULL;
    lane->waiting--;
    lane->running++;
    call->behind = NULL;
    call->queued = 0;
    call->running = 1;
    call->deadline = vm_clock() + lane->server->limits.timeout;
    return call;
}

/* The last thing a thread does; the lock is held and given back. */
static void end_thread(VmServer *server)
{
    server->alive--;
    pthread_cond_broadcast(&server->ended);
    pthread_mutex_unlock(&server->lock);
}

static void *work(void *opaque)
{
    VmLane *lane = opaque;
    VmServer *server = lane->server;

    pthread_mutex_lock(&server->lock);
    for (;;) {
        lane->idle++;
        while (!lane->first && !server->ending) pthread_cond_wait(&lane->wake, &server->lock);
        lane->idle--;
        if (!lane->first) break;
        VmCall *call = take(lane);
        pthread_mutex_unlock(&server->lock);
        vm_server_run_tool(call);
        pthread_mutex_lock(&server->lock);
        lane->running--;
    }
    end_thread(server);
    return NULL;
}

static void *tick(void *opaque)
{
    VmServer *server = opaque;

    pthread_mutex_lock(&server->lock);
    while (!server->ending) {
        const struct timespec next = time_in(tick_seconds);
        if (!server->calls) pthread_cond_wait(&server->tick, &server->lock);
        else (void)pthread_cond_timedwait(&server->tick, &server->lock, &next);
        const double now = vm_clock();
        for (VmCall *call = server->calls; call; call = call->older) vm_call_tick(call, now);
    }
    end_thread(server);
    return NULL;
}

static int start_threads(VmLane *lane)
{
    VmServer *server = lane->server;

    if (!server->ticking) {
        if (pthread_create(&server->ticker, NULL, tick, server)) return -EAGAIN;
        server->ticking = 1;
        server->alive++;
    }
    if (lane->idle > lane->waiting || lane->n_threads == lane->max_threads) return 0;
    if (!pthread_create(&lane->threads[lane->n_threads], NULL, work, lane)) {
        lane->n_threads++;
        server->alive++;
    }
    return lane->n_threads ? 0 : -EAGAIN;
}

static VmLane *lane_of(const VmCall *call)
{
    return &call->server->lanes[call->tool->flags & VM_TOOL_LIGHT ? SHORT : LONG];
}

int vm_workers_add(VmCall *call, unsigned *ahead)
{
    VmLane *lane = lane_of(call);

    *ahead = lane->waiting + lane->running;
    if (call->server->ending) return -ECANCELED;
    if (*ahead >= lane->max_threads + call->server->limits.queue) return -EBUSY;
    VM_TRY(start_threads(lane));
    call->queued = 1;
    if (lane->last) lane->last->behind = call;
    else lane->first = call;
    lane->last = call;
    lane->waiting++;
    pthread_cond_signal(&lane->wake);
    if (call->server->ticking) pthread_cond_signal(&call->server->tick);
    return 0;
}

int vm_workers_remove(VmCall *call)
{
    if (!call->queued) return 0;
    VmLane *lane = lane_of(call);
    VmCall **link = &lane->first, *before = NULL;
    while (*link != call) {
        before = *link;
        link = &before->behind;
    }
    *link = call->behind;
    if (lane->last == call) lane->last = before;
    lane->waiting--;
    call->queued = 0;
    call->behind = NULL;
    return 1;
}

/* ---- the end ---- */

/* The lock is held. */
static int wait_for_threads(VmServer *server)
{
    const struct timespec until = time_in(close_seconds);

    while (server->alive)
        if (pthread_cond_timedwait(&server->ended, &server->lock, &until) == ETIMEDOUT)
            return -ETIMEDOUT;
    return 0;
}

/* They run until the process ends. */
static void leave_threads(VmServer *server)
{
    if (server->ticking) pthread_detach(server->ticker);
    for (unsigned i = 0; server->lanes && i < N_LANES; i++)
        for (unsigned k = 0; k < server->lanes[i].n_threads; k++)
            pthread_detach(server->lanes[i].threads[k]);
}

static void close_lane(VmLane *lane)
{
    for (unsigned i = 0; i < lane->n_threads; i++) pthread_join(lane->threads[i], NULL);
    vm_free(lane->threads);
    pthread_cond_destroy(&lane->wake);
}

int vm_workers_close(VmServer *server)
{
    pthread_mutex_lock(&server->lock);
    server->ending = 1;
    for (unsigned i = 0; server->lanes && i < N_LANES; i++)
        pthread_cond_broadcast(&server->lanes[i].wake);
    pthread_cond_signal(&server->tick);
    const int code = wait_for_threads(server);
    if (code) leave_threads(server);
    pthread_mutex_unlock(&server->lock);
    if (code) return code;
    if (server->ticking) pthread_join(server->ticker, NULL);
    for (unsigned i = 0; server->lanes && i < N_LANES; i++) close_lane(&server->lanes[i]);
    vm_free(server->lanes);
    pthread_cond_destroy(&server->tick);
    pthread_cond_destroy(&server->ended);
    return 0;
}
