/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the frames of a pair are. A raw file does not say, and its size alone decides nothing: whole frames
 * of 1920x1080 are also whole frames of 960x540 and of 640x360. */
#include <inttypes.h>
#include <string.h>

#include "corpus.h"
#include "planar.h"

typedef struct Settle {
    const VmCorpus *corpus;
    const VmDataArgs *args;
    unsigned height; /* largest of the source's ladder */
    VmPair *pair;
    VmVideoInfo info[2];
    int known[2];
    enum VmSkipKind *kind;
    VmError *error;
} Settle;

static const VmFile *file_of(const VmPair *pair, int side)
{
    return side ? pair->dis : pair->ref;
}

int vm_corpus_open_video(const VmCorpus *corpus, const VmPair *pair, int side, unsigned threads,
                         VmSource *source, VmError *error)
{
    const VmFile *file = file_of(pair, side);
    const VmRawFormat raw = {pair->info.w, pair->info.h, pair->info.bpc, pair->info.pix_fmt};

    *source = (VmSource){.stream = {.fd = -1}};
    const int fd = vm_corpus_open_file(corpus->fd, file->path);
    if (fd < 0) return vm_fail(error, fd, "%s: %s", file->path, strerror(-fd));
    const int err = vm_source_open_fd(source, side ? "distorted" : "reference", file->path, fd,
                                      file->is_raw ? &raw : NULL, threads);
    return err < 0 ? vm_fail(error, err, "%s: %s", file->path, source->error) : 0;
}

/* ---- raw files ---- */

static uint64_t frame_size(const VmRawFormat *raw, enum VmChroma chroma)
{
    const VmVideoInfo info = {.w = raw->w, .h = raw->h, .bpc = raw->bpc, .pix_fmt = raw->pix_fmt};
    VmPlanar planar;

    vm_planar_init(&planar, &info, chroma, 0);
    return planar.frame_size;
}

/* Whole frames in a file, or -1 if something is left over; odd chroma may be rounded either way. */
static int64_t whole_frames(int64_t size, const VmRawFormat *raw)
{
    const uint64_t up = frame_size(raw, VM_CHROMA_UP), down = frame_size(raw, VM_CHROMA_DOWN);

    if ((uint64_t)size % up == 0) return size / (int64_t)up;
    return (uint64_t)size % down == 0 ? size / (int64_t)down : -1;
}

static void describe(const VmRawFormat *raw, char *text, size_t size)
{
    const VmVideoInfo info = {.w = raw->w, .h = raw->h, .bpc = raw->bpc, .pix_fmt = raw->pix_fmt};

    vm_source_describe(&info, text, size);
}

/* W = H * 16/9 rounded to the nearest even number: both halves are whole numbers of pairs. */
static VmRawFormat ladder_format(unsigned height)
{
    return (VmRawFormat){(height * 16 + 9) / 18 * 2, height, 8, VMAF_PIX_FMT_YUV420P};
}

static int fits_both(const VmPair *pair, const VmRawFormat *raw)
{
    const int64_t ref = whole_frames(pair->ref->size, raw);

    return ref > 0 && ref == whole_frames(pair->dis->size, raw);
}

/* "640x360 480x270": usual sizes of which both files are equally many whole frames. */
static void list_fits(const VmPair *pair, char *text, size_t size)
{
    static const uint16_t usual[][2] = {
        {3840, 2160}, {2560, 1440}, {1920, 1080}, {1280, 720}, {1024, 576}, {960, 540},
        {854, 480},   {768, 432},   {720, 576},   {720, 480},  {720, 405},  {640, 480},
        {640, 360},   {576, 324},   {512, 288},   {480, 270},  {426, 240},  {384, 216},
        {352, 288},   {320, 180},   {256, 144},   {176, 144},
    };
    size_t length = 0;

    *text = 0;
    for (size_t i = 0; i < VM_COUNT(usual) && length < size; i++) {
        const VmRawFormat raw = {usual[i][0], usual[i][1], 8, VMAF_PIX_FMT_YUV420P};
        if (fits_both(pair, &raw))
            length += (size_t)snprintf(text + length, size - length, "%s%ux%u", length ? ", " : "",
                                       raw.w, raw.h);
    }
    if (!length) (void)snprintf(text, size, "none");
}

static int refuse_geometry(const Settle *s)
{
    char fits[256];

    list_fits(s->pair, fits, sizeof(fits));
    return vm_fail(s->error, -EINVAL,
                   "the size of its frames is unknown: give --assume-dims or a corpus.json (8-bit "
                   "4:2:0 sizes of which both files are equally many frames: %s)",
                   fits);
}

static int refuse_rest(const Settle *s, const VmFile *file, const VmRawFormat *raw)
{
    const uint64_t size = frame_size(raw, VM_CHROMA_UP);
    char format[64];

    describe(raw, format, sizeof(format));
    *s->kind = VM_SKIP_DAMAGED;
    return vm_fail(s->error, -EINVAL,
                   "%s is cut off or of another geometry: its %" PRId64 " bytes are %" PRIu64
                   " whole frames of %s (from %s) and %" PRIu64 " bytes over",
                   file->path, file->size, (uint64_t)file->size / size, format,
                   vm_corpus_origin(s->pair->origin), (uint64_t)file->size % size);
}

/* What is said about a raw file, or nothing: raw->w is 0. */
static enum VmGeometryOrigin look_up(const Settle *s, int side, VmRawFormat *raw)
{
    const VmFile *file = file_of(s->pair, side);
    const VmListed listed = vm_corpus_json_find(&s->corpus->json, file->path, file->name.source);
    const VmRawFormat ladder = ladder_format(s->height);

    *raw = listed.raw;
    if (raw->pix_fmt == VMAF_PIX_FMT_UNKNOWN) {
        raw->pix_fmt = VMAF_PIX_FMT_YUV420P;
        raw->bpc = 8;
    }
    if (s->args->assume.w) {
        raw->w = s->args->assume.w;
        raw->h = s->args->assume.h;
        return VM_GEOMETRY_ASSUMED;
    }
    if (raw->w) return VM_GEOMETRY_LISTED;
    if (s->height && ladder.w <= VM_SIDE_MAX && s->height <= VM_SIDE_MAX && s->pair->ref->is_raw &&
        fits_both(s->pair, &ladder)) {
        *raw = ladder;
        return VM_GEOMETRY_LADDER;
    }
    return VM_GEOMETRY_HEADER;
}

static int settle_raw(Settle *s, int side)
{
    const VmFile *file = file_of(s->pair, side);
    VmRawFormat raw;

    s->pair->origin = look_up(s, side, &raw);
    if (!raw.w && s->known[!side]) {
        const VmVideoInfo *other = &s->info[!side];
        raw = (VmRawFormat){other->w, other->h, other->bpc, other->pix_fmt};
        s->pair->origin = VM_GEOMETRY_PARTNER;
    }
    if (!raw.w) return refuse_geometry(s);
    const int64_t frames = whole_frames(file->size, &raw);
    if (frames < 0) return refuse_rest(s, file, &raw);
    s->info[side] = (VmVideoInfo){
        .w = raw.w, .h = raw.h, .bpc = raw.bpc, .pix_fmt = raw.pix_fmt, .frames = frames};
    s->pair->frames[side] = frames;
    s->known[side] = 1;
    return 0;
}

/* ---- pairs ---- */

static int read_header(Settle *s, int side)
{
    VmSource source;
    const int err = vm_corpus_open_video(s->corpus, s->pair, side, 1, &source, s->error);

    if (err < 0) *s->kind = VM_SKIP_DAMAGED;
    s->info[side] = source.info;
    s->known[side] = !err;
    s->pair->frames[side] = source.info.frames_exact ? source.info.frames : -1;
    s->pair->origin = VM_GEOMETRY_HEADER;
    vm_source_close(&source);
    return err;
}

static int compare(const Settle *s)
{
    const VmVideoInfo *ref = &s->info[0], *dis = &s->info[1];
    const int same_size = ref->w == dis->w && ref->h == dis->h;
    char names[2][64];

    if (same_size && ref->bpc == dis->bpc && ref->pix_fmt == dis->pix_fmt) return 0;
    vm_source_describe(ref, names[0], sizeof(names[0]));
    vm_source_describe(dis, names[1], sizeof(names[1]));
    return vm_fail(s->error, -EINVAL, "%s is %s, %s is %s: %s one of them", s->pair->ref->path,
                   names[0], s->pair->dis->path, names[1], same_size ? "convert" : "scale");
}

/* Either may be -1: unknown. */
static int64_t common(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : VM_MIN(a, b);
}

static int note_lengths(VmPair *pair)
{
    const int64_t ref = pair->frames[0], dis = pair->frames[1];

    pair->info.frames = ref < 0 || dis < 0 ? -1 : VM_MIN(ref, dis);
    if (ref < 0 || dis < 0 || ref == dis) return 0;
    pair->note = vm_printf("the reference has %" PRId64 " frames, the distorted file %" PRId64
                           ": the %" PRId64 " in common are used",
                           ref, dis, pair->info.frames);
    return pair->note ? 0 : -ENOMEM;
}

static int check_empty(const Settle *s)
{
    for (int side = 0; side < 2; side++) {
        const VmFile *file = file_of(s->pair, side);
        if (file->size > 0) continue;
        *s->kind = VM_SKIP_DAMAGED;
        return vm_fail(s->error, -ENODATA, "%s is empty", file->path);
    }
    return 0;
}

int vm_geometry_settle(const VmCorpus *corpus, VmPair *pair, const VmDataArgs *args,
                       unsigned height, enum VmSkipKind *kind, VmError *error)
{
    Settle s = {corpus, args, height, pair, .kind = kind, .error = error};

    *kind = VM_SKIP_GEOMETRY;
    pair->frames[0] = pair->frames[1] = -1;
    VM_TRY(check_empty(&s));
    for (int side = 0; side < 2; side++)
        if (!file_of(pair, side)->is_raw) VM_TRY(read_header(&s, side));
    for (int side = 0; side < 2; side++)
        if (file_of(pair, side)->is_raw) VM_TRY(settle_raw(&s, side));
    VM_TRY(compare(&s));
    pair->info = s.info[1];
    pair->expected = common(s.info[0].frames, s.info[1].frames);
    return note_lengths(pair);
}
