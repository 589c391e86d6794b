/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "resources.h"

#include <stdio.h>
#include <string.h>

#include "about.h"
#include "number.h"
#include "store.h"

static const char json_mime[] = "application/json";
static const char models_uri[] = "vmaf://models";

enum { ROWS_DEFAULT = 100, ROWS_MAX = 1000 };

/* Lines of an answer have to stay below what clients read (10 MiB), quotes doubled. */
static const size_t report_max = 4u << 20;

const VmTemplate vm_resource_templates[] = {
    {"vmaf://models/{name}", "model", "A model", "Purpose, digest and state of one model.",
     json_mime},
    {"vmaf://docs/{page}", "page", "A page of documentation",
     "How to use the command and the models.", "text/markdown"},
    {"vmaf://reports/{id}", "report", "Report of a score",
     "All that was computed, in the layout of libvmaf's JSON log; kept for an hour.", json_mime},
    {"vmaf://reports/{id}/frames{?from,count}", "frames", "Scores of frames",
     "Scores of at most count (100, up to 1000) frames of a report, beginning with frame from.",
     json_mime},
    {"vmaf://frames/{id}/{frame}.png", "frame", "Picture of a frame",
     "A frame that was described as one of the worst.", "image/png"},
    {NULL},
};

static const char *after(const char *text, const char *prefix)
{
    const size_t length = strlen(prefix);

    return strncmp(text, prefix, length) ? NULL : text + length;
}

/* ---- listing ---- */

int vm_resources_list(VmServer *server, json_t *array)
{
    char uri[256];

    (void)server;
    VM_TRY(vm_resource_list(array, models_uri, "models", "Models", "All models this engine knows.",
                            json_mime));
    for (unsigned i = 0; vm_about_model_name(i); i++) {
        const char *name = vm_about_model_name(i);
        (void)snprintf(uri, sizeof(uri), "vmaf://models/%s", name);
        VM_TRY(vm_resource_list(array, uri, name, name, NULL, json_mime));
    }
    for (const VmPage *page = vm_pages; page->name; page++) {
        (void)snprintf(uri, sizeof(uri), "vmaf://docs/%s", page->name);
        VM_TRY(vm_resource_list(array, uri, page->name, page->title, NULL, "text/markdown"));
    }
    return 0;
}

/* ---- reading ---- */

static int read_json(VmCall *call, const char *uri, json_t *value)
{
    VmText text = {0};

    vm_rpc_dump(&text, value);
    json_decref(value);
    const int code =
        text.failed ? -ENOMEM : vm_resource_text(call, uri, json_mime, text.data, text.size);
    vm_text_free(&text);
    return code;
}

static int read_model(VmCall *call, const char *uri, const char *name)
{
    for (unsigned i = 0; vm_about_model_name(i); i++)
        if (!strcmp(vm_about_model_name(i), name)) return read_json(call, uri, vm_about_model(i));
    return -ENOENT;
}

static int read_page(VmCall *call, const char *uri, const char *name)
{
    for (const VmPage *page = vm_pages; page->name; page++)
        if (!strcmp(page->name, name))
            return vm_resource_text(call, uri, "text/markdown", page->text, page->size);
    return -ENOENT;
}

/* Splits "ID" or "ID/rest"; the id has its full length or there is none. */
static const char *read_id(const char *text, char id[VM_STORE_ID])
{
    if (strnlen(text, VM_STORE_ID - 1) < VM_STORE_ID - 1) return NULL;
    memcpy(id, text, VM_STORE_ID - 1);
    id[VM_STORE_ID - 1] = 0;
    return text + VM_STORE_ID - 1;
}

/* "from=10&count=5", either may be left out. */
static int read_query(const char *query, uint64_t *from, uint64_t *count)
{
    char text[96];
    char *rest = NULL;

    if (snprintf(text, sizeof(text), "%s", query) >= (int)sizeof(text)) return -EINVAL;
    for (char *part = strtok_r(text, "&", &rest); part; part = strtok_r(NULL, "&", &rest)) {
        const char *a = after(part, "from="), *n = after(part, "count=");
        if (!a && !n) return -EINVAL;
        VM_TRY(a ? vm_number_decimal(a, UINT32_MAX, from) : vm_number_decimal(n, ROWS_MAX, count));
    }
    return 0;
}

static int read_frames(VmCall *call, const char *uri, const char *id, const char *query)
{
    uint64_t from = 0, count = ROWS_DEFAULT;
    char *text = NULL;
    size_t size = 0;

    if (*query == '?' && read_query(query + 1, &from, &count))
        return vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                              "frames are asked for as ?from=FRAME&count=N, N at most %d",
                              ROWS_MAX);
    VM_TRY(vm_store_frames(vm_call_store(call), id, (unsigned)from, (unsigned)count, &text, &size));
    const int code = vm_resource_text(call, uri, json_mime, text, size);
    vm_free(text);
    return code;
}

static int read_report(VmCall *call, const char *uri, const char *name)
{
    char id[VM_STORE_ID], *text = NULL;
    const char *rest = read_id(name, id);
    size_t size = 0;

    if (!rest) return -ENOENT;
    const char *query = after(rest, "/frames");
    if (query && (!*query || *query == '?')) return read_frames(call, uri, id, query);
    if (*rest) return -ENOENT;
    int code = vm_store_report(vm_call_store(call), id, report_max, &text, &size);
    if (!code) code = vm_resource_text(call, uri, json_mime, text, size);
    else if (code == -EFBIG)
        code = vm_call_refuse(call, VM_RPC_INVALID_PARAMS,
                              "the report has %zu bytes, more than clients read at once; read "
                              "%.80s/frames?from=0&count=%d and so on",
                              size, uri, ROWS_MAX);
    vm_free(text);
    return code;
}

static int read_image(VmCall *call, const char *uri, const char *rest)
{
    char id[VM_STORE_ID], name[64];
    const char *file = read_id(rest, id);
    const char *dot = file ? strrchr(file, '.') : NULL;
    void *png = NULL;
    size_t size = 0;

    if (!dot || *file != '/' || strcmp(dot, ".png") != 0) return -ENOENT;
    const int length = (int)(dot - file - 1);
    if (snprintf(name, sizeof(name), "%.*s", length, file + 1) >= (int)sizeof(name)) return -ENOENT;
    VM_TRY(vm_store_image(vm_call_store(call), id, name, &png, &size));
    const int code = vm_resource_blob(call, uri, "image/png", png, size);
    vm_free(png);
    return code;
}

int vm_resources_read(VmCall *call, const char *uri)
{
    static const struct {
        const char *prefix;
        int (*read)(VmCall *call, const char *uri, const char *rest);
    } kinds[] = {
        {"vmaf://models/", read_model},
        {"vmaf://docs/", read_page},
        {"vmaf://reports/", read_report},
        {"vmaf://frames/", read_image},
    };

    if (!strcmp(uri, models_uri)) return read_json(call, uri, vm_about_models());
    for (unsigned i = 0; i < VM_COUNT(kinds); i++) {
        const char *rest = after(uri, kinds[i].prefix);
        if (rest) return kinds[i].read(call, uri, rest);
    }
    return -ENOENT;
}
