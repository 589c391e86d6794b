/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Cheap features for models that estimate a score which is defined by dear ones: ADM, VIF and motion of the
 * pictures at half their size, and PSNR. Experimental: names and values may change with a release, models
 * name the version they were trained for. */
#include "extractor.h"
#include "rows.h"

#include <string.h>

extern const VmExtractor vm_extractor_adm, vm_extractor_motion, vm_extractor_psnr, vm_extractor_vif;

/* The extractors that do the work, and whether they see the half-size pictures. */
enum { ADM, VIF, MOTION, HALF_PSNR, PSNR, N_PARTS };

static VmEntry no_aim[] = {{"adm_skip_aim", "true"}, {"debug", "true"}};
static VmEntry coarse[] = {{"vif_first_scale", "2"}};
static VmEntry no_chroma[] = {{"enable_chroma", "false"}};

static const struct {
    const VmExtractor *extractor;
    VmafFeatureDictionary options;
    int half;
} parts[N_PARTS] = {
    [ADM] = {&vm_extractor_adm, {no_aim, VM_COUNT(no_aim)}, 1},
    [VIF] = {&vm_extractor_vif, {coarse, VM_COUNT(coarse)}, 1},
    [MOTION] = {&vm_extractor_motion, {NULL, 0}, 1},
    [HALF_PSNR] = {&vm_extractor_psnr, {no_chroma, VM_COUNT(no_chroma)}, 1},
    [PSNR] = {&vm_extractor_psnr, {no_chroma, VM_COUNT(no_chroma)}, 0},
};

enum { FAST_MOTION = 7, FAST_MOTION2 };

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
};
_Static_assert(VM_COUNT(origin) == VM_COUNT(features), "every feature has an origin");

static const VmOption options[] = {{0}};

/* A part made ready for a frame's format. */
typedef struct Part {
    VmGroup group;
    VmInstance instance;
    _Alignas(16) char options[128];
} Part;

static void set_up(Part *p, int which, const VmGroup *g)
{
    const VmExtractor *e = parts[which].extractor;
    *p = (Part){.instance = {.extractor = e, .options = p->options},
                .group = {.extractor = e, .n = 1, .format = g->format, .kernels = g->kernels}};
    p->group.instances[0] = &p->instance;
    vm_options_parse(e->options, p->options, &parts[which].options, e->name, NULL);
    p->instance.mask = e->mask(p->options);
    if (!parts[which].half) return;
    p->group.format.w /= 2;
    p->group.format.h /= 2;
    p->group.format.pix_fmt = VMAF_PIX_FMT_YUV400P;
}

static uint32_t mask(const void *o)
{
    (void)o;
    return (1u << VM_COUNT(features)) - 1;
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

/* The luma of a picture, if there is one, at half its size, in scratch memory with the room that picture rows
 * have. */
static VmafPicture halve(const VmGroup *g, const VmafPicture *p, VmArena *arena)
{
    const int w = (int)g->format.w / 2, h = (int)g->format.h / 2, is_8 = g->format.bpc == 8;
    const size_t pitch = (((size_t)w * (is_8 ? 1 : 2) + 63) & ~(size_t)63) + 64;
    uint8_t *data = vm_arena_take(arena, pitch * (size_t)h);
    for (int y = 0; data && p->data[0] && y < h; y++)
        (is_8 ? g->kernels->half_8 : g->kernels->half_16)(data + (size_t)y * pitch,
                                                          vm_picture_row(p, 0, 2 * y),
                                                          vm_picture_row(p, 0, 2 * y + 1), w);
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

/* Runs a part on what is left of the arena and takes its values; returns what it used. With values NULL it
 * only measures. */
static size_t run_part(int which, const VmGroup *g, const VmFrame *frame, VmArena arena,
                       VmValues *values)
{
    const VmExtractor *e = parts[which].extractor;
    const VmBand all = {0, 1};
    VmValues found;
    Part p;
    set_up(&p, which, g);
    const size_t size = e->words(&p.group) * sizeof(uint64_t);
    uint64_t *words = vm_arena_take(&arena, size);
    if (words && values) memset(words, 0, size);
    e->run(&p.group, frame, all, &arena, values ? words : NULL);
    if (!values) return arena.used;
    e->finish(&p.group, frame, words, &found);
    for (size_t k = 0; k < VM_COUNT(origin); k++)
        if (origin[k].part == which && origin[k].name)
            (*values)[k] = found[feature_of(e, origin[k].name)];
    return arena.used;
}

static void run(const VmGroup *g, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmFrame half = {0};
    size_t used = 0;
    (void)band; /* all of the frame */
    if (out) half = (VmFrame){.index = frame->index, .role = frame->role};
    half.ref = halve(g, out ? &frame->ref : NULL, arena);
    half.dis = halve(g, out ? &frame->dis : NULL, arena);
    const VmafPicture before = halve(g, out ? &frame->previous[0] : NULL, arena);
    if (out && frame->previous[0].data[0]) half.previous[0] = before;
    for (int i = 0; i < N_PARTS; i++) {
        const size_t n = run_part(i, g, parts[i].half ? &half : frame, *arena, out);
        used = VM_MAX(used, n);
    }
    arena->used = used;
}

/* As motion2 is derived from motion. */
static double derive(const VmInstance *instance, unsigned feature, unsigned i, unsigned first,
                     unsigned end)
{
    const VmExtractor *e = parts[MOTION].extractor;
    const VmGroup any = {.format = {VMAF_PIX_FMT_YUV400P, 8, 34, 34}};
    Part p;
    (void)feature; /* FAST_MOTION2 */
    set_up(&p, MOTION, &any);
    p.instance.columns[feature_of(e, origin[FAST_MOTION].name)] = instance->columns[FAST_MOTION];
    return e->derive(&p.instance, (unsigned)feature_of(e, "VMAF_integer_feature_motion2_score"), i,
                     first, end);
}

const VmExtractor vm_extractor_fast = {
    .name = "fast",
    .description = "features of half-size pictures for estimates, experimental",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = 1,
    .every_frame = 1,
    .cost = 20,
    .mask = mask,
    .previous = previous,
    .context = context,
    .check = check,
    .run = run,
    .derive = derive,
};
