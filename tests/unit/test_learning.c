/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The trainer's arithmetic against independent implementations (tests/train/record.py) and against itself. */
#include "unit.h"

#include <jansson.h>
#include <math.h>

#include "conformal.h"
#include "fit.h"
#include "metrics.h"
#include "split.h"

#ifndef RECORDED
#error "the build says where the recorded values are"
#endif

/* ---- recorded values ---- */

static json_t *recorded(const char *name)
{
    char path[1024];
    json_error_t error;
    snprintf(path, sizeof(path), "%s/%s", RECORDED, name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root) fail_msg("%s: %s", path, error.text);
    return root;
}

static size_t numbers(const json_t *list, double *values)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        values[i] = json_number_value(json_array_get(list, i));
    return json_array_size(list);
}

static double number(const json_t *o, const char *key)
{
    assert_true(json_is_number(json_object_get(o, key)));
    return json_number_value(json_object_get(o, key));
}

/* The problems that record.py describes. */
enum { MAX_ROWS = 512, MAX_PARAMS = 600 };

typedef struct Problem {
    VmMlp mlp;
    VmSamples samples;
    float x[MAX_ROWS * 3];
    double y[MAX_ROWS], params[MAX_PARAMS];
    VmObjective o;
} Problem;

static void make_problem(Problem *p, const unsigned *widths, unsigned n, enum VmActivation between,
                         size_t rows)
{
    *p = (Problem){.samples = {.width = widths[0]}};
    assert_int_equal(vm_mlp_set(&p->mlp, widths, n, between, NULL), 0);
    for (size_t i = 0; i < rows; i++) {
        float *x = &p->x[i * widths[0]];
        for (unsigned j = 0; j < widths[0]; j++) x[j] = (float)sin(1.3 * (double)i + 2.1 * j + 0.7);
        const double third = (double)(widths[0] > 2 ? x[2] : x[0]);
        p->y[i] = 2 * sin((double)x[0]) + (double)x[1] * third + 0.3 * cos(2 * (double)i);
    }
    for (size_t k = 0; k < p->mlp.n_params; k++) p->params[k] = 0.4 * sin(3.7 * (double)k + 0.5);
    p->samples.parts[0] = (VmTable){p->x, p->y, NULL, rows};
    vm_scaling_none(&p->samples.scaling, widths[0]);
    p->o = (VmObjective){.mlp = &p->mlp, .samples = &p->samples, .huber = INFINITY, .n_threads = 2};
    assert_int_equal(vm_objective_open(&p->o, vm_dense_kernels(0)), 0);
}

static void reopen(Problem *p, enum VmPrecision precision, unsigned threads,
                   unsigned long long mask)
{
    vm_objective_close(&p->o);
    p->o.precision = precision;
    p->o.n_threads = threads;
    assert_int_equal(vm_objective_open(&p->o, vm_dense_kernels(mask)), 0);
}

/* Written out, for any number of layers. */
static double by_hand(const VmMlp *mlp, const double *params, const float *x)
{
    double h[64], z[64];
    for (unsigned j = 0; j < mlp->width[0]; j++) h[j] = (double)x[j];
    for (unsigned l = 0; l < mlp->n_layers; l++) {
        const unsigned in = mlp->width[l], out = mlp->width[l + 1];
        for (unsigned o = 0; o < out; o++) {
            z[o] = params[(size_t)in * out + o];
            for (unsigned k = 0; k < in; k++) z[o] += params[o * in + k] * h[k];
        }
        params += (size_t)(in + 1) * out;
        for (unsigned o = 0; o < out; o++) {
            const double v = z[o];
            const int last = l + 1 == mlp->n_layers;
            h[o] = last                                 ? v
                   : mlp->activation == VM_ACT_RELU     ? (v > 0 ? v : 0)
                   : mlp->activation == VM_ACT_TANH     ? tanh(v)
                   : mlp->activation == VM_ACT_SIGMOID  ? 1 / (1 + exp(-v))
                   : mlp->activation == VM_ACT_SOFTSIGN ? v / (1 + fabs(v))
                                                        : v * v;
        }
    }
    return h[0];
}

static Problem problem; /* large for a stack */

/* Adam divides by the size of the gradient: single precision, 6e-8 of a sum of 8 rows, moves a parameter by that
 * part of the rate, 1e-2, but where a component is itself the rest of a subtraction. */
static void check_adam(enum VmPrecision precision, double tolerance)
{
    json_t *root = recorded("adam.json");
    const json_t *steps = json_object_get(root, "params");
    double losses[10], expected[MAX_PARAMS];
    assert_int_equal(numbers(json_object_get(root, "losses"), losses), 10);
    /* 24 rows in batches of 8: ten steps are three epochs and a step, so the fourth is looked at as a whole */
    for (unsigned epochs = 1; epochs <= 3; epochs++) {
        VmTrack track = {0};
        const VmAdamOptions options = {
            .epochs = epochs, .batch = 8, .rate = number(root, "rate"), .in_order = 1};
        make_problem(&problem, (unsigned[]){3, 5, 4, 1}, 4, VM_ACT_RELU, 24);
        reopen(&problem, precision, 2, 0);
        assert_int_equal(vm_adam(&problem.o, &options, problem.params, &track, NULL), 0);
        const size_t n = numbers(json_array_get(steps, 3 * epochs - 1), expected);
        assert_int_equal(n, problem.mlp.n_params);
        for (size_t i = 0; i < n; i++)
            if (fabs(problem.params[i] - expected[i]) > tolerance)
                fail_msg("epoch %u, parameter %zu: %.17g instead of %.17g", epochs, i,
                         problem.params[i], expected[i]);
        const double *l = losses + 3 * (epochs - 1);
        assert_true(fabs(track.steps[epochs - 1].loss - (l[0] + l[1] + l[2]) / 3) < tolerance);
        vm_track_free(&track);
        vm_objective_close(&problem.o);
    }
    json_decref(root);
}

static void ten_steps_of_adam(void **state)
{
    (void)state;
    check_adam(VM_DOUBLE, 1e-10);
    check_adam(VM_SINGLE, 2e-6);
}

/* The problem of lm.json and lbfgs.json. */
static void make_least_squares(void)
{
    double q[MAX_PARAMS];
    make_problem(&problem, (unsigned[]){2, 3, 1}, 3, VM_ACT_TANH, 40);
    for (size_t k = 0; k < problem.mlp.n_params; k++) {
        q[k] = 1.5 * sin(2.3 * (double)k + 1);
        problem.params[k] = q[k] + 0.1 * sin(3.7 * (double)k + 0.5);
    }
    for (int i = 0; i < 40; i++)
        problem.y[i] = by_hand(&problem.mlp, q, &problem.x[2 * i]) + 0.05 * cos(2 * (double)i);
}

static void check_optimum(const json_t *root, double loss, double expected, double tolerance)
{
    double params[MAX_PARAMS];
    const size_t n = numbers(json_object_get(root, "params"), params);
    assert_int_equal(n, problem.mlp.n_params);
    if (fabs(loss - expected) > 1e-9) fail_msg("loss %.12g instead of %.12g", loss, expected);
    for (size_t i = 0; i < n; i++)
        if (fabs(problem.params[i] - params[i]) > tolerance)
            fail_msg("parameter %zu: %.9g instead of %.9g", i, problem.params[i], params[i]);
}

/* SciPy takes the Jacobian by differences, which is good for five digits. */
static void levenberg_marquardt_finds_the_optimum(void **state)
{
    (void)state;
    json_t *root = recorded("lm.json");
    VmTrack track = {0};
    const VmLmOptions options = {500, 1e-2, 0};
    make_least_squares();
    assert_int_equal(vm_lm(&problem.o, &options, problem.params, &track, NULL), 0);
    assert_true(fabs(track.steps[0].loss * 40 - number(root, "first_cost")) < 1e-10);
    check_optimum(root, track.steps[track.n_steps - 1].loss * 40, number(root, "cost"), 1e-4);
    for (unsigned i = 1; i < track.n_steps; i++)
        assert_true(track.steps[i].loss <= track.steps[i - 1].loss);
    vm_track_free(&track);
    vm_objective_close(&problem.o);
    json_decref(root);
}

/* SciPy's has differences for a gradient and stops a little earlier. */
static void lbfgs_finds_the_optimum(void **state)
{
    (void)state;
    json_t *root = recorded("lbfgs.json");
    VmTrack track = {0};
    make_least_squares();
    assert_int_equal(vm_lbfgs(&problem.o, NULL, problem.params, &track, NULL), 0);
    check_optimum(root, track.steps[track.n_steps - 1].loss, number(root, "loss"), 1e-2);
    vm_track_free(&track);
    vm_objective_close(&problem.o);
    json_decref(root);
}

static void metrics_are_those_of_scipy(void **state)
{
    (void)state;
    json_t *root = recorded("metrics.json"), *c;
    const char *name;
    json_object_foreach(json_object_get(root, "cases"), name, c)
    {
        double p[MAX_ROWS], t[MAX_ROWS];
        VmMetrics m;
        const size_t n = numbers(json_object_get(c, "predicted"), p);
        assert_int_equal(numbers(json_object_get(c, "truth"), t), n);
        assert_int_equal(vm_metrics(&m, p, t, n), 0);
        const char *const keys[] = {"plcc", "srocc", "krocc", "rmse"};
        for (int k = 0; k < 4; k++)
            if (fabs(vm_metric_of(&m, (enum VmMetric)k) - number(c, keys[k])) > 1e-12)
                fail_msg("%s of %s: %.17g", keys[k], name, vm_metric_of(&m, (enum VmMetric)k));
    }
    json_decref(root);
}

/* ---- against itself ---- */

static const enum VmActivation kinds[] = {VM_ACT_RELU, VM_ACT_TANH, VM_ACT_SIGMOID, VM_ACT_SOFTSIGN,
                                          VM_ACT_SQUARE};

static void check_forward(enum VmPrecision precision, enum VmActivation kind, double tolerance)
{
    double cost, sum = 0;
    make_problem(&problem, (unsigned[]){3, 17, 9, 5, 1}, 5, kind, 131);
    reopen(&problem, precision, 2, 0);
    assert_int_equal(vm_objective_cost(&problem.o, problem.params, &cost), 0);
    for (int i = 0; i < 131; i++) {
        const double e = by_hand(&problem.mlp, problem.params, &problem.x[3 * i]) - problem.y[i];
        sum += e * e;
    }
    if (fabs(cost - sum) > tolerance * sum)
        fail_msg("precision %d, activation %d: %.17g %.17g", precision, kind, cost, sum);
    vm_objective_close(&problem.o);
}

static void forward_is_the_formula(void **state)
{
    (void)state;
    for (size_t k = 0; k < VM_COUNT(kinds); k++) {
        check_forward(VM_DOUBLE, kinds[k], 1e-11);
        check_forward(VM_SINGLE, kinds[k], 1e-6);
    }
}

/* Every parameter, by central differences; with Huber's loss and a pull too. */
static void check_gradient(double huber, double pull, enum VmActivation kind)
{
    double gradient[MAX_PARAMS], cost, up, down;
    make_problem(&problem, (unsigned[]){3, 7, 4, 1}, 4, kind, 70);
    problem.o.huber = huber;
    problem.o.pull = pull;
    assert_int_equal(vm_objective_gradient(&problem.o, problem.params, &cost, gradient), 0);
    for (size_t i = 0; i < problem.mlp.n_params; i++) {
        const double kept = problem.params[i], h = 1e-6;
        problem.params[i] = kept + h;
        assert_int_equal(vm_objective_cost(&problem.o, problem.params, &up), 0);
        problem.params[i] = kept - h;
        assert_int_equal(vm_objective_cost(&problem.o, problem.params, &down), 0);
        problem.params[i] = kept;
        if (fabs((up - down) / (2 * h) - gradient[i]) > 1e-6 * (1 + cost))
            fail_msg("activation %d, parameter %zu: %g instead of %g", kind, i, gradient[i],
                     (up - down) / (2 * h));
    }
    vm_objective_close(&problem.o);
}

/* Double precision is checked by differences, single by double. */
static void check_single(enum VmActivation kind)
{
    double gradient[2][MAX_PARAMS], cost[2];
    make_problem(&problem, (unsigned[]){3, 17, 4, 1}, 4, kind, 70);
    for (int precision = VM_DOUBLE; precision <= VM_SINGLE; precision++) {
        reopen(&problem, (enum VmPrecision)precision, 1, 0);
        assert_int_equal(vm_objective_gradient(&problem.o, problem.params, &cost[precision],
                                               gradient[precision]),
                         0);
    }
    for (size_t i = 0; i < problem.mlp.n_params; i++)
        if (fabs(gradient[0][i] - gradient[1][i]) > 1e-6 * cost[0])
            fail_msg("activation %d, parameter %zu: %g instead of %g", kind, i, gradient[1][i],
                     gradient[0][i]);
    vm_objective_close(&problem.o);
}

static void gradients_are_finite_differences(void **state)
{
    (void)state;
    for (size_t k = 0; k < VM_COUNT(kinds); k++) check_gradient(INFINITY, 0, kinds[k]);
    for (size_t k = 0; k < VM_COUNT(kinds); k++) check_single(kinds[k]);
    check_gradient(0.5, 0.1, VM_ACT_TANH);
}

/* J'e is half the gradient; J'J by differences of single rows' outputs. */
static void normal_equations_are_those_of_the_rows(void **state)
{
    (void)state;
    enum { ROWS = 67 };
    static double jacobian[ROWS][MAX_PARAMS];
    double gradient[MAX_PARAMS], cost, same;
    make_problem(&problem, (unsigned[]){3, 5, 4, 1}, 4, VM_ACT_TANH, ROWS);
    const size_t n = problem.mlp.n_params, stride = vm_objective_stride(&problem.o);
    double *matrix = vm_alloc_aligned(((n + 1) * stride + 1) * sizeof(*matrix));
    assert_non_null(matrix);
    assert_int_equal(vm_objective_normal(&problem.o, problem.params, &cost, matrix), 0);
    assert_int_equal(vm_objective_gradient(&problem.o, problem.params, &same, gradient), 0);
    assert_true(cost == same);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(2 * matrix[n * stride + i] - gradient[i]) < 1e-10);
    for (size_t i = 0; i < n; i++) {
        const double kept = problem.params[i], h = 1e-5;
        for (int r = 0; r < ROWS; r++) {
            problem.params[i] = kept + h;
            jacobian[r][i] = by_hand(&problem.mlp, problem.params, &problem.x[3 * r]) / (2 * h);
            problem.params[i] = kept - h;
            jacobian[r][i] -= by_hand(&problem.mlp, problem.params, &problem.x[3 * r]) / (2 * h);
        }
        problem.params[i] = kept;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int r = 0; r < ROWS; r++) sum += jacobian[r][i] * jacobian[r][j];
            if (fabs(sum - matrix[i * stride + j]) > 1e-6)
                fail_msg("element %zu, %zu: %g instead of %g", i, j, matrix[i * stride + j], sum);
        }
    vm_free(matrix);
    vm_objective_close(&problem.o);
}

/* Whitened rows have covariance 1, whatever the features' units and however alike they are. */
static void reach_is_that_of_the_rows(void **state)
{
    (void)state;
    enum { N = 400 };
    static double z[N][3];
    VmReach reach;
    make_problem(&problem, (unsigned[]){3, 1}, 2, VM_ACT_NONE, N);
    for (int i = 0; i < N; i++)
        problem.x[3 * i + 2] = 100 * problem.x[3 * i] + 7 * (float)sin(0.37 * (double)i * i);
    assert_int_equal(vm_reach_of(&reach, &problem.samples), 0);
    int far = 0;
    for (int i = 0; i < N; i++) {
        const float *row = &problem.x[3 * i];
        const double x[3] = {(double)row[0], (double)row[1], (double)row[2]}, *w = reach.whitening;
        for (int a = 0; a < 3; a++)
            for (int b = 0; b <= a; b++)
                z[i][a] = (b ? z[i][a] : 0) + *w++ * (x[b] - reach.mean[b]);
        for (int j = 0; j < 3; j++) assert_true(x[j] >= reach.min[j] && x[j] <= reach.max[j]);
        far += sqrt(z[i][0] * z[i][0] + z[i][1] * z[i][1] + z[i][2] * z[i][2]) > reach.distance;
    }
    assert_int_equal(far, 1); /* 0.1 % of 400 lies between the last two */
    for (int a = 0; a < 3; a++)
        for (int b = 0; b <= a; b++) {
            double sum = 0;
            for (int i = 0; i < N; i++) sum += z[i][a] * z[i][b] / N;
            if (fabs(sum - (a == b)) > 0.02) fail_msg("covariance %d, %d: %g", a, b, sum);
        }
    /* a feature that is constant or the copy of another is no reason to fail */
    for (int i = 0; i < N; i++) problem.x[3 * i + 1] = 5;
    for (int i = 0; i < N; i++) problem.x[3 * i + 2] = problem.x[3 * i];
    assert_int_equal(vm_reach_of(&reach, &problem.samples), 0);
    assert_true(isfinite(reach.distance) && reach.distance < 10);
    vm_objective_close(&problem.o);
}

static int with_lm(VmTrack *track)
{
    const VmLmOptions options = {5, 1e-2, 1e-5};
    return vm_lm(&problem.o, &options, problem.params, track, NULL);
}

static int with_adam(VmTrack *track)
{
    const VmAdamOptions options = {.epochs = 2, .batch = 1900, .rate = 1e-3};
    return vm_adam(&problem.o, &options, problem.params, track, NULL);
}

/* Levels of the processor and numbers of threads leave no trace in the bits. */
static void check_machines(enum VmPrecision precision, int (*optimise)(VmTrack *track))
{
    const struct {
        unsigned long long mask;
        unsigned threads;
    } machines[] = {{0, 1}, {0, 2}, {0, 7}, {16, 1}, {8, 3}, {63, 2}};
    double first[MAX_PARAMS];
    for (size_t k = 0; k < VM_COUNT(machines); k++) {
        VmTrack track = {0};
        make_problem(&problem, (unsigned[]){3, 9, 6, 1}, 4, VM_ACT_TANH, MAX_ROWS);
        /* several chunks of rows: the same rows picked over and over */
        static uint32_t pick[5000];
        for (uint32_t i = 0; i < VM_COUNT(pick); i++) pick[i] = i * 7 % MAX_ROWS;
        problem.samples.parts[0].pick = pick;
        problem.samples.parts[0].n = VM_COUNT(pick);
        reopen(&problem, precision, machines[k].threads, machines[k].mask);
        assert_int_equal(optimise(&track), 0);
        if (!k) memcpy(first, problem.params, sizeof(first));
        assert_memory_equal(first, problem.params, problem.mlp.n_params * sizeof(*first));
        vm_track_free(&track);
        vm_objective_close(&problem.o);
    }
}

static void bits_do_not_depend_on_the_machine(void **state)
{
    (void)state;
    check_machines(VM_DOUBLE, with_lm);
    check_machines(VM_SINGLE, with_adam);
}

static void a_loss_that_is_no_number_stops_with_the_step(void **state)
{
    (void)state;
    VmTrack track = {0};
    VmError error = {{0}};
    const VmAdamOptions options = {.epochs = 400, .batch = 8, .rate = 1e30, .in_order = 1};
    make_problem(&problem, (unsigned[]){3, 5, 4, 1}, 4, VM_ACT_SQUARE, 24);
    assert_int_equal(vm_adam(&problem.o, &options, problem.params, &track, &error), -ERANGE);
    assert_non_null(strstr(error.text, "epoch"));
    assert_non_null(strstr(error.text, "step"));
    for (size_t i = 0; i < problem.mlp.n_params; i++) assert_true(isfinite(problem.params[i]));
    vm_track_free(&track);
    problem.y[3] = NAN;
    assert_int_equal(vm_lm(&problem.o, NULL, problem.params, &track, &error), -ERANGE);
    assert_non_null(strstr(error.text, "iteration 0"));
    vm_track_free(&track);
    assert_int_equal(vm_lbfgs(&problem.o, NULL, problem.params, &track, &error), -ERANGE);
    vm_track_free(&track);
    vm_objective_close(&problem.o);
}

static void cancelling_keeps_what_there_is(void **state)
{
    (void)state;
    atomic_int cancelled = 1;
    const VmWatch watch = {.cancelled = &cancelled};
    VmTrack track = {.watch = &watch};
    make_problem(&problem, (unsigned[]){3, 5, 4, 1}, 4, VM_ACT_TANH, 24);
    assert_int_equal(vm_lm(&problem.o, NULL, problem.params, &track, NULL), -ECANCELED);
    assert_int_equal(track.n_steps, 1);
    vm_track_free(&track);
    vm_objective_close(&problem.o);
}

/* The folded network in single precision answers as the scaled one in double does. */
static void folding_changes_nothing_but_rounding(void **state)
{
    (void)state;
    VmNet net;
    VmError error = {{0}};
    make_problem(&problem, (unsigned[]){3, 8, 5, 1}, 4, VM_ACT_TANH, 50);
    for (int i = 0; i < 50; i++) problem.x[3 * i + 2] = 20 + 7 * problem.x[3 * i + 2];
    vm_samples_scale(&problem.samples);
    VmFitted fitted = {.mlp = problem.mlp, .params = problem.params, .lo = -1, .hi = 1};
    fitted.scaling = problem.samples.scaling;
    double expected[50] = {0}, params[MAX_PARAMS], *at = params;
    assert_int_equal(vm_fitted_predict(&fitted, NULL, problem.x, 50, expected, 1), 0);
    assert_int_equal(vm_fitted_net(&fitted, NULL, &net, &error), 0);
    assert_true(net.has_clip && net.lo == -1 && net.hi == 1);
    for (unsigned l = 0; l < net.n_layers; l++) {
        for (unsigned i = 0; i < net.layers[l].in * net.layers[l].out; i++)
            *at++ = (double)net.layers[l].weights[i];
        for (unsigned i = 0; i < net.layers[l].out; i++) *at++ = (double)net.layers[l].biases[i];
    }
    for (int i = 0; i < 50; i++) {
        const double y = by_hand(&problem.mlp, params, &problem.x[3 * i]);
        assert_true(fabs(fmin(fmax(y, -1), 1) - expected[i]) < 2e-6);
    }
    vm_fitted_net_free(&net);
    problem.params[0] = 1e300;
    assert_int_equal(vm_fitted_net(&fitted, NULL, &net, &error), -ERANGE);
    vm_objective_close(&problem.o);
}

/* ---- metrics ---- */

static void what_is_not_defined_is_no_number(void **state)
{
    (void)state;
    const double a[] = {1, 1, 1}, b[] = {1, 2, 3};
    VmMetrics m;
    assert_int_equal(vm_metrics(&m, a, b, 3), 0);
    assert_true(isnan(m.plcc) && isnan(m.srocc) && isnan(m.krocc));
    assert_true(fabs(m.rmse - sqrt(5.0 / 3)) < 1e-15 && m.max_error == 2);
    assert_int_equal(vm_metrics(&m, a, b, 1), 0);
    assert_true(isnan(m.plcc) && m.rmse == 0);
    assert_int_equal(vm_metrics(&m, a, b, 0), 0);
    assert_true(isnan(m.rmse) && isnan(m.max_error));
}

/* Kendall's pairs counted one by one, on many small sets with ties. */
static void kendall_counts_every_pair(void **state)
{
    (void)state;
    VmRng rng = vm_rng(5, 0);
    for (int round = 0; round < 200; round++) {
        double p[40], t[40];
        const size_t n = 2 + vm_rng_below(&rng, 39);
        long balance = 0, tied_p = 0, tied_t = 0;
        VmMetrics m;
        for (size_t i = 0; i < n; i++) {
            p[i] = (double)vm_rng_below(&rng, 6);
            t[i] = (double)vm_rng_below(&rng, 6);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) {
                const int a = (p[i] > p[j]) - (p[i] < p[j]), b = (t[i] > t[j]) - (t[i] < t[j]);
                balance += a * b;
                tied_p += !a;
                tied_t += !b;
            }
        const double all = (double)n * (double)(n - 1) / 2;
        const double expected =
            (double)balance / sqrt((all - (double)tied_p) * (all - (double)tied_t));
        assert_int_equal(vm_metrics(&m, p, t, n), 0);
        if (isfinite(expected)) assert_true(fabs(m.krocc - expected) < 1e-12);
        else assert_true(isnan(m.krocc));
    }
}

/* Four sources with ten errors each, 1..10, 11..20 ...; worked out by hand. */
static void intervals_for_unseen_sources(void **state)
{
    (void)state;
    double errors[40];
    unsigned group[40];
    VmConformal c;
    for (unsigned i = 0; i < 40; i++) {
        errors[i] = i + 1;
        group[i] = i / 10;
    }
    /* a row has 1/40 of the mass: 90 % is at the 36th */
    assert_int_equal(vm_conformal(&c, errors, group, 40, 4, 0.9, 0), 0);
    assert_true(c.q == 36);
    /* without the last, 27 of 30 rows: it is not covered at all, the others are */
    assert_true(fabs(c.mean_coverage - 0.75) < 1e-12 && c.worst_coverage == 0);
    assert_int_equal(c.worst_group, 3);
    /* a fifth of the mass lies at infinity: 80 % takes all rows, more cannot be had */
    assert_int_equal(vm_conformal(&c, errors, group, 40, 4, 0.8, 1), 0);
    assert_true(c.q == 40);
    assert_int_equal(vm_conformal(&c, errors, group, 40, 4, 0.7, 1), 0);
    assert_true(c.q == 35);
    assert_int_equal(vm_conformal(&c, errors, group, 40, 4, 0.81, 1), 0);
    assert_true(isinf(c.q) && isnan(c.mean_coverage));
    assert_true(vm_conformal_limit(19) == 0.95);
    /* a source with one row counts as much as one with ten */
    assert_int_equal(vm_conformal(&c, errors, group, 11, 2, 0.5, 0), 0);
    assert_true(c.q == 10);
}

/* With one row a clip and every clip drawn once the figures are those of the rows. */
static void intervals_hold_the_figure(void **state)
{
    (void)state;
    double p[200], t[200];
    uint32_t clip[200];
    VmRng rng = vm_rng(1, 1);
    VmIntervals one, two;
    VmMetrics m;
    for (uint32_t i = 0; i < 200; i++) {
        t[i] = 100 * vm_rng_uniform(&rng);
        p[i] = t[i] + 5 * vm_rng_normal(&rng);
        clip[i] = i / 10;
    }
    assert_int_equal(vm_metrics(&m, p, t, 200), 0);
    assert_int_equal(vm_metrics_bootstrap(&one, p, t, 200, clip, 20, 500, 3, 1), 0);
    assert_int_equal(vm_metrics_bootstrap(&two, p, t, 200, clip, 20, 500, 3, 4), 0);
    assert_memory_equal(&one, &two, sizeof(one));
    for (int k = 0; k < VM_N_METRICS; k++) {
        const double value = vm_metric_of(&m, (enum VmMetric)k);
        assert_int_equal(one.draws[k], 500);
        assert_true(one.lo[k] < value && value < one.hi[k]);
    }
    assert_true(one.hi[VM_RMSE] - one.lo[VM_RMSE] < 2);
}

/* Names whose place in the split is documented. */
static void names_fall_where_they_should(void **state)
{
    (void)state;
    assert_int_equal(vm_split_part_of("BirdsInCage"), VM_PART_TEST);
    assert_int_equal(vm_split_part_of("Tennis"), VM_PART_TRAIN);
    assert_int_equal(vm_split_part_of("BigBuckBunny_20_288_375"), VM_PART_TRAIN);
    assert_int_equal(vm_split_part_of("Selfie"), VM_PART_VAL);
    assert_int_equal(vm_split_part_of("clip6"), VM_PART_TEST);
    int count[VM_N_PARTS] = {0};
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "clip%d", i);
        count[vm_split_part_of(name)]++;
    }
    assert_int_equal(count[VM_PART_TEST], 104);
    assert_int_equal(count[VM_PART_VAL], 102);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_of_adam),
        cmocka_unit_test(reach_is_that_of_the_rows),
        cmocka_unit_test(levenberg_marquardt_finds_the_optimum),
        cmocka_unit_test(lbfgs_finds_the_optimum),
        cmocka_unit_test(metrics_are_those_of_scipy),
        cmocka_unit_test(forward_is_the_formula),
        cmocka_unit_test(gradients_are_finite_differences),
        cmocka_unit_test(normal_equations_are_those_of_the_rows),
        cmocka_unit_test(bits_do_not_depend_on_the_machine),
        cmocka_unit_test(a_loss_that_is_no_number_stops_with_the_step),
        cmocka_unit_test(cancelling_keeps_what_there_is),
        cmocka_unit_test(folding_changes_nothing_but_rounding),
        cmocka_unit_test(names_fall_where_they_should),
        cmocka_unit_test(what_is_not_defined_is_no_number),
        cmocka_unit_test(kendall_counts_every_pair),
        cmocka_unit_test(intervals_for_unseen_sources),
        cmocka_unit_test(intervals_hold_the_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
