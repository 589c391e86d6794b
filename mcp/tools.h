/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The tools that compute; their order is that of vm_tools[]. */
#ifndef VM_TOOLS_H
#define VM_TOOLS_H

#include "tool.h"

extern const VmTool vm_tool_probe_video, vm_tool_vmaf_score, vm_tool_describe_worst_frames,
    vm_tool_compare_encodes, vm_tool_run_benchmark, vm_tool_eval_model_on_split,
    vm_tool_compare_models, vm_tool_train_model;

/* Adds an item, taken, to a list. Without memory for either *list becomes NULL, and so does what it is
 * packed into: an answer is whole or an error. */
static inline void vm_tools_append(json_t **list, json_t *item)
{
    if (!*list) {
        json_decref(item);
    } else if (json_array_append_new(*list, item)) {
        json_decref(*list);
        *list = NULL;
    }
}

#endif
