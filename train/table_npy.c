/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* NumPy's format: a header that is a Python literal, then records. We write one array of named fields,
 * numpy.load(file)["adm2"], and read arrays of named fields of any order. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

enum { HEADER_MAX = 1 << 16, RECORD_MAX = 1 << 16, TEXT_MAX = 4 * (VM_DATASET_NAME_MAX + 1) };

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* ---- reading ---- */

typedef struct Field {
    char name[VM_DATASET_NAME_MAX + 1];
    char kind;   /* 'f', 'i', 'u', 'S' or 'U' */
    size_t size; /* bytes */
    size_t at;   /* place in the record */
} Field;

typedef struct Npy {
    FILE *file;
    char header[HEADER_MAX + 1];
    const char *next; /* place in the header */
    Field fields[VM_COLUMNS_MAX];
    unsigned n_fields;
    size_t record;
    uint64_t n;
    uint8_t bytes[RECORD_MAX];
    char texts[VM_COLUMNS_MAX][VM_DATASET_NAME_MAX + 2];
    const VmWatch *watch;
    VmError *error;
} Npy;

static int refuse(const Npy *npy, const char *why)
{
    return vm_fail(npy->error, -EINVAL, "%s", why);
}

static int refuse_header(const Npy *npy, const char *expected)
{
    return vm_fail(npy->error, -EINVAL, "NPY header, byte %td: %s expected",
                   npy->next - npy->header, expected);
}

static void skip_blanks(Npy *npy)
{
    npy->next += strspn(npy->next, " \t\n");
}

/* 1: the word is next, and is passed over. */
static int accept(Npy *npy, const char *word)
{
    const size_t length = strlen(word);

    skip_blanks(npy);
    if (strncmp(npy->next, word, length) != 0) return 0;
    npy->next += length;
    return 1;
}

static int expect(Npy *npy, const char *word)
{
    return accept(npy, word) ? 0 : refuse_header(npy, word);
}

/* A text in quotes, without escapes. */
static int read_text(Npy *npy, char *text, size_t size)
{
    skip_blanks(npy);
    const char quote = *npy->next;
    if (quote != '\'' && quote != '"') return refuse_header(npy, "a text");
    const char *from = npy->next + 1, *end = strchr(from, quote);
    if (!end || (size_t)(end - from) >= size || memchr(from, '\\', (size_t)(end - from)))
        return refuse_header(npy, "a short text without escapes");
    memcpy(text, from, (size_t)(end - from));
    text[end - from] = 0;
    npy->next = end + 1;
    return 0;
}

/* "<f4": byte order, kind, size (of 'U' in characters of 4 bytes). */
static int read_type(Npy *npy, Field *field)
{
    char type[16];
    size_t size = 0;

    VM_TRY(read_text(npy, type, sizeof(type)));
    if (!strchr("<|", type[0]) || !type[0]) return refuse_header(npy, "a little-endian type");
    field->kind = type[1];
    for (const char *c = type + 2; type[1] && *c; c++) {
        if (*c < '0' || *c > '9' || size > RECORD_MAX) return refuse_header(npy, "a size");
        size = size * 10 + (size_t)(*c - '0');
    }
    const int is_float = field->kind == 'f' && (size == 4 || size == 8);
    const int is_whole = (field->kind == 'i' || field->kind == 'u') &&
                         (size == 1 || size == 2 || size == 4 || size == 8);
    const int is_text = (field->kind == 'S' || field->kind == 'U') && size <= RECORD_MAX / 4;
    if (!is_float && !is_whole && !is_text)
        return refuse_header(npy, "a type of f4 f8 i1..i8 u1..u8 S or U");
    field->size = field->kind == 'U' ? 4 * size : size;
    return 0;
}

static int read_field(Npy *npy)
{
    Field *field = &npy->fields[npy->n_fields];

    if (npy->n_fields == VM_COLUMNS_MAX) return refuse(npy, "NPY header: too many fields");
    VM_TRY(read_text(npy, field->name, sizeof(field->name)));
    VM_TRY(expect(npy, ","));
    VM_TRY(read_type(npy, field));
    VM_TRY(expect(npy, ")"));
    field->at = npy->record;
    npy->record += field->size;
    npy->n_fields++;
    return npy->record > RECORD_MAX ? refuse(npy, "NPY header: its records are too long") : 0;
}

static int read_fields(Npy *npy)
{
    if (!accept(npy, "["))
        return refuse(npy, "the array has no named fields, so which column is what is unknown");
    while (accept(npy, "(")) {
        VM_TRY(read_field(npy));
        if (!accept(npy, ",")) break;
    }
    return expect(npy, "]");
}

static int read_shape(Npy *npy)
{
    VM_TRY(expect(npy, "("));
    skip_blanks(npy);
    if (*npy->next < '0' || *npy->next > '9') return refuse_header(npy, "a number");
    for (npy->n = 0; *npy->next >= '0' && *npy->next <= '9'; npy->next++) {
        npy->n = npy->n * 10 + (uint64_t)(*npy->next - '0');
        /* records can be holes in the file, so that its size says nothing */
        if (npy->n > VM_DATASET_ROWS_MAX)
            return vm_fail(npy->error, -EINVAL, "NPY header: there are more than %d records",
                           VM_DATASET_ROWS_MAX);
    }
    (void)accept(npy, ",");
    return accept(npy, ")") ? 0 : refuse(npy, "the array has more than one dimension");
}

/* The dictionary's three entries, in any order, each once. */
static int parse_header(Npy *npy)
{
    char name[16];
    unsigned seen = 0, bit;

    VM_TRY(expect(npy, "{"));
    while (!accept(npy, "}")) {
        VM_TRY(read_text(npy, name, sizeof(name)));
        VM_TRY(expect(npy, ":"));
        if (!strcmp(name, "descr")) bit = 1;
        else if (!strcmp(name, "fortran_order")) bit = 2;
        else if (!strcmp(name, "shape")) bit = 4;
        else return refuse_header(npy, "descr, fortran_order or shape");
        if (seen & bit) return refuse(npy, "NPY header: an entry comes twice");
        seen |= bit;
        if (bit == 1) VM_TRY(read_fields(npy));
        else if (bit == 4) VM_TRY(read_shape(npy));
        else if (!accept(npy, "False") && !accept(npy, "True"))
            return refuse_header(npy, "True or False");
        if (!accept(npy, ",")) {
            VM_TRY(expect(npy, "}"));
            break;
        }
    }
    skip_blanks(npy);
    if (seen != 7 || *npy->next) return refuse_header(npy, "three entries and nothing else");
    return npy->record ? 0 : refuse(npy, "NPY header: its records are empty");
}

static int take(Npy *npy, void *bytes, size_t size)
{
    return fread(bytes, 1, size, npy->file) == size ? 0 : refuse(npy, "the file is cut off");
}

static int read_header(Npy *npy)
{
    uint8_t lead[12];
    size_t length;

    VM_TRY(take(npy, lead, 10));
    if (memcmp(lead, magic, sizeof(magic)) != 0) return refuse(npy, "it is no NPY file");
    length = lead[8] | (size_t)lead[9] << 8;
    if (lead[6] == 2 || lead[6] == 3) {
        VM_TRY(take(npy, lead + 10, 2));
        length |= (size_t)lead[10] << 16 | (size_t)lead[11] << 24;
    } else if (lead[6] != 1) {
        return refuse(npy, "its NPY version is not 1, 2 or 3");
    }
    if (length > HEADER_MAX) return refuse(npy, "its NPY header is too long");
    VM_TRY(take(npy, npy->header, length));
    if (memchr(npy->header, 0, length)) return refuse(npy, "its NPY header has a zero byte");
    npy->header[length] = 0;
    npy->next = npy->header;
    return parse_header(npy);
}

static double number_of(const Field *field, const uint8_t *at)
{
    union {
        uint8_t bytes[8];
        float f4;
        double f8;
        uint64_t u8;
    } v = {{0}};

    memcpy(v.bytes, at, VM_MIN(field->size, sizeof(v.bytes)));
    if (field->kind == 'f') return field->size == 4 ? (double)v.f4 : v.f8;
    if (field->kind == 'u') return (double)v.u8;
    /* the sign bit of a shorter number weighs minus twice itself in the longer one */
    const uint64_t sign = (uint64_t)1 << (8 * field->size - 1);
    return (double)(int64_t)((v.u8 ^ sign) - sign);
}

/* Text is padded with zeros; of 4-byte characters only ASCII is taken. */
static int text_of(const Npy *npy, const Field *field, const uint8_t *at, char *text)
{
    const size_t step = field->kind == 'U' ? 4 : 1;
    size_t n = 0;

    for (; n * step < field->size && at[n * step]; n++) {
        if (n > VM_DATASET_NAME_MAX) return refuse(npy, "a text in a record is too long");
        if (step == 4 && (at[4 * n] > 127 || at[4 * n + 1] || at[4 * n + 2] || at[4 * n + 3]))
            return refuse(npy, "a text in a record has other characters than ASCII");
        text[n] = (char)at[n * step];
    }
    text[n] = 0;
    return 0;
}

static int read_record(Npy *npy, VmTable *table)
{
    VmCell cells[VM_COLUMNS_MAX];

    VM_TRY(take(npy, npy->bytes, npy->record));
    for (unsigned i = 0; i < npy->n_fields; i++) {
        const Field *field = &npy->fields[i];
        const uint8_t *at = npy->bytes + field->at;
        const int is_text = field->kind == 'S' || field->kind == 'U';
        if (is_text) VM_TRY(text_of(npy, field, at, npy->texts[i]));
        cells[i] = (VmCell){is_text ? npy->texts[i] : NULL, is_text ? 0 : number_of(field, at)};
    }
    return vm_table_add(table, cells, npy->error);
}

static int read_records(Npy *npy, VmTable *table)
{
    for (uint64_t i = 0; i < npy->n; i++) {
        if (vm_watch_cancelled(npy->watch)) return vm_fail(npy->error, -ECANCELED, "cancelled");
        const int err = read_record(npy, table);
        if (err == -EINVAL) {
            const VmError why = *npy->error;
            return vm_fail(npy->error, err, "record %" PRIu64 ": %.500s", i, why.text);
        }
        VM_TRY(err);
    }
    return getc(npy->file) == EOF ? 0 : refuse(npy, "there are bytes behind the last record");
}

static int read_all(Npy *npy, VmTable *table, const char *list)
{
    const char *names[VM_COLUMNS_MAX];

    VM_TRY(read_header(npy));
    for (unsigned i = 0; i < npy->n_fields; i++) names[i] = npy->fields[i].name;
    VM_TRY(vm_table_start(table, names, npy->n_fields, list, npy->error));
    VM_TRY(read_records(npy, table));
    return vm_dataset_finish(table->dataset) < 0 ? vm_fail_memory(npy->error) : 0;
}

int vm_npy_read(FILE *file, const char *list, const VmWatch *watch, VmDataset **dataset,
                VmError *error)
{
    VmTable table = {.dataset = NULL};
    Npy *npy = vm_alloc(sizeof(*npy));

    if (!npy) return vm_fail_memory(error);
    npy->file = file;
    npy->watch = watch;
    npy->error = error;
    const int err = read_all(npy, &table, list);
    vm_free(npy);
    if (err < 0) vm_dataset_free(table.dataset);
    else *dataset = table.dataset;
    return err;
}

/* ---- writing ---- */

static size_t longest(char *const *texts, unsigned n)
{
    size_t length = 1;

    for (unsigned i = 0; i < n; i++) length = VM_MAX(length, strlen(texts[i]));
    return length;
}

static size_t longest_key(const VmDataset *dataset)
{
    size_t length = 1;

    for (unsigned i = 0; i < dataset->n_clips; i++)
        length = VM_MAX(length, strlen(dataset->clips[i].key));
    return length;
}

/* The lead and the header together are a multiple of 64 bytes, as NumPy has it. */
static int put_header(FILE *file, const VmDataset *dataset, const size_t sizes[3], VmError *error)
{
    VmText text = {NULL};

    vm_text_add(&text,
                "{'descr': [('key', '|S%zu'), ('source', '|S%zu'), ('group', '|S%zu'), "
                "('frame', '<u4')",
                sizes[0], sizes[1], sizes[2]);
    for (unsigned i = 0; i < dataset->width; i++)
        vm_text_add(&text, ", ('%s', '<f4')", dataset->features[i]);
    vm_text_add(&text,
                ", ('vmaf_raw', '<f8'), ('vmaf', '<f8')], 'fortran_order': False, 'shape': "
                "(%zu,), }",
                dataset->n);
    if (!text.failed) vm_text_add(&text, "%*s", (int)(63 - (10 + text.size) % 64), "");
    vm_text_add(&text, "\n");
    const int err = text.failed ? vm_fail_memory(error) : 0;
    if (!err) {
        const uint8_t rest[4] = {1, 0, (uint8_t)text.size, (uint8_t)(text.size >> 8)};
        (void)fwrite(magic, 1, sizeof(magic), file);
        (void)fwrite(rest, 1, sizeof(rest), file);
        (void)fwrite(text.data, 1, text.size, file);
    }
    vm_text_free(&text);
    return err;
}

static void put_text(FILE *file, const char *text, size_t size)
{
    static const char zeros[VM_DATASET_NAME_MAX + 1];
    const size_t length = strlen(text);

    (void)fwrite(text, 1, length, file);
    (void)fwrite(zeros, 1, size - length, file);
}

/* The header stays below 64 KiB: 64 names of 127 bytes at most. */
int vm_npy_write(FILE *file, const VmDataset *d, VmError *error)
{
    const size_t sizes[3] = {longest_key(d), longest(d->sources, d->n_sources),
                             longest(d->groups, d->n_groups)};

    VM_TRY(put_header(file, d, sizes, error));
    for (size_t row = 0; row < d->n && !ferror(file); row++) {
        const VmClip *clip = &d->clips[d->clip[row]];
        const double raw = clip->has_raw ? d->raw[row] : NAN;
        put_text(file, clip->key, sizes[0]);
        put_text(file, d->sources[clip->source], sizes[1]);
        put_text(file, d->groups[clip->group], sizes[2]);
        (void)fwrite(&d->frame[row], sizeof(*d->frame), 1, file);
        (void)fwrite(d->x + row * d->width, sizeof(*d->x), d->width, file);
        (void)fwrite(&raw, sizeof(raw), 1, file);
        (void)fwrite(&d->clipped[row], sizeof(*d->clipped), 1, file);
    }
    return 0;
}
