/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clip_name.h"
#include "sha256.h"

/* Where in an array, each of whose elements begins with its name, a name is. */
typedef struct Index {
    unsigned *slots; /* open addressing; number in the array + 1, 0: free */
    size_t n;        /* a power of two, four times the room in the array; 0: there is none */
} Index;

/* What does not belong in the struct that others see: room in the arrays, and what is found by name. The
 * indices hold until the dataset is finished: then all names are in order. */
typedef struct Dataset {
    VmDataset d;
    size_t row_room;
    Index clips, sources, groups;
} Dataset;

static int is_name(const char *name)
{
    const size_t length = strlen(name);

    if (length == 0 || length > VM_DATASET_NAME_MAX) return 0;
    for (const char *c = name; *c; c++)
        if (*c < ' ' || *c > '~' || *c == ',' || *c == '"') return 0;
    return 1;
}

VmDataset *vm_dataset_new(const char *const *features, unsigned width)
{
    Dataset *set = vm_alloc(sizeof(*set));

    if (!set) return NULL;
    set->d.features = vm_alloc_array(width, sizeof(*set->d.features));
    for (unsigned i = 0; set->d.features && i < width; i++) {
        set->d.features[i] = vm_strdup(features[i]);
        set->d.width = i + 1;
        if (set->d.features[i]) continue;
        vm_dataset_free(&set->d);
        return NULL;
    }
    if (set->d.features) return &set->d;
    vm_free(set);
    return NULL;
}

static void free_texts(char **texts, unsigned n)
{
    for (unsigned i = 0; i < n; i++) vm_free(texts[i]);
    vm_free(texts);
}

void vm_dataset_free(VmDataset *dataset)
{
    if (!dataset) return;
    for (unsigned i = 0; i < dataset->n_clips; i++) vm_free(dataset->clips[i].key);
    vm_free(dataset->clips);
    free_texts(dataset->features, dataset->width);
    free_texts(dataset->sources, dataset->n_sources);
    free_texts(dataset->groups, dataset->n_groups);
    vm_free(dataset->x);
    vm_free(dataset->raw);
    vm_free(dataset->clipped);
    vm_free(dataset->clip);
    vm_free(dataset->frame);
    const Dataset *set = (Dataset *)dataset;
    vm_free(set->clips.slots);
    vm_free(set->sources.slots);
    vm_free(set->groups.slots);
    vm_free(dataset);
}

/* ---- names ---- */

_Static_assert(offsetof(VmClip, key) == 0, "an element begins with its name");

static const char *name_at(const void *array, size_t size, size_t i)
{
    const char *const *name = (const void *)((const char *)array + i * size);

    return *name;
}

/* Number of the name in an array that is in order, or -1. */
static int find_sorted(const void *array, size_t size, unsigned n, const char *name)
{
    unsigned from = 0, to = n;

    while (from < to) {
        const unsigned middle = from + (to - from) / 2;
        const int order = strcmp(name_at(array, size, middle), name);
        if (!order) return (int)middle;
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    return -1;
}

int vm_dataset_find_clip(const VmDataset *dataset, const char *key)
{
    return find_sorted(dataset->clips, sizeof(*dataset->clips), dataset->n_clips, key);
}

int vm_dataset_find_group(const VmDataset *dataset, const char *name)
{
    const size_t size = sizeof(*dataset->groups);
    const int group = find_sorted(dataset->groups, size, dataset->n_groups, name);
    const int source = find_sorted(dataset->sources, size, dataset->n_sources, name);

    if (group >= 0 || source < 0) return group;
    for (unsigned i = 0; i < dataset->n_clips; i++)
        if (dataset->clips[i].source == (unsigned)source) return (int)dataset->clips[i].group;
    return -1;
}

static size_t hash(const char *key)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (; *key; key++) h = (h ^ (uint8_t)*key) * 1099511628211u;
    return (size_t)(h ^ h >> 29);
}

/* The slot of this name: its own or the free one where it belongs. */
static unsigned *slot_of(const Index *index, const void *array, size_t size, const char *name)
{
    size_t i = hash(name) & (index->n - 1);

    while (index->slots[i] && strcmp(name_at(array, size, index->slots[i] - 1), name) != 0)
        i = (i + 1) & (index->n - 1);
    return &index->slots[i];
}

/* For one more behind the n that are there. */
static int make_room(Index *index, void **array, size_t size, unsigned n)
{
    if (n < index->n / 4) return 0;
    const size_t room = n ? 2 * (size_t)n : 64;
    void *grown = vm_realloc(*array, room * size);
    unsigned *slots = vm_alloc_array(4 * room, sizeof(*slots));

    if (grown) *array = grown;
    if (!grown || !slots) {
        vm_free(slots);
        return -ENOMEM;
    }
    vm_free(index->slots);
    *index = (Index){slots, 4 * room};
    for (unsigned i = 0; i < n; i++) *slot_of(index, grown, size, name_at(grown, size, i)) = i + 1;
    return 0;
}

/* Number of the name, which is added if it is new. */
static int intern(Index *index, char ***texts, unsigned *n, const char *name)
{
    VM_TRY(make_room(index, (void **)(void *)texts, sizeof(**texts), *n));
    unsigned *slot = slot_of(index, *texts, sizeof(**texts), name);

    if (*slot) return (int)(*slot - 1);
    if (*n == VM_DATASET_SOURCES_MAX) return -E2BIG;
    char *copy = vm_strdup(name);
    if (!copy) return -ENOMEM;
    (*texts)[*n] = copy;
    *slot = ++*n;
    return (int)(*n - 1);
}

static void note_ladder(VmClip *clip)
{
    VmClipName name;

    if (vm_clip_name_parse(&name, clip->key, VM_NAME_DISTORTED, NULL) < 0) return;
    clip->quality = name.quality;
    clip->height = name.height;
    clip->kbps = name.kbps;
}

int vm_dataset_add_clip(VmDataset *dataset, const char *key, const char *source, const char *group,
                        VmError *error)
{
    Dataset *set = (Dataset *)dataset;

    if (!group || !*group) group = source;
    if (!is_name(key) || !is_name(source) || !is_name(group))
        return vm_fail(error, -EINVAL,
                       "the name of a clip, its source or its group is empty, longer than %d "
                       "bytes, or has a comma, a quote, a control character or one beyond ASCII",
                       VM_DATASET_NAME_MAX);
    if (dataset->n_clips >= VM_DATASET_CLIPS_MAX)
        return vm_fail(error, -EINVAL, "there are more than %d clips", VM_DATASET_CLIPS_MAX);
    if (make_room(&set->clips, (void **)(void *)&dataset->clips, sizeof(*dataset->clips),
                  dataset->n_clips) < 0)
        return vm_fail_memory(error);
    unsigned *slot = slot_of(&set->clips, dataset->clips, sizeof(*dataset->clips), key);
    if (*slot)
        return vm_fail(error, -EINVAL, "clip %s comes twice, with others between its rows or not",
                       key);
    const int s = intern(&set->sources, &dataset->sources, &dataset->n_sources, source);
    const int g = intern(&set->groups, &dataset->groups, &dataset->n_groups, group);
    if (s == -E2BIG || g == -E2BIG)
        return vm_fail(error, -EINVAL, "there are more than %d sources or groups",
                       VM_DATASET_SOURCES_MAX);
    char *copy = vm_strdup(key);
    if (s < 0 || g < 0 || !copy) {
        vm_free(copy);
        return vm_fail_memory(error);
    }
    VmClip *clip = &dataset->clips[dataset->n_clips];
    *clip = (VmClip){.key = copy, .source = (unsigned)s, .group = (unsigned)g, .has_raw = 1};
    clip->first = dataset->n;
    note_ladder(clip);
    *slot = ++dataset->n_clips;
    return 0;
}

/* ---- rows ---- */

static int grow(void **array, size_t room, size_t size)
{
    void *grown = vm_realloc(*array, room * size);

    if (!grown) return -ENOMEM;
    *array = grown;
    return 0;
}

#define GROW(member, size) VM_TRY(grow((void **)(void *)&d->member, room, size))

/* Half as much again: large blocks are moved by the kernel without a second copy. */
static int grow_rows(Dataset *set)
{
    VmDataset *d = &set->d;

    if (d->n < set->row_room) return 0;
    const size_t room = set->row_room ? set->row_room + set->row_room / 2 : 1024;
    if (room > SIZE_MAX / (VM_FEATURES_MAX * sizeof(double))) return -ENOMEM;
    GROW(x, d->width * sizeof(*d->x));
    GROW(raw, sizeof(*d->raw));
    GROW(clipped, sizeof(*d->clipped));
    GROW(clip, sizeof(*d->clip));
    GROW(frame, sizeof(*d->frame));
    set->row_room = room;
    return 0;
}

/* A value can be finite in double and not in float. */
static int all_finite(const double *x, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        if (!isfinite((float)x[i])) return 0;
    return 1;
}

int vm_dataset_add_row(VmDataset *d, uint32_t frame, const double *x, const double *raw,
                       double clipped, VmError *error)
{
    VmClip *clip = &d->clips[d->n_clips - 1];
    const double unclipped = raw ? *raw : clipped;

    if (!isfinite(clipped) || !isfinite(unclipped) || !all_finite(x, d->width)) {
        clip->dropped++;
        d->dropped++;
        return 0;
    }
    if (d->n == VM_DATASET_ROWS_MAX)
        return vm_fail(error, -EINVAL, "there are more than %d rows", VM_DATASET_ROWS_MAX);
    if (grow_rows((Dataset *)d) < 0) return vm_fail_memory(error);
    for (unsigned i = 0; i < d->width; i++) d->x[d->n * d->width + i] = (float)x[i];
    d->raw[d->n] = unclipped;
    d->clipped[d->n] = clipped;
    d->clip[d->n] = d->n_clips - 1;
    d->frame[d->n] = frame;
    if (!raw) clip->has_raw = 0;
    clip->n_rows++;
    d->n++;
    return 0;
}

/* ---- order ---- */

static int compare_clips(const void *a, const void *b)
{
    return strcmp(((const VmClip *)a)->key, ((const VmClip *)b)->key);
}

/* Moves the rows of one array into the order of the clips. */
static int reorder(const VmDataset *d, const VmClip *clips, void **array, size_t size)
{
    char *moved = vm_alloc_array(d->n, size);
    size_t at = 0;

    if (!moved) return -ENOMEM;
    for (unsigned i = 0; i < d->n_clips; i++) {
        memcpy(moved + at * size, (char *)*array + clips[i].first * size, clips[i].n_rows * size);
        at += clips[i].n_rows;
    }
    vm_free(*array);
    *array = moved;
    return 0;
}

static int sort_rows(VmDataset *d, const VmClip *clips)
{
    VM_TRY(reorder(d, clips, (void **)(void *)&d->x, d->width * sizeof(*d->x)));
    VM_TRY(reorder(d, clips, (void **)(void *)&d->raw, sizeof(*d->raw)));
    VM_TRY(reorder(d, clips, (void **)(void *)&d->clipped, sizeof(*d->clipped)));
    return reorder(d, clips, (void **)(void *)&d->frame, sizeof(*d->frame));
}

static int is_sorted(const VmDataset *d)
{
    for (unsigned i = 1; i < d->n_clips; i++)
        if (compare_clips(&d->clips[i - 1], &d->clips[i]) > 0) return 0;
    return 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sources and groups are numbered by their names, so that the order of loading leaves no trace. */
static int number_names(char **names, unsigned n, VmClip *clips, unsigned n_clips, size_t member)
{
    char **old = vm_alloc_array(n + 1, sizeof(*old));

    if (!old) return -ENOMEM;
    if (n) memcpy(old, names, n * sizeof(*old));
    if (n) qsort(names, n, sizeof(*names), compare_names);
    for (unsigned i = 0; i < n_clips; i++) {
        unsigned *number = (unsigned *)(void *)((char *)&clips[i] + member);
        char **found = bsearch(&old[*number], names, n, sizeof(*names), compare_names);
        *number = (unsigned)(found - names);
    }
    vm_free(old);
    return 0;
}

static int sort(VmDataset *d)
{
    VmClip *clips = d->clips;
    size_t first = 0;

    VM_TRY(number_names(d->sources, d->n_sources, clips, d->n_clips, offsetof(VmClip, source)));
    VM_TRY(number_names(d->groups, d->n_groups, clips, d->n_clips, offsetof(VmClip, group)));
    if (is_sorted(d)) return 0;
    qsort(clips, d->n_clips, sizeof(*clips), compare_clips);
    if (d->n) VM_TRY(sort_rows(d, clips));
    for (unsigned i = 0; i < d->n_clips; i++) {
        clips[i].first = first;
        for (size_t k = 0; k < clips[i].n_rows; k++) d->clip[first + k] = i;
        first += clips[i].n_rows;
    }
    return 0;
}

/* ---- digest ---- */

static void add_text(VmSha256 *sha, const char *text)
{
    vm_sha256_add(sha, text, strlen(text) + 1);
}

static void add_number(VmSha256 *sha, uint64_t number)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(number >> 8 * i);
    vm_sha256_add(sha, bytes, sizeof(bytes));
}

static void add_rows(VmSha256 *sha, const VmDataset *d, const VmClip *clip)
{
    const size_t n = clip->n_rows;

    if (!n) return;
    vm_sha256_add(sha, d->x + clip->first * d->width, n * d->width * sizeof(*d->x));
    vm_sha256_add(sha, d->raw + clip->first, n * sizeof(*d->raw));
    vm_sha256_add(sha, d->clipped + clip->first, n * sizeof(*d->clipped));
    vm_sha256_add(sha, d->frame + clip->first, n * sizeof(*d->frame));
}

/* All machines we build for are little-endian, so the arrays are hashed as they lie. */
void vm_dataset_digest(VmDataset *d)
{
    VmSha256 sha;

    vm_sha256_start(&sha);
    add_text(&sha, "vmaf-train-data-v1");
    add_number(&sha, d->width);
    for (unsigned i = 0; i < d->width; i++) add_text(&sha, d->features[i]);
    add_number(&sha, d->n_clips);
    for (unsigned i = 0; i < d->n_clips; i++) {
        const VmClip *clip = &d->clips[i];
        add_text(&sha, clip->key);
        add_text(&sha, d->sources[clip->source]);
        add_text(&sha, d->groups[clip->group]);
        add_number(&sha, clip->n_rows);
        add_rows(&sha, d, clip);
    }
    vm_sha256_finish(&sha, d->sha256);
}

/* A clip has raw scores for all of its rows or for none. */
static void level_raw(VmDataset *d)
{
    for (unsigned i = 0; i < d->n_clips; i++) {
        const VmClip *clip = &d->clips[i];
        if (!clip->has_raw && clip->n_rows)
            memcpy(d->raw + clip->first, d->clipped + clip->first, clip->n_rows * sizeof(*d->raw));
    }
}

int vm_dataset_finish(VmDataset *dataset)
{
    level_raw(dataset);
    VM_TRY(sort(dataset));
    vm_dataset_digest(dataset);
    return 0;
}
