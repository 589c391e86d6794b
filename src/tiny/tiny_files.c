/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/tiny_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tiny/graph.h"

/* ---- reading ---- */

static int fail_file(VmError *error, int code, const char *path, const char *name, const char *what)
{
    return vm_fail(error, code, "model %s%s%s: %s", path, *name ? ": " : "", name, what);
}

/* Takes the descriptor. name: of a file beside the model; "" = the model itself. */
static int read_all(int fd, VmTinyFile *file, size_t max, const char *path, const char *name,
                    VmError *error)
{
    struct stat info;
    int code = 0;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        code = fail_file(error, -EINVAL, path, name, "not a regular file");
    else if ((uint64_t)info.st_size > max)
        code = vm_fail(error, -EFBIG, "model %s%s%s: larger than %zu MiB", path, *name ? ": " : "",
                       name, max >> 20);
    else if (!(file->bytes = vm_alloc((size_t)info.st_size + 1))) code = vm_fail_memory(error);
    while (!code && file->size < (size_t)info.st_size) {
        const ssize_t n =
            read(fd, (char *)file->bytes + file->size, (size_t)info.st_size - file->size);
        if (n > 0) file->size += (size_t)n;
        else if (!n || errno != EINTR)
            code = fail_file(error, -EIO, path, name, "it cannot be read whole");
    }
    close(fd);
    return code;
}

/* O_NONBLOCK: a pipe must not hold us up before it is seen to be one. */
static int open_in(int folder, const char *name, int flags)
{
    return openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
}

int vm_tiny_file_read(VmTinyFile *file, int folder, const char *name, size_t max, const char *path,
                      VmError *error)
{
    const int fd = open_in(folder, name, O_NOFOLLOW);
    if (fd >= 0) return read_all(fd, file, max, path, name, error);
    if (errno == ENOENT) return -ENOENT;
    return fail_file(error, -errno, path, name,
                     errno == ELOOP ? "it is a link, which is not followed" : strerror(errno));
}

/* ---- a folder outside which no model is opened ---- */

/* Walks from the folder down: every part but the last is a folder, none is a link. */
static int descend(int folder, char *path, char **last)
{
    char *slash;
    while ((slash = strchr(path, '/'))) {
        *slash = 0;
        const int next = open_in(folder, path, O_DIRECTORY | O_NOFOLLOW);
        close(folder);
        if (next < 0) return -1;
        folder = next;
        path = slash + 1;
    }
    *last = path;
    return folder;
}

/* Links are resolved first; what the path leads to after that is opened without following any. */
static int open_beneath(VmTinyFiles *f, const char *root, char **name, VmError *error)
{
    char *real = realpath(f->path, NULL), *top = realpath(root, NULL), *last = NULL;
    int code = 0;
    const size_t n = top ? strlen(top) : 0;
    if (!top || !real)
        code = vm_fail(error, -errno, "cannot open %s: %s", top ? f->path : root, strerror(errno));
    else if (strncmp(real, top, n) || (n > 1 && real[n] != '/'))
        code = vm_fail(error, -EACCES, "model %s lies outside of VMAF_TINY_MODEL_DIR, %s", f->path,
                       root);
    if (!code) {
        f->folder = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        f->beneath = 1;
        if (f->folder >= 0) f->folder = descend(f->folder, real + n + (n > 1), &last);
        if (f->folder < 0)
            code = vm_fail(error, -EACCES, "cannot open model %s beneath %s", f->path, root);
        else if (!(*name = vm_strdup(last))) code = vm_fail_memory(error);
    }
    free(real);
    free(top);
    return code;
}

/* Goes up from the folder until the root is met; "/" is its own parent. No folder on the way is opened, so
 * that those which may only be searched do not matter. */
static int is_beneath(int folder, const struct stat *root)
{
    enum { DEEPEST = 1024 };
    char up[3 * DEEPEST + 2] = ".";
    struct stat here, before = {0};
    for (int i = 0; i < DEEPEST; i++) {
        if (fstatat(folder, up, &here, 0)) return 0;
        if (here.st_dev == root->st_dev && here.st_ino == root->st_ino) return 1;
        if (i && here.st_dev == before.st_dev && here.st_ino == before.st_ino) return 0;
        before = here;
        memcpy(up + 1 + 3 * i, "/..", sizeof("/.."));
    }
    return 0;
}

static int check_folder(int folder, const char *path, VmError *error)
{
    const char *root = getenv("VMAF_TINY_MODEL_DIR");
    struct stat top;
    if (!root || !*root) return 0;
    if (stat(root, &top))
        return vm_fail(error, -errno, "cannot open %s: %s", root, strerror(errno));
    if (is_beneath(folder, &top)) return 0;
    return vm_fail(error, -EACCES, "model %s lies outside of VMAF_TINY_MODEL_DIR, %s", path, root);
}

int vm_tiny_folder_open(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = vm_printf("%.*s", slash ? (int)(slash - path + 1) : 2, slash ? path : "./");
    if (!folder) return -ENOMEM;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int code = fd < 0 ? -errno : fd;
    vm_free(folder);
    return code;
}

static int open_folder(VmTinyFiles *f, char **name, VmError *error)
{
    const char *slash = strrchr(f->path, '/'), *root = getenv("VMAF_TINY_MODEL_DIR");
    if (root && *root) return open_beneath(f, root, name, error);
    *name = vm_strdup(slash ? slash + 1 : f->path);
    if (!*name) return vm_fail_memory(error);
    f->folder = vm_tiny_folder_open(f->path);
    if (f->folder >= 0) return 0;
    return vm_fail(error, f->folder, "cannot read model %s: %s", f->path, strerror(-f->folder));
}

static int read_model(VmTinyFiles *f, VmError *error)
{
    const int fd = open_in(f->folder, f->model.name, f->beneath ? O_NOFOLLOW : 0);
    if (fd < 0) return vm_fail(error, -errno, "cannot read model %s: %s", f->path, strerror(errno));
    return read_all(fd, &f->model, VM_GRAPH_MAX_FILE, f->path, "", error);
}

int vm_tiny_files_open(VmTinyFiles *f, const char *path, VmError *error)
{
    *f = (VmTinyFiles){.folder = -1, .path = path};
    VM_TRY(open_folder(f, &f->model.name, error));
    return read_model(f, error);
}

int vm_tiny_files_open_at(VmTinyFiles *f, int folder, const char *name, const char *path,
                          VmError *error)
{
    *f = (VmTinyFiles){.folder = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                       .beneath = 1,
                       .path = path,
                       .model.name = vm_strdup(name)};
    if (f->folder < 0)
        return vm_fail(error, -errno, "cannot read model %s: %s", path, strerror(errno));
    if (!f->model.name) return vm_fail_memory(error);
    VM_TRY(check_folder(f->folder, path, error));
    return read_model(f, error);
}

static void free_file(VmTinyFile *file)
{
    vm_free(file->name);
    vm_free(file->bytes);
}

void vm_tiny_files_close(VmTinyFiles *f)
{
    if (f->folder >= 0) close(f->folder);
    free_file(&f->model);
    for (unsigned i = 0; i < f->n; i++) free_file(&f->file[i]);
    *f = (VmTinyFiles){.folder = -1};
}

int vm_tiny_files_find(void *files, const char *name, const void **bytes, size_t *size,
                       VmError *error)
{
    VmTinyFiles *f = files;
    unsigned i = 0;
    while (i < f->n && strcmp(f->file[i].name, name)) i++;
    if (i == VM_TINY_MAX_FILES)
        return fail_file(error, -EINVAL, f->path, name, "it keeps data in too many files");
    if (i == f->n) {
        VmTinyFile *file = &f->file[f->n++];
        if (!(file->name = vm_strdup(name))) return vm_fail_memory(error);
        const int code =
            vm_tiny_file_read(file, f->folder, name, VM_GRAPH_MAX_FILE, f->path, error);
        if (code == -ENOENT) return fail_file(error, code, f->path, name, strerror(ENOENT));
        VM_TRY(code);
    }
    *bytes = f->file[i].bytes;
    *size = f->file[i].size;
    return 0;
}
