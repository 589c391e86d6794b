/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* From features to a score. The order of operations is the definition's. */
#include "model_tiny.h"
#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A chroma feature that is exactly 0 (nothing to measure) is replaced by a guess from the guide. */
static void correct_chroma(const VmafModel *m, double *x)
{
    const VmModelFeature *guide = &m->features[m->chroma_guide];
    const VmModelFeature *guided = &m->features[m->chroma_guided];
    const double p = m->chroma_correction;
    const double g = (x[m->chroma_guide] - guide->intercept) / guide->slope;
    const double v = (x[m->chroma_guided] - guided->intercept) / guided->slope;
    if (v != 0) return;
    x[m->chroma_guided] = guided->slope * (-p * g + p) + guided->intercept;
}

double vm_model_raw(const VmafModel *m, const double *values)
{
    double x[VM_MAX_MODEL_FEATURES];
    if (m->tiny) return vm_model_tiny_run(m, values, 1, x, NULL, NULL) ? (double)NAN : x[0];
    for (unsigned j = 0; j < m->n_features; j++)
        x[j] = m->rescale ? m->features[j].slope * values[j] + m->features[j].intercept : values[j];
    if (m->chroma_correction != 0) correct_chroma(m, x);
    const double y = vm_svr_predict(m->svr, x);
    return m->rescale ? (y - m->intercept) / m->slope : y;
}

static double segment(const double a[2], const double b[2], double z)
{
    if (a[1] == b[1]) return a[1];
    double slope, offset;
    if (a[0] == 0) {
        offset = a[1];
        slope = (b[1] - offset) / b[0];
    } else {
        slope = (b[1] - a[1]) / (b[0] - a[0]);
        offset = a[1] - a[0] * slope;
    }
    return slope * z + offset;
}

static double piecewise(const VmTransform *t, double z)
{
    if (t->n_knots < 2) return z;
    double value = 0;
    const unsigned last = t->n_knots - 2;
    for (unsigned i = 0; i <= last; i++) {
        const double *a = t->knots[i], *b = t->knots[i + 1];
        if (!(a[0] < b[0] && a[1] <= b[1])) break;
        const int within = a[0] <= z && z <= b[0];
        if (within || (i == 0 && z < a[0]) || (i == last && z > b[0])) value = segment(a, b, z);
    }
    return value;
}

static double transformed(const VmTransform *t, double x)
{
    double z = x;
    if (t->has_p[0] || t->has_p[1] || t->has_p[2]) {
        z = 0;
        if (t->has_p[0]) z += t->p[0];
        if (t->has_p[1]) z += t->p[1] * x;
        if (t->has_p[2]) z += t->p[2] * x * x;
    }
    if (t->n_knots) z = piecewise(t, z);
    if (t->lte_in && z > x) z = x;
    if (t->gte_in && z < x) z = x;
    return z;
}

double vm_model_finish(const VmafModel *m, double raw)
{
    double y = m->transform.enabled ? transformed(&m->transform, raw) : raw;
    if (m->has_clip && y < m->clip_min) y = m->clip_min;
    if (m->has_clip && y > m->clip_max) y = m->clip_max;
    return y;
}

VmafModelCollectionScore vm_collection_score(const VmafModelCollection *c, double *raw)
{
    const VmafModel *rule = c->models[0];
    const double n = c->n, delta = 0.01;
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < c->n; i++) sum += raw[i];
    const double mean = sum / n;
    for (unsigned i = 0; i < c->n; i++) squares += (raw[i] - mean) * (raw[i] - mean);
    qsort(raw, c->n, sizeof(*raw), vm_compare_doubles);
    /* the spread is carried through transform and clip by their slope at the mean */
    const double slope =
        (vm_model_finish(rule, mean + delta) - vm_model_finish(rule, mean - delta)) / (2.0 * delta);
    VmafModelCollectionScore score = {.type = VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP};
    score.bootstrap.bagging_score = vm_model_finish(rule, mean);
    score.bootstrap.stddev = sqrt(squares / n) * slope;
    score.bootstrap.ci.p95.lo = vm_model_finish(rule, vm_percentile(raw, c->n, 2.5));
    score.bootstrap.ci.p95.hi = vm_model_finish(rule, vm_percentile(raw, c->n, 97.5));
    return score;
}
