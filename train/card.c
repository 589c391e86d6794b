/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_file.h"
#include "lease.h"
#include "number.h"
#include "outfile.h"
#include "sha256.h"
#include "tiny/registry.h"

int vm_card_check(const VmCardFacts *facts, VmError *error)
{
    if (!vm_registry_is_id(facts->id))
        return vm_fail(error, -EINVAL,
                       "\"%s\" is no id: up to 64 of a-z, 0-9, _ and -, beginning with a letter or "
                       "digit",
                       facts->id);
    if (!strcmp(facts->kind, "fr") || !strcmp(facts->kind, "nr") || !strcmp(facts->kind, "filter"))
        return 0;
    return vm_fail(error, -EINVAL, "\"%s\" is no kind; there are fr, nr, filter", facts->kind);
}

static json_t *text_json(const char *text)
{
    return text && *text ? vm_json_text(text) : json_null();
}

static json_t *meta_json(const VmTiny *model, const char *key)
{
    return text_json(vm_tiny_meta(model, key));
}

static json_t *meta_number(const VmTiny *model, const char *key)
{
    const char *text = vm_tiny_meta(model, key);
    double value;
    uint64_t whole;
    if (text && !vm_number_decimal(text, INT64_MAX, &whole)) /* a seed has up to 19 digits */
        return json_integer((json_int_t)whole);
    if (!text || vm_parse_double(text, &value) || !isfinite(value)) return json_null();
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

/* ---- digests ---- */

static int add_file(VmSha256 *sha, const char *path, VmError *error)
{
    char buffer[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) return vm_fail(error, -errno, "cannot read %s: %s", path, strerror(errno));
    while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0) vm_sha256_add(sha, buffer, n);
    const int bad = ferror(f);
    (void)fclose(f);
    return bad ? vm_fail(error, -EIO, "cannot read %s whole", path) : 0;
}

/* One digest of two files with a zero byte between; a file that is NULL has no bytes. */
static int digest_files(const char *a, const char *b, char hex[65], VmError *error)
{
    VmSha256 sha;
    vm_sha256_start(&sha);
    if (a) VM_TRY(add_file(&sha, a, error));
    vm_sha256_add(&sha, "", 1);
    if (b) VM_TRY(add_file(&sha, b, error));
    vm_sha256_finish(&sha, hex);
    return 0;
}

static int digest_manifest(const char *path, char hex[65], VmError *error)
{
    VmSha256 sha;
    vm_sha256_start(&sha);
    VM_TRY(add_file(&sha, path, error));
    vm_sha256_finish(&sha, hex);
    return 0;
}

/* ---- the description ---- */

static json_t *features_json(const VmTiny *model)
{
    unsigned n;
    const char *const *names = vm_tiny_features(model, &n);
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++) json_array_append_new(list, vm_json_text(names[i]));
    return list;
}

static void add_figures(json_t *o, const VmTiny *model)
{
    static const char *const numbers[] = {"n_rows",      "n_queries",  "seed",
                                          "loso_rmse",   "loso_worst", "conformal_level",
                                          "conformal_q", "n_params"};
    json_t *training = json_object();
    for (size_t i = 0; i < VM_COUNT(numbers); i++)
        json_object_set_new(training, numbers[i], meta_number(model, numbers[i]));
    json_object_set_new(training, "sources", meta_json(model, "sources"));
    json_object_set_new(training, "held_out", meta_json(model, "held_out"));
    json_object_set_new(training, "optimizer", meta_json(model, "optimizer"));
    json_object_set_new(training, "target", meta_json(model, "target"));
    json_object_set_new(training, "data_sha256", meta_json(model, "data_sha256"));
    json_object_set_new(o, "training", training);
}

json_t *vm_card_json(const VmTiny *model, const VmCardFacts *f, VmError *error)
{
    char config[65] = "", manifest[65] = "";
    if ((f->train_config || f->manifest) &&
        digest_files(f->train_config, f->manifest, config, error))
        return NULL;
    if (f->manifest && digest_manifest(f->manifest, manifest, error)) return NULL;
    json_t *o = json_object();
    json_object_set_new(o, "schema_version", json_integer(1));
    json_object_set_new(o, "name", json_string(f->id));
    json_object_set_new(o, "kind", json_string(f->kind));
    json_object_set_new(o, "onnx_opset", json_integer(17));
    json_object_set_new(o, "input_names", json_pack("[s]", "input"));
    json_object_set_new(o, "output_names",
                        vm_tiny_has_stddev(model) ? json_pack("[s,s]", "score", "stddev")
                                                  : json_pack("[s]", "score"));
    /* the graph takes the features as they are: there is nothing for a caller to do */
    json_object_set_new(o, "normalization", json_pack("{s:[],s:[]}", "mean", "std"));
    json_object_set_new(o, "dataset", text_json(f->dataset));
    json_object_set_new(o, "train_commit", text_json(f->train_commit));
    json_object_set_new(o, "train_config_hash", text_json(config));
    json_object_set_new(o, "parent_dataset_manifest", text_json(manifest));
    json_object_set_new(o, "expected_output_range", json_pack("[f,f]", 0.0, 100.0));
    json_object_set_new(o, "license", text_json(f->license));
    json_object_set_new(o, "cosign_signature", json_null());
    json_object_set_new(o, "notes", text_json(f->notes));
    json_object_set_new(o, "features", features_json(model));
    json_object_set_new(o, "sha256", json_string(vm_tiny_sha256(model)));
    json_object_set_new(o, "n_params", meta_number(model, "n_params"));
    json_object_set_new(o, "arch", meta_json(model, "arch"));
    json_object_set_new(o, "activation", meta_json(model, "activation"));
    json_object_set_new(o, "teacher", meta_json(model, "teacher"));
    json_object_set_new(o, "teacher_sha256", meta_json(model, "teacher_sha256"));
    add_figures(o, model);
    return o;
}

/* A model's file may come from anybody: what it says is a cell of a table, on one line, and no markup. */
static void add_cell(VmText *text, const char *value)
{
    char *plain = vm_strdup(value);
    if (!plain) text->failed = 1;
    else vm_text_make_plain(plain);
    for (const char *c = plain; c && *c; c++)
        vm_text_add(text, "%s%c", strchr("\\`*[]<>|", *c) ? "\\" : "", *c);
    vm_free(plain);
}

static void add_line(VmText *text, const VmTiny *model, const char *label, const char *key)
{
    const char *value = vm_tiny_meta(model, key);
    double number;
    if (!value || !*value) return;
    if (strchr(value, '.') && !vm_parse_double(value, &number))
        vm_text_add(text, "| %s | %.4g |\n", label, number);
    else {
        vm_text_add(text, "| %s | ", label);
        add_cell(text, value);
        vm_text_add(text, " |\n");
    }
}

void vm_card_text(VmText *text, const VmTiny *model, const VmCardFacts *f)
{
    unsigned n;
    (void)vm_tiny_features(model, &n);
    vm_text_add(
        text,
        "<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->\n# %s\n\nA small network that "
        "follows a teacher on %u features of a frame. Its figures say how faithful it is to the "
        "teacher, not to viewers.\n\n| | |\n|---|---|\n",
        f->id, n);
    add_line(text, model, "features", "features");
    add_line(text, model, "architecture", "arch");
    add_line(text, model, "between layers", "activation");
    add_line(text, model, "parameters", "n_params");
    add_line(text, model, "teacher", "teacher");
    add_line(text, model, "teacher's SHA-256", "teacher_sha256");
    add_line(text, model, "trained on sources", "sources");
    add_line(text, model, "rows", "n_rows");
    add_line(text, model, "teacher queries", "n_queries");
    add_line(text, model, "data's SHA-256", "data_sha256");
    add_line(text, model, "seed", "seed");
    add_line(text, model, "RMSE, each source left out", "loso_rmse");
    add_line(text, model, "worst of them", "loso_worst");
    add_line(text, model, "interval's level", "conformal_level");
    add_line(text, model, "interval, +-", "conformal_q");
    vm_text_add(text, "| SHA-256 | %s |\n| licence | %s |\n", vm_tiny_sha256(model),
                f->license ? f->license : "not stated");
    if (f->dataset) vm_text_add(text, "| data | %s |\n", f->dataset);
    if (f->notes) vm_text_add(text, "\n%s\n", f->notes);
}

/* ---- the registry ---- */

static json_t *entry_json(const VmTiny *model, const VmCardFacts *f)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(f->id));
    json_object_set_new(o, "kind", json_string(f->kind));
    json_object_set_new(o, "onnx", json_sprintf("%s.onnx", f->id));
    json_object_set_new(o, "sha256", json_string(vm_tiny_sha256(model)));
    json_object_set_new(o, "opset", json_integer(17));
    json_object_set_new(o, "quant_mode", json_string("fp32"));
    if (f->license) json_object_set_new(o, "license", vm_json_text(f->license));
    if (f->notes && strlen(f->notes) <= 512)
        json_object_set_new(o, "notes", vm_json_text(f->notes));
    return o;
}

static json_t *load_registry(const char *path, VmError *error)
{
    json_error_t where;
    if (access(path, F_OK) && errno == ENOENT)
        return json_pack("{s:i,s:[]}", "schema_version", 1, "models");
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (root && json_is_array(json_object_get(root, "models"))) return root;
    if (root) vm_fail(error, -EINVAL, "the registry %s has no list of models", path);
    else vm_fail(error, -EINVAL, "the registry %s: line %d: %s", path, where.line, where.text);
    json_decref(root);
    return NULL;
}

static const char *id_of(const json_t *models, size_t i)
{
    const char *id = json_string_value(json_object_get(json_array_get(models, i), "id"));
    return id ? id : "";
}

/* In the place of the entry of that id; a new one before the first that is greater. */
static void put_entry(json_t *models, json_t *entry, const char *id)
{
    const size_t n = json_array_size(models);
    size_t at = 0;
    while (at < n && strcmp(id_of(models, at), id) != 0) at++;
    if (at < n) {
        json_array_set_new(models, at, entry);
        return;
    }
    for (at = 0; at < n && strcmp(id_of(models, at), id) < 0;) at++;
    json_array_insert_new(models, at, entry);
}

static enum VmExit save(const char *folder, const char *id, const char *suffix, const void *bytes,
                        size_t size, VmMessages *messages)
{
    VmError error = {""};
    char *name = bytes ? vm_printf("%s%s", id, suffix) : NULL;
    if (!name) {
        vm_message_error(messages, "out of memory");
        return VM_EXIT_INTERNAL;
    }
    char *path = vm_path_in(folder, name, messages);
    const int code = path ? vm_outfile_write(path, bytes, size, &error) : -ENOMEM;
    if (path && code) vm_message_error(messages, "%s", error.text);
    vm_free(name);
    vm_free(path);
    return code ? VM_EXIT_INTERNAL : VM_EXIT_OK;
}

/* Half a text is none. */
static enum VmExit save_text(const char *folder, const char *id, const char *suffix,
                             const VmText *text, VmMessages *messages)
{
    return save(folder, id, suffix, text->failed ? NULL : text->data, text->size, messages);
}

static enum VmExit save_description(const char *folder, const VmTiny *model,
                                    const VmCardFacts *facts, VmMessages *messages)
{
    VmError error = {""};
    VmText text = {0};
    json_t *card = vm_card_json(model, facts, &error);
    if (!card) {
        vm_message_error(messages, "%s", error.text);
        return VM_EXIT_INPUT;
    }
    char *json = json_dumps(card, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    json_decref(card);
    if (json) vm_text_add(&text, "%s\n", json);
    free(json);
    enum VmExit status = save_text(folder, facts->id, ".json", &text, messages);
    vm_text_free(&text);
    vm_card_text(&text, model, facts);
    if (!status) status = save_text(folder, facts->id, ".md", &text, messages);
    vm_text_free(&text);
    return status;
}

/* The registry is written last: what it names is there. */
static enum VmExit add_model(const char *folder, const char *registry, const VmTiny *model,
                             const void *bytes, size_t size, const VmCardFacts *facts,
                             VmMessages *messages)
{
    VmError error = {""};
    json_t *root = load_registry(registry, &error);
    if (!root) {
        vm_message_error(messages, "%s", error.text);
        return VM_EXIT_INPUT;
    }
    put_entry(json_object_get(root, "models"), entry_json(model, facts), facts->id);
    enum VmExit status = save(folder, facts->id, ".onnx", bytes, size, messages);
    if (!status) status = save_description(folder, model, facts, messages);
    if (!status) status = vm_json_save(json_incref(root), registry, messages);
    json_decref(root);
    return status;
}

/* From reading the registry until it is replaced nobody else may do the same: the entry of whoever is
 * first would be lost. */
static enum VmExit register_model(const char *folder, const VmTiny *model, const void *bytes,
                                  size_t size, const VmCardFacts *facts, VmMessages *messages)
{
    VmLease lease;
    char *registry = vm_path_in(folder, "registry.json", messages);
    char *lock = registry ? vm_path_in(folder, ".registry.lock", messages) : NULL;
    const int err = lock ? vm_lease_wait(&lease, lock) : -ENOMEM;
    enum VmExit status = VM_EXIT_INTERNAL;
    if (!err) {
        status = add_model(folder, registry, model, bytes, size, facts, messages);
        vm_lease_give_back(&lease);
    } else if (lock) {
        vm_message_error(messages, "cannot lock \"%s\": %s", lock, strerror(-err));
    }
    vm_free(lock);
    vm_free(registry);
    return status;
}

enum VmExit vm_card_register(const char *folder, const void *bytes, size_t size,
                             const VmCardFacts *facts, VmMessages *messages)
{
    VmError error = {""};
    VmTiny *model = NULL;
    int code = vm_card_check(facts, &error);
    if (!code) code = vm_tiny_read(&model, bytes, size, facts->id, &error);
    if (code) {
        vm_message_error(messages, "%s", error.text);
        return vm_exit_of(code);
    }
    enum VmExit status = VM_EXIT_OK;
    if (vm_outfile_make_folder(folder, &error)) {
        vm_message_error(messages, "%s", error.text);
        status = VM_EXIT_INTERNAL;
    }
    if (!status) status = register_model(folder, model, bytes, size, facts, messages);
    vm_tiny_free(model);
    return status;
}
