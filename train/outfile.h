/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A file that appears whole or not at all: written under a temporary name in the same folder, synced and
 * renamed. Devices and pipes are written in place; a link keeps pointing to the file it names. */
#ifndef VM_OUTFILE_H
#define VM_OUTFILE_H

#include <stdio.h>

#include "base.h"

typedef struct VmOutFile {
    FILE *file;             /* write here; "-" is standard output */
    char *path, *temporary; /* temporary NULL: it is written in place */
} VmOutFile;

/* Returns 0, or a negative errno with the reason in error and nothing to finish. */
int vm_outfile_open(VmOutFile *out, const char *path, VmError *error);

/* The same for a name that is ours alone: whatever has it is replaced, a link or a pipe too. */
int vm_outfile_replace(VmOutFile *out, const char *path, VmError *error);

/* The file gets its name if code is 0 and all bytes arrived; else what was written is removed. Returns
 * code, or a negative errno with the reason in error. */
int vm_outfile_finish(VmOutFile *out, int code, VmError *error);

/* Both in one. */
int vm_outfile_write(const char *path, const void *bytes, size_t size, VmError *error);

/* The folder and those above it; one that is there already is fine. */
int vm_outfile_make_folder(const char *path, VmError *error);

#endif
