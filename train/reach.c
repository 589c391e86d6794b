/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "reach.h"

#include <math.h>
#include <stdlib.h>

#include "scores.h"
#include "tiny/seen.h"

/* Added to correlations' diagonal: features that say the same leave a matrix that can be inverted. */
static const double RIDGE = 1e-6;

typedef struct Rows {
    const VmSamples *samples;
    size_t n;
    unsigned width;
    double std[VM_INPUTS_MAX];
} Rows;

static void read_row(const Rows *rows, size_t i, double *x)
{
    double y;
    const float *row = vm_samples_row(rows->samples, i, &y);
    for (unsigned j = 0; j < rows->width; j++) x[j] = (double)row[j];
}

static void find_ranges(VmReach *r, const Rows *rows)
{
    double x[VM_INPUTS_MAX], sum[VM_INPUTS_MAX] = {0};
    for (size_t i = 0; i < rows->n; i++) {
        read_row(rows, i, x);
        for (unsigned j = 0; j < rows->width; j++) {
            r->min[j] = i ? VM_MIN(r->min[j], x[j]) : x[j];
            r->max[j] = i ? VM_MAX(r->max[j], x[j]) : x[j];
            sum[j] += x[j];
        }
    }
    for (unsigned j = 0; j < rows->width; j++) r->mean[j] = sum[j] / (double)rows->n;
}

/* matrix[i][j], j <= i: covariances, then correlations; the deviations go to rows->std, 1 for what is constant. */
static void correlate(const VmReach *r, Rows *rows, double matrix[][VM_INPUTS_MAX])
{
    const unsigned n = rows->width;
    double x[VM_INPUTS_MAX];
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j <= i; j++) matrix[i][j] = 0;
    for (size_t k = 0; k < rows->n; k++) {
        read_row(rows, k, x);
        for (unsigned i = 0; i < n; i++) x[i] -= r->mean[i];
        for (unsigned i = 0; i < n; i++)
            for (unsigned j = 0; j <= i; j++) matrix[i][j] += x[i] * x[j];
    }
    for (unsigned i = 0; i < n; i++) {
        const double std = sqrt(matrix[i][i] / (double)rows->n);
        rows->std[i] = std < 1e-6 ? 1 : std;
    }
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j < i; j++)
            matrix[i][j] /= (double)rows->n * rows->std[i] * rows->std[j];
        matrix[i][i] = 1 + RIDGE;
    }
}

/* The lower factor L of the matrix LL', in its place. Its pivots are RIDGE at least, but for rounding. */
static void factorise(double matrix[][VM_INPUTS_MAX], unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j <= i; j++) {
            double sum = matrix[i][j];
            for (unsigned k = 0; k < j; k++) sum -= matrix[i][k] * matrix[j][k];
            matrix[i][j] = i == j ? sqrt(VM_MAX(sum, RIDGE / 2)) : sum / matrix[j][j];
        }
}

/* The inverse of L, each column divided by its feature's deviation. */
static void whiten(VmReach *r, const Rows *rows, double factor[][VM_INPUTS_MAX])
{
    const unsigned n = rows->width;
    double inverse[VM_INPUTS_MAX], *at;
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = j; i < n; i++) {
            double sum = i == j;
            for (unsigned k = j; k < i; k++) sum -= factor[i][k] * inverse[k];
            inverse[i] = sum / factor[i][i];
            at = r->whitening + (size_t)i * (i + 1) / 2;
            at[j] = inverse[i] / rows->std[j];
        }
}

int vm_reach_of(VmReach *r, const VmSamples *s)
{
    Rows rows = {s, s->parts[0].n ? s->parts[0].n : vm_samples_count(s), s->width, {0}};
    double matrix[VM_INPUTS_MAX][VM_INPUTS_MAX], x[VM_INPUTS_MAX];
    double *distance = vm_alloc_array(rows.n, sizeof(*distance));
    if (!distance) return -ENOMEM;
    find_ranges(r, &rows);
    correlate(r, &rows, matrix);
    factorise(matrix, rows.width);
    whiten(r, &rows, matrix);
    for (size_t i = 0; i < rows.n; i++) {
        read_row(&rows, i, x);
        distance[i] = vm_seen_distance(r->mean, r->whitening, rows.width, x);
    }
    qsort(distance, rows.n, sizeof(*distance), vm_compare_doubles);
    r->distance = vm_percentile(distance, (unsigned)rows.n, 99.9);
    vm_free(distance);
    return 0;
}
