/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Dense networks. A batch has a row in every lane and its values transposed, [value][row]; a single row has a
 * neuron in every lane. Either way a lane does what dense_dot() says. */
#include "kernels/dense_scalar.h"

/* Vectors of rows, and neurons, that are worked on together: enough sums at a time to hide that each addition
 * takes some cycles. Measured: few registers like it better when a weight is used for many rows, many when
 * a vector of rows is used for many weights. */
enum {
    DENSE_ROWS = VBYTES == 64 ? 1 : 6,
    DENSE_NEURONS = VBYTES == 64 ? 8 : 1,
    DENSE_WIDE = 2 /* vectors of neurons of a single row */
};

VM_INLINE vf32 dense_v_horner(const float *c, int n, vf32 x)
{
    vf32 y = V_SPLAT(vf32, c[n - 1]);
    V_UNROLL for (int i = n - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}

VM_INLINE vf32 dense_v_limit(vf32 x, float limit)
{
    return v_max_f32(v_min_f32(x, V_SPLAT(vf32, limit)), V_SPLAT(vf32, -limit));
}

VM_INLINE vf32 dense_v_rational(vf32 x, float limit, const float *p, int np, const float *q, int nq)
{
    x = dense_v_limit(x, limit);
    const vf32 x2 = x * x;
    return dense_v_limit(x * dense_v_horner(p, np, x2) / dense_v_horner(q, nq, x2), 1);
}

VM_INLINE vf32 dense_v_tanh(vf32 x)
{
    static const float p[] = DENSE_TANH_P, q[] = DENSE_TANH_Q;
    return dense_v_rational(x, DENSE_TANH_LIMIT, p, VM_COUNT(p), q, VM_COUNT(q));
}

VM_INLINE vf32 dense_v_erf(vf32 x)
{
    static const float p[] = DENSE_ERF_P, q[] = DENSE_ERF_Q;
    return dense_v_rational(x, DENSE_ERF_LIMIT, p, VM_COUNT(p), q, VM_COUNT(q));
}

VM_INLINE vf32 dense_v_activate(enum VmActivation act, vf32 x)
{
    switch (act) {
    case VM_ACT_NONE: return x;
    case VM_ACT_RELU: return v_max_f32(x, (vf32){0});
    case VM_ACT_TANH: return dense_v_tanh(x);
    case VM_ACT_SIGMOID: return dense_v_tanh(x * 0.5f) * 0.5f + 0.5f;
    case VM_ACT_SOFTSIGN: return x / (v_abs_f32(x) + 1);
    case VM_ACT_SQUARE: return x * x;
    case VM_ACT_GELU: return x * (dense_v_erf(x * DENSE_SQRT1_2) + 1) * 0.5f;
    }
    return x;
}

/* ---- a batch ---- */

/* Adds a product to the sums of `neurons` neurons and `rows` vectors of rows. */
VM_INLINE void dense_product(vf32 sum[DENSE_NEURONS][DENSE_ROWS], const float *x, const float *w,
                             int neurons, int rows)
{
    V_UNROLL for (int k = 0; k < neurons; k++) V_UNROLL for (int r = 0; r < rows; r++) sum[k][r] +=
        w[k] * v_load_vf32(x + r * VN32);
}

/* One branch for all sums, not one for each. */
#define DENSE_FINISH(ACT)                                                                          \
    case ACT:                                                                                      \
        V_UNROLL for (int k = 0; k < neurons; k++) V_UNROLL for (int r = 0; r < rows; r++)         \
            v_store_vf32(y + k * VM_DENSE_BLOCK + r * VN32, dense_v_activate(ACT, sum[k][r]));     \
        break;
VM_INLINE void dense_finish(float *y, vf32 sum[DENSE_NEURONS][DENSE_ROWS], enum VmActivation act,
                            int neurons, int rows)
{
    switch (act) {
        DENSE_FINISH(VM_ACT_NONE)
        DENSE_FINISH(VM_ACT_RELU)
        DENSE_FINISH(VM_ACT_TANH)
        DENSE_FINISH(VM_ACT_SIGMOID)
        DENSE_FINISH(VM_ACT_SOFTSIGN)
        DENSE_FINISH(VM_ACT_SQUARE)
        DENSE_FINISH(VM_ACT_GELU)
    }
}

/* Neurons o .. o + neurons - 1 for `rows` vectors of rows; x and y are [value][VM_DENSE_BLOCK]. */
VM_INLINE void dense_tile(float *y, const float *x, const VmDense *l, int o, int neurons, int rows)
{
    vf32 even[DENSE_NEURONS][DENSE_ROWS], odd[DENSE_NEURONS][DENSE_ROWS];
    const size_t step = (size_t)l->stride;
    const float *w = l->weights + o;
    V_UNROLL for (int k = 0; k < neurons; k++) V_UNROLL for (int r = 0; r < rows; r++) even[k][r] =
        l->biases[o + k] + w[k] * v_load_vf32(x + r * VN32);
    if (l->in > 1) {
        x += VM_DENSE_BLOCK;
        w += step;
        V_UNROLL for (int k = 0; k < neurons; k++) V_UNROLL for (int r = 0; r < rows; r++)
            odd[k][r] = w[k] * v_load_vf32(x + r * VN32);
        int i = 2;
        for (; i + 1 < l->in; i += 2) {
            dense_product(even, x + VM_DENSE_BLOCK, w + step, neurons, rows);
            x += 2 * VM_DENSE_BLOCK;
            w += 2 * step;
            dense_product(odd, x, w, neurons, rows);
        }
        if (i < l->in) dense_product(even, x + VM_DENSE_BLOCK, w + step, neurons, rows);
        V_UNROLL for (int k = 0; k < neurons; k++) V_UNROLL for (int r = 0; r < rows; r++)
            even[k][r] += odd[k][r];
    }
    dense_finish(y + (size_t)o * VM_DENSE_BLOCK, even, l->activation, neurons, rows);
}

VM_INLINE void dense_layer(float *y, const float *x, const VmDense *l, int rows)
{
    int o = 0;
    for (; o + DENSE_NEURONS <= l->out; o += DENSE_NEURONS)
        dense_tile(y, x, l, o, DENSE_NEURONS, rows);
    for (; o < l->out; o++) dense_tile(y, x, l, o, 1, rows);
}

typedef __attribute__((vector_size(16), may_alias)) float DenseFour;

/* Four values of four rows. */
VM_INLINE void dense_transpose_4(float *x, const float *rows, int in)
{
    DenseFour a[4], b[4];
    for (int r = 0; r < 4; r++) memcpy(&a[r], rows + (size_t)r * (size_t)in, sizeof(a[r]));
    b[0] = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
    b[1] = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
    b[2] = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
    b[3] = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
    for (int k = 0; k < 2; k++) {
        a[2 * k] = __builtin_shufflevector(b[k], b[k + 2], 0, 1, 4, 5);
        a[2 * k + 1] = __builtin_shufflevector(b[k], b[k + 2], 2, 3, 6, 7);
    }
    for (int i = 0; i < 4; i++) memcpy(x + i * VM_DENSE_BLOCK, &a[i], sizeof(a[i]));
}

/* [row][value] to [value][VM_DENSE_BLOCK] of n rows. Rows up to the next vector become copies of the last,
 * so that nothing is computed from memory that nobody has written. */
VM_INLINE void dense_transpose(float *x, const float *rows, int in, int n)
{
    const int end = (n + VN32 - 1) / VN32 * VN32;
    int r = 0;
    for (; in >= 4 && r + 4 <= n; r += 4) {
        const float *row = rows + (size_t)r * (size_t)in;
        int i = 0;
        for (; i + 4 <= in; i += 4) dense_transpose_4(x + i * VM_DENSE_BLOCK + r, row + i, in);
        /* the rest once more with some of those before it */
        if (i < in) dense_transpose_4(x + (in - 4) * VM_DENSE_BLOCK + r, row + in - 4, in);
    }
    for (; r < end; r++) {
        const float *row = rows + (size_t)VM_MIN(r, n - 1) * (size_t)in;
        for (int i = 0; i < in; i++) x[(size_t)i * VM_DENSE_BLOCK + (size_t)r] = row[i];
    }
}

VM_INLINE void dense_scale(float *x, const VmDenseNet *net, int n)
{
    for (int i = 0; i < net->n_inputs; i++, x += VM_DENSE_BLOCK)
        for (int r = 0; r < n; r += VN32)
            v_store_vf32(x + r, (v_load_vf32(x + r) - net->shift[i]) / net->scale[i]);
}

static void dense_block(float *out, const float *rows, const VmDenseNet *net, float *tmp, int n)
{
    float *x = tmp, *y = tmp + (size_t)net->stride * VM_DENSE_BLOCK;
    dense_transpose(x, rows, net->n_inputs, n);
    if (net->shift) dense_scale(x, net, n);
    for (int k = 0; k < net->n_layers; k++) {
        int r = 0;
        for (; r + (DENSE_ROWS - 1) * VN32 < n; r += DENSE_ROWS * VN32)
            dense_layer(y + r, x + r, &net->layers[k], DENSE_ROWS);
        for (; r < n; r += VN32) dense_layer(y + r, x + r, &net->layers[k], 1);
        float *swap = x;
        x = y;
        y = swap;
    }
    float scores[VM_DENSE_BLOCK];
    for (int r = 0; r < n; r += VN32) {
        const vf32 least = v_max_f32(v_load_vf32(x + r), V_SPLAT(vf32, net->lo));
        v_store_vf32(scores + r, v_min_f32(least, V_SPLAT(vf32, net->hi)));
    }
    memcpy(out, scores, (size_t)n * sizeof(*out));
}

static void dense_rows(float *out, const float *rows, const VmDenseNet *net, float *tmp, int n)
{
    for (int r = 0; r < n; r += VM_DENSE_BLOCK)
        dense_block(out + r, rows + (size_t)r * (size_t)net->n_inputs, net, tmp,
                    VM_MIN(n - r, VM_DENSE_BLOCK));
}

/* ---- a single row ---- */

/* `wide` vectors of neurons from o on. */
VM_INLINE void dense_neurons(float *y, const float *x, const VmDense *l, int o, int wide)
{
    vf32 even[DENSE_WIDE], odd[DENSE_WIDE];
    const float *w = l->weights + o;
    const int in = l->in;
    const size_t next = (size_t)l->stride;
    V_UNROLL for (int k = 0; k < wide; k++)
    {
        even[k] = v_load_vf32(l->biases + o + k * VN32) + v_load_vf32(w + k * VN32) * x[0];
        odd[k] = (vf32){0};
        if (in > 1) odd[k] = v_load_vf32(w + next + k * VN32) * x[1];
    }
    int i = 2;
    for (; i + 1 < in; i += 2) {
        const float *wi = w + (size_t)i * next;
        V_UNROLL for (int k = 0; k < wide; k++)
        {
            even[k] += v_load_vf32(wi + k * VN32) * x[i];
            odd[k] += v_load_vf32(wi + next + k * VN32) * x[i + 1];
        }
    }
    V_UNROLL for (int k = 0; k < wide; k++)
    {
        vf32 sum = even[k];
        if (i < in) sum += v_load_vf32(w + (size_t)i * next + k * VN32) * x[i];
        if (in > 1) sum += odd[k];
        v_store_vf32(y + o + k * VN32, dense_v_activate(l->activation, sum));
    }
}

static void dense_row(float *out, const float *row, const VmDenseNet *net, float *tmp)
{
    float *y = tmp, *other = tmp + net->stride;
    const float *x = row;
    if (net->shift) {
        for (int i = 0; i < net->n_inputs; i++) other[i] = (row[i] - net->shift[i]) / net->scale[i];
        x = other;
    }
    for (int k = 0; k < net->n_layers; k++) {
        const VmDense *l = &net->layers[k];
        int o = 0;
        for (; o + (DENSE_WIDE - 1) * VN32 < l->out; o += DENSE_WIDE * VN32)
            dense_neurons(y, x, l, o, DENSE_WIDE);
        for (; o < l->out; o += VN32) dense_neurons(y, x, l, o, 1);
        x = y;
        y = other;
        other = (float *)x;
    }
    *out = dense_min(dense_max(x[0], net->lo), net->hi);
}
