/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "scheduler.h"

#include <pthread.h>
#include <string.h>

typedef struct Slot {
    VmFrame frame;
    void *memory;
    unsigned started, done; /* tasks */
    int busy;               /* from the submission until the pictures are given back */
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
    pthread_cond_t work;  /* a frame was submitted, or stop */
    pthread_cond_t done;  /* a slot became free */
    Slot *slots;          /* n_frames, filled in turn */
    unsigned fill;        /* slot of the next frame to come */
    unsigned open;        /* slot of the oldest frame with tasks that nobody has taken */
    unsigned n_open;      /* frames with such tasks: open, open + 1 ... */
    unsigned in_flight;
    int stop;
};

static void release(VmFrame *frame)
{
    vmaf_picture_unref(&frame->ref);
    vmaf_picture_unref(&frame->dis);
    for (int i = 0; i < VM_MAX_PREVIOUS; i++) vmaf_picture_unref(&frame->previous[i]);
}

static void run_task(const VmSched *s, Slot *slot, unsigned task, VmArena *arena)
{
    arena->used = 0;
    s->config.task(s->config.opaque, &slot->frame, task, arena, slot->memory);
}

static void finish_frame(const VmSched *s, Slot *slot)
{
    s->config.finish(s->config.opaque, &slot->frame, slot->memory);
    release(&slot->frame);
}

static unsigned after(const VmSched *s, unsigned slot)
{
    return slot + 1 < s->config.n_frames ? slot + 1 : 0;
}

/* Takes the next task of the oldest frame. Assumes the lock is held and n_open > 0. */
static Slot *take_task(VmSched *s, unsigned *task)
{
    Slot *slot = &s->slots[s->open];
    *task = slot->started++;
    if (slot->started == s->config.n_tasks) {
        s->open = after(s, s->open);
        s->n_open--;
    }
    return slot;
}

/* Assumes the lock is held; drops it while the task runs. */
static void work(VmSched *s, VmArena *arena)
{
    unsigned task;
    Slot *slot = take_task(s, &task);
    pthread_mutex_unlock(&s->lock);
    run_task(s, slot, task, arena);
    pthread_mutex_lock(&s->lock);
    if (++slot->done < s->config.n_tasks) return;
    pthread_mutex_unlock(&s->lock);
    finish_frame(s, slot);
    pthread_mutex_lock(&s->lock);
    slot->busy = 0;
    s->in_flight--;
    pthread_cond_signal(&s->done);
}

static void *worker_main(void *argument)
{
    Worker *w = argument;
    VmSched *s = w->sched;
    pthread_mutex_lock(&s->lock);
    while (s->n_open || !s->stop) {
        if (s->n_open) work(s, &w->arena);
        else pthread_cond_wait(&s->work, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static int allocate(VmSched *s, VmError *error)
{
    s->workers = vm_alloc_array(s->n_workers, sizeof(*s->workers));
    s->slots = vm_alloc_array(s->config.n_frames, sizeof(*s->slots));
    if (!s->workers || !s->slots) return vm_fail_memory(error);
    for (unsigned i = 0; i < s->n_workers; i++) {
        VmArena *arena = &s->workers[i].arena;
        arena->size = s->config.scratch;
        arena->base = vm_alloc_aligned(arena->size);
        if (!arena->base) return vm_fail_memory(error);
    }
    for (unsigned i = 0; i < s->config.n_frames; i++) {
        s->slots[i].memory = vm_alloc_aligned(s->config.memory);
        if (!s->slots[i].memory) return vm_fail_memory(error);
    }
    return 0;
}

static int start_workers(VmSched *s, VmError *error)
{
    for (; s->n_running < s->config.n_threads; s->n_running++) {
        Worker *w = &s->workers[s->n_running];
        w->sched = s;
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
    int code = allocate(s, error);
    if (!code) code = start_workers(s, error);
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
        Slot *slot = &s->slots[0];
        slot->frame = *frame;
        for (unsigned t = 0; t < s->config.n_tasks; t++) run_task(s, slot, t, &s->workers[0].arena);
        finish_frame(s, slot);
        return;
    }
    pthread_mutex_lock(&s->lock);
    Slot *slot = &s->slots[s->fill];
    while (slot->busy) pthread_cond_wait(&s->done, &s->lock);
    *slot = (Slot){.frame = *frame, .memory = slot->memory, .busy = 1};
    s->fill = after(s, s->fill);
    s->n_open++;
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
    pthread_mutex_lock(&s->lock);
    s->stop = 1; /* for when nothing is left to do */
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n_running; i++) pthread_join(s->workers[i].thread, NULL);
    for (unsigned i = 0; s->workers && i < s->n_workers; i++) vm_free(s->workers[i].arena.base);
    for (unsigned i = 0; s->slots && i < s->config.n_frames; i++) vm_free(s->slots[i].memory);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    vm_free(s->workers);
    vm_free(s->slots);
    vm_free(s);
}
