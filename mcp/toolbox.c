/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "toolbox.h"

int vm_toolbox_open(VmToolbox *box, const char *allow, VmError *error)
{
    vm_model_cache_init(&box->models);
    return vm_roots_open(&box->roots, allow, error);
}

void vm_toolbox_close(VmToolbox *box)
{
    vm_roots_close(&box->roots);
    vm_model_cache_free(&box->models);
}
