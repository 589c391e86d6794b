/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Viewers' scores of clips: lines "key,mos" under that header, joined with the clips' pooled features. */
#ifndef VM_MOS_TABLE_H
#define VM_MOS_TABLE_H

#include "dataset.h"
#include "libvmaf/libvmaf.h"

/* *pooled has a row for each clip of the data that has a score in the file: its rows pooled. Returns 0, or
 * a negative errno and a sentence; *n_missing counts clips without a score. Free *pooled. */
int vm_mos_table(VmDataset **pooled, const VmDataset *rows, const char *path,
                 enum VmafPoolingMethod pool, unsigned *n_missing, VmError *error);

#endif
