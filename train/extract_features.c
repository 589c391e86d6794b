/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train extract-features: fills the cache. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "data_source.h"
#include "extract.h"
#include "number.h"

typedef struct Shard {
    unsigned number, of; /* 1 .. of; 0: all */
} Shard;

typedef struct ExtractArgs {
    VmDataArgs data;
    Shard shard;
} ExtractArgs;

enum { SHARDS_MAX = 100000 };

static int parse_shard(const char *text, void *value, VmError *error)
{
    const size_t length = strcspn(text, "/");
    uint64_t number, of;
    char first[8];

    if (text[length] && length < sizeof(first)) {
        (void)snprintf(first, sizeof(first), "%.*s", (int)length, text);
        if (!vm_number_decimal(first, SHARDS_MAX, &number) &&
            !vm_number_decimal(text + length + 1, SHARDS_MAX, &of) && number >= 1 && number <= of) {
            *(Shard *)value = (Shard){(unsigned)number, (unsigned)of};
            return 0;
        }
    }
    return vm_fail(error, -EINVAL, "\"%s\" should read I/N, from 1/N to N/N, like 2/4", text);
}

static void print_summary(const VmExtraction *e, const VmDataSource *source)
{
    printf("%u pairs from the cache, %u computed, %u failed; %" PRIu64 " rows of %u features",
           e->hits, e->computed, e->failed, e->rows, source->features.n);
    if (e->dropped) printf(", %" PRIu64 " dropped since a value is not finite", e->dropped);
    printf("\nteacher %s (%.16s), epoch %s\n", source->teacher.name, source->teacher.sha256,
           vmaf_ext_epoch());
    printf("%" PRIu64 " frames computed in %.2f s", e->frames_computed, e->seconds);
    if (e->frames_computed && e->seconds > 0)
        printf(", %.2f fps", (double)e->frames_computed / e->seconds);
    printf("\n");
}

/* The pairs that can be used are done; that others could not is the last word. */
static enum VmExit run(const void *opaque, VmMessages *messages)
{
    const ExtractArgs *args = opaque;
    VmDataSource source;
    VmExtraction extraction = {
        .args = &args->data,
        .shard = args->shard.number ? args->shard.number - 1 : 0,
        .n_shards = args->shard.of,
        .must_write = 1,
    };

    if (args->data.data) {
        vm_message_error(messages, "--data: nothing is to be extracted from a file of rows");
        return VM_EXIT_USAGE;
    }
    enum VmExit status = vm_data_source_open(&source, &args->data, messages);
    if (!status) {
        status = vm_extraction_run(&extraction, &source.corpus, &source.features, &source.teacher,
                                   messages);
        print_summary(&extraction, &source);
        if (!status) status = vm_corpus_judge(&source.corpus, args->data.skip_unusable, messages);
    }
    vm_data_source_close(&source);
    return status;
}

static const VmOption own_options[] = {
    {"shard", "I/N", "only every N-th pair, beginning with number I: for several machines",
     VM_OPTION_TEXT, offsetof(ExtractArgs, shard), .parse = parse_shard},
    {0},
};

static const VmOptionTable tables[] = {
    {"options", own_options, 0},
    {"data", vm_data_options, offsetof(ExtractArgs, data)},
    {0},
};

const VmCommand vm_cmd_extract = {
    .name = "extract-features",
    .summary = "Computes features and the teacher's scores of all pairs, and keeps them.",
    .tables = tables,
    .args_size = sizeof(ExtractArgs),
    .run = run,
    .notes = "It can be stopped at any time and started again, also several times at once.",
};
