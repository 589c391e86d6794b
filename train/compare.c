/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "compare.h"

static void look_at(VmCompared *m, const VmDataset *d, const uint32_t *rows, size_t n,
                    const VmEvalOptions *options)
{
    m->code = vm_tiny_open(&m->model, m->path, &m->error);
    if (!m->code) m->code = vm_evaluate(&m->evaluation, m->model, d, rows, n, options, &m->error);
}

static int comes_before(const VmCompared *a, const VmCompared *b)
{
    if (a->code || b->code) return !a->code && b->code;
    return a->evaluation.all.rmse < b->evaluation.all.rmse;
}

/* By insertion, which keeps the order of equals; there are few. */
static void sort(VmCompared *models, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        const VmCompared m = models[i];
        unsigned at = i;
        for (; at && comes_before(&m, &models[at - 1]); at--) models[at] = models[at - 1];
        models[at] = m;
    }
}

int vm_compare(VmCompared *models, unsigned n, const VmDataset *d, const uint32_t *rows,
               size_t n_rows, const VmEvalOptions *options, VmError *error)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < n; i++) {
        if (vm_watch_cancelled(options->watch)) return vm_fail(error, -ECANCELED, "cancelled");
        look_at(&models[i], d, rows, n_rows, options);
        failed += models[i].code != 0;
        vm_watch_tell(options->watch, i + 1, n, "models");
    }
    sort(models, n);
    if (failed < n) return 0;
    return vm_fail(error, -EINVAL, "none of the models can be evaluated");
}

void vm_compared_free(VmCompared *models, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        vm_tiny_free(models[i].model);
        vm_evaluation_free(&models[i].evaluation);
    }
}
