/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What this build and this machine have, for tools and resources. NULL: out of memory. */
#ifndef VM_ABOUT_H
#define VM_ABOUT_H

#include "tool.h"

/* Name of model number i = 0, 1, ..., published ones first; NULL past the end. */
const char *vm_about_model_name(unsigned i);
/* What is known of it. */
json_t *vm_about_model(unsigned i);
json_t *vm_about_models(void);
json_t *vm_about_backends(void);
int vm_about_has_model(void); /* one at least is embedded */

extern const VmTool vm_tool_list_models, vm_tool_list_backends;

#endif
