/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/registry.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"
#include "tiny/tiny_files.h"

enum { MAX_ID = 64, MAX_FILE = 1 << 20 };

int vm_registry_is_id(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t n = strlen(text);
    return n && n <= MAX_ID && text[strspn(text, allowed)] == 0 && *text != '_' && *text != '-';
}

const VmEmbeddedTiny *vm_registry_find(const char *id)
{
    for (unsigned i = 0; i < vm_embedded_tiny_count; i++)
        if (!strcmp(vm_embedded_tiny[i].id, id)) return &vm_embedded_tiny[i];
    return NULL;
}

static int refuse_id(const char *id, VmError *error)
{
    VmText known = {0};
    for (unsigned i = 0; i < vm_embedded_tiny_count; i++)
        vm_text_add(&known, "%s%s", i ? ", " : "", vm_embedded_tiny[i].id);
    const int code = vm_fail(
        error, -ENOENT, "this build has no tiny model \"%s\" (it has: %s); a path takes a file", id,
        known.data ? known.data : "none");
    vm_text_free(&known);
    return code;
}

int vm_registry_load(VmTiny **model, const char *id, VmError *error)
{
    char sha256[65];
    const VmEmbeddedTiny *e = vm_registry_find(id);
    if (!e) return refuse_id(id, error);
    vm_sha256_hex(e->bytes, e->size, sha256);
    if (strcmp(sha256, e->sha256))
        return vm_fail(error, -EINVAL,
                       "tiny model %s in this build is damaged: SHA-256 %s, expected %s", id,
                       sha256, e->sha256);
    return vm_tiny_read(model, e->bytes, e->size, id, error);
}

/* ---- registries beside models ---- */

/* The digest that the registry has for the file; NULL if it does not know it. */
static const char *registered(const json_t *root, const char *file)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(root, "models"), i, entry)
    {
        const char *onnx = json_string_value(json_object_get(entry, "onnx"));
        const size_t stem = onnx && strlen(onnx) > 5 ? strlen(onnx) - 5 : 0;
        if (onnx && !strcmp(onnx, file)) return json_string_value(json_object_get(entry, "sha256"));
        /* the quantised file of v.onnx is v.int8.onnx */
        if (stem && !strncmp(onnx, file, stem) && !strcmp(file + stem, ".int8.onnx"))
            return json_string_value(json_object_get(entry, "int8_sha256"));
    }
    return NULL;
}

static int compare(const VmTiny *model, const json_t *root, const char *path, VmError *error)
{
    const char *slash = strrchr(path, '/');
    const char *sha256 = registered(root, slash ? slash + 1 : path);
    if (!sha256)
        return vm_fail(error, -EINVAL,
                       "model %s is in no registry: none in this build, none beside it", path);
    if (!strcmp(sha256, vm_tiny_sha256(model))) return 0;
    return vm_fail(error, -EINVAL, "model %s has SHA-256 %s%s, the registry beside it has %s", path,
                   vm_tiny_sha256(model),
                   vm_tiny_has_files(model) ? " (with the data it keeps in other files)" : "",
                   sha256);
}

static int is_in_build(const VmTiny *model)
{
    for (unsigned i = 0; i < vm_embedded_tiny_count; i++)
        if (!strcmp(vm_embedded_tiny[i].sha256, vm_tiny_sha256(model))) return 1;
    return 0;
}

static int refuse_described(const VmTiny *model, const char *path, VmError *error)
{
    if (!vm_tiny_is_described(model)) return 0;
    return vm_fail(error, -EINVAL,
                   "model %s: the description beside it says how its features are read, and no "
                   "registry vouches "
                   "for that",
                   path);
}

static int verify_beside(const VmTiny *model, int folder, const char *path, VmError *error)
{
    VmTinyFile file = {0};
    json_error_t where;
    json_t *root = NULL;
    int code = vm_tiny_file_read(&file, folder, "registry.json", MAX_FILE, path, error);
    VmLocale locale = vm_locale_enter();
    if (!code) root = json_loadb(file.bytes, file.size, JSON_REJECT_DUPLICATES, &where);
    vm_locale_leave(&locale);
    if (!code && !root)
        code = vm_fail(error, -EINVAL, "the registry beside model %s: line %d: %s", path,
                       where.line, where.text);
    else if (!code || code == -ENOENT) code = compare(model, root, path, error);
    json_decref(root);
    vm_free(file.bytes);
    return code;
}

int vm_registry_verify_at(const VmTiny *model, int folder, const char *path, VmError *error)
{
    VM_TRY(refuse_described(model, path, error));
    return is_in_build(model) ? 0 : verify_beside(model, folder, path, error);
}

int vm_registry_verify_bytes(const VmTiny *model, const char *path, VmError *error)
{
    if (is_in_build(model)) return 0;
    return vm_fail(error, -EINVAL,
                   "model %s is in no registry: it was given as bytes, and they are not those of a "
                   "model in this build",
                   path);
}

int vm_registry_verify(const VmTiny *model, const char *path, VmError *error)
{
    VM_TRY(refuse_described(model, path, error));
    if (is_in_build(model)) return 0;
    const int folder = vm_tiny_folder_open(path);
    if (folder < 0)
        return vm_fail(error, folder, "cannot open the folder of model %s: %s", path,
                       strerror(-folder));
    const int code = verify_beside(model, folder, path, error);
    close(folder);
    return code;
}
