/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Raw video: frames and nothing else; the command line says what they are. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "planar.h"

static int read_frame(VmSource *source, VmafPicture *pic)
{
    const VmPlanar *planar = source->impl;
    const int64_t got = vm_planar_read(planar, &source->stream, pic, source->luma_only);

    if (got < 0)
        return VM_SOURCE_FAIL(source, (int)got, "frame %" PRIu64 ": %s", source->next,
                              strerror((int)-got));
    if (got == 0) return 0;
    if ((uint64_t)got < planar->frame_size)
        return VM_SOURCE_FAIL(source, -EINVAL,
                              "frame %" PRIu64 " is cut off: %" PRId64 " of its %" PRIu64
                              " bytes are there (check -w -h -p -b)",
                              source->next, got, planar->frame_size);
    return 1;
}

static void close_yuv(VmSource *source)
{
    free(source->impl);
}

static const VmSourceOps yuv_ops = {.read = read_frame, .close = close_yuv};

static int refuse_size(VmSource *source, uint64_t size, uint64_t frame)
{
    char format[64];

    vm_source_describe(&source->info, format, sizeof(format));
    return VM_SOURCE_FAIL(source, -EINVAL,
                          "its %" PRIu64 " bytes are %" PRIu64 " whole frames of %" PRIu64
                          " bytes (%s) and %" PRIu64 " bytes over: check -w -h -p -b",
                          size, size / frame, frame, format, size % frame);
}

/* Settles how a file keeps its odd chroma, by its size. */
static int fit_size(VmSource *source, VmPlanar *planar)
{
    const uint64_t size = (uint64_t)source->stream.size;
    VmPlanar down;

    if (size % planar->frame_size == 0) return 0;
    vm_planar_init(&down, &source->info, VM_CHROMA_DOWN, 0);
    if (size % down.frame_size) return refuse_size(source, size, planar->frame_size);
    vm_source_warn(source,
                   "its size fits frames whose chroma is rounded down (%" PRIu64
                   " bytes), not up (%" PRIu64 " bytes): read that way",
                   down.frame_size, planar->frame_size);
    *planar = down;
    return 0;
}

int vm_yuv_open(VmSource *source, const VmRawFormat *raw)
{
    VmPlanar *planar = calloc(1, sizeof(*planar));

    if (!planar) return VM_SOURCE_FAIL(source, -ENOMEM, "out of memory");
    source->ops = &yuv_ops;
    source->impl = planar;
    source->info = (VmVideoInfo){
        .w = raw->w, .h = raw->h, .bpc = raw->bpc, .pix_fmt = raw->pix_fmt, .frames = -1};
    vm_planar_init(planar, &source->info, VM_CHROMA_UP, 0);
    if (source->stream.size < 0) return 0;

    const int err = fit_size(source, planar);
    if (err < 0) return err;
    source->info.frames = source->stream.size / (int64_t)planar->frame_size;
    source->info.frames_exact = 1;
    return 0;
}
