/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* corpus.json: what is accepted answers with geometries and groups within their bounds. */
#include <stdlib.h>
#include <string.h>

#include "clip_name.h"
#include "corpus_json.h"

static void check_listed(VmListed listed)
{
    if (!listed.raw.w != !listed.raw.h) abort();
    if (listed.raw.w > VM_SIDE_MAX || listed.raw.h > VM_SIDE_MAX) abort();
    if (listed.fps > VM_FPS_MAX) abort();
    if (listed.raw.bpc > 16 || (!listed.raw.bpc && listed.raw.pix_fmt)) abort();
}

static void check_source(void *opaque, const char *name)
{
    const VmCorpusJson *json = opaque;
    const char *group = vm_corpus_json_group(json, name);

    check_listed(vm_corpus_json_find(json, "dis/A_1_2_3.yuv", name));
    if (group && (!*group || strlen(group) > VM_STEM_MAX || strpbrk(group, "/."))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VmCorpusJson json = {NULL};
    VmError error = {""};

    if (vm_corpus_json_add(&json, "dis/A_1_2_3.yuv", (const char *)data, size, &error) == 0)
        check_listed(vm_corpus_json_find(&json, "dis/A_1_2_3.yuv", "A"));
    vm_corpus_json_free(&json);
    error.text[0] = 0;
    if (vm_corpus_json_parse(&json, (const char *)data, size, &error) < 0) {
        if (!error.text[0] || json.root) abort();
        return 0;
    }
    check_listed(vm_corpus_json_find(&json, "dis/A_1_2_3.yuv", "A"));
    vm_corpus_json_sources(&json, check_source, &json);
    vm_corpus_json_free(&json);
    return 0;
}
