/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Names of a corpus. What is accepted cannot lead out of a folder and is read the same a second time. */
#include <stdlib.h>
#include <string.h>

#include "clip_name.h"

static void check(const char *stem, enum VmNameRole role)
{
    VmClipName name;
    VmError error = {""};

    if (vm_clip_name_parse(&name, stem, role, &error) < 0) {
        if (!error.text[0]) abort();
        return;
    }
    const size_t length = strlen(name.source);
    if (!length || length > VM_STEM_MAX || strncmp(stem, name.source, length) != 0) abort();
    if (strpbrk(stem, "/.\\ \n")) abort();
    if (name.fps > VM_FPS_MAX) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    check(text, VM_NAME_REFERENCE);
    check(text, VM_NAME_DISTORTED);
    const size_t stem = vm_clip_name_stem(text);
    if (stem > strlen(text)) abort();
    (void)vm_clip_name_is_raw(text);
    free(text);
    return 0;
}
