/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What follows from a tool's table: schemas, the check of arguments, documentation. */
#ifndef VM_SCHEMA_H
#define VM_SCHEMA_H

#include "tool.h"

/* JSON Schema 2020-12; NULL: out of memory. */
json_t *vm_schema_input(const VmTool *tool);
json_t *vm_schema_output(const VmTool *tool);

/* args may be NULL (none given). On success *checked has a copy with defaults filled in. -EINVAL with a sentence
 * that says which argument is wrong and how to put it right, or -ENOMEM. */
int vm_schema_check(const VmTool *tool, const json_t *args, json_t **checked, VmError *error);

/* Markdown: a section per tool. */
void vm_schema_document(VmText *out, const VmTool *const *tools);

#endif
