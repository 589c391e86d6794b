/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Cheap features for models that estimate a score which is defined by dear ones: ADM, VIF and motion of the
 * pictures at half their size, and PSNR. With option rows ADM is that of the full size and VIF has all scales, the
 * fine ones of both from some of their rows; with option bands only some bands of the pictures are looked at.
 * Experimental: names and values may change with a release, models name the options they were trained for. */
#include "extractor.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

extern const VmExtractor vm_extractor_adm, vm_extractor_motion, vm_extractor_psnr, vm_extractor_vif;

typedef struct FastOptions {
    int bands, rows;
} FastOptions;

static const VmOption options[] = {
    {"bands", NULL, VM_OPT_INT, offsetof(FastOptions, bands), 1, 1, 64},
    {"rows", NULL, VM_OPT_INT, offsetof(FastOptions, rows), 0, 0, 8},
    {0},
};

/* The extractors that do the work. */
enum { ADM, VIF, MOTION, HALF_PSNR, PSNR, N_PARTS };

static VmEntry no_aim[] = {{"adm_skip_aim", "true"}, {"debug", "true"}};
static VmEntry coarse[] = {{"vif_first_scale", "2"}};
static VmEntry no_chroma[] = {{"enable_chroma", "false"}};

static const struct {
    const VmExtractor *extractor;
    VmafFeatureDictionary options;
    int half; /* it sees the half-size pictures; ADM those of full size with option rows */
} parts[N_PARTS] = {
    [ADM] = {&vm_extractor_adm, {no_aim, VM_COUNT(no_aim)}, 1},
    [VIF] = {&vm_extractor_vif, {coarse, VM_COUNT(coarse)}, 1},
    [MOTION] = {&vm_extractor_motion, {NULL, 0}, 1},
    [HALF_PSNR] = {&vm_extractor_psnr, {no_chroma, VM_COUNT(no_chroma)}, 1},
    [PSNR] = {&vm_extractor_psnr, {no_chroma, VM_COUNT(no_chroma)}, 0},
};

enum { FAST_MOTION = 7, FAST_MOTION2, FAST_VIF = 11 };

static const VmFeature features[] = {
    {"fast_adm2"},
    {"fast_adm_scale0"},
    {"fast_adm_scale1"},
    {"fast_adm_scale2"},
    {"fast_adm_scale3"},
    {"fast_vif_scale2"},
    {"fast_vif_scale3"},
    [FAST_MOTION] = {"fast_motion"},
    [FAST_MOTION2] = {"fast_motion2", NULL, VM_DERIVED_FEATURE, .phase = VM_PHASE_FLUSH},
    {"fast_psnr_half"},
    {"fast_psnr"},
    [FAST_VIF] = {"fast_vif_scale0"}, /* these two with option rows only */
    {"fast_vif_scale1"},
};

/* Which part a feature comes from, and its name there. */
static const struct {
    int part;
    const char *name;
} origin[] = {
    {ADM, "VMAF_integer_feature_adm2_score"},
    {ADM, "integer_adm_scale0"},
    {ADM, "integer_adm_scale1"},
    {ADM, "integer_adm_scale2"},
    {ADM, "integer_adm_scale3"},
    {VIF, "VMAF_integer_feature_vif_scale2_score"},
    {VIF, "VMAF_integer_feature_vif_scale3_score"},
    {MOTION, "VMAF_integer_feature_motion_sad_score"},
    {MOTION, NULL},
    {HALF_PSNR, "psnr_y"},
    {PSNR, "psnr_y"},
    {VIF, "VMAF_integer_feature_vif_scale0_score"},
    {VIF, "VMAF_integer_feature_vif_scale1_score"},
};
_Static_assert(VM_COUNT(origin) == VM_COUNT(features), "every feature has an origin");

/* The rows that a part looks at: n bands, each in the middle of one of n equal shares of a picture of h rows. */
typedef struct Bands {
    int n, height, h;
} Bands;

/* At half size. ADM and VIF make an eighth of a band's rows for their last scale, whose filters reach
 * over half of them, and need 17 rows to begin with. */
enum { BAND = 32 };

/* One band in `every`, as nearly as whole bands can be. */
static Bands bands_of(int h, int every)
{
    const int height = VM_MIN(BAND, h), unit = height * every;
    if (every == 1) return (Bands){1, h, h};
    return (Bands){VM_MAX((h + unit / 2) / unit, 1), height, h};
}

static int band_row(const Bands *b, int band)
{
    return (int)(((int64_t)2 * band + 1) * b->h / (2 * b->n)) - b->height / 2;
}

/* A part made ready for a frame's format, and its bands in the pictures that it is given. */
typedef struct Part {
    VmGroup group;
    VmInstance instance;
    Bands bands;
    _Alignas(16) char options[128];
} Part;

static int sees_half(int which, const FastOptions *o)
{
    return parts[which].half && !(which == ADM && o->rows);
}

/* Half-size pictures have only the rows of the bands, one band below the other. */
static Bands bands_of_part(int which, const VmGroup *g)
{
    const FastOptions *o = g->instances[0]->options;
    const int h = (int)g->format.h / 2;
    const Bands half = bands_of(h, o->bands);
    if (sees_half(which, o)) return (Bands){half.n, half.height, half.n * half.height};
    if (half.height == h) return (Bands){1, (int)g->format.h, (int)g->format.h};
    return (Bands){half.n, 2 * half.height, (int)g->format.h};
}

/* Option rows is for 1080 rows; of fewer, more have to be looked at to see as much. */
static int row_step(int rows, int h)
{
    return VM_MIN(VM_MAX((rows * h + 540) / 1080, 1), 16);
}

/* Groups of rows of ADM at full size; single rows of VIF at half size, which is dear, half as often. */
static void set_options(Part *p, int which, const FastOptions *o)
{
    const VmExtractor *e = parts[which].extractor;
    const int h = p->bands.height;
    const int n = which == ADM ? row_step(o->rows, h) : row_step(2 * o->rows, 2 * h);
    char step[12];
    VmEntry adm[] = {no_aim[0], no_aim[1], {"adm_row_step", step}},
            vif[] = {{"vif_row_step", step}};
    const VmafFeatureDictionary sampled[] = {{adm, VM_COUNT(adm)}, {vif, VM_COUNT(vif)}};
    snprintf(step, sizeof(step), "%d", n);
    vm_options_parse(e->options, p->options,
                     o->rows && which <= VIF ? &sampled[which] : &parts[which].options, e->name,
                     NULL);
    p->instance.mask = e->mask(p->options);
}

static void set_up(Part *p, int which, const VmGroup *g)
{
    const VmExtractor *e = parts[which].extractor;
    const FastOptions *o = g->instances[0]->options;
    *p = (Part){.instance = {.extractor = e, .options = p->options},
                .group = {.extractor = e, .n = 1, .format = g->format, .kernels = g->kernels},
                .bands = bands_of_part(which, g)};
    p->group.instances[0] = &p->instance;
    set_options(p, which, o);
    p->group.format.h = (unsigned)p->bands.height;
    if (!sees_half(which, o)) return;
    p->group.format.w /= 2;
    p->group.format.pix_fmt = VMAF_PIX_FMT_YUV400P;
}

static uint32_t mask(const void *o)
{
    return (1u << (((const FastOptions *)o)->rows ? VM_COUNT(features) : FAST_VIF)) - 1;
}

static int previous(const void *o)
{
    (void)o;
    return 1;
}

static void context(const void *o, unsigned *before, unsigned *after)
{
    (void)o;
    *before = *after = 1;
}

static int check(const void *o, const VmFormat *f, VmError *error)
{
    (void)o;
    if (f->w >= 34 && f->h >= 34) return 0;
    return vm_fail(error, -EINVAL, "feature fast needs pictures of at least 34x34, these are %ux%u",
                   f->w, f->h);
}

/* The bands' rows of a picture's luma, if there is one, at half size, in scratch memory with the room that
 * picture rows have. */
static VmafPicture halve(const VmGroup *g, const VmafPicture *p, VmArena *arena)
{
    const FastOptions *o = g->instances[0]->options;
    const Bands b = bands_of((int)g->format.h / 2, o->bands);
    const int w = (int)g->format.w / 2, h = b.n * b.height, is_8 = g->format.bpc == 8;
    const size_t pitch = (((size_t)w * (is_8 ? 1 : 2) + 63) & ~(size_t)63) + 64;
    uint8_t *data = vm_arena_take(arena, pitch * (size_t)h);
    for (int i = 0; data && p->data[0] && i < h; i++) {
        const int y = band_row(&b, i / b.height) + i % b.height;
        (is_8 ? g->kernels->half_8 : g->kernels->half_16)(data + (size_t)i * pitch,
                                                          vm_picture_row(p, 0, 2 * y),
                                                          vm_picture_row(p, 0, 2 * y + 1), w);
    }
    return (VmafPicture){.pix_fmt = VMAF_PIX_FMT_YUV400P,
                         .bpc = g->format.bpc,
                         .w = {(unsigned)w},
                         .h = {(unsigned)h},
                         .stride = {(ptrdiff_t)pitch},
                         .data = {data}};
}

/* Index of a part's feature. */
static int feature_of(const VmExtractor *e, const char *name)
{
    int k = 0;
    while (strcmp(e->features[k].name, name) != 0) k++;
    return k;
}

/* A frame whose luma begins at row y. */
static VmFrame from_row(const VmFrame *frame, int y)
{
    VmFrame f = *frame;
    VmafPicture *const pictures[] = {&f.ref, &f.dis, &f.previous[0]};
    for (size_t k = 0; k < VM_COUNT(pictures); k++)
        if (pictures[k]->data[0])
            pictures[k]->data[0] = (uint8_t *)pictures[k]->data[0] + y * pictures[k]->stride[0];
    return f;
}

/* The words of a part, signed integers all of them: of one band; of the mean band, which are those of a
 * picture of its size; and what the division by the number of bands left over. */
typedef struct Sums {
    int64_t *band, *mean, *rest;
    size_t n;
} Sums;

static Sums take_sums(const Part *p, VmArena *arena)
{
    const size_t n = p->group.extractor->words(&p->group), size = n * sizeof(int64_t);
    Sums s = {.n = n};
    s.band = vm_arena_take(arena, size);
    s.mean = vm_arena_take(arena, size);
    s.rest = vm_arena_take(arena, size);
    return s;
}

/* Divided before they are added: no sum is larger than that of a picture. */
static void add_band(const Sums *s, int n_bands)
{
    for (size_t k = 0; k < s->n; k++) {
        s->mean[k] += s->band[k] / n_bands;
        s->rest[k] += s->band[k] % n_bands;
    }
}

static void run_bands(const Part *p, const VmFrame *frame, VmArena arena, const Sums *s)
{
    const size_t size = s->n * sizeof(int64_t);
    memset(s->mean, 0, size);
    memset(s->rest, 0, size);
    for (int band = 0; band < p->bands.n; band++) {
        const VmFrame part = from_row(frame, band_row(&p->bands, band));
        VmArena rest = arena;
        memset(s->band, 0, size);
        p->group.extractor->run(&p->group, &part, (VmBand){0, 1}, &rest, s->band);
        add_band(s, p->bands.n);
    }
    for (size_t k = 0; k < s->n; k++) s->mean[k] += s->rest[k] / p->bands.n;
}

/* Runs a part on what is left of the arena and takes its values; returns what it used. With values NULL it
 * only measures. */
static size_t run_part(int which, const VmGroup *g, const VmFrame *frame, VmArena arena,
                       VmValues *values)
{
    const VmExtractor *e = parts[which].extractor;
    VmValues found;
    Part p;
    set_up(&p, which, g);
    const Sums sums = take_sums(&p, &arena);
    if (!values) {
        e->run(&p.group, frame, (VmBand){0, 1}, &arena, NULL);
        return arena.used;
    }
    run_bands(&p, frame, arena, &sums);
    e->finish(&p.group, frame, sums.mean, &found);
    for (size_t k = 0; k < VM_COUNT(origin); k++)
        if (origin[k].part == which && origin[k].name)
            (*values)[k] = found[feature_of(e, origin[k].name)];
    return arena.used;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    static const VmafPicture none;
    VmFrame half = {0};
    size_t used = 0;
    (void)band; /* all of the frame */
    if (out) half = (VmFrame){.index = frame->index, .role = frame->role};
    const int counts = out && frame->role == VM_ROLE_COUNTED;
    half.ref = halve(g, out ? &frame->ref : &none, arena);
    half.dis = halve(g, counts ? &frame->dis : &none, arena);
    const VmafPicture before = halve(g, out ? &frame->previous[0] : &none, arena);
    if (out && frame->previous[0].data[0]) half.previous[0] = before;
    for (int i = 0; i < N_PARTS; i++) {
        /* motion alone looks across frames: of frames without a score nothing else is wanted */
        if (out && !counts && i != MOTION) continue;
        const VmFrame *seen = sees_half(i, g->instances[0]->options) ? &half : frame;
        const size_t n = run_part(i, g, seen, *arena, out);
        used = VM_MAX(used, n);
    }
    arena->used = used;
}

/* As motion2 is derived from motion. */
static double derive(const VmInstance *instance, unsigned feature, unsigned i, unsigned first,
                     unsigned end)
{
    const VmExtractor *e = parts[MOTION].extractor;
    VmInstance own = {.options = instance->options};
    const VmGroup any = {.instances = {&own}, .n = 1, .format = {VMAF_PIX_FMT_YUV400P, 8, 34, 34}};
    Part p;
    (void)feature; /* FAST_MOTION2 */
    set_up(&p, MOTION, &any);
    p.instance.columns[feature_of(e, origin[FAST_MOTION].name)] = instance->columns[FAST_MOTION];
    return e->derive(&p.instance, (unsigned)feature_of(e, "VMAF_integer_feature_motion2_score"), i,
                     first, end);
}

const VmExtractor vm_extractor_fast = {
    .name = "fast",
    .description = "features of half-size pictures and of some rows for estimates, experimental",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(FastOptions),
    .every_frame = 1,
    .cost = 20,
    .mask = mask,
    .previous = previous,
    .context = context,
    .check = check,
    .run = run,
    .derive = derive,
};
