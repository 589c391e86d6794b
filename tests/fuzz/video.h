/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the fuzz targets of video files share: bytes as a file or as a pipe, and all of its pictures read. */
#ifndef VM_FUZZ_VIDEO_H
#define VM_FUZZ_VIDEO_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source.h"

/* Whole pictures are read where a frame has at most so many samples; larger headers are only opened. */
enum { VM_FUZZ_SAMPLES = 1 << 16 };

static inline int vm_fuzz_file(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("video", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET)) abort();
    return fd;
}

/* size is below what a pipe holds. */
static inline int vm_fuzz_pipe(const uint8_t *data, size_t size)
{
    int fd[2];

    if (pipe(fd) || write(fd[1], data, size) != (ssize_t)size) abort();
    close(fd[1]);
    return fd[0];
}

/* A digest of all that was read, so that two ways to read can be compared. */
static inline uint64_t vm_fuzz_mix(uint64_t hash, const VmafPicture *pic)
{
    for (unsigned p = 0; p < (pic->pix_fmt == VMAF_PIX_FMT_YUV400P ? 1U : 3U); p++)
        for (unsigned i = 0; pic->w[p] && i < pic->h[p]; i++) {
            const uint8_t *row = (const uint8_t *)pic->data[p] + pic->stride[p] * (ptrdiff_t)i;
            for (size_t j = 0; j < pic->w[p] * (pic->bpc > 8 ? 2U : 1U); j++)
                hash = (hash ^ row[j]) * 1099511628211U;
        }
    return hash;
}

static inline uint64_t vm_fuzz_read_all(VmSource *source)
{
    const VmVideoInfo *info = &source->info;
    uint64_t hash = 14695981039346656037U;
    VmafPicture pic;
    int got = 1;

    if ((uint64_t)info->w * info->h > VM_FUZZ_SAMPLES) return hash;
    if (vmaf_picture_alloc(&pic, info->pix_fmt, info->bpc, info->w, info->h)) abort();
    while (got == 1) {
        got = vm_source_read(source, &pic);
        if (got == 1) hash = vm_fuzz_mix(hash, &pic);
        if (got < 0 && !source->error[0]) abort();
    }
    (void)vmaf_picture_unref(&pic);
    return hash ^ source->next ^ (got < 0);
}

/* Opens, checks what is promised of an open source, reads it to its end. Takes fd. */
static inline uint64_t vm_fuzz_source(int fd, const VmRawFormat *raw, int *code)
{
    VmSource source;
    uint64_t hash = 0;

    *code = vm_source_open_fd(&source, "reference", "video", fd, raw, 1);
    if (*code < 0) {
        if (!source.error[0]) abort();
    } else {
        const VmVideoInfo *info = &source.info;
        if (!info->w || !info->h || info->w > VM_SIDE_MAX || info->h > VM_SIDE_MAX) abort();
        if (info->bpc < 8 || info->bpc > 16 || !info->pix_fmt) abort();
        hash = vm_fuzz_read_all(&source);
    }
    vm_source_close(&source);
    return hash;
}

#endif
