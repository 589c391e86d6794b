/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "schema.h"

#include <math.h>
#include <string.h>

#include "suggest.h"

enum { STRING_MAX = 4096, ITEMS_MAX = 256 };

static const VmArg no_members[] = {{NULL}};

static int is_array(enum VmArgType type)
{
    return type >= VM_ARG_STRINGS;
}

static enum VmArgType item_type(enum VmArgType type)
{
    switch (type) {
    case VM_ARG_STRINGS: return VM_ARG_STRING;
    case VM_ARG_INTEGERS: return VM_ARG_INTEGER;
    case VM_ARG_NUMBERS: return VM_ARG_NUMBER;
    case VM_ARG_OBJECTS: return VM_ARG_OBJECT;
    default: return type;
    }
}

static const char *type_name(enum VmArgType type)
{
    switch (type) {
    case VM_ARG_STRING: return "string";
    case VM_ARG_INTEGER: return "integer";
    case VM_ARG_NUMBER: return "number";
    case VM_ARG_BOOLEAN: return "boolean";
    case VM_ARG_OBJECT: return "object";
    default: return "array";
    }
}

/* ---- schemas ---- */

static json_t *whole(double value)
{
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

static json_t *choice_value(const VmArg *arg, const char *text)
{
    return item_type(arg->type) == VM_ARG_STRING ? json_string(text)
                                                 : json_loads(text, JSON_DECODE_ANY, NULL);
}

static void add_choices(const VmArg *arg, json_t *schema)
{
    json_t *values = arg->choices ? json_array() : NULL;

    for (unsigned i = 0; values && arg->choices[i]; i++)
        json_array_append_new(values, choice_value(arg, arg->choices[i]));
    if (values) json_object_set_new(schema, "enum", values);
}

static void add_bounds(const VmArg *arg, json_t *schema)
{
    static const char *const keys[][2] = {
        {"minimum", "maximum"}, {"minLength", "maxLength"}, {"minItems", "maxItems"}};
    const unsigned kind = is_array(arg->type) ? 2 : arg->type == VM_ARG_STRING ? 1 : 0;

    if (arg->has_min) json_object_set_new(schema, keys[kind][0], whole(arg->min));
    if (arg->has_max) json_object_set_new(schema, keys[kind][1], whole(arg->max));
}

static json_t *object_schema(const VmArg *members, int closed);

static void set_type(json_t *schema, enum VmArgType type)
{
    json_object_set_new(schema, "type", json_string(type_name(type)));
}

/* The schema of one value that is no array. */
static json_t *single_schema(const VmArg *arg)
{
    const enum VmArgType type = item_type(arg->type);

    if (type == VM_ARG_OBJECT && arg->members) return object_schema(arg->members, 1);
    json_t *schema = json_object();
    set_type(schema, type);
    add_choices(arg, schema);
    return schema;
}

/* In two branches: a list of types is something that not all clients hand on to their models. */
static json_t *or_null(json_t *schema)
{
    return json_pack("{s[o{ss}]}", "anyOf", schema, "type", "null");
}

static json_t *value_schema(const VmArg *arg)
{
    json_t *schema;

    if (is_array(arg->type)) {
        schema = json_object();
        set_type(schema, arg->type);
        json_object_set_new(schema, "items", single_schema(arg));
    } else {
        schema = single_schema(arg);
    }
    add_bounds(arg, schema);
    if (arg->flags & VM_ARG_NULLABLE) schema = or_null(schema);
    if (arg->description) json_object_set_new(schema, "description", json_string(arg->description));
    if (arg->initial)
        json_object_set_new(schema, "default", json_loads(arg->initial, JSON_DECODE_ANY, NULL));
    return schema;
}

static json_t *object_schema(const VmArg *members, int closed)
{
    json_t *properties = json_object(), *required = json_array();
    json_t *schema = json_pack("{ss}", "type", "object");

    for (const VmArg *arg = members; arg->name; arg++) {
        json_object_set_new(properties, arg->name, value_schema(arg));
        if (arg->flags & VM_ARG_REQUIRED) json_array_append_new(required, json_string(arg->name));
    }
    if (json_object_size(properties)) json_object_set(schema, "properties", properties);
    if (json_array_size(required)) json_object_set(schema, "required", required);
    if (closed) json_object_set_new(schema, "additionalProperties", json_false());
    json_decref(properties);
    json_decref(required);
    return schema;
}

json_t *vm_schema_input(const VmTool *tool)
{
    if (tool->schema) return json_loads(tool->schema, 0, NULL);
    return object_schema(tool->arguments ? tool->arguments : no_members, 1);
}

json_t *vm_schema_output(const VmTool *tool)
{
    static const VmArg warnings = {"warnings", VM_ARG_STRINGS, 0,
                                   "What to know beside the result."};
    json_t *schema = object_schema(tool->output, 1);

    if (!json_object_get(schema, "properties"))
        json_object_set_new(schema, "properties", json_object());
    json_object_set_new(json_object_get(schema, "properties"), warnings.name,
                        value_schema(&warnings));
    return schema;
}

/* ---- checking ---- */

/* "encodes[2].kbps", built from the inside outwards: each step knows its own part only. */
typedef struct Place {
    const struct Place *outer;
    const char *name; /* NULL: an item */
    size_t index;
} Place;

static void name_place(const Place *place, VmText *text)
{
    if (!place) return;
    name_place(place->outer, text);
    if (place->name) vm_text_add(text, "%s%s", place->outer ? "." : "", place->name);
    else vm_text_add(text, "[%zu]", place->index);
}

/* Says what is wrong with the value at the place: "argument width must be ...". */
static int complain(VmError *error, const Place *place, const char *verb, const char *what)
{
    VmText name = {0};

    name_place(place, &name);
    const int code = vm_fail(error, -EINVAL, "argument %s %s %s",
                             name.failed || !name.data ? "?" : name.data, verb, what);
    vm_text_free(&name);
    return code;
}

static int check_type(const VmArg *arg, const json_t *value, const Place *place, VmError *error)
{
    static const char *const wanted[] = {
        [VM_ARG_STRING] = "a string",  [VM_ARG_INTEGER] = "an integer",
        [VM_ARG_NUMBER] = "a number",  [VM_ARG_BOOLEAN] = "true or false",
        [VM_ARG_OBJECT] = "an object",
    };
    const enum VmArgType type = item_type(arg->type);
    const double real = json_is_real(value) ? json_real_value(value) : 0.5;
    const int fits = type == VM_ARG_STRING ? json_is_string(value)
                     : type == VM_ARG_INTEGER
                         ? json_is_integer(value) || (real == floor(real) && fabs(real) < 0x1p53)
                     : type == VM_ARG_NUMBER  ? json_is_number(value)
                     : type == VM_ARG_BOOLEAN ? json_is_boolean(value)
                                              : json_is_object(value);

    return fits ? 0 : complain(error, place, "must be", wanted[type]);
}

static int matches(const VmArg *arg, const json_t *value, const char *choice)
{
    if (json_is_string(value)) return !strcmp(json_string_value(value), choice);
    json_t *wanted = choice_value(arg, choice);
    const int same = wanted && json_number_value(wanted) == json_number_value(value);
    json_decref(wanted);
    return same;
}

static int check_choice(const VmArg *arg, const json_t *value, const Place *place, VmError *error)
{
    VmText list = {0};

    for (unsigned i = 0; arg->choices[i]; i++) {
        if (matches(arg, value, arg->choices[i])) {
            vm_text_free(&list);
            return 0;
        }
        vm_text_add(&list, "%s%s", i ? ", " : "", arg->choices[i]);
    }
    const int code = complain(error, place, "must be one of:", list.failed ? "?" : list.data);
    vm_text_free(&list);
    return code;
}

static int check_bounds(const VmArg *arg, double value, double max, const char *unit,
                        const Place *place, VmError *error)
{
    char text[96];

    if (arg->has_min && value < arg->min) {
        (void)snprintf(text, sizeof(text), "at least %.15g%s", arg->min, unit);
        return complain(error, place, "must be", text);
    }
    if (value > max) {
        (void)snprintf(text, sizeof(text), "at most %.15g%s", max, unit);
        return complain(error, place, "must be", text);
    }
    return 0;
}

static int check_object(const VmArg *members, const json_t *given, const Place *place, json_t **out,
                        VmError *error);

/* One value that is no array. */
static int check_single(const VmArg *arg, const json_t *value, const Place *place, json_t **out,
                        VmError *error)
{
    VM_TRY(check_type(arg, value, place, error));
    if (arg->choices) VM_TRY(check_choice(arg, value, place, error));
    switch (item_type(arg->type)) {
    case VM_ARG_OBJECT:
        if (arg->members) return check_object(arg->members, value, place, out, error);
        break;
    case VM_ARG_STRING: {
        const int own = arg->has_max && !is_array(arg->type);
        const VmArg any = {.name = arg->name};
        VM_TRY(check_bounds(is_array(arg->type) ? &any : arg, (double)json_string_length(value),
                            own ? arg->max : STRING_MAX, " bytes long", place, error));
        break;
    }
    case VM_ARG_INTEGER:
        if (json_is_real(value)) {
            *out = json_integer((json_int_t)json_real_value(value));
            return *out ? 0 : -ENOMEM;
        }
        break;
    default: break;
    }
    *out = json_deep_copy(value);
    return *out ? 0 : -ENOMEM;
}

static int check_array(const VmArg *arg, const json_t *value, const Place *place, json_t **out,
                       VmError *error)
{
    if (!json_is_array(value)) return complain(error, place, "must be", "an array");
    const size_t n = json_array_size(value);
    VM_TRY(check_bounds(arg, (double)n, arg->has_max ? arg->max : ITEMS_MAX, " items long", place,
                        error));
    *out = json_array();
    if (!*out) return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const Place at = {place, NULL, i};
        json_t *item = NULL;
        const int code = check_single(arg, json_array_get(value, i), &at, &item, error);
        if (code) {
            json_decref(item);
            return code;
        }
        if (json_array_append_new(*out, item)) return -ENOMEM;
    }
    return 0;
}

static int check_value(const VmArg *arg, const json_t *value, const Place *place, json_t **out,
                       VmError *error)
{
    const enum VmArgType type = arg->type;

    if (is_array(type)) return check_array(arg, value, place, out, error);
    VM_TRY(check_single(arg, value, place, out, error));
    if (type != VM_ARG_INTEGER && type != VM_ARG_NUMBER) return 0;
    return check_bounds(arg, json_number_value(*out), arg->has_max ? arg->max : INFINITY, "", place,
                        error);
}

static int refuse_unknown(const VmArg *members, const char *key, const Place *place, VmError *error)
{
    VmSuggest suggest;
    char text[192];

    vm_suggest_start(&suggest, key);
    for (const VmArg *arg = members; arg->name; arg++) vm_suggest_offer(&suggest, arg->name);
    const Place at = {place, key, 0};
    (void)snprintf(text, sizeof(text), "here%s%s%s", suggest.best ? "; did you mean " : "",
                   suggest.best ? suggest.best : "", suggest.best ? "?" : "");
    return complain(error, &at, "is not known", text);
}

static int find_unknown(const VmArg *members, const json_t *given, const Place *place,
                        VmError *error)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)given, key, value)
    {
        const VmArg *arg = members;
        while (arg->name && strcmp(arg->name, key) != 0) arg++;
        if (!arg->name) return refuse_unknown(members, key, place, error);
    }
    return 0;
}

/* null means as much as leaving an argument out: some clients fill in all of them. */
static int check_member(const VmArg *arg, const json_t *given, const Place *place, json_t *out,
                        VmError *error)
{
    const json_t *value = json_object_get(given, arg->name);
    json_t *checked = NULL;
    const Place at = {place, arg->name, 0};

    if (value && !json_is_null(value)) {
        const int code = check_value(arg, value, &at, &checked, error);
        if (code) {
            json_decref(checked);
            return code;
        }
    } else if (arg->flags & VM_ARG_REQUIRED) {
        return complain(error, &at, "is missing:", arg->description ? arg->description : "");
    } else if (arg->initial) {
        checked = json_loads(arg->initial, JSON_DECODE_ANY, NULL);
    } else {
        return 0;
    }
    return json_object_set_new(out, arg->name, checked) ? -ENOMEM : 0;
}

static int check_object(const VmArg *members, const json_t *given, const Place *place, json_t **out,
                        VmError *error)
{
    VM_TRY(find_unknown(members, given, place, error));
    *out = json_object();
    if (!*out) return -ENOMEM;
    for (const VmArg *arg = members; arg->name; arg++)
        VM_TRY(check_member(arg, given, place, *out, error));
    return 0;
}

int vm_schema_check(const VmTool *tool, const json_t *args, json_t **checked, VmError *error)
{
    const VmArg *members = tool->arguments ? tool->arguments : no_members;
    json_t *out = NULL;

    if (tool->schema) {
        *checked = args ? json_deep_copy(args) : json_object();
        return *checked ? 0 : -ENOMEM;
    }
    const int code = check_object(members, args, NULL, &out, error);
    if (code) json_decref(out);
    else *checked = out;
    return code;
}

/* ---- documentation ---- */

static void document_type(VmText *out, const VmArg *arg)
{
    if (is_array(arg->type)) vm_text_add(out, "array of %s", type_name(item_type(arg->type)));
    else vm_text_add(out, "%s", type_name(arg->type));
    for (unsigned i = 0; arg->choices && arg->choices[i]; i++)
        vm_text_add(out, "%s`%s`", i ? ", " : ": ", arg->choices[i]);
    if (arg->has_min && arg->has_max)
        vm_text_add(out, ", %.15g to %.15g%s", arg->min, arg->max,
                    is_array(arg->type) ? " items" : "");
    else if (arg->has_min)
        vm_text_add(out, ", at least %.15g%s", arg->min, is_array(arg->type) ? " items" : "");
    else if (arg->has_max)
        vm_text_add(out, ", at most %.15g%s", arg->max, is_array(arg->type) ? " items" : "");
}

static void document_members(VmText *out, const VmArg *members, const char *prefix)
{
    for (const VmArg *arg = members; arg && arg->name; arg++) {
        vm_text_add(out, "| `%s%s` | ", prefix, arg->name);
        document_type(out, arg);
        if (arg->initial) vm_text_add(out, " (default `%s`)", arg->initial);
        else if (arg->flags & VM_ARG_REQUIRED) vm_text_add(out, ", required");
        vm_text_add(out, " | %s |\n", arg->description ? arg->description : "");
        char inner[128];
        (void)snprintf(inner, sizeof(inner), "%s%s%s.", prefix, arg->name,
                       is_array(arg->type) ? "[]" : "");
        if (arg->members) document_members(out, arg->members, inner);
    }
}

void vm_schema_document(VmText *out, const VmTool *const *tools)
{
    for (; *tools; tools++) {
        const VmTool *tool = *tools;
        vm_text_add(out, "### %s\n\n%s\n\n", tool->name, tool->description);
        if (tool->arguments) {
            vm_text_add(out, "| argument | type | meaning |\n|---|---|---|\n");
            document_members(out, tool->arguments, "");
            vm_text_add(out, "\n");
        }
    }
}
