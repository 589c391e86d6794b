/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A network's passes in one precision: REAL and FACTOR, PADDED() for its vectors, names made by OF(), KERNEL() for
 * those of the kernels. */

/* What sums start from. */
static const _Alignas(64) REAL OF(zeros)[VM_MLP_MAX_WIDTH];

static void OF(load)(VmMlpWeights *w, const double *params)
{
    for (unsigned l = 0; l < w->mlp->n_layers; l++) {
        const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
        REAL *straight = w->straight[l], *transposed = w->transposed[l], *biases = w->biases[l];
        for (size_t o = 0; o < out; o++, params += in)
            for (size_t k = 0; k < in; k++)
                transposed[k * PADDED(out) + o] = straight[o * PADDED(in) + k] = (REAL)params[k];
        for (size_t o = 0; o < out; o++) biases[o] = (REAL)*params++;
    }
}

static void OF(take_inputs)(VmMlpPass *p)
{
    const size_t width = p->mlp->width[0];
    REAL *values = p->values[0];
    for (size_t r = 0; r < VM_MLP_BLOCK; r++)
        for (size_t i = 0; i < width; i++)
            values[r * PADDED(width) + i] = (REAL)p->inputs[r * vm_padded(width) + i];
}

static void OF(forward)(const VmMlpWeights *w, VmMlpPass *p, double *output)
{
    const unsigned last = w->mlp->n_layers;
    if (p->inputs != p->values[0]) OF(take_inputs)(p);
    for (unsigned l = 0; l < last; l++) {
        const size_t in = w->mlp->width[l], stride = PADDED(w->mlp->width[l + 1]);
        REAL *z = p->values[l + 1];
        w->kernels->KERNEL(multiply_add)(z, stride, w->biases[l],
                                         (FACTOR){p->values[l], PADDED(in), 1}, w->transposed[l],
                                         stride, VM_MLP_BLOCK, stride, in);
        if (l + 1 < last)
            w->kernels->KERNEL(activate)(w->mlp->activation, z, p->slopes[l + 1],
                                         VM_MLP_BLOCK * stride);
    }
    const REAL *result = p->values[last];
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) output[r] = (double)result[r * PADDED(1)];
}

static void OF(backward)(const VmMlpWeights *w, VmMlpPass *p, const double *d_output)
{
    const unsigned last = w->mlp->n_layers;
    REAL *result = p->deltas[last];
    for (size_t r = 0; r < VM_MLP_BLOCK; r++) result[r * PADDED(1)] = (REAL)d_output[r];
    for (unsigned l = last - 1; l; l--) {
        const size_t out = w->mlp->width[l + 1], stride = PADDED(w->mlp->width[l]);
        REAL *delta = p->deltas[l];
        w->kernels->KERNEL(multiply_add)(delta, stride, OF(zeros),
                                         (FACTOR){p->deltas[l + 1], PADDED(out), 1}, w->straight[l],
                                         stride, VM_MLP_BLOCK, stride, out);
        w->kernels->KERNEL(multiply)(delta, p->slopes[l], VM_MLP_BLOCK * stride);
    }
}

/* Of a layer's weights, added to d_weights[out][in]: as [out][in] or [in][out], whichever has less padding. */
static void OF(weight_gradient)(const VmMlpWeights *w, VmMlpPass *p, unsigned l, double *d_weights)
{
    const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1];
    const size_t stride = PADDED(in), d_stride = PADDED(out);
    const int turned = in * d_stride < out * stride;
    const FACTOR a = {turned ? p->values[l] : p->deltas[l + 1], 1, turned ? stride : d_stride};
    const REAL *b = turned ? p->deltas[l + 1] : p->values[l], *sums = p->sums;
    const size_t b_stride = turned ? d_stride : stride;
    w->kernels->KERNEL(multiply_add)(p->sums, b_stride, OF(zeros), a, b, b_stride,
                                     turned ? in : out, b_stride, VM_MLP_BLOCK);
    const size_t o_step = turned ? 1 : stride, k_step = turned ? d_stride : 1;
    for (size_t o = 0; o < out; o++)
        for (size_t k = 0; k < in; k++)
            d_weights[o * in + k] += (double)sums[o * o_step + k * k_step];
}

static void OF(gradient)(const VmMlpWeights *w, VmMlpPass *p, double *d_params)
{
    const REAL one = 1, *sums = p->sums;
    for (unsigned l = 0; l < w->mlp->n_layers; l++) {
        const size_t in = w->mlp->width[l], out = w->mlp->width[l + 1], stride = PADDED(out);
        OF(weight_gradient)(w, p, l, d_params);
        d_params += in * out;
        w->kernels->KERNEL(multiply_add)(p->sums, stride, OF(zeros), (FACTOR){&one, 0, 0},
                                         p->deltas[l + 1], stride, 1, stride, VM_MLP_BLOCK);
        for (size_t o = 0; o < out; o++) *d_params++ += (double)sums[o];
    }
}
