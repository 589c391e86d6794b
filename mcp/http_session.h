/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Sessions of the handshake versions on HTTP. */
#ifndef VM_HTTP_SESSION_H
#define VM_HTTP_SESSION_H

#include "server.h"
#include "store.h"

enum { VM_SESSIONS_MAX = 64 };

typedef struct VmSession {
    char id[VM_STORE_ID];
    VmPeer *peer;
    double used; /* time of the last request */
} VmSession;

typedef struct VmSessions {
    pthread_mutex_t lock;
    VmSession slot[VM_SESSIONS_MAX]; /* without peer: free */
} VmSessions;

void vm_sessions_open(VmSessions *sessions);
void vm_sessions_close(VmSessions *sessions);

/* A new session with its peer, held for the caller; the one that was idle longest makes room. Returns 0, -ENOMEM,
 * or -EBUSY: all are in work, which is to have an exchange or a call. */
int vm_sessions_add(VmSessions *sessions, VmServer *server, VmPeer **peer, char id[VM_STORE_ID]);

/* The peer of a session that is there, held for the caller, or NULL. */
VmPeer *vm_sessions_find(VmSessions *sessions, const char *id);

/* Ends it and stops its calls. -ENOENT. */
int vm_sessions_end(VmSessions *sessions, const char *id);

#endif
