/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Settings tried one after the other: "name=choice:a,b", "name=int:LO:HI[:log]", "name=float:LO:HI[:log]". */
#ifndef VM_SWEEP_H
#define VM_SWEEP_H

#include "learn_args.h"

enum { VM_SWEEP_MAX_PARAMS = 12, VM_SWEEP_MAX_CHOICES = 32 };

typedef struct VmSweepParam {
    int name; /* which setting; for vm_sweep_name */
    enum { VM_SWEEP_CHOICE, VM_SWEEP_INT, VM_SWEEP_FLOAT } kind;
    char *text; /* behind the choices */
    const char *choices[VM_SWEEP_MAX_CHOICES];
    unsigned n_choices;
    double lo, hi;
    int logarithmic;
} VmSweepParam;

typedef struct VmSweepSpace {
    VmSweepParam params[VM_SWEEP_MAX_PARAMS];
    unsigned n;
} VmSweepSpace;

/* Adds one; -EINVAL and a sentence if it is no parameter. */
int vm_sweep_add(VmSweepSpace *space, const char *text, VmError *error);
void vm_sweep_free(VmSweepSpace *space);

const char *vm_sweep_name(const VmSweepParam *param);

/* Number of points of the grid of all choices; 0 if a parameter is a range. */
unsigned long vm_sweep_grid(const VmSweepSpace *space);

/* A point: the value of each parameter, number of the choice or the number itself. index counts through the
 * grid, or is drawn by the seed if there is none. */
void vm_sweep_point(const VmSweepSpace *space, uint64_t seed, unsigned long index,
                    double values[VM_SWEEP_MAX_PARAMS]);

/* The value as text: "tanh", "0.001". */
void vm_sweep_text(const VmSweepParam *param, double value, char *text, size_t size);

/* Puts the point into arguments and architecture. -EINVAL and a sentence if they do not fit. */
int vm_sweep_apply(const VmSweepSpace *space, const double *values, VmLearnArgs *args, VmArch *arch,
                   VmError *error);

#endif
