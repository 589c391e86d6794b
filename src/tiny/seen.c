/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/seen.h"

#include <math.h>

typedef struct Reading {
    const VmTiny *model;
    const char *origin;
    VmError *error;
} Reading;

static int read_list(const Reading *r, const char *key, double *values, unsigned n, int *has)
{
    *has = vm_tiny_meta(r->model, key) != NULL;
    if (!*has || vm_tiny_numbers(r->model, key, values, n)) return 0;
    return vm_fail(r->error, -EINVAL, "model %s: its %s is no list of %u numbers", r->origin, key,
                   n);
}

int vm_seen_read(VmSeen *s, const VmTiny *model, const char *origin, VmError *error)
{
    const Reading r = {model, origin, error};
    int has[7];
    unsigned n;
    (void)vm_tiny_features(model, &n);
    *s = (VmSeen){.n = n};
    VM_TRY(read_list(&r, "data_min", s->data[0], n, &has[0]));
    VM_TRY(read_list(&r, "data_max", s->data[1], n, &has[1]));
    VM_TRY(read_list(&r, "box_min", s->box[0], n, &has[2]));
    VM_TRY(read_list(&r, "box_max", s->box[1], n, &has[3]));
    VM_TRY(read_list(&r, "data_mean", s->mean, n, &has[4]));
    VM_TRY(read_list(&r, "data_whitening", s->whitening, n * (n + 1) / 2, &has[5]));
    VM_TRY(read_list(&r, "data_distance", &s->distance, 1, &has[6]));
    s->has_data = has[0] && has[1];
    s->has_box = has[2] && has[3];
    s->has_distance = has[4] && has[5] && has[6];
    return 0;
}

int vm_seen_any(const VmSeen *s)
{
    return s->has_data || s->has_box || s->has_distance;
}

/* True for NaN. */
static int is_beyond(double min, double max, double slack, double x)
{
    return !(x >= min - slack && x <= max + slack);
}

double vm_seen_distance(const double *mean, const double *whitening, unsigned n, const double *x)
{
    double squares = 0;
    for (unsigned i = 0; i < n; i++) {
        double sum = 0;
        for (unsigned j = 0; j <= i; j++) sum += *whitening++ * (x[j] - mean[j]);
        squares += sum * sum;
    }
    return sqrt(squares);
}

VmOutside vm_seen_outside(const VmSeen *s, const double *x)
{
    VmOutside outside = VM_INSIDE;
    for (unsigned j = 0; j < s->n; j++) {
        const double min = s->data[0][j], max = s->data[1][j];
        if (s->has_box && is_beyond(s->box[0][j], s->box[1][j], 0, x[j])) return VM_OUTSIDE_BOX;
        if (s->has_data && is_beyond(min, max, 0.02 * (max - min), x[j]))
            outside = VM_OUTSIDE_TRAINING;
    }
    if (s->has_distance && !(vm_seen_distance(s->mean, s->whitening, s->n, x) <= s->distance))
        outside = VM_OUTSIDE_TRAINING;
    return outside;
}
