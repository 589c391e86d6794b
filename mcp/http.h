/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Streamable HTTP at /mcp, by libmicrohttpd, which is loaded here and not before. */
#ifndef VM_HTTP_H
#define VM_HTTP_H

#include "server.h"

/* Serves at "[ADDRESS:]PORT" until a byte comes at stop_fd; the address in use is told on standard error.
 * token (NULL or "": none) is what clients must send; an address that other machines reach needs one. */
int vm_http_serve(VmServer *server, const char *address, const char *token, int stop_fd,
                  VmError *error);

#endif
