/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "teacher.h"

#include <stdio.h>
#include <string.h>

#include "grader.h"
#include "model.h"
#include "samples.h"
#include "team.h"

struct VmTeacher {
    VmafModel *model;
    VmafModelCollection *collection; /* NULL: a single model */
    char name[128];
};

int vm_teacher_open(VmTeacher **result, const char *spec, VmError *error)
{
    const char *path, *version;
    VmafModelSpec model;
    VmTeacher *t = vm_alloc(sizeof(*t));
    if (!t) return vm_fail_memory(error);
    vm_grader_split(spec, &version, &path);
    vmaf_ext_model_spec_default(&model);
    model.path = path;
    model.version = version;
    const int code = vm_model_load(&t->model, &t->collection, &model, error);
    if (code) {
        vm_teacher_free(t);
        return code;
    }
    const char *name = path ? path : model.version, *slash = strrchr(name, '/');
    (void)snprintf(t->name, sizeof(t->name), "%s", slash ? slash + 1 : name);
    vm_text_make_plain(t->name); /* models, reports and the terminal show it */
    *result = t;
    return 0;
}

void vm_teacher_free(VmTeacher *t)
{
    if (!t) return;
    vmaf_model_destroy(t->model);
    vmaf_model_collection_destroy(t->collection);
    vm_free(t);
}

const char *vm_teacher_name(const VmTeacher *t)
{
    return t->name;
}

const char *vm_teacher_sha256(const VmTeacher *t)
{
    return t->model->sha256;
}

int vm_teacher_has_members(const VmTeacher *t)
{
    return t->collection != NULL;
}

enum { CHUNK = 256 };

typedef struct Label {
    const VmTeacher *teacher;
    enum VmTeacherValue value;
    const char *const *names;
    unsigned width;
    const float *x;
    size_t n;
    double *y;
    atomic_int code;
} Label;

/* Members speak together: the mean of their raw scores, as in a clip's scores. */
static int ask_members(const Label *l, const double *rows, size_t n, double *y, char *why,
                       size_t size)
{
    const VmafModelCollection *c = l->teacher->collection;
    const int spread = l->value == VM_TEACHER_STDDEV;
    VM_TRY(vmaf_ext_collection_predict(c, l->names, l->width, rows, n, spread ? NULL : y,
                                       spread ? y : NULL, why, size));
    for (size_t i = 0; l->value == VM_TEACHER_CLIPPED && i < n; i++)
        y[i] = vm_model_finish(c->models[0], y[i]);
    return 0;
}

static int ask(const Label *l, const double *rows, size_t n, double *y, char *why, size_t size)
{
    const VmafModel *model = l->teacher->model;
    if (l->teacher->collection) return ask_members(l, rows, n, y, why, size);
    if (l->value == VM_TEACHER_RAW)
        return vmaf_ext_model_predict(model, l->names, l->width, rows, n, y, NULL, why, size);
    return vmaf_ext_model_predict(model, l->names, l->width, rows, n, NULL, y, why, size);
}

static void label_chunk(void *opaque, size_t task, unsigned worker)
{
    Label *l = opaque;
    const size_t first = task * CHUNK, n = VM_MIN(CHUNK, l->n - first);
    double rows[CHUNK * VM_INPUTS_MAX];
    (void)worker;
    for (size_t i = 0; i < n * l->width; i++) rows[i] = (double)l->x[first * l->width + i];
    const int code = ask(l, rows, n, l->y + first, NULL, 0);
    if (code) atomic_store(&l->code, code);
}

int vm_teacher_label(const VmTeacher *teacher, enum VmTeacherValue value, char *const *names,
                     unsigned width, const float *x, size_t n, double *y, unsigned n_threads,
                     VmError *error)
{
    Label l = {.teacher = teacher, .value = value, .names = (const char *const *)names};
    l.width = width;
    l.x = x;
    l.n = n;
    l.y = y;
    if (width > VM_INPUTS_MAX)
        return vm_fail(error, -EINVAL, "%u features are more than %d", width, VM_INPUTS_MAX);
    if (value == VM_TEACHER_STDDEV && !teacher->collection)
        return vm_fail(error, -EINVAL, "model %s is no collection: it has no spread",
                       teacher->name);
    /* a missing feature is found here, before threads run into it */
    VM_TRY(ask(&l, NULL, 0, NULL, error->text, sizeof(error->text)));
    vm_team_run(n_threads, (n + CHUNK - 1) / CHUNK, label_chunk, &l);
    const int code = atomic_load(&l.code);
    return code == -ENOMEM ? vm_fail_memory(error) : code;
}
