/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The files of a tiny model: each is read once, whole, and not opened again. */
#ifndef VM_TINY_FILES_H
#define VM_TINY_FILES_H

#include <stddef.h>

#include "base.h"

enum { VM_TINY_MAX_FILES = 4 }; /* that a model keeps data in */

typedef struct VmTinyFile {
    char *name;
    void *bytes;
    size_t size;
} VmTinyFile;

typedef struct VmTinyFiles {
    int folder;  /* descriptor; -1: closed */
    int beneath; /* links were resolved: no more are followed */
    const char *path;
    VmTinyFile model, file[VM_TINY_MAX_FILES];
    unsigned n;
} VmTinyFiles;

/* Opens the folder of a file: a descriptor, or -errno. */
int vm_tiny_folder_open(const char *path);

/* Reads a regular file of the folder, of at most max bytes, that is no link. name stays the caller's,
 * file->bytes is allocated. -ENOENT, without a sentence: there is none. path is the model's, for sentences. */
int vm_tiny_file_read(VmTinyFile *file, int folder, const char *name, size_t max, const char *path,
                      VmError *error);

/* Reads the model; path stays the caller's. files is ready for vm_tiny_files_close() also on failure. */
int vm_tiny_files_open(VmTinyFiles *files, const char *path, VmError *error);

/* The same for the file `name` of an open folder, which stays the caller's; no link is followed. */
int vm_tiny_files_open_at(VmTinyFiles *files, int folder, const char *name, const char *path,
                          VmError *error);
void vm_tiny_files_close(VmTinyFiles *files);

/* A VmOnnxFile: a regular file of the model's folder that is no link. */
int vm_tiny_files_find(void *files, const char *name, const void **bytes, size_t *size,
                       VmError *error);

/* What MODEL.json says of MODEL.onnx, in any of the spellings in use. */
typedef struct VmTinySidecar {
    char *features; /* comma list; NULL: unknown */
    float *mean, *std;
    unsigned n_scaling; /* 0: unknown */
    float *side;        /* values for a second input that take no side */
    unsigned n_side;
    char *side_text; /* the same in words */
} VmTinySidecar;

/* All zero if there is none; -EINVAL if it is no JSON or describes another file. */
int vm_tiny_sidecar_read(VmTinySidecar *sidecar, const VmTinyFiles *files, VmError *error);
void vm_tiny_sidecar_free(VmTinySidecar *sidecar);

#endif
