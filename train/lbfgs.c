/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Limited memory BFGS; the line search is that of Nocedal and Wright, Numerical Optimization, 3.5 and 3.6. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "optimise.h"

static const double SUFFICIENT = 1e-4, CURVATURE = 0.9;
enum { MAX_EVALUATIONS = 30, MAX_HISTORY = 100 };

/* A point on the line: step length, mean loss, slope along the line. */
typedef struct Point {
    double step, f, slope;
} Point;

typedef struct Lbfgs {
    VmObjective *o;
    size_t n;
    double samples;
    const double *params, *direction;
    double *trial, *trial_gradient; /* [n] at the last point looked at */
    int code;                       /* of an evaluation that failed */
} Lbfgs;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static int evaluate(Lbfgs *s, const double *params, double *f, double *gradient)
{
    VM_TRY(vm_objective_gradient(s->o, params, f, gradient));
    *f /= s->samples;
    for (size_t i = 0; i < s->n; i++) gradient[i] /= s->samples;
    return 0;
}

/* Where the loss is not finite it counts as infinitely high. */
static Point look(Lbfgs *s, double step)
{
    Point p = {step, INFINITY, 0};
    for (size_t i = 0; i < s->n; i++) s->trial[i] = s->params[i] + step * s->direction[i];
    const int code = evaluate(s, s->trial, &p.f, s->trial_gradient);
    if (code) s->code = code;
    p.slope = dot(s->trial_gradient, s->direction, s->n);
    if (code || !isfinite(p.f) || !isfinite(p.slope)) p = (Point){step, INFINITY, 0};
    return p;
}

/* Lowest point of the cubic through two points; the middle if there is none well inside. */
static double between(Point a, Point b)
{
    const double width = b.step - a.step, middle = a.step + 0.5 * width;
    if (!isfinite(b.f)) return a.step + 0.1 * width;
    const double d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.step - b.step);
    const double square = d1 * d1 - a.slope * b.slope;
    if (!(square >= 0)) return middle;
    const double d2 = copysign(sqrt(square), width);
    const double step = b.step - width * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
    const double inside = (step - a.step) / width;
    return inside > 0.05 && inside < 0.95 ? step : middle;
}

static int is_low_enough(Point start, Point p)
{
    return p.f <= start.f + SUFFICIENT * p.step * start.slope;
}

static int is_flat_enough(Point start, Point p)
{
    return fabs(p.slope) <= -CURVATURE * start.slope;
}

/* Between low, the best so far, and high there are points that satisfy both conditions. */
static Point zoom(Lbfgs *s, Point start, Point low, Point high, int left)
{
    for (; left > 0 && !s->code && fabs(high.step - low.step) > 1e-16 * fabs(low.step); left--) {
        const Point p = look(s, between(low, high));
        if (!is_low_enough(start, p) || p.f >= low.f) {
            high = p;
            continue;
        }
        if (is_flat_enough(start, p)) return p;
        if (p.slope * (high.step - low.step) >= 0) high = low;
        low = p;
    }
    return low.step > 0 ? look(s, low.step) : low; /* the arrays must be those of the point */
}

/* A step of 0 means that none was found. */
static Point search(Lbfgs *s, Point start, double step)
{
    Point before = start;
    for (int i = 0; i < MAX_EVALUATIONS && !s->code; i++) {
        const Point p = look(s, step);
        if (!is_low_enough(start, p) || (i && p.f >= before.f))
            return zoom(s, start, before, p, MAX_EVALUATIONS - i);
        if (is_flat_enough(start, p)) return p;
        if (p.slope >= 0) return zoom(s, start, p, before, MAX_EVALUATIONS - i);
        before = p;
        step *= 2;
    }
    return before;
}

/* The last pairs of changes, a ring. */
typedef struct History {
    unsigned room, n, next;
    double *s, *y; /* [room][size] */
    double rho[MAX_HISTORY];
    size_t size;
} History;

/* direction = -H gradient by the two loops. */
static void choose_direction(const History *h, const double *gradient, double *direction)
{
    double alpha[MAX_HISTORY];
    const size_t n = h->size;
    for (size_t i = 0; i < n; i++) direction[i] = -gradient[i];
    for (unsigned k = 0; k < h->n; k++) {
        const unsigned at = (h->next + h->room - 1 - k) % h->room;
        alpha[at] = h->rho[at] * dot(h->s + at * n, direction, n);
        for (size_t i = 0; i < n; i++) direction[i] -= alpha[at] * h->y[at * n + i];
    }
    if (h->n) {
        const unsigned last = (h->next + h->room - 1) % h->room;
        const double *y = h->y + last * n;
        const double scale = 1 / (h->rho[last] * dot(y, y, n));
        for (size_t i = 0; i < n; i++) direction[i] *= scale;
    }
    for (unsigned k = h->n; k-- > 0;) {
        const unsigned at = (h->next + h->room - 1 - k) % h->room;
        const double beta = h->rho[at] * dot(h->y + at * n, direction, n);
        for (size_t i = 0; i < n; i++) direction[i] += h->s[at * n + i] * (alpha[at] - beta);
    }
}

/* Pairs along which the gradient does not grow are left out: they would spoil the positive matrix. */
static void remember(History *h, const Lbfgs *s, const double *params, const double *gradient)
{
    double *ds = h->s + h->next * h->size, *dy = h->y + h->next * h->size;
    for (size_t i = 0; i < h->size; i++) {
        ds[i] = s->trial[i] - params[i];
        dy[i] = s->trial_gradient[i] - gradient[i];
    }
    const double sy = dot(ds, dy, h->size);
    if (!(sy > DBL_EPSILON * dot(dy, dy, h->size))) return;
    h->rho[h->next] = 1 / sy;
    h->next = (h->next + 1) % h->room;
    h->n = VM_MIN(h->n + 1, h->room);
}

static double largest(const double *x, size_t n)
{
    double m = 0;
    for (size_t i = 0; i < n; i++) m = VM_MAX(m, fabs(x[i]));
    return m;
}

static int minimise(Lbfgs *s, History *h, const VmLbfgsOptions *options, double *params,
                    double *gradient, double *direction, VmTrack *track, VmError *error)
{
    double f;
    VM_TRY(evaluate(s, params, &f, gradient));
    if (!isfinite(f)) return vm_fail(error, -ERANGE, "the loss is not finite at iteration 0");
    VM_TRY(vm_track_step(track, 0, options->iterations, f, 0, params, s->n));
    for (unsigned i = 1; i <= options->iterations; i++) {
        if (largest(gradient, s->n) <= options->least_gradient) return 0;
        choose_direction(h, gradient, direction);
        Point start = {0, f, dot(gradient, direction, s->n)};
        if (!(start.slope < 0)) { /* rounding: begin again along the gradient */
            h->n = 0;
            choose_direction(h, gradient, direction);
            start.slope = dot(gradient, direction, s->n);
        }
        const double first = h->n ? 1 : VM_MIN(1, 1 / sqrt(-start.slope));
        const Point p = search(s, start, first);
        if (s->code) return s->code;
        if (!(p.step > 0) || !(p.f < f)) return 0;
        remember(h, s, params, gradient);
        memcpy(params, s->trial, s->n * sizeof(*params));
        memcpy(gradient, s->trial_gradient, s->n * sizeof(*gradient));
        const double gain = (f - p.f) / VM_MAX(fabs(f), DBL_MIN);
        f = p.f;
        VM_TRY(vm_track_step(track, i, options->iterations, f, p.step, params, s->n));
        if (gain < options->least_gain) return 0;
    }
    return 0;
}

int vm_lbfgs(VmObjective *o, const VmLbfgsOptions *given, double *params, VmTrack *track,
             VmError *error)
{
    const VmLbfgsOptions options = given ? *given : (VmLbfgsOptions){1500, 20, 1e-9, 1e-14};
    const size_t n = o->mlp->n_params;
    History h = {.room = VM_MAX(1, VM_MIN(options.history, MAX_HISTORY)), .size = n};
    double *memory = vm_alloc_array(2 * h.room + 4, n * sizeof(double));
    if (!memory) return vm_fail_memory(error);
    double *gradient = memory, *direction = gradient + n, *trial = direction + n;
    Lbfgs s = {.o = o, .n = n, .samples = (double)vm_samples_count(o->samples)};
    s.params = params;
    s.direction = direction;
    s.trial = trial;
    s.trial_gradient = trial + n;
    h.s = trial + 2 * n;
    h.y = h.s + h.room * n;
    vm_track_start(track);
    const int code = minimise(&s, &h, &options, params, gradient, direction, track, error);
    vm_free(memory);
    return code == -ENOMEM ? vm_fail_memory(error) : code;
}
