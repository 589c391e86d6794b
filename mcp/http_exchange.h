/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One HTTP exchange: the request as it comes in, and the answer, which is JSON or, once a notification comes
 * first, a stream of events. */
#ifndef VM_HTTP_EXCHANGE_H
#define VM_HTTP_EXCHANGE_H

#include "http_head.h"
#include "mhd.h"
#include "server.h"

typedef struct VmExchange {
    VmChannel channel; /* first: a channel is cast to its exchange */
    atomic_uint users;
    const VmMhd *mhd;
    const atomic_int *ending;        /* the server's: no connection is suspended any more */
    struct VmExchange *next, **link; /* all exchanges of the server, under its lock */
    double beat;                     /* seconds of silence after which a stream gets a comment */
    VmHead head;
    int too_big; /* more body than a message may have */
    int begun;   /* the request was complete and served */
    VmText body;
    VmPeer *peer;
    json_t *id;       /* of the request, NULL: it is none */
    int stops;        /* the end of the client ends the call */
    char session[40]; /* value of Mcp-Session-Id in the answer, "" none */

    pthread_mutex_t lock;              /* of what follows */
    struct MHD_Connection *connection; /* NULL: over, not to be touched any more */
    int fd;                            /* its socket, valid while suspended */
    int suspended;
    int status; /* of the answer; 0: none yet */
    int events; /* it is a stream */
    int ended;  /* nothing more comes */
    VmText out;
    size_t sent;  /* bytes of out that were handed on */
    double wrote; /* time of the last event */
} VmExchange;

VmExchange *vm_exchange_open(const VmMhd *mhd, struct MHD_Connection *connection,
                             const atomic_int *ending, double beat);
void vm_exchange_drop(VmExchange *exchange);

/* Adds a piece of the body. */
int vm_exchange_collect(VmExchange *exchange, const char *data, size_t size);

/* An answer that does not come from a call. text NULL: empty. */
void vm_exchange_answer(VmExchange *exchange, int status, const char *text);

/* Sends the answer if there is one by now, else suspends the connection until there is. */
enum MHD_Result vm_exchange_respond(VmExchange *exchange);

/* Lets a suspended connection go on. */
void vm_exchange_wake(VmExchange *exchange);

/* The exchange is over; whole: the client has everything. */
void vm_exchange_over(VmExchange *exchange, int whole);

#endif
