/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One pass of the engine over a pair gives the features and both scores of the teacher. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "extract.h"
#include "team.h"

typedef struct Run {
    const VmPass *pass;
    const VmPair *pair;
    VmafContext *vmaf;
    VmSource source[2]; /* reference, distorted */
    unsigned frames;
    int ended[2];
    VmError *error;
} Run;

static void relay_log(void *opaque, enum VmafLogLevel level, const char *text)
{
    if (level == VMAF_LOG_LEVEL_WARNING) vm_message_warn(opaque, "%s", text);
}

/* With the engine's own words where it has some. */
static int refuse(const Run *run, int err)
{
    const char *why = run->vmaf ? vmaf_ext_last_error(run->vmaf) : "";

    return vm_fail(run->error, err, "clip %s, frame %u: %.800s", run->pair->dis->stem, run->frames,
                   *why ? why : strerror(-err));
}

static int open_engine(Run *run)
{
    VmafExtConfig cfg;

    vmaf_ext_config_default(&cfg);
    cfg.n_threads = run->pass->threads;
    cfg.log = relay_log;
    cfg.log_opaque = run->pass->messages;
    int err = vmaf_ext_init(&run->vmaf, &cfg);
    if (!err) err = vm_feature_set_use(run->pass->features, run->vmaf);
    if (!err) err = vm_grader_use(run->pass->teacher, run->vmaf);
    return err < 0 ? refuse(run, err) : 0;
}

static int open_videos(Run *run)
{
    const unsigned share = VM_MAX((run->pass->threads + 1) / 2, 1u);
    VmError why = {""};

    for (int side = 0; side < 2; side++) {
        const int err = vm_corpus_open_video(run->pass->corpus, run->pair, side, share,
                                             &run->source[side], &why);
        if (err < 0)
            return vm_fail(run->error, err, "clip %s: %.800s", run->pair->dis->stem, why.text);
        run->source[side].luma_only = !vmaf_ext_reads_chroma(run->vmaf);
    }
    return 0;
}

static int make_pictures(Run *run)
{
    const VmVideoInfo *info = &run->source[0].info;
    const VmafPictureConfiguration cfg = {
        .pic_params = {.w = info->w, .h = info->h, .bpc = info->bpc, .pix_fmt = info->pix_fmt},
        .pic_cnt = 2,
    };
    const int err = vmaf_preallocate_pictures(run->vmaf, cfg);

    return err < 0 ? refuse(run, err) : 0;
}

static int refuse_video(const Run *run, int side, int err)
{
    const VmSource *source = &run->source[side];

    return vm_fail(run->error, err, "clip %s: %s: %s", run->pair->dis->stem, source->path,
                   source->error);
}

/* Returns 1, 0 when one of them has ended, or an error. */
static int read_both(Run *run, VmafPicture pics[2])
{
    for (int side = 0; side < 2; side++) {
        const int got = vm_source_read(&run->source[side], &pics[side]);
        if (got < 0) return refuse_video(run, side, got);
        run->ended[side] = !got;
    }
    return !run->ended[0] && !run->ended[1];
}

/* Returns 1 if there may be more. */
static int hand_over(Run *run)
{
    VmafPicture pics[2] = {{.data = {NULL}}, {.data = {NULL}}};
    int got = 0, err = vm_watch_cancelled(run->pass->watch) ? -ECANCELED : 0;

    if (err < 0) return vm_fail(run->error, err, "cancelled");
    err = vmaf_fetch_preallocated_picture(run->vmaf, &pics[0]);

    if (!err) err = vmaf_fetch_preallocated_picture(run->vmaf, &pics[1]);
    if (err < 0) err = refuse(run, err);
    if (!err) err = got = read_both(run, pics);
    if (got == 1) {
        err = vmaf_read_pictures(run->vmaf, &pics[0], &pics[1], run->frames);
        if (err < 0) return refuse(run, err);
        run->frames++;
        run->pass->frame(run->pass->opaque);
        return 1;
    }
    if (pics[0].ref) (void)vmaf_picture_unref(&pics[0]);
    if (pics[1].ref) (void)vmaf_picture_unref(&pics[1]);
    return err;
}

static int read_all(Run *run)
{
    int more;

    do more = hand_over(run);
    while (more == 1);
    if (more < 0) return more;
    if (run->frames == 0)
        return vm_fail(run->error, -ENODATA, "clip %s: %s has no frame", run->pair->dis->stem,
                       run->source[run->ended[0] ? 0 : 1].path);
    const int err = vmaf_read_pictures(run->vmaf, NULL, NULL, 0);
    return err < 0 ? refuse(run, err) : 0;
}

/* Where headers told the lengths the scan has said it. */
static void tell_lengths(const Run *run)
{
    const VmPair *pair = run->pair;

    if (run->ended[0] == run->ended[1] || pair->info.frames >= 0) return;
    vm_message_warn(run->pass->messages,
                    "clip %s: %s ends after %u frames, before the other file; those in common are "
                    "used",
                    pair->dis->stem, run->source[run->ended[0] ? 0 : 1].path, run->frames);
}

static int collect(Run *run, VmRows *rows)
{
    const VmFeatureSet *features = run->pass->features;

    if (vm_rows_init(rows, run->frames, features->n) < 0) return vm_fail_memory(run->error);
    for (unsigned i = 0; i < run->frames; i++) {
        double *x = rows->x + (size_t)i * features->n;
        int err = 0;
        for (unsigned k = 0; !err && k < features->n; k++)
            err = vmaf_feature_score_at_index(run->vmaf, features->scores[k], &x[k], i);
        if (!err)
            err =
                vm_grader_score(run->pass->teacher, run->vmaf, i, &rows->clipped[i], &rows->raw[i]);
        run->frames = err < 0 ? i : run->frames; /* for the message */
        if (err < 0) return refuse(run, err);
    }
    return 0;
}

int vm_pass_run(const VmPass *pass, const VmPair *pair, VmRows *rows, VmError *error)
{
    Run run = {.pass = pass, .pair = pair, .error = error};

    *rows = (VmRows){.n = 0};
    int err = open_engine(&run);
    if (!err) err = open_videos(&run);
    if (!err) err = make_pictures(&run);
    if (!err) err = read_all(&run);
    if (!err) tell_lengths(&run);
    if (!err) err = collect(&run, rows);
    for (int side = 0; side < 2; side++) vm_source_close(&run.source[side]);
    if (run.vmaf) (void)vmaf_close(run.vmaf);
    return err;
}
