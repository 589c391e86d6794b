/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tiny models from C: what is written is read back and computes the same; no memory is no crash. */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/dense_scalar.h"
#include "sha256.h"
#include "tiny/onnx_write.h"
#include "tiny/registry.h"
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

/* ---- registries and folders ---- */

/* A folder with a folder "in", which has m.onnx. */
typedef struct Place {
    char top[32], in[40], model[48], registry[56];
    void *bytes;
    size_t size;
} Place;

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void open_place(Place *p)
{
    static const VmOnnxMeta known[] = {
        {"tinyvmaf.schema", "1"}, {"features", "adm2,vif_scale0,motion2"}, {"trained", "1"}};
    VmNetLayer layers[2];
    const VmNet net = make_net(layers, VM_ACT_RELU);
    VmError error = {""};
    *p = (Place){.top = "/tmp/vmaf-tiny-XXXXXX"};
    assert_non_null(mkdtemp(p->top));
    snprintf(p->in, sizeof(p->in), "%s/in", p->top);
    snprintf(p->model, sizeof(p->model), "%s/m.onnx", p->in);
    snprintf(p->registry, sizeof(p->registry), "%s/registry.json", p->in);
    assert_int_equal(mkdir(p->in, 0700), 0);
    assert_int_equal(vm_onnx_write(&p->bytes, &p->size, &net, NULL, known, 3, &error), 0);
    write_file(p->model, p->bytes, p->size);
}

static void close_place(Place *p)
{
    unlink(p->registry);
    unlink(p->model);
    assert_int_equal(rmdir(p->in), 0);
    assert_int_equal(rmdir(p->top), 0);
    vm_free(p->bytes);
}

/* By the folder `in` if there is one, else by path, or by bytes. */
static int load_spec(const char *path, const char *in, const void *bytes, size_t size, char *error)
{
    VmafModel *m;
    VmafModelCollection *c;
    VmafModelSpec spec;
    vmaf_ext_model_spec_default(&spec);
    spec.tiny = path;
    spec.verify = 1;
    spec.json = bytes;
    spec.json_size = size;
    if (in) spec.folder = open(in, O_RDONLY | O_DIRECTORY);
    const int code = vmaf_ext_model_load(&m, &c, &spec, error, 256);
    if (in) close(spec.folder);
    vmaf_model_destroy(m);
    return code;
}

static void write_registry(const Place *p, const char *sha256)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"models\": [{\"onnx\": \"m.onnx\", \"sha256\": \"%s\"}]}",
             sha256);
    write_file(p->registry, text, strlen(text));
}

/* Verification was done by path alone: by folder and by bytes any model was taken. */
static void every_way_verifies(void **state)
{
    (void)state;
    const VmEmbeddedTiny *known = &vm_embedded_tiny[0];
    Place p;
    char error[256], sha256[65];
    open_place(&p);
    vm_sha256_hex(p.bytes, p.size, sha256);
    for (int by_folder = 0; by_folder < 2; by_folder++) {
        const char *in = by_folder ? p.in : NULL;
        unlink(p.registry);
        assert_int_equal(load_spec(p.model, in, NULL, 0, error), -EINVAL);
        assert_non_null(strstr(error, "no registry"));
        write_registry(&p, known->sha256);
        assert_int_equal(load_spec(p.model, in, NULL, 0, error), -EINVAL);
        assert_non_null(strstr(error, sha256));
        write_registry(&p, sha256);
        assert_int_equal(load_spec(p.model, in, NULL, 0, error), 0);
    }
    /* what is beside a file says nothing of bytes that are given under its name */
    assert_int_equal(load_spec(p.model, NULL, p.bytes, p.size, error), -EINVAL);
    assert_non_null(strstr(error, "given as bytes"));
    assert_int_equal(load_spec(p.model, NULL, known->bytes, known->size, error), 0);
    close_place(&p);
}

/* VMAF_TINY_MODEL_DIR held for paths alone: a folder outside of it was read. */
static void every_file_is_in_the_model_folder(void **state)
{
    (void)state;
    Place p;
    char error[256], sha256[65], sibling[40];
    open_place(&p);
    vm_sha256_hex(p.bytes, p.size, sha256);
    write_registry(&p, sha256);
    snprintf(sibling, sizeof(sibling), "%s/i", p.top);
    assert_int_equal(mkdir(sibling, 0700), 0);
    const struct {
        const char *root;
        int code;
    } cases[] = {{"", 0},  {p.in, 0},          {p.top, 0},
                 {"/", 0}, {sibling, -EACCES}, {"/nonexistent", -ENOENT}};
    for (size_t k = 0; k < VM_COUNT(cases); k++) {
        setenv("VMAF_TINY_MODEL_DIR", cases[k].root, 1);
        assert_int_equal(load_spec(p.model, NULL, NULL, 0, error), cases[k].code);
        assert_int_equal(load_spec(p.model, p.in, NULL, 0, error), cases[k].code);
        assert_int_equal(load_spec("m.onnx", p.in, NULL, 0, error), cases[k].code);
    }
    unsetenv("VMAF_TINY_MODEL_DIR");
    assert_int_equal(rmdir(sibling), 0);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_models_compute_the_same),
        cmocka_unit_test(functions_are_near),
        cmocka_unit_test(nets_that_do_not_fit),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(every_way_verifies),
        cmocka_unit_test(every_file_is_in_the_model_folder),
    };
    return cmocka_run_group_tests_name("tiny", tests, NULL, NULL);
}
