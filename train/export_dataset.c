/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train export-dataset: rows and scores as CSV or NPY, for other programs. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "dataset.h"
#include "outfile.h"
#include "table.h"

enum Format { FORMAT_AUTO, FORMAT_CSV, FORMAT_NPY };

typedef struct ExportArgs {
    VmDataArgs data;
    const char *output;
    int format;
} ExportArgs;

static int ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);

    return length >= tail && !strcmp(text + length - tail, end);
}

static int write(const ExportArgs *args, const VmDataset *dataset, VmError *error)
{
    VmOutFile out;
    int err = vm_outfile_open(&out, args->output, error);

    if (err < 0) return err;
    if (args->format == FORMAT_NPY) err = vm_npy_write(out.file, dataset, error);
    else vm_csv_write(out.file, dataset);
    return vm_outfile_finish(&out, err, error);
}

static enum VmExit save(const ExportArgs *args, VmMessages *messages)
{
    VmDataset *dataset = NULL;
    VmError error = {""};
    enum VmExit status = vm_dataset_load(&dataset, &args->data, messages);

    if (status) return status;
    if (write(args, dataset, &error) < 0) {
        vm_message_error(messages, "%s", error.text);
        status = VM_EXIT_INTERNAL;
    } else {
        fprintf(strcmp(args->output, "-") ? stdout : stderr,
                "%zu rows of %u clips of %u sources, %u features\ndata %s\n", dataset->n,
                dataset->n_clips, dataset->n_sources, dataset->width, dataset->sha256);
    }
    vm_dataset_free(dataset);
    return status;
}

static enum VmExit run(const void *opaque, VmMessages *messages)
{
    ExportArgs args = *(const ExportArgs *)opaque;

    if (!args.output) {
        vm_message_error(messages, "no output: name a file with --output");
        return VM_EXIT_USAGE;
    }
    if (args.format == FORMAT_AUTO && ends_with(args.output, ".npy")) args.format = FORMAT_NPY;
    if (args.format == FORMAT_AUTO && (ends_with(args.output, ".csv") || !strcmp(args.output, "-")))
        args.format = FORMAT_CSV;
    if (args.format != FORMAT_AUTO) return save(&args, messages);
    vm_message_error(messages, "--output: \"%s\" ends neither in .csv nor in .npy; give --format",
                     args.output);
    return VM_EXIT_USAGE;
}

static const VmOption own_options[] = {
    {"output", "FILE", "where to; - is standard output", VM_OPTION_TEXT,
     offsetof(ExportArgs, output)},
    {"format", "NAME", "auto goes by the name's end", VM_OPTION_CHOICE,
     offsetof(ExportArgs, format), .choices = "auto|csv|npy", .initial = "auto"},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"data", vm_data_options, offsetof(ExportArgs, data)},
    {0},
};

const VmCommand vm_cmd_export_dataset = {
    .name = "export-dataset",
    .summary = "Writes features and scores as CSV or NPY; what is not in the cache is computed.",
    .tables = tables,
    .args_size = sizeof(ExportArgs),
    .run = run,
};
