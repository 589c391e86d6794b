/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* CSV and NPY files. What is accepted is finite, belongs to its clips, and comes back the same when it is
 * written and read again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

typedef int Reader(FILE *, const char *, const VmWatch *, VmDataset **, VmError *);

static VmDataset *read_with(Reader *reader, const void *data, size_t size)
{
    VmDataset *dataset = NULL;
    VmError error = {""};
    FILE *file = fmemopen((void *)data, size, "rb");

    if (!file) return NULL;
    if (reader(file, "full", NULL, &dataset, &error) < 0 && !error.text[0]) abort();
    (void)fclose(file);
    return dataset;
}

static void check_rows(const VmDataset *d)
{
    size_t rows = 0;

    for (unsigned i = 0; i < d->n_clips; i++) {
        const VmClip *clip = &d->clips[i];
        if (clip->first != rows || clip->source >= d->n_sources || clip->group >= d->n_groups)
            abort();
        rows += clip->n_rows;
        if (i && strcmp(d->clips[i - 1].key, clip->key) >= 0) abort();
    }
    if (rows != d->n) abort();
    for (size_t i = 0; i < d->n * d->width; i++)
        if (!isfinite(d->x[i])) abort();
    for (size_t i = 0; i < d->n; i++)
        if (!isfinite(d->raw[i]) || !isfinite(d->clipped[i]) || d->clip[i] >= d->n_clips) abort();
}

/* A clip all of whose rows were dropped is not written. */
static int is_complete(const VmDataset *d)
{
    for (unsigned i = 0; i < d->n_clips; i++)
        if (!d->clips[i].n_rows) return 0;
    return 1;
}

static void check_again(const VmDataset *d, int as_npy)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (!file) return;
    if (as_npy) (void)vm_npy_write(file, d, NULL);
    else vm_csv_write(file, d);
    (void)fclose(file);
    VmDataset *again = read_with(as_npy ? vm_npy_read : vm_csv_read, text, size);
    if (!again || (is_complete(d) && strcmp(again->sha256, d->sha256) != 0)) abort();
    vm_dataset_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    VmDataset *d = read_with(data[0] == 0x93 ? vm_npy_read : vm_csv_read, data, size);
    if (!d) return 0;
    check_rows(d);
    check_again(d, 0);
    check_again(d, 1);
    vm_dataset_free(d);
    return 0;
}
