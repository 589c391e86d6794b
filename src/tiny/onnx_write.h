/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Dense networks as ONNX files: IR 8, opset 17, one file, `input` [batch, n] to `score` [batch, 1]. */
#ifndef VM_ONNX_WRITE_H
#define VM_ONNX_WRITE_H

#include <stddef.h>

#include "base.h"
#include "tiny/net.h"

typedef struct VmOnnxMeta {
    const char *key, *value;
} VmOnnxMeta;

/* Writes `score` and, if it is not NULL, `stddev`, a second network on the same inputs whose output is
 * called so, with the metadata in the order given. Equal arguments make equal bytes. The layers must fit
 * each other and end in one value; all weights must be finite. Returns 0 and sets *bytes (vm_free() it)
 * and *size, or leaves them alone and returns -EINVAL or -ENOMEM. */
int vm_onnx_write(void **bytes, size_t *size, const VmNet *score, const VmNet *stddev,
                  const VmOnnxMeta *meta, unsigned n_meta, VmError *error);

#endif
