/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* probe_video: what a file is, before hours are spent on it; for raw files guesses from size and
 * name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scoring.h"
#include "tools.h"

enum { GUESSES_MAX = 6 };

static const VmArg arguments[] = {
    {"path", VM_ARG_STRING, VM_ARG_REQUIRED, "Video file beneath an allowed folder."},
    VM_ARGS_RAW,
    {0},
};

static const VmArg output_guess[] = {
    {"width", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Pixels."},
    {"height", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Pixels."},
    {"pixfmt", VM_ARG_STRING, VM_ARG_REQUIRED, "Chroma format."},
    {"bitdepth", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Bits per sample."},
    {"frames", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Whole frames of that size in the file."},
    {"why", VM_ARG_STRING, VM_ARG_REQUIRED,
     "name (the file's name says so) or size (a usual one that fits)."},
    {0},
};

static const VmArg output[] = {
    {"kind", VM_ARG_STRING, VM_ARG_REQUIRED, "raw, y4m, or compressed."},
    {"bytes", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Size of the file."},
    {"video", VM_ARG_OBJECT, 0, "Format; absent for raw files whose geometry was not given.",
     .members = vm_output_video},
    {"frames", VM_ARG_INTEGER, VM_ARG_NULLABLE, "Number of frames, null if the file does not say."},
    {"frames_exact", VM_ARG_BOOLEAN, 0, "false: frames is what a header claims."},
    {"range", VM_ARG_STRING, 0, "limited, full, or unknown."},
    {"transfer", VM_ARG_STRING, 0, "PQ or HLG for HDR, other."},
    {"interlaced", VM_ARG_BOOLEAN, 0, "Two fields a picture."},
    {"guesses", VM_ARG_OBJECTS, 0, "For raw files: geometries that fit, the likeliest first.",
     .members = output_guess},
    {0},
};

/* ---- guesses ---- */

typedef struct Guess {
    unsigned w, h, bits;
    const char *pixfmt, *why;
    uint64_t frames;
} Guess;

typedef struct Guesses {
    Guess list[GUESSES_MAX];
    unsigned n;
} Guesses;

static uint64_t frame_bytes(unsigned w, unsigned h, const char *pixfmt, unsigned bits)
{
    const uint64_t cw = pixfmt[1] == '4' ? w : (w + 1) / 2; /* 444 */
    const uint64_t ch = pixfmt[2] == '0' ? (h + 1) / 2 : h; /* 420 */

    return ((uint64_t)w * h + 2 * cw * ch) * (bits > 8 ? 2 : 1);
}

static void offer(Guesses *g, uint64_t bytes, unsigned w, unsigned h, const char *pixfmt,
                  unsigned bits, const char *why)
{
    const uint64_t frame = frame_bytes(w, h, pixfmt, bits);

    if (!bytes || bytes % frame || g->n == GUESSES_MAX) return;
    for (unsigned i = 0; i < g->n; i++)
        if (g->list[i].w == w && g->list[i].h == h && !strcmp(g->list[i].pixfmt, pixfmt) &&
            g->list[i].bits == bits)
            return;
    g->list[g->n++] = (Guess){w, h, bits, pixfmt, why, bytes / frame};
}

/* "clip_576x324.yuv": digits, an x, digits. */
static int find_size(const char *name, unsigned *w, unsigned *h)
{
    for (const char *x = strchr(name, 'x'); x; x = strchr(x + 1, 'x')) {
        const char *from = x;
        while (from > name && isdigit((unsigned char)from[-1]) && x - from < 5) from--;
        if (from == x || !isdigit((unsigned char)x[1])) continue;
        const unsigned long a = strtoul(from, NULL, 10), b = strtoul(x + 1, NULL, 10);
        if (a < 16 || b < 16 || a > VM_SIDE_MAX || b > VM_SIDE_MAX) continue;
        *w = (unsigned)a;
        *h = (unsigned)b;
        return 1;
    }
    return 0;
}

static void guess_from_name(Guesses *g, const char *path, uint64_t bytes)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *pixfmt = strstr(name, "444") ? "444" : strstr(name, "422") ? "422" : "420";
    const unsigned bits = strstr(name, "16b") || strstr(name, "p16")   ? 16
                          : strstr(name, "12b") || strstr(name, "p12") ? 12
                          : strstr(name, "10b") || strstr(name, "p10") ? 10
                                                                       : 8;
    unsigned w, h;

    if (!find_size(name, &w, &h)) return;
    offer(g, bytes, w, h, pixfmt, bits, "name");
    offer(g, bytes, w, h, "420", 8, "name");
    offer(g, bytes, w, h, "420", 10, "name");
    offer(g, bytes, w, h, "444", 8, "name");
}

static void guess_from_size(Guesses *g, uint64_t bytes)
{
    static const unsigned sizes[][2] = {
        {1920, 1080}, {3840, 2160}, {1280, 720}, {960, 540}, {720, 576}, {720, 480}, {640, 480},
        {640, 360},   {576, 324},   {480, 270},  {416, 240}, {352, 288}, {320, 180}, {176, 144}};

    for (unsigned bits = 8; bits <= 10; bits += 2)
        for (size_t i = 0; i < VM_COUNT(sizes); i++)
            offer(g, bytes, sizes[i][0], sizes[i][1], "420", bits, "size");
}

static json_t *list_guesses(const char *path, uint64_t bytes)
{
    Guesses g = {.n = 0};
    json_t *list = json_array();

    guess_from_name(&g, path, bytes);
    guess_from_size(&g, bytes);
    for (unsigned i = 0; i < g.n; i++)
        vm_tools_append(&list, json_pack("{si si ss si sI ss}", "width", (int)g.list[i].w, "height",
                                         (int)g.list[i].h, "pixfmt", g.list[i].pixfmt, "bitdepth",
                                         (int)g.list[i].bits, "frames",
                                         (json_int_t)g.list[i].frames, "why", g.list[i].why));
    return list;
}

/* ---- the tool ---- */

static const char *kind_of(const VmSource *source, int raw)
{
    static const char y4m[] = "YUV4MPEG2";
    char head[sizeof(y4m) - 1];

    if (pread(source->stream.fd, head, sizeof(head), 0) == sizeof(head) &&
        !memcmp(head, y4m, sizeof(head)))
        return "y4m";
    return raw ? "raw" : "compressed";
}

static json_t *describe(const VmSource *source, int raw)
{
    static const char *const ranges[] = {"unknown", "limited", "full"};
    static const char *const curves[] = {"other", "PQ", "HLG"};
    const VmVideoInfo *info = &source->info;
    const char *kind = kind_of(source, raw);

    return json_pack("{ss sI so so sb ss ss sb}", "kind", kind, "bytes",
                     (json_int_t)source->stream.size, "video", vm_scoring_video(info), "frames",
                     info->frames >= 0 ? json_integer(info->frames) : json_null(), "frames_exact",
                     info->frames_exact, "range", ranges[info->range], "transfer",
                     curves[info->transfer], "interlaced", info->interlaced != 0);
}

/* A file that nothing decodes, taken for raw video whose geometry is to be found. */
static int answer_raw(VmCall *call, const char *path, uint64_t bytes)
{
    json_t *guesses = list_guesses(path, bytes);

    if (!json_array_size(guesses))
        (void)vm_call_warn(
            call, "it is neither y4m nor anything FFmpeg decodes, and no usual size fits: give "
                  "width, height, pixfmt and bitdepth if it holds raw frames");
    else
        (void)vm_call_warn(
            call, "it is neither y4m nor anything FFmpeg decodes: if it holds raw frames, one of "
                  "the guesses may be right");
    return vm_call_result(call, json_pack("{ss sI so}", "kind", "raw", "bytes", (json_int_t)bytes,
                                          "guesses", guesses));
}

static int probe(VmCall *call, const char *path, int fd, const VmRawFormat *raw)
{
    struct stat st;
    VmSource source;

    const uint64_t bytes = fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
    int code = vm_source_open_fd(&source, "file", path, fd, raw, 1);
    if (!code) {
        if (*source.warning) (void)vm_call_warn(call, "%s", source.warning);
        code = vm_call_result(call, describe(&source, raw != NULL));
    } else if (!raw && strstr(source.error, "raw video needs")) {
        code = answer_raw(call, path, bytes);
    } else {
        (void)vm_call_fail(call, code, "\"%.160s\" cannot be read: %s", path, source.error);
    }
    vm_source_close(&source);
    return code;
}

static int run(VmCall *call)
{
    VmScoring s; /* for the geometry */
    VmError error = {{0}};
    const char *path = vm_call_string(call, "path");

    VM_TRY(vm_scoring_prepare(&s, call));
    const int fd = vm_roots_open_file(s.request.roots, path, &error);
    if (fd < 0) return vm_call_fail(call, fd, "%s", error.text);
    return probe(call, path, fd, s.request.raw);
}

const VmTool vm_tool_probe_video = {
    .name = "probe_video",
    .title = "Look at a video file",
    .description = "Says what a video file is: size, chroma format, bit depth, number of frames, "
                   "range, HDR and interlacing tags. For raw YUV without a header it guesses "
                   "the geometry from the file's name and size. Cheap: call it before "
                   "vmaf_score to see whether two files can be compared.",
    .flags = VM_TOOL_LIGHT,
    .arguments = arguments,
    .output = output,
    .run = run,
};
