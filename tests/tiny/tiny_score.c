/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Scores rows with a tiny model: for tests that compare with other programs.
 *
 *   tiny_score MODEL [--mask N] [--side a,b,...]    rows of numbers on stdin; a score, and the stddev if the
 *                                                   model has one, on stdout for each; all one batch
 *   tiny_score MODEL --info                         what the model says of itself */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny/tiny.h"

enum { MAX_SIDE = 4096, UNUSABLE = 2 };

static int print_info(const VmTiny *m)
{
    unsigned n_features, n_notes;
    const char *const *features = vm_tiny_features(m, &n_features);
    const char *const *notes = vm_tiny_notes(m, &n_notes);
    printf("sha256 %s\ndense %d\ndynamic %d\nstddev %d\n", vm_tiny_sha256(m), vm_tiny_is_dense(m),
           vm_tiny_is_dynamic(m), vm_tiny_has_stddev(m));
    for (unsigned i = 0; i < n_features; i++) printf("feature %s\n", features[i]);
    for (unsigned i = 0; i < n_notes; i++) printf("note %s\n", notes[i]);
    return 0;
}

static float *read_numbers(size_t *n)
{
    size_t capacity = 1024;
    float *numbers = malloc(capacity * sizeof(*numbers));
    double value;
    for (*n = 0; numbers && scanf("%lf", &value) == 1; (*n)++) {
        if (*n == capacity) numbers = realloc(numbers, (capacity *= 2) * sizeof(*numbers));
        if (numbers) numbers[*n] = (float)value;
    }
    return numbers;
}

static int score(const VmTiny *m)
{
    unsigned n_features;
    size_t n = 0;
    float *rows = read_numbers(&n), *out = NULL, *stddev = NULL;
    vm_tiny_features(m, &n_features);
    n /= n_features;
    out = malloc((n + 1) * sizeof(*out));
    stddev = malloc((n + 1) * sizeof(*stddev));
    const int has_stddev = vm_tiny_has_stddev(m);
    const int code =
        rows && out && stddev ? vm_tiny_run(m, rows, n, out, has_stddev ? stddev : NULL) : -ENOMEM;
    for (size_t i = 0; !code && i < n; i++)
        if (has_stddev) printf("%.9g %.9g\n", (double)out[i], (double)stddev[i]);
        else printf("%.9g\n", (double)out[i]);
    free(rows);
    free(out);
    free(stddev);
    return code;
}

static int set_side(VmTiny *m, char *text, VmError *error)
{
    float side[MAX_SIDE];
    unsigned n = 0;
    for (char *p = strtok(text, ","); p && n < MAX_SIDE; p = strtok(NULL, ","))
        side[n++] = strtof(p, NULL);
    return vm_tiny_set_side(m, side, n, error);
}

static int run(VmTiny *m, char **argument, VmError *error)
{
    for (; *argument; argument += 2) {
        if (!strcmp(*argument, "--info")) return print_info(m);
        if (!argument[1]) return vm_fail(error, -EINVAL, "%s needs a value", *argument);
        if (!strcmp(*argument, "--mask"))
            vm_tiny_level(m, vm_cpu_level((uint64_t)strtoull(argument[1], NULL, 0)));
        else VM_TRY(set_side(m, argument[1], error));
    }
    return score(m);
}

int main(int argc, char **argv)
{
    VmTiny *m = NULL;
    VmError error = {{0}};
    if (argc < 2) return 1;
    int code = vm_tiny_open(&m, argv[1], &error);
    if (!code) code = run(m, argv + 2, &error);
    vm_tiny_free(m);
    if (code) fprintf(stderr, "%s\n", error.text);
    return code ? UNUSABLE : 0;
}
