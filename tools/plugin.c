/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Finds and loads the decoder module: beside the program, else where it was installed. */
#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "decode.h"

static const char module_name[] = "vmaf-decode.so";

/* subdir is "" or ends in a slash. */
static int path_beside(const char *subdir, char *path, size_t size)
{
    char exe[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (length <= 0) return 0;
    exe[length] = 0;
    char *slash = strrchr(exe, '/');
    if (!slash) return 0;
    *slash = 0;
    return snprintf(path, size, "%s/%s%s", exe, subdir, module_name) < (int)size;
}

/* In a build tree the programs have folders of their own, side by side. */
static int locate(char *path, size_t size)
{
    if (path_beside("", path, size) && !access(path, R_OK)) return 1;
    if (path_beside("../tools/", path, size) && !access(path, R_OK)) return 1;
    return snprintf(path, size, "%s/%s", VM_MODULE_DIR, module_name) < (int)size &&
           !access(path, R_OK);
}

static const VmDecodeModule *check(const VmDecodeModule *module, const char *path, char *error,
                                   size_t size)
{
    if (module && module->source_size == sizeof(VmSource) &&
        !strcmp(module->build, VM_TOOL_VERSION))
        return module;
    (void)snprintf(error, size, "%s belongs to another build of vmaf: reinstall both", path);
    return NULL;
}

/* The handle stays open until the process ends: FFmpeg keeps threads and tables of its own. */
const VmDecodeModule *vm_decode_load(char *error, size_t size)
{
    char path[PATH_MAX];

    if (!locate(path, sizeof(path))) {
        (void)snprintf(
            error, size,
            "this build reads raw yuv and y4m only; for other formats install "
            "libavformat-dev, libavcodec-dev, libavutil-dev and libswscale-dev and build "
            "vmaf again");
        return NULL;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        (void)snprintf(error, size, "the decoder module cannot be loaded: %s",
                       why ? why : "unknown reason");
        return NULL;
    }
    return check(dlsym(handle, VM_DECODE_SYMBOL), path, error, size);
}
