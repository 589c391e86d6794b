/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "base.h"

#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vm_fail(VmError *error, int code, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof(error->text), format, args);
        va_end(args);
        vm_text_make_plain(error->text);
    }
    return code;
}

void vm_error_copy(const VmError *error, char *text, size_t size)
{
    if (text && size) snprintf(text, size, "%s", error->text);
}

/* ---- memory ---- */

static atomic_long alloc_count;
static atomic_long alloc_limit = -1;

static int may_allocate(void)
{
    const long n = atomic_fetch_add(&alloc_count, 1);
    const long limit = atomic_load_explicit(&alloc_limit, memory_order_relaxed);
    return limit < 0 || n < limit;
}

void vm_alloc_fail_after(long n)
{
    atomic_store(&alloc_limit, n < 0 ? -1 : atomic_load(&alloc_count) + n);
}

static const VmMemory c_library;
static _Thread_local const VmMemory *in_use = &c_library;

const VmMemory *vm_memory_use(const VmMemory *memory)
{
    const VmMemory *before = in_use;
    in_use = memory ? memory : &c_library;
    return before;
}

/* Stands right in front of each block; 32 bytes keep the alignment of 16. */
typedef struct Header {
    void (*free)(void *opaque, void *memory); /* NULL: the C library's */
    void *opaque, *start;                     /* start: as allocated */
    size_t size;                              /* of the block */
} Header;

static Header *header_of(void *block)
{
    return (Header *)block - 1;
}

/* alignment: 16 or 64. The C library's zeros cost nothing until they are touched. */
static void *allocate(size_t size, size_t alignment)
{
    const size_t extra = sizeof(Header) + alignment - 16;
    if (size > SIZE_MAX - extra || !may_allocate()) return NULL;
    const size_t total = size + extra;
    void *start = in_use->alloc ? in_use->alloc(in_use->opaque, total) : calloc(1, total);
    if (!start) return NULL;
    if (in_use->alloc) memset(start, 0, total);
    const size_t skip = -((uintptr_t)start + sizeof(Header)) & (alignment - 1);
    Header *h = (Header *)((uint8_t *)start + skip);
    *h = (Header){in_use->free, in_use->opaque, start, size};
    return h + 1;
}

void *vm_alloc(size_t size)
{
    return allocate(size, 16);
}

void *vm_alloc_array(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) return NULL;
    return vm_alloc(n * size);
}

void *vm_alloc_aligned(size_t size)
{
    return allocate(size, 64);
}

void *vm_realloc(void *memory, size_t size)
{
    if (memory && !header_of(memory)->free && !in_use->alloc) {
        if (size > SIZE_MAX - sizeof(Header) || !may_allocate()) return NULL;
        Header *h = realloc(header_of(memory), sizeof(Header) + size);
        if (!h) return NULL;
        h->start = h;
        h->size = size;
        return h + 1;
    }
    void *grown = vm_alloc(size);
    if (grown && memory) {
        memcpy(grown, memory, VM_MIN(size, header_of(memory)->size));
        vm_free(memory);
    }
    return grown;
}

void vm_free(void *memory)
{
    if (!memory) return;
    const Header h = *header_of(memory);
    if (h.free) h.free(h.opaque, h.start);
    else free(h.start);
}

char *vm_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = vm_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *vm_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : vm_alloc((size_t)n + 1);
    if (!text) return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

void *vm_arena_take(VmArena *arena, size_t size)
{
    const size_t at = arena->used;
    arena->used += (size + 63) & ~(size_t)63;
    if (!arena->base) return NULL;
    if (arena->used > arena->size) abort(); /* the measuring pass asked for less: a bug of ours */
    return arena->base + at;
}

/* ---- numbers ---- */

VmLocale vm_locale_enter(void)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (VmLocale){c ? uselocale(c) : NULL, c};
}

void vm_locale_leave(VmLocale *locale)
{
    if (!locale->c) return;
    uselocale(locale->old);
    freelocale(locale->c);
    locale->c = NULL;
}

int vm_parse_double(const char *text, double *value)
{
    if (!text || !*text) return -EINVAL;
    VmLocale locale = vm_locale_enter();
    char *end;
    const double parsed = strtod(text, &end);
    vm_locale_leave(&locale);
    if (end == text || *end) return -EINVAL;
    *value = parsed;
    return 0;
}

int vm_parse_int(const char *text, int *value)
{
    if (!text || !*text) return -EINVAL;
    char *end;
    errno = 0;
    const long parsed = strtol(text, &end, 10);
    if (errno || end == text || *end || parsed != (int)parsed) return -EINVAL;
    *value = (int)parsed;
    return 0;
}

/* ---- characters ---- */

int vm_utf8_length(const unsigned char *p)
{
    const int n = *p < 0x80                 ? 1
                  : *p >= 0xc2 && *p < 0xe0 ? 2
                  : (*p & 0xf0) == 0xe0     ? 3
                  : *p >= 0xf0 && *p < 0xf5 ? 4
                                            : 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (n == 3 && *p == 0xe0 && p[1] < 0xa0) return 0;
    if (n == 3 && *p == 0xed && p[1] > 0x9f) return 0; /* surrogates */
    if (n == 4 && ((*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))) return 0;
    return n;
}

/* U+0080 .. U+009F are controls too: one of them begins a terminal's commands as ESC [ does. */
static int is_control(const unsigned char *p)
{
    return *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

int vm_text_is_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int n = vm_utf8_length(p);
        if (!n || is_control(p)) return 0;
        p += n;
    }
    return 1;
}

void vm_text_make_plain(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p;) {
        const int n = VM_MAX(vm_utf8_length(p), 1);
        if (!vm_utf8_length(p) || is_control(p)) memset(p, '?', (size_t)n);
        p += n;
    }
}

/* ---- lists of texts ---- */

int vm_list_add(VmList *list, char *text)
{
    char **items = text ? vm_realloc(list->items, (list->n + 1) * sizeof(*items)) : NULL;
    if (!items) {
        vm_free(text);
        return -ENOMEM;
    }
    list->items = items;
    items[list->n++] = text;
    return 0;
}

void vm_list_free(VmList *list)
{
    for (unsigned i = 0; i < list->n; i++) vm_free(list->items[i]);
    vm_free(list->items);
    *list = (VmList){0};
}

/* ---- growing text ---- */

static int reserve(VmText *text, size_t more)
{
    if (text->capacity - text->size > more) return 0;
    const size_t capacity = VM_MAX(text->capacity * 2, text->size + more + 256);
    char *data = vm_realloc(text->data, capacity);
    if (!data) return -ENOMEM;
    text->data = data;
    text->capacity = capacity;
    return 0;
}

void vm_text_add(VmText *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = text->failed ? -1 : vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || reserve(text, (size_t)n)) {
        text->failed = 1;
        return;
    }
    va_start(args, format);
    vsnprintf(text->data + text->size, (size_t)n + 1, format, args);
    va_end(args);
    text->size += (size_t)n;
}

void vm_text_append(VmText *text, const char *bytes, size_t size)
{
    if (text->failed || reserve(text, size)) {
        text->failed = 1;
        return;
    }
    if (size) memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = 0;
}

void vm_text_free(VmText *text)
{
    vm_free(text->data);
    *text = (VmText){0};
}
