/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "ship.h"

#include <math.h>

#include "evaluate.h"

/* Weights rounded to float and sums in float: what 257 parameters were measured to lose is 6e-5; wider and
 * steeper networks lose more. */
static const double MOST = 5e-3;

VmShipFigures vm_ship_figures(const VmLosoRun *run)
{
    const VmConformal *c = &run->intervals[isfinite(run->intervals[1].q) ? 1 : 0];
    return (VmShipFigures){run->mean.rmse, run->folds[run->worst].metrics.rmse, c->level, c->q};
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

int vm_ship_read_figures(const char *path, VmShipFigures *f, VmError *error)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!root) return vm_fail(error, -EINVAL, "%s: line %d: %s", path, where.line, where.text);
    const json_t *intervals = json_object_get(root, "intervals");
    const json_t *guaranteed = json_array_get(intervals, 1), *chosen = guaranteed;
    if (!isfinite(number_of(guaranteed, "q"))) chosen = json_array_get(intervals, 0);
    *f = (VmShipFigures){number_of(root, "rmse"), number_of(root, "worst_fold_rmse"),
                         number_of(chosen, "level"), number_of(chosen, "q")};
    json_decref(root);
    if (isfinite(f->rmse) && isfinite(f->worst)) return 0;
    return vm_fail(error, -EINVAL, "%s: no rmse and worst_fold_rmse; is it from loso --json?",
                   path);
}

/* Largest difference between the file and the fit in double. */
static int compare(const VmLearned *learned, const VmDataset *d, const uint32_t *rows,
                   double *difference, VmError *error)
{
    double *file = vm_alloc_array(2 * d->n + 1, sizeof(*file)), *fit = file ? file + d->n : NULL;
    int code = file ? vm_evaluate_rows(learned->model, d, rows, d->n, file, NULL, error)
                    : vm_fail_memory(error);
    if (!code && vm_fitted_predict(&learned->fitted, NULL, d->x, d->n, fit, 1))
        code = vm_fail_memory(error);
    *difference = 0;
    for (size_t i = 0; !code && i < d->n; i++)
        *difference = VM_MAX(*difference, fabs(file[i] - fit[i]));
    vm_free(file);
    if (code || *difference <= MOST) return code;
    return vm_fail(error, -EIO, "the file's answers differ from the network's by %g", *difference);
}

int vm_ship(VmLearned *learned, const VmLearn *given, const VmShipFigures *figures,
            double *difference, VmError *error)
{
    const VmDataset *d = given->dataset;
    VmLearn learn = *given;
    uint32_t *rows = vm_alloc_array(d->n + 1, sizeof(*rows));
    *learned = (VmLearned){.size = 0};
    if (!rows) return vm_fail_memory(error);
    for (size_t i = 0; i < d->n; i++) rows[i] = (uint32_t)i;
    learn.rows = rows;
    learn.n = d->n;
    learn.held_out = NULL;
    learn.loso_rmse = figures->rmse;
    learn.loso_worst = figures->worst;
    learn.conformal_level = figures->level;
    learn.conformal_q = figures->q;
    int code = vm_learn(learned, &learn, error);
    if (!code) code = compare(learned, d, rows, difference, error);
    vm_free(rows);
    return code;
}
