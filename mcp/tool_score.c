/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf_score: a pair in, a summary that fits any context out; every frame's scores stay behind a
 * link. */
#include <math.h>
#include <string.h>

#include "scoring.h"
#include "tools.h"
#include "worst.h"

enum {
    WORST_SHOWN = 5,
    ROWS_SHOWN = 500, /* of per_frame "all": some 25 kB */
};

static const char *const per_frame_choices[] = {"none", "worst", "all", NULL};

static const VmArg arguments[] = {
    VM_ARG_REF,
    VM_ARG_DIS,
    VM_ARGS_RAW,
    VM_ARGS_MODEL,
    {"models", VM_ARG_STRINGS, 0, "More models, scored in the same pass, written like model.", NULL,
     NULL, VM_ARG_WITHIN(0, VM_SCORING_LIST_MAX - 1)},
    {"tiny_models", VM_ARG_STRINGS, 0,
     "Tiny models to score with as well: ids from list_models or .onnx files beneath an allowed "
     "folder.",
     NULL, NULL, VM_ARG_WITHIN(0, VM_SCORING_LIST_MAX - 1)},
    {"features", VM_ARG_STRINGS, 0,
     "More features as `vmaf --feature` takes them, e.g. psnr, float_ssim, float_ms_ssim.", NULL,
     NULL, VM_ARG_WITHIN(0, VM_SCORING_LIST_MAX)},
    VM_ARGS_RANGE,
    {"per_frame", VM_ARG_STRING, 0,
     "Scores of frames in the answer: none beyond the worst ones' numbers, worst with all their "
     "features, or all (clips up to 500 frames; the report has them in any case).",
     "\"none\"", per_frame_choices},
    {"precision", VM_ARG_STRING, 0,
     "Digits of the report's numbers: 1 to 17, max, or legacy (libvmaf's six). The answer has all "
     "digits.",
     "\"17\""},
    {"max_seconds", VM_ARG_NUMBER, 0,
     "Stop after so long and answer with what is scored; 0: no limit.", "0", NULL,
     VM_ARG_WITHIN(0, 86400)},
    {0},
};

static const VmArg output_feature[] = {
    {"name", VM_ARG_STRING, VM_ARG_REQUIRED, "Name in reports."},
    {"mean", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Mean over the frames."},
    {"min", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Lowest."},
    {"max", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Highest."},
    {0},
};

static const VmArg output_score[] = {
    {"frame", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Number of the frame, from 0."},
    {"score", VM_ARG_NUMBER, VM_ARG_NULLABLE, "As in worst."},
    {0},
};

static const VmArg output_frame[] = {
    {"frame", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Number of the frame, from 0."},
    {"score", VM_ARG_NUMBER, VM_ARG_NULLABLE,
     "Score of the first model, or value of the first feature."},
    {"features", VM_ARG_OBJECT, 0, "Every value of this frame, by name."},
    {0},
};

static const VmArg output[] = {
    {"score", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE,
     "Mean of the first model's score over all frames: the number to quote."},
    {"models", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "Statistics of each model's score.",
     .members = vm_output_stats},
    {"features", VM_ARG_OBJECTS, VM_ARG_REQUIRED,
     "What the score is made of, and features asked for.", .members = output_feature},
    {"worst", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "The lowest frames, the lowest first.",
     .members = output_frame},
    {"scores", VM_ARG_OBJECTS, 0, "With per_frame \"all\": every frame.", .members = output_score},
    VM_OUTPUT_FACTS,
    {0},
};

enum Kind { FEATURE, SCORE, MEMBER };

/* A collection scores more than one column: vmaf, its spread as vmaf_bagging, vmaf_stddev,
 * vmaf_ci_p95_lo and _hi, and its members, vmaf_0001 and so on, which would fill the answer. */
static enum Kind kind_of(const VmScoring *s, const char *name)
{
    const char *model;

    for (unsigned i = 0; (model = vmaf_ext_model_name(s->job.vmaf, i)); i++) {
        const size_t length = strlen(model);
        if (strncmp(name, model, length) || (name[length] && name[length] != '_')) continue;
        const char *rest = name + length;
        return strlen(rest) == 5 && strspn(rest + 1, "0123456789") == 4 ? MEMBER : SCORE;
    }
    return FEATURE;
}

static json_t *list_models(VmScoring *s)
{
    json_t *list = json_array();

    for (unsigned c = 0; c < s->table.n_columns; c++)
        if (kind_of(s, s->table.columns[c]) == SCORE)
            vm_tools_append(&list, vm_scoring_stats(s, s->table.columns[c]));
    return list;
}

/* Six digits will do for what only explains the score. */
static json_t *rounded(double v)
{
    return isfinite(v) ? json_real(round(v * 1e6) / 1e6) : json_null();
}

static json_t *list_features(VmScoring *s)
{
    json_t *list = json_array();

    for (unsigned c = 0; c < s->table.n_columns; c++) {
        VmafStats v;
        const char *name = s->table.columns[c];
        if (kind_of(s, name) != FEATURE) continue;
        vmaf_ext_stats_default(&v);
        const int code = vmaf_ext_stats(s->job.vmaf, name, &v);
        if (code == -ENOMEM) vm_tools_append(&list, NULL);
        if (code) continue;
        vm_tools_append(&list, json_pack("{ss so so so}", "name", name, "mean", rounded(v.mean),
                                         "min", rounded(v.min), "max", rounded(v.max)));
    }
    return list;
}

static json_t *frame_entry(const VmScoring *s, unsigned row, int with_features)
{
    const VmFrameTable *t = &s->table;
    const double *values = t->values + (size_t)row * t->n_columns;
    json_t *entry = json_pack("{sI so}", "frame", (json_int_t)t->frames[row], "score",
                              vm_scoring_number(values[vm_scoring_main_column(s)]));
    json_t *all = with_features ? json_object() : NULL;

    for (unsigned c = 0; all && c < t->n_columns; c++)
        (void)json_object_set_new(all, t->columns[c], vm_scoring_number(values[c]));
    if (all) (void)json_object_set_new(entry, "features", all);
    return entry;
}

static json_t *list_worst(const VmScoring *s, int with_features)
{
    unsigned rows[WORST_SHOWN];
    const unsigned n = s->table.n_columns ? vm_worst_pick(&s->table, vm_scoring_main_column(s), 0,
                                                          NULL, rows, WORST_SHOWN)
                                          : 0;
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++) vm_tools_append(&list, frame_entry(s, rows[i], with_features));
    return list;
}

static void add_all(VmScoring *s, json_t *result)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->table.n_rows && i < ROWS_SHOWN; i++)
        vm_tools_append(&list, frame_entry(s, i, 0));
    (void)json_object_set_new(result, "scores", list);
    if (s->table.n_rows > ROWS_SHOWN)
        (void)vm_call_warn(s->call,
                           "only the first %d of %u frames are listed: the report has the others",
                           ROWS_SHOWN, s->table.n_rows);
}

static json_t *main_score(VmScoring *s)
{
    VmafStats v;
    const char *name = vmaf_ext_model_name(s->job.vmaf, 0);

    vmaf_ext_stats_default(&v);
    const int code = name ? vmaf_ext_stats(s->job.vmaf, name, &v) : -ENODATA;
    if (code == -ENOMEM) return NULL;
    return code ? json_null() : vm_scoring_number(v.mean);
}

static json_t *make_result(VmScoring *s)
{
    const char *detail = vm_call_string(s->call, "per_frame");
    json_t *result =
        json_pack("{so so so so}", "score", main_score(s), "models", list_models(s), "features",
                  list_features(s), "worst", list_worst(s, detail && !strcmp(detail, "worst")));
    json_t *facts = vm_scoring_facts(s);

    if (result && facts) (void)json_object_update(result, facts);
    json_decref(facts);
    if (result && detail && !strcmp(detail, "all")) add_all(s, result);
    return result;
}

static int run(VmCall *call)
{
    VmScoring s;
    int code = vm_scoring_prepare(&s, call);

    if (!code) code = vm_scoring_run(&s);
    if (!code) code = vm_call_result(call, make_result(&s));
    if (!code) code = vm_scoring_link(&s);
    vm_scoring_close(&s);
    return code;
}

const VmTool vm_tool_vmaf_score = {
    .name = "vmaf_score",
    .title = "Score a pair of videos",
    .description = "Scores a distorted video against its reference with VMAF, as the viewer would: "
                   "about 100 is indistinguishable, 80 good, 60 fair, 40 poor, 20 bad. Exact to "
                   "the last digit of libvmaf 3.2. Answers with mean, percentiles and the worst "
                   "frames in a few kB however long the clip is; every frame's scores are in "
                   "the report it links to (kept for an hour). Raw files need width and height. "
                   "Look at mean, p5 and min together: the mean hides bad moments.",
    .flags = VM_TOOL_LONG,
    .arguments = arguments,
    .output = output,
    .run = run,
};
