/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* JSON-RPC 2.0 as MCP uses it: one object a message, read with limits, ids given back exactly. */
#ifndef VM_RPC_H
#define VM_RPC_H

#include <jansson.h>

#include "base.h"

enum {
    VM_RPC_MAX_BYTES = 4 << 20, /* of one message */
    VM_RPC_MAX_DEPTH = 64,      /* of arrays and objects in each other */
    VM_RPC_MAX_VALUES = 100000, /* each costs a hundred bytes of memory */
};

enum {
    VM_RPC_PARSE_ERROR = -32700,
    VM_RPC_INVALID_REQUEST = -32600,
    VM_RPC_NO_METHOD = -32601,
    VM_RPC_INVALID_PARAMS = -32602,
    VM_RPC_INTERNAL = -32603,
    VM_RPC_NO_RESOURCE = -32002, /* handshake versions only */
    VM_RPC_HEADER = -32020,
    VM_RPC_CAPABILITY = -32021,
    VM_RPC_VERSION = -32022,
};

enum VmMessageKind { VM_MESSAGE_REQUEST, VM_MESSAGE_NOTE, VM_MESSAGE_RESPONSE };

typedef struct VmMessage {
    json_t *root; /* owns the others; NULL: it was not JSON */
    enum VmMessageKind kind;
    json_t *id; /* string or integer; NULL: none, or none that could be read */
    const char *method;
    json_t *params; /* an object, or NULL */
    json_t *meta;   /* its _meta, an object, or NULL */
    json_t *claim;  /* the protocol version that _meta names, of any type, or NULL */
} VmMessage;

/* Reads one message. Returns 0 or a code of JSON-RPC with the reason; free the message in both cases. */
int vm_rpc_parse(VmMessage *message, const char *text, size_t size, VmError *error);

void vm_rpc_free(VmMessage *message);

/* ---- texts ---- */

/* A JSON string of text that may hold anything: what is not UTF-8 becomes U+FFFD, control characters other than
 * tab and newline become blanks. NULL: out of memory. */
json_t *vm_rpc_string(const char *text, size_t size);

/* The same into JSON text, with its quotes, for texts too big to copy about. */
void vm_rpc_quote(VmText *out, const char *text, size_t size);

/* One line of JSON; result is the JSON text of the result. */
void vm_rpc_result(VmText *out, const json_t *id, const char *result, size_t size);

/* id NULL: it could not be read; data may be NULL. */
void vm_rpc_error(VmText *out, const json_t *id, int code, const char *text, const json_t *data);

void vm_rpc_dump(VmText *out, const json_t *value);

#endif
