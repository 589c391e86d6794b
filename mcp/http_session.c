/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http_session.h"

#include <string.h>

#include "progress.h"

void vm_sessions_open(VmSessions *sessions)
{
    *sessions = (VmSessions){0};
    pthread_mutex_init(&sessions->lock, NULL);
}

static void end_session(VmSession *session)
{
    if (!session->peer) return;
    vm_peer_stop(session->peer, VM_STOP_CANCELLED);
    vm_peer_drop(session->peer);
    *session = (VmSession){0};
}

void vm_sessions_close(VmSessions *sessions)
{
    for (unsigned i = 0; i < VM_SESSIONS_MAX; i++) end_session(&sessions->slot[i]);
    pthread_mutex_destroy(&sessions->lock);
}

VmPeer *vm_sessions_add(VmSessions *sessions, VmServer *server, char id[VM_STORE_ID])
{
    VmPeer *peer = vm_peer_open(server);

    if (!peer || vm_store_new_id(id)) {
        vm_peer_drop(peer);
        return NULL;
    }
    pthread_mutex_lock(&sessions->lock);
    VmSession *oldest = sessions->slot;
    for (VmSession *s = sessions->slot; s < sessions->slot + VM_SESSIONS_MAX; s++)
        if (s->used < oldest->used) oldest = s;
    end_session(oldest);
    oldest->peer = peer;
    oldest->used = vm_clock();
    memcpy(oldest->id, id, VM_STORE_ID);
    vm_peer_hold(peer);
    pthread_mutex_unlock(&sessions->lock);
    return peer;
}

/* The lock is held. */
static VmSession *find(VmSessions *sessions, const char *id)
{
    for (VmSession *s = sessions->slot; s < sessions->slot + VM_SESSIONS_MAX; s++)
        if (s->peer && !strcmp(s->id, id)) return s;
    return NULL;
}

VmPeer *vm_sessions_find(VmSessions *sessions, const char *id)
{
    VmPeer *peer = NULL;

    pthread_mutex_lock(&sessions->lock);
    VmSession *session = find(sessions, id);
    if (session) {
        session->used = vm_clock();
        peer = session->peer;
        vm_peer_hold(peer);
    }
    pthread_mutex_unlock(&sessions->lock);
    return peer;
}

int vm_sessions_end(VmSessions *sessions, const char *id)
{
    pthread_mutex_lock(&sessions->lock);
    VmSession *session = find(sessions, id);
    if (session) end_session(session);
    pthread_mutex_unlock(&sessions->lock);
    return session ? 0 : -ENOENT;
}
