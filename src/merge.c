/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reports of chunks put together. The JSON of a chunk holds every score of its frames with all digits; the
 * merged context holds them as one that has computed them itself, so that pooled values and reports come
 * from the same code. Nothing is computed from pictures here. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

enum {
    /* Of the scores, models, sums and texts of a report. They are looked for one after another, so that their
     * number must not be a stranger's to choose; a collection of 999 models needs some thousand. */
    MAX_ENTRIES = 8192,
    /* Cells of the table, 8 bytes each. Subsampling leaves some without a value, but what a report claims does not
     * decide how much memory is taken. */
    CELLS_AT_LEAST = 1 << 22,
    CELLS_PER_VALUE = 64,
    MAX_NAME = 256, /* bytes; names are compared with one another */
};

typedef struct Chunk {
    const char *path;
    json_t *root;
    const json_t *block; /* root's "tinyvmaf" */
    unsigned first, count;
} Chunk;

typedef struct Merge {
    VmafContext *v;
    Chunk *chunks; /* in the frames' order once they are checked */
    unsigned n;
    json_t *numbers; /* of columns, by name */
    json_t *warned;  /* warnings that are there, as keys */
    json_t *models;  /* names of models, as keys */
    VmError *error;
} Merge;

/* ---- one report ---- */

static int bad(const Merge *m, const Chunk *c, const char *what)
{
    return vm_fail(m->error, -EINVAL, "report %s: %s", c->path, what);
}

static const char *text_of(const Chunk *c, const char *key)
{
    const char *text = json_string_value(json_object_get(c->block, key));
    return text ? text : "";
}

/* Names that a report gives are printed, and are looked for by their letters. */
static int check_name(const Merge *m, const Chunk *c, const char *name)
{
    if (strlen(name) > MAX_NAME) return bad(m, c, "a name in it has more than 256 bytes");
    return vm_text_is_plain(name) ? 0 : bad(m, c, "a name in it holds control characters");
}

/* A whole number of the block; 0 or -EINVAL. */
static int number_of(const Merge *m, const json_t *object, const Chunk *c, const char *key,
                     unsigned *value)
{
    const json_t *number = json_object_get(object, key);
    const double x = json_number_value(number);
    if (!json_is_number(number) || !(x >= 0 && x <= VM_MAX_FRAMES) || x != floor(x))
        return vm_fail(m->error, -EINVAL, "report %s: \"%s\" is not a whole number", c->path, key);
    *value = (unsigned)x;
    return 0;
}

static int check_lengths(const Merge *m, const Chunk *c)
{
    static const char *const keys[] = {"models", "tiny_models", "features", "warnings", "sums"};
    for (size_t i = 0; i < VM_COUNT(keys); i++) {
        const json_t *entries = json_object_get(c->block, keys[i]);
        if (json_array_size(entries) > MAX_ENTRIES || json_object_size(entries) > MAX_ENTRIES)
            return vm_fail(m->error, -EINVAL, "report %s: \"%s\" has more than %d entries", c->path,
                           keys[i], MAX_ENTRIES);
    }
    if (json_object_size(json_object_get(c->root, "pooled_metrics")) > MAX_ENTRIES)
        return vm_fail(m->error, -EINVAL, "report %s has more than %d scores", c->path,
                       MAX_ENTRIES);
    return 0;
}

static int check_origin(const Merge *m, const Chunk *c)
{
    const char *precision = text_of(c, "precision");
    if (strcmp(text_of(c, "version"), vmaf_ext_version()) != 0 ||
        strcmp(text_of(c, "epoch"), vmaf_ext_epoch()) != 0)
        return vm_fail(
            m->error, -EINVAL, "report %s was written by version %s (%s), this is %s (%s)", c->path,
            text_of(c, "version"), text_of(c, "epoch"), vmaf_ext_version(), vmaf_ext_epoch());
    if (!strcmp(precision, "max")) return 0;
    return vm_fail(m->error, -EINVAL,
                   "report %s has rounded numbers (precision %s); a report that can be merged is "
                   "written with --precision max",
                   c->path, precision);
}

static int load(const Merge *m, Chunk *c)
{
    json_error_t e;
    /* integers as real numbers: -0 keeps its sign */
    VmLocale locale = vm_locale_enter();
    c->root = json_load_file(c->path, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);
    const int reason = errno;
    vm_locale_leave(&locale);
    if (!c->root && json_error_code(&e) == json_error_cannot_open_file)
        return vm_fail(m->error, -ENOENT, "cannot read report %s: %s", c->path, strerror(reason));
    if (!c->root)
        return vm_fail(m->error, -EINVAL, "report %s is no JSON: line %d: %s", c->path, e.line,
                       e.text);
    c->block = json_object_get(c->root, "tinyvmaf");
    if (!json_is_object(c->block)) return bad(m, c, "it has no \"tinyvmaf\" block");
    VM_TRY(check_origin(m, c));
    VM_TRY(check_lengths(m, c));
    VM_TRY(number_of(m, c->block, c, "first_frame", &c->first));
    VM_TRY(number_of(m, c->block, c, "frames", &c->count));
    if (!c->count || c->count > VM_MAX_FRAMES - c->first) return bad(m, c, "it has no frames");
    return 0;
}

/* ---- do they fit? ---- */

static int by_first_frame(const void *a, const void *b)
{
    const Chunk *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static int check_order(const Merge *m, const Chunk *a, const Chunk *b)
{
    const unsigned end = a->first + a->count;
    if (b->first < end)
        return vm_fail(m->error, -EINVAL, "frame %u is in both %s and %s", b->first, a->path,
                       b->path);
    if (b->first > end)
        return vm_fail(m->error, -EINVAL, "frames %u to %u are missing between %s and %s", end,
                       b->first - 1, a->path, b->path);
    return 0;
}

static int check_same(const Merge *m, const Chunk *a, const Chunk *b)
{
    static const char *const keys[] = {"models",       "features",  "width",    "height",
                                       "pixel_format", "bit_depth", "subsample"};
    for (size_t i = 0; i < VM_COUNT(keys); i++)
        if (!json_equal(json_object_get(a->block, keys[i]), json_object_get(b->block, keys[i])))
            return vm_fail(m->error, -EINVAL, "reports %s and %s differ in \"%s\"", a->path,
                           b->path, keys[i]);
    return 0;
}

/* Is there enough in the reports for the table that they ask for? */
static int check_size(const Merge *m)
{
    const Chunk *last = &m->chunks[m->n - 1];
    uint64_t columns = 0, values = 0;
    for (unsigned i = 0; i < m->n; i++) {
        size_t k;
        const json_t *frame;
        json_array_foreach(json_object_get(m->chunks[i].root, "frames"), k, frame) values +=
            json_object_size(json_object_get(frame, "metrics"));
        columns =
            VM_MAX(columns, json_object_size(json_object_get(m->chunks[i].root, "pooled_metrics")));
    }
    /* at most 2^13 * 2^26 */
    const unsigned rows = last->first + last->count - m->chunks[0].first;
    if (columns * rows <= CELLS_AT_LEAST + CELLS_PER_VALUE * values) return 0;
    return vm_fail(m->error, -EINVAL,
                   "report %s has %" PRIu64 " values; those are too few for %" PRIu64
                   " scores of %u frames",
                   last->path, values, columns, rows);
}

static int check_chunks(Merge *m)
{
    qsort(m->chunks, m->n, sizeof(*m->chunks), by_first_frame);
    for (unsigned i = 1; i < m->n; i++) {
        VM_TRY(check_same(m, &m->chunks[0], &m->chunks[i]));
        VM_TRY(check_order(m, &m->chunks[i - 1], &m->chunks[i]));
    }
    return check_size(m);
}

/* ---- into the context ---- */

static int read_format(const Merge *m)
{
    const Chunk *c = &m->chunks[0];
    VmFormat *f = &m->v->format;
    VM_TRY(number_of(m, c->block, c, "width", &f->w));
    VM_TRY(number_of(m, c->block, c, "height", &f->h));
    VM_TRY(number_of(m, c->block, c, "bit_depth", &f->bpc));
    VM_TRY(number_of(m, c->block, c, "subsample", &m->v->config.n_subsample));
    for (int i = VMAF_PIX_FMT_YUV420P; i <= VMAF_PIX_FMT_YUV400P; i++)
        if (!strcmp(vm_pixel_format_name((enum VmafPixelFormat)i), text_of(c, "pixel_format")))
            f->pix_fmt = (enum VmafPixelFormat)i;
    return vm_format_check(f, m->error);
}

static int read_models(const Merge *m)
{
    const json_t *list = json_object_get(m->chunks[0].block, "models");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *model = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(model, "name"));
        const char *origin = json_string_value(json_object_get(model, "source"));
        const char *sha256 = json_string_value(json_object_get(model, "sha256"));
        VmModelRecord r = {.is_collection = json_is_true(json_object_get(model, "collection"))};
        /* reports write the digest as it is */
        if (!name || !origin || !sha256 || strlen(sha256) != sizeof(r.sha256) - 1 ||
            sha256[strspn(sha256, "0123456789abcdef")])
            return bad(m, &m->chunks[0], "\"models\" is damaged");
        VM_TRY(check_name(m, &m->chunks[0], name));
        if (json_object_set_new(m->models, name, json_true())) return vm_fail_memory(m->error);
        memcpy(r.sha256, sha256, strlen(sha256));
        r.name = vm_strdup(name);
        r.origin = vm_strdup(origin);
        if (vm_context_add_model(m->v, r)) return vm_fail_memory(m->error);
    }
    return 0;
}

static int read_texts(const json_t *array, VmList *to)
{
    for (size_t k = 0; k < json_array_size(array); k++) {
        const char *text = json_string_value(json_array_get(array, k));
        if (text) VM_TRY(vm_list_add(to, vm_strdup(text)));
    }
    return 0;
}

static int read_entries(json_t *object, VmList *keys, VmList *values)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const char *text = json_string_value(value);
        if (!text) continue;
        VM_TRY(vm_list_add(keys, vm_strdup(key)));
        VM_TRY(vm_list_add(values, vm_strdup(text)));
    }
    return 0;
}

static int read_tiny_model(VmTinyRecord *r, const json_t *entry)
{
    const char *id = json_string_value(json_object_get(entry, "id"));
    VM_TRY(read_texts(json_object_get(entry, "features"), &r->features));
    VM_TRY(read_entries(json_object_get(entry, "metadata"), &r->keys, &r->values));
    r->is_dynamic = json_is_true(json_object_get(entry, "depends_on_all_frames"));
    r->id = id ? vm_strdup(id) : NULL;
    return id && !r->id ? -ENOMEM : 0;
}

/* What the first report says of tiny models; frames are counted anew. */
static int read_tiny_models(const Merge *m)
{
    const json_t *list = json_object_get(m->chunks[0].block, "tiny_models");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        for (unsigned k = 0; name && k < m->v->n_models; k++) {
            VmModelRecord *model = &m->v->models[k];
            if (strcmp(model->name, name)) continue;
            if (model->tiny) break;
            model->tiny = vm_alloc(sizeof(*model->tiny));
            if (!model->tiny || read_tiny_model(model->tiny, entry))
                return vm_fail_memory(m->error);
            if (model->tiny->is_dynamic && m->n > 1)
                return vm_fail(m->error, -EINVAL,
                               "model %s scores a frame by all that are scored with it: parts "
                               "cannot be put together, score the clip whole",
                               name);
            break;
        }
    }
    return 0;
}

/* Adds texts; those of `there`, if it is given, are left out and the others noted in it. */
static int add_texts(const Merge *m, VmList *to, const Chunk *c, const char *key, json_t *there)
{
    const json_t *list = json_object_get(c->block, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text) return vm_fail(m->error, -EINVAL, "report %s: \"%s\" is damaged", c->path, key);
        if (there && json_object_get(there, text)) continue;
        if ((there && json_object_set_new(there, text, json_true())) ||
            vm_list_add(to, vm_strdup(text)))
            return vm_fail_memory(m->error);
    }
    return 0;
}

/* Only what the program writes: digits of 64 bits, counts below 2^53, the largest value of a sample. */
static int read_sum(const json_t *entry, VmTotal *t)
{
    const char *sse = json_string_value(json_object_get(entry, "sse"));
    *t = (VmTotal){.samples = json_number_value(json_object_get(entry, "samples")),
                   .peak = json_number_value(json_object_get(entry, "peak"))};
    if (!sse || !*sse || sse[strspn(sse, "0123456789")]) return -EINVAL;
    errno = 0;
    t->sse = strtoull(sse, NULL, 10);
    return !errno && t->samples >= 0 && t->samples < 9007199254740992. && t->peak >= 0 &&
                   t->peak <= UINT16_MAX
               ? 0
               : -EINVAL;
}

static int read_sums(const Merge *m, const Chunk *c)
{
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(c->block, "sums"), name, entry)
    {
        VmTotal t;
        if (read_sum(entry, &t)) return bad(m, c, "\"sums\" is damaged");
        VM_TRY(check_name(m, c, name));
        const int code = vm_scores_add_total(&m->v->scores, name, &t);
        if (code == -ERANGE) return bad(m, c, "\"sums\" is damaged");
        if (code) return vm_fail_memory(m->error);
        if (m->v->scores.n_totals > MAX_ENTRIES)
            return bad(m, c, "with it the reports have too many different sums");
    }
    return 0;
}

/* Columns in the order of the report. A chunk of which subsampling left nothing has none. */
static int add_columns(const Merge *m, const Chunk *c)
{
    const char *name;
    json_t *unused;
    VmScores *s = &m->v->scores;
    json_t *pooled = json_object_get(c->root, "pooled_metrics");
    if (!json_object_size(pooled)) return 0;
    if (s->n_columns && json_object_size(pooled) != s->n_columns)
        return vm_fail(m->error, -EINVAL, "reports %s and %s differ in their scores",
                       m->chunks[0].path, c->path);
    const int is_first = s->n_columns == 0;
    json_object_foreach(pooled, name, unused)
    {
        VmColumn *column;
        (void)unused;
        VM_TRY(check_name(m, c, name));
        if (!is_first && !json_object_get(m->numbers, name))
            return bad(m, c, "it has scores that the others have not");
        if (is_first &&
            (vm_scores_add(s, vm_strdup(name), vm_strdup(name), VM_PHASE_FRAME, &column) ||
             json_object_set_new(m->numbers, name, json_integer(s->n_columns - 1))))
            return vm_fail_memory(m->error);
    }
    return 0;
}

/* A score without a finite value is null in JSON: infinity (dB of equal pictures), unless it is listed as no number.
 * Models have a number for each frame. */
static int read_score(const Merge *m, const Chunk *c, unsigned index, const char *name,
                      const json_t *value)
{
    uint64_t bits;
    const json_t *number = json_object_get(m->numbers, name);
    if (!number || !(json_is_number(value) || json_is_null(value)))
        return vm_fail(m->error, -EINVAL, "report %s: frame %u has a bad score \"%s\"", c->path,
                       index, name);
    if (json_is_null(value) && json_object_get(m->models, name))
        return vm_fail(m->error, -EINVAL, "report %s: model %s has no number for frame %u", c->path,
                       name, index);
    VmColumn *column = m->v->scores.columns[json_integer_value(number)];
    if (!vm_column_get_bits(column, index, &bits))
        return vm_fail(m->error, -EINVAL, "report %s: frame %u is there twice", c->path, index);
    vm_column_put(column, index, json_is_null(value) ? INFINITY : json_number_value(value));
    return 0;
}

static int read_frame(const Merge *m, const Chunk *c, const json_t *frame)
{
    unsigned index = 0;
    const char *name;
    json_t *value;
    VM_TRY(number_of(m, frame, c, "frameNum", &index));
    if (index < c->first || index - c->first >= c->count)
        return vm_fail(m->error, -EINVAL, "report %s: frame %u is not one of its frames", c->path,
                       index);
    json_object_foreach(json_object_get(frame, "metrics"), name, value)
        VM_TRY(read_score(m, c, index, name, value));
    return 0;
}

/* One that is listed as no number, and is null there. */
static int put_nan(const Merge *m, const Chunk *c, const char *name, const json_t *frame)
{
    const json_t *number = json_object_get(m->numbers, name);
    const double index = json_is_number(frame) ? json_number_value(frame) : -1;
    double value = 0;
    if (!number || !(index >= c->first && index < (double)c->first + c->count) ||
        index != floor(index))
        return bad(m, c, "\"nan\" is damaged");
    VmColumn *column = m->v->scores.columns[json_integer_value(number)];
    if (vm_column_get(column, (unsigned)index, &value) || isfinite(value))
        return bad(m, c, "\"nan\" is damaged");
    vm_column_put(column, (unsigned)index, NAN);
    return 0;
}

static int read_nan(const Merge *m, const Chunk *c)
{
    const char *name;
    json_t *frames, *frame;
    json_object_foreach(json_object_get(c->block, "nan"), name, frames)
    {
        size_t i;
        json_array_foreach(frames, i, frame) VM_TRY(put_nan(m, c, name, frame));
    }
    return 0;
}

/* A score that one of its frames has is in each of them. */
static int check_frames(const Merge *m, const Chunk *c)
{
    const char *name;
    json_t *pooled;
    const unsigned step = vm_context_step(m->v);
    json_object_foreach(json_object_get(c->root, "pooled_metrics"), name, pooled)
    {
        uint64_t bits;
        const json_t *number = json_object_get(m->numbers, name);
        const VmColumn *column = m->v->scores.columns[json_integer_value(number)];
        for (unsigned i = c->first; i < c->first + c->count; i++)
            if (i % step == 0 && vm_column_get_bits(column, i, &bits))
                return vm_fail(m->error, -EINVAL, "report %s: frame %u has no score \"%s\"",
                               c->path, i, name);
    }
    return 0;
}

static int read_chunk(const Merge *m, const Chunk *c)
{
    const json_t *frames = json_object_get(c->root, "frames");
    VM_TRY(add_columns(m, c));
    VM_TRY(add_texts(m, &m->v->warnings, c, "warnings", m->warned));
    VM_TRY(read_sums(m, c));
    for (size_t i = 0; i < json_array_size(frames); i++)
        VM_TRY(read_frame(m, c, json_array_get(frames, i)));
    VM_TRY(read_nan(m, c));
    return check_frames(m, c);
}

static int fill(Merge *m)
{
    VmafContext *v = m->v;
    const Chunk *last = &m->chunks[m->n - 1];
    v->first = m->chunks[0].first;
    v->end = last->first + last->count;
    v->flushed = 1;
    v->reference = vm_strdup(text_of(&m->chunks[0], "reference"));
    v->distorted = vm_strdup(text_of(&m->chunks[0], "distorted"));
    vm_scores_begin(&v->scores, v->first);
    if (!v->reference || !v->distorted || vm_scores_reserve(&v->scores, v->end))
        return vm_fail_memory(m->error);
    VM_TRY(read_format(m));
    VM_TRY(read_models(m));
    VM_TRY(read_tiny_models(m));
    VM_TRY(add_texts(m, &v->features, &m->chunks[0], "features", NULL));
    for (unsigned i = 0; i < m->n; i++) VM_TRY(read_chunk(m, &m->chunks[i]));
    return 0;
}

static int merge(Merge *m, const char *const *paths)
{
    m->chunks = vm_alloc_array(m->n, sizeof(*m->chunks));
    m->numbers = json_object();
    m->warned = json_object();
    m->models = json_object();
    if (!m->chunks || !m->numbers || !m->warned || !m->models) return vm_fail_memory(m->error);
    for (unsigned i = 0; i < m->n; i++) {
        m->chunks[i].path = paths[i];
        VM_TRY(load(m, &m->chunks[i]));
    }
    VM_TRY(check_chunks(m));
    return fill(m);
}

int vmaf_ext_merge(VmafContext **vmaf, const char *const *paths, unsigned n_paths, char *error,
                   size_t error_size)
{
    VmafExtConfig config;
    VmError found = {{0}};
    Merge m = {.n = n_paths, .error = &found};
    if (!vmaf || !paths || !n_paths) return -EINVAL;
    vmaf_ext_config_default(&config);
    config.n_threads = 1;
    config.log_level = VMAF_LOG_LEVEL_NONE; /* the caller is told */
    VM_TRY(vmaf_ext_init(&m.v, &config));
    const int code = merge(&m, paths);
    for (unsigned i = 0; m.chunks && i < m.n; i++) json_decref(m.chunks[i].root);
    vm_free(m.chunks);
    json_decref(m.numbers);
    json_decref(m.warned);
    json_decref(m.models);
    if (!code) {
        *vmaf = m.v;
        return 0;
    }
    vmaf_close(m.v);
    vm_error_copy(&found, error, error_size);
    return code;
}
