/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "team.h"

#include <pthread.h>
#include <string.h>

int vm_watch_cancelled(const VmWatch *watch)
{
    return watch && watch->cancelled &&
           atomic_load_explicit(watch->cancelled, memory_order_relaxed);
}

void vm_watch_tell(const VmWatch *watch, double done, double total, const char *what)
{
    if (watch && watch->progress) watch->progress(watch->opaque, done, total, what);
}

typedef struct Team {
    VmTaskFn run;
    void *opaque;
    size_t n_tasks;
    atomic_size_t next;
    atomic_uint workers;
} Team;

static void *work(void *opaque)
{
    Team *team = opaque;
    const unsigned worker = atomic_fetch_add(&team->workers, 1);
    for (;;) {
        const size_t task = atomic_fetch_add(&team->next, 1);
        if (task >= team->n_tasks) return NULL;
        team->run(team->opaque, task, worker);
    }
}

enum { MAX_THREADS = 256 };

void vm_team_run(unsigned n_threads, size_t n_tasks, VmTaskFn run, void *opaque)
{
    Team team = {.run = run, .opaque = opaque, .n_tasks = n_tasks};
    pthread_t threads[MAX_THREADS];
    unsigned n = 0;
    const size_t wanted = VM_MIN(VM_MIN(n_threads, MAX_THREADS), n_tasks);
    while (n + 1 < wanted && !pthread_create(&threads[n], NULL, work, &team)) n++;
    work(&team);
    while (n) pthread_join(threads[--n], NULL);
}

typedef struct Sum {
    VmPartialFn run;
    void *opaque;
    size_t n_values, stride; /* stride: values between workers' partials */
    double *partials, *sum;
    size_t turn; /* the task whose partial is added next */
    pthread_mutex_t lock;
    pthread_cond_t moved;
} Sum;

/* Tasks are begun in order, so the one whose turn it is always runs: nobody waits for ever. */
static void add_in_turn(void *opaque, size_t task, unsigned worker)
{
    Sum *s = opaque;
    double *partial = s->partials + worker * s->stride;
    memset(partial, 0, s->n_values * sizeof(*partial));
    s->run(s->opaque, task, worker, partial);
    pthread_mutex_lock(&s->lock);
    while (s->turn != task) pthread_cond_wait(&s->moved, &s->lock);
    for (size_t i = 0; i < s->n_values; i++) s->sum[i] += partial[i];
    s->turn++;
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->lock);
}

int vm_team_sum(unsigned n_threads, size_t n_tasks, size_t n_values, VmPartialFn run, void *opaque,
                double *sum)
{
    const size_t workers = VM_MAX(1, VM_MIN(VM_MIN(n_threads, MAX_THREADS), n_tasks));
    Sum s = {.run = run, .opaque = opaque, .n_values = n_values, .sum = sum};
    s.stride = (n_values + 7) / 8 * 8; /* no cache line is shared */
    if (s.stride > SIZE_MAX / sizeof(double) / workers) return -ENOMEM;
    s.partials = vm_alloc_aligned(workers * s.stride * sizeof(double));
    if (!s.partials) return -ENOMEM;
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.moved, NULL);
    vm_team_run((unsigned)workers, n_tasks, add_in_turn, &s);
    pthread_cond_destroy(&s.moved);
    pthread_mutex_destroy(&s.lock);
    vm_free(s.partials);
    return 0;
}
