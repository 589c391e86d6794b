/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Files read as a whole, with a bound on their size, and digests of files. */
#ifndef VM_INFILE_H
#define VM_INFILE_H

#include "base.h"

/* Reads a regular file of at most `most` bytes; *bytes has a 0 behind it and is freed by vm_free().
 * Returns 0, or a negative errno with the reason, which does not name the file. */
int vm_infile_read(const char *path, size_t most, void **bytes, size_t *size, VmError *error);

/* The same from a descriptor, which is taken. */
int vm_infile_read_fd(int fd, size_t most, void **bytes, size_t *size, VmError *error);

/* SHA-256 of all bytes, or (quick) of the first, the middle and the last 64 KiB. Takes fd. */
int vm_infile_digest(int fd, int quick, char hex[65]);

#endif
