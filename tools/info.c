/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "info.h"

#include <stdio.h>

#include "decode.h"
#include "libvmaf/vmaf_ext.h"

static void print_inputs(void)
{
    char why[512];
    const VmDecodeModule *module = vm_decode_load(why, sizeof(why));

    if (module) printf("inputs: raw yuv, y4m, FFmpeg (%s)\n", module->libraries);
    else printf("inputs: raw yuv, y4m (%s)\n", why);
}

void vm_info_version(uint64_t cpumask)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};

    printf("tinyvmaf %s\n", vmaf_ext_version());
    printf("libvmaf: %s\n", vmaf_version());
    printf("epoch: %s\n", vmaf_ext_epoch());
    printf("cpu: %s\n", vmaf_ext_cpu_level(cpumask));
    printf("features:");
    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++) printf(" %s", info.name);
    printf("\n");
    print_inputs();
}

void vm_info_models(void)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++) {
        printf("%-28s %s", info.version, info.embedded ? "built in" : "not in this build");
        if (info.is_collection) printf(", bootstrap collection");
        if (info.missing)
            printf(", needs %s, which this engine does not compute yet", info.missing);
        printf("\n");
    }
    VmafTinyInfo tiny = {.struct_size = sizeof(tiny)};
    for (unsigned i = 0; vmaf_ext_tiny_info(i, &tiny) == 0; i++)
        printf("%-28s tiny, built in%s%s\n", tiny.id, *tiny.description ? ": " : "",
               tiny.description);
}

void vm_info_features(void)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++)
        printf("%-16s %s\n", info.name, info.description);
}
