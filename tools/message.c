/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void vm_message_reserve_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

void vm_messages_init(VmMessages *messages, const char *program)
{
    *messages = (VmMessages){.program = program};
    pthread_mutex_init(&messages->lock, NULL);
}

void vm_messages_free(VmMessages *messages)
{
    for (unsigned i = 0; i < messages->n; i++) free((void *)messages->warnings[i]);
    free(messages->warnings);
    pthread_mutex_destroy(&messages->lock);
}

/* Assumes the lock is held. */
static void end_line(VmMessages *messages)
{
    if (messages->line_open) fputc('\n', stderr);
    messages->line_open = 0;
}

/* A warning that cannot be kept for want of memory has at least been printed. */
static void keep(VmMessages *messages, const char *text)
{
    const char **grown =
        realloc(messages->warnings, (messages->n + 1) * sizeof(*messages->warnings));

    if (!grown) return;
    messages->warnings = grown;
    grown[messages->n] = strdup(text);
    messages->n += grown[messages->n] != NULL;
}

/* Bytes of the character at p that can be shown, 0 for a control character or what is no UTF-8: U+0080 to U+009F, and
 * the same as single bytes, command terminals as ESC does. */
static size_t shown_bytes(const unsigned char *p)
{
    const size_t n = *p < 0x80                 ? 1
                     : *p >= 0xc2 && *p < 0xe0 ? 2
                     : *p >= 0xe0 && *p < 0xf0 ? 3
                     : *p >= 0xf0 && *p < 0xf5 ? 4
                                               : 0;

    if (*p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0)) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return n;
}

/* A message is one line, and names in it, which may come from anywhere, cannot command a terminal. */
static void make_plain(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p;) {
        const size_t n = shown_bytes(p);
        if (!n) *p = '?';
        p += n ? n : 1;
    }
}

void vm_message_put_plain(const char *text, FILE *out)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const size_t n = shown_bytes(p);
        fprintf(out, "%.*s", (int)(n ? n : 1), n ? (const char *)p : "?");
        p += n ? n : 1;
    }
}

static void say(VmMessages *messages, int is_error, int kept, const char *fmt, va_list args)
{
    const char *kind = is_error ? "error" : "warning";
    char text[2048];

    (void)vsnprintf(text, sizeof(text), fmt, args);
    make_plain(text);
    pthread_mutex_lock(&messages->lock);
    end_line(messages);
    fprintf(stderr, "%s: %s: %s\n", messages->program, kind, text);
    if (kept) keep(messages, text);
    if (is_error) (void)snprintf(messages->error, sizeof(messages->error), "%.511s", text);
    pthread_mutex_unlock(&messages->lock);
}

void vm_message_error(VmMessages *messages, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(messages, 1, 0, fmt, args);
    va_end(args);
}

void vm_message_cut(VmMessages *messages, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(messages, 1, 1, fmt, args);
    va_end(args);
}

void vm_message_warn(VmMessages *messages, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(messages, 0, 1, fmt, args);
    va_end(args);
}

void vm_message_note(VmMessages *messages, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(messages, 0, 0, fmt, args);
    va_end(args);
}

void vm_message_progress(VmMessages *messages, const char *text, int in_place)
{
    pthread_mutex_lock(&messages->lock);
    if (in_place) fprintf(stderr, "\r%s\x1b[K", text); /* K: erase what a longer line left behind */
    else fprintf(stderr, "%s\n", text);
    (void)fflush(stderr);
    messages->line_open = in_place;
    pthread_mutex_unlock(&messages->lock);
}

void vm_message_end_line(VmMessages *messages)
{
    pthread_mutex_lock(&messages->lock);
    end_line(messages);
    pthread_mutex_unlock(&messages->lock);
}
