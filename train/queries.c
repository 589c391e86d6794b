/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "queries.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MAX_MOTION = 60;

enum Kind { KIND_OTHER, KIND_ADM, KIND_VIF, KIND_MOTION };

static enum Kind kind_of(const char *name)
{
    if (!strncmp(name, "integer_", 8)) name += 8;
    const size_t n = strlen(name);
    /* whatever options follow */
    if (n >= 4 && !strncmp(name, "adm2", 4) && strchr("_", name[4])) return KIND_ADM;
    if (n >= 10 && !strncmp(name, "vif_scale", 9) && strchr("0123", name[9]) &&
        strchr("_", name[10]))
        return KIND_VIF;
    return n >= 7 && !strncmp(name, "motion2", 7) && strchr("_", name[7]) ? KIND_MOTION
                                                                          : KIND_OTHER;
}

static const float *row_of(const VmTable *rows, unsigned width, size_t i)
{
    return rows->x + (rows->pick ? rows->pick[i] : i) * width;
}

static void range_of(const VmTable *rows, unsigned width, unsigned j, double *lo, double *hi)
{
    *lo = *hi = rows->n ? (double)row_of(rows, width, 0)[j] : 0;
    for (size_t i = 1; i < rows->n; i++) {
        const double x = (double)row_of(rows, width, i)[j];
        *lo = VM_MIN(*lo, x);
        *hi = VM_MAX(*hi, x);
    }
    const double margin = 0.1 * (*hi - *lo);
    *lo -= margin;
    *hi += margin;
}

void vm_queries_box(VmBox *box, char *const *names, unsigned width, const VmTable *rows)
{
    for (unsigned j = 0; j < width; j++) {
        switch (kind_of(names[j])) {
        case KIND_ADM:
            box->min[j] = 0.2;
            box->max[j] = 1.02;
            break;
        case KIND_VIF:
            box->min[j] = 0;
            box->max[j] = 1.02;
            break;
        case KIND_MOTION:
            box->min[j] = 0;
            box->max[j] = MAX_MOTION;
            break;
        default: range_of(rows, width, j, &box->min[j], &box->max[j]);
        }
    }
}

typedef struct Draw {
    char *const *names;
    unsigned width;
    const VmTable *rows;
    const VmBox *box;
    VmRng *rng;
    double std[VM_INPUTS_MAX];
} Draw;

/* VIF grows from scale to scale in nearly every frame: the draws are handed out in ascending order. */
static void sorted_uniform(Draw *d, double *u, unsigned n, int towards_one)
{
    for (unsigned i = 0; i < n; i++) {
        double x = vm_rng_uniform(d->rng);
        if (towards_one) x = 1 - x * x;
        unsigned at = i;
        for (; at && u[at - 1] > x; at--) u[at] = u[at - 1];
        u[at] = x;
    }
}

static void from_box(Draw *d, double *x)
{
    const int alone = !d->rows->n;
    const int towards_one = alone && vm_rng_uniform(d->rng) < 0.5;
    double vif[VM_INPUTS_MAX] = {0};
    unsigned n_vif = 0, next = 0;
    for (unsigned j = 0; j < d->width; j++) n_vif += kind_of(d->names[j]) == KIND_VIF;
    sorted_uniform(d, vif, n_vif, towards_one);
    for (unsigned j = 0; j < d->width; j++) {
        const double u = vm_rng_uniform(d->rng), least_adm = alone ? 0.3 : 0.25;
        switch (kind_of(d->names[j])) {
        case KIND_ADM: x[j] = least_adm + (1 - least_adm) * u; break;
        case KIND_VIF: x[j] = vif[next++]; break;
        case KIND_MOTION:
            /* what videos have, and as often any amount up to the limit */
            x[j] = u < 0.5 ? (alone ? 8 : 7) * vm_rng_exponential(d->rng)
                           : MAX_MOTION * vm_rng_uniform(d->rng);
            break;
        default: x[j] = d->box->min[j] + u * (d->box->max[j] - d->box->min[j]);
        }
    }
}

static void from_rows(Draw *d, double *x)
{
    const float *a = row_of(d->rows, d->width, vm_rng_below(d->rng, d->rows->n));
    const float *b = row_of(d->rows, d->width, vm_rng_below(d->rng, d->rows->n));
    const double u = -0.3 + 1.6 * vm_rng_uniform(d->rng);
    const double noise = 0.15 * vm_rng_exponential(d->rng);
    for (unsigned j = 0; j < d->width; j++)
        x[j] =
            u * (double)a[j] + (1 - u) * (double)b[j] + noise * d->std[j] * vm_rng_normal(d->rng);
}

void vm_queries_draw(float *out, size_t n, char *const *names, unsigned width, const VmTable *rows,
                     const VmBox *box, VmRng *rng)
{
    Draw d = {.names = names, .width = width, .rows = rows, .box = box, .rng = rng};
    VmSamples samples = {.width = width, .parts = {*rows, {0}}};
    double x[VM_INPUTS_MAX] = {0};
    vm_samples_scale(&samples);
    memcpy(d.std, samples.scaling.std, sizeof(d.std));
    for (size_t i = 0; i < n; i++, out += width) {
        if (rows->n && i % 2 == 0) from_rows(&d, x);
        else from_box(&d, x);
        for (unsigned j = 0; j < width; j++)
            out[j] = (float)VM_MIN(VM_MAX(x[j], box->min[j]), box->max[j]);
    }
}
