/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The commands of vmaf-train; their table is in vmaf_train.c. */
#ifndef VM_COMMANDS_H
#define VM_COMMANDS_H

#include "command.h"

extern const VmCommand vm_cmd_scan;
extern const VmCommand vm_cmd_extract;
extern const VmCommand vm_cmd_export_dataset;
extern const VmCommand vm_cmd_fit;
extern const VmCommand vm_cmd_eval;
extern const VmCommand vm_cmd_loso;
extern const VmCommand vm_cmd_compare;
extern const VmCommand vm_cmd_bisect;
extern const VmCommand vm_cmd_export;
extern const VmCommand vm_cmd_register;
extern const VmCommand vm_cmd_run;
extern const VmCommand vm_cmd_sweep;
extern const VmCommand vm_cmd_norm;
extern const VmCommand vm_cmd_profile;
extern const VmCommand vm_cmd_cross;
extern const VmCommand vm_cmd_audit;

#endif
