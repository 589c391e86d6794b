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
    VmFitted student;
} Mos;

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

static int fit_pulled(const Mos *m, double pull, const VmTable *rows, VmFitted *fitted,
                      VmError *error)
{
    VmFitSpec spec = *m->spec;
    spec.first = m->student.params;
    spec.scaling = &m->student.scaling;
    spec.pull = pull;
    spec.restarts = 1;
    spec.queries = 0;
    spec.lo = -INFINITY;
    spec.hi = INFINITY;
    return vm_fit(fitted, &spec, m->d->features, rows, error);
}

/* Squared errors on one group's rows of a fit without them. */
static int judge_group(const Mos *m, double pull, unsigned group, double *squares, VmError *error)
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
    int code = rows.n && rows.n < m->rows->n ? fit_pulled(m, pull, &rows, &fitted, error) : 0;
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

static int choose_pull(const Mos *m, double *pull, VmError *error)
{
    double best = INFINITY;
    *pull = pulls[VM_COUNT(pulls) - 1];
    for (size_t k = 0; k < VM_COUNT(pulls); k++) {
        double squares = 0;
        for (unsigned g = 0; g < m->d->n_groups; g++)
            VM_TRY(judge_group(m, pulls[k], g, &squares, error));
        if (squares <= 0 || squares >= best) continue;
        best = squares;
        *pull = pulls[k];
    }
    return 0;
}

int vm_mos_fit(VmFitted *fitted, const VmFitSpec *spec, const VmDataset *d, const VmTable *rows,
               double *pull, VmError *error)
{
    Mos m = {.spec = spec, .d = d, .rows = rows};
    VmFitSpec student = *spec;
    const VmTable none = {.n = 0};
    *fitted = (VmFitted){.params = NULL};
    student.queries = 8000;
    student.value = VM_TEACHER_RAW;
    student.snapshot_every = 0;
    int code = vm_fit(&m.student, &student, d->features, &none, error);
    if (!code) code = match_scale(&m, error);
    if (!code && spec->pull < 0) code = choose_pull(&m, pull, error);
    else *pull = spec->pull;
    if (!code) code = fit_pulled(&m, *pull, rows, fitted, error);
    vm_fitted_free(&m.student);
    return code;
}
