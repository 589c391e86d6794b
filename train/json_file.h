/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* JSON to a file that appears whole or not at all. */
#ifndef VM_JSON_FILE_H
#define VM_JSON_FILE_H

#include <jansson.h>

#include "exitcode.h"
#include "message.h"

/* Takes json, also on failure; NULL: out of memory. "-" is standard output. What goes wrong is said. */
enum VmExit vm_json_save(json_t *json, const char *path, VmMessages *messages);

/* A text of bytes from anywhere, which jansson would refuse: what is no UTF-8 and what commands a terminal
 * becomes "?". NULL: jansson got no memory, after which vmaf-train is over (json_memory.h). */
json_t *vm_json_text(const char *text);

/* folder/name, allocated; NULL: no memory, which is said. */
char *vm_path_in(const char *folder, const char *name, VmMessages *messages);

#endif
