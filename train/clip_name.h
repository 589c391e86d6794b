/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Names of a corpus: <source>_<fps>fps for references, <source>_<quality>_<height>_<kbps> for distorted
 * files, with a suffix that says what kind of file it is. A source is made of A-Z, a-z, 0-9 alone, so no
 * name that is accepted can lead out of a folder. */
#ifndef VM_CLIP_NAME_H
#define VM_CLIP_NAME_H

#include <stdint.h>

#include "base.h"

enum { VM_STEM_MAX = 127, VM_FPS_MAX = 1000, VM_DIGITS_MAX = 9 };

enum VmNameRole { VM_NAME_REFERENCE, VM_NAME_DISTORTED };

typedef struct VmClipName {
    char source[VM_STEM_MAX + 1];
    uint32_t fps;                   /* 0: unknown */
    uint32_t quality, height, kbps; /* of a distorted file, and of a reference in the older form */
    int older_form;                 /* of a reference: <source>_0_<height>_0 */
} VmClipName;

/* Takes a stem: a name without its suffix. Returns 0, or -EINVAL with the reason in error. */
int vm_clip_name_parse(VmClipName *name, const char *stem, enum VmNameRole role, VmError *error);

/* Length of the stem of a file name whose suffix is one we know (.yuv, .y4m or a container's), else 0. */
size_t vm_clip_name_stem(const char *file);

/* 1 for .yuv, which says nothing about its contents. */
int vm_clip_name_is_raw(const char *file);

#endif
