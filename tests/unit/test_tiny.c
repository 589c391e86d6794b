/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models from C: what is written is read back and computes the same; no memory is no crash. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "kernels/dense_scalar.h"
#include "tiny/onnx_write.h"
#include "tiny/tiny.h"

enum { IN = 3, HIDDEN = 5, ROWS = 61 };

static float w1[HIDDEN * IN], b1[HIDDEN], w2[HIDDEN], b2[1] = {0.25f};
static const VmOnnxMeta meta[] = {
    {"tinyvmaf.schema", "1"}, {"features", "a,b,c"}, {"trained", "1"}};

static VmNet make_net(VmNetLayer layers[2], enum VmActivation activation)
{
    for (int i = 0; i < HIDDEN * IN; i++) w1[i] = (float)(i % 7 - 3) * 0.3f;
    for (int i = 0; i < HIDDEN; i++) {
        b1[i] = (float)(i - 2) * 0.1f;
        w2[i] = (float)(2 - i) * 0.7f;
    }
    layers[0] = (VmNetLayer){IN, HIDDEN, activation, w1, b1};
    layers[1] = (VmNetLayer){HIDDEN, 1, VM_ACT_NONE, w2, b2};
    return (VmNet){2, layers, 1, -1, 1};
}

static double activate(enum VmActivation activation, double x)
{
    switch (activation) {
    case VM_ACT_RELU: return x > 0 ? x : 0;
    case VM_ACT_TANH: return tanh(x);
    case VM_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case VM_ACT_SOFTSIGN: return x / (1 + fabs(x));
    case VM_ACT_SQUARE: return x * x;
    case VM_ACT_GELU: return x * (1 + erf(x / sqrt(2))) / 2;
    default: return x;
    }
}

static double expected(enum VmActivation activation, const float *row)
{
    double y = b2[0];
    for (int o = 0; o < HIDDEN; o++) {
        double sum = b1[o];
        for (int i = 0; i < IN; i++) sum += (double)w1[o * IN + i] * row[i];
        y += w2[o] * activate(activation, sum);
    }
    return fmin(fmax(y, -1), 1);
}

static void written_models_compute_the_same(void **state)
{
    (void)state;
    float rows[ROWS * IN], score[ROWS], stddev[ROWS];
    for (int i = 0; i < ROWS * IN; i++) rows[i] = (float)((i * 37) % 41) * 0.1f - 2;
    for (int a = VM_ACT_NONE; a <= VM_ACT_GELU; a++) {
        VmNetLayer layers[2], second_layers[2];
        VmError error = {""};
        void *bytes, *again;
        size_t size, again_size;
        VmTiny *m;
        const VmNet net = make_net(layers, (enum VmActivation)a);
        VmNet second = make_net(second_layers, VM_ACT_RELU);
        second.lo = 0;
        second.hi = INFINITY;
        assert_int_equal(vm_onnx_write(&bytes, &size, &net, &second, meta, 3, &error), 0);
        assert_int_equal(vm_onnx_write(&again, &again_size, &net, &second, meta, 3, &error), 0);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        assert_int_equal(vm_tiny_read(&m, bytes, size, "written", &error), 0);
        assert_true(vm_tiny_is_dense(m) && vm_tiny_has_stddev(m));
        assert_string_equal(vm_tiny_meta(m, "features"), "a,b,c");
        assert_string_equal(vm_tiny_meta(m, "schema"), "1");
        assert_null(vm_tiny_meta(m, "none"));
        assert_int_equal(vm_tiny_run(m, rows, ROWS, score, stddev), 0);
        for (int r = 0; r < ROWS; r++) {
            assert_true(fabs(score[r] - expected((enum VmActivation)a, rows + r * IN)) < 5e-6);
            assert_true(stddev[r] >= 0);
        }
        vm_tiny_free(m);
        vm_free(bytes);
        vm_free(again);
    }
}

/* The bounds that the documentation states. */
static void functions_are_near(void **state)
{
    (void)state;
    double worst_tanh = 0, worst_erf = 0;
    for (int i = -1200000; i <= 1200000; i++) {
        const float x = (float)i * 1e-5f;
        worst_tanh = fmax(worst_tanh, fabs((double)dense_tanh(x) - tanh((double)x)));
        worst_erf = fmax(worst_erf, fabs((double)dense_erf(x) - erf((double)x)));
        assert_true(fabsf(dense_tanh(x)) <= 1 && fabsf(dense_erf(x)) <= 1);
    }
    print_message("# tanh %.3g, erf %.3g\n", worst_tanh, worst_erf);
    assert_true(worst_tanh <= 4e-7);
    assert_true(worst_erf <= 7e-7);
    assert_true(dense_tanh(INFINITY) <= 1 && dense_tanh(-INFINITY) >= -1);
}

static void nets_that_do_not_fit(void **state)
{
    (void)state;
    VmNetLayer layers[2];
    VmError error = {""};
    void *bytes = NULL;
    size_t size = 0;
    VmNet net = make_net(layers, VM_ACT_RELU);
    layers[1].in = HIDDEN + 1;
    assert_int_equal(vm_onnx_write(&bytes, &size, &net, NULL, meta, 3, &error), -EINVAL);
    assert_non_null(strstr(error.text, "layer 2 of score"));
    net = make_net(layers, VM_ACT_RELU);
    w2[1] = NAN;
    assert_int_equal(vm_onnx_write(&bytes, &size, &net, NULL, meta, 3, &error), -EINVAL);
    assert_non_null(strstr(error.text, "not finite"));
    net = make_net(layers, VM_ACT_RELU);
    net.n_layers = 1;
    assert_int_equal(vm_onnx_write(&bytes, &size, &net, NULL, meta, 3, &error), -EINVAL);
    assert_non_null(strstr(error.text, "one value"));
    assert_null(bytes);
}

/* The k-th allocation fails, for every k. */
static void no_memory(void **state)
{
    (void)state;
    VmNetLayer layers[2];
    const VmNet net = make_net(layers, VM_ACT_GELU);
    void *bytes = NULL;
    size_t size = 0;
    VmError error = {""};
    int code = -ENOMEM;
    for (long k = 0; code; k++) {
        vm_alloc_fail_after(k);
        code = vm_onnx_write(&bytes, &size, &net, NULL, meta, 3, &error);
        vm_alloc_fail_after(-1);
        assert_true(!code || code == -ENOMEM);
    }
    code = -ENOMEM;
    for (long k = 0; code; k++) {
        VmTiny *m = NULL;
        vm_alloc_fail_after(k);
        code = vm_tiny_read(&m, bytes, size, "written", &error);
        vm_alloc_fail_after(-1);
        assert_true(k < 1000 && (!code) == (m != NULL));
        vm_tiny_free(m);
    }
    vm_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_models_compute_the_same),
        cmocka_unit_test(functions_are_near),
        cmocka_unit_test(nets_that_do_not_fit),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("tiny", tests, NULL, NULL);
}
