/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the program vmaf-mcp offers beside its tools: resources, prompts, completion. */
#ifndef VM_RESOURCES_H
#define VM_RESOURCES_H

#include "server.h"

extern const VmTemplate vm_resource_templates[];
int vm_resources_list(VmServer *server, json_t *array);
int vm_resources_read(VmCall *call, const char *uri);

extern const VmPrompt vm_prompts[];
int vm_prompts_complete(VmCall *call, const char *type, const char *name, const char *argument,
                        const char *value, json_t *values);

/* A page of documentation, built in. */
typedef struct VmPage {
    const char *name, *title, *text;
    size_t size;
} VmPage;

extern const VmPage vm_pages[]; /* ends without name */

#endif
