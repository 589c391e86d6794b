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

/* The lock is held. A free one, else the one that was idle longest, or NULL. Exchanges and calls are users of
 * their peer beside the session; where there is none the next comes from vm_sessions_find(), which has to wait. */
static VmSession *find_room(VmSessions *sessions)
{
    VmSession *oldest = NULL;

    for (VmSession *s = sessions->slot; s < sessions->slot + VM_SESSIONS_MAX; s++) {
        if (s->peer && atomic_load(&s->peer->users) > 1) s->used = vm_clock();
        else if (!oldest || s->used < oldest->used) oldest = s;
    }
    return oldest;
}

int vm_sessions_add(VmSessions *sessions, VmServer *server, VmPeer **peer, char id[VM_STORE_ID])
{
    VmPeer *added = vm_peer_open(server);

    if (!added || vm_store_new_id(id)) {
        vm_peer_drop(added);
        return -ENOMEM;
    }
    pthread_mutex_lock(&sessions->lock);
    VmSession *room = find_room(sessions);
    if (room) {
        end_session(room);
        room->peer = added;
        room->used = vm_clock();
        memcpy(room->id, id, VM_STORE_ID);
        vm_peer_hold(added);
    }
    pthread_mutex_unlock(&sessions->lock);
    if (room) {
        *peer = added;
        return 0;
    }
    vm_peer_drop(added);
    *id = 0;
    return -EBUSY;
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
