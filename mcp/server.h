/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The protocol without its transports: methods, the calls in flight, the threads that work. */
#ifndef VM_SERVER_H
#define VM_SERVER_H

#include "call.h"

#define VM_MODERN_VERSION "2026-07-28"

/* Handshake versions, the newest first. */
extern const char *const vm_legacy_versions[];

typedef struct VmPromptArg {
    const char *name, *description;
    int required;
} VmPromptArg;

typedef struct VmPrompt {
    const char *name, *title, *description;
    const VmPromptArg *arguments; /* ends without name; NULL: none */
    /* Adds messages to the array. args has the required arguments, all strings. */
    int (*get)(VmCall *call, const json_t *args, json_t *messages);
} VmPrompt;

typedef struct VmTemplate {
    const char *uri, *name, *title, *description, *mime;
} VmTemplate;

/* What a server offers. */
typedef struct VmOffer {
    const char *name, *title, *version, *instructions;
    const VmTool *const *tools; /* NULL at the end */
    /* Adds the resources that can be listed; the same ones at every call. */
    int (*list_resources)(VmServer *server, json_t *array);
    const VmTemplate *templates; /* ends without uri */
    /* Answers with vm_resource_*(); -ENOENT if there is none with this uri. */
    int (*read_resource)(VmCall *call, const char *uri);
    const VmPrompt *prompts; /* ends without name */
    /* Adds values that complete `value`; type is "ref/prompt" or "ref/resource", name its name or uri.
     * -ENOENT if there is no such thing. */
    int (*complete)(VmCall *call, const char *type, const char *name, const char *argument,
                    const char *value, json_t *values);
    /* Methods beyond those of every server. -ENOSYS: none of that name. NULL: no more. */
    int (*method)(VmCall *call);
    /* An answer to a request that a tool sent to the client. NULL: none are sent. */
    void (*response)(VmPeer *peer, const VmMessage *message);
    /* More of them, JSON members with a comma in front; handshake versions only. NULL: none. */
    const char *capabilities;
} VmOffer;

typedef struct VmLimits {
    unsigned jobs;  /* long calls at a time */
    unsigned queue; /* calls that may wait for their turn */
    double timeout; /* seconds of one call */
    unsigned idle;  /* seconds after which an HTTP connection without a whole request is closed */
    unsigned beat;  /* seconds of silence after which a stream of events gets a comment */
    uint64_t max_frames;
} VmLimits;

void vm_limits_default(VmLimits *limits);

/* Lists that are built once. */
enum VmCached {
    VM_CACHED_TOOLS,
    VM_CACHED_RESOURCES,
    VM_CACHED_TEMPLATES,
    VM_CACHED_PROMPTS,
    VM_CACHED
};

struct VmServer {
    const VmOffer *offer;
    VmLimits limits;
    struct VmStore *store;
    void *toolbox;

    pthread_mutex_t lock; /* of all that follows, and of the peers */
    VmCall *calls;        /* in flight, newest first */
    struct VmLane *lanes; /* the workers, see workers.c */
    pthread_cond_t tick, ended;
    pthread_t ticker;
    int ticking, ending;
    unsigned alive; /* threads */
    VmText cached[2 /* era */][VM_CACHED];
    VmText *results[2 /* era */]; /* [tools] of those that are constant */
};

/* One connection, or one HTTP session: the space in which ids of requests are different. */
struct VmPeer {
    VmServer *server;
    atomic_uint users;
    const char *version; /* negotiated by initialize, NULL: not yet */
    atomic_int stopped;  /* by vm_peer_stop(): its connection or session is over */
};

/* Takes neither. Returns 0 or -ENOMEM. */
int vm_server_open(VmServer **server, const VmOffer *offer, const VmLimits *limits);

/* Stops all calls; waits until they have ended, for at most two seconds. Returns 0, or -ETIMEDOUT: a thread is
 * still at work and nothing was freed. */
int vm_server_close(VmServer *server);

VmPeer *vm_peer_open(VmServer *server); /* one user; NULL: out of memory */
void vm_peer_hold(VmPeer *peer);
void vm_peer_drop(VmPeer *peer);

/* Stops what the peer's requests do, without answers. */
void vm_peer_stop(VmPeer *peer, enum VmStop why);

/* Serves a message that was parsed, and takes it: requests are answered through channel, now or later.
 * Notifications and responses have no answer. */
void vm_server_serve(VmPeer *peer, VmChannel *channel, VmMessage *message, enum VmEra era);

/* Answers a request that gets no further; message is freed. data is taken, may be NULL. */
void vm_server_refuse(VmChannel *channel, VmMessage *message, int code, int status,
                      const char *text, json_t *data);

/* Does a modern request have what it must? Returns 0 or a JSON-RPC code with the reason and *data. */
int vm_server_check_claim(const VmMessage *message, json_t **data, VmError *error);

/* HTTP's status for a JSON-RPC code. */
int vm_server_status(int code, enum VmEra era);

/* ---- for the offer's functions ---- */

/* Contents of a resource. Data of a blob is copied. */
int vm_resource_text(VmCall *call, const char *uri, const char *mime, const char *text,
                     size_t size);
int vm_resource_blob(VmCall *call, const char *uri, const char *mime, const void *data,
                     size_t size);
/* An entry of a list of resources; description may be NULL. */
int vm_resource_list(json_t *array, const char *uri, const char *name, const char *title,
                     const char *description, const char *mime);
/* A message of a prompt, from the user; the content is taken. */
int vm_prompt_message(json_t *messages, json_t *content);
json_t *vm_content_text(const char *text);
json_t *vm_content_binary(const char *type, const void *data, size_t size, const char *mime);

/* ---- between the parts of the server ---- */

typedef struct VmMethod {
    const char *name;
    unsigned eras; /* bits */
    int (*run)(VmCall *call);
} VmMethod;

/* NULL at the end: resources, prompts, completion. */
extern const VmMethod vm_catalog_methods[];

/* Answers with a list that never changes, built at its first use as {key: array}. */
int vm_server_answer_list(VmCall *call, enum VmCached which, const char *key,
                          int (*build)(VmServer *server, json_t *array));

/* Takes result, completes it for the era and makes it the answer. scope: cacheScope, NULL: it has none. */
int vm_server_complete(VmCall *call, json_t *result, const char *scope);

/* A condition whose waits a clock that is set does not change: they are on CLOCK_MONOTONIC. */
void vm_condition_init(pthread_cond_t *condition);

/* Threads. vm_workers_add(): give a call to a worker, 0 or -EBUSY with the number of calls ahead. */
int vm_workers_open(VmServer *server);
int vm_workers_add(VmCall *call, unsigned *ahead);
/* Takes a call that waits out of its queue; the server's lock is held. 1: it was in one. */
int vm_workers_remove(VmCall *call);
int vm_workers_close(VmServer *server);
/* The call is no longer in flight; 1: it was until now. */
int vm_server_unlist(VmCall *call);

/* Runs a tool's handler and answers. The call is closed. */
void vm_server_run_tool(VmCall *call);

#endif
