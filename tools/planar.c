/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "planar.h"

/* Samples are little-endian in the files and host order in the pictures. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "big-endian hosts need a byte swap here");

void vm_planar_init(VmPlanar *planar, const VmVideoInfo *info, enum VmChroma chroma, int alpha)
{
    const unsigned sub_w = info->pix_fmt != VMAF_PIX_FMT_YUV444P;
    const unsigned sub_h = info->pix_fmt == VMAF_PIX_FMT_YUV420P;
    const unsigned up = chroma == VM_CHROMA_UP;
    const size_t bytes = info->bpc > 8 ? 2 : 1;

    *planar = (VmPlanar){.planes = info->pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3};
    planar->extra = alpha ? (uint64_t)info->w * info->h * bytes : 0;
    planar->frame_size = planar->extra;
    for (unsigned p = 0; p < planar->planes; p++) {
        const unsigned sw = p ? sub_w : 0, sh = p ? sub_h : 0;
        planar->row[p] = ((info->w + (sw & up)) >> sw) * bytes;
        planar->keep[p] = (info->w >> sw) * bytes;
        planar->rows[p] = (info->h + (sh & up)) >> sh;
        planar->kept[p] = info->h >> sh;
        planar->frame_size += (uint64_t)planar->row[p] * planar->rows[p];
    }
}

/* Rows gathered for one readv(). */
typedef struct Batch {
    VmStream *stream;
    int n;
    size_t size;
    struct iovec iov[256];
} Batch;

/* Returns the bytes read; fewer than batch->size means the end of the stream. */
static int64_t flush(Batch *batch)
{
    const int64_t got = batch->n ? vm_stream_readv(batch->stream, batch->iov, batch->n) : 0;

    batch->n = 0;
    batch->size = 0;
    return got;
}

static void append(Batch *batch, void *base, size_t size)
{
    struct iovec *last = batch->n ? &batch->iov[batch->n - 1] : NULL;

    batch->size += size;
    if (last && (char *)last->iov_base + last->iov_len == (char *)base) last->iov_len += size;
    else batch->iov[batch->n++] = (struct iovec){base, size};
}

static int64_t read_rows(const VmPlanar *planar, unsigned p, VmStream *stream, VmafPicture *pic)
{
    unsigned char dropped[2]; /* the column too many: one sample */
    Batch batch = {.stream = stream};
    int64_t total = 0;

    /* a plane without columns has no memory to point into */
    if (!planar->keep[p]) return vm_stream_skip(stream, planar->row[p] * (uint64_t)planar->kept[p]);
    for (unsigned i = 0; i < planar->kept[p]; i++) {
        append(&batch, (char *)pic->data[p] + pic->stride[p] * (ptrdiff_t)i, planar->keep[p]);
        if (planar->row[p] > planar->keep[p])
            append(&batch, dropped, planar->row[p] - planar->keep[p]);
        if (batch.n < 254 && i + 1 < planar->kept[p]) continue;
        const int64_t want = (int64_t)batch.size, got = flush(&batch);
        if (got < 0) return got;
        total += got;
        if (got < want) break;
    }
    return total;
}

static int64_t read_plane(const VmPlanar *planar, unsigned p, VmStream *stream, VmafPicture *pic)
{
    const int64_t rows = (int64_t)(planar->row[p] * (uint64_t)planar->kept[p]);
    const int64_t got = read_rows(planar, p, stream, pic);
    if (got < rows || planar->rows[p] == planar->kept[p]) return got;
    const int64_t over = vm_stream_skip(stream, planar->row[p]);
    return over < 0 ? over : got + over;
}

/* Bytes of plane p and what follows it. */
static uint64_t rest_from(const VmPlanar *planar, unsigned p)
{
    uint64_t rest = planar->extra;

    for (; p < planar->planes; p++) rest += (uint64_t)planar->row[p] * planar->rows[p];
    return rest;
}

int64_t vm_planar_read(const VmPlanar *planar, VmStream *stream, VmafPicture *pic, int luma_only)
{
    /* passing over the chroma of a pipe would mean reading it in small pieces */
    const unsigned planes = luma_only && stream->size >= 0 ? 1 : planar->planes;
    int64_t total = 0;

    if (!pic) return vm_stream_skip(stream, planar->frame_size);
    for (unsigned p = 0; p < planes; p++) {
        const int64_t got = read_plane(planar, p, stream, pic);
        if (got < 0) return got;
        total += got;
        if (got < (int64_t)(planar->row[p] * (uint64_t)planar->rows[p])) return total;
    }
    const uint64_t rest = rest_from(planar, planes);
    const int64_t over = rest ? vm_stream_skip(stream, rest) : 0;
    return over < 0 ? over : total + over;
}
