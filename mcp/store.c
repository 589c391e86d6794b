/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "store.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "progress.h"
#include "rpc.h"

enum { REPORTS_MAX = 64, NAME_MAX_BYTES = 64 };

static const size_t bytes_max = 256u << 20;
static const double seconds_max = 3600;

typedef struct Image {
    struct Image *next;
    char name[NAME_MAX_BYTES];
    void *png;
    size_t size;
} Image;

typedef struct Report {
    struct Report *next; /* least recently used last */
    char id[VM_STORE_ID];
    char *text;
    VmFrameTable table;
    Image *images;
    size_t bytes;
    double born;
} Report;

struct VmStore {
    pthread_mutex_t lock; /* of all that follows */
    Report *first;
    unsigned n;
    size_t bytes;
};

void vm_frame_table_free(VmFrameTable *table)
{
    for (unsigned i = 0; table->columns && i < table->n_columns; i++) vm_free(table->columns[i]);
    vm_free(table->columns);
    vm_free(table->frames);
    vm_free(table->values);
    *table = (VmFrameTable){0};
}

static void free_report(Report *report)
{
    while (report->images) {
        Image *image = report->images;
        report->images = image->next;
        vm_free(image->png);
        vm_free(image);
    }
    vm_frame_table_free(&report->table);
    vm_free(report->text);
    vm_free(report);
}

int vm_store_open(VmStore **store)
{
    VmStore *s = vm_alloc(sizeof(*s));

    if (!s) return -ENOMEM;
    pthread_mutex_init(&s->lock, NULL);
    *store = s;
    return 0;
}

void vm_store_close(VmStore *store)
{
    if (!store) return;
    while (store->first) {
        Report *report = store->first;
        store->first = report->next;
        free_report(report);
    }
    pthread_mutex_destroy(&store->lock);
    vm_free(store);
}

/* ---- bounds; the lock is held ---- */

static void remove_report(VmStore *store, Report **link)
{
    Report *report = *link;

    *link = report->next;
    store->n--;
    store->bytes -= report->bytes;
    free_report(report);
}

/* The first one, just used, stays. */
static void remove_last(VmStore *store)
{
    Report **link = &store->first;

    while ((*link)->next) link = &(*link)->next;
    if (link != &store->first) remove_report(store, link);
}

static void shrink(VmStore *store)
{
    const double now = vm_clock();

    for (Report **link = &store->first; *link;) {
        if (now - (*link)->born > seconds_max) remove_report(store, link);
        else link = &(*link)->next;
    }
    while (store->n > REPORTS_MAX || (store->bytes > bytes_max && store->n > 1)) remove_last(store);
}

/* Finds it and moves it to the front. */
static Report *use(VmStore *store, const char *id)
{
    shrink(store);
    for (Report **link = &store->first; *link; link = &(*link)->next) {
        Report *report = *link;
        if (strcmp(report->id, id) != 0) continue;
        *link = report->next;
        report->next = store->first;
        store->first = report;
        return report;
    }
    return NULL;
}

/* ---- adding ---- */

int vm_store_new_id(char id[VM_STORE_ID])
{
    unsigned char bits[(VM_STORE_ID - 1) / 2];

    if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits)) return -EIO;
    for (unsigned i = 0; i < sizeof(bits); i++) (void)snprintf(id + 2 * i, 3, "%02x", bits[i]);
    return 0;
}

static size_t measure(const Report *report)
{
    const VmFrameTable *t = &report->table;

    return sizeof(*report) + (report->text ? strlen(report->text) : 0) +
           (size_t)t->n_rows * (sizeof(*t->frames) + t->n_columns * sizeof(*t->values));
}

int vm_store_add(VmStore *store, char *text, VmFrameTable *table, char id[VM_STORE_ID])
{
    Report *report = vm_alloc(sizeof(*report));
    Report given = {.text = text, .table = table ? *table : (VmFrameTable){0}};

    if (table) *table = (VmFrameTable){0};
    given.bytes = measure(&given);
    int code = !report ? -ENOMEM : given.bytes > bytes_max ? -EFBIG : 0;
    if (!code && !*id) code = vm_store_new_id(id);
    if (code) {
        vm_frame_table_free(&given.table);
        vm_free(text);
        vm_free(report);
        return code;
    }
    given.born = vm_clock();
    memcpy(given.id, id, sizeof(given.id));
    pthread_mutex_lock(&store->lock);
    *report = given;
    report->next = store->first;
    store->first = report;
    store->n++;
    store->bytes += report->bytes;
    shrink(store);
    pthread_mutex_unlock(&store->lock);
    return 0;
}

static Image *make_image(const char *name, const void *png, size_t size)
{
    Image *image = vm_alloc(sizeof(*image));

    if (!image) return NULL;
    image->png = vm_alloc(size);
    if (!image->png) {
        vm_free(image);
        return NULL;
    }
    (void)snprintf(image->name, sizeof(image->name), "%s", name);
    memcpy(image->png, png, size);
    image->size = size;
    return image;
}

int vm_store_add_image(VmStore *store, const char *id, const char *name, const void *png,
                       size_t size)
{
    Image *image = size > bytes_max ? NULL : make_image(name, png, size);

    if (!image) return -ENOMEM;
    pthread_mutex_lock(&store->lock);
    Report *report = use(store, id);
    if (report) {
        image->next = report->images;
        report->images = image;
        report->bytes += size;
        store->bytes += size;
        shrink(store);
    }
    pthread_mutex_unlock(&store->lock);
    if (report) return 0;
    vm_free(image->png);
    vm_free(image);
    return -ENOENT;
}

/* ---- reading ---- */

static void print_row(const VmFrameTable *t, unsigned row, VmText *out)
{
    vm_text_add(out, "{\"frameNum\":%u,\"metrics\":{", t->frames[row]);
    for (unsigned i = 0, n = 0; i < t->n_columns; i++) {
        const double value = t->values[(size_t)row * t->n_columns + i];
        if (!isfinite(value)) continue;
        if (n++) vm_text_add(out, ",");
        vm_rpc_quote(out, t->columns[i], strlen(t->columns[i]));
        vm_text_add(out, ":%.17g", value);
    }
    vm_text_add(out, "}}");
}

static void print_rows(const Report *report, unsigned from, unsigned count, VmText *out)
{
    const VmFrameTable *t = &report->table;
    unsigned row = 0;
    VmLocale locale = vm_locale_enter();

    while (row < t->n_rows && t->frames[row] < from) row++;
    vm_text_add(out, "{\"report\":\"vmaf://reports/%s\",\"from\":%u,\"total\":%u,\"frames\":[",
                report->id, from, t->n_rows);
    for (unsigned n = 0; n < count && row < t->n_rows; n++, row++) {
        if (n) vm_text_add(out, ",");
        print_row(t, row, out);
    }
    vm_text_add(out, "]");
    if (row < t->n_rows) vm_text_add(out, ",\"next\":%u", t->frames[row]);
    vm_text_add(out, "}");
    vm_locale_leave(&locale);
}

/* Gives the text away. */
static int give_text(VmText *out, char **text, size_t *size)
{
    if (out->failed || !out->data) {
        vm_text_free(out);
        return -ENOMEM;
    }
    *text = out->data;
    *size = out->size;
    return 0;
}

int vm_store_frames(VmStore *store, const char *id, unsigned from, unsigned count, char **text,
                    size_t *size)
{
    VmText out = {0};

    pthread_mutex_lock(&store->lock);
    const Report *report = use(store, id);
    if (report) print_rows(report, from, count, &out);
    pthread_mutex_unlock(&store->lock);
    return report ? give_text(&out, text, size) : -ENOENT;
}

int vm_store_report(VmStore *store, const char *id, size_t most, char **text, size_t *size)
{
    VmText out = {0};

    pthread_mutex_lock(&store->lock);
    const Report *report = use(store, id);
    const size_t known = report && report->text ? strlen(report->text) : 0;
    if (report && !report->text) print_rows(report, 0, report->table.n_rows, &out);
    else if (report && known <= most) vm_text_add(&out, "%s", report->text);
    pthread_mutex_unlock(&store->lock);
    *size = VM_MAX(known, out.size);
    if (report && *size <= most) return give_text(&out, text, size);
    vm_text_free(&out);
    return report ? -EFBIG : -ENOENT;
}

int vm_store_image(VmStore *store, const char *id, const char *name, void **png, size_t *size)
{
    int code = -ENOENT;

    pthread_mutex_lock(&store->lock);
    const Report *report = use(store, id);
    const Image *image = report ? report->images : NULL;
    while (image && strcmp(image->name, name) != 0) image = image->next;
    if (image) {
        *png = vm_alloc(image->size);
        *size = image->size;
        if (*png) memcpy(*png, image->png, image->size);
        code = *png ? 0 : -ENOMEM;
    }
    pthread_mutex_unlock(&store->lock);
    return code;
}
