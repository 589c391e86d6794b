/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The head of an HTTP request and the message in its body: "METHOD PATH", then a line per header, an empty
 * line, the body. What is let through has a host that is this machine and a body that its headers do not
 * contradict. */
#include <stdlib.h>
#include <string.h>

#include "http_head.h"

/* The next line, without its end; *size is what is left. */
static const char *next_line(const char **data, size_t *size, size_t *length)
{
    const char *line = *data;
    const char *end = memchr(line, '\n', *size);

    *length = end ? (size_t)(end - line) : *size;
    const size_t used = *length + (end != NULL);
    *data += used;
    *size -= used;
    return line;
}

static void read_fields(VmHead *head, const char **data, size_t *size)
{
    while (*size) {
        size_t length;
        const char *line = next_line(data, size, &length);
        const char *colon = memchr(line, ':', length);
        if (!length) return;
        if (!colon) continue;
        const size_t name = (size_t)(colon - line);
        if (vm_head_add(head, line, name, colon + 1, length - name - 1)) abort();
    }
}

static void check_body(const VmHead *head, const char *data, size_t size)
{
    VmMessage message;
    VmError why = {""};

    if (vm_rpc_parse(&message, data, size, &why)) {
        if (!*why.text) abort();
    } else if (message.method && vm_head_compare(head, &message, &why) == 0) {
        const char *version = head->value[VM_HEAD_VERSION];
        const char *claim = json_string_value(message.claim);
        if (claim && strncmp(version, "=?", 2) != 0 && strcmp(version, claim) != 0) abort();
    }
    vm_rpc_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *data = (const char *)bytes;
    const VmHeadRules rules = {.token = size % 2 ? "token" : NULL};
    VmHead head = {{0}};
    char first[64] = "", *path = "";
    size_t length;

    const char *line = next_line(&data, &size, &length);
    memcpy(first, line, VM_MIN(length, sizeof(first) - 1));
    char *blank = strchr(first, ' ');
    if (blank) {
        *blank = 0;
        path = blank + 1;
    }
    read_fields(&head, &data, &size);
    const int status = vm_head_check(&head, first, path, &rules);
    if (status ? status < 400 || status > 599 || !*head.why.text : !head.value[VM_HEAD_HOST])
        abort();
    if (!status) check_body(&head, data, size);
    vm_head_free(&head);
    return 0;
}
