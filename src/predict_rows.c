/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Models asked directly, on tables of feature values instead of pictures. */
#include <math.h>
#include <string.h>

#include "extractor.h"
#include "model_tiny.h"

/* Which column of the table each of the model's features reads. */
typedef struct Columns {
    unsigned of[VM_MAX_MODEL_FEATURES];
} Columns;

static const char *skip_prefix(const char *text, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(text, prefix, n) ? text : text + n;
}

/* As the feature is called in model files, in reports, or in reports without "integer_". */
static int is_called(const VmModelFeature *f, const char *label, const char *name)
{
    return !strcmp(name, label) || !strcmp(name, skip_prefix(label, "integer_")) ||
           (!f->options && !strcmp(name, f->name));
}

static int find_column(const VmModelFeature *f, const char *const *names, unsigned n,
                       unsigned *column, VmError *error)
{
    const VmExtractor *e = vm_extractor_of_feature(f->name);
    char *label = NULL;
    if (e) {
        VmInstance *instance;
        VM_TRY(vm_instance_create(&instance, e, f->options, error));
        unsigned k = 0;
        while (strcmp(e->features[k].name, f->name)) k++;
        label = vm_feature_label(&e->features[k], instance->suffix);
        vm_instance_free(instance);
    } else {
        label = vm_strdup(f->name);
    }
    if (!label) return vm_fail_memory(error);
    unsigned i = 0;
    while (i < n && !is_called(f, label, names[i])) i++;
    const int code = i < n ? 0
                           : vm_fail(error, -EINVAL,
                                     "the model reads %s, which is not among the %u "
                                     "columns given",
                                     skip_prefix(label, "integer_"), n);
    vm_free(label);
    *column = i;
    return code;
}

static int find_columns(const VmafModel *m, const char *const *names, unsigned n, Columns *columns,
                        VmError *error)
{
    for (unsigned j = 0; j < m->n_features; j++)
        VM_TRY(find_column(&m->features[j], names, n, &columns->of[j], error));
    return 0;
}

static double raw_of(const VmafModel *m, const Columns *columns, const double *row)
{
    double x[VM_MAX_MODEL_FEATURES];
    for (unsigned j = 0; j < m->n_features; j++) x[j] = row[columns->of[j]];
    return vm_model_raw(m, x);
}

/* All rows are one batch; what a tiny model gives is clipped already. */
static int predict_tiny(const VmafModel *m, const Columns *columns, unsigned n_names,
                        const double *rows, size_t n_rows, double *raw, double *clipped,
                        VmError *error)
{
    double *x = vm_alloc_array(n_rows, m->n_features * sizeof(*x));
    double *y = vm_alloc_array(n_rows, sizeof(*y));
    int code = (x && y) || !n_rows ? 0 : vm_fail_memory(error);
    for (size_t i = 0; !code && i < n_rows; i++)
        for (unsigned j = 0; j < m->n_features; j++)
            x[i * m->n_features + j] = rows[i * n_names + columns->of[j]];
    if (!code) code = vm_model_tiny_run(m, x, n_rows, y, NULL, error);
    if (!code && raw) memcpy(raw, y, n_rows * sizeof(*y));
    if (!code && clipped) memcpy(clipped, y, n_rows * sizeof(*y));
    vm_free(x);
    vm_free(y);
    return code;
}

static int predict(const VmafModel *m, const char *const *names, unsigned n_names,
                   const double *rows, size_t n_rows, double *raw, double *clipped, VmError *error)
{
    Columns columns;
    VM_TRY(find_columns(m, names, n_names, &columns, error));
    if (m->tiny) return predict_tiny(m, &columns, n_names, rows, n_rows, raw, clipped, error);
    for (size_t i = 0; i < n_rows; i++) {
        const double y = raw_of(m, &columns, rows + i * n_names);
        if (raw) raw[i] = y;
        if (clipped) clipped[i] = vm_model_finish(m, y);
    }
    return 0;
}

int vmaf_ext_model_predict(const VmafModel *model, const char *const *names, unsigned n_names,
                           const double *rows, size_t n_rows, double *raw, double *clipped,
                           char *error, size_t error_size)
{
    VmError found = {{0}};
    const int code = model && names && (rows || !n_rows)
                         ? predict(model, names, n_names, rows, n_rows, raw, clipped, &found)
                         : vm_fail(&found, -EINVAL, "vmaf_ext_model_predict: an argument is NULL");
    if (code) vm_error_copy(&found, error, error_size);
    return code;
}

/* Two passes, as over the members of a collection that scores a frame. */
static void spread(const VmafModelCollection *c, const Columns *columns, const double *row,
                   double *raw, double *mean, double *stddev)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < c->n; i++) sum += raw[i] = raw_of(c->models[i], &columns[i], row);
    *mean = sum / c->n;
    for (unsigned i = 0; i < c->n; i++) squares += (raw[i] - *mean) * (raw[i] - *mean);
    *stddev = sqrt(squares / c->n);
}

static int predict_collection(const VmafModelCollection *c, const char *const *names,
                              unsigned n_names, const double *rows, size_t n_rows, double *mean,
                              double *stddev, VmError *error)
{
    Columns *columns = vm_alloc_array(c->n, sizeof(*columns));
    double *raw = vm_alloc_array(c->n, sizeof(*raw));
    int code = columns && raw ? 0 : vm_fail_memory(error);
    for (unsigned i = 0; !code && i < c->n; i++)
        code = find_columns(c->models[i], names, n_names, &columns[i], error);
    for (size_t i = 0; !code && i < n_rows; i++) {
        double m, s;
        spread(c, columns, rows + i * n_names, raw, &m, &s);
        if (mean) mean[i] = m;
        if (stddev) stddev[i] = s;
    }
    vm_free(columns);
    vm_free(raw);
    return code;
}

int vmaf_ext_collection_predict(const VmafModelCollection *collection, const char *const *names,
                                unsigned n_names, const double *rows, size_t n_rows, double *mean,
                                double *stddev, char *error, size_t error_size)
{
    VmError found = {{0}};
    const int code =
        collection && names && (rows || !n_rows)
            ? predict_collection(collection, names, n_names, rows, n_rows, mean, stddev, &found)
            : vm_fail(&found, -EINVAL, "vmaf_ext_collection_predict: an argument is NULL");
    if (code) vm_error_copy(&found, error, error_size);
    return code;
}
