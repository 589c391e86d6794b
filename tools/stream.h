/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The bytes of one input: a regular file, a pipe, a FIFO or standard input, read from front to back.
 * Only regular files can go back. A few bytes can be looked at before it is decided who reads them. */
#ifndef VM_STREAM_H
#define VM_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct VmStream {
    int fd;            /* -1: not open */
    int64_t size;      /* bytes of a regular file, -1 for everything else */
    int64_t base;      /* file offset of our first byte: standard input may have been read from */
    uint64_t pos;      /* bytes handed out = place of the next one */
    size_t head, tail; /* buf[head..tail) has been read and not handed out */
    unsigned char buf[4096];
} VmStream;

/* "-" is standard input. Returns 0 or -errno; a directory is -EISDIR. */
int vm_stream_open(VmStream *s, const char *path);

/* Takes an open descriptor, also on failure; it is read from where it stands. */
int vm_stream_adopt(VmStream *s, int fd);

/* Does nothing to a stream that is not open. */
void vm_stream_close(VmStream *s);

/* Makes buf[head..] hold n <= sizeof buf bytes if there are as many left.
 * Returns how many it holds, or -errno. */
int64_t vm_stream_peek(VmStream *s, size_t n);

/* The next three return the bytes read or passed over, fewer than asked for only at the end, or
 * -errno. vm_stream_readv() uses iov up. */
int64_t vm_stream_read(VmStream *s, void *dst, size_t n);
int64_t vm_stream_readv(VmStream *s, struct iovec *iov, int n);
int64_t vm_stream_skip(VmStream *s, uint64_t n);

/* Regular files only. Returns 0 or -errno. */
int vm_stream_seek(VmStream *s, uint64_t pos);

#endif
