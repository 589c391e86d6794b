/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A corpus with what is to be computed of it. */
#ifndef VM_DATA_SOURCE_H
#define VM_DATA_SOURCE_H

#include "extract.h"

typedef struct VmDataSource {
    VmCorpus corpus;
    VmFeatureSet features;
    VmGrader teacher;
} VmDataSource;

/* Says what goes wrong and what is left out, file by file. A corpus without a usable pair is refused. Close
 * it in all cases. */
enum VmExit vm_data_source_open(VmDataSource *source, const VmDataArgs *args, VmMessages *messages);

void vm_data_source_close(VmDataSource *source);

#endif
