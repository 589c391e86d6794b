/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "data_args.h"

#include <string.h>

#include "number.h"
#include "source.h"

static int parse_side(const char *text, size_t length, unsigned *side)
{
    char digits[8];
    uint64_t value = 0;

    if (length == 0 || length >= sizeof(digits)) return -EINVAL;
    memcpy(digits, text, length);
    digits[length] = 0;
    if (vm_number_decimal(digits, VM_SIDE_MAX, &value) < 0 || value == 0) return -EINVAL;
    *side = (unsigned)value;
    return 0;
}

static int parse_size(const char *text, void *value, VmError *error)
{
    const size_t length = strcspn(text, "x");
    VmSize size;

    if (text[length] && !parse_side(text, length, &size.w) &&
        !parse_side(text + length + 1, strlen(text + length + 1), &size.h)) {
        *(VmSize *)value = size;
        return 0;
    }
    return vm_fail(error, -EINVAL,
                   "\"%s\" should read WIDTHxHEIGHT, each from 1 to %d, like 576x324", text,
                   VM_SIDE_MAX);
}

#define AT(member) offsetof(VmDataArgs, member)

/* clang-format off */
#define CORPUS_OPTIONS \
    {"data-root", "DIR", "the corpus: its ref/ and dis/", VM_OPTION_TEXT, AT(data_root), \
     .variable = "VMAF_DATA_ROOT"}, \
    {"assume-dims", "WxH", "geometry of raw files, before corpus.json and the ladder's rule", \
     VM_OPTION_TEXT, AT(assume), .parse = parse_size}, \
    {"max-pairs", "N", "no more pairs than that, taken from the sources in turn", \
     VM_OPTION_COUNT, AT(max_pairs), 1, 1000000}, \
    {"skip-unusable", NULL, "go on without the pairs that cannot be used", VM_OPTION_FLAG, \
     AT(skip_unusable)}
/* clang-format on */

const VmOption vm_corpus_options[] = {CORPUS_OPTIONS, {0}};

const VmOption vm_data_options[] = {
    {"data", "FILE", "rows from a CSV or NPY file instead of a corpus", VM_OPTION_TEXT, AT(data)},
    CORPUS_OPTIONS,
    {"features", "LIST", "canonical, full, or names with commas between", VM_OPTION_TEXT,
     AT(features), .initial = "canonical"},
    {"teacher", "MODEL", "version=NAME or path=FILE: a libvmaf model", VM_OPTION_TEXT, AT(teacher),
     .initial = "version=vmaf_v0.6.1", .variable = "VMAF_MODEL_PATH"},
    {"relabel", NULL, "with --data: the teacher's scores for its rows, instead of those in it",
     VM_OPTION_FLAG, AT(relabel)},
    {"cache-dir", "DIR", "where computed rows are kept; else ~/.cache/vmaf-tiny-ai", VM_OPTION_TEXT,
     AT(cache_dir), .variable = "VMAF_TINY_AI_CACHE"},
    {"cache", "MODE", "how it is used", VM_OPTION_CHOICE, AT(cache), .choices = "write|read|off",
     .initial = "write"},
    {"digest", "MODE", "an input is known by size, time and samples, or by all its bytes",
     VM_OPTION_CHOICE, AT(digest), .choices = "quick|full", .initial = "quick"},
    {"accept-legacy-cache", NULL, "use cache entries without a key, whatever made them",
     VM_OPTION_FLAG, AT(accept_legacy)},
    {"jobs", "N", "pairs at the same time; 0 = one for each core", VM_OPTION_COUNT, AT(jobs), 0,
     1024, .initial = "0"},
    {"progress", "MODE", "how progress is told", VM_OPTION_CHOICE, AT(progress),
     .choices = "auto|plain|json|none", .initial = "auto"},
    {0},
};
