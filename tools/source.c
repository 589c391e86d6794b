/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "decode.h"

enum { PEEK_SIZE = 64 };

static int starts_with(const VmStream *stream, size_t at, const char *magic, size_t size)
{
    return stream->tail - stream->head >= at + size &&
           !memcmp(stream->buf + stream->head + at, magic, size);
}

static int is_y4m(const VmStream *stream)
{
    return starts_with(stream, 0, "YUV4MPEG2", 9);
}

/* Files that cannot be taken for raw video even if a geometry is given: mp4/mov, Matroska, ivf. */
static int is_container(const VmStream *stream)
{
    return (starts_with(stream, 0, "\0\0\0", 3) && starts_with(stream, 4, "ftyp", 4)) ||
           starts_with(stream, 0, "\x1a\x45\xdf\xa3", 4) ||
           starts_with(stream, 0, "DKIF\0\0 \0", 8);
}

static int open_decoder(VmSource *source, unsigned threads)
{
    const VmDecodeModule *module = vm_decode_load(source->error, sizeof(source->error));

    return module ? module->open(source, threads) : -ENOTSUP;
}

static int open_reader(VmSource *source, const VmRawFormat *raw, unsigned threads)
{
    if (is_y4m(&source->stream)) return vm_y4m_open(source);
    if (raw && !is_container(&source->stream)) return vm_yuv_open(source, raw);
    return open_decoder(source, threads);
}

/* err is what opening the stream gave. */
static int begin(VmSource *source, const VmRawFormat *raw, unsigned threads, int err)
{
    if (err == -EISDIR)
        return VM_SOURCE_FAIL(source, err, "it is a directory; name a video file in it");
    if (err < 0) return VM_SOURCE_FAIL(source, err, "%s", strerror(-err));

    const int64_t held = vm_stream_peek(&source->stream, PEEK_SIZE);
    if (held < 0) return VM_SOURCE_FAIL(source, (int)held, "%s", strerror((int)-held));
    if (held == 0) return VM_SOURCE_FAIL(source, -ENODATA, "it is empty");
    return open_reader(source, raw, threads);
}

int vm_source_open(VmSource *source, const char *role, const char *path, const VmRawFormat *raw,
                   unsigned threads)
{
    *source = (VmSource){.role = role, .path = path, .info = {.frames = -1}};
    const int err = vm_stream_open(&source->stream, path);
    if (err == -ENOENT && !raw && strchr(path, '%')) return open_decoder(source, threads);
    return begin(source, raw, threads, err);
}

int vm_source_open_fd(VmSource *source, const char *role, const char *name, int fd,
                      const VmRawFormat *raw, unsigned threads)
{
    *source = (VmSource){.role = role, .path = name, .info = {.frames = -1}, .confined = 1};
    return begin(source, raw, threads, vm_stream_adopt(&source->stream, fd));
}

/* All bits that occur in a plane of 16-bit samples. */
static unsigned plane_bits(const VmafPicture *pic, unsigned p)
{
    unsigned bits = 0;

    for (unsigned i = 0; pic->w[p] && i < pic->h[p]; i++) {
        const uint16_t *row =
            (const void *)((const char *)pic->data[p] + pic->stride[p] * (ptrdiff_t)i);
        uint16_t row_bits = 0;
        for (unsigned j = 0; j < pic->w[p]; j++) row_bits |= row[j];
        bits |= row_bits;
    }
    return bits;
}

/* The features count on samples within the depth; a sample beyond it means a wrong -b. */
static int check_depth(VmSource *source, const VmafPicture *pic)
{
    const unsigned planes = source->luma_only || pic->pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;

    if (pic->bpc == 8 || pic->bpc == 16) return 0;
    for (unsigned p = 0; p < planes; p++)
        if (plane_bits(pic, p) >> pic->bpc)
            return VM_SOURCE_FAIL(source, -EINVAL,
                                  "frame %" PRIu64 " has samples above %u, the most that %u bit "
                                  "allow: the bit depth is wrong or the file damaged",
                                  source->next, (1u << pic->bpc) - 1, pic->bpc);
    return 0;
}

int vm_source_read(VmSource *source, VmafPicture *pic)
{
    const int got = source->ops->read(source, pic);
    const int err = got == 1 && pic ? check_depth(source, pic) : 0;

    if (err < 0) return err;
    source->next += got == 1;
    return got;
}

void vm_source_close(VmSource *source)
{
    if (source->ops) source->ops->close(source);
    if (source->role) vm_stream_close(&source->stream);
    *source = (VmSource){.stream = {.fd = -1}};
}

void vm_source_describe(const VmVideoInfo *info, char *text, size_t size)
{
    static const char *const names[] = {
        [VMAF_PIX_FMT_YUV420P] = "yuv420",
        [VMAF_PIX_FMT_YUV422P] = "yuv422",
        [VMAF_PIX_FMT_YUV444P] = "yuv444",
        [VMAF_PIX_FMT_YUV400P] = "gray",
    };

    (void)snprintf(text, size, "%ux%u %s %u bit", info->w, info->h, names[info->pix_fmt],
                   info->bpc);
}
