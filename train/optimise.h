/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Three ways to minimise an objective. All keep what they have: when one fails or is cancelled, params are
 * the last good ones. They return 0, -ECANCELED, -ENOMEM, or -ERANGE when the loss is not finite, with the
 * step in the sentence. */
#ifndef VM_OPTIMISE_H
#define VM_OPTIMISE_H

#include "objective.h"

typedef struct VmStep {
    unsigned iteration; /* accepted iterations, or epochs; 0 = the start */
    double loss;        /* mean over samples, scaled units */
    double lambda;      /* damping of LM, step length of L-BFGS, 0 for Adam */
    double seconds;     /* since the start */
} VmStep;

/* What happened on the way. */
typedef struct VmTrack {
    VmStep *steps;
    unsigned n_steps, room;
    unsigned snapshot_every; /* keep parameters every so many iterations; 0 = never */
    double **snapshots;      /* of iterations snapshot_every, 2 snapshot_every ... */
    unsigned n_snapshots;
    const VmWatch *watch; /* may be NULL */
    const char *what;     /* for its progress */
    double started;
} VmTrack;

void vm_track_start(VmTrack *track);
void vm_track_free(VmTrack *track); /* what it holds; it can be started again */

typedef struct VmLmOptions {
    unsigned iterations; /* default 60 */
    double lambda;       /* default 1e-2 */
    double
        least_gain; /* relative, six accepted steps in a row; default 1e-5; 0 = never stop for it */
} VmLmOptions;

typedef struct VmLbfgsOptions {
    unsigned iterations;               /* default 1500 */
    unsigned history;                  /* default 20 */
    double least_gradient, least_gain; /* largest component; relative; default 1e-9, 1e-14 */
} VmLbfgsOptions;

typedef struct VmAdamOptions {
    unsigned epochs, batch; /* default 30, 256 */
    double rate;            /* default 1e-3; betas are .9 and .999, epsilon 1e-8 */
    uint64_t seed, stream;  /* of the order of the samples */
    int in_order;           /* 1: batches in the order of the samples, for tests */
} VmAdamOptions;

/* Levenberg-Marquardt; for up to about 600 parameters. */
int vm_lm(VmObjective *objective, const VmLmOptions *options, double *params, VmTrack *track,
          VmError *error);

/* Limited memory BFGS with a line search for the strong Wolfe conditions. */
int vm_lbfgs(VmObjective *objective, const VmLbfgsOptions *options, double *params, VmTrack *track,
             VmError *error);

/* Adam, without the pull. */
int vm_adam(VmObjective *objective, const VmAdamOptions *options, double *params, VmTrack *track,
            VmError *error);

/* For them: notes a step and keeps a snapshot if one is due. Returns 0, -ENOMEM or -ECANCELED. */
int vm_track_step(VmTrack *track, unsigned iteration, unsigned of, double loss, double lambda,
                  const double *params, size_t n_params);

#endif
