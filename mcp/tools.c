/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "about.h"

/* In listing order; what costs nothing comes first. */
const VmTool *const vm_tools[] = {
    &vm_tool_list_backends,
    &vm_tool_list_models,
    NULL,
};
