/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Integer ADM: detail loss (adm2), additive impairment (aim) and their blend (adm3).
 * (spec: integer ADM) */
#include "exact.h"
#include "features/adm_flow.h"

#include <math.h>
#include <string.h>

typedef struct AdmOptions {
    int debug, display_height, csf_mode, skip_aim, skip_scale0, row_step;
    double csf_scale, csf_diag_scale, dlm_weight, gain_limit, view_distance, noise_weight, min;
} AdmOptions;

#define AT(member) offsetof(AdmOptions, member)
static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, AT(debug), .unnamed = 1},
    {"adm_csf_scale", "scf", VM_OPT_DOUBLE, AT(csf_scale), 1, 0, 50},
    {"adm_csf_diag_scale", "scfd", VM_OPT_DOUBLE, AT(csf_diag_scale), 1, 0, 50},
    {"adm_dlm_weight", "dlmw", VM_OPT_DOUBLE, AT(dlm_weight), 0.5, 0, 1},
    {"adm_enhn_gain_limit", "egl", VM_OPT_DOUBLE, AT(gain_limit), 100, 1, 100},
    {"adm_norm_view_dist", "nvd", VM_OPT_DOUBLE, AT(view_distance), 3, 0.75, 24},
    {"adm_ref_display_height", "rdh", VM_OPT_INT, AT(display_height), 1080, 1, 4320},
    {"adm_csf_mode", "csf", VM_OPT_INT, AT(csf_mode), 0, 0, 3},
    {"adm_noise_weight", "nw", VM_OPT_DOUBLE, AT(noise_weight), 0.03125, 0, 1500},
    {"adm_skip_aim", NULL, VM_OPT_BOOL, AT(skip_aim), .unnamed = 1},
    {"adm_skip_scale0", "ssz", VM_OPT_BOOL, AT(skip_scale0)},
    {"adm_min_val", "min", VM_OPT_DOUBLE, AT(min), 0, 0, 1},
    /* ours: of scales 0 and 1 only one group of rows in so many is looked at, for estimates */
    {"adm_row_step", "ars", VM_OPT_INT, AT(row_step), 1, 1, 16},
    {0},
};
#undef AT

static const VmFeature features[] = {
    {"VMAF_integer_feature_adm2_score", "integer_adm2"},
    {"VMAF_integer_feature_aim_score", "integer_aim"},
    {"VMAF_integer_feature_adm3_score", "integer_adm3"},
    {"integer_adm_scale0"},
    {"integer_adm_scale1"},
    {"integer_adm_scale2"},
    {"integer_adm_scale3"},
    {"integer_adm"},
    {"integer_adm_num"},
    {"integer_adm_den"},
    {"integer_adm_num_scale0"},
    {"integer_adm_den_scale0"},
    {"integer_adm_num_scale1"},
    {"integer_adm_den_scale1"},
    {"integer_adm_num_scale2"},
    {"integer_adm_den_scale2"},
    {"integer_adm_num_scale3"},
    {"integer_adm_den_scale3"},
};

static uint32_t mask(const void *o)
{
    return vm_adm_mask(((const AdmOptions *)o)->debug);
}

static int rfactor(const AdmOptions *o, int scale, int diagonal, float *value)
{
    const VmAdmView view = {o->view_distance, o->display_height, o->csf_scale, o->csf_diag_scale};
    if (o->csf_mode >= 2) return vm_adm_csf_table(&view, o->csf_mode == 3, scale, diagonal, value);
    *value = (o->csf_mode ? vm_adm_csf_barten : vm_adm_csf_watson)(&view, scale, diagonal);
    return 0;
}

static int check(const void *options, const VmFormat *f, VmError *error)
{
    const AdmOptions *o = options;
    float unused;
    if (o->view_distance * o->display_height < 3240.0)
        return vm_fail(
            error, -EINVAL,
            "feature adm: adm_norm_view_dist %g times adm_ref_display_height %d is below "
            "3240, the nearest view it is defined for",
            o->view_distance, o->display_height);
    if (rfactor(o, 0, 0, &unused))
        return vm_fail(
            error, -EINVAL,
            "feature adm: adm_csf_mode %d has no weights for adm_norm_view_dist %g with "
            "adm_ref_display_height %d; it has 3 and 5 with 1080, 1.5, 3 and 5 with 2160, "
            "5 with 720",
            o->csf_mode, o->view_distance, o->display_height);
    if (o->row_step > 1 &&
        f->h < 16u * (unsigned)o->row_step) /* no group of scale 1 but at its ends */
        return vm_fail(
            error, -EINVAL,
            "feature adm: adm_row_step %d needs pictures of at least %d rows, these have %u",
            o->row_step, 16 * o->row_step, f->h);
    if (f->w >= 17 && f->h >= 17) return 0;
    return vm_fail(error, -EINVAL, "feature adm needs pictures of at least 17x17, these are %ux%u",
                   f->w, f->h);
}

static void weights(VmAdmScale *c, const AdmOptions *o)
{
    for (int b = 0; b < 3; b++) {
        rfactor(o, c->scale, b == 2, &c->rfactor[b]);
        const double r = (double)c->rfactor[b];
        if (c->scale) /* 32 bits; only the unscaled Barten weights do not fit, and wrap by definition */
            c->weight[b] = (uint32_t)(uint64_t)(r * 4294967296.0);
        else c->weight[b] = (uint16_t)(uint64_t)(r * (b == 2 ? 8388608.0 : 2097152.0));
    }
    /* the default view has its own constants, a little off the formula */
    const double view = o->view_distance * o->display_height;
    if (c->scale == 0 && o->csf_mode == 0 && fabs(view - 3240.0) < 1.0e-8) {
        c->weight[0] = c->weight[1] = 36453;
        c->weight[2] = 49417;
    }
}

static const float third = 1.0f / 3.0f; /* as a float: not a cube root */

static float noise(const VmAdmScale *c, double weight)
{
    const double area = (double)((c->y1 - c->y0) * (c->x1 - c->x0));
    return vm_exact_powf((float)(area * weight), third);
}

static float den_of(const VmAdmScale *c, const VmAdmSum sum[3], double noise_weight)
{
    static const int bits[VM_ADM_SCALES] = {18, 32, 27, 23};
    const int x = bits[c->scale] - c->den_shift[0] - c->den_shift[1];
    float d[3];
    for (int b = 0; b < 3; b++) {
        const double cubes = ldexp((double)sum[b].i, -x) * vm_exact_pow((double)c->rfactor[b], 3);
        d[b] = vm_exact_powf((float)cubes, third) + noise(c, noise_weight);
    }
    return d[0] + d[1] + d[2];
}

static float num_of(const VmAdmScale *c, const VmAdmSum sum[3], double noise_weight)
{
    static const int bits[VM_ADM_SCALES] = {52, 45, 39, 36};
    float n[3];
    for (int b = 0; b < 3; b++) {
        const int x = bits[c->scale] - c->value_shift[b] - c->row_shift;
        /* scale 0 goes through double, the others straight to float */
        const float value = c->scale ? ldexpf((float)sum[b].i, -x)
                                     : (float)ldexp((double)sum[b].i, -(b == 2 ? x + 5 : x));
        n[b] = vm_exact_powf(value, third) + noise(c, noise_weight);
    }
    return n[0] + n[1] + n[2];
}

/* Constants of all instances, and who computes den for all: one for which scale 0 is not skipped. */
static void set_up(const VmGroup *group, VmAdmVariant *variants)
{
    unsigned owner = 0;
    for (unsigned i = 0; i < group->n; i++) {
        const AdmOptions *o = group->instances[i]->options;
        VmAdmVariant *v = &variants[i];
        vm_adm_geometry(v->scale, &group->format);
        for (int s = 0; s < VM_ADM_SCALES; s++) weights(&v->scale[s], o);
        v->gain = o->gain_limit;
        v->skip_aim = o->skip_aim;
        v->skip_scale0 = o->skip_scale0;
        v->row_step = o->row_step;
        if (variants[owner].skip_scale0 && !o->skip_scale0) owner = i;
    }
    for (unsigned i = 0; i < group->n; i++)
        variants[i].den_of = variants[i].row_step == variants[owner].row_step ? owner : i;
}

static void run(const VmGroup *group, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmAdmFlow f = {.group = group, .frame = frame, .part = band, .sums = out};
    vm_adm_flow_take(&f, arena);
    if (!out) return;
    set_up(group, f.variants);
    vm_adm_flow_run(&f);
}

/* The sums of a scale, as if all rows were like those that were looked at. */
static VmAdmSums of_all_rows(const VmAdmVariant *v, int s, const VmAdmSums *own,
                             const VmAdmSums *den)
{
    const VmAdmScale *c = &v->scale[s];
    VmAdmSums sums = *own;
    int taken = 0;
    memcpy(sums.den, den->den, sizeof(sums.den));
    for (int y = c->y0; y < c->y1; y++) taken += vm_adm_takes_row(v, s, y);
    if (!taken || taken == c->y1 - c->y0) return sums;
    const double factor = (double)(c->y1 - c->y0) / taken;
    for (int b = 0; b < 3; b++) {
        sums.num[b].i = (int64_t)((double)sums.num[b].i * factor);
        sums.den[b].i = (int64_t)((double)sums.den[b].i * factor);
        sums.aim[b].i = (int64_t)((double)sums.aim[b].i * factor);
    }
    return sums;
}

static void score(const VmFormat *format, const VmAdmVariant *v, const VmAdmSums *sums,
                  const VmAdmSums *den_sums, const AdmOptions *o, VmValue *out)
{
    float num[VM_ADM_SCALES] = {0}, den[VM_ADM_SCALES] = {(float)1e-10};
    double aim = 0;
    for (int s = o->skip_scale0; s < VM_ADM_SCALES; s++) {
        const VmAdmScale *c = &v->scale[s];
        const VmAdmSums all = of_all_rows(v, s, &sums[s], &den_sums[s]);
        num[s] = num_of(c, all.num, o->noise_weight);
        den[s] = den_of(c, all.den, o->noise_weight);
        if (!o->skip_aim) aim += (double)num_of(c, all.aim, 0);
    }
    const int valid = vm_adm_output(out, format, num, den);
    out[VM_AIM].d = valid ? aim / out[VM_ADM_DEN].d : 0;
    const double adm3 = out[VM_ADM2].d * o->dlm_weight + (1 - out[VM_AIM].d) * (1 - o->dlm_weight);
    out[VM_ADM3].d = VM_MAX(adm3, o->min);
}

static void finish(const VmGroup *group, const VmFrame *frame, const void *words, VmValues *values)
{
    const VmAdmSums(*sums)[VM_ADM_SCALES] = words;
    VmAdmVariant variants[VM_MAX_INSTANCES] = {0};
    (void)frame;
    set_up(group, variants);
    for (unsigned i = 0; i < group->n; i++)
        score(&group->format, &variants[i], sums[i], sums[variants[i].den_of],
              group->instances[i]->options, values[i]);
}

const VmExtractor vm_extractor_adm = {
    .name = "adm",
    .description = "detail loss (adm2), additive impairment (aim) and both (adm3), integer",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(AdmOptions),
    .shares = 1,
    .bands = 1,
    .cost = 30,
    .mask = mask,
    .check = check,
    .words = vm_adm_words,
    .run = run,
    .finish = finish,
};
