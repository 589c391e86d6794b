/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* From rows to a trained network: scaling, queries, restarts, choice. */
#ifndef VM_FIT_H
#define VM_FIT_H

#include "optimise.h"
#include "queries.h"
#include "reach.h"
#include "teacher.h"

enum VmOptimizer { VM_OPTIMIZER_AUTO, VM_OPTIMIZER_LM, VM_OPTIMIZER_LBFGS, VM_OPTIMIZER_ADAM };

/* Above this many parameters the normal equations cost more than they bring. */
enum { VM_LM_MAX_PARAMS = 600 };

typedef struct VmFitSpec {
    VmMlp mlp;
    enum VmOptimizer optimizer; /* AUTO: LM up to VM_LM_MAX_PARAMS, above L-BFGS */
    enum VmTeacherValue value;  /* what the rows' targets are, and queries' labels */
    int scaled;                 /* 0: inputs and target as they are */
    enum VmMlpStart start;
    unsigned restarts;     /* at least 1; the best is chosen on choice_queries */
    unsigned first_start;  /* number of the first of them: what is random in a start comes of it */
    size_t queries;        /* 0 without a teacher */
    size_t choice_queries; /* fresh ones, when there are several starts */
    const VmTeacher *teacher;
    double huber;             /* in units of the target; INFINITY = squares */
    unsigned epochs, batch;   /* Adam */
    double rate;              /* Adam */
    unsigned iterations;      /* of LM and L-BFGS; 0 = their own limits */
    double lo, hi;            /* limits of the output; -INFINITY and INFINITY = none */
    const double *first;      /* parameters to begin with and to be pulled to; NULL: random, to 0 */
    const VmScaling *scaling; /* their scaling; NULL: of the rows */
    double pull;              /* per sample; < 0: the default 1e-9 */
    uint64_t seed;
    unsigned n_threads;
    uint64_t cpumask; /* as VmafConfiguration.cpumask */
    unsigned snapshot_every;
    const VmWatch *watch; /* may be NULL */
} VmFitSpec;

/* The recipe that is best, and that of the published models; both leave mlp, teacher and watch alone. */
void vm_fit_recipe_best(VmFitSpec *spec);
void vm_fit_recipe_seed(VmFitSpec *spec);

typedef struct VmFitted {
    VmMlp mlp;
    VmScaling scaling;
    double *params; /* [n_params], between scaled inputs and scaled target */
    double lo, hi;
    enum VmOptimizer optimizer; /* never AUTO */
    VmTrack track;              /* of the chosen start; its watch is NULL */
    unsigned restarts, chosen;
    double *choice; /* [restarts] RMSE on fresh queries; NULL if there was no choice */
    size_t n_rows, n_queries;
    VmBox box;     /* of queries */
    VmReach reach; /* of rows; of queries if there are none */
} VmFitted;

/* Fits to rows whose columns are called names[mlp.width[0]]. -ERANGE: the loss became infinite or no number;
 * fitted then holds the last good parameters of the first start, if params is not NULL. Other codes:
 * -EINVAL, -ENOMEM, -ECANCELED. Free fitted in every case. */
int vm_fit(VmFitted *fitted, const VmFitSpec *spec, char *const *names, const VmTable *rows,
           VmError *error);
void vm_fitted_free(VmFitted *fitted);

/* In double precision, with the limits; the order of operations is the trainer's, not that of an exported
 * file. Returns 0 or -ENOMEM. */
int vm_fitted_predict(const VmFitted *fitted, const double *params, const float *x, size_t n,
                      double *y, unsigned n_threads);

/* The network on unscaled inputs, rounded once to float; params NULL: the fitted ones. Free it with
 * vm_fitted_net_free(). Returns 0, -ENOMEM, or -ERANGE: a weight is too large for a float. */
int vm_fitted_net(const VmFitted *fitted, const double *params, VmNet *net, VmError *error);
void vm_fitted_net_free(VmNet *net);

const char *vm_optimizer_name(enum VmOptimizer optimizer);
const char *vm_activation_name(enum VmActivation activation);

#endif
