/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* ONNX files. What is refused is explained in one line; what is accepted scores rows, the same by the
 * scalar kernels as by the best ones, and one by one as together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiny/seen.h"

enum { ROWS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(VmTiny *m, VmCpuLevel level, const float *rows, size_t n, float out[2][ROWS])
{
    vm_tiny_level(m, level);
    memset(out, 0, 2 * sizeof(out[0]));
    if (vm_tiny_run(m, rows, n, out[0], vm_tiny_has_stddev(m) ? out[1] : NULL)) abort();
}

/* Bits may differ only where there is no number. */
static void check_same(float a, float b)
{
    if (memcmp(&a, &b, sizeof(a)) && !(isnan(a) && isnan(b))) abort();
}

/* What it has seen is finite numbers, or is explained. */
static void check_seen(const VmTiny *m)
{
    VmSeen seen;
    VmError error = {""};
    double x[VM_TINY_MAX_FEATURES] = {0.5};
    if (!vm_seen_read(&seen, m, "fuzzed", &error)) (void)vm_seen_outside(&seen, x);
    else if (!error.text[0] || !vm_text_is_plain(error.text)) abort();
}

static void check_model(VmTiny *m)
{
    unsigned width;
    float rows[ROWS * VM_TINY_MAX_FEATURES], best[2][ROWS], scalar[2][ROWS], one[2][ROWS];
    if (!vm_tiny_features(m, &width) || width > VM_TINY_MAX_FEATURES) abort();
    for (unsigned i = 0; i < ROWS * width; i++) rows[i] = (float)(i % 7) * 0.25f - 0.5f;
    run(m, vm_cpu_level(0), rows, ROWS, best);
    run(m, VM_CPU_SCALAR, rows, ROWS, scalar);
    for (int i = 0; i < 2 * ROWS; i++)
        check_same(best[i / ROWS][i % ROWS], scalar[i / ROWS][i % ROWS]);
    if (vm_tiny_is_dynamic(m)) return;
    run(m, vm_cpu_level(0), rows, 1, one);
    check_same(one[0][0], best[0][0]);
    check_same(one[1][0], best[1][0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VmTiny *m = NULL;
    VmError error = {""};
    const int code = vm_tiny_read(&m, data, size, "fuzzed", &error);
    if (!code) {
        check_seen(m);
        check_model(m);
    } else if (m || !error.text[0] || !vm_text_is_plain(error.text)) abort();
    vm_tiny_free(m);
    return 0;
}
