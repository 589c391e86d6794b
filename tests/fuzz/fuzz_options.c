/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Command lines: an argument a line. Then each argument as a list of keys and, as a name of a score, to the
 * extractor and options that give it. */
#include <stdlib.h>
#include <string.h>

#include "args.h"

enum { ARGUMENTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_args(int argc, char **argv)
{
    VmArgs args;
    const int code = vm_args_parse(&args, argc, argv);

    if (code < 0 && !args.error[0]) abort();
    if (!code && args.action == VM_SCORE) {
        if (!args.reference || !args.distorted || args.threads > VM_THREADS_MAX) abort();
        if (args.raw_given && (!args.raw.w || args.raw.w > VM_SIDE_MAX)) abort();
        if (args.raw_given && (!args.raw.h || args.raw.h > VM_SIDE_MAX)) abort();
        if (args.n_models > VM_MODELS_MAX) abort();
    }
    vm_args_free(&args);
}

static void check_list(const char *text)
{
    VmKeyList list;

    if (vm_keylist_parse(&list, text)) abort();
    for (unsigned i = 0; i < list.n; i++)
        if (strlen(list.item[i].key) > strlen(text)) abort();
    vm_keylist_free(&list);
}

static void check_name(const char *text)
{
    VmafFeatureDictionary *options = NULL;
    const char *extractor = NULL;
    char label[256];
    VmafContext *vmaf = NULL;
    VmafExtConfig config;

    if (vmaf_ext_feature_find(text, &extractor, &options, label, sizeof(label))) {
        if (extractor || options) abort();
        return;
    }
    vmaf_ext_config_default(&config);
    config.n_threads = 1;
    config.log_level = VMAF_LOG_LEVEL_NONE;
    if (vmaf_ext_init(&vmaf, &config)) abort();
    /* what was found must be known */
    if (vmaf_use_feature(vmaf, extractor, options)) abort();
    (void)vmaf_close(vmaf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[ARGUMENTS_MAX + 2] = {"vmaf"};
    char *text = malloc(size + 1), *rest = NULL;
    int argc = 1;

    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    for (char *line = strtok_r(text, "\n", &rest); line && argc <= ARGUMENTS_MAX;
         line = strtok_r(NULL, "\n", &rest))
        argv[argc++] = line;
    check_args(argc, argv);
    for (int i = 1; i < argc; i++) {
        check_list(argv[i]);
        check_name(argv[i]);
    }
    free(text);
    return 0;
}
