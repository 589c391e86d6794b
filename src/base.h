/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What every module stands on: errors with a text, memory that counts, numbers and text without
 * locale. No module but this one calls malloc. */
#ifndef VM_BASE_H
#define VM_BASE_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define VM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VM_MIN(a, b)         ((a) < (b) ? (a) : (b))
#define VM_MAX(a, b)         ((a) > (b) ? (a) : (b))
#define VM_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

/* Largest side of a picture: 2^15 keeps w*h*2 bytes below 2^32 and every sum proved in kernels.h. */
enum { VM_MAX_SIDE = 32768 };

/* ---- errors ---- */

/* The place that notices a fault says it once with vm_fail(); everybody above forwards the code. */
#define VM_TRY(expr)                                                                               \
    do {                                                                                           \
        const int vm_code_ = (expr);                                                               \
        if (vm_code_ < 0) return vm_code_;                                                         \
    } while (0)

typedef struct VmError {
    char text[1024]; /* one sentence, no newline; "" = no error */
} VmError;

/* Writes the sentence (error may be NULL), made plain since it may quote anything, and returns code. */
int vm_fail(VmError *error, int code, const char *format, ...) VM_PRINTF(3, 4);

/* The sentence for a caller: cut to size bytes with the terminating 0; text may be NULL. */
void vm_error_copy(const VmError *error, char *text, size_t size);

/* The usual sentence for -ENOMEM. Seen whole, so that analysers know it never returns 0. */
static inline int vm_fail_memory(VmError *error)
{
    (void)vm_fail(error, -ENOMEM, "out of memory");
    return -ENOMEM;
}

/* ---- memory ---- */

/* Where memory comes from. Members all 0: the C library. */
typedef struct VmMemory {
    void *(*alloc)(void *opaque, size_t size); /* 16-byte aligned, contents unspecified, or NULL */
    void (*free)(void *opaque, void *memory);
    void *opaque;
} VmMemory;

/* What this thread allocates from now on comes from `memory` (NULL: the C library), which stays the
 * caller's. Returns what was in use. Every block goes back where it came from, whoever frees it. */
const VmMemory *vm_memory_use(const VmMemory *memory);

void *vm_alloc(size_t size);                 /* zeroed; NULL when there is none */
void *vm_alloc_array(size_t n, size_t size); /* zeroed; NULL also when n * size overflows */
void *vm_alloc_aligned(size_t size);         /* 64-byte aligned, zeroed */
/* Not for aligned memory. New bytes are unspecified; memory stays valid on failure. */
void *vm_realloc(void *memory, size_t size);
void vm_free(void *memory); /* for all of the above; NULL does nothing */
char *vm_strdup(const char *text);
char *vm_printf(const char *format, ...) VM_PRINTF(1, 2); /* allocated text or NULL */

/* For tests: a countdown after which every allocation fails (< 0: never). */
void vm_alloc_fail_after(long n);

/* Scratch memory handed out piece by piece. With base NULL it only measures: take returns NULL and
 * `used` tells afterwards how much is needed. */
typedef struct VmArena {
    uint8_t *base;
    size_t size, used;
} VmArena;

void *vm_arena_take(VmArena *arena, size_t size); /* 64-byte aligned */

/* ---- text and numbers; the C locale whatever the program has set ---- */

typedef struct VmLocale {
    void *old, *c;
} VmLocale;

/* Switch this thread to the C locale and back. */
VmLocale vm_locale_enter(void);
void vm_locale_leave(VmLocale *locale);

/* The whole text must be one number: 0, or -EINVAL. */
int vm_parse_double(const char *text, double *value);
int vm_parse_int(const char *text, int *value);

/* Length of the UTF-8 sequence at p, 0 if it is none. */
int vm_utf8_length(const unsigned char *p);

/* Is it UTF-8 without control characters, such as a sentence may quote? */
int vm_text_is_plain(const char *text);

/* Makes it so: what is not becomes "?". */
void vm_text_make_plain(char *text);

/* ---- lists of texts ---- */

typedef struct VmList {
    char **items;
    unsigned n;
} VmList;

/* Takes the text (allocated; NULL: out of memory), also on failure. Returns 0 or -ENOMEM. */
int vm_list_add(VmList *list, char *text);
void vm_list_free(VmList *list);

/* ---- growing text ---- */

typedef struct VmText {
    char *data; /* 0-terminated once anything was added */
    size_t size, capacity;
    int failed; /* an allocation failed; the text is incomplete */
} VmText;

void vm_text_add(VmText *text, const char *format, ...) VM_PRINTF(2, 3);
void vm_text_append(VmText *text, const char *bytes, size_t size); /* as they are, also 0 */
void vm_text_free(VmText *text);

#endif
