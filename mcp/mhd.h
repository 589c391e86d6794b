/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* libmicrohttpd, loaded when HTTP is asked for: it would bring ten libraries into every start. */
#ifndef VM_MHD_H
#define VM_MHD_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <microhttpd.h>

#include "base.h"

#define VM_MHD_API(X)                                                                              \
    X(MHD_start_daemon)                                                                            \
    X(MHD_stop_daemon)                                                                             \
    X(MHD_get_daemon_info)                                                                         \
    X(MHD_get_connection_values_n)                                                                 \
    X(MHD_get_connection_info)                                                                     \
    X(MHD_create_response_from_buffer_with_free_callback)                                          \
    X(MHD_create_response_from_callback)                                                           \
    X(MHD_add_response_header)                                                                     \
    X(MHD_queue_response)                                                                          \
    X(MHD_destroy_response)                                                                        \
    X(MHD_suspend_connection)                                                                      \
    X(MHD_resume_connection)

/* The functions under their own names; their types are the header's. */
#define VM_MHD_MEMBER(f) __typeof__(f) *f;
typedef struct VmMhd {
    VM_MHD_API(VM_MHD_MEMBER)
} VmMhd;
#undef VM_MHD_MEMBER

/* Fills the table once per process; -ENOSYS with a sentence if the library is not there. */
int vm_mhd_load(const VmMhd **mhd, VmError *error);

#endif
