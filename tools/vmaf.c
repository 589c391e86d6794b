/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The vmaf command: two videos in, a score and a report out. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "info.h"
#include "json_memory.h"
#include "output.h"
#include "pair.h"

typedef struct Run {
    VmArgs args;
    VmMessages messages;
    VmEngine engine;
    VmSource ref, dis;
    VmProgress progress;
    double start;
    unsigned begin;  /* first frame that is read; more than 0 for a chunk */
    unsigned frames; /* read so far, those before begin included */
} Run;

/* ---- inputs ---- */

static void relay_warning(Run *run, VmSource *source)
{
    if (*source->warning)
        vm_message_warn(&run->messages, "%s \"%s\": %s", source->role, source->path,
                        source->warning);
    *source->warning = 0;
}

static enum VmExit refuse_source(Run *run, const VmSource *source, int err)
{
    vm_message_error(&run->messages, "cannot read %s \"%s\": %s", source->role, source->path,
                     source->error);
    return vm_exit_of(err);
}

static enum VmExit open_source(Run *run, VmSource *source, const char *role, const char *path,
                               unsigned threads)
{
    const VmRawFormat *raw = run->args.raw_given ? &run->args.raw : NULL;
    const int err = vm_source_open(source, role, path, raw, threads);

    if (err < 0) return refuse_source(run, source, err);
    source->luma_only = !vmaf_ext_reads_chroma(run->engine.vmaf);
    relay_warning(run, source);
    return VM_EXIT_OK;
}

/* Both decoders together stay within the threads of the engine. */
static enum VmExit open_sources(Run *run)
{
    const unsigned threads = (vmaf_ext_thread_count(run->engine.vmaf) + 1) / 2;
    const unsigned share = threads ? threads : 1;
    enum VmExit status = open_source(run, &run->ref, "reference", run->args.reference, share);

    if (!status) status = open_source(run, &run->dis, "distorted", run->args.distorted, share);
    return status;
}

static enum VmExit compare_sources(Run *run)
{
    char error[256];

    if (vm_pair_compare(&run->ref.info, &run->dis.info, error, sizeof(error)) == 0)
        return VM_EXIT_OK;
    vm_message_error(&run->messages, "%s", error);
    return VM_EXIT_INPUT;
}

static void relay_doubt(void *messages, const char *text)
{
    vm_message_warn(messages, "%s", text);
}

/* "48 frames", or what is known about a source that did not end; "45 frames behind the 3 that are skipped". */
static void count_frames(const Run *run, const VmSource *source, int ended, char *text, size_t size)
{
    const unsigned skipped =
        source == &run->ref ? run->args.skip_reference : run->args.skip_distorted;
    const int exact = !ended && source->info.frames_exact;
    const uint64_t n = exact ? (uint64_t)source->info.frames : source->next;
    char behind[48] = "";

    if (skipped) (void)snprintf(behind, sizeof(behind), " behind the %u that are skipped", skipped);
    (void)snprintf(text, size, "%s%" PRIu64 " frames%s", ended || exact ? "" : "at least ",
                   n - skipped, behind);
}

static enum VmExit refuse_chunk(Run *run, const VmSource *source)
{
    char count[96];

    count_frames(run, source, 1, count, sizeof(count));
    vm_message_error(&run->messages, "%s \"%s\" has %s, none of them in --chunk %u:%u",
                     source->role, source->path, count, run->args.chunk_first,
                     run->args.chunk_count);
    return VM_EXIT_INPUT;
}

/* option NULL: they stand before the chunk */
static enum VmExit skip_frames(Run *run, VmSource *source, unsigned n, const char *option)
{
    for (unsigned i = 0; i < n; i++) {
        const int got = vm_source_read(source, NULL);
        if (got < 0) return refuse_source(run, source, got);
        if (got > 0) continue;
        if (!option) return refuse_chunk(run, source);
        vm_message_error(&run->messages, "%s \"%s\" has %u frames, --%s %u leaves none",
                         source->role, source->path, i, option, n);
        return VM_EXIT_INPUT;
    }
    return VM_EXIT_OK;
}

/* A chunk begins with frames that are mere context. */
static enum VmExit skip_to_chunk(Run *run)
{
    unsigned before, after;

    vmaf_ext_chunk_context(run->engine.vmaf, &before, &after);
    const unsigned first = run->args.chunk_first;
    run->begin = run->frames = first > before ? first - before : 0;
    const enum VmExit status = skip_frames(run, &run->ref, run->begin, NULL);
    return status ? status : skip_frames(run, &run->dis, run->begin, NULL);
}

/* The engine knows how many pictures it can use. */
static enum VmExit allocate_pictures(Run *run)
{
    const VmVideoInfo *info = &run->ref.info;
    const VmafPictureConfiguration cfg = {
        .pic_params = {.w = info->w, .h = info->h, .bpc = info->bpc, .pix_fmt = info->pix_fmt},
        .pic_cnt = 2,
    };
    const int err = vmaf_preallocate_pictures(run->engine.vmaf, cfg);

    if (err)
        vm_message_error(&run->messages, "no memory for pictures of %ux%u: %s", info->w, info->h,
                         strerror(-err));
    return err ? VM_EXIT_INTERNAL : VM_EXIT_OK;
}

static enum VmExit prepare(Run *run)
{
    enum VmExit status = open_sources(run);

    if (!status) status = compare_sources(run);
    if (!status) vm_pair_doubts(&run->ref.info, &run->dis.info, relay_doubt, &run->messages);
    if (!status) status = skip_frames(run, &run->ref, run->args.skip_reference, "frame_skip_ref");
    if (!status) status = skip_frames(run, &run->dis, run->args.skip_distorted, "frame_skip_dist");
    if (!status && run->args.chunk_count) status = skip_to_chunk(run);
    return status ? status : allocate_pictures(run);
}

/* ---- frames ---- */

/* Frames that are left in a source, -1 if it does not say. */
static int64_t frames_left(const VmSource *source)
{
    const int64_t left = source->info.frames - (int64_t)source->next;

    return source->info.frames < 0 ? -1 : left > 0 ? left : 0;
}

/* Where the reading stops: --frame_cnt counts from the clip's start. Behind a chunk at least one frame
 * is read, so that the last chunk finds out what the run of the whole clip does about the end. */
static unsigned limit_of(const Run *run)
{
    const unsigned limit = run->args.frame_count ? run->args.frame_count : UINT32_MAX;
    unsigned before, after;

    if (!run->args.chunk_count) return limit;
    vmaf_ext_chunk_context(run->engine.vmaf, &before, &after);
    const uint64_t end =
        (uint64_t)run->args.chunk_first + run->args.chunk_count + (after ? after : 1);
    return end < limit ? (unsigned)end : limit;
}

/* The frames that are scored, last excluded; context and what was not read left out. */
static unsigned scored_end(const Run *run)
{
    const uint64_t end = (uint64_t)run->args.chunk_first + run->args.chunk_count;

    return run->args.chunk_count && end < run->frames ? (unsigned)end : run->frames;
}

static unsigned scored(const Run *run)
{
    const unsigned end = scored_end(run);

    return end > run->args.chunk_first ? end - run->args.chunk_first : 0;
}

static int64_t expected_frames(const Run *run)
{
    const unsigned limit = limit_of(run);
    const int64_t known[] = {frames_left(&run->ref), frames_left(&run->dis),
                             limit < UINT32_MAX ? (int64_t)limit - run->begin : -1};
    int64_t total = -1;

    for (unsigned i = 0; i < 3; i++)
        if (known[i] >= 0 && (total < 0 || known[i] < total)) total = known[i];
    return total;
}

static void warn_of_lengths(Run *run, int ref_ended, int dis_ended)
{
    char counts[2][96];

    count_frames(run, &run->ref, ref_ended, counts[0], sizeof(counts[0]));
    count_frames(run, &run->dis, dis_ended, counts[1], sizeof(counts[1]));
    vm_message_warn(&run->messages,
                    "reference has %s, distorted has %s: the %u in common are scored", counts[0],
                    counts[1], run->frames);
}

static enum VmExit refuse_pair(Run *run, int err)
{
    const char *why = vmaf_ext_last_error(run->engine.vmaf);

    if (*why) vm_message_error(&run->messages, "%s", why);
    else vm_message_error(&run->messages, "frame %u: %s", run->frames, strerror(-err));
    return vm_exit_of(err);
}

static enum VmExit stop_at_error(Run *run, const VmSource *source, int err)
{
    if (scored(run))
        vm_message_cut(&run->messages, "%s \"%s\": %s; the %u frames before it are scored",
                       source->role, source->path, source->error, run->frames);
    else (void)refuse_source(run, source, err);
    return vm_exit_of(err);
}

static enum VmExit refuse_empty(Run *run, const VmSource *source)
{
    char skipped[64] = "";

    if (run->args.chunk_count) return refuse_chunk(run, source);
    if (source->next)
        (void)snprintf(skipped, sizeof(skipped), " behind the %" PRIu64 " that are skipped",
                       source->next);
    vm_message_error(&run->messages, "%s \"%s\" has no frame%s", source->role, source->path,
                     skipped);
    return VM_EXIT_INPUT;
}

/* Fills both pictures. Returns 1; 0 at the end, with *status telling how it ended. */
static int read_pair(Run *run, VmafPicture pics[2], enum VmExit *status)
{
    const int ref = vm_source_read(&run->ref, &pics[0]);
    const int dis = ref < 0 ? 0 : vm_source_read(&run->dis, &pics[1]);

    if (ref == 1 && dis == 1) return 1;
    if (ref < 0 || dis < 0)
        *status = stop_at_error(run, ref < 0 ? &run->ref : &run->dis, ref < 0 ? ref : dis);
    else if (!scored(run)) *status = refuse_empty(run, ref ? &run->dis : &run->ref);
    else if (ref || dis) warn_of_lengths(run, !ref, !dis);
    return 0;
}

/* Returns 1 if there may be more frames. */
static int score_pair(Run *run, enum VmExit *status)
{
    VmafPicture pics[2] = {{.data = {NULL}}, {.data = {NULL}}};
    int err = vmaf_fetch_preallocated_picture(run->engine.vmaf, &pics[0]);

    if (!err) err = vmaf_fetch_preallocated_picture(run->engine.vmaf, &pics[1]);
    if (!err && read_pair(run, pics, status)) {
        err = vmaf_read_pictures(run->engine.vmaf, &pics[0], &pics[1], run->frames);
        if (!err) {
            run->frames++;
            return 1;
        }
    }
    if (pics[0].ref) (void)vmaf_picture_unref(&pics[0]);
    if (pics[1].ref) (void)vmaf_picture_unref(&pics[1]);
    if (err) *status = refuse_pair(run, err);
    return 0;
}

/* Scores all pairs. *cut is set if an input broke off but the frames before can be used. */
static enum VmExit score_frames(Run *run, enum VmExit *cut)
{
    const unsigned limit = limit_of(run);

    *cut = VM_EXIT_OK;
    vm_progress_start(&run->progress, &run->messages, run->args.progress, expected_frames(run));
    while (run->frames < limit && score_pair(run, cut))
        vm_progress_update(&run->progress, run->frames - run->begin);
    if (!scored(run) || *cut == VM_EXIT_INTERNAL) return *cut;
    const int err = vmaf_read_pictures(run->engine.vmaf, NULL, NULL, 0);
    if (err && !*cut) *cut = refuse_pair(run, err);
    vm_progress_finish(&run->progress, run->frames - run->begin);
    relay_warning(run, &run->ref);
    relay_warning(run, &run->dis);
    return err ? vm_exit_of(err) : VM_EXIT_OK;
}

/* ---- the whole ---- */

/* A report on standard output has it to itself. */
static FILE *place_of_scores(const Run *run)
{
    return run->args.report_on_stdout ? stderr : stdout;
}

static enum VmExit show_results(Run *run)
{
    enum VmExit status = vm_engine_pool(&run->engine, run->args.chunk_first, scored_end(run) - 1);

    if (!status) status = vm_engine_print(&run->engine, place_of_scores(run));
    if (!status) status = vm_output_report(&run->engine, vm_clock() - run->start);
    if (!status && run->args.no_prediction && run->args.output && !run->args.report_on_stdout)
        printf("features written to %s\n", run->args.output);
    return status;
}

/* Scores of a broken-off input are shown; the status still tells that it is broken. */
static enum VmExit score(Run *run)
{
    enum VmExit cut, status = vm_output_check(&run->args, &run->messages);

    if (!status) status = vm_engine_open(&run->engine, &run->args, &run->messages);
    if (!status) status = prepare(run);
    if (!status) status = score_frames(run, &cut);
    if (!status) status = show_results(run);
    if (!status) status = cut;
    return status ? status : vm_engine_check_limits(&run->engine);
}

static enum VmExit merge(Run *run)
{
    enum VmExit status = vm_output_check(&run->args, &run->messages);

    if (!status) status = vm_engine_merge(&run->engine, &run->args, &run->messages);
    if (!status) status = vm_engine_print(&run->engine, place_of_scores(run));
    if (!status) status = vm_output_report(&run->engine, 0);
    return status ? status : vm_engine_check_limits(&run->engine);
}

static enum VmExit act(Run *run)
{
    switch (run->args.action) {
    case VM_MERGE: return merge(run);
    case VM_HELP: fputs(vm_help_text, stdout); return VM_EXIT_OK;
    case VM_VERSION: vm_info_version(run->args.cpumask); return VM_EXIT_OK;
    case VM_LIST_MODELS: vm_info_models(); return VM_EXIT_OK;
    case VM_LIST_FEATURES: vm_info_features(); return VM_EXIT_OK;
    default: return score(run);
    }
}

int main(int argc, char **argv)
{
    Run run = {.start = vm_clock()};
    enum VmExit status = VM_EXIT_OK, written;

    vm_message_reserve_streams();
    vm_json_memory_watch("vmaf");
    (void)signal(SIGPIPE,
                 SIG_IGN); /* a reader that went away is a failed write, told like others */
    vm_messages_init(&run.messages, "vmaf");
    const int err = vm_args_parse(&run.args, argc, argv);
    if (err) {
        vm_message_error(&run.messages, "%s", run.args.error);
        status = err == -ENOMEM ? VM_EXIT_INTERNAL : VM_EXIT_USAGE;
    } else {
        status = act(&run);
    }
    written = status == VM_EXIT_INTERNAL ? VM_EXIT_OK : vm_output_flush(&run.messages);
    vm_source_close(&run.ref);
    vm_source_close(&run.dis);
    vm_engine_close(&run.engine);
    vm_args_free(&run.args);
    vm_messages_free(&run.messages);
    return written ? (int)written : (int)status;
}
