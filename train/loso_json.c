/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <math.h>

#include "evaluate.h"
#include "json_file.h"
#include "loso.h"

static json_t *fold_json(const VmLosoFold *f, const VmDataset *d)
{
    json_t *o = json_object();
    json_object_set_new(o, "source", json_string(d->groups[f->group]));
    json_object_set_new(o, "n_train", json_integer((json_int_t)f->n_train));
    json_object_update_new(o, vm_metrics_json(&f->metrics));
    json_object_set_new(o, "seconds", json_real(f->seconds));
    return o;
}

static json_t *interval_json(const VmConformal *c, const VmLosoRun *run, const VmDataset *d)
{
    json_t *o = json_object();
    json_object_set_new(o, "level", json_real(c->level));
    json_object_set_new(o, "form", json_string(c->guaranteed ? "guaranteed" : "empirical"));
    json_object_set_new(o, "q", vm_real_json(c->q));
    json_object_set_new(o, "mean_coverage", vm_real_json(c->mean_coverage));
    json_object_set_new(o, "worst_coverage", vm_real_json(c->worst_coverage));
    if (isfinite(c->q))
        json_object_set_new(o, "worst_source",
                            json_string(d->groups[run->folds[c->worst_group].group]));
    return o;
}

static void add_settings(json_t *o, const VmLosoRun *run)
{
    char shape[64];
    vm_mlp_name(&run->mlp, shape, sizeof(shape));
    json_object_set_new(o, "arch", json_string(run->arch->name));
    json_object_set_new(o, "layers", json_string(shape));
    json_object_set_new(o, "activation", json_string(vm_activation_name(run->mlp.activation)));
    json_object_set_new(o, "n_params", json_integer((json_int_t)run->mlp.n_params));
    json_object_set_new(o, "seed", json_integer((json_int_t)run->args.seed));
}

static json_t *run_json(const VmLosoRun *run, const VmDataset *d)
{
    json_t *o = vm_metrics_json(&run->mean), *folds = json_array(), *intervals = json_array();
    add_settings(o, run);
    json_object_set_new(o, "rmse_std", vm_real_json(run->std.rmse));
    json_object_set_new(o, "worst_fold_rmse", vm_real_json(run->folds[run->worst].metrics.rmse));
    json_object_set_new(o, "worst_fold", json_string(d->groups[run->folds[run->worst].group]));
    json_object_set_new(o, "pooled", vm_metrics_json(&run->pooled));
    for (unsigned f = 0; f < run->n_folds; f++)
        json_array_append_new(folds, fold_json(&run->folds[f], d));
    json_object_set_new(o, "folds", folds);
    for (int k = 0; k < VM_LOSO_INTERVALS; k++)
        json_array_append_new(intervals, interval_json(&run->intervals[k], run, d));
    json_object_set_new(o, "intervals", intervals);
    json_object_set_new(o, "corpus_free",
                        run->has_corpus_free ? vm_metrics_json(&run->corpus_free) : json_null());
    return o;
}

json_t *vm_loso_json(const VmLosoRun *runs, unsigned n_runs, const VmDataset *d)
{
    json_t *o = run_json(&runs[vm_loso_best(runs, n_runs)], d), *list = json_array();
    json_object_set_new(o, "schema", json_integer(2));
    json_object_set_new(
        o, "teacher",
        json_pack("{s:o,s:s}", "name", vm_json_text(d->teacher), "sha256", d->teacher_sha256));
    json_object_set_new(o, "data_sha256", json_string(d->sha256));
    for (unsigned r = 0; r < n_runs; r++) json_array_append_new(list, run_json(&runs[r], d));
    json_object_set_new(o, "runs", list);
    return o;
}
