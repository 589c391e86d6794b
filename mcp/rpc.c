/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* Looks at the bytes only: jansson would build 2048 levels, and millions of values, before it refuses. */
static int check_shape(const char *text, size_t size, VmError *error)
{
    unsigned depth = 0, values = 1;
    int quoted = 0;

    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') i++;
            else if (c == '"') quoted = 0;
        } else if (c == '"') {
            quoted = 1;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        }
        values += !quoted && (c == ',' || c == '[' || c == '{');
        if (depth > VM_RPC_MAX_DEPTH || values > VM_RPC_MAX_VALUES)
            return vm_fail(
                error, VM_RPC_PARSE_ERROR,
                "not readable as JSON: more than %d arrays and objects inside each other, "
                "or more than %d values",
                VM_RPC_MAX_DEPTH, VM_RPC_MAX_VALUES);
    }
    return 0;
}

static int load(VmMessage *message, const char *text, size_t size, VmError *error)
{
    json_error_t fault;

    if (size > VM_RPC_MAX_BYTES)
        return vm_fail(error, VM_RPC_INVALID_REQUEST, "a message has at most %d bytes",
                       VM_RPC_MAX_BYTES);
    VM_TRY(check_shape(text, size, error));
    message->root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
    if (!message->root)
        return vm_fail(error, VM_RPC_PARSE_ERROR, "not readable as JSON: %s, at byte %d",
                       fault.text, fault.position);
    if (!json_is_object(message->root))
        return vm_fail(error, VM_RPC_INVALID_REQUEST,
                       "a message is one object; batches are not supported");
    return 0;
}

static int read_id(VmMessage *message, VmError *error)
{
    json_t *id = json_object_get(message->root, "id");

    if (id && !json_is_string(id) && !json_is_integer(id))
        return vm_fail(error, VM_RPC_INVALID_REQUEST, "id must be a string or an integer");
    message->id = id;
    return 0;
}

static int read_kind(VmMessage *message, VmError *error)
{
    const json_t *root = message->root, *method = json_object_get(root, "method");
    const char *version = json_string_value(json_object_get(root, "jsonrpc"));

    if (!version || strcmp(version, "2.0"))
        return vm_fail(error, VM_RPC_INVALID_REQUEST, "jsonrpc must be \"2.0\"");
    message->method = json_string_value(method);
    message->kind = message->id ? VM_MESSAGE_REQUEST : VM_MESSAGE_NOTE;
    if (message->method) return 0;
    if (method) return vm_fail(error, VM_RPC_INVALID_REQUEST, "method must be a string");
    if (!json_object_get(root, "result") && !json_object_get(root, "error"))
        return vm_fail(error, VM_RPC_INVALID_REQUEST, "method is missing");
    message->kind = VM_MESSAGE_RESPONSE;
    return 0;
}

static int read_params(VmMessage *message, VmError *error)
{
    json_t *params = json_object_get(message->root, "params");

    if (params && !json_is_object(params))
        return vm_fail(error, VM_RPC_INVALID_PARAMS, "params must be an object");
    json_t *meta = json_object_get(params, "_meta");
    if (meta && !json_is_object(meta))
        return vm_fail(error, VM_RPC_INVALID_PARAMS, "params._meta must be an object");
    message->params = params;
    message->meta = meta;
    message->claim = json_object_get(meta, "io.modelcontextprotocol/protocolVersion");
    return 0;
}

int vm_rpc_parse(VmMessage *message, const char *text, size_t size, VmError *error)
{
    *message = (VmMessage){0};
    VM_TRY(load(message, text, size, error));
    VM_TRY(read_id(message, error));
    VM_TRY(read_kind(message, error));
    return read_params(message, error);
}

void vm_rpc_free(VmMessage *message)
{
    json_decref(message->root);
    *message = (VmMessage){0};
}

/* ---- writing ---- */

/* Bytes of the UTF-8 character that begins here, 0: none does (RFC 3629). */
static size_t character(const unsigned char *s, size_t left)
{
    size_t n = 0;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */

    if (s[0] < 0x80) return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) n = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef) n = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4) n = 4;
    if (s[0] == 0xe0) low = 0xa0;
    if (s[0] == 0xed) high = 0x9f;
    if (s[0] == 0xf0) low = 0x90;
    if (s[0] == 0xf4) high = 0x8f;
    if (!n || left < n || s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    return n;
}

static int is_control(unsigned char c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

json_t *vm_rpc_string(const char *text, size_t size)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *out = size <= SIZE_MAX / 4 ? vm_alloc(3 * size + 1) : NULL;
    size_t n = 0;

    if (!out) return NULL;
    for (size_t i = 0, step; i < size; i += step) {
        const size_t valid = character((const unsigned char *)text + i, size - i);
        step = valid ? valid : 1;
        memcpy(out + n, valid ? text + i : replacement, valid ? valid : 3);
        if (valid == 1 && is_control((unsigned char)out[n])) out[n] = ' ';
        n += valid ? valid : 3;
    }
    json_t *value = json_stringn_nocheck(out, n);
    vm_free(out);
    return value;
}

void vm_rpc_quote(VmText *out, const char *text, size_t size)
{
    size_t start = 0;

    vm_text_add(out, "\"");
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        vm_text_append(out, text + start, i - start);
        if (c == '\n') vm_text_add(out, "\\n");
        else if (c < 0x20) vm_text_add(out, "\\u%04x", c);
        else vm_text_add(out, "\\%c", c);
        start = i + 1;
    }
    vm_text_append(out, text + start, size - start);
    vm_text_add(out, "\"");
}

/* Writes a number, n bytes long, with as few digits as give the same one back; returns its new length. jansson
 * writes 17 always: 0.1 is 0.10000000000000001 there, a quarter more text than needed. */
static size_t shorten(char *number, size_t n)
{
    enum { DIGITS_ALWAYS_EXACT = 15, SIZE = 32 };
    char text[SIZE], shorter[SIZE];

    if (n <= DIGITS_ALWAYS_EXACT || n >= SIZE) return n;
    memcpy(text, number, n);
    text[n] = 0;
    if (!strpbrk(text, ".e")) return n; /* an integer */
    const double value = strtod(text, NULL);
    for (int digits = DIGITS_ALWAYS_EXACT; digits < 17; digits++) {
        const int length = snprintf(shorter, sizeof(shorter), "%.*g", digits, value);
        if ((size_t)length >= n || strtod(shorter, NULL) != value) continue;
        memcpy(number, shorter, (size_t)length);
        return (size_t)length;
    }
    return n;
}

/* Bytes of the string that begins here, which may have escaped quotes. */
static size_t string_length(const char *s)
{
    size_t n = 1;

    while (s[n] != '"') n += s[n] == '\\' ? 2 : 1;
    return n + 1;
}

/* All numbers of a JSON text, in place. */
static void shorten_numbers(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        const size_t digits = strspn(from, "+-.0123456789eE");
        const int is_number = *from == '-' || (*from >= '0' && *from <= '9');
        const size_t n = *from == '"' ? string_length(from) : is_number ? digits : 1;
        memmove(to, from, n); /* what is at from may be gone now */
        from += n;
        to += is_number ? shorten(to, n) : n;
    }
    *to = 0;
}

void vm_rpc_dump(VmText *out, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (text) shorten_numbers(text);
    if (text) vm_text_append(out, text, strlen(text));
    else out->failed = 1;
    free(text);
}

static void begin(VmText *out, const json_t *id)
{
    vm_text_add(out, "{\"jsonrpc\":\"2.0\",");
    if (!id) return;
    vm_text_add(out, "\"id\":");
    vm_rpc_dump(out, id);
    vm_text_add(out, ",");
}

void vm_rpc_result(VmText *out, const json_t *id, const char *result, size_t size)
{
    begin(out, id);
    vm_text_add(out, "\"result\":");
    vm_text_append(out, result, size);
    vm_text_add(out, "}");
}

void vm_rpc_error(VmText *out, const json_t *id, int code, const char *text, const json_t *data)
{
    json_t *message = vm_rpc_string(text, strlen(text));

    begin(out, id);
    vm_text_add(out, "\"error\":{\"code\":%d,\"message\":", code);
    vm_rpc_dump(out, message);
    if (data) {
        vm_text_add(out, ",\"data\":");
        vm_rpc_dump(out, data);
    }
    vm_text_add(out, "}}");
    json_decref(message);
}
