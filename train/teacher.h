/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A libvmaf model that labels rows of features. */
#ifndef VM_TEACHER_H
#define VM_TEACHER_H

#include "base.h"

typedef struct VmTeacher VmTeacher;

enum VmTeacherValue {
    VM_TEACHER_RAW,     /* before the clip */
    VM_TEACHER_CLIPPED, /* as it scores frames */
    VM_TEACHER_STDDEV,  /* population spread of the raw scores of a collection's members */
};

/* spec is "version=NAME" or "path=FILE"; a bare name is a version. Returns 0 and sets *teacher, or a
 * negative errno and a sentence. */
int vm_teacher_open(VmTeacher **teacher, const char *spec, VmError *error);
void vm_teacher_free(VmTeacher *teacher); /* NULL does nothing */

const char *vm_teacher_name(const VmTeacher *teacher);
const char *vm_teacher_sha256(const VmTeacher *teacher);
int vm_teacher_has_members(const VmTeacher *teacher);

/* y[n] for x[n][width], columns called names[width]. Several threads share the work. */
int vm_teacher_label(const VmTeacher *teacher, enum VmTeacherValue value, char *const *names,
                     unsigned width, const float *x, size_t n, double *y, unsigned n_threads,
                     VmError *error);

#endif
