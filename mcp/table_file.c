/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "table_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"
#include "split.h"
#include "table.h"

/* ---- files ---- */

static int refuse(const char *path, int code, const char *why, VmError *error)
{
    char shown[160];

    vm_roots_printable(path, shown, sizeof(shown));
    return vm_fail(error, code, "table \"%s\": %s", shown, why);
}

/* By its first bytes, whatever it is called. */
static int read_stream(FILE *file, const char *path, const char *features, const VmWatch *watch,
                       VmDataset **dataset, VmError *error)
{
    char head[4] = {0};
    VmError why = {{0}};

    const size_t held = fread(head, 1, sizeof(head), file);
    rewind(file);
    if (held == sizeof(head) && !memcmp(head, "PAR1", sizeof(head)))
        return refuse(path, -ENOTSUP,
                      "Parquet is not read; convert it to CSV, e.g. python3 -c \"import pandas; "
                      "pandas.read_parquet('X.parquet').to_csv('X.csv', index=False)\"",
                      error);
    const int code = (unsigned char)head[0] == 0x93
                         ? vm_npy_read(file, features, watch, dataset, &why)
                         : vm_csv_read(file, features, watch, dataset, &why);
    return code == -ECANCELED ? vm_fail(error, code, "cancelled")
           : code             ? refuse(path, code, why.text, error)
                              : 0;
}

/* Before anything is read: holes cost no disk, so that a file of any size is soon made. */
static int check_size(FILE *file, const char *path, VmError *error)
{
    struct stat st;
    char why[64];

    if (fstat(fileno(file), &st)) return refuse(path, -errno, strerror(errno), error);
    if (st.st_size <= (off_t)VM_TABLE_FILE_MAX_MIB << 20) return 0;
    (void)snprintf(why, sizeof(why), "it has more than %d MiB", VM_TABLE_FILE_MAX_MIB);
    return refuse(path, -EFBIG, why, error);
}

static int read_file(const VmRoots *roots, const char *path, const char *features,
                     const VmWatch *watch, VmDataset **dataset, VmError *error)
{
    const int fd = vm_roots_open_file(roots, path, error);

    if (fd < 0) return fd;
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return vm_fail_memory(error);
    }
    int code = check_size(file, path, error);
    if (!code) code = read_stream(file, path, features, watch, dataset, error);
    (void)fclose(file);
    return code;
}

/* ---- a corpus ---- */

/* The caller's name of the folder in place of the descriptor's. */
static int refuse_corpus(const char *path, const char *name, int code, const char *why,
                         VmError *error)
{
    const char *at = strstr(why, name);
    VmError full;

    if (!at) return refuse(path, code, why, error);
    (void)snprintf(full.text, sizeof(full.text), "%.*s%.400s%s", (int)VM_MIN(at - why, 300), why,
                   path, at + strlen(name));
    return refuse(path, code, full.text, error);
}

static int is_link(int folder, const char *name)
{
    struct stat st;

    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* Takes fd. 1 if one of its entries is a link. */
static int has_links(int fd)
{
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int found = 0;

    if (!dir && fd >= 0) close(fd);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));)
        found = is_link(dirfd(dir), entry->d_name);
    if (dir) closedir(dir);
    return found;
}

/* The trainer opens the files of a corpus by name: none of them may lead elsewhere. */
static int check_corpus(int folder, const char *path, VmError *error)
{
    static const char *const parts[] = {".", "ref", "dis"};

    for (size_t i = 0; i < VM_COUNT(parts); i++)
        if (has_links(openat(folder, parts[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
            return refuse(path, -ELOOP, "a corpus with symbolic links in it is not read", error);
    return 0;
}

/* The trainer takes a path: that of the descriptor is always the folder that was opened. */
static int read_corpus(int folder, const char *path, const char *features, const VmWatch *watch,
                       VmDataset **dataset, VmError *error)
{
    char name[64];
    VmMessages messages;
    VmDataArgs args = {.data_root = name,
                       .cache = VM_CACHE_WRITE,
                       .cache_dir = getenv("VMAF_TINY_AI_CACHE"),
                       .features = features,
                       .teacher = "version=vmaf_v0.6.1",
                       .progress = VM_PROGRESS_NONE,
                       .watch = watch};

    VM_TRY(check_corpus(folder, path, error));
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", folder);
    vm_messages_init(&messages, "vmaf-mcp");
    const enum VmExit status = vm_dataset_load(dataset, &args, &messages);
    const int code = status
                         ? refuse_corpus(path, name, status == VM_EXIT_INTERNAL ? -ENOMEM : -EINVAL,
                                         messages.error, error)
                         : 0;
    vm_messages_free(&messages);
    return code;
}

static int is_folder(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int read_any(const VmRoots *roots, const char *path, const char *features,
                    const VmWatch *watch, VmDataset **dataset, VmError *error)
{
    const int folder = vm_roots_open_folder(roots, path, NULL);
    const int code = is_folder(folder) ? read_corpus(folder, path, features, watch, dataset, error)
                                       : read_file(roots, path, features, watch, dataset, error);

    if (folder >= 0) close(folder);
    return code;
}

/* ---- the part ---- */

static int take_all(VmTableFile *table)
{
    table->n = table->dataset->n;
    table->rows = vm_alloc_array(table->n + 1, sizeof(*table->rows));
    for (size_t i = 0; table->rows && i < table->n; i++) table->rows[i] = (uint32_t)i;
    return table->rows ? 0 : -ENOMEM;
}

/* Readers call a clip without a key "data". */
static int has_keys(const VmDataset *d)
{
    return d->n_clips != 1 || strcmp(d->clips[0].key, "data") != 0;
}

static int take_part(VmTableFile *table, const char *name)
{
    VmSplit split;

    if (!strcmp(name, "all") || !has_keys(table->dataset)) return take_all(table);
    if (vm_split_hash(&split, table->dataset, 1)) return -ENOMEM;
    for (int part = 0; part < VM_N_PARTS; part++) {
        if (strcmp(name, vm_part_name((enum VmPart)part)) != 0) continue;
        table->rows = split.rows[part];
        table->n = split.n[part];
        split.rows[part] = NULL;
    }
    vm_split_free(&split);
    return 0;
}

int vm_table_file_open(VmTableFile *table, const VmRoots *roots, const char *path,
                       const char *features, const char *part, const VmWatch *watch, VmError *error)
{
    *table = (VmTableFile){NULL};
    VM_TRY(read_any(roots, path, features, watch, &table->dataset, error));
    if (vm_watch_cancelled(watch)) return vm_fail(error, -ECANCELED, "cancelled");
    if (take_part(table, part)) return vm_fail_memory(error);
    if (table->n >= 2) return 0;
    return vm_fail(
        error, -EINVAL,
        "the part \"%s\" of the table has %zu rows, and 2 are needed: choose another split, e.g. "
        "\"all\" (%zu rows, %u clips)",
        part, table->n, table->dataset->n, table->dataset->n_clips);
}

void vm_table_file_close(VmTableFile *table)
{
    vm_dataset_free(table->dataset);
    vm_free(table->rows);
    *table = (VmTableFile){NULL};
}
