/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mos.h"

#include <math.h>
#include <string.h>

/* Per row; the strongest leaves the student as it is. */
static const double pulls[] = {1, 0.1, 1e-2, 1e-3, 1e-4};

typedef struct Mos {
    const VmFitSpec *spec;
    const VmDataset *d;
    const VmTable *rows;
    VmFitted student; /* its params are NULL if no teacher reads these features */
} Mos;

/* What is tried: how strong the pull to the student is, or with which start learning begins. */
typedef struct Trial {
    double pull;
    unsigned start;
} Trial;

/* Viewers' scores have another scale than the teacher's: the student is carried over by the line that fits
 * best, which only changes the scaling of its output. */
static int match_scale(Mos *m, VmError *error)
{
    const size_t n = m->rows->n, width = m->d->width;
    float *x = vm_alloc_array(n * width + 1, sizeof(*x));
    double *y = vm_alloc_array(n + 1, sizeof(*y));
    int code = x && y ? 0 : -ENOMEM;
    for (size_t i = 0; !code && i < n; i++)
        memcpy(x + i * width, m->rows->x + m->rows->pick[i] * width, width * sizeof(*x));
    if (!code) code = vm_fitted_predict(&m->student, NULL, x, n, y, 1);
    double mean_y = 0, mean_t = 0, yy = 0, yt = 0;
    for (size_t i = 0; !code && i < n; i++) {
        mean_y += y[i] / (double)n;
        mean_t += m->rows->y[m->rows->pick[i]] / (double)n;
    }
    for (size_t i = 0; !code && i < n; i++) {
        yy += (y[i] - mean_y) * (y[i] - mean_y);
        yt += (y[i] - mean_y) * (m->rows->y[m->rows->pick[i]] - mean_t);
    }
    const double slope = yy > 0 && yt != 0 ? yt / yy : 1;
    VmScaling *s = &m->student.scaling;
    s->target_mean = mean_t + slope * (s->target_mean - mean_y);
    s->target_std = fabs(slope) * s->target_std;
    vm_free(x);
    vm_free(y);
    if (!code && slope < 0)
        return vm_fail(error, -EINVAL, "viewers' scores fall where the teacher's rise");
    return code ? vm_fail_memory(error) : 0;
}

static int fit_trial(const Mos *m, Trial trial, const VmTable *rows, VmFitted *fitted,
                     VmError *error)
{
    VmFitSpec spec = *m->spec;
    spec.teacher = NULL; /* viewers are not asked by it */
    spec.restarts = 1;
    spec.queries = 0;
    spec.first_start = trial.start;
    if (m->student.params) {
        spec.first = m->student.params;
        spec.scaling = &m->student.scaling;
        spec.pull = trial.pull;
        spec.lo = -INFINITY;
        spec.hi = INFINITY;
    }
    return vm_fit(fitted, &spec, m->d->features, rows, error);
}

/* Squared errors on one group's rows of a fit without them. */
static int judge_group(const Mos *m, Trial trial, unsigned group, double *squares, VmError *error)
{
    const VmDataset *d = m->d;
    uint32_t *pick = vm_alloc_array(m->rows->n + 1, sizeof(*pick));
    VmTable rows = *m->rows;
    VmFitted fitted = {.params = NULL};
    if (!pick) return vm_fail_memory(error);
    rows.pick = pick;
    rows.n = 0;
    for (size_t i = 0; i < m->rows->n; i++)
        if (d->clips[d->clip[m->rows->pick[i]]].group != group) pick[rows.n++] = m->rows->pick[i];
    int code = rows.n && rows.n < m->rows->n ? fit_trial(m, trial, &rows, &fitted, error) : 0;
    for (size_t i = 0; !code && fitted.params && i < m->rows->n; i++) {
        const uint32_t row = m->rows->pick[i];
        double y = 0;
        if (d->clips[d->clip[row]].group != group) continue;
        code = vm_fitted_predict(&fitted, NULL, d->x + (size_t)row * d->width, 1, &y, 1);
        *squares += (y - m->rows->y[row]) * (y - m->rows->y[row]);
    }
    vm_fitted_free(&fitted);
    vm_free(pick);
    return code;
}

/* The trial that is best on groups left out in turn; the last of them if there is but one group. */
static int choose(const Mos *m, const Trial *trials, unsigned n, unsigned *chosen, VmError *error)
{
    double best = INFINITY;
    *chosen = n - 1;
    for (unsigned k = 0; n > 1 && k < n; k++) {
        double squares = 0;
        for (unsigned g = 0; g < m->d->n_groups; g++)
            VM_TRY(judge_group(m, trials[k], g, &squares, error));
        if (squares <= 0 || squares >= best) continue;
        best = squares;
        *chosen = k;
    }
    return 0;
}

/* The teacher's student, on the scale of the viewers. */
static int make_student(Mos *m, VmError *error)
{
    VmFitSpec spec = *m->spec;
    const VmTable none = {.n = 0};
    spec.queries = 8000;
    spec.value = VM_TEACHER_RAW;
    spec.snapshot_every = 0;
    VM_TRY(vm_fit(&m->student, &spec, m->d->features, &none, error));
    return match_scale(m, error);
}

static int fit_student(Mos *m, VmFitted *fitted, double *pull, VmError *error)
{
    Trial trials[VM_COUNT(pulls)];
    unsigned chosen = 0;
    for (size_t k = 0; k < VM_COUNT(pulls); k++) trials[k] = (Trial){pulls[k], 0};
    if (m->spec->pull >= 0) trials[0].pull = m->spec->pull;
    int code = make_student(m, error);
    if (!code && m->spec->pull < 0) code = choose(m, trials, VM_COUNT(pulls), &chosen, error);
    *pull = trials[chosen].pull;
    return code ? code : fit_trial(m, trials[chosen], m->rows, fitted, error);
}

static int fit_starts(Mos *m, VmFitted *fitted, VmError *error)
{
    const unsigned n = m->spec->restarts;
    unsigned chosen;
    Trial *trials = vm_alloc_array(n, sizeof(*trials));
    if (!trials) return vm_fail_memory(error);
    for (unsigned k = 0; k < n; k++)
        trials[k] = (Trial){0, n - 1 - k}; /* the first one comes last */
    int code = choose(m, trials, n, &chosen, error);
    if (!code) code = fit_trial(m, trials[chosen], m->rows, fitted, error);
    if (!code) {
        fitted->restarts = n;
        fitted->chosen = trials[chosen].start;
    }
    vm_free(trials);
    return code;
}

int vm_mos_fit(VmFitted *fitted, const VmFitSpec *spec, const VmDataset *d, const VmTable *rows,
               double *pull, VmError *error)
{
    Mos m = {.spec = spec, .d = d, .rows = rows};
    *fitted = (VmFitted){.params = NULL};
    const int code =
        spec->teacher ? fit_student(&m, fitted, pull, error) : fit_starts(&m, fitted, error);
    vm_fitted_free(&m.student);
    return code;
}
