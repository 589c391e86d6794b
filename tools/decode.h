/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Between the program and its decoder module vmaf-decode.so. FFmpeg's libraries drag in more than a
 * hundred others; a module that is loaded only for compressed input keeps them out of every other run. */
#ifndef VM_DECODE_H
#define VM_DECODE_H

#include "source.h"

#define VM_DECODE_SYMBOL "vm_decode_module"

typedef struct VmDecodeModule {
    const char *build; /* release and size of VmSource: a module of another build is refused */
    size_t source_size;
    const char *libraries; /* e.g. "libavformat 59.27.100, libavcodec 59.37.100" */
    /* Opens source->stream (or, with fd -1, the picture sequence source->path). */
    int (*open)(VmSource *source, unsigned threads);
} VmDecodeModule;

/* Loads the module once. Returns NULL and says why if that is not possible. */
const VmDecodeModule *vm_decode_load(char *error, size_t size);

#endif
