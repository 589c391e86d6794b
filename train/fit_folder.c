/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fit_folder.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "libvmaf/vmaf_ext.h"
#include "outfile.h"
#include "progress.h"

typedef struct Fit {
    const VmFitFolder *job;
    VmMessages *messages;
    VmLearn learn;
    VmLearned learned;
    double fit_seconds;
} Fit;

static enum VmExit save_model(const Fit *f, const char *suffix, const void *bytes, size_t size)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s_%s.onnx", f->learn.arch->name, suffix);
    return vm_train_save(f->job->folder, name, bytes, size, f->messages);
}

static void print_network(const VmFitted *fitted, const char *arch)
{
    char shape[64];
    vm_mlp_name(&fitted->mlp, shape, sizeof(shape));
    printf("architecture: %s (%s, %s)\nparameters: %zu\n", arch, shape,
           vm_activation_name(fitted->mlp.activation), fitted->mlp.n_params);
}

/* ---- what is written ---- */

static enum VmExit save_log(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    const double unit = fitted->scaling.target_std * fitted->scaling.target_std;
    VmText text = {0};
    vm_text_add(&text, "iteration,loss,lambda,seconds\n");
    for (unsigned i = 0; i < fitted->track.n_steps; i++) {
        const VmStep *s = &fitted->track.steps[i];
        vm_text_add(&text, "%u,%.9g,%.3g,%.4f\n", s->iteration, s->loss * unit, s->lambda,
                    s->seconds);
    }
    const enum VmExit status = vm_train_save(
        f->job->folder, "train_log.csv", text.failed ? NULL : text.data, text.size, f->messages);
    vm_text_free(&text);
    return status;
}

/* Adam's are numbered by epochs from 0, others by accepted iterations. */
static enum VmExit save_snapshots(const Fit *f)
{
    const VmTrack *track = &f->learned.fitted.track;
    const unsigned first = f->learned.fitted.optimizer == VM_OPTIMIZER_ADAM;
    enum VmExit status = VM_EXIT_OK;
    for (unsigned i = 0; !status && i < track->n_snapshots; i++) {
        VmError error = {""};
        char suffix[32];
        void *bytes;
        size_t size;
        const int code =
            vm_learned_snapshot(&f->learned, track->snapshots[i], &bytes, &size, &error);
        if (code) return vm_train_fail(f->messages, code, &error);
        (void)snprintf(suffix, sizeof(suffix), "epoch%u", (i + 1) * track->snapshot_every - first);
        status = save_model(f, suffix, bytes, size);
        vm_free(bytes);
    }
    return status;
}

static json_t *choice_json(const VmFitted *fitted)
{
    json_t *list = json_array();
    for (unsigned i = 0; fitted->choice && i < fitted->restarts; i++)
        json_array_append_new(list, json_real(fitted->choice[i]));
    return json_pack("{s:i,s:i,s:o}", "restarts", (int)fitted->restarts, "chosen",
                     (int)fitted->chosen, "rmse_on_fresh_queries", list);
}

static json_t *data_json(const Fit *f)
{
    const VmDataset *d = f->learn.dataset;
    if (!d) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "sha256", json_string(d->sha256));
    json_object_set_new(o, "from", f->job->origin ? vm_json_text(f->job->origin) : json_null());
    json_object_set_new(o, "clips", json_integer(d->n_clips));
    json_object_set_new(o, "sources", json_integer(d->n_sources));
    json_object_set_new(o, "rows", json_integer((json_int_t)d->n));
    json_object_set_new(o, "dropped_rows", json_integer((json_int_t)d->dropped));
    json_object_set_new(o, "train_rows", json_integer((json_int_t)f->learn.n));
    json_object_set_new(o, "val_rows", json_integer((json_int_t)f->job->n_val));
    return o;
}

static json_t *run_json(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    const VmLearnArgs *learn = f->job->learn.args;
    char shape[64];
    json_t *o = json_object(), *flags = json_object();
    vm_mlp_name(&fitted->mlp, shape, sizeof(shape));
    json_object_set_new(flags, "recipe",
                        json_string(learn->recipe == VM_RECIPE_SEED ? "seed" : "best"));
    json_object_set_new(flags, "arch", json_string(f->learn.arch->name));
    json_object_set_new(flags, "layers", json_string(shape));
    json_object_set_new(flags, "activation",
                        json_string(vm_activation_name(fitted->mlp.activation)));
    json_object_set_new(flags, "optimizer", json_string(vm_optimizer_name(fitted->optimizer)));
    json_object_set_new(flags, "target", json_string(f->learned.facts.target));
    json_object_set_new(flags, "queries", json_integer((json_int_t)fitted->n_queries));
    json_object_set_new(flags, "held_out",
                        f->learn.held_out ? json_string(f->learn.held_out) : json_null());
    json_object_set_new(flags, "threads", json_integer(vm_learn_threads(learn)));
    json_object_set_new(o, "flags", flags);
    json_object_set_new(o, "seed", json_integer((json_int_t)learn->seed));
    json_object_set_new(o, "version", json_string(vmaf_ext_version()));
    json_object_set_new(o, "engine_epoch", json_string(vmaf_ext_epoch()));
    json_object_set_new(o, "data", data_json(f));
    json_object_set_new(o, "starts", choice_json(fitted));
    json_object_set_new(o, "model_sha256", json_string(vm_tiny_sha256(f->learned.model)));
    json_object_set_new(
        o, "seconds", json_pack("{s:f,s:f}", "data", f->job->load_seconds, "fit", f->fit_seconds));
    return o;
}

static enum VmExit save_json(const Fit *f, const char *name, json_t *json)
{
    char *path = vm_path_in(f->job->folder, name, f->messages);
    if (!path) json_decref(json);
    const enum VmExit status = path ? vm_json_save(json, path, f->messages) : VM_EXIT_INTERNAL;
    vm_free(path);
    return status;
}

/* ---- judgement ---- */

static enum VmExit judge(const Fit *f, const char *model_path)
{
    VmError error = {""};
    VmEvaluation e;
    const VmEvalOptions options = {.draws = 2000,
                                   .latency = 1,
                                   .seed = f->job->learn.args->seed,
                                   .n_threads = vm_learn_threads(f->job->learn.args)};
    const int code = vm_evaluate(&e, f->learned.model, f->learn.dataset, f->job->val, f->job->n_val,
                                 &options, &error);
    enum VmExit status = vm_train_fail(f->messages, code, &error);
    if (!status) {
        printf("\nheld out (%s):\n", f->learn.held_out);
        vm_figures_evaluation(&e);
        status = save_json(
            f, "eval_report.json",
            vm_evaluation_json(&e, f->learned.model, f->learn.dataset, model_path, "val"));
    }
    vm_evaluation_free(&e);
    return status;
}

static enum VmExit save_all(const Fit *f)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s_final.onnx", f->learn.arch->name);
    char *path = vm_path_in(f->job->folder, name, f->messages);
    enum VmExit status = path ? VM_EXIT_OK : VM_EXIT_INTERNAL;
    if (!status && !f->job->no_export) status = save_snapshots(f);
    if (!status) status = save_model(f, "final", f->learned.onnx, f->learned.size);
    if (!status) status = save_log(f);
    if (!status) status = save_json(f, "run.json", run_json(f));
    if (!status && f->job->n_val) status = judge(f, path);
    if (!status) printf("wrote %s, %zu bytes\n", path, f->learned.size);
    vm_free(path);
    return status;
}

static void print_fit(const Fit *f)
{
    const VmFitted *fitted = &f->learned.fitted;
    print_network(fitted, f->learn.arch->name);
    printf("optimizer: %s, %zu rows, %zu queries\n", vm_optimizer_name(fitted->optimizer),
           fitted->n_rows, fitted->n_queries);
    if (isfinite(f->learned.pull))
        printf("viewers' scores: begun as a student of %s, pulled to it by %g per row\n",
               vm_teacher_name(f->learn.teacher), f->learned.pull);
    if (fitted->choice) {
        printf("starts: RMSE on fresh queries");
        for (unsigned i = 0; i < fitted->restarts; i++)
            printf(" %.4f%s", fitted->choice[i], i == fitted->chosen ? "*" : "");
        printf("\n");
    }
    vm_figures_curve(&fitted->track, fitted->scaling.target_std);
}

/* ---- the whole ---- */

static enum VmExit fit(Fit *f)
{
    VmError error = {""};
    VmBar bar;
    const double start = vm_clock();
    vm_bar_start(&bar, f->messages);
    f->learn.watch = &bar.watch;
    const int code = vm_learn(&f->learned, &f->learn, &error);
    vm_bar_stop(&bar);
    f->learn.watch = NULL;
    f->fit_seconds = vm_clock() - start;
    if (code == -ERANGE && f->learned.onnx) {
        vm_message_error(f->messages, "%s; the last good parameters are in %s/%s_last_good.onnx",
                         error.text, f->job->folder, f->learn.arch->name);
        const enum VmExit saved = save_model(f, "last_good", f->learned.onnx, f->learned.size);
        return saved ? saved : VM_EXIT_INPUT;
    }
    return vm_train_fail(f->messages, code, &error);
}

static enum VmExit make_folder(const VmFitFolder *job, VmMessages *messages)
{
    VmError error = {""};
    if (!vm_outfile_make_folder(job->folder, &error)) return VM_EXIT_OK;
    vm_message_error(messages, "%s", error.text);
    return VM_EXIT_INTERNAL;
}

enum VmExit vm_fit_folder(const VmFitFolder *job, VmMessages *messages)
{
    Fit f = {.job = job, .messages = messages, .learn = job->learn};
    enum VmExit status = make_folder(job, messages);
    if (!status) status = fit(&f);
    if (!status) {
        print_fit(&f);
        status = save_all(&f);
    }
    vm_learned_free(&f.learned);
    return status;
}

enum VmExit vm_fit_folder_untrained(const VmFitFolder *job, VmMessages *messages)
{
    VmError error = {""};
    Fit f = {.job = job, .messages = messages, .learn = job->learn};
    enum VmExit status = make_folder(job, messages);
    if (!status)
        status = vm_train_fail(messages, vm_learn_untrained(&f.learned, &f.learn, &error), &error);
    if (!status) print_network(&f.learned.fitted, f.learn.arch->name);
    if (!status) status = save_model(&f, "final", f.learned.onnx, f.learned.size);
    if (!status)
        printf("wrote %s/%s_final.onnx with initial weights: it is not trained\n", job->folder,
               f.learn.arch->name);
    vm_learned_free(&f.learned);
    return status;
}
