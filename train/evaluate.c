/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "rng.h"
#include "scores.h"
#include "tiny/seen.h"

/* ---- pooling ---- */

static const struct {
    enum VmafPoolingMethod method;
    const char *name;
} pools[] = {{VMAF_POOL_METHOD_MEAN, "mean"},
             {VMAF_POOL_METHOD_HARMONIC_MEAN, "harmonic_mean"},
             {VMAF_POOL_METHOD_MIN, "min"},
             {VMAF_POOL_METHOD_MAX, "max"}};

enum VmafPoolingMethod vm_pool_method(int i)
{
    return pools[i].method;
}

const char *vm_pool_name(enum VmafPoolingMethod method)
{
    size_t i = 0;
    while (i + 1 < VM_COUNT(pools) && pools[i].method != method) i++;
    return pools[i].name;
}

/* ---- answers ---- */

/* "adm2" and "integer_adm2" are one feature. */
static const char *plain_name(const char *name)
{
    return strncmp(name, "integer_", 8) ? name : name + 8;
}

int vm_evaluate_columns(const VmTiny *model, const VmDataset *d, unsigned *column, VmError *error)
{
    unsigned n;
    const char *const *features = vm_tiny_features(model, &n);
    for (unsigned j = 0; j < n; j++) {
        unsigned k = 0;
        while (k < d->width && strcmp(plain_name(d->features[k]), plain_name(features[j]))) k++;
        if (k == d->width)
            return vm_fail(error, -EINVAL, "the model reads %s, which the data do not have",
                           features[j]);
        column[j] = k;
    }
    return 0;
}

/* Rows that are scored in one call: a clip's, as the engine does, since the scale of a quantised model is
 * taken from all of them; of other models no more than are good for the caches. */
static size_t batch_of(const VmTiny *model, const VmDataset *d, const uint32_t *rows, size_t n)
{
    const size_t most = vm_tiny_is_dynamic(model) ? n : VM_MIN(n, 4096);
    size_t i = 1;
    while (i < most && d->clip[rows[i]] == d->clip[rows[0]]) i++;
    return i;
}

int vm_evaluate_rows(const VmTiny *model, const VmDataset *d, const uint32_t *rows, size_t n,
                     double *predicted, float *spread, VmError *error)
{
    unsigned column[VM_TINY_MAX_FEATURES] = {0}, width;
    (void)vm_tiny_features(model, &width);
    VM_TRY(vm_evaluate_columns(model, d, column, error));
    size_t largest = 0;
    for (size_t i = 0; i < n;) {
        const size_t batch = batch_of(model, d, rows + i, n - i);
        largest = VM_MAX(largest, batch);
        i += batch;
    }
    float *x = vm_alloc_array(largest * (width + 1) + 1, sizeof(*x));
    if (!x) return vm_fail_memory(error);
    float *score = x + largest * width;
    int code = 0;
    for (size_t i = 0; !code && i < n;) {
        const size_t batch = batch_of(model, d, rows + i, n - i);
        for (size_t r = 0; r < batch; r++)
            for (unsigned j = 0; j < width; j++)
                x[r * width + j] = d->x[(size_t)rows[i + r] * d->width + column[j]];
        code = vm_tiny_run(model, x, batch, score, spread ? spread + i : NULL);
        for (size_t r = 0; r < batch; r++) predicted[i + r] = (double)score[r];
        i += batch;
    }
    vm_free(x);
    return code ? vm_fail_memory(error) : 0;
}

/* ---- speed ---- */

int vm_evaluate_latency(const VmTiny *model, size_t rows, unsigned calls, VmLatency *latency)
{
    enum { WARM_UP = 5 };
    unsigned width;
    (void)vm_tiny_features(model, &width);
    float *x = vm_alloc_array(rows * (width + 1), sizeof(*x));
    double *times = vm_alloc_array(calls, sizeof(*times));
    int code = x && times ? 0 : -ENOMEM;
    VmRng rng = vm_rng(0, 0);
    for (size_t i = 0; !code && i < rows * width; i++) x[i] = (float)vm_rng_normal(&rng);
    /* one row takes no longer than reading the clock: calls are timed in bunches */
    const unsigned bunch = rows < 16 ? 256 : 1;
    for (unsigned i = 0; !code && i < calls + WARM_UP; i++) {
        const double start = vm_clock();
        for (unsigned k = 0; !code && k < bunch; k++)
            code = vm_tiny_run(model, x, rows, x + rows * width, NULL);
        if (i >= WARM_UP) times[i - WARM_UP] = (vm_clock() - start) * 1e9 / bunch;
    }
    if (!code) {
        qsort(times, calls, sizeof(*times), vm_compare_doubles);
        latency->p50 = vm_percentile(times, calls, 50);
        latency->p95 = vm_percentile(times, calls, 95);
    }
    vm_free(x);
    vm_free(times);
    return code;
}

/* ---- parts ---- */

/* Answers and truths (behind the n answers) of one source: those numbered in rows. */
static int one_source(VmEvaluation *e, const VmDataset *d, const size_t *rows, size_t n,
                      double *side)
{
    VmSourceFigures *f = &e->sources[e->n_sources];
    uint32_t last = UINT32_MAX;
    f->n_clips = 0;
    for (size_t k = 0; k < n; k++) {
        const uint32_t clip = d->clip[e->rows[rows[k]]];
        f->n_clips += clip != last;
        last = clip;
        side[k] = e->predicted[rows[k]];
        side[n + k] = e->truth[rows[k]];
    }
    f->source = d->sources[d->clips[last].source];
    VM_TRY(vm_metrics(&f->metrics, side, side + n, n));
    if (f->metrics.rmse > e->sources[e->worst_source].metrics.rmse) e->worst_source = e->n_sources;
    e->n_sources++;
    return 0;
}

static unsigned source_of(const VmEvaluation *e, const VmDataset *d, size_t i)
{
    return d->clips[d->clip[e->rows[i]]].source;
}

/* Rows by source, in their order within it; those of source s end before end[s]. There may be as many
 * sources as rows, so neither is gone through for each of the other. */
static void sort_by_source(const VmEvaluation *e, const VmDataset *d, size_t *rows, size_t *end)
{
    size_t first = 0;
    for (size_t i = 0; i < e->n; i++) end[source_of(e, d, i)]++;
    for (unsigned s = 0; s < d->n_sources; s++) {
        const size_t n = end[s];
        end[s] = first;
        first += n;
    }
    for (size_t i = 0; i < e->n; i++) rows[end[source_of(e, d, i)]++] = i;
}

static int source_figures(VmEvaluation *e, const VmDataset *d)
{
    double *side = vm_alloc_array(2 * e->n, sizeof(*side));
    size_t *rows = vm_alloc_array(e->n, sizeof(*rows));
    size_t *end = vm_alloc_array(d->n_sources, sizeof(*end));
    e->sources = vm_alloc_array(d->n_sources, sizeof(*e->sources));
    int code = side && rows && end && e->sources ? 0 : -ENOMEM;
    if (!code) sort_by_source(e, d, rows, end);
    for (unsigned s = 0; !code && s < d->n_sources; s++) {
        const size_t first = s ? end[s - 1] : 0;
        if (end[s] > first) code = one_source(e, d, rows + first, end[s] - first, side);
    }
    vm_free(side);
    vm_free(rows);
    vm_free(end);
    return code;
}

/* Means over the rows of each clip, and their figures. */
static int clip_figures(VmEvaluation *e, const VmDataset *d)
{
    double *p = vm_alloc_array(2 * e->n, sizeof(*p)), *t = p ? p + e->n : NULL;
    size_t n = 0;
    if (!p) return -ENOMEM;
    for (size_t i = 0; i < e->n; n++) {
        const uint32_t clip = d->clip[e->rows[i]];
        VmPooling pooling[2] = {{0}, {0}};
        VmPooled pooled[2];
        for (; i < e->n && d->clip[e->rows[i]] == clip; i++) {
            vm_pooling_add(&pooling[0], e->predicted[i]);
            vm_pooling_add(&pooling[1], e->truth[i]);
        }
        for (int k = 0; k < 2; k++) (void)vm_pooling_end(&pooling[k], &pooled[k]);
        p[n] = vm_pooled_by(&pooled[0], e->pool);
        t[n] = vm_pooled_by(&pooled[1], e->pool);
    }
    const int code = vm_metrics(&e->per_clip, p, t, n);
    vm_free(p);
    return code;
}

static int intervals(VmEvaluation *e, const VmDataset *d, const VmEvalOptions *o)
{
    uint32_t *clip = vm_alloc_array(e->n, sizeof(*clip));
    unsigned n = 0;
    if (!clip) return -ENOMEM;
    for (size_t i = 0; i < e->n; i++) {
        if (i && d->clip[e->rows[i]] != d->clip[e->rows[i - 1]]) n++;
        clip[i] = n;
    }
    const int code = vm_metrics_bootstrap(&e->ci, e->predicted, e->truth, e->n, clip, n + 1,
                                          o->draws, o->seed, o->n_threads);
    vm_free(clip);
    return code;
}

static double error_of(const VmEvaluation *e, size_t i)
{
    return fabs(e->predicted[i] - e->truth[i]);
}

static void find_worst(VmEvaluation *e)
{
    for (size_t i = 0; i < e->n; i++) {
        unsigned at = e->n_worst;
        while (at && error_of(e, i) > error_of(e, e->worst[at - 1])) at--;
        if (at == VM_WORST_ROWS) continue;
        if (e->n_worst < VM_WORST_ROWS) e->n_worst++;
        memmove(e->worst + at + 1, e->worst + at, (e->n_worst - 1 - at) * sizeof(*e->worst));
        e->worst[at] = i;
    }
}

/* Fractions of rows outside of what the model has seen, if it says what. */
static int outside(VmEvaluation *e, const VmTiny *model, const VmDataset *d, VmError *error)
{
    unsigned column[VM_TINY_MAX_FEATURES] = {0};
    size_t count[3] = {0};
    VmSeen *seen = vm_alloc(sizeof(*seen));
    int code = seen ? vm_seen_read(seen, model, "to be evaluated", error) : vm_fail_memory(error);
    if (!code) code = vm_evaluate_columns(model, d, column, error);
    for (size_t i = 0; !code && i < e->n; i++) {
        double x[VM_TINY_MAX_FEATURES];
        for (unsigned j = 0; j < seen->n; j++)
            x[j] = (double)d->x[(size_t)e->rows[i] * d->width + column[j]];
        count[vm_seen_outside(seen, x)]++;
    }
    if (!code && seen->has_box) e->out_of_box = (double)count[VM_OUTSIDE_BOX] / (double)e->n;
    if (!code && vm_seen_any(seen))
        e->out_of_data =
            (double)(count[VM_OUTSIDE_TRAINING] + count[VM_OUTSIDE_BOX]) / (double)e->n;
    vm_free(seen);
    return code;
}

/* ---- the whole ---- */

static int figures(VmEvaluation *e, const VmTiny *model, const VmDataset *d, const VmEvalOptions *o)
{
    VM_TRY(vm_metrics(&e->all, e->predicted, e->truth, e->n));
    VM_TRY(source_figures(e, d));
    VM_TRY(clip_figures(e, d));
    find_worst(e);
    if (o->draws) VM_TRY(intervals(e, d, o));
    if (!model) return 0;
    if (!o->latency) return 0;
    e->has_latency = 1;
    VM_TRY(vm_evaluate_latency(model, 240, 50, &e->rows_240));
    return vm_evaluate_latency(model, 1, 200, &e->row_1);
}

/* model NULL: the answers are given. */
static int evaluate(VmEvaluation *e, const VmTiny *model, const double *given, const VmDataset *d,
                    const VmEvalOptions *o, VmError *error)
{
    const size_t n = e->n;
    const int has_spread = model && vm_tiny_has_stddev(model);
    if (!n) return vm_fail(error, -EINVAL, "there are no rows to evaluate");
    e->predicted = vm_alloc_array(n, sizeof(*e->predicted));
    e->truth = vm_alloc_array(n, sizeof(*e->truth));
    if (has_spread) e->spread = vm_alloc_array(n, sizeof(*e->spread));
    if (!e->predicted || !e->truth || (has_spread && !e->spread)) return vm_fail_memory(error);
    if (given) memcpy(e->predicted, given, n * sizeof(*given));
    else VM_TRY(vm_evaluate_rows(model, d, e->rows, n, e->predicted, e->spread, error));
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = e->rows[i];
        e->truth[i] = o->raw ? d->raw[row] : d->clipped[row];
        if (!isfinite(e->predicted[i]))
            return vm_fail(error, -ERANGE,
                           "the model gives no number for row %u (clip %s, frame %u)", row,
                           d->clips[d->clip[row]].key, d->frame[row]);
    }
    if (vm_watch_cancelled(o->watch)) return vm_fail(error, -ECANCELED, "cancelled");
    if (model) VM_TRY(outside(e, model, d, error));
    return figures(e, model, d, o) ? vm_fail_memory(error) : 0;
}

int vm_evaluate(VmEvaluation *e, const VmTiny *model, const VmDataset *d, const uint32_t *rows,
                size_t n, const VmEvalOptions *o, VmError *error)
{
    *e = (VmEvaluation){.n = n,
                        .rows = rows,
                        .pool = o->pool ? o->pool : VMAF_POOL_METHOD_MEAN,
                        .out_of_box = NAN,
                        .out_of_data = NAN};
    return evaluate(e, model, NULL, d, o, error);
}

int vm_evaluate_given(VmEvaluation *e, const double *predicted, const VmDataset *d,
                      const uint32_t *rows, size_t n, const VmEvalOptions *o, VmError *error)
{
    *e = (VmEvaluation){.n = n,
                        .rows = rows,
                        .pool = o->pool ? o->pool : VMAF_POOL_METHOD_MEAN,
                        .out_of_box = NAN,
                        .out_of_data = NAN};
    return evaluate(e, NULL, predicted, d, o, error);
}

void vm_evaluation_free(VmEvaluation *e)
{
    vm_free(e->predicted);
    vm_free(e->truth);
    vm_free(e->spread);
    vm_free(e->sources);
    *e = (VmEvaluation){0};
}
