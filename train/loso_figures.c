/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "loso_figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "figures.h"

static void print_intervals(const VmLosoRun *run, const VmDataset *d)
{
    for (int k = 0; k < VM_LOSO_INTERVALS; k++) {
        const VmConformal *c = &run->intervals[k];
        printf("%s %.1f %% interval: ", c->guaranteed ? "guaranteed" : "empirical", 100 * c->level);
        if (!isfinite(c->q)) {
            printf("none, there are too few sources\n");
            continue;
        }
        printf("+-%.4f; a source left out is covered to %.1f %%, %s to %.1f %%\n", c->q,
               100 * c->mean_coverage, d->groups[run->folds[c->worst_group].group],
               100 * c->worst_coverage);
    }
}

static void print_run(const VmLosoRun *run, const VmDataset *d)
{
    char shape[64];
    vm_mlp_name(&run->mlp, shape, sizeof(shape));
    printf("\n%s (%s, %s), %zu parameters, seed %" PRIu64 "\n", run->arch->name, shape,
           vm_activation_name(run->mlp.activation), run->mlp.n_params, run->args.seed);
    vm_figures_title("held out");
    for (unsigned f = 0; f < run->n_folds; f++)
        vm_figures_row(d->groups[run->folds[f].group], &run->folds[f].metrics);
    vm_figures_row("mean", &run->mean);
    printf("RMSE %.4f +- %.4f, worst fold %.4f (%s)\n", run->mean.rmse, run->std.rmse,
           run->folds[run->worst].metrics.rmse, d->groups[run->folds[run->worst].group]);
    if (run->has_corpus_free) vm_figures_row("no video, on all rows", &run->corpus_free);
    print_intervals(run, d);
}

void vm_loso_print(const VmLosoRun *runs, unsigned n_runs, const VmDataset *d)
{
    for (unsigned r = 0; r < n_runs; r++) print_run(&runs[r], d);
    if (n_runs < 2) return;
    printf("\n%-*s %-9s %6s %9s %9s %9s %9s\n", VM_FIGURE_NAME, "architecture", "between", "seed",
           "KROCC", "RMSE", "worst", "max error");
    for (unsigned r = 0; r < n_runs; r++)
        printf("%-*s %-9s %6" PRIu64 " %9.5f %9.4f %9.4f %9.3f\n", VM_FIGURE_NAME,
               runs[r].arch->name, vm_activation_name(runs[r].mlp.activation), runs[r].args.seed,
               runs[r].mean.krocc, runs[r].mean.rmse, runs[r].folds[runs[r].worst].metrics.rmse,
               runs[r].mean.max_error);
}
