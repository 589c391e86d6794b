/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the program says on standard error. Warnings are also kept for the report. Any thread. */
#ifndef VM_MESSAGE_H
#define VM_MESSAGE_H

#include <pthread.h>
#include <stdio.h>

typedef struct VmMessages {
    const char *program; /* in front of each line */
    pthread_mutex_t lock;
    const char **warnings; /* n strings */
    unsigned n;
    char error[512]; /* the last error, for a program that hands it on */
    int line_open;   /* a progress line without newline stands on the terminal */
} VmMessages;

/* Before anything is opened: makes sure that no file gets the number of a standard stream that the caller
 * has closed. Writing to standard output then fails. */
void vm_message_reserve_streams(void);

/* program must outlive the messages. */
void vm_messages_init(VmMessages *messages, const char *program);
void vm_messages_free(VmMessages *messages);

__attribute__((format(printf, 2, 3))) void vm_message_error(VmMessages *messages, const char *fmt,
                                                            ...);
__attribute__((format(printf, 2, 3))) void vm_message_warn(VmMessages *messages, const char *fmt,
                                                           ...);

/* A warning that does not go into the report. */
__attribute__((format(printf, 2, 3))) void vm_message_note(VmMessages *messages, const char *fmt,
                                                           ...);

/* An error after which what there is gets reported: kept like a warning. */
__attribute__((format(printf, 2, 3))) void vm_message_cut(VmMessages *messages, const char *fmt,
                                                          ...);

/* Text from outside on a stream of results: what could command a terminal or break the line becomes "?". */
void vm_message_put_plain(const char *text, FILE *out);

/* A progress line: on a terminal (in_place) it replaces the one before. */
void vm_message_progress(VmMessages *messages, const char *text, int in_place);

/* Ends an open progress line. */
void vm_message_end_line(VmMessages *messages);

#endif
