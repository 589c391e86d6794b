/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A look at the bytes of an ONNX file before protobuf-c unpacks them. */
#ifndef VM_ONNX_WIRE_H
#define VM_ONNX_WIRE_H

#include <stddef.h>

#include "base.h"

/* Is this a message of onnx.proto that can be unpacked with little memory? Every field lies within its
 * message, has the wire type declared for it and, unless it is repeated, is there once; texts have no
 * zero bytes; fields and numbers are counted. Messages nest no deeper than onnx.proto, in which none contains
 * itself. Sentences name the byte. */
int vm_onnx_check_wire(const void *bytes, size_t size, const char *origin, VmError *error);

#endif
