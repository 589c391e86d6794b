/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Options of a command from a file: a JSON object of their names and values. */
#ifndef VM_COMMAND_CONFIG_H
#define VM_COMMAND_CONFIG_H

#include "base.h"

/* As a command line would have them, "--name=value", up to NULL. */
typedef struct VmConfig {
    char **arguments;
    size_t n;
} VmConfig;

/* {"lr": 0.01, "corpus_free": true, "feature": ["vif", "adm"]}: a dash may be an underscore, false and null say
 * nothing, a list is the option once for each item. At most 1 MiB. Returns 0, -ENOMEM, -EINVAL or the file's
 * errno, with a sentence that names the file; free it in every case. */
int vm_config_read(VmConfig *config, const char *path, VmError *error);
void vm_config_free(VmConfig *config);

#endif
