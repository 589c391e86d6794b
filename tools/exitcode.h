/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Exit statuses of all programs. */
#ifndef VM_EXITCODE_H
#define VM_EXITCODE_H

#include <errno.h>

enum VmExit {
    VM_EXIT_OK = 0,
    VM_EXIT_USAGE = 1,
    VM_EXIT_INPUT = 2,    /* an input, a model or a feature cannot be used */
    VM_EXIT_GATE = 3,     /* below a limit that was asked for */
    VM_EXIT_INTERNAL = 4, /* no memory, output cannot be written */
};

/* VM_EXIT_INPUT, or VM_EXIT_INTERNAL for a lack of memory. */
static inline enum VmExit vm_exit_of(int err)
{
    return err == 0 ? VM_EXIT_OK : err == -ENOMEM ? VM_EXIT_INTERNAL : VM_EXIT_INPUT;
}

#endif
