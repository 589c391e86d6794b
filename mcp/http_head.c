/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http_head.h"

#include <string.h>
#include <strings.h>

#include "number.h"

static const struct {
    const char *name;
    int once; /* a second one is refused: which counts is a matter of taste, and of attacks */
} fields[VM_HEAD_FIELDS] = {
    [VM_HEAD_HOST] = {"Host", 1},
    [VM_HEAD_ORIGIN] = {"Origin", 1},
    [VM_HEAD_AUTHORIZATION] = {"Authorization", 1},
    [VM_HEAD_CONTENT_TYPE] = {"Content-Type", 1},
    [VM_HEAD_CONTENT_LENGTH] = {"Content-Length", 1},
    [VM_HEAD_TRANSFER_ENCODING] = {"Transfer-Encoding", 1},
    [VM_HEAD_ACCEPT] = {"Accept", 0},
    [VM_HEAD_VERSION] = {"MCP-Protocol-Version", 1},
    [VM_HEAD_METHOD] = {"Mcp-Method", 1},
    [VM_HEAD_NAME] = {"Mcp-Name", 1},
    [VM_HEAD_SESSION] = {"Mcp-Session-Id", 1},
};

void vm_head_free(VmHead *head)
{
    for (unsigned i = 0; i < VM_HEAD_FIELDS; i++) vm_free(head->value[i]);
    *head = (VmHead){0};
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110: letters, digits and these. */
static int is_token(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        const int letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (!c || !strchr("!#$%&'*+-.^_`|~", c))) return 0;
    }
    return size > 0;
}

static int find_field(const char *name, size_t size)
{
    for (int i = 0; i < VM_HEAD_FIELDS; i++)
        if (strlen(fields[i].name) == size && !strncasecmp(fields[i].name, name, size)) return i;
    return -1;
}

static int refuse(VmHead *head, int status, const char *text)
{
    (void)vm_fail(&head->why, -EINVAL, "%s", text);
    head->status = status;
    return 0;
}

int vm_head_add(VmHead *head, const char *name, size_t name_size, const char *value,
                size_t value_size)
{
    if (head->status) return 0;
    if (!is_token(name, name_size)) return refuse(head, 400, "the name of a header is no token");
    const int field = find_field(name, name_size);
    if (field < 0) return 0;
    while (value_size && is_blank(*value)) value++, value_size--;
    while (value_size && is_blank(value[value_size - 1])) value_size--;
    char **place = &head->value[field];
    if (*place && fields[field].once)
        return refuse(head, 400, "a header that may come once comes twice");
    char *text =
        vm_printf("%s%s%.*s", *place ? *place : "", *place ? "," : "", (int)value_size, value);
    if (!text) {
        /* or a request would be judged without the header that forbids it */
        (void)refuse(head, 500, "out of memory");
        return -ENOMEM;
    }
    vm_free(*place);
    *place = text;
    return 0;
}

/* ---- who asks ---- */

/* HOST or HOST:PORT with a host that is this machine. */
static int is_local(const char *text)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    uint64_t port;

    for (unsigned i = 0; i < VM_COUNT(hosts); i++) {
        const size_t n = strlen(hosts[i]);
        if (strncasecmp(text, hosts[i], n) != 0) continue;
        return !text[n] || (text[n] == ':' && !vm_number_decimal(text + n + 1, 65535, &port));
    }
    return 0;
}

static int is_local_origin(const char *origin)
{
    if (!strncasecmp(origin, "http://", 7)) return is_local(origin + 7);
    return !strncasecmp(origin, "https://", 8) && is_local(origin + 8);
}

/* Takes as long for every wrong token of the same length. */
static int same_secret(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    unsigned difference = n != m;

    for (size_t i = 0; i < n; i++)
        difference |= (unsigned char)a[i] ^ (unsigned char)b[m ? i % m : 0];
    return !difference;
}

static int is_authorized(const char *given, const char *token)
{
    if (!given || strncasecmp(given, "Bearer ", 7) != 0) return 0;
    given += 7;
    while (*given == ' ') given++;
    return same_secret(given, token);
}

static int check_asker(VmHead *head, const VmHeadRules *rules)
{
    char *const *value = head->value;

    if (!value[VM_HEAD_HOST]) return refuse(head, 400, "Host is missing");
    if (!rules->any_host && !is_local(value[VM_HEAD_HOST]))
        return refuse(head, 403, "Host must be localhost, 127.0.0.1 or [::1]");
    if (value[VM_HEAD_ORIGIN] && !is_local_origin(value[VM_HEAD_ORIGIN]))
        return refuse(head, 403, "Origin must be a page of this machine");
    if (rules->token && !is_authorized(value[VM_HEAD_AUTHORIZATION], rules->token))
        return refuse(head, 401, "Authorization must be Bearer and the server's token");
    return 0;
}

/* ---- what is asked ---- */

/* Is the media type one of a list separated by commas? Parameters are passed over. */
static int lists_type(const char *list, const char *type)
{
    const size_t n = strlen(type);

    while (*list) {
        list += strspn(list, " \t,");
        const size_t length = strcspn(list, " \t;,");
        if (length == n && !strncasecmp(list, type, n)) return 1;
        list += strcspn(list, ",");
    }
    return 0;
}

static int accepts(const char *list)
{
    if (!list) return 0;
    if (lists_type(list, "*/*")) return 1;
    return lists_type(list, "application/json") && lists_type(list, "text/event-stream");
}

static int check_length(VmHead *head)
{
    const char *length = head->value[VM_HEAD_CONTENT_LENGTH];
    const char *coding = head->value[VM_HEAD_TRANSFER_ENCODING];
    uint64_t size;

    if (coding && strcasecmp(coding, "chunked") != 0)
        return refuse(head, 501, "the only transfer coding is chunked");
    if (coding && length) return refuse(head, 400, "both Content-Length and Transfer-Encoding");
    if (!length) return 0;
    const int code = vm_number_decimal(length, VM_RPC_MAX_BYTES, &size);
    if (code == -ERANGE) return refuse(head, 413, "a message has at most 4 MiB");
    return code ? refuse(head, 400, "Content-Length is no number") : 0;
}

int vm_head_check(VmHead *head, const char *method, const char *path, const VmHeadRules *rules)
{
    if (!head->status) (void)check_asker(head, rules);
    if (head->status) return head->status;
    if (strcmp(path, "/mcp") != 0) (void)refuse(head, 404, "the only path is /mcp");
    else if (!strcmp(method, "DELETE") && head->value[VM_HEAD_SESSION]) return 0;
    else if (strcmp(method, "POST") != 0) (void)refuse(head, 405, "messages are sent by POST");
    else if (!head->value[VM_HEAD_CONTENT_TYPE] || strchr(head->value[VM_HEAD_CONTENT_TYPE], ',') ||
             !lists_type(head->value[VM_HEAD_CONTENT_TYPE], "application/json"))
        (void)refuse(head, 415, "Content-Type must be application/json");
    else if (!accepts(head->value[VM_HEAD_ACCEPT]))
        (void)refuse(head, 406, "Accept must list application/json and text/event-stream");
    else (void)check_length(head);
    return head->status;
}

/* ---- against the body ---- */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = c ? strchr(digits, c) : NULL;

    return place ? (int)(place - digits) : -1;
}

/* out has room for as many bytes as text has. Returns the size or -EINVAL. */
static long decode_base64(const char *text, size_t size, char *out)
{
    size_t n = 0, digits = size;
    unsigned bits = 0, have = 0;

    while (digits && size - digits < 2 && text[digits - 1] == '=') digits--;
    if (size % 4) return -EINVAL;
    for (size_t i = 0; i < digits; i++) {
        const int digit = digit_of(text[i]);
        if (digit < 0) return -EINVAL;
        bits = bits << 6 | (unsigned)digit;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out[n++] = (char)(bits >> have & 0xff);
        bits &= (1u << have) - 1;
    }
    return bits ? -EINVAL : (long)n; /* what is left over must be 0 */
}

/* Values that no header can hold come as =?base64?...?=. */
static int says(const char *header, const char *wanted)
{
    static const char prefix[] = "=?base64?";
    const size_t n = strlen(header), skip = sizeof(prefix) - 1;

    if (strncasecmp(header, prefix, skip) != 0 || n < skip + 2 || strcmp(header + n - 2, "?=") != 0)
        return !strcmp(header, wanted);
    char *out = vm_alloc(n);
    const long size = out ? decode_base64(header + skip, n - skip - 2, out) : -ENOMEM;
    const int same =
        size >= 0 && (size_t)size == strlen(wanted) && !memcmp(out, wanted, (size_t)size);
    vm_free(out);
    return same;
}

static int compare_field(const VmHead *head, enum VmHeadField field, const char *wanted,
                         const char *place, VmError *error)
{
    const char *value = head->value[field];

    if (!value) return vm_fail(error, VM_RPC_HEADER, "header %s is missing", fields[field].name);
    if (says(value, wanted)) return 0;
    return vm_fail(error, VM_RPC_HEADER, "header %s does not say the same as %s",
                   fields[field].name, place);
}

int vm_head_compare(const VmHead *head, const VmMessage *message, VmError *error)
{
    static const struct {
        const char *method, *member;
    } named[] = {{"tools/call", "name"}, {"prompts/get", "name"}, {"resources/read", "uri"}};
    const char *claim = json_string_value(message->claim);

    VM_TRY(
        compare_field(head, VM_HEAD_VERSION, claim ? claim : "", "_meta's protocolVersion", error));
    VM_TRY(compare_field(head, VM_HEAD_METHOD, message->method, "method", error));
    for (unsigned i = 0; i < VM_COUNT(named); i++) {
        if (strcmp(message->method, named[i].method) != 0) continue;
        const char *name = json_string_value(json_object_get(message->params, named[i].member));
        if (name) VM_TRY(compare_field(head, VM_HEAD_NAME, name, "params", error));
    }
    return 0;
}
