/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Comma-separated rows under a line of column names. No quotes: no name of ours has a comma. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

enum { LINE_MAX_BYTES = 1 << 16 };

typedef struct Csv {
    FILE *file;
    char *line; /* LINE_MAX_BYTES + 2 */
    uint64_t number;
    VmCell cells[VM_COLUMNS_MAX];
    unsigned n;
    const VmWatch *watch;
    VmError *error;
} Csv;

/* why may be in error itself */
static int refuse(const Csv *csv, const char *why)
{
    VmError copy;

    (void)snprintf(copy.text, sizeof(copy.text), "%s", why);
    return vm_fail(csv->error, -EINVAL, "line %" PRIu64 ": %.900s", csv->number, copy.text);
}

/* Returns 1, 0 at the end, or a negative errno. The line's end is cut off. */
static int read_line(Csv *csv)
{
    size_t n = 0;
    int c;

    csv->number++;
    while ((c = getc_unlocked(csv->file)) != EOF && c != '\n') {
        if (c == 0) return refuse(csv, "a zero byte: this is no text");
        if (n == LINE_MAX_BYTES) return refuse(csv, "it is too long");
        csv->line[n++] = (char)c;
    }
    if (c == EOF && ferror(csv->file)) return refuse(csv, "it cannot be read");
    if (n && csv->line[n - 1] == '\r') n--;
    csv->line[n] = 0;
    return c != EOF || n > 0;
}

static int split(Csv *csv)
{
    char *at = csv->line;

    if (strchr(at, '"')) return refuse(csv, "it has a quote, and none are expected");
    for (csv->n = 0; csv->n < VM_COLUMNS_MAX;) {
        const size_t length = strcspn(at, ",");
        const int last = !at[length];
        at[length] = 0;
        csv->cells[csv->n++] = (VmCell){at, 0};
        if (last) return 0;
        at += length + 1;
    }
    return refuse(csv, "it has too many columns");
}

/* A byte order mark in front is passed over. */
static int read_names(Csv *csv, VmTable *table, const char *list)
{
    const char *names[VM_COLUMNS_MAX];
    const int got = read_line(csv);

    if (got < 0) return got;
    if (got == 0) return refuse(csv, "the file is empty");
    VM_TRY(split(csv));
    for (unsigned i = 0; i < csv->n; i++) names[i] = csv->cells[i].text;
    if (!strncmp(names[0], "\xef\xbb\xbf", 3)) names[0] += 3;
    const int err = vm_table_start(table, names, csv->n, list, csv->error);
    return err == -EINVAL ? refuse(csv, csv->error->text) : err;
}

static int read_rows(Csv *csv, VmTable *table)
{
    const unsigned columns = csv->n;
    int got;

    while ((got = read_line(csv)) == 1) {
        if (vm_watch_cancelled(csv->watch)) return vm_fail(csv->error, -ECANCELED, "cancelled");
        if (!*csv->line) continue;
        VM_TRY(split(csv));
        if (csv->n != columns) return refuse(csv, "it has not as many columns as the first");
        const int err = vm_table_add(table, csv->cells, csv->error);
        if (err == -EINVAL) return refuse(csv, csv->error->text);
        if (err < 0) return err;
    }
    return got;
}

int vm_csv_read(FILE *file, const char *list, const VmWatch *watch, VmDataset **dataset,
                VmError *error)
{
    Csv csv = {.file = file, .line = vm_alloc(LINE_MAX_BYTES + 2), .watch = watch, .error = error};
    VmTable table = {.dataset = NULL};
    int err = csv.line ? read_names(&csv, &table, list) : vm_fail_memory(error);

    if (!err) err = read_rows(&csv, &table);
    if (!err && vm_dataset_finish(table.dataset) < 0) err = vm_fail_memory(error);
    vm_free(csv.line);
    if (err < 0) vm_dataset_free(table.dataset);
    else *dataset = table.dataset;
    return err;
}

/* Nine digits give a float back, 17 a double. */
void vm_csv_write(FILE *file, const VmDataset *dataset)
{
    fputs("key,source,group,frame", file);
    for (unsigned i = 0; i < dataset->width; i++) fprintf(file, ",%s", dataset->features[i]);
    fputs(",vmaf_raw,vmaf\n", file);
    for (size_t row = 0; row < dataset->n && !ferror(file); row++) {
        const VmClip *clip = &dataset->clips[dataset->clip[row]];
        fprintf(file, "%s,%s,%s,%" PRIu32, clip->key, dataset->sources[clip->source],
                dataset->groups[clip->group], dataset->frame[row]);
        for (unsigned i = 0; i < dataset->width; i++)
            fprintf(file, ",%.9g", (double)dataset->x[row * dataset->width + i]);
        if (clip->has_raw) fprintf(file, ",%.17g", dataset->raw[row]);
        else fputs(",", file);
        fprintf(file, ",%.17g\n", dataset->clipped[row]);
    }
}
