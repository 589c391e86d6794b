/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The head of an HTTP request: what of it matters, and what of it is refused. Knows nothing of sockets. */
#ifndef VM_HTTP_HEAD_H
#define VM_HTTP_HEAD_H

#include "rpc.h"

enum VmHeadField {
    VM_HEAD_HOST,
    VM_HEAD_ORIGIN,
    VM_HEAD_AUTHORIZATION,
    VM_HEAD_CONTENT_TYPE,
    VM_HEAD_CONTENT_LENGTH,
    VM_HEAD_TRANSFER_ENCODING,
    VM_HEAD_ACCEPT,
    VM_HEAD_VERSION, /* MCP-Protocol-Version */
    VM_HEAD_METHOD,  /* Mcp-Method */
    VM_HEAD_NAME,    /* Mcp-Name */
    VM_HEAD_SESSION, /* Mcp-Session-Id */
    VM_HEAD_FIELDS
};

typedef struct VmHead {
    char *value[VM_HEAD_FIELDS]; /* without blanks around it; NULL: not there */
    int status;                  /* what the fields alone are refused with, 0: nothing */
    VmError why;
} VmHead;

/* What the server wants from every request. */
typedef struct VmHeadRules {
    const char *token; /* NULL: none */
    int any_host;      /* the address is not only this machine's */
} VmHeadRules;

void vm_head_free(VmHead *head);

/* One field as it came. Returns 0 or -ENOMEM; faults go into head->status. */
int vm_head_add(VmHead *head, const char *name, size_t name_size, const char *value,
                size_t value_size);

/* 0, or the status to refuse the request with and the reason in head->why. */
int vm_head_check(VmHead *head, const char *method, const char *path, const VmHeadRules *rules);

/* Do the fields of a request of version 2026-07-28 say the same as its body? Returns 0 or VM_RPC_HEADER. */
int vm_head_compare(const VmHead *head, const VmMessage *message, VmError *error);

#endif
