/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Whole streams of messages, as a client sends them on one connection. Whatever comes in, what goes out is one
 * JSON object a line, of JSON-RPC, at most one for each line that came in and what its call tells on the way;
 * and the server is ready for the next client afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lines.h"
#include "resources.h"
#include "store.h"

/* ---- tools that take arguments of every kind and give them back ---- */

static const VmArg members[] = {
    {"path", VM_ARG_STRING, VM_ARG_REQUIRED, "A path."},
    {"kbps", VM_ARG_NUMBER, 0, "A rate.", VM_ARG_AT_LEAST(0)},
    {NULL},
};
static const char *const words[] = {"one", "two", "three", NULL};
static const char *const depths[] = {"8", "10", NULL};
static const VmArg arguments[] = {
    {"ref", VM_ARG_STRING, VM_ARG_REQUIRED, "A path."},
    {"width", VM_ARG_INTEGER, 0, "A side.", VM_ARG_WITHIN(1, 32768)},
    {"depth", VM_ARG_INTEGER, 0, "Bits.", .initial = "8", .choices = depths},
    {"word", VM_ARG_STRING, 0, "A word.", .initial = "\"one\"", .choices = words},
    {"share", VM_ARG_NUMBER, 0, "A share.", VM_ARG_WITHIN(0, 1)},
    {"flag", VM_ARG_BOOLEAN, 0, "Yes or no.", .initial = "false"},
    {"any", VM_ARG_OBJECT, 0, "Anything."},
    {"one", VM_ARG_OBJECT, 0, "One.", .members = members},
    {"names", VM_ARG_STRINGS, 0, "Names.", VM_ARG_WITHIN(1, 4)},
    {"numbers", VM_ARG_NUMBERS, 0, "Numbers."},
    {"integers", VM_ARG_INTEGERS, 0, "Integers.", .choices = depths},
    {"encodes", VM_ARG_OBJECTS, 0, "Encodes.", .members = members},
    {NULL},
};
static const VmArg output[] = {{"args", VM_ARG_OBJECT, VM_ARG_REQUIRED, "What came."}, {NULL}};

static int give_back(VmCall *call)
{
    const char *ref = vm_call_string(call, "ref");

    vm_call_progress(call, 1, 2, ref);
    VM_TRY(vm_call_warn(call, "%s, %g", ref, vm_call_number(call, "share", 0)));
    if (vm_call_flag(call, "flag")) return vm_call_fail(call, -EINVAL, "no: %s", ref);
    return vm_call_result(call, json_pack("{sO}", "args", vm_call_args(call)));
}

static int draw(VmCall *call)
{
    char id[VM_STORE_ID] = "0123456789abcdef0123456789abcdef";
    char *text = vm_strdup("{\"frames\":[]}");

    if (!text || vm_store_add(vm_call_store(call), text, NULL, id)) return -ENOMEM;
    VM_TRY(vm_store_add_image(vm_call_store(call), id, "0", "png", 3));
    VM_TRY(vm_call_image(call, "png", 3, "image/png"));
    return vm_call_link(call, "vmaf://reports/0123456789abcdef0123456789abcdef", "report",
                        "application/json", NULL, 0);
}

static const VmTool quick = {.name = "quick",
                             .title = "Quick",
                             .description = "At once.",
                             .flags = VM_TOOL_QUICK,
                             .arguments = arguments,
                             .output = output,
                             .run = give_back};
static const VmTool light = {.name = "light",
                             .title = "Light",
                             .description = "On a worker.",
                             .flags = VM_TOOL_LIGHT,
                             .arguments = arguments,
                             .output = output,
                             .run = give_back};
static const VmTool images = {.name = "images",
                              .title = "Images",
                              .description = "Into the store.",
                              .flags = VM_TOOL_LONG,
                              .run = draw};
static const VmTool *const tools[] = {&quick, &light, &images, NULL};

static const VmOffer offer = {
    .name = "fuzz",
    .title = "Fuzz",
    .version = "0",
    .instructions = "",
    .tools = tools,
    .list_resources = vm_resources_list,
    .templates = vm_resource_templates,
    .read_resource = vm_resources_read,
    .prompts = vm_prompts,
    .complete = vm_prompts_complete,
};

/* ---- one client ---- */

static void check_line(const char *text, size_t size)
{
    json_t *message = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    const char *version = json_string_value(json_object_get(message, "jsonrpc"));
    const json_t *id = json_object_get(message, "id");

    if (!json_is_object(message) || !version || strcmp(version, "2.0") != 0) abort();
    if (id && !json_is_string(id) && !json_is_integer(id)) abort();
    const int kinds = !!json_object_get(message, "result") + !!json_object_get(message, "error") +
                      !!json_object_get(message, "method");
    if (kinds != 1) abort();
    json_decref(message);
}

static unsigned count_lines(const char *data, size_t size)
{
    unsigned n = 1;

    for (size_t i = 0; i < size; i++) n += data[i] == '\n';
    return n;
}

static void check_output(int fd, unsigned lines_in)
{
    const off_t size = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);
    unsigned n = 0;

    if (!text || pread(fd, text, (size_t)size, 0) != size) abort();
    if (size && text[size - 1] != '\n') abort();
    for (char *at = text, *end; at < text + size; at = end + 1, n++) {
        end = memchr(at, '\n', (size_t)(text + size - at));
        check_line(at, (size_t)(end - at));
    }
    /* "accepted", one step of progress, the answer */
    if (n > 3 * lines_in) abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VmServer *server = NULL;
    VmLimits limits;
    const int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);

    if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size || lseek(in, 0, SEEK_SET))
        abort();
    vm_limits_default(&limits);
    if (vm_server_open(&server, &offer, &limits) || vm_lines_serve(server, in, out, -1)) abort();
    if (vm_server_close(server)) abort();
    check_output(out, count_lines((const char *)data, size));
    close(in);
    close(out);
    return 0;
}
