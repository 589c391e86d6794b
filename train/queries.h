/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Points between and around the training rows at which the teacher is asked: what makes a student follow it
 * also where the corpus has no video. Made from the rows that are given and nothing else. */
#ifndef VM_QUERIES_H
#define VM_QUERIES_H

#include "rng.h"
#include "samples.h"

/* What a query can be, and outside of which a model's answer is not to be trusted. */
typedef struct VmBox {
    double min[VM_INPUTS_MAX], max[VM_INPUTS_MAX];
} VmBox;

/* Known features have their own limits (adm2 0.2 .. 1.02, vif 0 .. 1.02, motion2 0 .. 60); others those of
 * the rows, widened by a tenth of their range. */
void vm_queries_box(VmBox *box, char *const *names, unsigned width, const VmTable *rows);

/* x[n][width]: half between and beyond pairs of rows, with noise, half from the box; without rows all from
 * the box, which then asks more for good quality. */
void vm_queries_draw(float *x, size_t n, char *const *names, unsigned width, const VmTable *rows,
                     const VmBox *box, VmRng *rng);

#endif
