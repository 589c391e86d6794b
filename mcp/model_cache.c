/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "model_cache.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suggest.h"

enum { MODEL_FILE_MAX = 64 << 20 };

void vm_model_cache_init(VmModelCache *cache)
{
    *cache = (VmModelCache){.turn = 1};
    pthread_mutex_init(&cache->lock, NULL);
}

static void free_entry(VmCachedModel *entry)
{
    if (!entry) return;
    vmaf_model_destroy(entry->model);
    vmaf_model_collection_destroy(entry->collection);
    vm_free(entry->key);
    vm_free(entry);
}

void vm_model_cache_free(VmModelCache *cache)
{
    for (int i = 0; i < VM_CACHE_ENTRIES; i++) free_entry(cache->entry[i]);
    pthread_mutex_destroy(&cache->lock);
}

/* ---- loading ---- */

static int refuse_version(const char *version, VmError *error)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};
    VmSuggest suggest;
    char shown[80];

    vm_suggest_start(&suggest, version);
    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++) {
        if (!strcmp(info.version, version)) return 0;
        vm_suggest_offer(&suggest, info.version);
    }
    vm_roots_printable(version, shown, sizeof(shown));
    if (suggest.best)
        return vm_fail(error, -EINVAL, "no built-in model is named \"%s\"; did you mean \"%s\"?",
                       shown, suggest.best);
    return vm_fail(
        error, -EINVAL,
        "no built-in model is named \"%s\"; list_models shows what there is, path=FILE takes "
        "a file",
        shown);
}

int vm_feature_check(const char *name, VmError *error)
{
    VmafExtractorInfo info = {.struct_size = sizeof(info)};
    VmSuggest suggest;
    VmText all = {0};

    vm_suggest_start(&suggest, name);
    for (unsigned i = 0; vmaf_ext_extractor_info(i, &info) == 0; i++) {
        if (!strcmp(info.name, name)) {
            vm_text_free(&all);
            return 0;
        }
        vm_suggest_offer(&suggest, info.name);
        vm_text_add(&all, "%s%s", i ? ", " : "", info.name);
    }
    const int code =
        suggest.best
            ? vm_fail(error, -EINVAL, "no feature is named \"%.80s\"; did you mean \"%s\"?", name,
                      suggest.best)
            : vm_fail(error, -EINVAL, "no feature is named \"%.80s\"; there are %s", name,
                      all.data ? all.data : "none");
    vm_text_free(&all);
    return code;
}

/* One option of the model's features: "extractor.option=value". */
static int overload(VmCachedModel *entry, const VmKeyValue *item, VmError *error)
{
    VmafFeatureDictionary *dict = NULL;
    char extractor[64];
    const char *dot = strchr(item->key, '.');
    const size_t length = dot ? (size_t)(dot - item->key) : 0;

    if (!dot || !item->value) return 0;
    if (length >= sizeof(extractor))
        return vm_fail(error, -EINVAL, "model: no feature has a name as long as that of %.80s",
                       item->key);
    memcpy(extractor, item->key, length);
    extractor[length] = 0;
    VM_TRY(vm_feature_check(extractor, error));
    int code = vmaf_feature_dictionary_set(&dict, dot + 1, item->value);
    if (!code && entry->collection)
        code = vmaf_model_collection_feature_overload(entry->model, &entry->collection, extractor,
                                                      dict);
    else if (!code) code = vmaf_model_feature_overload(entry->model, extractor, dict);
    if (code)
        return vm_fail(error, code, "model: %.80s=%.80s cannot be set: %s", item->key, item->value,
                       strerror(-code));
    return 0;
}

static int is_tiny_id(const char *name)
{
    VmafTinyInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_tiny_info(i, &info) == 0; i++)
        if (!strcmp(info.id, name)) return 1;
    return 0;
}

/* The ONNX file that arg names, or NULL. The engine takes a path that ends like that for a tiny
 * model. */
static const char *tiny_file_of(const VmModelArg *arg)
{
    const size_t n = arg->path ? strlen(arg->path) : 0;

    if (arg->tiny) return is_tiny_id(arg->tiny) ? NULL : arg->tiny;
    return !arg->version && n > 5 && !strcmp(arg->path + n - 5, ".onnx") ? arg->path : NULL;
}

static int finish(VmCachedModel *entry, const VmModelArg *arg, const VmafModelSpec *spec,
                  VmError *error)
{
    char why[512] = "";

    const int code = vmaf_ext_model_load(&entry->model, &entry->collection, spec, why, sizeof(why));
    if (code) return vm_fail(error, code, "%s", *why ? why : strerror(-code));
    for (unsigned i = 0; i < arg->list.n; i++) VM_TRY(overload(entry, &arg->list.item[i], error));
    return 0;
}

/* json NULL: a built-in one */
static int load(VmCachedModel *entry, const VmModelArg *arg, const void *json, size_t size,
                VmError *error)
{
    VmafModelSpec spec;

    vmaf_ext_model_spec_default(&spec);
    spec.version = arg->version;
    spec.path = arg->path;
    spec.name = arg->name;
    spec.flags = arg->flags;
    spec.tiny = arg->tiny;
    spec.json = json;
    spec.json_size = size;
    return finish(entry, arg, &spec, error);
}

static int load_tiny(VmCachedModel *entry, const VmRoots *roots, const VmModelArg *arg,
                     const char *file, VmError *error)
{
    const char *name;
    VmafModelSpec spec;
    const int folder = vm_roots_open_parent(roots, file, &name, error);

    if (folder < 0) return folder;
    vmaf_ext_model_spec_default(&spec);
    spec.tiny = file;
    spec.folder = folder;
    spec.name = arg->name;
    spec.flags = arg->flags;
    const int code = finish(entry, arg, &spec, error);
    close(folder);
    return code;
}

/* A file that was written to since is another model. */
static char *make_key(const VmModelArg *arg, const char *text, int fd)
{
    struct stat st = {0};

    if (fd < 0 || fstat(fd, &st)) return vm_printf("%s|%s", arg->name, text);
    return vm_printf("%s|%s|%ju.%ju.%jd.%jd.%ld.%jd.%ld", arg->name, text, (uintmax_t)st.st_dev,
                     (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
                     st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static int load_entry(VmCachedModel *entry, const VmModelArg *arg, int fd, VmError *error)
{
    void *json = NULL;
    size_t size = 0;

    if (fd >= 0) VM_TRY(vm_roots_read_all(fd, arg->path, MODEL_FILE_MAX, &json, &size, error));
    const int code = load(entry, arg, json, size, error);
    vm_free(json);
    return code;
}

/* ---- the entries ---- */

static VmCachedModel *find(VmModelCache *cache, const char *key)
{
    for (int i = 0; i < VM_CACHE_ENTRIES; i++) {
        VmCachedModel *entry = cache->entry[i];
        if (!entry || entry->busy || strcmp(entry->key, key)) continue;
        entry->busy = 1;
        entry->used = cache->turn++;
        return entry;
    }
    return NULL;
}

/* The slot to fill: an empty one, else that of the idle entry used longest ago; -1 if all are
 * busy. */
static int choose_slot(const VmModelCache *cache)
{
    int best = -1;

    for (int i = 0; i < VM_CACHE_ENTRIES; i++) {
        const VmCachedModel *entry = cache->entry[i];
        if (!entry) return i;
        if (!entry->busy && (best < 0 || entry->used < cache->entry[best]->used)) best = i;
    }
    return best;
}

static void insert(VmModelCache *cache, VmCachedModel *entry)
{
    pthread_mutex_lock(&cache->lock);
    entry->used = cache->turn++;
    cache->loads++;
    const int slot = choose_slot(cache);
    if (slot >= 0) {
        free_entry(cache->entry[slot]);
        cache->entry[slot] = entry;
    }
    pthread_mutex_unlock(&cache->lock);
}

/* Takes key and fd. */
static int create(VmModelCache *cache, const VmModelArg *arg, char *key, int fd,
                  VmCachedModel **taken, VmError *error)
{
    VmCachedModel *entry = vm_alloc(sizeof(*entry));

    if (!entry) {
        vm_free(key);
        if (fd >= 0) close(fd);
        return vm_fail_memory(error);
    }
    *entry = (VmCachedModel){.key = key, .busy = 1};
    const int code = load_entry(entry, arg, fd, error);
    if (code) {
        free_entry(entry);
        return code;
    }
    insert(cache, entry);
    *taken = entry;
    return 0;
}

/* Tiny models of files are not kept: what they are may stand in several files, and reading them
 * takes a fraction of a millisecond. */
static int take_tiny(const VmRoots *roots, const VmModelArg *arg, const char *file,
                     VmCachedModel **taken, VmError *error)
{
    VmCachedModel *entry = vm_alloc(sizeof(*entry));

    if (!entry) return vm_fail_memory(error);
    entry->busy = 1;
    const int code = load_tiny(entry, roots, arg, file, error);
    if (code) free_entry(entry);
    else *taken = entry;
    return code;
}

int vm_model_cache_take(VmModelCache *cache, const VmRoots *roots, const VmModelArg *arg,
                        const char *text, VmCachedModel **taken, VmError *error)
{
    const char *tiny = tiny_file_of(arg);
    int fd = -1;

    if (tiny) return take_tiny(roots, arg, tiny, taken, error);
    if (arg->version) VM_TRY(refuse_version(arg->version, error));
    else if (!arg->tiny) VM_TRY(fd = vm_roots_open_file(roots, arg->path, error));
    char *key = make_key(arg, text, fd);
    if (!key) {
        if (fd >= 0) close(fd);
        return vm_fail_memory(error);
    }
    pthread_mutex_lock(&cache->lock);
    *taken = find(cache, key);
    pthread_mutex_unlock(&cache->lock);
    if (!*taken) return create(cache, arg, key, fd, taken, error);
    vm_free(key);
    if (fd >= 0) close(fd);
    return 0;
}

void vm_model_cache_give(VmModelCache *cache, VmCachedModel *taken)
{
    int kept = 0;

    if (!taken) return;
    pthread_mutex_lock(&cache->lock);
    for (int i = 0; i < VM_CACHE_ENTRIES; i++) kept |= cache->entry[i] == taken;
    taken->busy = 0;
    pthread_mutex_unlock(&cache->lock);
    if (!kept) free_entry(taken);
}
