/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clip_name.h"
#include "feature_set.h"
#include "number.h"

static int find(const char *const *columns, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(columns[i], name)) return (int)i;
    return -1;
}

static int check_twins(const char *const *columns, unsigned n, VmError *error)
{
    for (unsigned i = 1; i < n; i++)
        if (find(columns, i, columns[i]) >= 0)
            return vm_fail(error, -EINVAL, "two columns are named \"%.100s\"", columns[i]);
    return 0;
}

static int find_features(VmTable *table, const char *const *columns, unsigned n, const char *list,
                         VmError *error)
{
    const char *found[VM_FEATURES_MAX];
    const int lenient = !strcmp(list, "full");
    VmList names = {NULL};
    unsigned width = 0;
    int err = vm_feature_names(list, &names, error);

    for (unsigned i = 0; !err && i < names.n; i++) {
        const int column = find(columns, n, names.items[i]);
        if (column < 0 && lenient) continue;
        if (column < 0)
            err = vm_fail(error, -EINVAL, "there is no column for the feature \"%s\"",
                          names.items[i]);
        else if (width == VM_FEATURES_MAX)
            err = vm_fail(error, -EINVAL, "more than %d features", VM_FEATURES_MAX);
        else {
            table->features[width] = column;
            found[width++] = names.items[i];
        }
    }
    if (!err && !width) err = vm_fail(error, -EINVAL, "there is no column for any feature");
    if (!err && !(table->dataset = vm_dataset_new(found, width))) err = vm_fail_memory(error);
    vm_list_free(&names);
    return err;
}

int vm_table_start(VmTable *table, const char *const *columns, unsigned n, const char *list,
                   VmError *error)
{
    *table = (VmTable){
        .key = find(columns, n, "key"),
        .source = find(columns, n, "source"),
        .group = find(columns, n, "group"),
        .frame = find(columns, n, "frame"),
        .clipped = find(columns, n, "vmaf"),
        .raw = find(columns, n, "vmaf_raw"),
    };
    VM_TRY(check_twins(columns, n, error));
    if (table->clipped < 0 && table->raw < 0) table->clipped = find(columns, n, "mos");
    if (table->clipped < 0 && table->raw < 0)
        return vm_fail(error, -EINVAL, "there is no column for the score: vmaf, vmaf_raw or mos");
    return find_features(table, columns, n, list, error);
}

/* ---- rows ---- */

/* What is no number counts as one that is not finite: the row is dropped and counted. Returns 0, or
 * -EINVAL for text that is neither. */
static int number_of(const VmCell *cell, double *number)
{
    static const char *const none[] = {"",    "nan",  "NaN",  "NAN", "NA",  "null",
                                       "inf", "-inf", "+inf", "Inf", "-Inf"};

    if (!cell->text) {
        *number = cell->number;
        return 0;
    }
    if (vm_number_real(cell->text, number) == 0) return 0;
    *number = NAN;
    for (size_t i = 0; i < VM_COUNT(none); i++)
        if (!strcmp(cell->text, none[i])) return 0;
    return -EINVAL;
}

static int refuse_number(const VmCell *cell, VmError *error)
{
    return vm_fail(error, -EINVAL, "\"%.60s\" is not a number", cell->text);
}

static int copy_name(char *to, const VmCell *cell, VmError *error)
{
    if (!cell->text)
        return vm_fail(error, -EINVAL, "the name of a clip, source or group is a number");
    if (strlen(cell->text) > VM_DATASET_NAME_MAX)
        return vm_fail(error, -EINVAL,
                       "the name of a clip, source or group is longer than %d bytes",
                       VM_DATASET_NAME_MAX);
    (void)strcpy(to, cell->text);
    return 0;
}

/* Fills in what the file does not say. */
static int name_row(const VmTable *table, const VmCell *cells,
                    char names[3][VM_DATASET_NAME_MAX + 1], VmError *error)
{
    VmClipName parsed;

    (void)strcpy(names[0], "data");
    if (table->source >= 0) VM_TRY(copy_name(names[0], &cells[table->source], error));
    if (table->key >= 0) VM_TRY(copy_name(names[0], &cells[table->key], error));
    (void)strcpy(names[1], names[0]);
    if (table->source >= 0) VM_TRY(copy_name(names[1], &cells[table->source], error));
    else if (vm_clip_name_parse(&parsed, names[0], VM_NAME_DISTORTED, NULL) == 0)
        (void)strcpy(names[1], parsed.source);
    (void)strcpy(names[2], names[1]);
    if (table->group >= 0) VM_TRY(copy_name(names[2], &cells[table->group], error));
    return 0;
}

static int same_names(char a[3][VM_DATASET_NAME_MAX + 1], char b[3][VM_DATASET_NAME_MAX + 1])
{
    return !strcmp(a[0], b[0]) && !strcmp(a[1], b[1]) && !strcmp(a[2], b[2]);
}

static int enter_clip(VmTable *table, const VmCell *cells, VmError *error)
{
    char names[3][VM_DATASET_NAME_MAX + 1];

    VM_TRY(name_row(table, cells, names, error));
    if (table->dataset->n_clips && same_names(names, table->names)) return 0;
    VM_TRY(vm_dataset_add_clip(table->dataset, names[0], names[1], names[2], error));
    memcpy(table->names, names, sizeof(names));
    table->running = 0;
    return 0;
}

static int frame_of(const VmTable *table, const VmCell *cells, uint32_t *frame, VmError *error)
{
    double number;

    *frame = table->running;
    if (table->frame < 0) return 0;
    if (number_of(&cells[table->frame], &number) < 0 || !(number >= 0) || number > UINT32_MAX ||
        number != floor(number))
        return vm_fail(error, -EINVAL, "the frame is not a whole number");
    *frame = (uint32_t)number;
    return 0;
}

static double clip_score(double raw)
{
    return raw < 0 ? 0 : raw > 100 ? 100 : raw;
}

int vm_table_add(VmTable *table, const VmCell *cells, VmError *error)
{
    double x[VM_FEATURES_MAX], clipped = 0, raw = 0;
    uint32_t frame;

    VM_TRY(enter_clip(table, cells, error));
    VM_TRY(frame_of(table, cells, &frame, error));
    for (unsigned i = 0; i < table->dataset->width; i++)
        if (number_of(&cells[table->features[i]], &x[i]) < 0)
            return refuse_number(&cells[table->features[i]], error);
    if (table->raw >= 0 && number_of(&cells[table->raw], &raw) < 0)
        return refuse_number(&cells[table->raw], error);
    if (table->clipped < 0) clipped = clip_score(raw);
    else if (number_of(&cells[table->clipped], &clipped) < 0)
        return refuse_number(&cells[table->clipped], error);
    table->running++;
    const int has_raw = table->raw >= 0 && !isnan(raw); /* an empty cell: not known */
    return vm_dataset_add_row(table->dataset, frame, x, has_raw ? &raw : NULL, clipped, error);
}
