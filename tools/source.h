/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One input video as a sequence of pictures, whatever file holds it. Readers: yuv.c (raw), y4m.c and
 * the module decode.c (everything FFmpeg decodes). */
#ifndef VM_SOURCE_H
#define VM_SOURCE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libvmaf/picture.h"
#include "stream.h"

enum { VM_SIDE_MAX = 32768 }; /* the library's limit for width and height */

enum VmRange { VM_RANGE_UNKNOWN, VM_RANGE_LIMITED, VM_RANGE_FULL };
enum VmTransfer { VM_TRANSFER_OTHER, VM_TRANSFER_PQ, VM_TRANSFER_HLG };

typedef struct VmVideoInfo {
    unsigned w, h; /* 1..VM_SIDE_MAX */
    unsigned bpc;  /* 8, 10, 12 or 16 */
    enum VmafPixelFormat pix_fmt;
    enum VmRange range;
    enum VmTransfer transfer;
    int interlaced;
    int64_t frames;   /* as the file says, -1 if it does not */
    int frames_exact; /* 0: frames is what a header claims */
} VmVideoInfo;

typedef struct VmSource VmSource;

typedef struct VmSourceOps {
    /* Fills pic (of the source's format), or passes over a frame if pic is NULL.
     * Returns 1, 0 at the end, or a negative errno with source->error set. */
    int (*read)(VmSource *source, VmafPicture *pic);
    void (*close)(VmSource *source); /* frees impl, which may be half-built */
} VmSourceOps;

struct VmSource {
    const char *role; /* "reference" or "distorted" */
    const char *path; /* as given; must outlive the source */
    VmStream stream;  /* fd -1 for numbered pictures, which have no single file */
    VmVideoInfo info;
    int confined;      /* 1: nothing but the stream's own bytes may be read */
    int luma_only;     /* 1: nobody looks at chroma, it need not be read. For the caller to set */
    uint64_t next;     /* frames read or passed over so far */
    char error[512];   /* what is wrong, without role and path */
    char warning[512]; /* something to tell; whoever tells it empties the text */
    const VmSourceOps *ops;
    void *impl;
};

/* Notes what is wrong and gives the code back. */
#define VM_SOURCE_FAIL(source, code, ...)                                                          \
    (snprintf((source)->error, sizeof((source)->error), __VA_ARGS__), (code))

/* Adds a sentence to the warning. Here because the module needs it as well. */
__attribute__((format(printf, 2, 3))) static inline void vm_source_warn(VmSource *source,
                                                                        const char *fmt, ...)
{
    const size_t size = sizeof(source->warning);
    size_t length = strlen(source->warning);
    va_list args;

    if (length) length += (size_t)snprintf(source->warning + length, size - length, "; ");
    if (length >= size) return;
    va_start(args, fmt);
    (void)vsnprintf(source->warning + length, size - length, fmt, args);
    va_end(args);
}

/* Geometry of raw video from the command line. */
typedef struct VmRawFormat {
    unsigned w, h, bpc;
    enum VmafPixelFormat pix_fmt;
} VmRawFormat;

/* Opens path as raw video if raw is not NULL, unless the file names another format itself.
 * threads bounds the decoder's threads. Returns 0 or a negative errno with source->error set.
 * In both cases the source is closed with vm_source_close(). */
int vm_source_open(VmSource *source, const char *role, const char *path, const VmRawFormat *raw,
                   unsigned threads);

/* The same for an open descriptor, which is taken in both cases; name is what messages call it. Whatever
 * the bytes are, nothing else is opened on their behalf. */
int vm_source_open_fd(VmSource *source, const char *role, const char *name, int fd,
                      const VmRawFormat *raw, unsigned threads);

/* As VmSourceOps.read; also refuses samples that exceed the bit depth. */
int vm_source_read(VmSource *source, VmafPicture *pic);

/* Accepts a zeroed source and one whose opening failed. */
void vm_source_close(VmSource *source);

/* "1920x1080 yuv420 8 bit" */
void vm_source_describe(const VmVideoInfo *info, char *text, size_t size);

/* ---- the readers; stream is open, see vm_source_open() ---- */

int vm_yuv_open(VmSource *source, const VmRawFormat *raw);
int vm_y4m_open(VmSource *source);

#endif
