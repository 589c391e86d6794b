/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "samples.h"

#include <math.h>

/* An input that never moves keeps its unit: dividing by next to nothing would make a query explode. */
static const double LEAST_STD = 1e-6;

static double std_of(double squares, size_t n)
{
    const double std = sqrt(squares / (double)n);
    return std < LEAST_STD ? 1 : std;
}

size_t vm_samples_count(const VmSamples *s)
{
    return s->parts[0].n + s->parts[1].n;
}

const float *vm_samples_row(const VmSamples *s, size_t i, double *y)
{
    const VmTable *part = &s->parts[0];
    if (i >= part->n) {
        i -= part->n;
        part++;
    }
    const size_t row = part->pick ? part->pick[i] : i;
    *y = part->y[row];
    return part->x + row * s->width;
}

void vm_samples_read(const VmSamples *s, const uint32_t *order, size_t first, size_t n, double *x,
                     size_t stride, double *t)
{
    const VmScaling *scaling = &s->scaling;
    for (size_t r = 0; r < n; r++) {
        double y;
        const float *row = vm_samples_row(s, order ? order[first + r] : first + r, &y);
        for (unsigned j = 0; j < s->width; j++)
            x[r * stride + j] = ((double)row[j] - scaling->mean[j]) / scaling->std[j];
        t[r] = (y - scaling->target_mean) / scaling->target_std;
    }
}

void vm_scaling_none(VmScaling *scaling, unsigned width)
{
    *scaling = (VmScaling){.width = width, .target_std = 1};
    for (unsigned j = 0; j < width; j++) scaling->std[j] = 1;
}

/* Two passes: a mean first, then squares about it. */
static void scale_inputs(VmSamples *s, size_t first, size_t end)
{
    VmScaling *scaling = &s->scaling;
    double squares[VM_INPUTS_MAX] = {0}, y;
    for (size_t i = first; i < end; i++) {
        const float *row = vm_samples_row(s, i, &y);
        for (unsigned j = 0; j < s->width; j++) scaling->mean[j] += (double)row[j];
    }
    for (unsigned j = 0; j < s->width; j++) scaling->mean[j] /= (double)(end - first);
    for (size_t i = first; i < end; i++) {
        const float *row = vm_samples_row(s, i, &y);
        for (unsigned j = 0; j < s->width; j++) {
            const double d = (double)row[j] - scaling->mean[j];
            squares[j] += d * d;
        }
    }
    for (unsigned j = 0; j < s->width; j++) scaling->std[j] = std_of(squares[j], end - first);
}

void vm_samples_scale(VmSamples *s)
{
    const size_t n = vm_samples_count(s), rows = s->parts[0].n;
    double sum = 0, squares = 0, y;
    vm_scaling_none(&s->scaling, s->width);
    if (!n) return;
    scale_inputs(s, 0, rows ? rows : n);
    for (size_t i = 0; i < n; i++) {
        vm_samples_row(s, i, &y);
        sum += y;
    }
    s->scaling.target_mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        vm_samples_row(s, i, &y);
        squares += (y - s->scaling.target_mean) * (y - s->scaling.target_mean);
    }
    s->scaling.target_std = std_of(squares, n);
}
