/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* compare_encodes: one reference, several encodes, one table; BD-rate between two groups of
 * them. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bdrate.h"
#include "rpc.h"
#include "scoring.h"
#include "tools.h"
#include "worst.h"

enum { ENCODES_MAX = 32 };

static const VmArg argument_encode[] = {
    {"path", VM_ARG_STRING, VM_ARG_REQUIRED, "The encode, beneath an allowed folder."},
    {"label", VM_ARG_STRING, 0, "What to call it; else its path."},
    {"bitrate_kbps", VM_ARG_NUMBER, 0,
     "Its rate. Left out, that of compressed files is taken from their size (all streams of the "
     "file).",
     .min = 0.001, .max = 1e9, .has_min = 1, .has_max = 1},
    {"group", VM_ARG_STRING, 0,
     "Which encoder or setting made it: encodes of a group are one curve."},
    {0},
};

static const VmArg arguments[] = {
    VM_ARG_REF,
    {"encodes", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "What to compare.", NULL, NULL,
     VM_ARG_WITHIN(1, ENCODES_MAX), argument_encode},
    {"anchor", VM_ARG_STRING, 0,
     "Group that the others are measured against; else that of the first encode."},
    VM_ARGS_RAW,
    VM_ARGS_MODEL,
    VM_ARGS_RANGE,
    {0},
};

static const VmArg output_encode[] = {
    {"label", VM_ARG_STRING, VM_ARG_REQUIRED, "Label or path."},
    {"group", VM_ARG_STRING, 0, "As given."},
    {"mean", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Mean score; null if it could not be scored."},
    {"harmonic_mean", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Leans towards bad frames."},
    {"p5", VM_ARG_NUMBER, VM_ARG_NULLABLE, "One frame in twenty is lower."},
    {"min", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Lowest frame."},
    {"worst_frame", VM_ARG_INTEGER, 0, "Its number."},
    {"frames", VM_ARG_INTEGER, 0, "Frames scored."},
    {"kbps", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Rate as given."},
    {"bytes_per_frame", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Size of the file by its frames."},
    {"report", VM_ARG_STRING, 0, "Resource with every frame's scores."},
    {"error", VM_ARG_STRING, 0, "Why it could not be scored."},
    {0},
};

static const VmArg output_bd[] = {
    {"anchor", VM_ARG_STRING, VM_ARG_REQUIRED, "Group compared with."},
    {"test", VM_ARG_STRING, VM_ARG_REQUIRED, "Group."},
    {"bd_rate_percent", VM_ARG_NUMBER, VM_ARG_REQUIRED,
     "Rate that test needs more (less: negative) than anchor for the same score, mean over the "
     "common scores."},
    {"bd_score", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Points that test is better at the same rate."},
    {"from", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Lowest common score."},
    {"to", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Highest common score."},
    {0},
};

static const VmArg output[] = {
    {"model_id", VM_ARG_STRING, VM_ARG_REQUIRED, "Name of the score."},
    {"encodes", VM_ARG_OBJECTS, VM_ARG_REQUIRED, "In the order given.", .members = output_encode},
    {"best", VM_ARG_STRING, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Label of the highest mean."},
    {"bd", VM_ARG_OBJECTS, VM_ARG_REQUIRED,
     "Each group against the anchor; empty without rates or groups.", .members = output_bd},
    {"rate_source", VM_ARG_STRING, VM_ARG_REQUIRED | VM_ARG_NULLABLE,
     "Where the rates of bd come from: given, or file_size (bytes by frame)."},
    {0},
};

typedef struct Encode {
    const char *path, *label, *group;
    double kbps, bytes_per_frame; /* 0: unknown */
    VmafStats stats;
    unsigned frames, worst;
    char report[VM_STORE_ID];
    VmError error; /* "" when it was scored */
} Encode;

typedef struct Comparison {
    VmCall *call;
    Encode encode[ENCODES_MAX];
    unsigned n;
    char *model;          /* name of its score; NULL: nothing is scored yet */
    uint64_t frames_left; /* that the call may still score */
    int rates_given;      /* for all of them */
} Comparison;

/* ---- scoring ---- */

static void take_encodes(Comparison *c)
{
    size_t i;
    const json_t *item;

    c->rates_given = 1;
    json_array_foreach(json_object_get(vm_call_args(c->call), "encodes"), i, item)
    {
        Encode *e = &c->encode[c->n++];
        e->path = json_string_value(json_object_get(item, "path"));
        e->label = json_string_value(json_object_get(item, "label"));
        e->group = json_string_value(json_object_get(item, "group"));
        e->kbps = json_number_value(json_object_get(item, "bitrate_kbps"));
        if (!e->label) e->label = e->path;
        if (e->kbps <= 0) c->rates_given = 0;
    }
}

/* Raw frames all have one size, which says nothing of an encoder. */
static double size_per_frame(const VmScoring *s)
{
    const VmSource *source = &s->job.source[1];
    char head[9];
    struct stat st;

    if (s->request.raw || s->request.count || s->request.first || s->job.end != VM_JOB_COMPLETE)
        return 0;
    if (pread(s->job.fd[1], head, sizeof(head), 0) != sizeof(head) ||
        !memcmp(head, "YUV4MPEG2", sizeof(head)))
        return 0;
    if (fstat(s->job.fd[1], &st) || !source->next) return 0;
    return (double)st.st_size / (double)s->job.frames;
}

static void take_scores(Comparison *c, Encode *e, VmScoring *s)
{
    const char *name = vmaf_ext_model_name(s->job.vmaf, 0);

    vmaf_ext_stats_default(&e->stats);
    int code = name ? vmaf_ext_stats(s->job.vmaf, name, &e->stats) : -ENODATA;
    if (!code && !c->model) c->model = vm_strdup(name);
    if (!code && !c->model) code = -ENOMEM;
    if (code) {
        (void)vm_fail(&e->error, code, "%s",
                      code == -ENOMEM ? "out of memory" : "no frame has a score");
        return;
    }
    e->frames = s->job.scored;
    e->worst = e->stats.worst_index;
    e->bytes_per_frame = size_per_frame(s);
    memcpy(e->report, s->id, sizeof(e->report));
}

/* A failure of one of them is told in its place; a stop ends all. */
static int score(Comparison *c, unsigned i, double *done)
{
    Encode *e = &c->encode[i];
    VmScoring s;
    int code = vm_scoring_prepare(&s, c->call);

    if (code) return code;
    s.request.distorted = e->path;
    s.request.max_frames = c->frames_left; /* not 0, which would be no limit */
    s.progress_from = *done;
    s.progress_jobs = c->n;
    code = vm_scoring_try(&s, &e->error);
    if (!code) take_scores(c, e, &s);
    *done += s.job.frames;
    c->frames_left -= VM_MIN(c->frames_left, s.job.frames - s.job.begin);
    vm_scoring_close(&s);
    if (code && vm_call_stopped(c->call) > VM_STOP_NONE &&
        vm_call_stopped(c->call) != VM_STOP_TIMEOUT)
        return vm_call_fail(c->call, code, "cancelled");
    if (*e->error.text)
        (void)vm_call_warn(c->call, "%.160s was not scored: %s", e->label, e->error.text);
    return 0;
}

static int score_all(Comparison *c)
{
    unsigned scored = 0;
    double done = 0;

    for (unsigned i = 0; i < c->n; i++) {
        if (vm_call_stopped(c->call) == VM_STOP_TIMEOUT || vm_call_time_left(c->call) <= 0)
            (void)vm_fail(&c->encode[i].error, -ETIME,
                          "time ran out before it; compare fewer or score ranges");
        else if (!c->frames_left)
            (void)vm_fail(&c->encode[i].error, -E2BIG,
                          "the most frames that one call may score came before it; compare fewer "
                          "or score ranges");
        else VM_TRY(score(c, i, &done));
        scored += !*c->encode[i].error.text;
    }
    return scored ? 0
                  : vm_call_fail(c->call, -EINVAL, "no encode could be scored: %s",
                                 c->encode[0].error.text);
}

/* ---- BD-rate ---- */

static double rate_of(const Comparison *c, const Encode *e)
{
    return c->rates_given ? e->kbps : e->bytes_per_frame;
}

static unsigned points_of(const Comparison *c, const char *group, VmRatePoint *points)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->n; i++) {
        const Encode *e = &c->encode[i];
        if (*e->error.text || !e->group || strcmp(e->group, group) || rate_of(c, e) <= 0) continue;
        points[n++] = (VmRatePoint){rate_of(c, e), e->stats.mean};
    }
    return n;
}

static int is_first_of_group(const Comparison *c, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (c->encode[k].group && !strcmp(c->encode[k].group, c->encode[i].group)) return 0;
    return 1;
}

static void add_bd(const Comparison *c, const char *anchor, const char *test, json_t **list)
{
    VmRatePoint a[ENCODES_MAX], b[ENCODES_MAX];
    VmBdResult r;
    VmError error = {{0}};
    const unsigned n_a = points_of(c, anchor, a), n_b = points_of(c, test, b);

    if (vm_bd_compare(a, n_a, b, n_b, &r, &error)) {
        (void)vm_call_warn(c->call, "no BD-rate of %.80s against %.80s: %s", test, anchor,
                           error.text);
        return;
    }
    vm_tools_append(list, json_pack("{ss ss so so so so}", "anchor", anchor, "test", test,
                                    "bd_rate_percent", vm_scoring_number(r.rate), "bd_score",
                                    vm_scoring_number(r.quality), "from", vm_scoring_number(r.low),
                                    "to", vm_scoring_number(r.high)));
}

static json_t *list_bd(const Comparison *c)
{
    const char *anchor = vm_call_string(c->call, "anchor");
    json_t *list = json_array();

    for (unsigned i = 0; !anchor && i < c->n; i++) anchor = c->encode[i].group;
    for (unsigned i = 0; anchor && i < c->n; i++) {
        const char *group = c->encode[i].group;
        if (group && strcmp(group, anchor) && is_first_of_group(c, i))
            add_bd(c, anchor, group, &list);
    }
    return list;
}

/* ---- the answer ---- */

static json_t *encode_entry(const Encode *e)
{
    json_t *entry = json_pack("{ss}", "label", e->label);
    char uri[64];

    if (!entry) return NULL;
    if (e->group) (void)json_object_set_new(entry, "group", json_string(e->group));
    if (e->kbps > 0) (void)json_object_set_new(entry, "kbps", vm_scoring_number(e->kbps));
    if (*e->error.text) {
        (void)json_object_set_new(entry, "mean", json_null());
        (void)json_object_set_new(entry, "error",
                                  vm_rpc_string(e->error.text, strlen(e->error.text)));
        return entry;
    }
    json_t *scores =
        json_pack("{so so so so sI sI}", "mean", vm_scoring_number(e->stats.mean), "harmonic_mean",
                  vm_scoring_number(e->stats.harmonic_mean), "p5", vm_scoring_number(e->stats.p5),
                  "min", vm_scoring_number(e->stats.min), "worst_frame", (json_int_t)e->worst,
                  "frames", (json_int_t)e->frames);
    (void)json_object_update(entry, scores);
    json_decref(scores);
    if (e->bytes_per_frame > 0)
        (void)json_object_set_new(entry, "bytes_per_frame", vm_scoring_number(e->bytes_per_frame));
    (void)snprintf(uri, sizeof(uri), "vmaf://reports/%s", e->report);
    if (*e->report) (void)json_object_set_new(entry, "report", json_string(uri));
    return entry;
}

static int answer(const Comparison *c)
{
    const Encode *best = NULL;
    json_t *list = json_array(), *bd = list_bd(c);

    for (unsigned i = 0; i < c->n; i++) {
        const Encode *e = &c->encode[i];
        if (!*e->error.text && (!best || e->stats.mean > best->stats.mean)) best = e;
        vm_tools_append(&list, encode_entry(e));
    }
    const char *source = !json_array_size(bd) ? NULL : c->rates_given ? "given" : "file_size";
    return vm_call_result(c->call, json_pack("{ss so ss? so ss?}", "model_id", c->model, "encodes",
                                             list, "best", best ? best->label : NULL, "bd", bd,
                                             "rate_source", source));
}

static int run(VmCall *call)
{
    Comparison *c = vm_alloc(sizeof(*c));

    if (!c) return vm_call_fail(call, -ENOMEM, "out of memory");
    c->call = call;
    c->frames_left = vm_call_max_frames(call);
    take_encodes(c);
    int code = score_all(c);
    if (!code) code = answer(c);
    vm_free(c->model);
    vm_free(c);
    return code;
}

const VmTool vm_tool_compare_encodes = {
    .name = "compare_encodes",
    .title = "Compare encodes of one source",
    .description =
        "Scores several encodes of one reference and answers with one table: mean, 5th "
        "percentile, minimum, worst frame, rate. With groups (e.g. one per encoder, 4 rates "
        "each) it also gives the BD-rate of each group against the anchor: piecewise cubic "
        "interpolation of log rate over score, monotone where the points are. An encode that "
        "cannot be scored is told in its row; the others are scored all the same.",
    .flags = VM_TOOL_LONG,
    .arguments = arguments,
    .output = output,
    .run = run,
};
