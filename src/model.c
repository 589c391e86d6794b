/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reading libvmaf's JSON models. Every fault names the file and the key. */
#include "model.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "embedded.h"
#include "extractor.h"
#include "model_tiny.h"
#include "sha256.h"

enum { MAX_FILE = 64 << 20, MAX_OPTIONS = 64 /* of a feature; each is compared with all before */ };

typedef struct Load {
    const char *origin, *sha256;
    uint64_t flags;
    VmError *error;
} Load;

static int bad(const Load *l, const char *what)
{
    return vm_fail(l->error, -EINVAL, "model %s: %s", l->origin, what);
}

/* ---- pieces of a model ---- */

static int number_at(const Load *l, const json_t *array, size_t i, const char *key, double *value)
{
    const json_t *v = json_array_get(array, i);
    if (!json_is_number(v))
        return vm_fail(l->error, -EINVAL, "model %s: %s[%zu] is no number", l->origin, key, i);
    *value = json_number_value(v);
    return 0;
}

static int read_features(const Load *l, VmafModel *m, const json_t *root)
{
    const json_t *names = json_object_get(root, "feature_names");
    const size_t n = json_array_size(names);
    if (!n) return bad(l, "feature_names is no list of names");
    if (n > VM_MAX_MODEL_FEATURES) return bad(l, "feature_names has more than 64 entries");
    for (size_t j = 0; j < n; j++) {
        const char *name = json_string_value(json_array_get(names, j));
        if (!name || !*name)
            return vm_fail(l->error, -EINVAL, "model %s: feature_names[%zu] is no name", l->origin,
                           j);
        m->features[j].name = vm_strdup(name);
        if (!m->features[j].name) return vm_fail_memory(l->error);
        m->n_features = (unsigned)j + 1;
    }
    return 0;
}

int vm_model_set_option(const VmafModel *m, VmModelFeature *f, const char *key, const char *value,
                        VmError *error)
{
    if (!*key)
        return vm_fail(error, -EINVAL, "model %s: an option of feature %s has no name", m->origin,
                       f->name);
    if (f->options && f->options->n >= MAX_OPTIONS && !vm_dictionary_get(f->options, key))
        return vm_fail(error, -EINVAL, "model %s: feature %s has more than %d options", m->origin,
                       f->name, MAX_OPTIONS);
    return vmaf_feature_dictionary_set(&f->options, key, value) ? vm_fail_memory(error) : 0;
}

static int set_option(const Load *l, const VmafModel *m, VmModelFeature *f, const char *key,
                      const json_t *value)
{
    char text[64];
    const char *string = json_string_value(value);
    if (json_is_number(value)) {
        VmLocale locale = vm_locale_enter();
        snprintf(text, sizeof(text), "%.9g", (double)(float)json_number_value(value));
        vm_locale_leave(&locale);
        string = text;
    } else if (json_is_boolean(value)) {
        string = json_is_true(value) ? "true" : "false";
    }
    if (!string)
        return vm_fail(
            l->error, -EINVAL,
            "model %s: feature_opts_dicts: option %s of feature %s is no number, text or "
            "boolean",
            l->origin, key, f->name);
    return vm_model_set_option(m, f, key, string, l->error);
}

static int read_options(const Load *l, VmafModel *m, json_t *root)
{
    json_t *list = json_object_get(root, "feature_opts_dicts");
    if (!list) return 0;
    if (json_array_size(list) != m->n_features)
        return bad(l, "feature_opts_dicts is no list with one entry for each feature");
    for (unsigned j = 0; j < m->n_features; j++) {
        json_t *dict = json_array_get(list, j), *value;
        const char *key;
        if (!json_is_object(dict))
            return vm_fail(l->error, -EINVAL, "model %s: feature_opts_dicts[%u] is no object",
                           l->origin, j);
        json_object_foreach(dict, key, value) VM_TRY(set_option(l, m, &m->features[j], key, value));
    }
    return 0;
}

static int read_scaling(const Load *l, VmafModel *m, const json_t *root)
{
    const char *norm = json_string_value(json_object_get(root, "norm_type"));
    if (!norm) return bad(l, "norm_type is missing");
    m->rescale = !strcmp(norm, "linear_rescale");
    if (!m->rescale && strcmp(norm, "none"))
        return bad(l, "norm_type is neither linear_rescale nor none");
    if (!m->rescale) return 0;
    const json_t *slopes = json_object_get(root, "slopes");
    const json_t *intercepts = json_object_get(root, "intercepts");
    if (json_array_size(slopes) != m->n_features + 1)
        return bad(l, "slopes has not one entry for the score and one for each feature");
    if (json_array_size(intercepts) != m->n_features + 1)
        return bad(l, "intercepts has not one entry for the score and one for each feature");
    VM_TRY(number_at(l, slopes, 0, "slopes", &m->slope));
    VM_TRY(number_at(l, intercepts, 0, "intercepts", &m->intercept));
    if (m->slope == 0) return bad(l, "slopes[0] is 0");
    for (unsigned j = 0; j < m->n_features; j++) {
        VM_TRY(number_at(l, slopes, j + 1, "slopes", &m->features[j].slope));
        VM_TRY(number_at(l, intercepts, j + 1, "intercepts", &m->features[j].intercept));
    }
    return 0;
}

static int read_clip(const Load *l, VmafModel *m, const json_t *root)
{
    const json_t *clip = json_object_get(root, "score_clip");
    if (!clip) return 0;
    if (json_array_size(clip) != 2) return bad(l, "score_clip is no pair of numbers");
    VM_TRY(number_at(l, clip, 0, "score_clip", &m->clip_min));
    VM_TRY(number_at(l, clip, 1, "score_clip", &m->clip_max));
    if (m->clip_min > m->clip_max) return bad(l, "score_clip is upside down");
    m->has_clip = !(l->flags & VMAF_MODEL_FLAG_DISABLE_CLIP);
    return 0;
}

static int read_knots(const Load *l, VmTransform *t, const json_t *knots)
{
    if (!knots) return 0;
    if (!json_is_array(knots) || json_array_size(knots) > VM_MAX_KNOTS)
        return bad(l, "score_transform.knots is no list of at most 10 points");
    t->n_knots = (unsigned)json_array_size(knots);
    for (unsigned i = 0; i < t->n_knots; i++) {
        const json_t *point = json_array_get(knots, i);
        if (json_array_size(point) != 2)
            return bad(l, "a point of score_transform.knots is no pair");
        for (size_t k = 0; k < 2; k++)
            VM_TRY(number_at(l, point, k, "score_transform.knots", &t->knots[i][k]));
    }
    return 0;
}

static int read_relation(const Load *l, const json_t *object, const char *key, int *value)
{
    const json_t *v = json_object_get(object, key);
    const char *text = json_string_value(v);
    if (v && !text) return bad(l, "score_transform.out_lte_in or out_gte_in is no text");
    *value = text && !strcmp(text, "true");
    return 0;
}

static int read_transform(const Load *l, VmafModel *m, const json_t *root)
{
    static const char *const keys[3] = {"p0", "p1", "p2"};
    const json_t *object = json_object_get(root, "score_transform");
    VmTransform *t = &m->transform;
    if (!object) return 0;
    if (!json_is_object(object)) return bad(l, "score_transform is no object");
    const json_t *enabled = json_object_get(object, "enabled");
    if (enabled && !json_is_boolean(enabled))
        return bad(l, "score_transform.enabled is no boolean");
    t->enabled = json_is_true(enabled) || (l->flags & VMAF_MODEL_FLAG_ENABLE_TRANSFORM);
    if (l->flags & VMAF_MODEL_FLAG_DISABLE_TRANSFORM) t->enabled = 0;
    for (int k = 0; k < 3; k++) {
        const json_t *v = json_object_get(object, keys[k]);
        if (v && !json_is_number(v)) return bad(l, "score_transform.p0, p1 or p2 is no number");
        t->has_p[k] = v != NULL;
        t->p[k] = json_number_value(v);
    }
    VM_TRY(read_knots(l, t, json_object_get(object, "knots")));
    VM_TRY(read_relation(l, object, "out_lte_in", &t->lte_in));
    return read_relation(l, object, "out_gte_in", &t->gte_in);
}

/* Index of the one feature whose name contains word. */
static int only_feature(const VmafModel *m, const char *word)
{
    int found = -1;
    for (unsigned j = 0; j < m->n_features; j++) {
        if (!strstr(m->features[j].name, word)) continue;
        if (found >= 0) return -1;
        found = (int)j;
    }
    return found;
}

static int read_chroma(const Load *l, VmafModel *m, const json_t *root)
{
    const json_t *v = json_object_get(root, "chroma_correction_parameter");
    if (!v) return 0;
    if (!json_is_number(v)) return bad(l, "chroma_correction_parameter is no number");
    m->chroma_correction = json_number_value(v);
    m->chroma_guide = only_feature(m, "adm3");
    m->chroma_guided = only_feature(m, "speed_chroma");
    if (!m->rescale || m->chroma_guide < 0 || m->chroma_guided < 0)
        return bad(
            l, "chroma_correction_parameter needs linear_rescale, one adm3 and one speed_chroma "
               "feature");
    return 0;
}

static int read_type(const Load *l, VmafModel *m, const json_t *root)
{
    static const char *const types[] = {"LIBSVMNUSVR", "BOOTSTRAP_LIBSVMNUSVR",
                                        "RESIDUEBOOTSTRAP_LIBSVMNUSVR"};
    const char *type = json_string_value(json_object_get(root, "model_type"));
    if (!type) return bad(l, "model_type is missing");
    for (size_t i = 0; i < VM_COUNT(types); i++) {
        if (strcmp(type, types[i])) continue;
        snprintf(m->type, sizeof(m->type), "%s", type);
        return 0;
    }
    return vm_fail(l->error, -EINVAL, "model %s: model_type \"%s\" is not supported", l->origin,
                   type);
}

static int read_svm(const Load *l, VmafModel *m, const json_t *root)
{
    VmError inner = {{0}};
    const char *text = json_string_value(json_object_get(root, "model"));
    if (!text) return bad(l, "model is no SVM text");
    const int code = vm_svr_parse(&m->svr, text, m->n_features, &inner);
    if (code == -ENOMEM) return vm_fail_memory(l->error);
    return code ? vm_fail(l->error, code, "model %s: %.900s", l->origin, inner.text) : 0;
}

static int read_model(const Load *l, VmafModel *m, json_t *file)
{
    json_t *root = json_object_get(file, "model_dict");
    if (!json_is_object(root)) return bad(l, "it has no model_dict");
    VM_TRY(read_type(l, m, root));
    VM_TRY(read_features(l, m, root));
    VM_TRY(read_options(l, m, root));
    VM_TRY(read_scaling(l, m, root));
    VM_TRY(read_clip(l, m, root));
    VM_TRY(read_transform(l, m, root));
    VM_TRY(read_chroma(l, m, root));
    return read_svm(l, m, root);
}

/* ---- a model, a collection ---- */

/* Takes name (allocated; NULL: out of memory). */
static int create_model(const Load *l, VmafModel **result, json_t *file, char *name)
{
    VmafModel *m = vm_alloc(sizeof(*m));
    if (!m || !name) {
        vm_free(m);
        vm_free(name);
        return vm_fail_memory(l->error);
    }
    m->name = name;
    m->origin = vm_strdup(l->origin);
    memcpy(m->sha256, l->sha256, sizeof(m->sha256));
    const int code = m->origin ? read_model(l, m, file) : vm_fail_memory(l->error);
    if (code) {
        vmaf_model_destroy(m);
        return code;
    }
    *result = m;
    return 0;
}

void vmaf_model_destroy(VmafModel *m)
{
    if (!m) return;
    for (unsigned j = 0; j < VM_MAX_MODEL_FEATURES; j++) {
        vm_free(m->features[j].name);
        vm_free(m->features[j].key);
        vmaf_feature_dictionary_free(&m->features[j].options);
    }
    vm_svr_free(m->svr);
    vm_tiny_part_free(m->tiny);
    vm_free(m->name);
    vm_free(m->origin);
    vm_free(m);
}

void vmaf_model_collection_destroy(VmafModelCollection *c)
{
    if (!c) return;
    for (unsigned i = 0; i < c->n; i++) vmaf_model_destroy(c->models[i]);
    vm_free(c->models);
    vm_free(c->name);
    vm_free(c);
}

static int add_member(const Load *l, VmafModelCollection *c, json_t *file, const char *name)
{
    VmafModel **models = vm_realloc(c->models, (c->n + 1) * sizeof(*models));
    if (!models) return vm_fail_memory(l->error);
    c->models = models;
    VM_TRY(create_model(l, &models[c->n], file, vm_printf("%s_%04u", name, c->n + 1)));
    c->n++;
    if (strcmp(models[0]->type, models[c->n - 1]->type))
        return bad(l, "the collection mixes model types");
    if (models[0]->n_features != models[c->n - 1]->n_features)
        return bad(l, "the members of the collection have different features");
    return 0;
}

/* Entries "0", "1", ... of the file: the main model and the members. */
static int read_collection(const Load *l, VmafModel **model, VmafModelCollection **collection,
                           json_t *file, const char *name)
{
    VmafModelCollection *c = vm_alloc(sizeof(*c));
    if (!c) return vm_fail_memory(l->error);
    int code = create_model(l, model, json_object_get(file, "0"), vm_strdup(name));
    if (!code && !(c->name = vm_strdup(name))) code = vm_fail_memory(l->error);
    for (unsigned i = 1; !code && i <= VM_MAX_MEMBERS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%u", i);
        json_t *entry = json_object_get(file, key);
        if (!entry) break;
        code = add_member(l, c, entry, name);
    }
    if (!code && !c->n) code = bad(l, "the collection has no members");
    if (!code) {
        *collection = c;
        return 0;
    }
    vmaf_model_collection_destroy(c);
    vmaf_model_destroy(*model);
    *model = NULL;
    return code;
}

int vm_model_parse(VmafModel **model, VmafModelCollection **collection, const char *text,
                   size_t size, const char *origin, const char *name, uint64_t flags,
                   VmError *error)
{
    char sha256[65];
    json_error_t where;
    *model = NULL;
    *collection = NULL;
    vm_sha256_hex(text, size, sha256);
    const Load l = {origin, sha256, flags, error};
    if (!size) return bad(&l, "the file is empty");
    VmLocale locale = vm_locale_enter();
    json_t *file = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    vm_locale_leave(&locale);
    if (!file)
        return vm_fail(error, -EINVAL, "model %s: line %d, column %d: %s", origin, where.line,
                       where.column, where.text);
    const int is_collection = !json_object_get(file, "model_dict") && json_object_get(file, "0");
    const int code = is_collection ? read_collection(&l, model, collection, file, name)
                                   : create_model(&l, model, file, vm_strdup(name));
    json_decref(file);
    return code;
}

/* ---- where models come from ---- */

static const VmEmbeddedModel *find_embedded(const char *version)
{
    for (unsigned i = 0; i < vm_embedded_model_count; i++)
        if (!strcmp(vm_embedded_models[i].version, version)) return &vm_embedded_models[i];
    return NULL;
}

static int load_version(VmafModel **model, VmafModelCollection **collection, const char *version,
                        const char *name, uint64_t flags, VmError *error)
{
    const VmEmbeddedModel *e = find_embedded(version);
    if (!e) return vm_fail(error, -EINVAL, "no published model is named \"%s\"", version);
    if (!e->json)
        return vm_fail(
            error, -ENOENT,
            "model %s is not in this build: put %s.json into models/netflix (\"make models\" "
            "fetches what it can) and build again, or name the file with path=",
            version, version);
    return vm_model_parse(model, collection, e->json, e->size, version, name, flags, error);
}

static int read_file(const char *path, char **text, size_t *size, VmError *error)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f) return vm_fail(error, -errno, "cannot read model %s: %s", path, strerror(errno));
    int code = 0;
    if (fstat(fileno(f), &info) || !S_ISREG(info.st_mode))
        code = vm_fail(error, -EINVAL,
                       "model %s is a directory or another special file, not a JSON file", path);
    else if (info.st_size > MAX_FILE)
        code = vm_fail(error, -EFBIG, "model %s is larger than 64 MiB", path);
    else if (!(*text = vm_alloc((size_t)info.st_size + 1))) code = vm_fail_memory(error);
    else if ((*size = fread(*text, 1, (size_t)info.st_size, f)) != (size_t)info.st_size)
        code = vm_fail(error, -EIO, "cannot read model %s whole", path);
    fclose(f);
    if (code) {
        vm_free(*text);
        *text = NULL;
    }
    return code;
}

static int load_path(VmafModel **model, VmafModelCollection **collection, const char *path,
                     const char *name, uint64_t flags, VmError *error)
{
    char *text = NULL;
    size_t size = 0;
    VM_TRY(read_file(path, &text, &size, error));
    const int code = vm_model_parse(model, collection, text, size, path, name, flags, error);
    vm_free(text);
    return code;
}

static int load_json(VmafModel **model, VmafModelCollection **collection, const VmafModelSpec *spec,
                     const char *name, VmError *error)
{
    const char *origin = spec->path && *spec->path ? spec->path : "in memory";
    if (spec->json_size > MAX_FILE)
        return vm_fail(error, -EFBIG, "model %s is larger than 64 MiB", origin);
    return vm_model_parse(model, collection, spec->json, spec->json_size, origin, name, spec->flags,
                          error);
}

static int is_onnx(const char *path)
{
    const size_t n = strlen(path);
    return n > 5 && !strcmp(path + n - 5, ".onnx");
}

int vm_model_load(VmafModel **model, VmafModelCollection **collection, const VmafModelSpec *spec,
                  VmError *error)
{
    const char *name = spec->name && *spec->name ? spec->name : "vmaf";
    *model = NULL;
    *collection = NULL;
    if (spec->tiny || (spec->path && !spec->version && is_onnx(spec->path)))
        return vm_model_load_tiny(model, spec, error);
    if (spec->version)
        return load_version(model, collection, spec->version, name, spec->flags, error);
    if (spec->json) return load_json(model, collection, spec, name, error);
    if (spec->path) return load_path(model, collection, spec->path, name, spec->flags, error);
    return vm_fail(error, -EINVAL,
                   "a model needs a version, a path or its JSON, or the name of a tiny one");
}

/* ---- the libvmaf interface ---- */

/* Exactly one of version and path; collection NULL: a single model is wanted, otherwise a collection. */
static int load(VmafModel **model, VmafModelCollection **collection, const VmafModelConfig *cfg,
                const char *version, const char *path)
{
    VmafModelSpec spec;
    VmafModel *m;
    VmafModelCollection *c;
    if (!model || (!version && !path)) return -EINVAL;
    vmaf_ext_model_spec_default(&spec);
    spec.version = version;
    spec.path = path;
    if (cfg) {
        spec.name = cfg->name;
        spec.flags = cfg->flags;
    }
    VM_TRY(vm_model_load(&m, &c, &spec, NULL));
    if (!c != !collection) {
        vmaf_model_destroy(m);
        vmaf_model_collection_destroy(c);
        return -EINVAL;
    }
    *model = m;
    if (collection) *collection = c;
    return 0;
}

int vmaf_model_load(VmafModel **model, VmafModelConfig *cfg, const char *version)
{
    return version ? load(model, NULL, cfg, version, NULL) : -EINVAL;
}

int vmaf_model_load_from_path(VmafModel **model, VmafModelConfig *cfg, const char *path)
{
    return path ? load(model, NULL, cfg, NULL, path) : -EINVAL;
}

int vmaf_model_collection_load(VmafModel **model, VmafModelCollection **collection,
                               VmafModelConfig *cfg, const char *version)
{
    return version && collection ? load(model, collection, cfg, version, NULL) : -EINVAL;
}

int vmaf_model_collection_load_from_path(VmafModel **model, VmafModelCollection **collection,
                                         VmafModelConfig *cfg, const char *path)
{
    return path && collection ? load(model, collection, cfg, NULL, path) : -EINVAL;
}

static int bind_feature(VmModelFeature *f, VmError *error)
{
    const VmExtractor *e = vm_extractor_of_feature(f->name);
    if (e) {
        VmInstance *instance;
        VM_TRY(vm_instance_create(&instance, e, f->options, error));
        unsigned k = 0;
        while (strcmp(e->features[k].name, f->name)) k++;
        f->key = vm_feature_key(&e->features[k], instance->suffix);
        vm_instance_free(instance);
    } else {
        f->key = vm_strdup(f->name);
    }
    return f->key ? 0 : vm_fail_memory(error);
}

/* Models are no context's: their memory is the C library's also when a context is at work. */
int vm_model_bind(VmafModel *m, VmError *error)
{
    const VmMemory *outer = vm_memory_use(NULL);
    int code = 0;
    for (unsigned j = 0; !code && j < m->n_features; j++)
        if (!m->features[j].key) code = bind_feature(&m->features[j], error);
    vm_memory_use(outer);
    return code;
}

static int overload(VmafModel *m, const char *extractor, const VmafFeatureDictionary *dict)
{
    for (unsigned j = 0; j < m->n_features; j++) {
        const VmExtractor *e = vm_extractor_of_feature(m->features[j].name);
        if (!e || strcmp(e->name, extractor)) continue;
        vm_free(m->features[j].key);
        m->features[j].key = NULL;
        VM_TRY(vm_dictionary_merge(&m->features[j].options, dict));
    }
    return 0;
}

int vmaf_model_feature_overload(VmafModel *model, const char *feature_name,
                                VmafFeatureDictionary *opts_dict)
{
    const int code =
        model && feature_name && opts_dict ? overload(model, feature_name, opts_dict) : -EINVAL;
    vmaf_feature_dictionary_free(&opts_dict);
    return code;
}

int vmaf_model_collection_feature_overload(VmafModel *model, VmafModelCollection **model_collection,
                                           const char *feature_name,
                                           VmafFeatureDictionary *opts_dict)
{
    int code =
        model && model_collection && *model_collection && feature_name && opts_dict ? 0 : -EINVAL;
    if (!code) code = overload(model, feature_name, opts_dict);
    for (unsigned i = 0; !code && i < (*model_collection)->n; i++)
        code = overload((*model_collection)->models[i], feature_name, opts_dict);
    vmaf_feature_dictionary_free(&opts_dict);
    return code;
}
