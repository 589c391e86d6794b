/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "features/resample.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

void vm_row_cache_take(VmRowCache *c, VmArena *arena, int w, int h)
{
    c->w = w;
    c->h = h;
    for (size_t i = 0; i < VM_COUNT(c->y); i++) c->y[i] = -1;
    vm_ring_take(&c->ring, arena, VM_COUNT(c->y), (size_t)w * sizeof(float));
}

const float *vm_row_cache_get(VmRowCache *c, int y)
{
    float *row = vm_ring_row(&c->ring, y);
    int *tag = &c->y[y & c->ring.mask];
    if (*tag != y) c->make(c->state, row, y);
    *tag = y;
    return row;
}

/* Reflected without repeating the edge, and held inside for pictures smaller than the filter. */
static int inside(int i, int n)
{
    i = i < 0 ? -i : i > n - 1 ? 2 * (n - 1) - i : i;
    return VM_MAX(0, VM_MIN(i, n - 1));
}

/* Where output sample i lies in the source. */
static float position(int i, float ratio)
{
    return (float)((i + 0.5) * (double)ratio - 0.5);
}

static void nearest(float *dst, VmRowCache *s, int y, int w, float rx, float ry)
{
    const float *row = vm_row_cache_get(s, inside((int)((float)y * ry), s->h));
    for (int j = 0; j < w; j++) dst[j] = row[inside((int)((float)j * rx), s->w)];
}

static void bilinear(float *dst, VmRowCache *s, int y, int w, float rx, float ry)
{
    const float yy = position(y, ry);
    const int y1 = inside((int)floorf(yy), s->h), y2 = inside((int)ceilf(yy), s->h);
    const float dy = yy - (float)y1;
    const float *r1 = vm_row_cache_get(s, y1), *r2 = vm_row_cache_get(s, y2);
    for (int j = 0; j < w; j++) {
        const float xx = position(j, rx);
        const int x1 = inside((int)floorf(xx), s->w), x2 = inside((int)ceilf(xx), s->w);
        const float dx = xx - (float)x1;
        dst[j] = (1 - dy) * (1 - dx) * r1[x1] + (1 - dy) * dx * r1[x2] + dy * (1 - dx) * r2[x1] +
                 dy * dx * r2[x2];
    }
}

static float cubic(float t)
{
    const float a = -0.75f;
    t = fabsf(t);
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
    return 0;
}

static float lanczos(float x)
{
    const double a = 4, t = (double)x;
    if (x == 0) return 1;
    if (x <= -4 || x >= 4) return 0;
    return (float)(a * sin(pi * t) * sin(pi * t / a) / (pi * pi * t * t));
}

enum { MAX_TAPS = 9 };

/* Taps first .. first + n - 1 around the sample before `at`; returns that sample's index. */
static int taps_at(float at, float (*kernel)(float), int first, int n, float taps[MAX_TAPS])
{
    const int base = (int)floorf(at);
    const float d = at - (float)base;
    for (int k = 0; k < n; k++) taps[k] = kernel((float)(first + k) - d);
    return base;
}

static void filtered(float *dst, VmRowCache *s, int y, int w, float rx, float ry, int is_lanczos)
{
    float (*kernel)(float) = is_lanczos ? lanczos : cubic;
    const int first = is_lanczos ? -4 : -1, n = is_lanczos ? 9 : 4;
    const float *rows[MAX_TAPS];
    float tx[MAX_TAPS], ty[MAX_TAPS];
    const int y0 = taps_at(position(y, ry), kernel, first, n, ty);
    for (int k = 0; k < n; k++) rows[k] = vm_row_cache_get(s, inside(y0 + first + k, s->h));
    for (int j = 0; j < w; j++) {
        const int x0 = taps_at(position(j, rx), kernel, first, n, tx);
        float sum = 0, weights = 0;
        for (int v = 0; v < n; v++)
            for (int u = 0; u < n; u++) {
                const float weight = tx[u] * ty[v];
                weights += weight;
                sum += rows[v][inside(x0 + first + u, s->w)] * weight;
            }
        dst[j] = is_lanczos ? sum / weights : sum;
    }
}

void vm_resample_row(float *dst, VmResample method, VmRowCache *s, int y, int w, int h)
{
    const float rx = (float)s->w / (float)w, ry = (float)s->h / (float)h;
    if (w == s->w && h == s->h) {
        memcpy(dst, vm_row_cache_get(s, y), (size_t)w * sizeof(*dst));
        return;
    }
    switch (method) {
    case VM_NEAREST: nearest(dst, s, y, w, rx, ry); break;
    case VM_BILINEAR: bilinear(dst, s, y, w, rx, ry); break;
    case VM_BICUBIC: filtered(dst, s, y, w, rx, ry, 0); break;
    case VM_LANCZOS4: filtered(dst, s, y, w, rx, ry, 1); break;
    }
}
