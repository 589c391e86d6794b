/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The decoder module: whatever FFmpeg's libraries can demux and decode, frame by frame in output
 * order. Time stamps, rotation and aspect ratio play no part. Nothing is interpolated or repaired: a
 * frame that was not decoded completely is an error, not a guess. */
#include "decode.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

enum { IO_BUFFER = 1 << 16, THREADS_MAX = 16 };

typedef struct Decoder {
    VmSource *source;
    AVFormatContext *format;
    AVIOContext *io; /* NULL for a picture sequence */
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    AVFrame *converted; /* NULL if the decoder's format is one of ours */
    struct SwsContext *scaler;
    int stream;
    int pending;              /* frame holds the next one already */
    uint64_t frames;          /* complete frames decoded so far */
    uint64_t lost;            /* damaged ones in front of them */
    uint64_t packets;         /* of our stream, given to the decoder */
    int64_t last_dts;         /* decoding time of the last of them */
    int broken;               /* why no more packets are read, 0 while they are */
    int w, h, pix_fmt;        /* of the first frame */
    pthread_mutex_t log_lock; /* guards what follows: decoder threads report there */
    char log[256];            /* the last error FFmpeg wrote */
    uint64_t log_errors;      /* errors it wrote since the first frame */
    int demux_failed;         /* one of them was about the file, not about a frame */
} Decoder;

/* ---- messages ---- */

/* The decoder that a message is about: every context we open carries it in its opaque member. */
static Decoder *owner_of(void *context, int *demuxer)
{
    const AVClass *class = context ? *(AVClass **)context : NULL;

    *demuxer = class == avformat_get_class();
    if (!class) return NULL;
    if (*demuxer) return ((AVFormatContext *)context)->opaque;
    const AVClassCategory category =
        class->get_category ? class->get_category(context) : class->category;
    return category == AV_CLASS_CATEGORY_DECODER ? ((AVCodecContext *)context)->opaque : NULL;
}

static void keep_log(void *context, int level, const char *fmt, va_list args)
{
    int demuxer;
    Decoder *d = level <= AV_LOG_ERROR ? owner_of(context, &demuxer) : NULL;

    if (!d) return;
    pthread_mutex_lock(&d->log_lock);
    (void)vsnprintf(d->log, sizeof(d->log), fmt, args);
    d->log[strcspn(d->log, "\r\n")] = 0;
    d->log_errors++;
    d->demux_failed |= demuxer;
    pthread_mutex_unlock(&d->log_lock);
}

/* Without its index an mp4 is opaque, and a pipe cannot be searched for it. */
static const char *hint_for_pipes(const Decoder *d)
{
    const int is_mov = d->format && d->format->iformat && strstr(d->format->iformat->name, "mov");

    return is_mov && d->source->stream.size < 0 && !d->frames
               ? "; through a pipe mp4 and mov need their index in front, see ffmpeg's -movflags "
                 "+faststart"
               : "";
}

/* What FFmpeg last complained about, else the name of the code. */
static void explain(Decoder *d, int err, char *text, size_t size)
{
    char name[AV_ERROR_MAX_STRING_SIZE];

    (void)av_strerror(err, name, sizeof(name));
    pthread_mutex_lock(&d->log_lock);
    if (d->log[0]) (void)snprintf(text, size, "%s: %s", name, d->log);
    else (void)snprintf(text, size, "%s", name);
    pthread_mutex_unlock(&d->log_lock);
}

static int refuse_file(Decoder *d, int err)
{
    char why[384];

    explain(d, err, why, sizeof(why));
    return VM_SOURCE_FAIL(d->source, -EINVAL,
                          "FFmpeg finds no video in it (%s); raw video needs -w -h -p -b", why);
}

static int refuse_stream(Decoder *d)
{
    char why[384];

    explain(d, AVERROR_INVALIDDATA, why, sizeof(why));
    return VM_SOURCE_FAIL(d->source, -EINVAL, "no frame of its video can be decoded (%s)%s", why,
                          hint_for_pipes(d));
}

static int refuse_frame(Decoder *d, int err)
{
    char why[384];

    explain(d, err, why, sizeof(why));
    return VM_SOURCE_FAIL(d->source, -EINVAL, "frame %" PRIu64 " cannot be decoded (%s)%s",
                          d->frames, why, hint_for_pipes(d));
}

/* ---- reading the file ---- */

static int read_bytes(void *opaque, uint8_t *dst, int size)
{
    const int64_t got = vm_stream_read(&((Decoder *)opaque)->source->stream, dst, (size_t)size);

    return got ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    VmStream *stream = &((Decoder *)opaque)->source->stream;

    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE) return stream->size >= 0 ? stream->size : AVERROR(ENOSYS);
    if (whence == SEEK_CUR) offset += (int64_t)stream->pos;
    if (whence == SEEK_END) offset += stream->size;
    if (offset < 0) return AVERROR(EINVAL);
    const int err = vm_stream_seek(stream, (uint64_t)offset);
    return err < 0 ? err : offset;
}

/* The stream was peeked at; its buffered bytes come first, so no seek is needed at the start. */
static int open_io(Decoder *d)
{
    const int seekable = d->source->stream.size >= 0;
    uint8_t *buffer = av_malloc(IO_BUFFER);

    if (!buffer) return AVERROR(ENOMEM);
    d->io =
        avio_alloc_context(buffer, IO_BUFFER, 0, d, read_bytes, NULL, seekable ? seek_bytes : NULL);
    if (!d->io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    d->io->seekable = seekable ? AVIO_SEEKABLE_NORMAL : 0;
    return 0;
}

/* Demuxers of files that hold everything themselves: no playlists, no picture sequences, nothing that
 * reads a device or a script. */
static const char self_contained[] = "asf,av1,avi,dnxhd,dv,flv,gif,h261,h263,h264,hevc,ivf,m4v,"
                                     "matroska,mjpeg,mov,mpeg,mpegts,mpegvideo,"
                                     "mxf,nut,obu,ogg,vc1,yuv4mpegpipe";

static int refuse_io(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                     AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EACCES);
}

/* A file from somebody else must not make FFmpeg read others: three locks, each enough by itself. */
static void confine(Decoder *d, AVDictionary **options)
{
    d->format->io_open = refuse_io;
    (void)av_dict_set(options, "protocol_whitelist", "none", 0);
    (void)av_dict_set(options, "format_whitelist", self_contained, 0);
}

static int open_format(Decoder *d)
{
    const AVInputFormat *sequence = NULL;
    AVDictionary *options = NULL;

    d->format = avformat_alloc_context();
    if (!d->format) return AVERROR(ENOMEM);
    d->format->opaque = d;
    if (d->source->stream.fd >= 0) {
        const int err = open_io(d);
        if (err < 0) return err;
        d->format->pb = d->io;
    } else {
        sequence = av_find_input_format("image2");
        (void)av_dict_set(&options, "start_number_range", "10000", 0);
    }
    /* Playlists may name other places; only files are opened. */
    (void)av_dict_set(&options, "protocol_whitelist", "file", 0);
    if (d->source->confined) confine(d, &options);
    const int err = avformat_open_input(&d->format, d->source->path, sequence, &options);
    av_dict_free(&options);
    return err;
}

/* Chooses the stream and leaves the others unread. */
static int open_stream(Decoder *d, const AVCodec **decoder)
{
    int err = avformat_find_stream_info(d->format, NULL);

    if (err >= 0) err = av_find_best_stream(d->format, AVMEDIA_TYPE_VIDEO, -1, -1, decoder, 0);
    if (err < 0) return err;
    d->stream = err;
    for (unsigned i = 0; i < d->format->nb_streams; i++)
        if ((int)i != d->stream) d->format->streams[i]->discard = AVDISCARD_ALL;
    return 0;
}

/* The picture of a record sleeve, and text that FFmpeg would draw, are no videos. */
static int is_no_video(const Decoder *d, const AVCodec *decoder)
{
    const AVStream *stream = d->format->streams[d->stream];

    return (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) || decoder->id == AV_CODEC_ID_ANSI ||
           decoder->id == AV_CODEC_ID_BINTEXT || decoder->id == AV_CODEC_ID_XBIN ||
           decoder->id == AV_CODEC_ID_IDF;
}

static int open_codec(Decoder *d, const AVCodec *decoder, unsigned threads)
{
    AVStream *stream = d->format->streams[d->stream];

    d->codec = avcodec_alloc_context3(decoder);
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    if (!d->codec || !d->packet || !d->frame) return AVERROR(ENOMEM);
    const int err = avcodec_parameters_to_context(d->codec, stream->codecpar);
    if (err < 0) return err;
    d->codec->opaque = d;
    d->codec->pkt_timebase = stream->time_base;
    d->codec->thread_count = (int)(threads < THREADS_MAX ? threads : THREADS_MAX);
    d->codec->max_pixels = (int64_t)VM_SIDE_MAX * VM_SIDE_MAX;
    /* Cropping to the sample; and damaged frames come out marked instead of vanishing, which would
     * shift all frames behind them. */
    d->codec->flags |= AV_CODEC_FLAG_UNALIGNED | AV_CODEC_FLAG_OUTPUT_CORRUPT;
    /* The HEVC decoder neither marks nor reports slices that it gave up, unless it is to stop there. */
    if (decoder->id == AV_CODEC_ID_HEVC) d->codec->err_recognition |= AV_EF_EXPLODE;
    return avcodec_open2(d->codec, decoder, NULL);
}

/* ---- frames ---- */

/* Before the first complete frame (streams cut out of a broadcast) errors are passed over. */
static int tolerate(Decoder *d, int err)
{
    if (err >= 0) return 0;
    if (d->frames || err == AVERROR(ENOMEM)) return refuse_frame(d, err);
    d->lost++;
    return 0;
}

/* Whether the demuxer has complained since the first packet. Before it everything is forgiven: streams
 * may begin anywhere. */
static int has_demuxer_failed(Decoder *d)
{
    pthread_mutex_lock(&d->log_lock);
    if (!d->packets) d->demux_failed = 0;
    const int failed = d->demux_failed;
    pthread_mutex_unlock(&d->log_lock);
    return failed;
}

/* Demuxers search for a place to go on behind damage, or call it the end of the file. What follows
 * would be paired with the wrong frames, so reading stops there. */
static int read_packet(Decoder *d)
{
    const int err = av_read_frame(d->format, d->packet);
    const int io = d->format->pb ? d->format->pb->error : 0;

    if (err < 0 && err != AVERROR_EOF) return err;
    if (has_demuxer_failed(d)) return AVERROR_INVALIDDATA;
    if (err < 0) return io < 0 ? io : err;
    if (d->packets && d->packet->stream_index == d->stream &&
        (d->packet->flags & AV_PKT_FLAG_CORRUPT))
        return AVERROR_INVALIDDATA;
    return 0;
}

static int send_packet(Decoder *d)
{
    d->packets++;
    d->last_dts = d->packet->dts;
    return tolerate(d, avcodec_send_packet(d->codec, d->packet));
}

/* After damage, as at the end of the file, the decoder gives up what it still holds. */
static int drain(Decoder *d, int err)
{
    if (err != AVERROR_EOF) d->broken = err;
    err = avcodec_send_packet(d->codec, NULL);
    return err < 0 && err != AVERROR_EOF ? tolerate(d, err) : 0;
}

static int feed(Decoder *d)
{
    int err = read_packet(d);

    if (err == AVERROR(EAGAIN)) return 0;
    if (err < 0) err = drain(d, err);
    else if (d->packet->stream_index == d->stream) err = send_packet(d);
    av_packet_unref(d->packet);
    return err;
}

static int is_damaged(const AVFrame *frame)
{
    return (frame->flags & AV_FRAME_FLAG_CORRUPT) || frame->decode_error_flags;
}

/* Whether no frame that the damage took could have been shown before this one: frames are shown no
 * earlier than they are decoded, and those lost come later than the last packet. So the frames that
 * are kept do not depend on how many packets the decoder's threads had swallowed. */
static int is_before_damage(const Decoder *d)
{
    return !d->broken || (d->frame->pts != AV_NOPTS_VALUE && d->last_dts != AV_NOPTS_VALUE &&
                          d->frame->pts <= d->last_dts);
}

/* Leaves the next complete frame in d->frame. Returns 1, 0 at the end, or an error. */
static int next_frame(Decoder *d)
{
    for (;;) {
        int err = avcodec_receive_frame(d->codec, d->frame);
        if (err == AVERROR_EOF) return d->broken ? refuse_frame(d, d->broken) : 0;
        if (err == AVERROR(EAGAIN)) {
            err = feed(d);
        } else if (err < 0) {
            err = tolerate(d, err);
        } else if (is_damaged(d->frame)) {
            err = tolerate(d, AVERROR_INVALIDDATA);
        } else {
            if (!is_before_damage(d)) return refuse_frame(d, d->broken);
            d->frames++;
            return 1;
        }
        if (err < 0) return err;
    }
}

/* ---- formats ---- */

/* Planes of whole 8-bit or little-endian 16-bit samples in the order Y, Cb, Cr. Alpha may follow. */
static int is_planar(const AVPixFmtDescriptor *desc)
{
    const int bytes = desc->comp[0].depth > 8 ? 2 : 1;
    const uint64_t other = AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                           AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
    const int colours = desc->nb_components < 3 ? 1 : 3;

    if (desc->flags & other) return 0;
    for (int i = 0; i < colours; i++)
        if (desc->comp[i].plane != i || desc->comp[i].step != bytes || desc->comp[i].offset ||
            desc->comp[i].shift)
            return 0;
    return 1;
}

/* The nearest format the library has; never fewer samples or bits if that can be avoided. */
static void choose_format(const AVPixFmtDescriptor *desc, VmVideoInfo *info)
{
    const int depth = desc->comp[0].depth;

    info->bpc = depth <= 8 ? 8 : depth <= 10 ? 10 : depth <= 12 ? 12 : 16;
    if (desc->nb_components < 3 && !(desc->flags & AV_PIX_FMT_FLAG_PAL))
        info->pix_fmt = VMAF_PIX_FMT_YUV400P;
    else if (desc->log2_chroma_w == 0) info->pix_fmt = VMAF_PIX_FMT_YUV444P;
    else if (desc->log2_chroma_h == 0) info->pix_fmt = VMAF_PIX_FMT_YUV422P;
    else info->pix_fmt = VMAF_PIX_FMT_YUV420P;
}

static int is_native(const AVPixFmtDescriptor *desc, const VmVideoInfo *info)
{
    const int is_yuv = info->pix_fmt != VMAF_PIX_FMT_YUV400P;
    const int sub_w = is_yuv && info->pix_fmt != VMAF_PIX_FMT_YUV444P;
    const int sub_h = info->pix_fmt == VMAF_PIX_FMT_YUV420P;

    return is_planar(desc) && (unsigned)desc->comp[0].depth == info->bpc &&
           (!is_yuv || (desc->log2_chroma_w == sub_w && desc->log2_chroma_h == sub_h));
}

static enum AVPixelFormat target_of(const VmVideoInfo *info)
{
    static const enum AVPixelFormat formats[4][4] = {
        {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV420P12, AV_PIX_FMT_YUV420P16},
        {AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV422P12, AV_PIX_FMT_YUV422P16},
        {AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_YUV444P12, AV_PIX_FMT_YUV444P16},
        {AV_PIX_FMT_GRAY8, AV_PIX_FMT_GRAY10, AV_PIX_FMT_GRAY12, AV_PIX_FMT_GRAY16},
    };
    const unsigned depth = info->bpc == 16 ? 3 : (info->bpc - 8) / 2;

    return formats[info->pix_fmt - VMAF_PIX_FMT_YUV420P][depth];
}

static int alloc_converted(Decoder *d, enum AVPixelFormat target)
{
    d->converted = av_frame_alloc();
    if (!d->converted) return AVERROR(ENOMEM);
    d->converted->format = target;
    d->converted->width = d->w;
    d->converted->height = d->h;
    return av_frame_get_buffer(d->converted, 0);
}

/* YUV keeps its range; RGB becomes limited-range BT.601, as FFmpeg does unless told otherwise. */
static void keep_range(Decoder *d, int full)
{
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);

    (void)sws_setColorspaceDetails(d->scaler, matrix, full, matrix, full, 0, 1 << 16, 1 << 16);
}

static int open_scaler(Decoder *d, const AVPixFmtDescriptor *desc)
{
    const enum AVPixelFormat target = target_of(&d->source->info);
    const int flags = SWS_BICUBIC | SWS_BITEXACT | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP;
    const int rgb = (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;

    d->scaler = sws_getContext(d->w, d->h, d->pix_fmt, d->w, d->h, target, flags, NULL, NULL, NULL);
    if (!d->scaler || alloc_converted(d, target) < 0)
        return VM_SOURCE_FAIL(d->source, -ENOTSUP, "its pixel format %s cannot be converted to %s",
                              desc->name, av_get_pix_fmt_name(target));
    if (!rgb) keep_range(d, d->source->info.range == VM_RANGE_FULL);
    vm_source_warn(d->source, "its pixel format %s is converted to %s%s", desc->name,
                   av_get_pix_fmt_name(target), rgb ? " (BT.601, limited range)" : "");
    return 0;
}

static void copy_colour(const AVFrame *frame, VmVideoInfo *info)
{
    info->range = frame->color_range == AVCOL_RANGE_JPEG   ? VM_RANGE_FULL
                  : frame->color_range == AVCOL_RANGE_MPEG ? VM_RANGE_LIMITED
                                                           : VM_RANGE_UNKNOWN;
    info->transfer = frame->color_trc == AVCOL_TRC_SMPTE2084      ? VM_TRANSFER_PQ
                     : frame->color_trc == AVCOL_TRC_ARIB_STD_B67 ? VM_TRANSFER_HLG
                                                                  : VM_TRANSFER_OTHER;
    info->interlaced = frame->interlaced_frame;
}

/* Takes size and format from the first frame: containers may claim others. */
static int adopt_format(Decoder *d)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(d->frame->format);
    VmVideoInfo *info = &d->source->info;

    if (!desc || (desc->flags & AV_PIX_FMT_FLAG_HWACCEL))
        return VM_SOURCE_FAIL(d->source, -ENOTSUP, "its frames stay in a hardware decoder (%s)",
                              desc ? desc->name : "unknown format");
    d->w = d->frame->width;
    d->h = d->frame->height;
    d->pix_fmt = d->frame->format;
    if (d->w < 1 || d->h < 1 || d->w > VM_SIDE_MAX || d->h > VM_SIDE_MAX)
        return VM_SOURCE_FAIL(d->source, -EINVAL, "its size %dx%d is outside 1..%d per side", d->w,
                              d->h, VM_SIDE_MAX);
    info->w = (unsigned)d->w;
    info->h = (unsigned)d->h;
    copy_colour(d->frame, info);
    choose_format(desc, info);
    if (is_native(desc, info)) return 0;
    if (desc->flags & AV_PIX_FMT_FLAG_RGB) info->range = VM_RANGE_LIMITED;
    return open_scaler(d, desc);
}

static int check_format(Decoder *d)
{
    if (d->frame->width == d->w && d->frame->height == d->h && d->frame->format == d->pix_fmt)
        return 0;
    const char *from = av_get_pix_fmt_name(d->pix_fmt), *to = av_get_pix_fmt_name(d->frame->format);
    return VM_SOURCE_FAIL(d->source, -EINVAL,
                          "frame %" PRIu64 " is %dx%d %s, the frames before it %dx%d %s",
                          d->source->next, d->frame->width, d->frame->height, to ? to : "?", d->w,
                          d->h, from ? from : "?");
}

/* ---- the reader ---- */

static void copy_planes(const AVFrame *frame, VmafPicture *pic, int luma_only)
{
    const unsigned planes = luma_only || pic->pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;
    const size_t bytes = pic->bpc > 8 ? 2 : 1;

    for (unsigned p = 0; p < planes; p++)
        for (unsigned i = 0; i < pic->h[p]; i++)
            memcpy((char *)pic->data[p] + pic->stride[p] * (ptrdiff_t)i,
                   frame->data[p] + frame->linesize[p] * (ptrdiff_t)i, pic->w[p] * bytes);
}

static const AVFrame *convert(Decoder *d)
{
    if (!d->converted) return d->frame;
    (void)sws_scale(d->scaler, (const uint8_t *const *)d->frame->data, d->frame->linesize, 0, d->h,
                    d->converted->data, d->converted->linesize);
    return d->converted;
}

static void warn_of_errors(Decoder *d)
{
    if (d->log_errors)
        vm_source_warn(d->source, "FFmpeg reported %" PRIu64 " errors, the last: %s", d->log_errors,
                       d->log);
}

static int read_frame(VmSource *source, VmafPicture *pic)
{
    Decoder *d = source->impl;
    const int got = d->pending ? 1 : next_frame(d);

    d->pending = 0;
    if (got == 0) warn_of_errors(d);
    if (got <= 0) return got;
    const int err = check_format(d);
    if (err < 0) return err;
    if (pic) copy_planes(convert(d), pic, source->luma_only);
    av_frame_unref(d->frame);
    return 1;
}

static void close_decoder(VmSource *source)
{
    Decoder *d = source->impl;

    sws_freeContext(d->scaler);
    av_frame_free(&d->converted);
    av_frame_free(&d->frame);
    av_packet_free(&d->packet);
    avcodec_free_context(&d->codec);
    avformat_close_input(&d->format);
    if (d->io) av_freep(&d->io->buffer);
    avio_context_free(&d->io);
    pthread_mutex_destroy(&d->log_lock);
    free(d);
}

static const VmSourceOps decode_ops = {.read = read_frame, .close = close_decoder};

/* What was logged before the first frame is told by now, or harmless. */
static void forget_log(Decoder *d)
{
    pthread_mutex_lock(&d->log_lock);
    d->log[0] = 0;
    d->log_errors = 0;
    pthread_mutex_unlock(&d->log_lock);
}

static int first_frame(Decoder *d)
{
    const int got = next_frame(d);

    if (got < 0) return got;
    if (got == 0) return refuse_stream(d);
    d->pending = 1;
    const int err = adopt_format(d);
    if (err < 0) return err;
    if (d->lost) {
        char why[384];
        explain(d, AVERROR_INVALIDDATA, why, sizeof(why));
        vm_source_warn(d->source,
                       "its first %" PRIu64 " frames cannot be decoded and are left out (%s)",
                       d->lost, why);
    }
    forget_log(d);
    return 0;
}

static int open_all(Decoder *d, unsigned threads)
{
    const AVCodec *decoder = NULL;
    int err = open_format(d);

    if (err >= 0) err = open_stream(d, &decoder);
    if (err >= 0 && is_no_video(d, decoder)) err = AVERROR_STREAM_NOT_FOUND;
    if (err >= 0) err = open_codec(d, decoder, threads);
    if (err < 0) return refuse_file(d, err);
    const int64_t frames = d->format->streams[d->stream]->nb_frames;
    d->source->info = (VmVideoInfo){.frames = frames > 0 ? frames : -1};
    return first_frame(d);
}

static int open_source(VmSource *source, unsigned threads)
{
    Decoder *d = calloc(1, sizeof(*d));

    if (!d) return VM_SOURCE_FAIL(source, -ENOMEM, "out of memory");
    pthread_mutex_init(&d->log_lock, NULL);
    d->source = source;
    source->ops = &decode_ops;
    source->impl = d;
    av_log_set_callback(keep_log);
    return open_all(d, threads);
}

extern const VmDecodeModule vm_decode_module;
const VmDecodeModule vm_decode_module = {
    .build = VM_TOOL_VERSION,
    .source_size = sizeof(VmSource),
    .libraries = "libavformat " AV_STRINGIFY(LIBAVFORMAT_VERSION) ", libavcodec " AV_STRINGIFY(
        LIBAVCODEC_VERSION) ", libswscale " AV_STRINGIFY(LIBSWSCALE_VERSION),
    .open = open_source,
};
