/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http.h"

int vm_http_serve(VmServer *server, const char *address, const char *token, int stop_fd,
                  VmError *error)
{
    (void)server, (void)address, (void)token, (void)stop_fd;
    return vm_fail(error, -ENOSYS, "not yet");
}
