/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "corpus_json.h"

#include <jansson.h>
#include <string.h>

#include "clip_name.h"

/* ---- pixel formats ---- */

static const struct {
    const char *name;
    enum VmafPixelFormat value;
} formats[] = {
    {"yuv420p", VMAF_PIX_FMT_YUV420P},
    {"yuv422p", VMAF_PIX_FMT_YUV422P},
    {"yuv444p", VMAF_PIX_FMT_YUV444P},
    {"gray", VMAF_PIX_FMT_YUV400P},
};

static const struct {
    const char *name;
    unsigned value;
} depths[] = {{"", 8},      {"10", 10}, {"10le", 10}, {"12", 12},
              {"12le", 12}, {"16", 16}, {"16le", 16}};

static int parse_format(const char *text, VmRawFormat *raw)
{
    for (size_t i = 0; i < VM_COUNT(formats); i++) {
        const size_t length = strlen(formats[i].name);
        if (strncmp(text, formats[i].name, length) != 0) continue;
        for (size_t k = 0; k < VM_COUNT(depths); k++) {
            if (strcmp(text + length, depths[k].name) != 0) continue;
            raw->pix_fmt = formats[i].value;
            raw->bpc = depths[k].value;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- checks ---- */

static int check_whole(const char *place, const char *key, const json_t *value, int max,
                       VmError *error)
{
    if (json_is_integer(value) && json_integer_value(value) >= 1 &&
        json_integer_value(value) <= max)
        return 0;
    return vm_fail(error, -EINVAL, "%s: \"%s\" is not a whole number from 1 to %d", place, key,
                   max);
}

static int check_group(const char *place, const json_t *value, VmError *error)
{
    const char *name = json_string_value(value);

    if (name && *name && strlen(name) <= VM_STEM_MAX &&
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
            strlen(name))
        return 0;
    return vm_fail(error, -EINVAL, "%s: \"group\" is not a name of letters and digits", place);
}

static int check_member(const char *place, const char *key, const json_t *value, int is_source,
                        VmError *error)
{
    VmRawFormat raw;

    if (!strcmp(key, "width") || !strcmp(key, "height"))
        return check_whole(place, key, value, VM_SIDE_MAX, error);
    if (!strcmp(key, "fps")) return check_whole(place, key, value, VM_FPS_MAX, error);
    if (!strcmp(key, "group") && is_source) return check_group(place, value, error);
    if (strcmp(key, "pixel_format") != 0)
        return vm_fail(error, -EINVAL, "%s: unknown key \"%s\"", place, key);
    if (json_is_string(value) && parse_format(json_string_value(value), &raw) == 0) return 0;
    return vm_fail(error, -EINVAL,
                   "%s: \"pixel_format\" is not yuv420p, yuv422p, yuv444p or gray, with 10, 12 or "
                   "16 behind it for more than 8 bits",
                   place);
}

static int check_entry(const char *place, json_t *entry, int is_source, VmError *error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(entry)) return vm_fail(error, -EINVAL, "%s is not an object", place);
    if (!json_object_get(entry, "width") != !json_object_get(entry, "height"))
        return vm_fail(error, -EINVAL, "%s has one of width and height without the other", place);
    json_object_foreach(entry, key, value)
        VM_TRY(check_member(place, key, value, is_source, error));
    return 0;
}

static int check_entries(const char *section, json_t *entries, VmError *error)
{
    const char *name;
    json_t *entry;

    if (!json_is_object(entries))
        return vm_fail(error, -EINVAL, "\"%s\" is not an object", section);
    json_object_foreach(entries, name, entry)
    {
        char place[256];
        (void)snprintf(place, sizeof(place), "\"%s\": \"%.160s\"", section, name);
        VM_TRY(check_entry(place, entry, !strcmp(section, "sources"), error));
    }
    return 0;
}

static int check(json_t *root, VmError *error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(root)) return vm_fail(error, -EINVAL, "it is not an object");
    json_object_foreach(root, key, value)
    {
        if (!strcmp(key, "format")) VM_TRY(check_entry("\"format\"", value, 0, error));
        else if (!strcmp(key, "sources") || !strcmp(key, "files"))
            VM_TRY(check_entries(key, value, error));
        else
            return vm_fail(error, -EINVAL,
                           "unknown key \"%.160s\": there are format, sources and files", key);
    }
    return 0;
}

/* Returns NULL with the place and the reason. */
static json_t *load(const char *text, size_t size, VmError *error)
{
    json_error_t why;

    if (size > VM_CORPUS_JSON_MAX) {
        (void)vm_fail(error, -EINVAL, "it is larger than %d bytes", VM_CORPUS_JSON_MAX);
        return NULL;
    }
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        (void)vm_fail(error, -EINVAL, "line %d, column %d: %s", why.line, why.column, why.text);
    return root;
}

int vm_corpus_json_parse(VmCorpusJson *json, const char *text, size_t size, VmError *error)
{
    json->root = NULL;
    json_t *root = load(text, size, error);
    const int err = root ? check(root, error) : -EINVAL;
    if (err < 0) json_decref(root);
    else json->root = root;
    return err;
}

/* The "files" of the root; both are made if they are not there. */
static json_t *files_of(VmCorpusJson *json)
{
    if (!json->root) json->root = json_object();
    if (!json_object_get(json->root, "files"))
        (void)json_object_set_new(json->root, "files", json_object());
    return json_object_get(json->root, "files");
}

int vm_corpus_json_add(VmCorpusJson *json, const char *path, const char *text, size_t size,
                       VmError *error)
{
    json_t *files = files_of(json), *entry = load(text, size, error);
    int err = entry ? check_entry("it", entry, 0, error) : -EINVAL;

    if (!err && json_object_get(files, path))
        err = vm_fail(error, -EINVAL, "corpus.json lists %s too", path);
    if (!err && json_object_set(files, path, entry)) err = vm_fail_memory(error);
    json_decref(entry);
    return err;
}

void vm_corpus_json_free(VmCorpusJson *json)
{
    json_decref(json->root);
    json->root = NULL;
}

/* ---- answers ---- */

/* Fills what the more special entries left open. */
static void add_entry(VmListed *listed, const json_t *entry)
{
    const json_t *format = json_object_get(entry, "pixel_format");
    const unsigned w = (unsigned)json_integer_value(json_object_get(entry, "width"));
    const unsigned fps = (unsigned)json_integer_value(json_object_get(entry, "fps"));

    if (w && !listed->raw.w) {
        listed->raw.w = w;
        listed->raw.h = (unsigned)json_integer_value(json_object_get(entry, "height"));
    }
    if (format && listed->raw.pix_fmt == VMAF_PIX_FMT_UNKNOWN)
        (void)parse_format(json_string_value(format), &listed->raw);
    if (!listed->fps) listed->fps = fps;
}

static const json_t *entry_of(const VmCorpusJson *json, const char *section, const char *name)
{
    return json_object_get(json_object_get(json->root, section), name);
}

VmListed vm_corpus_json_find(const VmCorpusJson *json, const char *path, const char *source)
{
    VmListed listed = {.raw = {.pix_fmt = VMAF_PIX_FMT_UNKNOWN}};

    add_entry(&listed, entry_of(json, "files", path));
    add_entry(&listed, entry_of(json, "sources", source));
    add_entry(&listed, json_object_get(json->root, "format"));
    return listed;
}

const char *vm_corpus_json_group(const VmCorpusJson *json, const char *source)
{
    return json_string_value(json_object_get(entry_of(json, "sources", source), "group"));
}

void vm_corpus_json_sources(const VmCorpusJson *json, void (*visit)(void *opaque, const char *name),
                            void *opaque)
{
    const char *name;
    json_t *entry;

    json_object_foreach(json_object_get(json->root, "sources"), name, entry) visit(opaque, name);
}
