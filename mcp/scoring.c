/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "scoring.h"

#include <math.h>
#include <string.h>

#include "number.h"
#include "progress.h"
#include "worst.h"

const char *const vm_choices_pixfmt[] = {"420", "422", "444", "400", NULL};
const char *const vm_choices_bits[] = {"8", "10", "12", "16", NULL};
const char *const vm_choices_backend[] = {"auto", "cpu", "cuda", "sycl", NULL};

const VmArg vm_output_stats[] = {
    {"name", VM_ARG_STRING, VM_ARG_REQUIRED, "Name of the score in reports."},
    {"mean", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Mean over the frames."},
    {"harmonic_mean", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Leans towards bad frames."},
    {"min", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Lowest frame."},
    {"max", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Highest frame."},
    {"stddev", VM_ARG_NUMBER, VM_ARG_NULLABLE, "Standard deviation over the frames."},
    {"p1", VM_ARG_NUMBER, VM_ARG_NULLABLE, "One frame in a hundred is lower."},
    {"p5", VM_ARG_NUMBER, VM_ARG_NULLABLE, "One in twenty."},
    {"p10", VM_ARG_NUMBER, VM_ARG_NULLABLE, "One in ten."},
    {"p25", VM_ARG_NUMBER, VM_ARG_NULLABLE, "One in four."},
    {"p50", VM_ARG_NUMBER, VM_ARG_NULLABLE, "The median."},
    {0},
};

const VmArg vm_output_video[] = {
    {"width", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Pixels."},
    {"height", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Pixels."},
    {"pixfmt", VM_ARG_STRING, VM_ARG_REQUIRED, "420, 422, 444, or 400 for gray."},
    {"bitdepth", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Bits per sample."},
    {0},
};

json_t *vm_scoring_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* ---- the request ---- */

static enum VmafPixelFormat pixel_format(const char *name)
{
    static const enum VmafPixelFormat formats[] = {VMAF_PIX_FMT_YUV420P, VMAF_PIX_FMT_YUV422P,
                                                   VMAF_PIX_FMT_YUV444P, VMAF_PIX_FMT_YUV400P};

    for (int i = 0; name && vm_choices_pixfmt[i]; i++)
        if (!strcmp(name, vm_choices_pixfmt[i])) return formats[i];
    return VMAF_PIX_FMT_YUV420P;
}

static int take_raw(VmScoring *s)
{
    const int64_t w = vm_call_integer(s->call, "width", 0),
                  h = vm_call_integer(s->call, "height", 0);

    if (!w && !h) return 0;
    if (!w || !h)
        return vm_call_fail(
            s->call, -EINVAL,
            "raw video needs width and height: give both, or neither for files that say "
            "their size themselves");
    s->raw = (VmRawFormat){.w = (unsigned)w,
                           .h = (unsigned)h,
                           .bpc = (unsigned)vm_call_integer(s->call, "bitdepth", 8),
                           .pix_fmt = pixel_format(vm_call_string(s->call, "pixfmt"))};
    s->request.raw = &s->raw;
    return 0;
}

static unsigned take_texts(const VmCall *call, const char *name, const char **list, unsigned n)
{
    size_t i;
    const json_t *item;

    json_array_foreach(json_object_get(vm_call_args(call), name), i,
                       item) if (n < VM_SCORING_LIST_MAX) list[n++] = json_string_value(item);
    return n;
}

static int check_backend(VmCall *call)
{
    const char *backend = vm_call_string(call, "backend");

    if (!backend || !strcmp(backend, "auto") || !strcmp(backend, "cpu")) return 0;
    return vm_call_fail(
        call, -ENOTSUP,
        "this engine computes on the CPU and has no %s backend: leave backend out, or give "
        "\"auto\" or \"cpu\"; list_backends shows what there is",
        backend);
}

static int is_built_in(const char *version)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++)
        if (!strcmp(info.version, version)) return info.embedded;
    return 0;
}

/* As the program does: a build without the default model scores with the network distilled from
 * it. */
static void take_model(VmScoring *s, const char *model)
{
    static const char version[] = "vmaf_v0.6.1";
    VmafTinyInfo tiny = {.struct_size = sizeof(tiny)};
    const char *name = strncmp(model, "version=", 8) ? model : model + 8;

    if (strcmp(name, version) || is_built_in(version) || vmaf_ext_tiny_info(0, &tiny)) {
        s->models[s->request.n_models++] = model;
        return;
    }
    s->tiny[s->request.n_tiny++] = tiny.id;
    (void)vm_call_warn(
        s->call,
        "%s is not in this build; the score is that of %s, a small network distilled from it",
        version, tiny.id);
}

/* "17", "max", "legacy": digits of the report's numbers. */
static int take_precision(VmScoring *s)
{
    const char *text = vm_call_string(s->call, "precision");
    uint64_t digits;

    s->precision = VMAF_PRECISION_MAX;
    if (!text || !strcmp(text, "max")) return 0;
    if (!strcmp(text, "legacy")) s->precision = VMAF_PRECISION_LEGACY;
    else if (!vm_number_decimal(text, 17, &digits) && digits) s->precision = (int)digits;
    else
        return vm_call_fail(s->call, -EINVAL,
                            "precision is \"max\", \"legacy\" or a number from 1 to 17, not "
                            "\"%.40s\"",
                            text);
    return 0;
}

int vm_scoring_prepare(VmScoring *s, VmCall *call)
{
    VmToolbox *box = vm_call_toolbox(call);
    const char *model = vm_call_string(call, "model");

    *s = (VmScoring){.call = call, .job = {.fd = {-1, -1}}};
    s->request = (VmJobRequest){
        .roots = &box->roots,
        .cache = &box->models,
        .reference = vm_call_string(call, "ref"),
        .distorted = vm_call_string(call, "dis"),
        .models = s->models,
        .tiny = s->tiny,
        .features = s->features,
        .skip = {(unsigned)vm_call_integer(call, "skip_ref", 0),
                 (unsigned)vm_call_integer(call, "skip_dis", 0)},
        .first = (unsigned)vm_call_integer(call, "frame_start", 0),
        .count = (unsigned)vm_call_integer(call, "frame_count", 0),
        .subsample = (unsigned)vm_call_integer(call, "subsample", 1),
        .max_frames = vm_call_max_frames(call),
    };
    VM_TRY(check_backend(call));
    VM_TRY(take_raw(s));
    VM_TRY(take_precision(s));
    if (model) take_model(s, model);
    s->request.n_tiny = take_texts(call, "tiny_models", s->tiny, s->request.n_tiny);
    s->request.n_models = take_texts(call, "models", s->models, s->request.n_models);
    s->request.n_features = take_texts(call, "features", s->features, 0);
    return 0;
}

/* ---- running ---- */

static void on_progress(void *opaque, unsigned done, unsigned total)
{
    VmScoring *s = opaque;
    const double seconds = vm_clock() - s->job.start;
    char text[160], of[24] = "";

    if (total) (void)snprintf(of, sizeof(of), " of %u", total);
    (void)snprintf(text, sizeof(text), "%u%s frames, %.0f fps; scores will be vmaf://reports/%s",
                   done, of, seconds > 0 ? done / seconds : 0, s->id);
    vm_call_progress(s->call, s->progress_from + done, (double)total * VM_MAX(s->progress_jobs, 1),
                     text);
}

/* Part of the time is for what comes after the frames. */
static double time_for_frames(const VmCall *call)
{
    const double left = vm_call_time_left(call), asked = vm_call_number(call, "max_seconds", 0);
    const double most = left > 1 ? left - 0.5 : left / 2;

    return asked > 0 && asked < most ? asked : VM_MAX(most, 0.001);
}

static int add_column_names(VmScoring *s)
{
    VmList names = {0};
    int code = 0;

    for (unsigned i = 0; !code && vmaf_ext_score_name(s->job.vmaf, i); i++)
        code = vm_list_add(&names, vm_strdup(vmaf_ext_score_name(s->job.vmaf, i)));
    s->table.columns = names.items;
    s->table.n_columns = names.n;
    return code;
}

static int fill_table(VmScoring *s)
{
    const unsigned step = VM_MAX(s->request.subsample, 1);
    VmFrameTable *t = &s->table;

    VM_TRY(add_column_names(s));
    t->frames = vm_alloc_array(s->job.scored, sizeof(*t->frames));
    t->values = vm_alloc_array((size_t)s->job.scored * t->n_columns + 1, sizeof(*t->values));
    if (!t->frames || !t->values) return -ENOMEM;
    for (unsigned i = s->job.first; i <= s->job.last && t->n_rows < s->job.scored; i++) {
        if (i % step) continue;
        double *row = t->values + (size_t)t->n_rows * t->n_columns;
        for (unsigned c = 0; c < t->n_columns; c++)
            if (vmaf_feature_score_at_index(s->job.vmaf, t->columns[c], &row[c], i)) row[c] = NAN;
        t->frames[t->n_rows++] = i;
    }
    return 0;
}

static void *copy(const void *from, size_t n, size_t size)
{
    void *to = vm_alloc_array(n + 1, size);

    return to && n ? memcpy(to, from, n * size) : to;
}

static int copy_table(const VmFrameTable *from, VmFrameTable *to)
{
    *to = (VmFrameTable){.n_rows = from->n_rows,
                         .columns = vm_alloc_array(from->n_columns + 1, sizeof(char *)),
                         .frames = copy(from->frames, from->n_rows, sizeof(*from->frames)),
                         .values = copy(from->values, (size_t)from->n_rows * from->n_columns,
                                        sizeof(*from->values))};
    int code = to->columns && to->frames && to->values ? 0 : -ENOMEM;
    for (; !code && to->n_columns < from->n_columns; to->n_columns++) {
        to->columns[to->n_columns] = vm_strdup(from->columns[to->n_columns]);
        if (!to->columns[to->n_columns]) code = -ENOMEM;
    }
    if (code) vm_frame_table_free(to);
    return code;
}

/* The scores do not depend on whether the report can be kept. */
static void keep_report(VmScoring *s)
{
    VmFrameTable table;
    char *text = NULL;
    size_t size;

    int code = vm_job_report(&s->job, s->precision, &text, &size);
    if (!code) code = copy_table(&s->table, &table);
    if (code) vmaf_ext_free(text);
    else code = vm_store_add(vm_call_store(s->call), text, &table, s->id);
    if (!code) return;
    s->id[0] = 0;
    (void)vm_call_warn(s->call, "the report could not be kept: %s", strerror(-code));
}

/* The words for an end before the clip's. */
static int tell_end(VmScoring *s, VmError *error)
{
    VmJob *job = &s->job;
    static const char advice[] =
        "score fewer frames with frame_count or subsample, or go on with frame_start";

    if (job->end == VM_JOB_CANCELLED && vm_call_stopped(s->call) != VM_STOP_TIMEOUT)
        return vm_fail(error, -ECANCELED, "cancelled");
    if (job->end == VM_JOB_CANCELLED) job->end = VM_JOB_TIMED_OUT;
    if (job->end == VM_JOB_TIMED_OUT)
        (void)vm_call_warn(s->call, "time ran out: frames %u to %u are scored; %s", job->first,
                           job->last, advice);
    if (job->end == VM_JOB_LIMITED)
        (void)vm_call_warn(s->call,
                           "only frames %u to %u are scored, the most that one call may; %s",
                           job->first, job->last, advice);
    for (unsigned i = 0; i < job->warnings.n; i++)
        (void)vm_call_warn(s->call, "%s", job->warnings.items[i]);
    return 0;
}

static int open_and_run(VmScoring *s)
{
    int code = vm_job_open(&s->job, &s->request);

    if (code) return code;
    vm_call_on_stop(s->call, vm_job_stop, &s->job);
    code = vm_job_run(&s->job);
    if (code && vm_call_stopped(s->call) == VM_STOP_TIMEOUT)
        (void)vm_fail(&s->job.error, code, "time ran out before a frame was scored");
    return code;
}

int vm_scoring_try(VmScoring *s, VmError *error)
{
    s->request.progress = on_progress;
    s->request.opaque = s;
    s->request.seconds = time_for_frames(s->call);
    int code = vm_store_new_id(s->id);
    if (code) return vm_fail(error, code, "no random numbers are to be had");
    code = open_and_run(s);
    if (code) return vm_fail(error, code, "%s", s->job.error.text);
    if (fill_table(s)) return vm_fail_memory(error);
    keep_report(s);
    return tell_end(s, error);
}

int vm_scoring_run(VmScoring *s)
{
    VmError error = {{0}};
    const int code = vm_scoring_try(s, &error);

    return code ? vm_call_fail(s->call, code, "%s", error.text) : 0;
}

void vm_scoring_close(VmScoring *s)
{
    if (s->call) vm_call_on_stop(s->call, NULL, NULL);
    vm_job_close(&s->job);
    vm_frame_table_free(&s->table);
    *s = (VmScoring){.job = {.fd = {-1, -1}}};
}

/* ---- results ---- */

unsigned vm_scoring_main_column(const VmScoring *s)
{
    const char *name = vmaf_ext_model_name(s->job.vmaf, 0);
    const int column = name ? vm_worst_column(&s->table, name) : 0;

    return column < 0 ? 0 : (unsigned)column;
}

json_t *vm_scoring_stats(VmScoring *s, const char *name)
{
    VmafStats v;

    vmaf_ext_stats_default(&v);
    const int code = vmaf_ext_stats(s->job.vmaf, name, &v);
    if (code == -ENOMEM) return NULL;
    if (code) return json_pack("{ss sn}", "name", name, "mean");
    return json_pack("{ss so so so so so so so so so so}", "name", name, "mean",
                     vm_scoring_number(v.mean), "harmonic_mean", vm_scoring_number(v.harmonic_mean),
                     "min", vm_scoring_number(v.min), "max", vm_scoring_number(v.max), "stddev",
                     vm_scoring_number(v.stddev), "p1", vm_scoring_number(v.p1), "p5",
                     vm_scoring_number(v.p5), "p10", vm_scoring_number(v.p10), "p25",
                     vm_scoring_number(v.p25), "p50", vm_scoring_number(v.p50));
}

static const char *format_name(enum VmafPixelFormat format)
{
    return format == VMAF_PIX_FMT_YUV422P   ? "422"
           : format == VMAF_PIX_FMT_YUV444P ? "444"
           : format == VMAF_PIX_FMT_YUV400P ? "400"
                                            : "420";
}

json_t *vm_scoring_video(const VmVideoInfo *info)
{
    return json_pack("{si si ss si}", "width", (int)info->w, "height", (int)info->h, "pixfmt",
                     format_name(info->pix_fmt), "bitdepth", (int)info->bpc);
}

json_t *vm_scoring_facts(const VmScoring *s)
{
    static const char *const ends[] = {[VM_JOB_COMPLETE] = "complete",
                                       [VM_JOB_BROKEN] = "broken",
                                       [VM_JOB_LIMITED] = "limit",
                                       [VM_JOB_TIMED_OUT] = "timeout",
                                       [VM_JOB_CANCELLED] = "timeout"};
    const VmJob *job = &s->job;
    char engine[80], uri[64];

    (void)snprintf(engine, sizeof(engine), "tinyvmaf %s, numbers of libvmaf %s", vmaf_ext_version(),
                   vmaf_ext_epoch());
    (void)snprintf(uri, sizeof(uri), "vmaf://reports/%s", s->id);
    json_t *facts = json_pack(
        "{so sI sI sI ss so so ss}", "video", vm_scoring_video(&job->source[0].info), "first_frame",
        (json_int_t)job->first, "last_frame", (json_int_t)job->last, "frames_scored",
        (json_int_t)job->scored, "end", ends[job->end], "seconds",
        vm_scoring_number(round(job->seconds * 1e4) / 1e4), "fps",
        vm_scoring_number(job->seconds > 0 ? round(job->scored / job->seconds * 10) / 10 : 0),
        "engine", engine);
    if (facts && s->id[0] && json_object_set_new(facts, "report", json_string(uri))) {
        json_decref(facts);
        return NULL;
    }
    return facts;
}

int vm_scoring_link(VmScoring *s)
{
    char uri[64];

    if (!s->id[0]) return 0;
    (void)snprintf(uri, sizeof(uri), "vmaf://reports/%s", s->id);
    return vm_call_link(s->call, uri, "report", "application/json",
                        "Scores of every frame; parts of it: .../frames?from=0&count=100", 0);
}
