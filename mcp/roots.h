/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The folders whose files a client may name. Each is opened once, when the server starts; a file
 * is opened beneath one of them and goes on as a descriptor, so that nothing can be exchanged
 * between the check and the use. Links that lead out, "..", magic links, FIFOs and devices are
 * refused. */
#ifndef VM_ROOTS_H
#define VM_ROOTS_H

#include "base.h"

typedef struct VmRoot {
    char *path; /* as given, without trailing slashes */
    char *real; /* with links resolved */
    int fd;
} VmRoot;

typedef struct VmRoots {
    VmRoot *root;
    unsigned n;
    int walk; /* 1: openat2() is not to be had; links beneath the roots are refused altogether */
} VmRoots;

/* list is "DIR:DIR:..."; NULL and "" allow nothing. Returns 0 or a negative errno with a
 * sentence. Close it in both cases. */
int vm_roots_open(VmRoots *roots, const char *list, VmError *error);

void vm_roots_close(VmRoots *roots);

/* A relative path is looked for beneath each root in turn. Returns a descriptor of a regular
 * file, open for reading, or a negative errno with a sentence that names the roots. */
int vm_roots_open_file(const VmRoots *roots, const char *path, VmError *error);

/* A folder; the descriptor only names it (O_PATH). */
int vm_roots_open_folder(const VmRoots *roots, const char *path, VmError *error);

/* The folder of a file, by which the files beside it can be opened, too; *name is the file's,
 * behind the last slash of path. */
int vm_roots_open_parent(const VmRoots *roots, const char *path, const char **name, VmError *error);

/* Writes a new file whole or not at all; one that is there already is -EEXIST and stays. */
int vm_roots_create_file(const VmRoots *roots, const char *path, const void *bytes, size_t size,
                         VmError *error);

/* Could that be written? For telling it before hours of work. */
int vm_roots_check_new(const VmRoots *roots, const char *path, VmError *error);

/* Reads a descriptor from its start to its end, at most `most` bytes; takes the descriptor.
 * *bytes has a 0 behind it and is freed by vm_free(). name is for the sentence. */
int vm_roots_read_all(int fd, const char *name, size_t most, void **bytes, size_t *size,
                      VmError *error);

/* text for messages: control characters become "?", what is longer is cut. */
void vm_roots_printable(const char *text, char *out, size_t size);

#endif
