/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "score_job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"
#include "progress.h"

static const char *const roles[2] = {"reference", "distorted"};

/* Takes the text. The engine warns from its threads. */
static void warn(VmJob *job, char *text)
{
    pthread_mutex_lock(&job->lock);
    (void)vm_list_add(&job->warnings, text);
    pthread_mutex_unlock(&job->lock);
}

static void relay_warnings(VmJob *job)
{
    for (int side = 0; side < 2; side++) {
        VmSource *source = &job->source[side];
        char name[160];
        if (!*source->warning) continue;
        vm_roots_printable(source->path, name, sizeof(name));
        warn(job, vm_printf("%s \"%s\": %s", source->role, name, source->warning));
        *source->warning = 0;
    }
}

/* The readers speak of a command line's options. */
static void name_arguments(const char *text, char *out, size_t size)
{
    static const char options[] = "-w -h -p -b";
    const char *at = strstr(text, options);

    if (!at) (void)snprintf(out, size, "%s", text);
    else
        (void)snprintf(out, size,
                       "%.*swidth, height, pixfmt and bitdepth (probe_video helps to find them)%s",
                       (int)(at - text), text, at + strlen(options));
}

static int refuse_source(VmJob *job, int side, int code)
{
    char name[160], why[640];

    vm_roots_printable(job->source[side].path, name, sizeof(name));
    name_arguments(job->source[side].error, why, sizeof(why));
    return vm_fail(&job->error, code, "cannot read %s \"%s\": %s", roles[side], name, why);
}

static int refuse_engine(VmJob *job, int code)
{
    const char *why = vmaf_ext_last_error(job->vmaf);

    return vm_fail(&job->error, code, "%s", *why ? why : strerror(-code));
}

/* ---- callbacks from the engine ---- */

static void on_frame(void *opaque, unsigned frames)
{
    VmJob *job = opaque;

    if (job->request.progress) job->request.progress(job->request.opaque, frames, job->total);
}

static void on_log(void *opaque, enum VmafLogLevel level, const char *text)
{
    if (level == VMAF_LOG_LEVEL_WARNING) warn(opaque, vm_strdup(text));
}

void vm_job_stop(void *opaque)
{
    VmJob *job = opaque;

    atomic_store(&job->stopped, 1);
    vmaf_ext_cancel(job->vmaf);
}

/* ---- the engine ---- */

static int open_engine(VmJob *job)
{
    const VmJobRequest *r = &job->request;
    VmafExtConfig cfg;

    vmaf_ext_config_default(&cfg);
    cfg.n_threads = r->threads;
    cfg.n_subsample = r->subsample;
    cfg.cpumask = r->cpumask;
    if (r->first || r->count) {
        cfg.chunk_first = r->first;
        cfg.chunk_count = r->count ? r->count : UINT32_MAX - r->first;
    }
    cfg.log = on_log;
    cfg.log_opaque = job;
    cfg.progress = on_frame;
    cfg.progress_opaque = job;
    const int code = vmaf_ext_init(&job->vmaf, &cfg);
    return code ? vm_fail(&job->error, code, "cannot start the engine: %s", strerror(-code)) : 0;
}

/* Sentences about options begin with their names on a command line, which here is an argument's. */
static int refuse_args(VmJob *job, int code)
{
    const char *text = job->args.error;

    return vm_fail(&job->error, code, "%s",
                   *text ? text + 2 * !strncmp(text, "--", 2) : strerror(-code));
}

/* Beside others a model is named after where it comes from. */
static const char *name_of(const VmModelArg *arg)
{
    const char *slash = arg->path ? strrchr(arg->path, '/') : NULL;

    return arg->version ? arg->version : slash ? slash + 1 : arg->path;
}

static int check_name(VmJob *job, const VmModelArg *arg)
{
    for (unsigned i = 0; i + 1 < job->args.n_models; i++)
        if (!strcmp(arg->name, job->args.models[i].name))
            return vm_fail(&job->error, -EINVAL,
                           "two models are named \"%.80s\": give each a name, e.g. "
                           "\"version=vmaf_v0.6.1neg:name=neg\"",
                           arg->name);
    return 0;
}

static int use_model(VmJob *job, const char *text, int is_tiny)
{
    int code =
        is_tiny ? vm_args_add_tiny(&job->args, text) : vm_args_add_model(&job->args, text, NULL);
    if (code) return refuse_args(job, code);

    VmModelArg *arg = &job->args.models[job->args.n_models - 1];
    if (!is_tiny && !arg->named && job->args.n_models > 1) arg->name = name_of(arg);
    VM_TRY(check_name(job, arg));
    VmCachedModel **slot = &job->models[job->n_models];
    VM_TRY(
        vm_model_cache_take(job->request.cache, job->request.roots, arg, text, slot, &job->error));
    job->n_models++;
    code = vmaf_use_features_from_model(job->vmaf, (*slot)->model);
    if (!code && (*slot)->collection)
        code = vmaf_use_features_from_model_collection(job->vmaf, (*slot)->collection);
    return code ? refuse_engine(job, code) : 0;
}

static int use_feature(VmJob *job, const char *text)
{
    VmafFeatureDictionary *dict = NULL;
    int code = vm_args_add_feature(&job->args, text, NULL);
    if (code) return refuse_args(job, code);

    const VmFeatureArg *arg = &job->args.features[job->args.n_features - 1];
    VM_TRY(vm_feature_check(arg->name, &job->error));
    for (unsigned i = 0; !code && i < arg->options.n; i++)
        code = vmaf_feature_dictionary_set(&dict, arg->options.item[i].key,
                                           arg->options.item[i].value);
    if (code) {
        (void)vmaf_feature_dictionary_free(&dict);
        return vm_fail(&job->error, code, "feature %s: %s", arg->name, strerror(-code));
    }
    code = vmaf_use_feature(job->vmaf, arg->name, dict);
    return code ? refuse_engine(job, code) : 0;
}

/* ---- the videos ---- */

static int open_side(VmJob *job, int side, const char *path, unsigned threads)
{
    job->fd[side] = vm_roots_open_file(job->request.roots, path, &job->error);
    if (job->fd[side] < 0) return job->fd[side];
    const int fd = dup(job->fd[side]);
    if (fd < 0)
        return vm_fail(&job->error, -errno, "cannot open %s: %s", roles[side], strerror(errno));
    const int code =
        vm_source_open_fd(&job->source[side], roles[side], path, fd, job->request.raw, threads);
    return code < 0 ? refuse_source(job, side, code) : 0;
}

/* Both decoders together stay within the threads of the engine. */
static unsigned decoder_threads(const VmJob *job)
{
    return VM_MAX((vmaf_ext_thread_count(job->vmaf) + 1) / 2, 1);
}

static void on_doubt(void *opaque, const char *text)
{
    warn(opaque, vm_strdup(text));
}

static int open_pair(VmJob *job)
{
    const VmVideoInfo *ref = &job->source[0].info, *dis = &job->source[1].info;

    VM_TRY(open_side(job, 0, job->request.reference, decoder_threads(job)));
    VM_TRY(open_side(job, 1, job->request.distorted, decoder_threads(job)));
    const int code = vm_pair_compare(ref, dis, job->error.text, sizeof(job->error.text));
    if (code) return code;
    vm_pair_doubts(ref, dis, on_doubt, job);
    for (int side = 0; side < 2; side++)
        job->source[side].luma_only = !vmaf_ext_reads_chroma(job->vmaf);
    relay_warnings(job);
    return 0;
}

/* option: the argument that says how many */
static int skip(VmJob *job, int side, unsigned n, const char *option, unsigned value)
{
    for (unsigned i = 0; i < n; i++) {
        if (atomic_load(&job->stopped)) return vm_fail(&job->error, -ECANCELED, "cancelled");
        const int got = vm_source_read(&job->source[side], NULL);
        if (got < 0) return refuse_source(job, side, got);
        if (!got)
            return vm_fail(&job->error, -EINVAL, "%s has %u frames, %s %u leaves none", roles[side],
                           i, option, value);
    }
    return 0;
}

static int allocate_pictures(VmJob *job)
{
    const VmVideoInfo *info = &job->source[0].info;
    const VmafPictureConfiguration cfg = {
        .pic_params = {.w = info->w, .h = info->h, .bpc = info->bpc, .pix_fmt = info->pix_fmt},
        .pic_cnt = 2,
    };
    const int code = vmaf_preallocate_pictures(job->vmaf, cfg);

    return code ? refuse_engine(job, code) : 0;
}

/* The frames that are read, one past the last; a range has frames behind it as context. */
static unsigned read_end(const VmJob *job)
{
    unsigned before, after;

    if (!job->request.count) return UINT32_MAX;
    vmaf_ext_chunk_context(job->vmaf, &before, &after);
    const uint64_t end = (uint64_t)job->request.first + job->request.count + VM_MAX(after, 1);
    return (unsigned)VM_MIN(end, UINT32_MAX);
}

static unsigned expected_frames(const VmJob *job)
{
    uint64_t end = read_end(job);

    for (int side = 0; side < 2; side++) {
        const int64_t frames = job->source[side].info.frames;
        const int64_t left = frames - (int64_t)job->request.skip[side];
        if (frames >= 0) end = VM_MIN(end, (uint64_t)VM_MAX(left, 0));
    }
    return end == UINT32_MAX || end < job->begin ? 0 : (unsigned)end - job->begin;
}

static int enter_range(VmJob *job)
{
    unsigned before, after;

    vmaf_ext_chunk_context(job->vmaf, &before, &after);
    job->begin = job->frames = job->request.first > before ? job->request.first - before : 0;
    VM_TRY(skip(job, 0, job->request.skip[0], "skip_ref", job->request.skip[0]));
    VM_TRY(skip(job, 1, job->request.skip[1], "skip_dis", job->request.skip[1]));
    for (int side = 0; side < 2; side++)
        VM_TRY(skip(job, side, job->begin, "frame_start", job->request.first));
    job->total = expected_frames(job);
    return allocate_pictures(job);
}

int vm_job_open(VmJob *job, const VmJobRequest *request)
{
    *job = (VmJob){.request = *request, .fd = {-1, -1}};
    pthread_mutex_init(&job->lock, NULL);
    VM_TRY(open_engine(job));
    for (unsigned i = 0; i < request->n_models; i++) VM_TRY(use_model(job, request->models[i], 0));
    for (unsigned i = 0; i < request->n_tiny; i++) VM_TRY(use_model(job, request->tiny[i], 1));
    for (unsigned i = 0; i < request->n_features; i++)
        VM_TRY(use_feature(job, request->features[i]));
    return open_pair(job);
}

/* ---- frames ---- */

/* Frames of the range that are read. */
static unsigned in_range(const VmJob *job)
{
    const uint64_t end =
        job->request.count ? (uint64_t)job->request.first + job->request.count : UINT64_MAX;
    const uint64_t read = VM_MIN(end, job->frames);

    return read > job->request.first ? (unsigned)(read - job->request.first) : 0;
}

/* Where the reading stopped, and whether that is the end. */
static void note_end(VmJob *job, const int got[2])
{
    for (int side = 0; side < 2; side++) {
        if (got[side] >= 0) continue;
        char name[160];
        vm_roots_printable(job->source[side].path, name, sizeof(name));
        warn(job, vm_printf("%s \"%s\": %s; the %u frames before it are scored", roles[side], name,
                            job->source[side].error, job->frames));
        job->end = VM_JOB_BROKEN;
        return;
    }
    if (got[0] == got[1]) return;
    const int longer = got[0] ? 0 : 1;
    warn(job, vm_printf("%s has more frames than %s: the first %u are scored", roles[longer],
                        roles[!longer], job->frames));
}

static int refuse_end(VmJob *job, const int got[2])
{
    for (int side = 0; side < 2; side++)
        if (got[side] < 0) return refuse_source(job, side, got[side]);
    if (job->frames > job->begin || job->begin)
        return vm_fail(&job->error, -EINVAL,
                       "the clips have %u frames, none of them at frame_start %u or later",
                       job->frames, job->request.first);
    return vm_fail(&job->error, -ENODATA, "%s has no frame", roles[got[0] ? 1 : 0]);
}

/* Returns 1, or 0 at the end, or a negative errno. */
static int read_pair(VmJob *job, VmafPicture pics[2])
{
    int got[2];

    got[0] = vm_source_read(&job->source[0], &pics[0]);
    got[1] = got[0] < 0 ? 0 : vm_source_read(&job->source[1], &pics[1]);
    if (got[0] == 1 && got[1] == 1) return 1;
    if (!in_range(job)) return refuse_end(job, got);
    note_end(job, got);
    return 0;
}

static int score_pair(VmJob *job)
{
    VmafPicture pics[2] = {{.data = {NULL}}, {.data = {NULL}}};
    int code = vmaf_fetch_preallocated_picture(job->vmaf, &pics[0]);

    if (!code) code = vmaf_fetch_preallocated_picture(job->vmaf, &pics[1]);
    if (code) (void)refuse_engine(job, code);
    const int got = code ? code : read_pair(job, pics);
    if (got == 1) {
        vm_align_add(&job->align, pics);
        code = vmaf_read_pictures(job->vmaf, &pics[0], &pics[1], job->frames);
        if (code) return code == -ECANCELED ? 0 : refuse_engine(job, code);
        job->frames++;
        return 1;
    }
    if (pics[0].ref) (void)vmaf_picture_unref(&pics[0]);
    if (pics[1].ref) (void)vmaf_picture_unref(&pics[1]);
    return got;
}

/* 1 while frames may be fed; what ends it is noted. */
static int may_go_on(VmJob *job)
{
    const VmJobRequest *r = &job->request;

    if (atomic_load(&job->stopped)) job->end = VM_JOB_CANCELLED;
    else if (r->seconds > 0 && vm_clock() - job->start > r->seconds && in_range(job))
        job->end = VM_JOB_TIMED_OUT;
    else if (r->max_frames && job->frames - job->begin >= r->max_frames && in_range(job))
        job->end = VM_JOB_LIMITED;
    else return job->frames < read_end(job);
    return 0;
}

static int feed(VmJob *job)
{
    int got = 1;

    while (got == 1 && may_go_on(job)) got = score_pair(job);
    if (atomic_load(&job->stopped)) job->end = VM_JOB_CANCELLED;
    return got < 0 && job->end != VM_JOB_CANCELLED ? got : 0;
}

/* ---- scores ---- */

/* After a cancellation there is no flush: frames are asked for one by one, up to the first that was
 * dropped. What looks ahead took the frame before it for the last one, so that is left out too. */
static unsigned score_prefix(VmJob *job, VmCachedModel *m, unsigned end)
{
    VmafModelCollectionScore spread;
    unsigned i = job->first;
    double score;

    for (; i < end; i++) {
        if (i % VM_MAX(job->request.subsample, 1)) continue;
        if (m ? vmaf_score_at_index(job->vmaf, m->model, &score, i)
              : vmaf_feature_score_at_index(job->vmaf, vmaf_ext_score_name(job->vmaf, 0), &score,
                                            i))
            break;
        if (m && m->collection)
            (void)vmaf_score_at_index_model_collection(job->vmaf, m->collection, &spread, i);
    }
    return i < end && i > job->first ? i - 1 : i;
}

static int keep_prefix(VmJob *job)
{
    unsigned end = job->first + in_range(job);

    if (!job->n_models && vmaf_ext_score_name(job->vmaf, 0)) end = score_prefix(job, NULL, end);
    for (unsigned i = 0; i < job->n_models; i++) end = score_prefix(job, job->models[i], end);
    if (end <= job->first)
        return vm_fail(&job->error, -ECANCELED, "cancelled before a frame was scored");
    job->last = end - 1;
    return 0;
}

static int pool(VmJob *job)
{
    const enum VmafPoolingMethod mean = VMAF_POOL_METHOD_MEAN;
    VmafModelCollectionScore spread;
    double score;

    for (unsigned i = 0; i < job->n_models; i++) {
        const VmCachedModel *m = job->models[i];
        int code = vmaf_score_pooled(job->vmaf, m->model, mean, &score, job->first, job->last);
        if (!code && m->collection)
            code = vmaf_score_pooled_model_collection(job->vmaf, m->collection, mean, &spread,
                                                      job->first, job->last);
        if (code) return refuse_engine(job, code);
    }
    return 0;
}

static void warn_of_offset(VmJob *job)
{
    const int k = vm_align_offset(&job->align);

    if (!k) return;
    warn(job,
         vm_printf(
             "the clips seem to be %d frame%s apart, which makes the score far too low: frame i of "
             "distorted looks like frame i %c %d of reference; score again with %s %d more",
             abs(k), abs(k) > 1 ? "s" : "", k > 0 ? '+' : '-', abs(k),
             k > 0 ? "skip_ref" : "skip_dis", abs(k)));
}

static unsigned count_scored(const VmJob *job)
{
    const unsigned step = VM_MAX(job->request.subsample, 1);

    return job->last / step - (job->first + step - 1) / step + 1;
}

int vm_job_run(VmJob *job)
{
    int code = 0;

    job->start = vm_clock();
    job->first = job->request.first;
    VM_TRY(enter_range(job));
    VM_TRY(feed(job));
    relay_warnings(job);
    warn_of_offset(job);
    if (job->end != VM_JOB_CANCELLED) code = vmaf_read_pictures(job->vmaf, NULL, NULL, 0);
    if (code == -ECANCELED) job->end = VM_JOB_CANCELLED;
    else if (code) return refuse_engine(job, code);
    if (job->end == VM_JOB_CANCELLED) VM_TRY(keep_prefix(job));
    job->last = job->end == VM_JOB_CANCELLED ? job->last : job->first + in_range(job) - 1;
    job->scored = count_scored(job);
    if (!job->scored)
        return vm_fail(&job->error, -EINVAL, "subsample %u leaves no frame of the range",
                       job->request.subsample);
    if (job->end != VM_JOB_CANCELLED) VM_TRY(pool(job));
    job->seconds = vm_clock() - job->start;
    return 0;
}

/* ---- afterwards ---- */

static int reopen(VmJob *job, int side)
{
    VmSource *source = &job->source[side];
    const char *path = source->path;
    const int fd = dup(job->fd[side]);

    vm_source_close(source);
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        const int code = -errno;
        if (fd >= 0) close(fd);
        return vm_fail(&job->error, code, "cannot read %s again: %s", roles[side], strerror(-code));
    }
    const int code =
        vm_source_open_fd(source, roles[side], path, fd, job->request.raw, decoder_threads(job));
    *source->warning = 0; /* told the first time */
    return code < 0 ? refuse_source(job, side, code) : 0;
}

static int read_frame(VmJob *job, int side, unsigned frame, VmafPicture *pic)
{
    VmSource *source = &job->source[side];
    int got = 1;

    while (got == 1 && source->next < frame && !atomic_load(&job->stopped))
        got = vm_source_read(source, NULL);
    if (atomic_load(&job->stopped)) return vm_fail(&job->error, -ECANCELED, "cancelled");
    if (got == 1) got = vm_source_read(source, pic);
    if (got < 0) return refuse_source(job, side, got);
    return got ? 0 : vm_fail(&job->error, -EIO, "%s became shorter while it was read", roles[side]);
}

static int look_at(VmJob *job, unsigned frame,
                   int (*fn)(void *opaque, unsigned frame, const VmafPicture pictures[2]),
                   void *opaque)
{
    VmafPicture pics[2] = {{.data = {NULL}}, {.data = {NULL}}};
    int code = 0;

    for (int side = 0; !code && side < 2; side++) {
        const VmVideoInfo *info = &job->source[side].info;
        code = vmaf_picture_alloc(&pics[side], info->pix_fmt, info->bpc, info->w, info->h);
        if (code) (void)vm_fail_memory(&job->error);
        else code = read_frame(job, side, frame + job->request.skip[side], &pics[side]);
    }
    if (!code) code = fn(opaque, frame, pics);
    for (int side = 0; side < 2; side++)
        if (pics[side].ref) (void)vmaf_picture_unref(&pics[side]);
    return code;
}

int vm_job_look(VmJob *job, const unsigned *frames, unsigned n,
                int (*fn)(void *opaque, unsigned frame, const VmafPicture pictures[2]),
                void *opaque)
{
    VM_TRY(reopen(job, 0));
    VM_TRY(reopen(job, 1));
    for (unsigned i = 0; i < n; i++) VM_TRY(look_at(job, frames[i], fn, opaque));
    return 0;
}

int vm_job_report(VmJob *job, int precision, char **text, size_t *size)
{
    VmafReportConfig cfg;

    vmaf_ext_report_config_default(&cfg);
    cfg.precision = precision;
    cfg.extended = 1;
    cfg.reference = job->request.reference;
    cfg.distorted = job->request.distorted;
    cfg.wall_seconds = job->seconds;
    cfg.warnings = (const char *const *)job->warnings.items;
    cfg.n_warnings = job->warnings.n;
    const int code = vmaf_ext_report_print(job->vmaf, &cfg, text, size);
    return code ? refuse_engine(job, code) : 0;
}

void vm_job_close(VmJob *job)
{
    if (job->vmaf) (void)vmaf_close(job->vmaf);
    for (unsigned i = 0; i < job->n_models; i++)
        vm_model_cache_give(job->request.cache, job->models[i]);
    for (int side = 0; side < 2; side++) {
        vm_source_close(&job->source[side]);
        if (job->fd[side] >= 0) close(job->fd[side]);
    }
    vm_align_free(&job->align);
    vm_args_free(&job->args);
    vm_list_free(&job->warnings);
    pthread_mutex_destroy(&job->lock);
    *job = (VmJob){.fd = {-1, -1}};
}
