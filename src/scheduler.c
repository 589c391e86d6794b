/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "scheduler.h"

#include <pthread.h>
#include <string.h>

typedef struct Slot {
    VmFrame frame;
    unsigned started, done; /* tasks */
    int busy;
} Slot;

typedef struct Worker {
    VmSched *sched;
    pthread_t thread;
    VmArena arena;
} Worker;

struct VmSched {
    VmSchedConfig config;
    Worker *workers; /* n_threads, at least one arena for the caller */
    unsigned n_workers, n_running;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t work, done;
    Slot *slots; /* frames enter in order: head is the next to fill */
    unsigned n_slots, head, in_flight;
    int stop;
};

static void release(VmFrame *frame)
{
    vmaf_picture_unref(&frame->ref);
    vmaf_picture_unref(&frame->dis);
    for (int i = 0; i < VM_MAX_PREVIOUS; i++) vmaf_picture_unref(&frame->previous[i]);
}

static void run_task(VmSched *s, const VmFrame *frame, unsigned task, VmArena *arena)
{
    arena->used = 0;
    s->config.task(s->config.opaque, frame, task, arena);
}

/* The oldest frame with a task nobody has taken, or NULL. Assumes the lock is held. */
static Slot *next_slot(VmSched *s)
{
    for (unsigned i = 0; i < s->n_slots; i++) {
        Slot *slot = &s->slots[(s->head + i) % s->n_slots];
        if (slot->busy && slot->started < s->config.n_tasks) return slot;
    }
    return NULL;
}

/* Assumes the lock is held; drops it while the task runs. */
static void work_on(VmSched *s, Slot *slot, VmArena *arena)
{
    const unsigned task = slot->started++;
    pthread_mutex_unlock(&s->lock);
    run_task(s, &slot->frame, task, arena);
    pthread_mutex_lock(&s->lock);
    if (++slot->done < s->config.n_tasks) return;
    release(&slot->frame);
    slot->busy = 0;
    s->in_flight--;
    pthread_cond_signal(&s->done);
}

static void *worker_main(void *argument)
{
    Worker *w = argument;
    VmSched *s = w->sched;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        Slot *slot = next_slot(s);
        if (slot) work_on(s, slot, &w->arena);
        else if (s->stop) break;
        else pthread_cond_wait(&s->work, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static int start_workers(VmSched *s, VmError *error)
{
    for (unsigned i = 0; i < s->n_workers; i++) {
        Worker *w = &s->workers[i];
        w->sched = s;
        w->arena.size = s->config.scratch;
        w->arena.base = vm_alloc_aligned(s->config.scratch);
        if (!w->arena.base) return vm_fail_memory(error);
    }
    for (; s->n_running < s->config.n_threads; s->n_running++) {
        Worker *w = &s->workers[s->n_running];
        const int code = pthread_create(&w->thread, NULL, worker_main, w);
        if (code)
            return vm_fail(error, -code, "cannot start worker thread %u: %s", s->n_running + 1,
                           strerror(code));
    }
    return 0;
}

int vm_sched_create(VmSched **result, const VmSchedConfig *config, VmError *error)
{
    VmSched *s = vm_alloc(sizeof(*s));
    if (!s) return vm_fail_memory(error);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->done, NULL);
    s->config = *config;
    s->n_workers = VM_MAX(config->n_threads, 1);
    s->n_slots = config->n_threads + 1;
    s->workers = vm_alloc_array(s->n_workers, sizeof(*s->workers));
    s->slots = vm_alloc_array(s->n_slots, sizeof(*s->slots));
    const int code = s->workers && s->slots ? start_workers(s, error) : vm_fail_memory(error);
    if (code) {
        vm_sched_destroy(s);
        return code;
    }
    *result = s;
    return 0;
}

void vm_sched_submit(VmSched *s, const VmFrame *frame)
{
    if (!s->config.n_threads || !s->config.n_tasks) {
        VmFrame mine = *frame;
        for (unsigned t = 0; t < s->config.n_tasks; t++)
            run_task(s, &mine, t, &s->workers[0].arena);
        release(&mine);
        return;
    }
    pthread_mutex_lock(&s->lock);
    Slot *slot = &s->slots[s->head];
    while (slot->busy) pthread_cond_wait(&s->done, &s->lock);
    *slot = (Slot){.frame = *frame, .busy = 1};
    s->head = (s->head + 1) % s->n_slots;
    s->in_flight++;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
}

void vm_sched_wait(VmSched *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->in_flight) pthread_cond_wait(&s->done, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void vm_sched_destroy(VmSched *s)
{
    if (!s) return;
    if (s->n_running) vm_sched_wait(s);
    pthread_mutex_lock(&s->lock);
    s->stop = 1;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n_running; i++) pthread_join(s->workers[i].thread, NULL);
    for (unsigned i = 0; s->workers && i < s->n_workers; i++) vm_free(s->workers[i].arena.base);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    vm_free(s->workers);
    vm_free(s->slots);
    vm_free(s);
}
