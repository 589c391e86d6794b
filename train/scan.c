/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train scan: what a corpus holds and what of it cannot be used. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "commands.h"
#include "corpus.h"
#include "outfile.h"

typedef struct ScanArgs {
    VmDataArgs data;
    const char *json; /* "-": standard output */
} ScanArgs;

/* ---- as text ---- */

static const char *file_name(const VmFile *file)
{
    return strchr(file->path, '/') + 1;
}

/* Frames that both have, or what is known. */
static void count_frames(const VmPair *pair, char *text, size_t size)
{
    if (pair->info.frames < 0) (void)snprintf(text, size, "?");
    else if (pair->frames[0] == pair->frames[1])
        (void)snprintf(text, size, "%" PRId64, pair->info.frames);
    else (void)snprintf(text, size, "%" PRId64 "/%" PRId64, pair->frames[0], pair->frames[1]);
}

static void print_pairs(const VmCorpus *corpus, FILE *out)
{
    fprintf(out, "%-32s %-28s %8s  %s\n", "distorted", "reference", "frames", "geometry");
    for (unsigned i = 0; i < corpus->n_pairs; i++) {
        const VmPair *pair = &corpus->pairs[i];
        char frames[48], format[64];
        count_frames(pair, frames, sizeof(frames));
        vm_source_describe(&pair->info, format, sizeof(format));
        fprintf(out, "%-32s %-28s %8s  %s, %s\n", file_name(pair->dis), file_name(pair->ref),
                frames, format, vm_corpus_origin(pair->origin));
    }
}

typedef struct Totals {
    unsigned rungs;
    int64_t frames;
} Totals;

/* The pairs of one source stand together; first is the first of them. */
static Totals total_of(const VmCorpus *corpus, unsigned first)
{
    const char *source = corpus->pairs[first].dis->name.source;
    Totals t = {0};

    for (unsigned i = first;
         i < corpus->n_pairs && !strcmp(corpus->pairs[i].dis->name.source, source); i++) {
        t.rungs++;
        if (corpus->pairs[i].info.frames > 0) t.frames += corpus->pairs[i].info.frames;
    }
    return t;
}

static void print_sources(const VmCorpus *corpus, FILE *out)
{
    int64_t frames = 0;

    fprintf(out, "\n%-24s %-24s %5s %6s %8s\n", "source", "group", "fps", "rungs", "frames");
    for (unsigned i = 0; i < corpus->n_pairs;) {
        const VmPair *pair = &corpus->pairs[i];
        const Totals t = total_of(corpus, i);
        const unsigned listed =
            vm_corpus_json_find(&corpus->json, pair->ref->path, pair->ref->name.source).fps;
        const unsigned fps = pair->ref->name.fps ? pair->ref->name.fps : listed;
        char text[16] = "?";
        if (fps) (void)snprintf(text, sizeof(text), "%u", fps);
        fprintf(out, "%-24s %-24s %5s %6u %8" PRId64 "\n", pair->dis->name.source, pair->group,
                text, t.rungs, t.frames);
        frames += t.frames;
        i += t.rungs;
    }
    fprintf(out, "%u sources, %u pairs, %" PRId64 " frames\n", corpus->n_sources, corpus->n_pairs,
            frames);
}

static void print_problems(const VmCorpus *corpus, FILE *out)
{
    unsigned inferred = 0;
    char counts[512];

    for (unsigned i = 0; i < corpus->n_pairs; i++) {
        inferred += corpus->pairs[i].origin == VM_GEOMETRY_LADDER;
        if (corpus->pairs[i].note)
            fprintf(out, "note: %s: %s\n", corpus->pairs[i].dis->path, corpus->pairs[i].note);
    }
    if (inferred)
        fprintf(
            out,
            "note: the geometry of %u pairs is inferred from the largest encode height of their "
            "source, at 16:9\n",
            inferred);
    for (unsigned i = 0; i < corpus->n_skipped; i++)
        if (corpus->skipped[i].kind != VM_SKIP_LIMIT)
            fprintf(out, "skipped: %s: %s\n", corpus->skipped[i].path, corpus->skipped[i].reason);
    vm_corpus_count(corpus, counts, sizeof(counts));
    if (*counts) fprintf(out, "skipped: %s\n", counts);
}

/* ---- as JSON ---- */

static json_t *frames_json(int64_t frames)
{
    return frames < 0 ? json_null() : json_integer(frames);
}

static json_t *pair_json(const VmPair *pair)
{
    char format[64];

    vm_source_describe(&pair->info, format, sizeof(format));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:s?}", "key",
        pair->dis->stem, "distorted", pair->dis->path, "reference", pair->ref->path, "source",
        pair->dis->name.source, "group", pair->group, "width", (int)pair->info.w, "height",
        (int)pair->info.h, "format", format, "geometry_from", vm_corpus_origin(pair->origin),
        "frames", frames_json(pair->info.frames), "reference_frames", frames_json(pair->frames[0]),
        "distorted_frames", frames_json(pair->frames[1]), "note", pair->note);
}

static json_t *make_json(const VmCorpus *corpus)
{
    json_t *pairs = json_array(), *skipped = json_array(), *counts = json_object();

    for (unsigned i = 0; i < corpus->n_pairs; i++)
        (void)json_array_append_new(pairs, pair_json(&corpus->pairs[i]));
    for (unsigned i = 0; i < corpus->n_skipped; i++)
        (void)json_array_append_new(skipped,
                                    json_pack("{s:s, s:s, s:s}", "file", corpus->skipped[i].path,
                                              "kind", vm_corpus_kind(corpus->skipped[i].kind),
                                              "reason", corpus->skipped[i].reason));
    for (int k = 0; k < VM_SKIP_KINDS; k++)
        (void)json_object_set_new(counts, vm_corpus_kind((enum VmSkipKind)k),
                                  json_integer(corpus->counts[k]));
    return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o}", "schema", 1, "n_sources",
                     (int)corpus->n_sources, "n_pairs", (int)corpus->n_pairs, "pairs", pairs,
                     "skipped", skipped, "skipped_by_kind", counts);
}

static int write_json(const VmCorpus *corpus, const char *path, VmError *error)
{
    VmOutFile out;
    json_t *json = make_json(corpus);
    int err = json ? vm_outfile_open(&out, path, error) : vm_fail_memory(error);

    if (!err) {
        (void)json_dumpf(json, out.file, JSON_INDENT(2));
        (void)fputc('\n', out.file);
        err = vm_outfile_finish(&out, 0, error);
    }
    json_decref(json);
    return err;
}

/* ---- the command ---- */

static void check_listed(void *opaque, const char *name)
{
    const struct {
        const VmCorpus *corpus;
        VmMessages *messages;
    } *context = opaque;

    for (unsigned i = 0; i < context->corpus->n_ref; i++)
        if (!strcmp(context->corpus->ref[i].name.source, name)) return;
    vm_message_warn(context->messages, "corpus.json lists the source \"%s\", which is not there",
                    name);
}

static enum VmExit show(const VmCorpus *corpus, const ScanArgs *args, VmMessages *messages)
{
    VmError error = {""};
    struct {
        const VmCorpus *corpus;
        VmMessages *messages;
    } context = {corpus, messages};

    if (!args->json || strcmp(args->json, "-") != 0) {
        if (corpus->n_pairs) print_pairs(corpus, stdout);
        if (corpus->n_pairs) print_sources(corpus, stdout);
        print_problems(corpus, stdout);
    }
    vm_corpus_json_sources(&corpus->json, check_listed, &context);
    if (args->json && write_json(corpus, args->json, &error) < 0) {
        vm_message_error(messages, "%s", error.text);
        return VM_EXIT_INTERNAL;
    }
    return vm_corpus_judge(corpus, args->data.skip_unusable, messages);
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    const ScanArgs *args = opaque;
    VmError error = {""};
    VmCorpus corpus;
    const int err = vm_corpus_open(&corpus, &args->data, &error);
    const enum VmExit status = err < 0 ? vm_exit_of(err) : show(&corpus, args, messages);

    if (err < 0) vm_message_error(messages, "%s", error.text);
    vm_corpus_close(&corpus);
    return status;
}

static const VmOption own_options[] = {
    {"json", "FILE", "the same as JSON; - is standard output, instead of the table", VM_OPTION_TEXT,
     offsetof(ScanArgs, json)},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"corpus", vm_corpus_options, offsetof(ScanArgs, data)},
    {0},
};

const VmCommand vm_cmd_scan = {
    .name = "scan",
    .summary = "Lists the pairs of a corpus, their geometry, and what cannot be used.",
    .tables = tables,
    .args_size = sizeof(ScanArgs),
    .run = run,
};
