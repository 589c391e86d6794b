/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "plan.h"

enum { MIN_BAND_ROWS = 64 }; /* below, the rows that neighbours both make cost too much */

static size_t words_of(const VmGroup *g)
{
    if (g->extractor->words) return g->extractor->words(g);
    return g->n * sizeof(VmValues) / sizeof(VmValue);
}

/* One band for each thread: every frame then has something to do for all of them. */
static unsigned bands_of(const VmGroup *g, unsigned n_threads, unsigned forced)
{
    if (!g->extractor->bands) return 1;
    const unsigned most = VM_MAX(g->format.h / MIN_BAND_ROWS, 1);
    return forced ? forced : VM_MIN(VM_MAX(n_threads, 1), most);
}

static void add_group(VmPlan *p, const VmGroup *g, unsigned bands)
{
    VmArena measure = {0};
    for (unsigned b = 0; b < bands; b++, p->words += words_of(g))
        p->tasks[p->n_tasks++] = (VmTask){g, {(int)b, (int)bands}, p->words};
    g->extractor->run(g, NULL, p->tasks[p->n_tasks - 1].band, &measure, NULL);
    p->scratch = VM_MAX(p->scratch, measure.used);
}

/* While the last tasks of a frame run, threads that have none of them work on the next one: so there is
 * one frame more than have to be open for a task each. Small pictures may have more, where memory is no
 * matter and the hand-over is. */
static unsigned frames_in_flight(const VmFormat *f, unsigned n_threads, unsigned n_tasks)
{
    const uint64_t pair = (uint64_t)f->w * f->h * (f->bpc > 8 ? 6 : 3);
    const uint64_t spare = ((uint64_t)n_threads << 20) / pair;
    const unsigned needed = 1 + (n_threads + n_tasks - 1) / VM_MAX(n_tasks, 1);
    return VM_MAX(needed, (unsigned)VM_MIN(spare, 4 * n_threads));
}

int vm_plan_create(VmPlan *plan, const VmGroup *groups, unsigned n_groups, unsigned n_threads,
                   unsigned forced)
{
    VmPlan p = {0};
    unsigned n_tasks = 0;
    int highest = 0;
    for (unsigned i = 0; i < n_groups; i++) {
        n_tasks += bands_of(&groups[i], n_threads, forced);
        highest = VM_MAX(highest, groups[i].extractor->cost);
    }
    p.tasks = vm_alloc_array(VM_MAX(n_tasks, 1), sizeof(*p.tasks));
    if (!p.tasks) return -ENOMEM;
    /* long tasks first, so that threads wait less for the last one of the last frame */
    for (int cost = highest; cost >= 0; cost--)
        for (unsigned i = 0; i < n_groups; i++)
            if (groups[i].extractor->cost == cost)
                add_group(&p, &groups[i], bands_of(&groups[i], n_threads, forced));
    p.n_frames = n_groups ? frames_in_flight(&groups[0].format, n_threads, n_tasks) : 1;
    *plan = p;
    return 0;
}

void vm_plan_free(VmPlan *p)
{
    vm_free(p->tasks);
    *p = (VmPlan){0};
}

static int is_wanted(const VmExtractor *e, const VmFrame *frame)
{
    switch (frame->role) {
    case VM_ROLE_CONTEXT: return e->context != NULL;
    case VM_ROLE_SKIPPED: return e->every_frame;
    default: return 1;
    }
}

static void clear(const VmGroup *g, uint64_t *words)
{
    const size_t n = words_of(g);
    for (size_t i = 0; i < n; i++) words[i] = g->extractor->words ? 0 : VM_UNWRITTEN;
}

void vm_plan_run(const VmPlan *p, unsigned task, const VmFrame *frame, VmArena *arena,
                 uint64_t *memory)
{
    const VmTask *t = &p->tasks[task];
    if (!is_wanted(t->group->extractor, frame)) return;
    clear(t->group, memory + t->at);
    t->group->extractor->run(t->group, frame, t->band, arena, memory + t->at);
}

/* Integers: any order of the bands gives the same sums. A single band's words are left as they are. */
static void add_bands(uint64_t *words, size_t n, int bands)
{
    for (int b = 1; b < bands; b++)
        for (size_t i = 0; i < n; i++) words[i] += words[(size_t)b * n + i];
}

static void put(const VmGroup *g, unsigned row, const VmValues *values)
{
    const VmExtractor *e = g->extractor;
    for (unsigned i = 0; i < g->n; i++)
        for (unsigned k = 0; k < e->n_features; k++) {
            VmColumn *column = g->instances[i]->columns[k];
            if (column && e->features[k].kind != VM_DERIVED_FEATURE)
                vm_column_put_bits(column, row, values[i][k].bits);
        }
}

static void finish_group(const VmTask *t, const VmFrame *frame, uint64_t *words)
{
    const VmGroup *g = t->group;
    VmValues values[VM_MAX_INSTANCES];
    if (!is_wanted(g->extractor, frame)) return;
    if (!g->extractor->words) {
        put(g, frame->index, (const VmValues *)words);
        return;
    }
    for (unsigned i = 0; i < g->n; i++)
        for (int k = 0; k < VM_MAX_FEATURES; k++) values[i][k].bits = VM_UNWRITTEN;
    add_bands(words, words_of(g), t->band.count);
    g->extractor->finish(g, frame, words, values);
    put(g, frame->index, values);
}

void vm_plan_finish(const VmPlan *p, const VmFrame *frame, uint64_t *memory)
{
    for (unsigned i = 0; i < p->n_tasks; i++)
        if (p->tasks[i].band.index == 0) finish_group(&p->tasks[i], frame, memory + p->tasks[i].at);
}
