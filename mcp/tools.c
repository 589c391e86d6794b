/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tools.h"

#include "about.h"

/* In listing order; what costs nothing comes first. */
const VmTool *const vm_tools[] = {
    &vm_tool_list_backends,
    &vm_tool_list_models,
    &vm_tool_probe_video,
    &vm_tool_vmaf_score,
    &vm_tool_describe_worst_frames,
    &vm_tool_compare_encodes,
    &vm_tool_run_benchmark,
    &vm_tool_eval_model_on_split,
    &vm_tool_compare_models,
    &vm_tool_train_model,
    NULL,
};
