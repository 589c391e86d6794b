/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu.h"
#include "data_source.h"
#include "dataset.h"
#include "table.h"
#include "teacher.h"

enum { BUFFER = 1 << 20 };

/* ---- from a file ---- */

static FILE *open_regular(const char *path, VmError *error)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    FILE *file = fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ? NULL : fdopen(fd, "rb");

    if (file) return file;
    (void)vm_fail(error, -EINVAL, "%s", fd < 0 ? strerror(errno) : "it is no regular file");
    if (fd >= 0) (void)close(fd);
    return NULL;
}

static int read_file(FILE *file, const char *list, VmDataset **dataset, VmError *error)
{
    const int first = getc(file);

    (void)ungetc(first, file);
    return first == 0x93 ? vm_npy_read(file, list, NULL, dataset, error)
                         : vm_csv_read(file, list, NULL, dataset, error);
}

static enum VmExit load_file(VmDataset **dataset, const VmDataArgs *args, VmMessages *messages)
{
    VmError error = {""};
    char *buffer = vm_alloc(BUFFER);
    FILE *file = buffer ? open_regular(args->data, &error) : NULL;
    int err = buffer ? -EINVAL : vm_fail_memory(&error);

    if (file) {
        (void)setvbuf(file, buffer, _IOFBF, BUFFER);
        err = read_file(file, args->features, dataset, &error);
        (void)fclose(file);
    }
    vm_free(buffer);
    if (err < 0) vm_message_error(messages, "data \"%s\": %s", args->data, error.text);
    return vm_exit_of(err);
}

/* ---- from a corpus ---- */

static void keep_rows(void *opaque, unsigned pair, VmRows *rows)
{
    VmRows *all = opaque;

    all[pair] = *rows;
    *rows = (VmRows){.n = 0};
}

static int add_pair(VmDataset *dataset, const VmPair *pair, const VmRows *rows, VmError *error)
{
    VM_TRY(
        vm_dataset_add_clip(dataset, pair->dis->stem, pair->dis->name.source, pair->group, error));
    for (size_t i = 0; i < rows->n; i++)
        VM_TRY(vm_dataset_add_row(dataset, (uint32_t)i, rows->x + i * rows->width,
                                  rows->has_raw ? &rows->raw[i] : NULL, rows->clipped[i], error));
    return 0;
}

static int fill(VmDataset *dataset, const VmDataSource *source, VmRows *all, VmError *error)
{
    for (unsigned i = 0; i < source->corpus.n_pairs; i++) {
        if (all[i].n) VM_TRY(add_pair(dataset, &source->corpus.pairs[i], &all[i], error));
        vm_rows_free(&all[i]); /* as early as possible: there are many */
    }
    (void)snprintf(dataset->teacher, sizeof(dataset->teacher), "%s", source->teacher.name);
    (void)snprintf(dataset->teacher_sha256, sizeof(dataset->teacher_sha256), "%s",
                   source->teacher.sha256);
    return vm_dataset_finish(dataset) < 0 ? vm_fail_memory(error) : 0;
}

static enum VmExit make(VmDataset **dataset, const VmDataSource *source, VmRows *all,
                        VmMessages *messages)
{
    VmError error = {""};
    VmDataset *made =
        vm_dataset_new((const char *const *)source->features.names, source->features.n);
    const int err = made ? fill(made, source, all, &error) : vm_fail_memory(&error);

    if (err == 0) {
        *dataset = made;
        return VM_EXIT_OK;
    }
    vm_dataset_free(made);
    vm_message_error(messages, "%s", error.text);
    return vm_exit_of(err);
}

/* What could not be computed ends it, unless it may be left out. */
static enum VmExit extract(const VmDataSource *source, const VmDataArgs *args, VmRows *all,
                           VmMessages *messages)
{
    VmExtraction extraction = {.args = args, .take = keep_rows, .opaque = all};
    enum VmExit status = vm_extraction_run(&extraction, &source->corpus, &source->features,
                                           &source->teacher, messages);

    if (status == VM_EXIT_INPUT && args->skip_unusable && extraction.rows) status = VM_EXIT_OK;
    return status ? status : vm_corpus_judge(&source->corpus, args->skip_unusable, messages);
}

static enum VmExit load_corpus(VmDataset **dataset, const VmDataArgs *args, VmMessages *messages)
{
    VmDataSource source;
    VmRows *all = NULL;
    enum VmExit status = vm_data_source_open(&source, args, messages);

    if (!status) {
        all = vm_alloc_array(source.corpus.n_pairs, sizeof(*all));
        if (!all) vm_message_error(messages, "out of memory");
        status = all ? extract(&source, args, all, messages) : VM_EXIT_INTERNAL;
    }
    if (!status) status = make(dataset, &source, all, messages);
    for (unsigned i = 0; all && i < source.corpus.n_pairs; i++) vm_rows_free(&all[i]);
    vm_free(all);
    vm_data_source_close(&source);
    return status;
}

/* ---- another teacher ---- */

static int ask_teacher(VmDataset *d, const VmTeacher *teacher, VmError *error)
{
    const unsigned n = vm_cpu_count();

    VM_TRY(vm_teacher_label(teacher, VM_TEACHER_RAW, d->features, d->width, d->x, d->n, d->raw, n,
                            error));
    VM_TRY(vm_teacher_label(teacher, VM_TEACHER_CLIPPED, d->features, d->width, d->x, d->n,
                            d->clipped, n, error));
    for (unsigned i = 0; i < d->n_clips; i++) d->clips[i].has_raw = 1;
    (void)snprintf(d->teacher, sizeof(d->teacher), "%s", vm_teacher_name(teacher));
    (void)snprintf(d->teacher_sha256, sizeof(d->teacher_sha256), "%s", vm_teacher_sha256(teacher));
    vm_dataset_digest(d);
    return 0;
}

/* The rows of a file stay, their scores become those of the teacher. */
static enum VmExit relabel(VmDataset *dataset, const VmDataArgs *args, VmMessages *messages)
{
    VmTeacher *teacher = NULL;
    VmError error = {""};
    int err = vm_teacher_open(&teacher, args->teacher, &error);

    if (!err) err = ask_teacher(dataset, teacher, &error);
    vm_teacher_free(teacher);
    if (!err) return VM_EXIT_OK;
    vm_message_error(messages, "%s", error.text);
    return vm_exit_of(err);
}

/* ---- the whole ---- */

static enum VmExit check(const VmDataset *dataset, VmMessages *messages)
{
    if (dataset->dropped)
        vm_message_warn(messages, "%zu rows are left out since a value is not finite",
                        dataset->dropped);
    for (unsigned i = 0; i < dataset->n_clips; i++) {
        const VmClip *clip = &dataset->clips[i];
        if (clip->dropped * 100 <= clip->n_rows + clip->dropped) continue;
        vm_message_error(messages, "clip %s: %zu of its %zu rows have values that are not finite",
                         clip->key, clip->dropped, clip->n_rows + clip->dropped);
        return VM_EXIT_INPUT;
    }
    if (dataset->n) return VM_EXIT_OK;
    vm_message_error(messages, "the data has no row");
    return VM_EXIT_INPUT;
}

enum VmExit vm_dataset_load(VmDataset **dataset, const VmDataArgs *args, VmMessages *messages)
{
    VmDataset *loaded = NULL;
    enum VmExit status =
        args->data ? load_file(&loaded, args, messages) : load_corpus(&loaded, args, messages);

    if (!status && args->data && args->relabel) status = relabel(loaded, args, messages);
    if (!status) status = check(loaded, messages);
    if (!status) *dataset = loaded;
    else vm_dataset_free(loaded);
    return status;
}
