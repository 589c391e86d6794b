/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A request from its arrival to its answer. Every request is one, also those that are answered at once. */
#ifndef VM_CALL_H
#define VM_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include "rpc.h"
#include "tool.h"

typedef struct VmServer VmServer;
typedef struct VmPeer VmPeer;

/* LEGACY: versions that begin with initialize. MODERN: each request says its version. */
enum VmEra { VM_ERA_LEGACY, VM_ERA_MODERN };

/* Where what concerns one message goes: a connection with lines, or one HTTP exchange. */
typedef struct VmChannel VmChannel;
typedef struct VmChannelOps {
    /* One message, JSON without newline. status 0: a notification, more follows; else the answer with its HTTP
     * status. Must not wait for the client. Any thread. */
    void (*send)(VmChannel *channel, int status, const char *text, size_t size);
    /* There is no memory for an answer: the client must not wait for it. */
    void (*lose)(VmChannel *channel);
    void (*hold)(VmChannel *channel); /* one more user */
    void (*drop)(VmChannel *channel); /* one less, who does not touch it any more */
    /* Several times a second while the call is in work. 1: the client is gone. NULL: nothing to see. */
    int (*tick)(VmChannel *channel);
} VmChannelOps;

struct VmChannel {
    const VmChannelOps *ops;
};

/* Window of the progress limit: so many in one second, the next not before so long. */
enum { VM_PROGRESS_BURST = 10 };

struct VmCall {
    VmServer *server;
    VmPeer *peer;
    VmChannel *channel;
    VmMessage message;
    enum VmEra era;
    const VmTool *tool;
    json_t *args;

    /* the answer: one of refusal, result (built or as text), content of a tool */
    int code, status; /* JSON-RPC's, 0: no refusal; HTTP's, 0: as the code says */
    VmError refusal;
    json_t *data;      /* of the refusal */
    const char *ready; /* result as text, complete; borrowed or of `text` */
    size_t ready_size;
    VmText text;
    json_t *content, *structured, *warnings;
    int failed; /* the tool's result is an error, failure says which */
    int broken; /* an answer could not be built for want of memory */
    VmError failure;

    /* Under the server's lock. */
    VmCall *older, *newer; /* all calls in flight */
    VmCall *behind;        /* in the queue */
    int listed, queued, running;

    pthread_mutex_t lock; /* of what follows; may be taken while the server's is held */
    int answered;         /* no progress any more */
    void (*on_stop)(void *opaque);
    void *on_stop_opaque;
    double done, total, told;                  /* units; told: the value sent last, < 0: none */
    double sent[VM_PROGRESS_BURST], sent_last; /* times */
    unsigned n_sent;

    atomic_int stop; /* enum VmStop */
    _Atomic double deadline;
};

/* Takes message. NULL: out of memory, and message is still the caller's. */
VmCall *vm_call_open(VmPeer *peer, VmChannel *channel, VmMessage *message, enum VmEra era);
void vm_call_close(VmCall *call);

/* A protocol error as the answer. Returns -EPROTO. */
int vm_call_refuse(VmCall *call, int code, const char *format, ...) VM_PRINTF(3, 4);

/* Sends what the call has as its answer, nothing if it was stopped by its client. */
void vm_call_answer(VmCall *call);

/* The first reason counts. Assumes that the call cannot be closed meanwhile. */
void vm_call_stop(VmCall *call, enum VmStop why);

/* Heartbeat and deadline; the server's lock is held. */
void vm_call_tick(VmCall *call, double now);

/* A notification on the call's channel; params is taken. */
void vm_call_notify(VmCall *call, const char *method, json_t *params);

#endif
