/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* describe_worst_frames: the lowest frames as pictures, with which feature fell and by how much. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame_image.h"
#include "scoring.h"
#include "tools.h"
#include "worst.h"

enum {
    CULPRITS = 3,
    PICTURES_BYTES = 5 << 20, /* of all pictures of an answer: in base64 they stay below 7 MB */
};

static const VmArg arguments[] = {
    VM_ARG_REF,
    VM_ARG_DIS,
    VM_ARGS_RAW,
    VM_ARGS_MODEL,
    {"n", VM_ARG_INTEGER, 0, "How many frames.", "5", NULL, VM_ARG_WITHIN(1, VM_WORST_MAX)},
    {"min_gap", VM_ARG_INTEGER, 0,
     "Frames that lie at least between two of them: 0 takes neighbours too, 24 looks for different "
     "moments.",
     "0", NULL, VM_ARG_WITHIN(0, 1000000)},
    VM_ARGS_RANGE,
    {0},
};

static const VmArg output_culprit[] = {
    {"feature", VM_ARG_STRING, VM_ARG_REQUIRED, "Name in reports."},
    {"value", VM_ARG_NUMBER, VM_ARG_REQUIRED, "In this frame."},
    {"usual", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Median over the clip."},
    {"points", VM_ARG_NUMBER, VM_ARG_REQUIRED, "What the score would gain with the usual value."},
    {0},
};

static const VmArg output_frame[] = {
    {"frame_index", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Number of the frame, from 0."},
    {"vmaf", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Its score."},
    {"png", VM_ARG_STRING, 0, "Resource with the picture: reference | distorted | difference."},
    {"fell", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "Features that cost it something, the dearest first.",
     .members = output_culprit},
    {"description", VM_ARG_STRING, VM_ARG_REQUIRED, "The same in words."},
    {0},
};

static const VmArg output[] = {
    {"model_id", VM_ARG_STRING, VM_ARG_REQUIRED, "Name of the score."},
    {"mean", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE,
     "Mean of the clip, to compare with."},
    {"frames", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "The worst frames, the lowest first.",
     .members = output_frame},
    {"difference_gain", VM_ARG_INTEGER, VM_ARG_REQUIRED, "By which the third panel is amplified."},
    VM_OUTPUT_FACTS,
    {0},
};

/* Less is not worth a word. */
static const double POINTS_LEAST = 0.05;

/* One of the frames while its picture is made. */
typedef struct Frame {
    unsigned row, index;
    VmFrameImage image;
} Frame;

typedef struct Look {
    VmScoring *scoring;
    Frame frame[VM_WORST_MAX];
    unsigned n;
    double *usual; /* median of each column; NULL: time ran out before they were known */
} Look;

static int make_picture(void *opaque, unsigned index, const VmafPicture pictures[2])
{
    Look *look = opaque;
    size_t most = PICTURES_BYTES / look->n;

    if (most > VM_IMAGE_BYTES) most = VM_IMAGE_BYTES;
    for (unsigned i = 0; i < look->n; i++)
        if (look->frame[i].index == index)
            return vm_frame_image(&look->frame[i].image, &look->scoring->job.source[0].info,
                                  pictures, most);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

/* Pictures that cannot be made cost the answer its pictures, not its numbers. */
static int make_pictures(Look *look)
{
    unsigned numbers[VM_WORST_MAX];

    for (unsigned i = 0; i < look->n; i++) numbers[i] = look->frame[i].index;
    qsort(numbers, look->n, sizeof(*numbers), by_number);
    vm_call_progress(look->scoring->call, look->scoring->job.frames, look->scoring->job.frames + 1,
                     "drawing the worst frames");
    const int code = vm_job_look(&look->scoring->job, numbers, look->n, make_picture, look);
    if (code == -ECANCELED && vm_call_stopped(look->scoring->call) != VM_STOP_TIMEOUT) return code;
    if (code)
        (void)vm_call_warn(look->scoring->call, "some pictures are missing: %s",
                           code == -ECANCELED               ? "time ran out"
                           : *look->scoring->job.error.text ? look->scoring->job.error.text
                                                            : strerror(-code));
    return 0;
}

/* As pictures: without them there are still the numbers. */
static int find_usual(Look *look)
{
    const VmScoring *s = look->scoring;
    const int code = vm_worst_usual(&s->table, &s->job.stopped, &look->usual);

    if (code != -ECANCELED || vm_call_stopped(s->call) != VM_STOP_TIMEOUT) return code;
    return vm_call_warn(s->call, "which features fell is not said: time ran out");
}

/* "vif_scale3 0.91 instead of 0.97 costs 4.2 points" */
static void describe(const Look *look, const Frame *f, double score, const VmCulprit *culprits,
                     unsigned n, VmText *text)
{
    const VmScoring *s = look->scoring;

    vm_text_add(text, "frame %u: %.2f", f->index, score);
    for (unsigned i = 0; i < n; i++)
        vm_text_add(text, "%s %s %.4g instead of %.4g costs %.1f points", i ? "," : ";",
                    s->table.columns[culprits[i].column], culprits[i].value, culprits[i].usual,
                    culprits[i].points);
    if (!n && look->usual)
        vm_text_add(text, "; no feature is lower than usual: the whole clip is like this");
    if (f->image.place) vm_text_add(text, "; the difference is largest at the %s", f->image.place);
}

static json_t *list_culprits(const VmScoring *s, const VmCulprit *culprits, unsigned n)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++)
        vm_tools_append(&list,
                        json_pack("{ss so so so}", "feature", s->table.columns[culprits[i].column],
                                  "value", vm_scoring_number(culprits[i].value), "usual",
                                  vm_scoring_number(culprits[i].usual), "points",
                                  vm_scoring_number(culprits[i].points)));
    return list;
}

static void keep_picture(VmScoring *s, const Frame *f, json_t *entry)
{
    char name[16], uri[80];

    (void)snprintf(name, sizeof(name), "%u", f->index);
    (void)snprintf(uri, sizeof(uri), "vmaf://frames/%s/%u.png", s->id, f->index);
    if (!f->image.png || !s->id[0]) return;
    const int code =
        vm_store_add_image(vm_call_store(s->call), s->id, name, f->image.png, f->image.size);
    if (!code) (void)json_object_set_new(entry, "png", json_string(uri));
    else
        (void)vm_call_warn(s->call, "the picture of frame %u could not be kept: %s", f->index,
                           strerror(-code));
}

static json_t *frame_entry(const Look *look, const Frame *f, VmText *words)
{
    VmScoring *s = look->scoring;
    VmCulprit culprits[CULPRITS];
    const double score =
        s->table.values[(size_t)f->row * s->table.n_columns + vm_scoring_main_column(s)];
    const int found = look->usual ? vm_worst_explain(&s->table, s->job.models[0]->model,
                                                     look->usual, f->row, culprits, CULPRITS)
                                  : 0;
    unsigned n = found > 0 ? (unsigned)found : 0;

    if (found < 0) return NULL;
    while (n && culprits[n - 1].points < POINTS_LEAST) n--;

    describe(look, f, score, culprits, n, words);
    if (words->failed) return NULL;
    json_t *entry = json_pack("{sI so so ss}", "frame_index", (json_int_t)f->index, "vmaf",
                              vm_scoring_number(score), "fell", list_culprits(s, culprits, n),
                              "description", words->data ? words->data : "");
    if (entry) keep_picture(s, f, entry);
    return entry;
}

static int answer(Look *look)
{
    VmScoring *s = look->scoring;
    VmText words[VM_WORST_MAX] = {{0}};
    VmafStats stats;
    const char *name = vmaf_ext_model_name(s->job.vmaf, 0);
    json_t *list = json_array(), *facts;

    vmaf_ext_stats_default(&stats);
    const int unknown = vmaf_ext_stats(s->job.vmaf, name, &stats);
    const double mean = unknown ? NAN : stats.mean;
    if (unknown == -ENOMEM) vm_tools_append(&list, NULL);
    for (unsigned i = 0; i < look->n; i++)
        vm_tools_append(&list, frame_entry(look, &look->frame[i], &words[i]));
    facts = vm_scoring_facts(s);
    json_t *result = json_pack("{ss so so si}", "model_id", name, "mean", vm_scoring_number(mean),
                               "frames", list, "difference_gain", VM_IMAGE_GAIN);
    if (result && facts) (void)json_object_update(result, facts);
    json_decref(facts);
    int code = vm_call_result(s->call, result);
    for (unsigned i = 0; i < look->n; i++) {
        const VmFrameImage *image = &look->frame[i].image;
        if (!code && image->png)
            code = vm_call_text(s->call, "%s", words[i].data ? words[i].data : "");
        if (!code && image->png)
            code = vm_call_image(s->call, image->png, image->size, "image/png");
        vm_text_free(&words[i]);
    }
    return code ? code : vm_scoring_link(s);
}

static int describe_frames(VmScoring *s)
{
    Look look = {.scoring = s};
    unsigned rows[VM_WORST_MAX];

    look.n = vm_worst_pick(&s->table, vm_scoring_main_column(s),
                           (unsigned)vm_call_integer(s->call, "min_gap", 0), &s->job.stopped, rows,
                           (unsigned)vm_call_integer(s->call, "n", 5));
    for (unsigned i = 0; i < look.n; i++)
        look.frame[i] = (Frame){.row = rows[i], .index = s->table.frames[rows[i]]};
    int code = find_usual(&look);
    if (!code && look.n) code = make_pictures(&look);
    if (!code) code = answer(&look);
    for (unsigned i = 0; i < look.n; i++) vm_frame_image_free(&look.frame[i].image);
    vm_free(look.usual);
    return code;
}

static int run(VmCall *call)
{
    VmScoring s;
    int code = vm_scoring_prepare(&s, call);

    if (!code) code = vm_scoring_run(&s);
    if (!code) code = describe_frames(&s);
    vm_scoring_close(&s);
    return code;
}

const VmTool vm_tool_describe_worst_frames = {
    .name = "describe_worst_frames",
    .title = "Show the worst frames",
    .description = "Scores a pair like vmaf_score and shows its n lowest frames: one picture each "
                   "with reference, distorted and their amplified difference side by side "
                   "(scaled down to 480 pixels a panel), and the elementary features that fell, "
                   "with the points of VMAF each of them costs against the clip's median. Look "
                   "at the pictures to say what is wrong (blocks, blur, banding, lost grain).",
    .flags = VM_TOOL_LONG,
    .arguments = arguments,
    .output = output,
    .run = run,
};
