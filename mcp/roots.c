/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "roots.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"

enum {
    NAME_SHOWN = 160,
    TEMPORARY_TRIES = 100,
    /* O_NONBLOCK: a FIFO is opened without waiting for its writer, and then refused. */
    FILE_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
    FOLDER_FLAGS = O_PATH | O_CLOEXEC | O_DIRECTORY,
};

void vm_roots_printable(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; text[n] && n + 1 < size; n++) {
        const unsigned char c = (unsigned char)text[n];
        out[n] = c < 0x20 || c == 0x7f ? '?' : text[n];
    }
    /* a character of several bytes is not cut in two */
    if (text[n])
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    out[n] = 0;
}

/* ---- opening beneath a folder ---- */

static int open_in(const VmRoots *roots, int folder, const char *path, int flags)
{
    return roots->walk ? vm_beneath_walk(folder, path, flags)
                       : vm_beneath_open(folder, path, flags);
}

/* ---- the roots ---- */

static int add_root(VmRoots *roots, const char *text, size_t length, VmError *error)
{
    char path[PATH_MAX], real[PATH_MAX];

    while (length > 1 && text[length - 1] == '/') length--;
    if (length >= sizeof(path))
        return vm_fail(error, -ENAMETOOLONG, "an allowed folder's name is too long");
    memcpy(path, text, length);
    path[length] = 0;
    const int fd = open(path, FOLDER_FLAGS);
    if (fd < 0 || !realpath(path, real)) {
        const int code = -errno;
        if (fd >= 0) close(fd);
        return vm_fail(error, code, "cannot open the allowed folder %s: %s", path, strerror(-code));
    }
    VmRoot *grown = vm_realloc(roots->root, (roots->n + 1) * sizeof(*grown));
    if (!grown) {
        close(fd);
        return vm_fail_memory(error);
    }
    roots->root = grown;
    grown[roots->n++] = (VmRoot){.path = vm_strdup(path), .real = vm_strdup(real), .fd = fd};
    if (!grown[roots->n - 1].path || !grown[roots->n - 1].real) return vm_fail_memory(error);
    roots->walk = roots->walk || !vm_beneath_follows(fd);
    return 0;
}

int vm_roots_open(VmRoots *roots, const char *list, VmError *error)
{
    *roots = (VmRoots){0};
    while (list && *list) {
        const size_t length = strcspn(list, ":");
        if (length) VM_TRY(add_root(roots, list, length, error));
        list += length + (list[length] == ':');
    }
    return 0;
}

void vm_roots_close(VmRoots *roots)
{
    for (unsigned i = 0; i < roots->n; i++) {
        close(roots->root[i].fd);
        vm_free(roots->root[i].path);
        vm_free(roots->root[i].real);
    }
    vm_free(roots->root);
    *roots = (VmRoots){0};
}

/* ---- names ---- */

/* What is left of path behind the folder, or NULL if it does not begin with it. "/" is a folder
 * too. */
static const char *behind(const char *path, const char *folder)
{
    const size_t length = strcmp(folder, "/") ? strlen(folder) : 0;

    if (strncmp(path, folder, length) || (path[length] && path[length] != '/')) return NULL;
    return path + length + strspn(path + length, "/");
}

static const char *rest_of(const VmRoot *root, const char *path)
{
    if (*path != '/') return path;
    const char *rest = behind(path, root->path);
    return rest ? rest : behind(path, root->real);
}

static int has_dotdot(const char *path)
{
    while (*path) {
        const size_t length = strcspn(path, "/");
        if (length == 2 && !memcmp(path, "..", 2)) return 1;
        path += length + strspn(path + length, "/");
    }
    return 0;
}

/* "/videos, /models" */
static void list_roots(const VmRoots *roots, char *text, size_t size)
{
    size_t used = 0;

    *text = 0;
    for (unsigned i = 0; i < roots->n && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", roots->root[i].path);
}

static int refuse(const VmRoots *roots, const char *path, int code, const char *why, VmError *error)
{
    char name[NAME_SHOWN], allowed[512];

    vm_roots_printable(path, name, sizeof(name));
    list_roots(roots, allowed, sizeof(allowed));
    if (!roots->n)
        return vm_fail(error, code,
                       "\"%s\" cannot be opened: no folder is allowed; start the server with "
                       "VMAF_MCP_ALLOW=DIR:DIR or --allow DIR",
                       name);
    return vm_fail(error, code, "\"%s\" %s; allowed folders: %s", name, why, allowed);
}

static const char *reason(const VmRoots *roots, int code)
{
    switch (code) {
    case -EXDEV: return "leads out of the allowed folders";
    case -ELOOP:
        return roots->walk ? "goes through a symbolic link" : "goes through a loop of links";
    case -ENOENT: return "does not exist beneath an allowed folder";
    case -EACCES: return "cannot be read by the server";
    default: return NULL;
    }
}

static int refuse_code(const VmRoots *roots, const char *path, int code, VmError *error)
{
    char text[128];
    const char *why = reason(roots, code);

    if (!why) (void)snprintf(text, sizeof(text), "cannot be opened: %s", strerror(-code));
    return refuse(roots, path, code, why ? why : text, error);
}

/* The first root that has it. The reason of a failure is that of a root where more was found
 * than nothing. */
static int open_any(const VmRoots *roots, const char *path, int flags, VmError *error)
{
    int code = -EXDEV;

    if (!*path) return vm_fail(error, -EINVAL, "a file name is empty");
    if (has_dotdot(path)) return refuse(roots, path, -EXDEV, "has a \"..\" in it", error);
    for (unsigned i = 0; i < roots->n; i++) {
        const char *rest = rest_of(&roots->root[i], path);
        if (!rest) continue;
        const int fd = open_in(roots, roots->root[i].fd, *rest ? rest : ".", flags);
        if (fd >= 0) return fd;
        if (code == -EXDEV || code == -ENOENT) code = fd;
    }
    return refuse_code(roots, path, code, error);
}

int vm_roots_open_file(const VmRoots *roots, const char *path, VmError *error)
{
    struct stat st;
    const int fd = open_any(roots, path, FILE_FLAGS, error);

    if (fd < 0) return fd;
    int code = fstat(fd, &st) ? -errno : 0;
    if (!code && S_ISDIR(st.st_mode))
        code = refuse(roots, path, -EISDIR, "is a folder, not a file", error);
    else if (!code && !S_ISREG(st.st_mode))
        code = refuse(roots, path, -EINVAL, "is not a regular file", error);
    else if (!code && fcntl(fd, F_SETFL, 0)) code = -errno;
    if (!code) return fd;
    close(fd);
    return code;
}

int vm_roots_open_folder(const VmRoots *roots, const char *path, VmError *error)
{
    return open_any(roots, path, FOLDER_FLAGS, error);
}

/* ---- whole files ---- */

static int read_whole(int fd, char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        const ssize_t got = pread(fd, bytes + at, size - at, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? -errno : -EIO;
        at += (size_t)got;
    }
    return 0;
}

int vm_roots_read_all(int fd, const char *name, size_t most, void **bytes, size_t *size,
                      VmError *error)
{
    struct stat st;
    char *data = NULL, shown[NAME_SHOWN];
    int code = fstat(fd, &st) ? -errno : 0;

    vm_roots_printable(name, shown, sizeof(shown));
    if (!code && (uint64_t)st.st_size > most)
        code = vm_fail(error, -EFBIG, "\"%s\" is larger than %zu bytes", shown, most);
    else if (!code && !(data = vm_alloc((size_t)st.st_size + 1))) code = vm_fail_memory(error);
    else if (!code && (code = read_whole(fd, data, (size_t)st.st_size)))
        (void)vm_fail(error, code, "\"%s\" cannot be read: %s", shown, strerror(-code));
    close(fd);
    if (code) {
        vm_free(data);
        return code;
    }
    *bytes = data;
    *size = (size_t)st.st_size;
    return 0;
}

static int write_whole(int fd, const char *bytes, size_t size)
{
    while (size) {
        const ssize_t put = write(fd, bytes, size);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -errno;
        bytes += put;
        size -= (size_t)put;
    }
    return fsync(fd) ? -errno : 0;
}

/* A new file for what is to be called name. One that is there may be another call's, or a dead server's: in a
 * container every process has the same number. */
static int open_temporary(int folder, const char *name, char temporary[NAME_MAX + 1])
{
    for (int k = 0; k < TEMPORARY_TRIES; k++) {
        if (snprintf(temporary, NAME_MAX + 1, ".%s.%ld.%d.tmp", name, (long)getpid(), k) > NAME_MAX)
            return -ENAMETOOLONG;
        const int fd =
            openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0) return fd;
        if (errno != EEXIST) return -errno;
    }
    return -EBUSY;
}

/* linkat() fails where rename() would replace. */
static int write_into(int folder, const char *name, const void *bytes, size_t size)
{
    char temporary[NAME_MAX + 1];
    const int fd = open_temporary(folder, name, temporary);

    if (fd < 0) return fd;
    int code = write_whole(fd, bytes, size);
    if (close(fd) && !code) code = -errno;
    if (!code && linkat(folder, temporary, folder, name, 0)) code = -errno;
    (void)unlinkat(folder, temporary, 0);
    return code;
}

/* "a/b.onnx" in "a" and "b.onnx". */
static int open_parent(const VmRoots *roots, const char *path, const char **name, VmError *error)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 0;

    *name = slash ? slash + 1 : path;
    if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..") || length >= sizeof(parent))
        return refuse(roots, path, -EINVAL, "does not name a file", error);
    memcpy(parent, path, length);
    parent[length] = 0;
    return vm_roots_open_folder(roots, length ? parent : slash ? "/" : ".", error);
}

/* A relative path can mean several folders: that which has the file counts. */
int vm_roots_open_parent(const VmRoots *roots, const char *path, const char **name, VmError *error)
{
    struct stat st;

    const int fd = vm_roots_open_file(roots, path, error);
    if (fd < 0) return fd;
    close(fd);
    for (unsigned i = 0; i < roots->n; i++) {
        const VmRoots one = {.root = &roots->root[i], .n = 1, .walk = roots->walk};
        const int folder = open_parent(&one, path, name, NULL);
        if (folder < 0) continue;
        if (fstatat(folder, *name, &st, AT_SYMLINK_NOFOLLOW) == 0) return folder;
        close(folder);
    }
    return refuse_code(roots, path, -ENOENT, error);
}

static int refuse_new(const VmRoots *roots, const char *path, int code, VmError *error)
{
    char why[128];

    if (code == -EEXIST)
        return refuse(roots, path, code, "exists already: choose another name", error);
    (void)snprintf(why, sizeof(why), "cannot be written: %s", strerror(-code));
    return refuse(roots, path, code, why, error);
}

int vm_roots_check_new(const VmRoots *roots, const char *path, VmError *error)
{
    const char *name;
    struct stat st;
    char self[64];
    const int folder = open_parent(roots, path, &name, error);

    if (folder < 0) return folder;
    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", folder);
    int code = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : -EEXIST;
    if (!code && access(self, W_OK)) code = -errno;
    close(folder);
    return code ? refuse_new(roots, path, code, error) : 0;
}

int vm_roots_create_file(const VmRoots *roots, const char *path, const void *bytes, size_t size,
                         VmError *error)
{
    const char *name;
    const int folder = open_parent(roots, path, &name, error);

    if (folder < 0) return folder;
    const int code = write_into(folder, name, bytes, size);
    close(folder);
    return code ? refuse_new(roots, path, code, error) : 0;
}
