/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "lease.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is the locked file still the one of that name? Whoever gives a lease back removes its file first. */
static int is_current(int fd, const char *path)
{
    struct stat held, named;

    return !fstat(fd, &held) && !stat(path, &named) && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* For people who look into the folder. */
static void sign(int fd)
{
    char text[32];
    const int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0 && write(fd, text, (size_t)length) < 0) return;
}

/* A signal that does not end the program does not end the waiting either. */
static int lock(int fd, int how)
{
    int failed;

    do failed = flock(fd, how);
    while (failed && errno == EINTR);
    return failed ? -errno : 0;
}

static int take(VmLease *lease, const char *path, int how)
{
    *lease = (VmLease){-1, vm_strdup(path)};
    while (lease->path) {
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        const int err = fd < 0 ? -errno : lock(fd, how);
        if (!err && is_current(fd, path)) {
            lease->fd = fd;
            sign(fd);
            return 0;
        }
        if (fd >= 0) (void)close(fd);
        if (err) {
            vm_free(lease->path);
            lease->path = NULL;
            return err;
        }
    }
    return -ENOMEM;
}

int vm_lease_take(VmLease *lease, const char *path)
{
    return take(lease, path, LOCK_EX | LOCK_NB);
}

int vm_lease_wait(VmLease *lease, const char *path)
{
    return take(lease, path, LOCK_EX);
}

void vm_lease_give_back(VmLease *lease)
{
    if (lease->path) {
        (void)unlink(lease->path);
        (void)close(lease->fd);
        vm_free(lease->path);
    }
    *lease = (VmLease){-1, NULL};
}
