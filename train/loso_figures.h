/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Tables of held-out sources on the terminal. */
#ifndef VM_LOSO_FIGURES_H
#define VM_LOSO_FIGURES_H

#include "loso.h"

/* Every fold of every run, then a line for each run if there are several. */
void vm_loso_print(const VmLosoRun *runs, unsigned n_runs, const VmDataset *dataset);

#endif
