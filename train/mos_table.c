/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mos_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "scores.h"

enum { LINE_MAX_BYTES = 1024 };

static int read_line(const VmDataset *d, char *line, unsigned number, const char *path, double *mos,
                     VmError *error)
{
    char *comma = strchr(line, ',');
    double value;
    line[strcspn(line, "\r\n")] = 0;
    if (!*line) return 0;
    if (!comma) return vm_fail(error, -EINVAL, "%s: line %u: it should read key,mos", path, number);
    *comma = 0;
    if (number == 1 && !strcmp(line, "key") && !strcmp(comma + 1, "mos")) return 0;
    if (number == 1) return vm_fail(error, -EINVAL, "%s: the first line is not key,mos", path);
    if (vm_number_real(comma + 1, &value))
        return vm_fail(error, -EINVAL, "%s: line %u: \"%.60s\" is no number", path, number,
                       comma + 1);
    const int clip = vm_dataset_find_clip(d, line);
    if (clip < 0) return 0; /* of a clip that is not here */
    if (isfinite(mos[clip]))
        return vm_fail(error, -EINVAL, "%s: line %u: clip %s comes twice", path, number, line);
    mos[clip] = value;
    return 0;
}

static int read_file(const VmDataset *d, const char *path, double *mos, VmError *error)
{
    char line[LINE_MAX_BYTES];
    int code = 0;
    FILE *f = fopen(path, "r");
    if (!f) return vm_fail(error, -errno, "cannot read %s: %s", path, strerror(errno));
    for (unsigned number = 1; !code && fgets(line, sizeof(line), f); number++)
        code = strlen(line) + 1 == sizeof(line)
                   ? vm_fail(error, -EINVAL, "%s: line %u is too long", path, number)
                   : read_line(d, line, number, path, mos, error);
    if (!code && ferror(f)) code = vm_fail(error, -EIO, "cannot read %s whole", path);
    (void)fclose(f);
    return code;
}

static int add_clip(VmDataset *result, const VmDataset *d, const VmClip *clip,
                    enum VmafPoolingMethod pool, double mos, VmError *error)
{
    double x[VM_FEATURES_MAX] = {0};
    for (unsigned j = 0; j < d->width; j++) {
        VmPooling pooling = {0};
        VmPooled pooled = {0};
        for (size_t i = clip->first; i < clip->first + clip->n_rows; i++)
            vm_pooling_add(&pooling, (double)d->x[i * d->width + j]);
        (void)vm_pooling_end(&pooling, &pooled); /* the clip has rows */
        x[j] = vm_pooled_by(&pooled, pool);
    }
    VM_TRY(vm_dataset_add_clip(result, clip->key, d->sources[clip->source], d->groups[clip->group],
                               error));
    return vm_dataset_add_row(result, 0, x, NULL, mos, error);
}

int vm_mos_table(VmDataset **result, const VmDataset *d, const char *path,
                 enum VmafPoolingMethod pool, unsigned *n_missing, VmError *error)
{
    double *mos = vm_alloc_array(d->n_clips + 1, sizeof(*mos));
    VmDataset *pooled = vm_dataset_new((const char *const *)d->features, d->width);
    int code = mos && pooled ? 0 : vm_fail_memory(error);
    for (unsigned i = 0; !code && i < d->n_clips; i++) mos[i] = NAN;
    if (!code) code = read_file(d, path, mos, error);
    *n_missing = 0;
    for (unsigned i = 0; !code && i < d->n_clips; i++) {
        if (isfinite(mos[i]) && d->clips[i].n_rows)
            code = add_clip(pooled, d, &d->clips[i], pool, mos[i], error);
        else ++*n_missing;
    }
    if (!code && !pooled->n)
        code = vm_fail(error, -EINVAL, "%s has no score for any clip of the data", path);
    if (!code && vm_dataset_finish(pooled)) code = vm_fail_memory(error);
    vm_free(mos);
    if (code) vm_dataset_free(pooled);
    else *result = pooled;
    return code;
}
