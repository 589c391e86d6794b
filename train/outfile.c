/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "outfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 };

static int refuse(const VmOutFile *out, int err, VmError *error)
{
    return vm_fail(error, -err, "cannot write \"%s\": %s", out->path, strerror(err));
}

static void release(VmOutFile *out)
{
    vm_free(out->path);
    vm_free(out->temporary);
    *out = (VmOutFile){NULL};
}

/* A new file beside the target. Returns a descriptor, or a negative errno. */
static int open_beside(VmOutFile *out)
{
    for (int k = 0; k < TRIES; k++) {
        vm_free(out->temporary);
        out->temporary = vm_printf("%s.%ld.%d.tmp", out->path, (long)getpid(), k);
        if (!out->temporary) return -ENOMEM;
        const int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) return fd;
        const int err = errno;
        if (err != EEXIST) {
            vm_free(out->temporary);
            out->temporary = NULL;
            return -err;
        }
    }
    return -EEXIST;
}

/* What a link leads to, so that renaming replaces that and not the link. */
static int follow(VmOutFile *out)
{
    char *real = realpath(out->path, NULL);
    char *copy = real ? vm_strdup(real) : NULL;

    free(real);          /* realpath's own allocation */
    if (!real) return 0; /* a new file */
    if (!copy) return -ENOMEM;
    vm_free(out->path);
    out->path = copy;
    return 0;
}

static int open_target(VmOutFile *out)
{
    struct stat st;

    if (!stat(out->path, &st) && S_ISDIR(st.st_mode)) return -EISDIR;
    if (!stat(out->path, &st) && !S_ISREG(st.st_mode)) {
        const int fd = open(out->path, O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    VM_TRY(follow(out));
    return open_beside(out);
}

/* Takes the descriptor, or hands a negative errno on. */
static int open_stream(VmOutFile *out, int fd)
{
    if (fd < 0) return fd;
    out->file = fdopen(fd, "wb");
    if (out->file) return 0;
    const int err = errno;
    (void)close(fd);
    if (out->temporary) (void)unlink(out->temporary);
    return -err;
}

static int open_with(VmOutFile *out, const char *path, int (*open_target_of)(VmOutFile *out),
                     VmError *error)
{
    *out = (VmOutFile){.path = vm_strdup(path)};
    if (!out->path) return vm_fail_memory(error);
    const int err = open_stream(out, open_target_of(out));
    if (err == 0) return 0;
    (void)refuse(out, -err, error);
    release(out);
    return err;
}

int vm_outfile_open(VmOutFile *out, const char *path, VmError *error)
{
    if (strcmp(path, "-") != 0) return open_with(out, path, open_target, error);
    *out = (VmOutFile){.file = stdout, .path = vm_strdup("standard output")};
    return out->path ? 0 : vm_fail_memory(error);
}

int vm_outfile_replace(VmOutFile *out, const char *path, VmError *error)
{
    return open_with(out, path, open_beside, error);
}

/* Everything is on the disk; the stream is closed. */
static int settle(VmOutFile *out)
{
    errno = 0;
    int err = fflush(out->file) || ferror(out->file) ? (errno ? errno : EIO) : 0;

    if (out->file == stdout) return err; /* it stays open */
    if (!err && out->temporary && fsync(fileno(out->file))) err = errno;
    if (fclose(out->file) && !err) err = errno;
    return err;
}

int vm_outfile_finish(VmOutFile *out, int code, VmError *error)
{
    int err = settle(out);

    if (!code && !err && out->temporary && rename(out->temporary, out->path)) err = errno;
    if ((code || err) && out->temporary) (void)unlink(out->temporary);
    if (!code && err) code = refuse(out, err, error);
    release(out);
    return code;
}

int vm_outfile_write(const char *path, const void *bytes, size_t size, VmError *error)
{
    VmOutFile out;

    VM_TRY(vm_outfile_open(&out, path, error));
    (void)fwrite(bytes, 1, size, out.file); /* finishing looks at the stream's error */
    return vm_outfile_finish(&out, 0, error);
}

static int make_one(const char *path, VmError *error)
{
    struct stat st;

    if (!mkdir(path, 0777) || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode)))
        return 0;
    return vm_fail(error, -errno, "cannot make the folder \"%s\": %s", path, strerror(errno));
}

int vm_outfile_make_folder(const char *path, VmError *error)
{
    char *copy = vm_strdup(path);
    int err = copy ? 0 : vm_fail_memory(error);

    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; !err && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        err = make_one(copy, error);
        *slash = '/';
    }
    if (!err) err = make_one(copy, error);
    vm_free(copy);
    return err;
}
