/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "json_file.h"

#include <string.h>

#include "outfile.h"

enum VmExit vm_json_save(json_t *json, const char *path, VmMessages *messages)
{
    VmError error = {""};
    VmOutFile out;
    int err = json ? vm_outfile_open(&out, path, &error) : vm_fail_memory(&error);

    if (!err) {
        /* 15 digits say what was measured; all 17 would write 0.1 as 0.10000000000000001 */
        const int bad = json_dumpf(json, out.file, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        const int no_memory = bad && !ferror(out.file);
        if (no_memory) (void)vm_fail_memory(&error);
        (void)fputc('\n', out.file);
        err = vm_outfile_finish(&out, no_memory ? -ENOMEM : 0, &error);
    }
    json_decref(json);
    if (!err) return VM_EXIT_OK;
    vm_message_error(messages, "%s", error.text);
    return VM_EXIT_INTERNAL;
}

/* New lines and tabs stay: JSON writes them with a backslash. */
static void make_plain(char *text)
{
    char mark;

    do {
        char *end = text + strcspn(text, "\n\t");
        mark = *end;
        *end = 0;
        vm_text_make_plain(text);
        *end = mark;
        text = end + 1;
    } while (mark);
}

/* The copy is of jansson's memory, so that want of it ends as it does for every other text. */
json_t *vm_json_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    json_malloc_t take;
    json_free_t give_back;

    json_get_alloc_funcs(&take, &give_back);
    char *copy = take(size);
    if (!copy) return NULL;
    memcpy(copy, text, size);
    make_plain(copy);
    json_t *json = json_string(copy);
    give_back(copy);
    return json;
}

char *vm_path_in(const char *folder, const char *name, VmMessages *messages)
{
    const size_t n = strlen(folder);
    char *path = vm_printf("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);

    if (!path) vm_message_error(messages, "out of memory");
    return path;
}
