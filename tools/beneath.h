/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Opening files beneath a folder, wherever names and links would lead. */
#ifndef VM_BENEATH_H
#define VM_BENEATH_H

/* Opens a relative path with the flags of open(), and O_NONBLOCK among them if it may be a FIFO. Links are
 * followed while they stay beneath; a kernel before 5.6, or a sandbox that knows only those, cannot do that
 * safely, so that there none are followed. Returns a descriptor or a negative errno: -EXDEV the path leads out,
 * -ELOOP a link that is not followed. */
int vm_beneath_open(int folder, const char *path, int flags);

/* The same one component after another, none of them a link or "..". */
int vm_beneath_walk(int folder, const char *path, int flags);

/* Are links followed here? */
int vm_beneath_follows(int folder);

#endif
