/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How long a tiny model takes.
 *
 *   tiny_time make FOLDER    small_relu.onnx, small_tanh.onnx and medium_relu.onnx with random weights: what they
 *                       compute does not matter to the time
 *   tiny_time time MODEL     "load MEDIAN P95" and, for each level and number of rows, "LEVEL ROWS MEDIAN P95", in
 *                       nanoseconds a call; the levels take turns */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tiny/onnx_write.h"
#include "tiny/tiny.h"

enum { SAMPLES = 400, MAX_ROWS = 4096, MAX_LAYERS = 3 };

static const size_t row_counts[] = {1, 240, 4096};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static float random_float(void)
{
    return (float)(rand() / (RAND_MAX + 1.0) - 0.5);
}

/* ---- models ---- */

static int make(const char *folder, const char *name, const unsigned *units, enum VmActivation act)
{
    VmNetLayer layers[MAX_LAYERS];
    VmNet net = {MAX_LAYERS, layers, 1, 0, 100};
    void *bytes = NULL;
    size_t size = 0;
    char path[4096];
    for (unsigned k = 0; k < MAX_LAYERS; k++) {
        const size_t n = (size_t)units[k] * units[k + 1];
        layers[k] = (VmNetLayer){units[k], units[k + 1], k + 1 < MAX_LAYERS ? act : VM_ACT_NONE,
                                 calloc(n, sizeof(float)), calloc(units[k + 1], sizeof(float))};
        if (!layers[k].weights || !layers[k].biases) return -ENOMEM;
        for (size_t i = 0; i < n; i++) layers[k].weights[i] = random_float();
        for (unsigned i = 0; i < units[k + 1]; i++) layers[k].biases[i] = random_float();
    }
    int code = vm_onnx_write(&bytes, &size, &net, NULL, NULL, 0, NULL);
    for (unsigned k = 0; k < MAX_LAYERS; k++) {
        free(layers[k].weights);
        free(layers[k].biases);
    }
    if (code) return code;
    snprintf(path, sizeof(path), "%s/%s.onnx", folder, name);
    FILE *f = fopen(path, "wb");
    code = f && fwrite(bytes, 1, size, f) == size ? 0 : -EIO;
    if (f && fclose(f)) code = -EIO;
    vm_free(bytes);
    return code;
}

static int make_all(const char *folder)
{
    static const unsigned small[] = {6, 16, 8, 1}, medium[] = {6, 64, 32, 1};
    VM_TRY(make(folder, "small_relu", small, VM_ACT_RELU));
    VM_TRY(make(folder, "small_tanh", small, VM_ACT_TANH));
    return make(folder, "medium_relu", medium, VM_ACT_RELU);
}

/* ---- times ---- */

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, double *ns)
{
    qsort(ns, SAMPLES, sizeof(*ns), compare_doubles);
    printf("%s %.1f %.1f\n", what, ns[SAMPLES / 2], ns[SAMPLES * 95 / 100]);
}

static int time_load(const char *path, VmError *error)
{
    double ns[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        VmTiny *m;
        const double start = now();
        VM_TRY(vm_tiny_open(&m, path, error));
        ns[i] = now() - start;
        vm_tiny_free(m);
    }
    print_times("load", ns);
    return 0;
}

/* One sample: as many calls as take some microseconds, which the clock can tell, behind one that warms the
 * caches: another level ran before. */
static double sample(const VmTiny *m, const float *rows, size_t n, float *scores)
{
    const int calls = n == 1 ? 400 : 20;
    vm_tiny_run(m, rows, n, scores, NULL);
    const double start = now();
    for (int i = 0; i < calls; i++) vm_tiny_run(m, rows, n, scores, NULL);
    return (now() - start) / calls;
}

static void time_rows(VmTiny *m, size_t n, const float *rows, float *scores)
{
    static double ns[VM_CPU_LEVELS][SAMPLES];
    const int top = (int)vm_cpu_level(0);
    for (int i = 0; i < SAMPLES; i++)
        for (int level = 0; level <= top; level++) {
            vm_tiny_level(m, (VmCpuLevel)level);
            ns[level][i] = sample(m, rows, n, scores);
        }
    for (int level = 0; level <= top; level++) {
        char what[64];
        snprintf(what, sizeof(what), "%s %zu", vm_cpu_name((VmCpuLevel)level), n);
        print_times(what, ns[level]);
    }
}

static int time_model(const char *path, VmError *error)
{
    VmTiny *m;
    unsigned width;
    VM_TRY(time_load(path, error));
    VM_TRY(vm_tiny_open(&m, path, error));
    vm_tiny_features(m, &width);
    float *rows = vm_alloc_aligned((size_t)MAX_ROWS * width * sizeof(*rows));
    float *scores = calloc(MAX_ROWS, sizeof(*scores));
    for (size_t i = 0; rows && i < (size_t)MAX_ROWS * width; i++) rows[i] = random_float();
    for (size_t i = 0; rows && scores && i < VM_COUNT(row_counts); i++)
        time_rows(m, row_counts[i], rows, scores);
    vm_free(rows);
    free(scores);
    vm_tiny_free(m);
    return 0;
}

int main(int argc, char **argv)
{
    VmError error = {{0}};
    if (argc == 3 && !strcmp(argv[1], "make")) return make_all(argv[2]) ? 2 : 0;
    if (argc != 3 || strcmp(argv[1], "time")) return 1;
    const int code = time_model(argv[2], &error);
    if (code) fprintf(stderr, "%s\n", error.text);
    return code ? 2 : 0;
}
