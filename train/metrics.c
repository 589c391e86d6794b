/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "scores.h"
#include "team.h"

const char *vm_metric_name(enum VmMetric metric)
{
    static const char *const names[VM_N_METRICS] = {"plcc", "srocc", "krocc", "rmse"};
    return names[metric];
}

double vm_metric_of(const VmMetrics *m, enum VmMetric metric)
{
    const double values[VM_N_METRICS] = {m->plcc, m->srocc, m->krocc, m->rmse};
    return values[metric];
}

/* ---- ranks ---- */

typedef struct Item {
    double value;
    uint32_t row;
} Item;

static int compare_items(const void *a, const void *b)
{
    const Item *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* One side of the rows: their order, and for each the number of its level, levels being the different
 * values, ascending. */
typedef struct Side {
    uint32_t *order, *level; /* [n] */
    uint32_t n_levels;
} Side;

static int rank(Side *s, const double *values, size_t n)
{
    Item *items = vm_alloc_array(n, sizeof(*items));
    s->order = vm_alloc_array(n, sizeof(*s->order));
    s->level = vm_alloc_array(n, sizeof(*s->level));
    if (!items || !s->order || !s->level) {
        vm_free(items);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) items[i] = (Item){values[i], (uint32_t)i};
    qsort(items, n, sizeof(*items), compare_items);
    for (size_t i = 0; i < n; i++) {
        if (i && items[i].value != items[i - 1].value) s->n_levels++;
        s->order[i] = items[i].row;
        s->level[items[i].row] = s->n_levels;
    }
    s->n_levels++;
    vm_free(items);
    return 0;
}

typedef struct Ranked {
    size_t n;
    Side predicted, truth;
} Ranked;

static void free_ranked(Ranked *r)
{
    vm_free(r->predicted.order);
    vm_free(r->predicted.level);
    vm_free(r->truth.order);
    vm_free(r->truth.level);
}

/* Rows are numbered in 32 bits. */
static int make_ranked(Ranked *r, const double *predicted, const double *truth, size_t n)
{
    *r = (Ranked){.n = n};
    if (n > UINT32_MAX / 2) return -ENOMEM;
    VM_TRY(rank(&r->predicted, predicted, n));
    return rank(&r->truth, truth, n);
}

/* How often each row counts: always once, or as often as its clip was drawn. */
typedef struct Weights {
    const uint32_t *clip, *drawn; /* clip NULL: once */
} Weights;

static int64_t weight_of(const Weights *w, size_t row)
{
    return w->clip ? w->drawn[w->clip[row]] : 1;
}

/* ---- Spearman ---- */

/* Average rank of each level: all of one level share the middle of the ranks they take. *squares: of
 * deviations from the mean rank. */
static void average_ranks(const Side *s, size_t n, const Weights *w, double *ranks, double *squares)
{
    int64_t before = 0, total = 0;
    for (size_t i = 0; i < n; i++) total += weight_of(w, s->order[i]);
    const double middle = 0.5 * (double)(total + 1);
    *squares = 0;
    for (size_t i = 0; i < n;) {
        const uint32_t level = s->level[s->order[i]];
        int64_t here = 0;
        for (; i < n && s->level[s->order[i]] == level; i++) here += weight_of(w, s->order[i]);
        ranks[level] = (double)before + 0.5 * (double)(here + 1) - middle;
        *squares += (double)here * ranks[level] * ranks[level];
        before += here;
    }
}

/* ranks has room for both sides' levels, 2 n. */
static double spearman(const Ranked *r, const Weights *w, double *ranks)
{
    double *other = ranks + r->n, a, b, product = 0;
    average_ranks(&r->predicted, r->n, w, ranks, &a);
    average_ranks(&r->truth, r->n, w, other, &b);
    for (size_t i = 0; i < r->n; i++)
        product +=
            (double)weight_of(w, i) * ranks[r->predicted.level[i]] * other[r->truth.level[i]];
    return a > 0 && b > 0 ? product / sqrt(a * b) : NAN;
}

/* ---- Kendall ---- */

static int64_t pairs(int64_t n)
{
    return n * (n - 1) / 2;
}

/* Pairs that are equal on one side. */
static int64_t tied_pairs(const Side *s, size_t n, const Weights *w)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n;) {
        const uint32_t level = s->level[s->order[i]];
        int64_t here = 0;
        for (; i < n && s->level[s->order[i]] == level; i++) here += weight_of(w, s->order[i]);
        sum += pairs(here);
    }
    return sum;
}

/* A Fenwick tree over levels: how many of the rows put in lie at or below one. */
static void tree_add(int64_t *tree, uint32_t n_levels, uint32_t level, int64_t weight)
{
    for (uint32_t i = level + 1; i <= n_levels; i += i & -i) tree[i] += weight;
}

static int64_t tree_below(const int64_t *tree, uint32_t level)
{
    int64_t sum = 0;
    for (uint32_t i = level; i; i &= i - 1) sum += tree[i];
    return sum;
}

/* Rows enter in the order of the truth, those that are equal in it together; each meets the ones before:
 * concordant where the prediction is lower, discordant where it is higher. Counts are exact: n^2 / 2 of
 * fewer than 2^31 rows fits. tree has n + 1 entries. */
static double kendall(const Ranked *r, const Weights *w, int64_t *tree)
{
    const Side *p = &r->predicted, *t = &r->truth;
    int64_t balance = 0, inside = 0;
    memset(tree, 0, ((size_t)p->n_levels + 1) * sizeof(*tree));
    for (size_t i = 0; i < r->n;) {
        const size_t first = i;
        const uint32_t level = t->level[t->order[i]];
        for (; i < r->n && t->level[t->order[i]] == level; i++) {
            const uint32_t row = t->order[i], at = p->level[row];
            const int64_t lower = tree_below(tree, at), not_higher = tree_below(tree, at + 1);
            balance += weight_of(w, row) * (lower - (inside - not_higher));
        }
        for (size_t k = first; k < i; k++) {
            const int64_t weight = weight_of(w, t->order[k]);
            tree_add(tree, p->n_levels, p->level[t->order[k]], weight);
            inside += weight;
        }
    }
    const double a = (double)(pairs(inside) - tied_pairs(p, r->n, w));
    const double b = (double)(pairs(inside) - tied_pairs(t, r->n, w));
    return a > 0 && b > 0 ? (double)balance / (sqrt(a) * sqrt(b)) : NAN;
}

/* ---- sums ---- */

static double mean_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return n ? sum / (double)n : 0;
}

/* Sums about fixed centres, from which Pearson's correlation and the RMSE of any choice of clips follow. */
typedef struct Moments {
    double n, p, t, pp, tt, pt, ee;
} Moments;

static void add_row(Moments *m, double p, double t)
{
    const Moments row = {1, p, t, p * p, t * t, p * t, (p - t) * (p - t)};
    m->n += row.n;
    m->p += row.p;
    m->t += row.t;
    m->pp += row.pp;
    m->tt += row.tt;
    m->pt += row.pt;
    m->ee += row.ee;
}

static void add_moments(Moments *m, const Moments *other, double times)
{
    m->n += times * other->n;
    m->p += times * other->p;
    m->t += times * other->t;
    m->pp += times * other->pp;
    m->tt += times * other->tt;
    m->pt += times * other->pt;
    m->ee += times * other->ee;
}

static double pearson(const Moments *m)
{
    const double a = m->pp - m->p * m->p / m->n, b = m->tt - m->t * m->t / m->n;
    const double product = m->pt - m->p * m->t / m->n;
    return a > 0 && b > 0 ? product / (sqrt(a) * sqrt(b)) : NAN;
}

static int is_constant(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return 0;
    return 1;
}

static void errors(VmMetrics *m, const double *predicted, const double *truth, size_t n,
                   double *sorted)
{
    double squares = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = fabs(predicted[i] - truth[i]);
        squares += sorted[i] * sorted[i];
        sum += sorted[i];
        m->max_error = VM_MAX(m->max_error, sorted[i]);
    }
    m->rmse = sqrt(squares / (double)n);
    m->mae = sum / (double)n;
    qsort(sorted, n, sizeof(*sorted), vm_compare_doubles);
    m->p99_error = vm_percentile(sorted, (unsigned)n, 99);
}

int vm_metrics(VmMetrics *m, const double *predicted, const double *truth, size_t n)
{
    const Weights once = {0};
    Moments moments = {0};
    Ranked ranked = {0};
    *m = (VmMetrics){.n = n, .plcc = NAN, .srocc = NAN, .krocc = NAN, .rmse = NAN, .mae = NAN};
    if (!n) {
        m->max_error = m->p99_error = NAN;
        return 0;
    }
    double *work = vm_alloc_array(2 * n + 2, sizeof(*work));
    int code = work ? 0 : -ENOMEM;
    if (!code) errors(m, predicted, truth, n, work);
    if (!code && n > 1 && !is_constant(predicted, n) && !is_constant(truth, n)) {
        const double p = mean_of(predicted, n), t = mean_of(truth, n);
        for (size_t i = 0; i < n; i++) add_row(&moments, predicted[i] - p, truth[i] - t);
        m->plcc = pearson(&moments);
        code = make_ranked(&ranked, predicted, truth, n);
        if (!code) m->srocc = spearman(&ranked, &once, work);
        if (!code) m->krocc = kendall(&ranked, &once, (int64_t *)(void *)work);
        free_ranked(&ranked);
    }
    vm_free(work);
    return code;
}

/* ---- bootstrap ---- */

/* Row visits of the rank metrics in all draws: some ten seconds. */
static const double MAX_VISITS = 5e8;

typedef struct Bootstrap {
    const Ranked *ranked;
    const uint32_t *clip;
    const Moments *moments; /* of clips */
    unsigned n_clips, draws, rank_draws;
    uint64_t seed;
    double *values;  /* [VM_N_METRICS][draws] */
    double *work;    /* [threads][2 n + 2] */
    uint32_t *drawn; /* [threads][n_clips] */
} Bootstrap;

/* Each draw has a stream of its own, so that threads can share them out. */
static void draw(void *opaque, size_t task, unsigned worker)
{
    const Bootstrap *b = opaque;
    uint32_t *drawn = b->drawn + (size_t)worker * b->n_clips;
    double *work = b->work + worker * (2 * b->ranked->n + 2);
    VmRng rng = vm_rng(b->seed, task);
    Moments sum = {0};
    memset(drawn, 0, b->n_clips * sizeof(*drawn));
    for (unsigned i = 0; i < b->n_clips; i++) drawn[vm_rng_below(&rng, b->n_clips)]++;
    for (unsigned i = 0; i < b->n_clips; i++) add_moments(&sum, &b->moments[i], drawn[i]);
    b->values[VM_PLCC * b->draws + task] = pearson(&sum);
    b->values[VM_RMSE * b->draws + task] = sqrt(sum.ee / sum.n);
    if (task >= b->rank_draws) return;
    const Weights weights = {b->clip, drawn};
    b->values[VM_SROCC * b->draws + task] = spearman(b->ranked, &weights, work);
    b->values[VM_KROCC * b->draws + task] = kendall(b->ranked, &weights, (int64_t *)(void *)work);
}

static void summarise(VmIntervals *intervals, enum VmMetric metric, double *values, unsigned n)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++)
        if (isfinite(values[i])) values[kept++] = values[i];
    qsort(values, kept, sizeof(*values), vm_compare_doubles);
    intervals->draws[metric] = kept;
    intervals->lo[metric] = kept ? vm_percentile(values, kept, 2.5) : NAN;
    intervals->hi[metric] = kept ? vm_percentile(values, kept, 97.5) : NAN;
}

static int run_bootstrap(Bootstrap *b, VmIntervals *intervals, unsigned n_threads)
{
    const size_t n = b->ranked->n;
    b->values = vm_alloc_array((size_t)VM_N_METRICS * b->draws, sizeof(*b->values));
    b->work = vm_alloc_array(n_threads * (2 * n + 2), sizeof(*b->work));
    b->drawn = vm_alloc_array((size_t)n_threads * b->n_clips, sizeof(*b->drawn));
    const int code = b->values && b->work && b->drawn ? 0 : -ENOMEM;
    if (!code) {
        vm_team_run(n_threads, b->draws, draw, b);
        for (int k = 0; k < VM_N_METRICS; k++)
            summarise(intervals, (enum VmMetric)k, b->values + (size_t)k * b->draws,
                      k == VM_SROCC || k == VM_KROCC ? b->rank_draws : b->draws);
    }
    vm_free(b->values);
    vm_free(b->work);
    vm_free(b->drawn);
    return code;
}

int vm_metrics_bootstrap(VmIntervals *intervals, const double *predicted, const double *truth,
                         size_t n, const uint32_t *clip, unsigned n_clips, unsigned draws,
                         uint64_t seed, unsigned n_threads)
{
    Ranked ranked;
    Moments *moments = vm_alloc_array(n_clips, sizeof(*moments));
    Bootstrap b = {
        .ranked = &ranked, .clip = clip, .n_clips = n_clips, .draws = draws, .seed = seed};
    b.rank_draws = (unsigned)VM_MIN(draws, MAX_VISITS / (double)VM_MAX(n, 1));
    *intervals = (VmIntervals){{0}};
    int code = make_ranked(&ranked, predicted, truth, n);
    if (!moments) code = -ENOMEM;
    if (!code) {
        const double p = mean_of(predicted, n), t = mean_of(truth, n);
        /* the error needs no centre: e = (p - p0) - (t - t0) + (p0 - t0) */
        for (size_t i = 0; i < n; i++) {
            Moments *m = &moments[clip[i]];
            const double ee = m->ee, e = predicted[i] - truth[i];
            add_row(m, predicted[i] - p, truth[i] - t);
            m->ee = ee + e * e;
        }
        b.moments = moments;
        code = run_bootstrap(&b, intervals, VM_MAX(n_threads, 1));
    }
    free_ranked(&ranked);
    vm_free(moments);
    return code;
}
