/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "data_source.h"

#include <stdlib.h>

static enum VmExit refuse(VmMessages *messages, const VmError *error, enum VmExit status)
{
    vm_message_error(messages, "%s", error->text);
    return status;
}

/* A feature that does not exist is a mistake on the command line; a model that cannot be used is not. */
static enum VmExit settle(VmDataSource *source, const VmDataArgs *args, VmMessages *messages)
{
    VmError error = {""};
    int err = vm_feature_set_parse(&source->features, args->features, &error);

    if (err < 0) return refuse(messages, &error, err == -ENOMEM ? VM_EXIT_INTERNAL : VM_EXIT_USAGE);
    for (unsigned i = 0; i < source->features.absent.n; i++)
        vm_message_note(messages, "this engine does not compute \"%s\": left out of the set \"%s\"",
                        source->features.absent.items[i], args->features);
    err = vm_grader_open(&source->teacher, args->teacher, &error);
    if (err < 0) return refuse(messages, &error, vm_exit_of(err));
    err = vm_corpus_open(&source->corpus, args, &error);
    return err < 0 ? refuse(messages, &error, vm_exit_of(err)) : VM_EXIT_OK;
}

static void tell(const VmCorpus *corpus, VmMessages *messages)
{
    const VmPair *first = corpus->pairs;
    unsigned inferred = 0;
    char format[64];

    for (unsigned i = 0; i < corpus->n_skipped; i++)
        if (corpus->skipped[i].kind != VM_SKIP_LIMIT)
            vm_message_note(messages, "skipped %s: %s", corpus->skipped[i].path,
                            corpus->skipped[i].reason);
    for (unsigned i = 0; i < corpus->n_pairs; i++) {
        const VmPair *pair = &corpus->pairs[i];
        inferred += pair->origin == VM_GEOMETRY_LADDER;
        if (pair->note) vm_message_note(messages, "%s: %s", pair->dis->path, pair->note);
    }
    if (!inferred) return;
    vm_source_describe(&first->info, format, sizeof(format));
    vm_message_note(messages,
                    "the geometry of %u pairs is inferred from their names (%s is %s); scan shows "
                    "all",
                    inferred, first->dis->path, format);
}

enum VmExit vm_data_source_open(VmDataSource *source, const VmDataArgs *args, VmMessages *messages)
{
    *source = (VmDataSource){.corpus = {.fd = -1}};
    if (getenv("VMAF_BIN"))
        vm_message_note(messages, "VMAF_BIN is ignored: the engine is part of this program");
    const enum VmExit status = settle(source, args, messages);
    if (status) return status;
    tell(&source->corpus, messages);
    return source->corpus.n_pairs ? VM_EXIT_OK : vm_corpus_judge(&source->corpus, 1, messages);
}

void vm_data_source_close(VmDataSource *source)
{
    vm_corpus_close(&source->corpus);
    vm_feature_set_free(&source->features);
    vm_grader_free(&source->teacher);
}
