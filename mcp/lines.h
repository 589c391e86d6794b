/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One message per line: standard input and output, and Unix sockets. */
#ifndef VM_LINES_H
#define VM_LINES_H

#include "server.h"

/* Serves one client that is read from `in` and written to `out`, until the end of its input, a failed write, or
 * a byte at `stop_fd` (-1: none). Both descriptors stay open. Its calls are stopped afterwards. Returns 0 or a
 * negative errno. */
int vm_lines_serve(VmServer *server, int in, int out, int stop_fd);

/* Listens at a path of the file system (mode 0600) and serves every client, until a byte comes at stop_fd. */
int vm_lines_listen(VmServer *server, const char *path, int stop_fd, VmError *error);

#endif
