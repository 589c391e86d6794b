/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* ADM in floating point. (spec: P2.1) */
#include "features/adm_flow.h"

#include <math.h>

#include "exact.h"

typedef struct FloatAdmOptions {
    int debug, display_height, csf_mode, bypass, harmonic, skip_aim_scale, skip_scale0;
    double csf_scale, csf_diag_scale, dlm_weight, gain_limit, view_distance, noise_weight, min,
        p_norm;
    double rfactor[2 /* diagonal */][VM_ADM_SCALES];
} FloatAdmOptions;

#define AT(member) offsetof(FloatAdmOptions, member)
static const VmOption options[] = {
    {"debug", NULL, VM_OPT_BOOL, AT(debug), .unnamed = 1},
    {"adm_enhn_gain_limit", "egl", VM_OPT_DOUBLE, AT(gain_limit), 100, 1, 100},
    {"adm_norm_view_dist", "nvd", VM_OPT_DOUBLE, AT(view_distance), 3, 0.75, 24},
    {"adm_noise_weight", "nw", VM_OPT_DOUBLE, AT(noise_weight), 0.03125, 0, 1500},
    {"adm_csf_scale", "scf", VM_OPT_DOUBLE, AT(csf_scale), 1, 0, 50},
    {"adm_csf_diag_scale", "scfd", VM_OPT_DOUBLE, AT(csf_diag_scale), 1, 0, 50},
    {"adm_ref_display_height", "rdf", VM_OPT_INT, AT(display_height), 1080, 1, 4320},
    {"adm_csf_mode", "csf", VM_OPT_INT, AT(csf_mode), 0, 0, 9},
    {"adm_bypass_cm", "bcm", VM_OPT_INT, AT(bypass), 0, 0, 1},
    {"adm_adm3_apply_hm", "aah", VM_OPT_BOOL, AT(harmonic)},
    {"adm_p_norm", "apn", VM_OPT_DOUBLE, AT(p_norm), 3, 1, 20},
    {"adm_dlm_weight", "dlmw", VM_OPT_DOUBLE, AT(dlm_weight), 0.5, 0, 1},
    {"adm_min_val", "min", VM_OPT_DOUBLE, AT(min), 0, 0, 1},
    {"adm_f1s0", "f1s0", VM_OPT_DOUBLE, AT(rfactor[0][0]), -1, -1, 10},
    {"adm_f1s1", "f1s1", VM_OPT_DOUBLE, AT(rfactor[0][1]), -1, -1, 10},
    {"adm_f1s2", "f1s2", VM_OPT_DOUBLE, AT(rfactor[0][2]), -1, -1, 10},
    {"adm_f1s3", "f1s3", VM_OPT_DOUBLE, AT(rfactor[0][3]), -1, -1, 10},
    {"adm_f2s0", "f2s0", VM_OPT_DOUBLE, AT(rfactor[1][0]), -1, -1, 10},
    {"adm_f2s1", "f2s1", VM_OPT_DOUBLE, AT(rfactor[1][1]), -1, -1, 10},
    {"adm_f2s2", "f2s2", VM_OPT_DOUBLE, AT(rfactor[1][2]), -1, -1, 10},
    {"adm_f2s3", "f2s3", VM_OPT_DOUBLE, AT(rfactor[1][3]), -1, -1, 10},
    {"adm_skip_aim_scale", "sasc", VM_OPT_INT, AT(skip_aim_scale), -1, 0, 3},
    {"adm_skip_scale0", "ssz", VM_OPT_BOOL, AT(skip_scale0)},
    {0},
};
#undef AT

static const VmFeature features[] = {
    {"VMAF_feature_adm2_score", "adm2"},
    {"VMAF_feature_aim_score", "aim"},
    {"VMAF_feature_adm3_score", "adm3"},
    {"VMAF_feature_adm_scale0_score", "adm_scale0"},
    {"VMAF_feature_adm_scale1_score", "adm_scale1"},
    {"VMAF_feature_adm_scale2_score", "adm_scale2"},
    {"VMAF_feature_adm_scale3_score", "adm_scale3"},
    {"adm", .plain = 1},
    {"adm_num"},
    {"adm_den"},
    {"adm_num_scale0"},
    {"adm_den_scale0"},
    {"adm_num_scale1"},
    {"adm_den_scale1"},
    {"adm_num_scale2"},
    {"adm_den_scale2"},
    {"adm_num_scale3"},
    {"adm_den_scale3"},
};

static uint32_t mask(const void *o)
{
    return vm_adm_mask(((const FloatAdmOptions *)o)->debug);
}

static int check(const void *o, const VmFormat *f, VmError *error)
{
    (void)o;
    if (f->w >= 17 && f->h >= 17) return 0;
    return vm_fail(error, -EINVAL,
                   "feature float_adm needs pictures of at least 17x17, these are %ux%u", f->w,
                   f->h);
}

static float rfactor(const FloatAdmOptions *o, int scale, int diagonal)
{
    const VmAdmView view = {o->view_distance, o->display_height, o->csf_scale, o->csf_diag_scale};
    if (o->rfactor[diagonal][scale] >= 0) return (float)o->rfactor[diagonal][scale];
    if (o->csf_mode == 1) return vm_adm_csf_barten(&view, scale, diagonal);
    if (o->csf_mode == 2) return vm_adm_csf_native(&view, scale, diagonal);
    return vm_adm_csf_watson(&view, scale, diagonal);
}

static void constants(VmAdmVariant *v, const FloatAdmOptions *o, const VmFormat *format)
{
    vm_adm_geometry(v->scale, format);
    for (int s = 0; s < VM_ADM_SCALES; s++) {
        VmAdmScale *c = &v->scale[s];
        for (int b = 0; b < 3; b++) c->rfactor[b] = rfactor(o, s, b == 2);
        c->p_norm = (float)o->p_norm;
        c->bypass = o->bypass;
    }
    v->gain = o->gain_limit;
    v->skip_scale0 = o->skip_scale0;
}

/* The reference's detail depends on the weights and on the exponent. */
static int same_den(const VmAdmVariant *a, const VmAdmVariant *b)
{
    for (int s = 0; s < VM_ADM_SCALES; s++)
        for (int k = 0; k < 3; k++)
            if (a->scale[s].rfactor[k] != b->scale[s].rfactor[k]) return 0;
    if (a->scale[0].p_norm != b->scale[0].p_norm) return 0;
    return a->skip_scale0 == b->skip_scale0;
}

static float pooled(const VmAdmScale *c, const VmAdmSum sum[3], double noise_weight)
{
    const float exponent = 1.0f / c->p_norm;
    const double area = (double)((c->y1 - c->y0) * (c->x1 - c->x0));
    const float noise = vm_exact_powf((float)(area * noise_weight), exponent);
    float p[3];
    for (int b = 0; b < 3; b++) p[b] = vm_exact_powf(sum[b].f, exponent) + noise;
    return p[0] + p[1] + p[2];
}

static double adm3_of(const FloatAdmOptions *o, double adm2, double aim)
{
    const double adm3 = o->harmonic ? 2 * adm2 * aim / (adm2 + aim)
                                    : adm2 * o->dlm_weight + (1 - aim) * (1 - o->dlm_weight);
    return adm3 > o->min ? adm3 : o->min; /* also where both are 0 */
}

static void set_up(const VmGroup *group, VmAdmVariant *variants)
{
    for (unsigned i = 0; i < group->n; i++) {
        unsigned k = 0;
        constants(&variants[i], group->instances[i]->options, &group->format);
        while (!same_den(&variants[k], &variants[i])) k++;
        variants[i].den_of = k;
    }
}

static void run(const VmGroup *group, const VmFrame *frame, VmBand band, VmArena *arena, void *out)
{
    VmAdmFlow f = {.group = group, .frame = frame, .part = band, .is_float = 1, .sums = out};
    vm_adm_flow_take(&f, arena);
    if (!out) return;
    set_up(group, f.variants);
    vm_adm_flow_run(&f);
}

static void score(const VmFormat *format, const VmAdmVariant *v, const VmAdmSums *sums,
                  const VmAdmSums *den_sums, const FloatAdmOptions *o, VmValue *out)
{
    float num[VM_ADM_SCALES] = {0}, den[VM_ADM_SCALES] = {(float)1e-10};
    double aim = 0, aim_den = o->skip_scale0 && o->skip_aim_scale ? (double)den[0] : 0;
    for (int s = o->skip_scale0; s < VM_ADM_SCALES; s++) {
        const VmAdmScale *c = &v->scale[s];
        num[s] = pooled(c, sums[s].num, o->noise_weight);
        den[s] = pooled(c, den_sums[s].den, o->noise_weight);
        if (s == o->skip_aim_scale) continue;
        aim += (double)pooled(c, sums[s].aim, 0);
        aim_den += (double)den[s];
    }
    const int valid = vm_adm_output(out, format, num, den);
    out[VM_AIM].d = valid ? VM_MIN(aim / aim_den, 1) : 0;
    out[VM_ADM3].d = adm3_of(o, out[VM_ADM2].d, out[VM_AIM].d);
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

const VmExtractor vm_extractor_float_adm = {
    .name = "float_adm",
    .description = "detail loss and additive impairment, floating point",
    .features = features,
    .n_features = VM_COUNT(features),
    .options = options,
    .options_size = sizeof(FloatAdmOptions),
    .shares = 1,
    .cost = 90,
    .mask = mask,
    .check = check,
    .words = vm_adm_words,
    .run = run,
    .finish = finish,
};
