/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the optimisers share: their track. */
#include "optimise.h"

#include <string.h>

#include "progress.h"

void vm_track_start(VmTrack *t)
{
    t->started = vm_clock();
}

void vm_track_free(VmTrack *t)
{
    for (unsigned i = 0; i < t->n_snapshots; i++) vm_free(t->snapshots[i]);
    vm_free(t->snapshots);
    vm_free(t->steps);
    t->snapshots = NULL;
    t->steps = NULL;
    t->n_snapshots = t->n_steps = t->room = 0;
}

static int add_step(VmTrack *t, const VmStep *step)
{
    if (t->n_steps == t->room) {
        const unsigned room = t->room ? 2 * t->room : 64;
        VmStep *grown = vm_realloc(t->steps, room * sizeof(*grown));
        if (!grown) return -ENOMEM;
        t->steps = grown;
        t->room = room;
    }
    t->steps[t->n_steps++] = *step;
    return 0;
}

static int add_snapshot(VmTrack *t, const double *params, size_t n)
{
    double **grown = vm_realloc(t->snapshots, (t->n_snapshots + 1) * sizeof(*grown));
    if (!grown) return -ENOMEM;
    t->snapshots = grown;
    grown[t->n_snapshots] = vm_alloc_array(n, sizeof(**grown));
    if (!grown[t->n_snapshots]) return -ENOMEM;
    memcpy(grown[t->n_snapshots++], params, n * sizeof(*params));
    return 0;
}

int vm_track_step(VmTrack *t, unsigned iteration, unsigned of, double loss, double lambda,
                  const double *params, size_t n_params)
{
    const VmStep step = {iteration, loss, lambda, vm_clock() - t->started};
    VM_TRY(add_step(t, &step));
    if (iteration && t->snapshot_every && iteration % t->snapshot_every == 0)
        VM_TRY(add_snapshot(t, params, n_params));
    vm_watch_tell(t->watch, iteration, of, t->what);
    return vm_watch_cancelled(t->watch) ? -ECANCELED : 0;
}
