/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the tools share between calls: see vm_call_toolbox(). */
#ifndef VM_TOOLBOX_H
#define VM_TOOLBOX_H

#include "model_cache.h"
#include "roots.h"

typedef struct VmToolbox {
    VmRoots roots;
    VmModelCache models;
} VmToolbox;

/* allow is a list of folders as in VMAF_MCP_ALLOW, or NULL. Close it in both cases. */
int vm_toolbox_open(VmToolbox *box, const char *allow, VmError *error);

/* When no call runs any more. */
void vm_toolbox_close(VmToolbox *box);

#endif
