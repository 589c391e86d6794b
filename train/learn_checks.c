/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"

/* Rows asked again, and how far they may be off on average: a feature printed with six decimals moves the
 * score by 1e-3 at most. */
enum { ASKED_AGAIN = 256 };
static const double TOLERANCE = 0.05;

static int compare_answers(const VmDataset *d, const VmTeacher *teacher, const float *x,
                           const double *truth, size_t n, VmError *error)
{
    double y[ASKED_AGAIN], sum = 0;
    const enum VmTeacherValue value = VM_TEACHER_CLIPPED;
    VM_TRY(vm_teacher_label(teacher, value, d->features, d->width, x, n, y, 1, error));
    for (size_t i = 0; i < n; i++) sum += fabs(y[i] - truth[i]);
    if (!n || sum / (double)n <= TOLERANCE) return 0;
    return vm_fail(
        error, -EINVAL,
        "the scores of the data are not what the teacher %s gives for their features: they "
        "are %.2f off on average; another teacher, columns that are exchanged, or another "
        "version of the features",
        vm_teacher_name(teacher), sum / (double)n);
}

int vm_learn_check_teacher(const VmDataset *d, const VmTeacher *teacher, VmError *error)
{
    const size_t n = VM_MIN(d->n, ASKED_AGAIN);
    float *x = vm_alloc_array(n * d->width + 1, sizeof(*x));
    double truth[ASKED_AGAIN];
    if (!x) return vm_fail_memory(error);
    for (size_t i = 0; i < n; i++) {
        const size_t row = i * d->n / n;
        memcpy(x + i * d->width, d->x + row * d->width, d->width * sizeof(*x));
        truth[i] = d->clipped[row];
    }
    int code = 0;
    if (*d->teacher_sha256 && strcmp(d->teacher_sha256, vm_teacher_sha256(teacher)) != 0)
        code = vm_fail(error, -EINVAL, "the data were scored by %s, and the teacher is %s",
                       d->teacher, vm_teacher_name(teacher));
    if (!code) code = compare_answers(d, teacher, x, truth, n, error);
    vm_free(x);
    return code;
}

/* ---- overlap ---- */

typedef struct Mark {
    uint64_t digest; /* of a row */
    uint32_t clip;
} Mark;

static int compare_marks(const void *a, const void *b)
{
    const Mark *x = a, *y = b;
    if (x->digest != y->digest) return x->digest < y->digest ? -1 : 1;
    return (x->clip > y->clip) - (x->clip < y->clip);
}

static uint64_t digest_of(const float *x, unsigned width)
{
    uint64_t h = 14695981039346656037u;
    for (unsigned j = 0; j < width; j++) {
        uint32_t bits;
        memcpy(&bits, &x[j], sizeof(bits));
        h = (h ^ bits) * 1099511628211u;
        h ^= h >> 29;
    }
    return h;
}

/* shared[clip] counts rows that a clip of another group has too, other[clip] is one such clip. */
static void count_shared(const VmDataset *d, const Mark *marks, uint32_t *shared, uint32_t *other)
{
    for (size_t i = 0; i < d->n;) {
        size_t end = i + 1;
        unsigned mixed = 0;
        const unsigned group = d->clips[marks[i].clip].group;
        for (; end < d->n && marks[end].digest == marks[i].digest; end++)
            if (d->clips[marks[end].clip].group != group) mixed = (unsigned)(end - i);
        for (size_t k = i; mixed && k < end; k++) {
            const int first = d->clips[marks[k].clip].group == group;
            shared[marks[k].clip]++;
            other[marks[k].clip] = marks[first ? i + mixed : i].clip;
        }
        i = end;
    }
}

static int judge(const VmDataset *d, const uint32_t *shared, const uint32_t *other, VmError *error)
{
    for (unsigned c = 0; c < d->n_clips; c++) {
        const VmClip *clip = &d->clips[c];
        /* single rows can be equal by chance: black frames, frames without a loss */
        if (shared[c] < 3 || shared[c] * 2 < clip->n_rows) continue;
        return vm_fail(
            error, -EINVAL,
            "%u of the %zu rows of clip %s (source %s) are also in clip %s (source %s): the "
            "same video under two names would train and judge at once; remove one, or "
            "make them one group in corpus.json",
            shared[c], clip->n_rows, clip->key, d->sources[clip->source], d->clips[other[c]].key,
            d->sources[d->clips[other[c]].source]);
    }
    return 0;
}

int vm_learn_check_overlap(const VmDataset *d, VmError *error)
{
    Mark *marks = vm_alloc_array(d->n + 1, sizeof(*marks));
    uint32_t *shared = vm_alloc_array(2 * (size_t)d->n_clips + 1, sizeof(*shared));
    int code = marks && shared ? 0 : vm_fail_memory(error);
    if (!code) {
        for (size_t i = 0; i < d->n; i++)
            marks[i] = (Mark){digest_of(d->x + i * d->width, d->width), d->clip[i]};
        qsort(marks, d->n, sizeof(*marks), compare_marks);
        count_shared(d, marks, shared, shared + d->n_clips);
        code = judge(d, shared, shared + d->n_clips, error);
    }
    vm_free(marks);
    vm_free(shared);
    return code;
}

const char *vm_learn_constant_feature(const VmDataset *d, const uint32_t *rows, size_t n)
{
    for (unsigned j = 0; n > 1 && j < d->width; j++) {
        const float first = d->x[(size_t)rows[0] * d->width + j];
        size_t i = 1;
        while (i < n && d->x[(size_t)rows[i] * d->width + j] == first) i++;
        if (i == n) return d->features[j];
    }
    return NULL;
}
