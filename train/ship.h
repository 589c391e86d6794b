/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The model that is handed out: trained on every source, stating what leaving each out has shown. */
#ifndef VM_SHIP_H
#define VM_SHIP_H

#include "loso.h"

/* What leaving one source out has shown; NaN: not known. */
typedef struct VmShipFigures {
    double rmse, worst, level, q;
} VmShipFigures;

/* Of a run: its interval is the guaranteed one of 90 %, or where there are too few sources for that the
 * empirical one of 95 %. */
VmShipFigures vm_ship_figures(const VmLosoRun *run);

/* From the file that loso --json wrote. Returns 0, or a negative errno and a sentence. */
int vm_ship_read_figures(const char *path, VmShipFigures *figures, VmError *error);

/* learn: without rows and figures, which are set here. The file is read back and its answers on all rows are
 * compared with the trainer's own in double precision; *difference is the largest. -EIO: they differ by more
 * than rounding explains. Free learned in every case. */
int vm_ship(VmLearned *learned, const VmLearn *learn, const VmShipFigures *figures,
            double *difference, VmError *error);

#endif
