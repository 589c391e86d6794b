/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "json_memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exitcode.h"

static const char *program;

/* Output files are still under their temporary names then, as after a kill. */
static void *require_memory(size_t size)
{
    static const char text[] = ": error: out of memory\n";
    void *memory = malloc(size);

    if (memory || !size) return memory;
    if (write(STDERR_FILENO, program, strlen(program)) > 0)
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(VM_EXIT_INTERNAL);
}

void vm_json_memory_watch(const char *name)
{
    program = name;
    json_set_alloc_funcs(require_memory, free);
}
