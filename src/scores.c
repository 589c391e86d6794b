/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "scores.h"
#include "exact.h"

#include <math.h>
#include <string.h>

static void free_column(VmColumn *c)
{
    if (!c) return;
    for (int k = 0; k < VM_SCORE_CHUNKS; k++) vm_free(c->chunks[k]);
    vm_free(c->key);
    vm_free(c->label);
    vm_free(c);
}

void vm_scores_free(VmScores *s)
{
    for (unsigned i = 0; i < s->n_columns; i++) free_column(s->columns[i]);
    for (unsigned i = 0; i < s->n_totals; i++) vm_free(s->totals[i].name);
    vm_free(s->columns);
    vm_free(s->totals);
    *s = (VmScores){0};
}

/* Rows before chunk k: 1024 * (2^k - 1). */
static int chunk_of(unsigned row, unsigned *offset)
{
    const unsigned n = row / VM_SCORE_FIRST_CHUNK + 1;
    const int k = 31 - __builtin_clz(n);
    *offset = row - VM_SCORE_FIRST_CHUNK * ((1u << k) - 1);
    return k;
}

static int reserve_column(VmColumn *c, unsigned n_rows)
{
    if (n_rows <= c->base) return 0;
    unsigned offset;
    const int last = chunk_of(n_rows - 1 - c->base, &offset);
    for (int k = 0; k <= last; k++) {
        if (c->chunks[k]) continue;
        const size_t n = (size_t)VM_SCORE_FIRST_CHUNK << k;
        uint64_t *chunk = vm_alloc_array(n, sizeof(*chunk));
        if (!chunk) return -ENOMEM;
        for (size_t i = 0; i < n; i++) chunk[i] = VM_UNWRITTEN;
        c->chunks[k] = chunk;
    }
    return 0;
}

int vm_scores_add(VmScores *s, char *key, char *label, VmPhase phase, VmColumn **column)
{
    VmColumn *c = vm_alloc(sizeof(*c));
    *column = NULL;
    if (!c || !key || !label) goto fail;
    c->key = key;
    c->label = label;
    c->phase = phase;
    if (vm_scores_find(s, key) || vm_scores_find(s, label)) {
        free_column(c);
        return 0;
    }
    VmColumn **columns = vm_realloc(s->columns, (s->n_columns + 1) * sizeof(*columns));
    if (!columns) {
        free_column(c);
        return -ENOMEM;
    }
    s->columns = columns;
    c->base = s->base;
    if (reserve_column(c, s->n_rows)) {
        free_column(c);
        return -ENOMEM;
    }
    columns[s->n_columns++] = *column = c;
    return 0;

fail:
    vm_free(c);
    vm_free(key);
    vm_free(label);
    return -ENOMEM;
}

int vm_scores_add_total(VmScores *s, const char *name, const VmTotal *sums)
{
    for (unsigned i = 0; i < s->n_totals; i++) {
        VmTotal *t = &s->totals[i];
        if (strcmp(t->name, name) != 0) continue;
        if (t->sse > UINT64_MAX - sums->sse) return -ERANGE;
        t->sse += sums->sse;
        t->samples += sums->samples;
        return 0;
    }
    VmTotal *totals = vm_realloc(s->totals, (s->n_totals + 1) * sizeof(*totals));
    if (!totals) return -ENOMEM;
    s->totals = totals;
    char *copy = vm_strdup(name);
    if (!copy) return -ENOMEM;
    totals[s->n_totals] = *sums;
    totals[s->n_totals++].name = copy;
    return 0;
}

double vm_total_value(const VmTotal *t)
{
    if (t->samples == 0) return -INFINITY;
    const double square = t->peak * t->peak,
                 limit = ceil(10 * vm_exact_log10(square * t->samples * 2));
    const double apsnr =
        10 * (vm_exact_log10(square) + vm_exact_log10(t->samples) - vm_exact_log10((double)t->sse));
    return VM_MIN(apsnr, limit);
}

void vm_scores_begin(VmScores *s, unsigned row)
{
    if (s->n_rows) return;
    s->base = row;
    for (unsigned i = 0; i < s->n_columns; i++) s->columns[i]->base = row;
}

void vm_scores_restore(VmScores *s, unsigned n_columns, unsigned n_rows, unsigned base)
{
    while (s->n_columns > n_columns) free_column(s->columns[--s->n_columns]);
    s->n_rows = n_rows;
    s->base = base;
    for (unsigned i = 0; i < n_columns; i++) s->columns[i]->base = base;
}

int vm_scores_reserve(VmScores *s, unsigned n)
{
    if (n > VM_MAX_FRAMES) return -EINVAL;
    if (n <= s->n_rows) return 0;
    for (unsigned i = 0; i < s->n_columns; i++) VM_TRY(reserve_column(s->columns[i], n));
    s->n_rows = n;
    return 0;
}

VmColumn *vm_scores_find(const VmScores *s, const char *name)
{
    for (unsigned i = 0; i < s->n_columns; i++)
        if (!strcmp(s->columns[i]->key, name) || !strcmp(s->columns[i]->label, name))
            return s->columns[i];
    return NULL;
}

void vm_column_put_bits(VmColumn *c, unsigned row, uint64_t bits)
{
    unsigned offset;
    const int k = chunk_of(row - c->base, &offset);
    c->chunks[k][offset] = bits;
}

void vm_column_put(VmColumn *c, unsigned row, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    vm_column_put_bits(c, row, bits);
}

int vm_column_get_bits(const VmColumn *c, unsigned row, uint64_t *bits)
{
    unsigned offset;
    if (!c || row < c->base) return -ENODATA;
    const int k = chunk_of(row - c->base, &offset);
    if (k >= VM_SCORE_CHUNKS || !c->chunks[k] || c->chunks[k][offset] == VM_UNWRITTEN)
        return -ENODATA;
    *bits = c->chunks[k][offset];
    return 0;
}

int vm_column_get(const VmColumn *c, unsigned row, double *value)
{
    uint64_t bits;
    VM_TRY(vm_column_get_bits(c, row, &bits));
    memcpy(value, &bits, sizeof(bits));
    return 0;
}

void vm_pooling_add(VmPooling *p, double value)
{
    p->sum += value;
    p->inverse += 1. / (value + 1.);
    if (!p->n || value < p->min) p->min = value;
    if (!p->n || value > p->max) p->max = value;
    p->n++;
}

int vm_pooling_end(const VmPooling *p, VmPooled *pooled)
{
    const double n = (double)p->n;
    if (!p->n) return -ENODATA;
    *pooled = (VmPooled){p->min, p->max, p->sum / n, n / p->inverse - 1.};
    return 0;
}

double vm_pooled_by(const VmPooled *p, enum VmafPoolingMethod method)
{
    return method == VMAF_POOL_METHOD_MIN    ? p->min
           : method == VMAF_POOL_METHOD_MAX  ? p->max
           : method == VMAF_POOL_METHOD_MEAN ? p->mean
                                             : p->harmonic_mean;
}

int vm_column_pool(const VmColumn *c, unsigned low, unsigned high, unsigned step, VmPooled *pooled)
{
    VmPooling p = {0};
    for (unsigned i = low; i <= high && i >= low; i++) {
        if (step > 1 && i % step) continue;
        double v;
        VM_TRY(vm_column_get(c, i, &v));
        vm_pooling_add(&p, v);
    }
    return vm_pooling_end(&p, pooled);
}

double vm_percentile(const double *sorted, unsigned n, double p)
{
    const double position = p * (n - 1) / 100;
    const double low = floor(position), high = ceil(position);
    const unsigned i = (unsigned)low, j = (unsigned)high;
    if (i == j) return sorted[i];
    return sorted[i] * (high - position) + sorted[j] * (position - low);
}

int vm_compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
