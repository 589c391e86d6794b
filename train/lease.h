/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Who works on a cache entry or a registry: a file beside it that is locked while it lasts. The lock dies
 * with its process, so what a killed one leaves behind is free to take at once. */
#ifndef VM_LEASE_H
#define VM_LEASE_H

#include "base.h"

typedef struct VmLease {
    int fd;
    char *path;
} VmLease;

/* Returns 0; -EWOULDBLOCK: another process or thread has it; or another -errno of the file. */
int vm_lease_take(VmLease *lease, const char *path);

/* The same once nobody else has it. */
int vm_lease_wait(VmLease *lease, const char *path);

/* Does nothing to one that was not taken. */
void vm_lease_give_back(VmLease *lease);

#endif
