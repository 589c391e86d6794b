/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The model whose scores are learned, as it grades videos (teacher.h asks it about rows). It is loaded
 * twice, with its clip and without, so that one pass gives both; the features are shared. */
#ifndef VM_GRADER_H
#define VM_GRADER_H

#include "base.h"
#include "libvmaf/vmaf_ext.h"

typedef struct VmGrader {
    char name[128]; /* version, or the file's name without folders */
    char sha256[65];
    char *version, *path; /* one of them */
    char *json;           /* the file's bytes, which were digested and are parsed */
    size_t json_size;
} VmGrader;

/* Takes a teacher's name apart: "version=NAME", "path=FILE", or either alone: what has a slash or ends in
 * .json is a file. One of *version and *path is set, the other NULL. */
void vm_grader_split(const char *spec, const char **version, const char **path);

/* spec: as above.
 * Returns 0, or a negative errno with the reason; free it in both cases. */
int vm_grader_open(VmGrader *teacher, const char *spec, VmError *error);

void vm_grader_free(VmGrader *teacher);

/* A teacher at work, for one thread. */
typedef struct VmGraderPair {
    VmafModel *model[2]; /* clipped, raw */
    VmafModelCollection *collection[2];
} VmGraderPair;

/* Returns 0, or a negative errno with the reason; free it in both cases. */
int vm_grader_load(VmGraderPair *pair, const VmGrader *teacher, VmError *error);

void vm_grader_unload(VmGraderPair *pair);

/* Registers its features. Returns 0 or a negative errno. */
int vm_grader_use(const VmGraderPair *pair, VmafContext *vmaf);

/* Both scores of a frame, after the flush. */
int vm_grader_score(const VmGraderPair *pair, VmafContext *vmaf, unsigned index, double *clipped,
                    double *raw);

#endif
