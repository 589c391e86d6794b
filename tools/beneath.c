/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

enum { RACE_TRIES = 32, FOLDER_FLAGS = O_PATH | O_CLOEXEC | O_DIRECTORY };

static int open_resolved(int folder, const char *path, int flags)
{
#ifdef SYS_openat2
    const struct open_how how = {.flags = (uint64_t)flags,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

    /* EAGAIN: something was renamed while the kernel looked. */
    for (int i = 0; i < RACE_TRIES; i++) {
        const long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd >= 0) return (int)fd;
        if (errno != EAGAIN && errno != EINTR) return -errno;
    }
    return -EAGAIN;
#else
    (void)folder, (void)path, (void)flags;
    return -ENOSYS;
#endif
}

int vm_beneath_walk(int folder, const char *path, int flags)
{
    char name[NAME_MAX + 1];
    int at = folder;

    if (*path == '/') return -EXDEV;
    for (;;) {
        const size_t length = strcspn(path, "/");
        const char *rest = path + length + strspn(path + length, "/");
        const int last = flags | (path[length] ? O_DIRECTORY : 0); /* "name/" is a folder */
        int fd = -ENAMETOOLONG;
        if (length == 2 && !memcmp(path, "..", 2)) fd = -EXDEV;
        else if (length < sizeof(name)) {
            memcpy(name, path, length);
            name[length] = 0;
            fd = openat(at, name, (*rest ? FOLDER_FLAGS : last) | O_NOFOLLOW);
            if (fd < 0) fd = -errno;
        }
        if (at != folder) (void)close(at);
        if (fd < 0 || !*rest) return fd;
        at = fd;
        path = rest;
    }
}

/* Old container sandboxes answer EPERM where the kernel would say ENOSYS. */
static int is_unknown(int code)
{
    return code == -ENOSYS || code == -EPERM;
}

int vm_beneath_open(int folder, const char *path, int flags)
{
    const int fd = open_resolved(folder, path, flags);

    return is_unknown(fd) ? vm_beneath_walk(folder, path, flags) : fd;
}

int vm_beneath_follows(int folder)
{
    const int fd = open_resolved(folder, ".", FOLDER_FLAGS);

    if (fd >= 0) (void)close(fd);
    return fd >= 0;
}
