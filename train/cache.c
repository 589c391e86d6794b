/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "infile.h"
#include "outfile.h"
#include "sha256.h"

int vm_rows_init(VmRows *rows, size_t n, unsigned width)
{
    *rows = (VmRows){.n = n, .width = width, .has_raw = 1};
    if (width && n > SIZE_MAX / (width * sizeof(double))) return -ENOMEM;
    rows->x = vm_alloc_array(n + 1, width * sizeof(*rows->x));
    rows->raw = vm_alloc_array(n + 1, sizeof(*rows->raw));
    rows->clipped = vm_alloc_array(n + 1, sizeof(*rows->clipped));
    return rows->x && rows->raw && rows->clipped ? 0 : -ENOMEM;
}

void vm_rows_free(VmRows *rows)
{
    vm_free(rows->x);
    vm_free(rows->raw);
    vm_free(rows->clipped);
    *rows = (VmRows){.n = 0};
}

char *vm_cache_default_folder(void)
{
    const char *home = getenv("HOME");

    return home && *home ? vm_printf("%s/.cache/vmaf-tiny-ai", home) : NULL;
}

/* ---- reading ---- */

static int refuse(VmError *why, const char *what)
{
    return vm_fail(why, -EINVAL, "%s", what);
}

/* An array of n numbers or nulls into out. */
static int read_numbers(const json_t *array, size_t n, double *out)
{
    size_t i;
    json_t *value;

    if (!json_is_array(array) || json_array_size(array) != n) return -EINVAL;
    json_array_foreach(array, i, value)
    {
        if (!json_is_number(value) && !json_is_null(value)) return -EINVAL;
        out[i] = json_is_null(value) ? NAN : json_number_value(value);
    }
    return 0;
}

static int same_features(const VmCacheEntry *entry, const json_t *names)
{
    if (!json_is_array(names) || json_array_size(names) != entry->width) return 0;
    for (unsigned i = 0; i < entry->width; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name || strcmp(name, entry->features[i]) != 0) return 0;
    }
    return 1;
}

/* What the two keys disagree about: the first name that differs. */
static const char *difference(json_t *wanted, json_t *found)
{
    const char *name;
    json_t *value;

    if (!json_is_object(found)) return "key";
    json_object_foreach(wanted, name,
                        value) if (!json_equal(value, json_object_get(found, name))) return name;
    return "key";
}

/* 0: the entry was computed from what is wanted. */
static int check_key(const VmCacheEntry *entry, json_t *root, VmError *why)
{
    json_t *key = json_object_get(root, "key");
    const json_t *schema = json_object_get(root, "schema");

    if (!schema && !key) {
        if (entry->accept_legacy) return 0;
        return refuse(why, "it has no key, so what it was computed from is unknown");
    }
    if (json_integer_value(schema) != VM_CACHE_SCHEMA)
        return refuse(why, "it has another schema than 2");
    if (json_equal(key, entry->key)) return 0;
    return vm_fail(why, -ESTALE, "it was computed from something else: %s",
                   difference(entry->key, key));
}

static int read_rows(const VmCacheEntry *entry, json_t *root, VmRows *rows, VmError *why)
{
    const json_t *features = json_object_get(root, "features");
    const json_t *scores = json_object_get(root, "scores");
    const json_t *lines = json_object_get(features, "per_frame");
    const json_t *raw = json_object_get(scores, "raw_per_frame");
    const size_t n = json_array_size(lines);

    if (!same_features(entry, json_object_get(features, "feature_names")))
        return refuse(why, "its features are others");
    if (!json_is_array(lines) ||
        json_integer_value(json_object_get(features, "n_frames")) != (json_int_t)n || n == 0)
        return refuse(why, "its number of rows is not what it says");
    if (vm_rows_init(rows, n, entry->width) < 0) return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (read_numbers(json_array_get(lines, i), entry->width, rows->x + i * entry->width) < 0)
            return vm_fail(why, -EINVAL, "row %zu is not one of %u numbers", i, entry->width);
    if (read_numbers(json_object_get(scores, "per_frame"), n, rows->clipped) < 0)
        return refuse(why, "its scores are not as many numbers as there are rows");
    rows->has_raw = raw || !entry->accept_legacy;
    if (rows->has_raw && read_numbers(raw, n, rows->raw) < 0)
        return refuse(why, "its raw scores are not as many numbers as there are rows");
    return 0;
}

/* Returns 0, -ESTALE (whole, of another key), -ENOTSUP (of another schema or none), -EINVAL (damaged),
 * -ENOMEM. */
static int parse(const VmCacheEntry *entry, const char *text, size_t size, VmRows *rows,
                 VmError *why)
{
    json_error_t place;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &place);

    if (!root)
        return vm_fail(why, -EINVAL, "it is damaged: line %d, column %d: %.200s", place.line,
                       place.column, place.text);
    int err = json_is_object(root) ? check_key(entry, root, why) : refuse(why, "it is no object");
    if (err == -EINVAL && json_is_object(root)) err = -ENOTSUP;
    if (!err) err = read_rows(entry, root, rows, why);
    json_decref(root);
    if (err < 0) vm_rows_free(rows);
    return err;
}

int vm_cache_parse(const VmCacheEntry *entry, const char *text, size_t size, VmRows *rows,
                   VmError *why)
{
    *rows = (VmRows){.n = 0};
    const int err = parse(entry, text, size, rows, why);

    return err == -ENOMEM ? err : err == 0;
}

/* As parse(), and -ENOENT. */
static int read_path(const VmCacheEntry *entry, const char *path, VmRows *rows, VmError *why)
{
    void *text = NULL;
    size_t size = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    *rows = (VmRows){.n = 0};
    if (fd < 0 && errno == ENOENT) return -ENOENT;
    if (fd < 0) return vm_fail(why, -EINVAL, "it cannot be read: %s", strerror(errno));
    int err = vm_infile_read_fd(fd, VM_CACHE_ENTRY_MAX, &text, &size, why);
    if (!err) err = parse(entry, text, size, rows, why);
    else if (err != -ENOMEM) err = -EINVAL;
    vm_free(text);
    return err;
}

/* The entry's second name, with the digest of the key as it is written. */
static char *second_path(const VmCacheEntry *entry)
{
    char hex[65];
    char *text = json_dumps(entry->key, JSON_COMPACT | JSON_SORT_KEYS);

    if (!text) return NULL;
    vm_sha256_hex(text, strlen(text), hex);
    free(text);
    return vm_printf("%s/%s/%s.%.8s.json", entry->folder, entry->source, entry->stem, hex);
}

/* Whole entries of others stay; what is absent or damaged gives its name to the new one. */
int vm_cache_read(VmCacheEntry *entry, VmRows *rows, VmError *why)
{
    VmError ignored = {""};
    char *paths[2] = {vm_printf("%s/%s/%s.json", entry->folder, entry->source, entry->stem),
                      second_path(entry)};
    int err = paths[0] && paths[1] ? 0 : -ENOMEM, chosen = 0;

    why->text[0] = 0;
    if (!err) err = read_path(entry, paths[0], rows, why);
    if (err < 0 && err != -ENOMEM) {
        chosen = err == -ESTALE || err == -ENOTSUP;
        err = read_path(entry, paths[1], rows, &ignored);
        if (!err) chosen = 1;
    }
    vm_free(entry->path);
    entry->path = paths[chosen];
    vm_free(paths[!chosen]);
    return err == -ENOMEM ? err : err == 0;
}

/* ---- writing ---- */

static void put_number(FILE *out, double value)
{
    if (isfinite(value)) fprintf(out, "%.17g", value);
    else fputs("null", out);
}

static void put_numbers(FILE *out, const double *values, size_t n)
{
    fputc('[', out);
    for (size_t i = 0; i < n; i++) {
        if (i) fputs(", ", out);
        put_number(out, values[i]);
    }
    fputc(']', out);
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

static void put_date(FILE *out)
{
    const time_t now = time(NULL);
    struct tm utc;
    char text[32] = "";

    if (gmtime_r(&now, &utc)) (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    fprintf(out, " \"created\": \"%s\",\n", text);
}

/* Names of features and the key have nothing that JSON would have to escape, or jansson writes them. */
static int put_envelope(FILE *out, const VmCacheEntry *entry, const VmRows *rows)
{
    fprintf(out, "{\"schema\": %d,\n", VM_CACHE_SCHEMA);
    put_date(out);
    fputs(" \"key\": ", out);
    const int err = json_dumpf(entry->key, out, JSON_SORT_KEYS) ? -ENOMEM : 0;
    fputs(",\n \"features\": {\"feature_names\": [", out);
    for (unsigned i = 0; i < entry->width; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : "", entry->features[i]);
    fprintf(out, "], \"n_frames\": %zu, \"per_frame\": [\n", rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        fputs(i ? ",\n  " : "  ", out);
        put_numbers(out, rows->x + i * rows->width, rows->width);
    }
    fputs("]},\n \"scores\": {\"pooled\": ", out);
    put_number(out, mean_of(rows->clipped, rows->n));
    fputs(",\n  \"per_frame\": ", out);
    put_numbers(out, rows->clipped, rows->n);
    fputs(",\n  \"raw_per_frame\": ", out);
    put_numbers(out, rows->raw, rows->n);
    fputs("}}\n", out);
    return err;
}

int vm_cache_write(const VmCacheEntry *entry, const VmRows *rows, VmError *error)
{
    VmOutFile out;

    VM_TRY(vm_outfile_replace(&out, entry->path, error));
    /* half a key, and no error of the file, is what jansson leaves when memory runs out */
    const int err = put_envelope(out.file, entry, rows);
    return vm_outfile_finish(&out, err ? vm_fail_memory(error) : 0, error);
}

/* Whoever holds the lease is the only one who writes this stem: what has its name and is temporary was left
 * behind by a process that was killed. */
static void sweep(const char *folder, const char *stem)
{
    const size_t length = strlen(stem);
    DIR *dir = opendir(folder);

    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && !strcmp(dot, ".tmp") && !strncmp(entry->d_name, stem, length) &&
            entry->d_name[length] == '.')
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir) (void)closedir(dir);
}

void vm_cache_sweep(const VmCacheEntry *entry)
{
    char *folder = vm_printf("%s/%s", entry->folder, entry->source);

    if (folder) sweep(folder, entry->stem);
    vm_free(folder);
}

char *vm_cache_lease_path(const VmCacheEntry *entry, int *err, VmError *error)
{
    char *folder = vm_printf("%s/%s", entry->folder, entry->source);
    char *path = vm_printf("%s/%s/%s.lease", entry->folder, entry->source, entry->stem);

    *err = folder && path ? vm_outfile_make_folder(folder, error) : vm_fail_memory(error);
    vm_free(folder);
    if (!*err) return path;
    vm_free(path);
    return NULL;
}
