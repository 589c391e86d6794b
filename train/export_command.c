/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train export: the model to hand out, trained on all sources; register: a card and an entry for it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "commands.h"
#include "ship.h"
#include "train_common.h"

typedef struct ExportArgs {
    VmDataArgs data;
    VmLearnArgs learn;
    VmArch arch, layers;
    const char *output, *spread, *loso;
} ExportArgs;

typedef struct Export {
    const ExportArgs *args;
    VmMessages *messages;
    VmDataset *dataset;
    VmTeacher *teacher, *spread;
    VmLearned learned;
} Export;

static enum VmExit train(Export *x)
{
    const ExportArgs *args = x->args;
    VmError error = {""};
    VmShipFigures figures = {NAN, NAN, NAN, NAN};
    double difference;
    VmBar bar;
    if (args->loso) {
        const int code = vm_ship_read_figures(args->loso, &figures, &error);
        if (code) return vm_train_fail(x->messages, code, &error);
    }
    vm_bar_start(&bar, x->messages);
    const VmLearn learn = {.args = &args->learn,
                           .arch = args->layers.inputs ? &args->layers : &args->arch,
                           .dataset = x->dataset,
                           .teacher = x->teacher,
                           .spread = x->spread,
                           .watch = &bar.watch};
    const int code = vm_ship(&x->learned, &learn, &figures, &difference, &error);
    vm_bar_stop(&bar);
    if (code) return vm_train_fail(x->messages, code, &error);
    const enum VmExit status =
        vm_train_save(NULL, args->output, x->learned.onnx, x->learned.size, x->messages);
    if (!status)
        printf("wrote %s: %zu bytes, %zu parameters, trained on %zu rows and %zu queries\n"
               "read back: within %.2g of the network in double precision on all rows\nsha256 %s\n",
               args->output, x->learned.size, x->learned.fitted.mlp.n_params,
               x->learned.fitted.n_rows, x->learned.fitted.n_queries, difference,
               vm_tiny_sha256(x->learned.model));
    return status;
}

static enum VmExit run_export(const void *opaque, VmMessages *messages)
{
    Export x = {.args = opaque, .messages = messages};
    VmError error = {""};
    enum VmExit status =
        vm_train_teacher(&x.teacher, &x.args->learn, x.args->data.teacher, messages);
    if (!status && x.args->spread)
        status =
            vm_train_fail(messages, vm_teacher_open(&x.spread, x.args->spread, &error), &error);
    if (!status) status = vm_dataset_load(&x.dataset, &x.args->data, messages);
    if (!status) status = train(&x);
    vm_learned_free(&x.learned);
    vm_teacher_free(x.teacher);
    vm_teacher_free(x.spread);
    vm_dataset_free(x.dataset);
    return status;
}

/* ---- register ---- */

typedef struct RegisterArgs {
    VmTexts models;
    const char *folder;
    VmCardFacts facts;
} RegisterArgs;

/* The file's name without folders and suffix, in small letters. */
static char *id_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *id = vm_strdup(slash ? slash + 1 : path);
    if (!id) return NULL;
    char *dot = strrchr(id, '.');
    if (dot) *dot = 0;
    for (char *c = id; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    return id;
}

static int read_model(const char *path, void **bytes, size_t *size, VmError *error)
{
    enum { MAX_MODEL = 4 << 20 };
    FILE *f = fopen(path, "rb");
    if (!f) return vm_fail(error, -errno, "cannot read %s: %s", path, strerror(errno));
    *bytes = vm_alloc(MAX_MODEL + 1);
    *size = *bytes ? fread(*bytes, 1, MAX_MODEL + 1, f) : 0;
    const int bad = ferror(f);
    (void)fclose(f);
    if (!*bytes) return vm_fail_memory(error);
    if (bad) return vm_fail(error, -EIO, "cannot read %s whole", path);
    return *size <= MAX_MODEL ? 0 : vm_fail(error, -EFBIG, "%s is larger than 4 MiB", path);
}

static enum VmExit run_register(const void *opaque, VmMessages *messages)
{
    const RegisterArgs *args = opaque;
    VmError error = {""};
    VmCardFacts facts = args->facts;
    void *bytes = NULL;
    size_t size = 0;
    char *id = id_of(args->models.items[0]);
    if (!facts.id) facts.id = id ? id : "";
    if (vm_card_check(&facts, &error)) {
        vm_message_error(messages, "%s", error.text);
        vm_free(id);
        return VM_EXIT_USAGE;
    }
    const int code = read_model(args->models.items[0], &bytes, &size, &error);
    enum VmExit status = vm_train_fail(messages, code, &error);
    if (!status) status = vm_card_register(args->folder, bytes, size, &facts, messages);
    if (!status)
        printf("registered %s in %s/registry.json; its card is %s.md\n", facts.id, args->folder,
               facts.id);
    vm_free(bytes);
    vm_free(id);
    return status;
}

/* ---- the commands ---- */

static const VmOption export_options[] = {
    {"model-arch", "NAME", "linear, mlp_small (6-16-8-1), mlp_medium (6-64-32-1)", VM_OPTION_TEXT,
     offsetof(ExportArgs, arch), .initial = "mlp_small", .parse = vm_learn_parse_arch},
    {"layers", "LIST", "other widths, inputs first: 6,32,32,1", VM_OPTION_TEXT,
     offsetof(ExportArgs, layers), .parse = vm_learn_parse_arch},
    {"output", "FILE", "the model", VM_OPTION_TEXT, offsetof(ExportArgs, output),
     .initial = "model.onnx"},
    {"loso", "FILE", "what loso --json wrote: its figures go into the model", VM_OPTION_TEXT,
     offsetof(ExportArgs, loso)},
    {"spread", "MODEL", "a collection whose spread is learned as a second output", VM_OPTION_TEXT,
     offsetof(ExportArgs, spread)},
    {0},
};

static const VmOptionTable export_tables[] = {
    {"options", export_options, 0},
    {"training", vm_learn_options, offsetof(ExportArgs, learn)},
    {"data", vm_data_options, offsetof(ExportArgs, data)},
    {0},
};

const VmCommand vm_cmd_export = {
    .name = "export",
    .summary = "Trains on all sources and writes the model to hand out, checked on all rows.",
    .tables = export_tables,
    .args_size = sizeof(ExportArgs),
    .run = run_export,
};

#define FACT(member) offsetof(RegisterArgs, facts.member)

static const VmOption register_options[] = {
    {"model-dir", "DIR", "the folder with registry.json", VM_OPTION_TEXT,
     offsetof(RegisterArgs, folder), .initial = "models/tiny", .variable = "VMAF_TINY_MODEL_DIR"},
    {"id", "ID", "the model's id, else the file's name", VM_OPTION_TEXT, FACT(id)},
    {"kind", "KIND", "fr, nr or filter", VM_OPTION_TEXT, FACT(kind), .initial = "fr"},
    {"dataset", "TEXT", "what it was trained on", VM_OPTION_TEXT, FACT(dataset)},
    {"license", "ID", "SPDX name", VM_OPTION_TEXT, FACT(license), .initial = "BSD-2-Clause-Patent"},
    {"notes", "TEXT", "what else should be known", VM_OPTION_TEXT, FACT(notes)},
    {"train-commit", "ID", "of the program that trained it", VM_OPTION_TEXT, FACT(train_commit)},
    {"train-config", "FILE", "digested into the card", VM_OPTION_TEXT, FACT(train_config)},
    {"manifest", "FILE", "of the data; digested into the card", VM_OPTION_TEXT, FACT(manifest)},
    {0},
};

static const VmOptionTable register_tables[] = {{"options", register_options, 0}, {0}};

const VmCommand vm_cmd_register = {
    .name = "register",
    .summary = "Gives a model an id, a card and an entry with its digest.",
    .operands = "MODEL.onnx",
    .min_operands = 1,
    .max_operands = 1,
    .operand_offset = offsetof(RegisterArgs, models),
    .tables = register_tables,
    .args_size = sizeof(RegisterArgs),
    .run = run_register,
};
