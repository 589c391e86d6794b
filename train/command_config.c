/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "command_config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "infile.h"

enum { CONFIG_MAX = 1 << 20 };

typedef struct Reading {
    VmConfig *config;
    const char *path;
    VmError *error;
} Reading;

/* Takes argument, NULL: no memory. */
static int add(const Reading *r, char *argument)
{
    VmConfig *c = r->config;
    char **grown = argument ? vm_realloc(c->arguments, (c->n + 2) * sizeof(*grown)) : NULL;
    if (!grown) {
        vm_free(argument);
        return vm_fail_memory(r->error);
    }
    c->arguments = grown;
    grown[c->n++] = argument;
    grown[c->n] = NULL;
    return 0;
}

static int add_number(const Reading *r, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    const int code = add(r, text ? vm_printf("--%s=%s", name, text) : NULL);
    free(text); /* jansson's own */
    return code;
}

static int add_value(const Reading *r, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);
    if (json_is_false(value) || json_is_null(value)) return 0;
    if (json_is_true(value)) return add(r, vm_printf("--%s", name));
    if (json_is_number(value)) return add_number(r, name, value);
    if (!text || strlen(text) != json_string_length(value))
        return vm_fail(r->error, -EINVAL,
                       "%s: %s is neither a number nor a text, true, false or a list of such",
                       r->path, name);
    return add(r, vm_printf("--%s=%s", name, text));
}

static int add_option(const Reading *r, const char *key, const json_t *value)
{
    char name[64];
    int code = 0;
    if (strlen(key) >= sizeof(name) || strchr(key, '='))
        return vm_fail(r->error, -EINVAL, "%s: \"%.80s\" is no option's name", r->path, key);
    for (size_t i = 0; i <= strlen(key); i++) name[i] = (char)(key[i] == '_' ? '-' : key[i]);
    if (!json_is_array(value)) return add_value(r, name, value);
    for (size_t i = 0; !code && i < json_array_size(value); i++)
        code = add_value(r, name, json_array_get(value, i));
    return code;
}

static int add_all(const Reading *r, json_t *root)
{
    const char *key;
    json_t *value;
    int code = 0;
    if (!json_is_object(root))
        return vm_fail(r->error, -EINVAL, "%s: it is no JSON object of options and their values",
                       r->path);
    json_object_foreach(root, key, value)
    {
        if (!code) code = add_option(r, key, value);
    }
    return code;
}

int vm_config_read(VmConfig *config, const char *path, VmError *error)
{
    const Reading r = {config, path, error};
    void *text = NULL;
    size_t size;
    VmError why = {""};
    json_error_t where;
    *config = (VmConfig){NULL, 0};
    int code = vm_infile_read(path, CONFIG_MAX, &text, &size, &why);
    if (code) return vm_fail(error, code, "%s: %.800s", path, why.text);
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    vm_free(text);
    if (!root) return vm_fail(error, -EINVAL, "%s, line %d: %s", path, where.line, where.text);
    code = add_all(&r, root);
    json_decref(root);
    return code;
}

void vm_config_free(VmConfig *config)
{
    for (size_t i = 0; i < config->n; i++) vm_free(config->arguments[i]);
    vm_free(config->arguments);
    *config = (VmConfig){NULL, 0};
}
