/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* JSON to a file that appears whole or not at all. */
#ifndef VM_JSON_FILE_H
#define VM_JSON_FILE_H

#include <jansson.h>

#include "exitcode.h"
#include "message.h"

/* Takes json, also on failure; NULL: out of memory. "-" is standard output. What goes wrong is said. */
enum VmExit vm_json_save(json_t *json, const char *path, VmMessages *messages);

/* folder/name, allocated; NULL: no memory, which is said. */
char *vm_path_in(const char *folder, const char *name, VmMessages *messages);

#endif
