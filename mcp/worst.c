/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "worst.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double at(const VmFrameTable *t, unsigned row, unsigned column)
{
    return t->values[(size_t)row * t->n_columns + column];
}

int vm_worst_column(const VmFrameTable *table, const char *name)
{
    for (unsigned c = 0; c < table->n_columns; c++)
        if (!strcmp(table->columns[c], name)) return (int)c;
    return -1;
}

static int is_near(const VmFrameTable *t, unsigned row, const unsigned *rows, unsigned n,
                   unsigned gap)
{
    for (unsigned i = 0; i < n; i++) {
        const int64_t distance = (int64_t)t->frames[row] - t->frames[rows[i]];
        if (llabs(distance) <= gap) return 1; /* with gap 0: the frame itself */
    }
    return 0;
}

/* n is small, so one pass over the table for each is as good as sorting it. */
unsigned vm_worst_pick(const VmFrameTable *table, unsigned column, unsigned gap,
                       const atomic_int *stopped, unsigned *rows, unsigned n)
{
    unsigned found = 0;

    for (; found < n && !(found && stopped && atomic_load(stopped)); found++) {
        int64_t best = -1;
        for (unsigned i = 0; i < table->n_rows; i++) {
            const double v = at(table, i, column);
            if (!isfinite(v) || (best >= 0 && v >= at(table, (unsigned)best, column))) continue;
            if (!is_near(table, i, rows, found, gap)) best = i;
        }
        if (best < 0) break;
        rows[found] = (unsigned)best;
    }
    return found;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* scratch has a value for each row */
static double median(const VmFrameTable *t, unsigned column, double *scratch)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t->n_rows; i++)
        if (isfinite(at(t, i, column))) scratch[n++] = at(t, i, column);
    if (!n) return NAN;
    qsort(scratch, n, sizeof(*scratch), by_value);
    return n % 2 ? scratch[n / 2] : (scratch[n / 2 - 1] + scratch[n / 2]) / 2;
}

int vm_worst_usual(const VmFrameTable *table, const atomic_int *stopped, double **usual)
{
    double *medians = vm_alloc_array((size_t)table->n_columns + 1, sizeof(*medians));
    double *scratch = vm_alloc_array((size_t)table->n_rows + 1, sizeof(*scratch));
    int code = medians && scratch ? 0 : -ENOMEM;

    for (unsigned c = 0; !code && c < table->n_columns; c++) {
        if (atomic_load(stopped)) code = -ECANCELED;
        else medians[c] = median(table, c, scratch);
    }
    vm_free(scratch);
    if (code) vm_free(medians);
    else *usual = medians;
    return code;
}

static int by_points(const void *a, const void *b)
{
    const VmCulprit *x = a, *y = b;

    return (x->points < y->points) - (x->points > y->points);
}

/* Line 0: the frame as it is; line 1 + c: with column c at its median. */
static void fill_lines(const VmFrameTable *t, const double *usual, unsigned row, double *lines)
{
    const unsigned n = t->n_columns;

    for (unsigned i = 0; i <= n; i++)
        for (unsigned c = 0; c < n; c++) lines[(size_t)i * n + c] = at(t, row, c);
    for (unsigned c = 0; c < n; c++) lines[(size_t)(c + 1) * n + c] = usual[c];
}

static unsigned collect(const VmFrameTable *t, const double *lines, const double *scores,
                        VmCulprit *all)
{
    unsigned found = 0;

    for (unsigned c = 0; c < t->n_columns; c++) {
        const double points = scores[c + 1] - scores[0];
        if (!(points > 0)) continue;
        all[found++] = (VmCulprit){.column = c,
                                   .value = lines[c],
                                   .usual = lines[(size_t)(c + 1) * t->n_columns + c],
                                   .points = points};
    }
    qsort(all, found, sizeof(*all), by_points);
    return found;
}

int vm_worst_explain(const VmFrameTable *table, const VmafModel *model, const double *usual,
                     unsigned row, VmCulprit *culprits, unsigned n)
{
    const size_t columns = table->n_columns;
    double *lines = vm_alloc_array((columns + 1) * columns, sizeof(*lines));
    double *scores = vm_alloc_array(columns + 1, sizeof(*scores));
    VmCulprit *all = vm_alloc_array(columns + 1, sizeof(*all));
    unsigned found = 0;
    int code = lines && scores && all ? 0 : -ENOMEM;

    if (!code) {
        fill_lines(table, usual, row, lines);
        code = vmaf_ext_model_predict(model, (const char *const *)table->columns, table->n_columns,
                                      lines, columns + 1, NULL, scores, NULL, 0);
    }
    if (!code) found = VM_MIN(collect(table, lines, scores, all), n);
    if (found) memcpy(culprits, all, found * sizeof(*culprits));
    vm_free(lines);
    vm_free(scores);
    vm_free(all);
    return code == -ENOMEM ? code : (int)found;
}
