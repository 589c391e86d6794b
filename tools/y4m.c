/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* YUV4MPEG2: one header line of tags, then for each frame a line "FRAME" and the planes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "planar.h"

enum { HEADER_MAX = 1024, FRAME_LINE_MAX = 256 };

typedef struct Y4m {
    VmPlanar planar;
    int alpha;
} Y4m;

typedef struct Colour {
    const char *tag;
    enum VmafPixelFormat pix_fmt; /* UNKNOWN: known to us, not to the library */
    unsigned bpc;
    int alpha;
} Colour;

static const Colour colours[] = {
    {"420", VMAF_PIX_FMT_YUV420P, 8, 0},      {"420jpeg", VMAF_PIX_FMT_YUV420P, 8, 0},
    {"420mpeg2", VMAF_PIX_FMT_YUV420P, 8, 0}, {"420paldv", VMAF_PIX_FMT_YUV420P, 8, 0},
    {"420p10", VMAF_PIX_FMT_YUV420P, 10, 0},  {"420p12", VMAF_PIX_FMT_YUV420P, 12, 0},
    {"420p16", VMAF_PIX_FMT_YUV420P, 16, 0},  {"422", VMAF_PIX_FMT_YUV422P, 8, 0},
    {"422p10", VMAF_PIX_FMT_YUV422P, 10, 0},  {"422p12", VMAF_PIX_FMT_YUV422P, 12, 0},
    {"422p16", VMAF_PIX_FMT_YUV422P, 16, 0},  {"444", VMAF_PIX_FMT_YUV444P, 8, 0},
    {"444alpha", VMAF_PIX_FMT_YUV444P, 8, 1}, {"444p10", VMAF_PIX_FMT_YUV444P, 10, 0},
    {"444p12", VMAF_PIX_FMT_YUV444P, 12, 0},  {"444p16", VMAF_PIX_FMT_YUV444P, 16, 0},
    {"mono", VMAF_PIX_FMT_YUV400P, 8, 0},     {"mono10", VMAF_PIX_FMT_YUV400P, 10, 0},
    {"mono12", VMAF_PIX_FMT_YUV400P, 12, 0},  {"mono16", VMAF_PIX_FMT_YUV400P, 16, 0},
    {"411", VMAF_PIX_FMT_UNKNOWN, 8, 0},      {"410", VMAF_PIX_FMT_UNKNOWN, 8, 0},
    {"420p9", VMAF_PIX_FMT_UNKNOWN, 9, 0},    {"420p14", VMAF_PIX_FMT_UNKNOWN, 14, 0},
    {"422p9", VMAF_PIX_FMT_UNKNOWN, 9, 0},    {"422p14", VMAF_PIX_FMT_UNKNOWN, 14, 0},
    {"444p9", VMAF_PIX_FMT_UNKNOWN, 9, 0},    {"444p14", VMAF_PIX_FMT_UNKNOWN, 14, 0},
    {"mono9", VMAF_PIX_FMT_UNKNOWN, 9, 0},
};

/* Reads up to and without the newline, no byte more than needed from a pipe. Returns the length,
 * -ENODATA at the end of the stream, -EINVAL if there is no newline within max < 4096 bytes, or the
 * stream's error. line has room for max + 1. */
static int read_line(VmStream *stream, char *line, size_t max)
{
    const char *end = NULL;
    size_t seen = 0;

    while (!end && seen <= max) {
        const int64_t held = vm_stream_peek(stream, seen + 1);
        if (held < 0) return (int)held;
        if ((size_t)held == seen) return seen ? -EINVAL : -ENODATA;
        end = memchr(stream->buf + stream->head + seen, '\n', (size_t)held - seen);
        seen = (size_t)held;
    }
    const char *start = (const char *)stream->buf + stream->head;
    const size_t length = end ? (size_t)(end - start) : max + 1;
    if (length > max) return -EINVAL;
    memcpy(line, start, length);
    line[length] = 0;
    (void)vm_stream_skip(stream, length + 1); /* all of it is buffered */
    return (int)length;
}

static int parse_side(VmSource *source, char tag, const char *text, unsigned *side)
{
    uint64_t value;

    if (vm_number_decimal(text, UINT64_MAX, &value) < 0)
        return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: \"%c%.32s\" is no size", tag, text);
    if (value < 1 || value > VM_SIDE_MAX)
        return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: %s %" PRIu64 " is outside 1..%d",
                              tag == 'W' ? "width" : "height", value, VM_SIDE_MAX);
    *side = (unsigned)value;
    return 0;
}

static int parse_colour(VmSource *source, const char *text)
{
    const Colour *found = NULL;

    for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
        if (!strcmp(colours[i].tag, text)) found = &colours[i];
    if (!found)
        return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: unknown colour space \"C%.32s\"", text);
    if (found->pix_fmt == VMAF_PIX_FMT_UNKNOWN)
        return VM_SOURCE_FAIL(
            source, -ENOTSUP,
            "y4m colour space C%s has no counterpart among 4:2:0, 4:2:2, 4:4:4 and "
            "mono at 8, 10, 12 or 16 bit: convert it first",
            text);
    source->info.pix_fmt = found->pix_fmt;
    source->info.bpc = found->bpc;
    ((Y4m *)source->impl)->alpha = found->alpha;
    return 0;
}

static int parse_ratio(VmSource *source, char tag, char *text)
{
    uint64_t value;
    char *colon = strchr(text, ':');

    if (colon) {
        *colon = 0;
        if (vm_number_decimal(text, UINT32_MAX, &value) == 0 &&
            vm_number_decimal(colon + 1, UINT32_MAX, &value) == 0)
            return 0;
        *colon = ':';
    }
    return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: \"%c%.32s\" is no ratio like %c25:1", tag,
                          text, tag);
}

static int parse_interlace(VmSource *source, const char *text)
{
    if (strlen(text) != 1 || !strchr("p?tbm", *text))
        return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: unknown interlacing \"I%.32s\"", text);
    source->info.interlaced = strchr("tbm", *text) != NULL;
    return 0;
}

static void parse_comment(VmSource *source, const char *text)
{
    if (!strcmp(text, "COLORRANGE=FULL")) source->info.range = VM_RANGE_FULL;
    if (!strcmp(text, "COLORRANGE=LIMITED")) source->info.range = VM_RANGE_LIMITED;
}

static int parse_tag(VmSource *source, char *tag)
{
    switch (*tag) {
    case 'W': return parse_side(source, 'W', tag + 1, &source->info.w);
    case 'H': return parse_side(source, 'H', tag + 1, &source->info.h);
    case 'C': return parse_colour(source, tag + 1);
    case 'F':
    case 'A': return parse_ratio(source, *tag, tag + 1);
    case 'I': return parse_interlace(source, tag + 1);
    case 'X': parse_comment(source, tag + 1); return 0;
    default: return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: unknown tag \"%.32s\"", tag);
    }
}

/* Bytes that would upset a terminal do not get into messages. */
static int is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~') return 0;
    return 1;
}

static int parse_header(VmSource *source)
{
    char line[HEADER_MAX + 1], *rest = line;
    const int length = read_line(&source->stream, line, HEADER_MAX);
    int err = 0;

    if (length == -EINVAL)
        return VM_SOURCE_FAIL(source, -EINVAL, "the y4m header has no end within %d bytes",
                              HEADER_MAX);
    if (length < 0) return VM_SOURCE_FAIL(source, length, "%s", strerror(-length));
    if (!is_printable(line, (size_t)length))
        return VM_SOURCE_FAIL(source, -EINVAL, "the y4m header is not plain text");

    const char *magic = strtok_r(line, " ", &rest);
    if (!magic || strcmp(magic, "YUV4MPEG2") != 0)
        return VM_SOURCE_FAIL(source, -EINVAL, "y4m header: no blank after YUV4MPEG2");
    for (char *tag; !err && (tag = strtok_r(NULL, " ", &rest));) err = parse_tag(source, tag);
    if (!err && !source->info.w) err = VM_SOURCE_FAIL(source, -EINVAL, "y4m header: no width (W)");
    if (!err && !source->info.h) err = VM_SOURCE_FAIL(source, -EINVAL, "y4m header: no height (H)");
    return err;
}

/* Returns 1, 0 at the end, or an error. */
static int read_frame_line(VmSource *source)
{
    char line[FRAME_LINE_MAX + 1];
    const uint64_t place = source->stream.pos;
    const int length = read_line(&source->stream, line, FRAME_LINE_MAX);

    if (length == -ENODATA) return 0;
    if (length < 0 && length != -EINVAL)
        return VM_SOURCE_FAIL(source, length, "frame %" PRIu64 ": %s", source->next,
                              strerror(-length));
    if (length >= 5 && !memcmp(line, "FRAME", 5) && (line[5] == 0 || line[5] == ' ')) return 1;
    return VM_SOURCE_FAIL(source, -EINVAL,
                          "frame %" PRIu64 " does not begin with a FRAME line at byte %" PRIu64
                          ": the file is damaged or its header wrong",
                          source->next, place);
}

static int read_frame(VmSource *source, VmafPicture *pic)
{
    const VmPlanar *planar = &((Y4m *)source->impl)->planar;
    const int line = read_frame_line(source);

    if (line <= 0) return line;
    const int64_t got = vm_planar_read(planar, &source->stream, pic, source->luma_only);
    if (got < 0)
        return VM_SOURCE_FAIL(source, (int)got, "frame %" PRIu64 ": %s", source->next,
                              strerror((int)-got));
    if ((uint64_t)got == planar->frame_size) return 1;
    return VM_SOURCE_FAIL(source, -EINVAL,
                          "frame %" PRIu64 " is cut off: %" PRId64 " of its %" PRIu64
                          " bytes are there",
                          source->next, got, planar->frame_size);
}

static void close_y4m(VmSource *source)
{
    free(source->impl);
}

static const VmSourceOps y4m_ops = {.read = read_frame, .close = close_y4m};

int vm_y4m_open(VmSource *source)
{
    Y4m *y4m = calloc(1, sizeof(*y4m));

    if (!y4m) return VM_SOURCE_FAIL(source, -ENOMEM, "out of memory");
    source->ops = &y4m_ops;
    source->impl = y4m;
    source->info = (VmVideoInfo){.pix_fmt = VMAF_PIX_FMT_YUV420P, .bpc = 8, .frames = -1};
    const int err = parse_header(source);
    if (err < 0) return err;
    vm_planar_init(&y4m->planar, &source->info, VM_CHROMA_UP, y4m->alpha);

    if (source->stream.size >= 0) { /* frame lines are nearly always "FRAME\n" */
        const int64_t left = source->stream.size - (int64_t)source->stream.pos;
        const int64_t step = (int64_t)y4m->planar.frame_size + 6;
        source->info.frames = left / step;
        source->info.frames_exact = left % step == 0;
    }
    return 0;
}
