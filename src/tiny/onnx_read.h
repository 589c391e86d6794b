/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* From the bytes of an ONNX file to a checked graph. */
#ifndef VM_ONNX_READ_H
#define VM_ONNX_READ_H

#include "tiny/graph.h"

/* Finds a file beside the model: *bytes and *size stay the function's. */
typedef int VmOnnxFile(void *opaque, const char *name, const void **bytes, size_t *size,
                       VmError *error);

typedef struct VmOnnx {
    struct VmOnnx__Model *message; /* metadata, names */
    VmGraph graph;
} VmOnnx;

/* *onnx is zeroed or ready for vm_onnx_close() afterwards, also on failure. file NULL: the model may refer
 * to no other file. */
int vm_onnx_read(VmOnnx *onnx, const void *bytes, size_t size, const char *origin, VmOnnxFile *file,
                 void *opaque, VmError *error);
void vm_onnx_close(VmOnnx *onnx);

/* NULL if there is no such key. */
const char *vm_onnx_meta(const VmOnnx *onnx, const char *key);

/* Entry number i; 0 past the end. */
int vm_onnx_entry(const VmOnnx *onnx, unsigned i, const char **key, const char **value);

#endif
