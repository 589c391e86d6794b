/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a tool of the MCP server is, and what its handler may do. One table per tool describes it once: the
 * schema a client sees, the check of the arguments and the page of documentation are made from it. The
 * handler runs on a worker and knows nothing of transports and protocol versions. */
#ifndef VM_TOOL_H
#define VM_TOOL_H

#include <jansson.h>

#include "base.h"

typedef struct VmCall VmCall; /* one tools/call from its arrival to its answer */

/* ---- the table ---- */

enum VmArgType {
    VM_ARG_STRING,
    VM_ARG_INTEGER,
    VM_ARG_NUMBER,
    VM_ARG_BOOLEAN,
    VM_ARG_OBJECT,  /* described by members; without members: any object */
    VM_ARG_STRINGS, /* arrays of the above */
    VM_ARG_INTEGERS,
    VM_ARG_NUMBERS,
    VM_ARG_OBJECTS,
};

enum {
    VM_ARG_REQUIRED = 1,
    VM_ARG_NULLABLE = 2, /* null is a value, too; for outputs */
};

/* One member of an object: an argument of a tool or a member of its result. A list of them ends with a
 * member without name. */
typedef struct VmArg {
    const char *name;
    enum VmArgType type;
    unsigned flags;
    const char *description; /* one sentence or two, for the model that calls */
    /* JSON text of the default, which the handler then finds in its place; NULL: none. */
    const char *initial;
    const char *const *choices; /* NULL-terminated; for numbers their texts; NULL: any value */
    /* Bounds of numbers, of the length of strings in bytes, of the number of items. has_max is there because 0
     * is a bound, too. Strings without has_max end at 4096 bytes, arrays at 256 items. */
    double min, max;
    int has_min, has_max;
    const struct VmArg *members;
} VmArg;

#define VM_ARG_AT_LEAST(low)     .min = (low), .has_min = 1
#define VM_ARG_WITHIN(low, high) .min = (low), .max = (high), .has_min = 1, .has_max = 1

enum {
    VM_TOOL_WRITES = 1, /* changes something outside the process: no readOnlyHint */
    VM_TOOL_QUICK = 2,  /* microseconds, opens no file: answered at once by the thread that reads */
    VM_TOOL_CONSTANT = 16, /* quick, and gives the same result as long as the process lives */
    VM_TOOL_LIGHT = 4,     /* opens files but computes little: never waits behind a score */
    VM_TOOL_LONG = 8,      /* may take more than a second: progress 0 is told on arrival */
};

typedef struct VmTool {
    const char *name, *title, *description;
    unsigned flags;
    const VmArg *arguments; /* NULL: none */
    const VmArg *output;    /* of the structured result; NULL: none is given. "warnings" is added */
    /* Returns 0 with a result, or a negative errno with the reason told by vm_call_fail(). The call is not
     * the handler's to keep. */
    int (*run)(VmCall *call);
    /* JSON text that is sent instead of what `arguments` gives; NULL (nearly always). */
    const char *schema;
} VmTool;

/* The tools in listing order, NULL at the end. */
extern const VmTool *const vm_tools[];

/* ---- for handlers: arguments ---- */

/* Checked against the table and with defaults filled in; borrowed. */
const json_t *vm_call_args(const VmCall *call);

/* Shorthands for one of them. Absent: NULL, fallback, 0 items. */
const char *vm_call_string(const VmCall *call, const char *name);
int64_t vm_call_integer(const VmCall *call, const char *name, int64_t fallback);
double vm_call_number(const VmCall *call, const char *name, double fallback);
int vm_call_flag(const VmCall *call, const char *name);

/* The state that tools share between calls: whatever the program gave to the server. */
void *vm_call_toolbox(const VmCall *call);

/* Where finished reports and pictures go, see store.h. */
struct VmStore;
struct VmStore *vm_call_store(const VmCall *call);

/* ---- for handlers: while the work runs ---- */

/* `done` of `total` units (0: unknown) are done; text (may be NULL) is for people. Cheap, any thread, call it
 * for every frame: what the client gets is thinned out, always rising, and never older than five seconds. */
void vm_call_progress(VmCall *call, double done, double total, const char *text);

enum VmStop {
    VM_STOP_NONE,
    VM_STOP_CANCELLED, /* by the client or because it is gone: no answer will be sent */
    VM_STOP_TIMEOUT,   /* the deadline: what there is so far becomes the answer */
    VM_STOP_SHUTDOWN,  /* the server ends: no answer will be sent */
};

/* Ask at least once per frame; a handler that sees a reason ends its work. One that has scored a prefix keeps
 * it (store) and, for the deadline, returns it as its result with a warning. Any thread. */
enum VmStop vm_call_stopped(const VmCall *call);

/* fn(opaque) is called once, from another thread, as soon as the call is to stop; at once if it is already.
 * It must not wait and not use the call. NULL takes it back: afterwards it is neither running nor called any
 * more. For vmaf_ext_cancel(). */
void vm_call_on_stop(VmCall *call, void (*fn)(void *opaque), void *opaque);

/* Seconds until the deadline; at least 0. */
double vm_call_time_left(const VmCall *call);

/* Most frames one call may score (VMAF_MCP_MAX_FRAMES). */
uint64_t vm_call_max_frames(const VmCall *call);

/* ---- for handlers: the result ---- */

/* All return 0 or -ENOMEM / -EINVAL; a failure is also remembered and turns the answer into an error, so that
 * a handler need not look. Texts are made valid UTF-8 without control characters. */

/* The structured result, as `output` says; taken, also on failure (NULL: -ENOMEM). Its JSON becomes the first
 * text of the answer as well, for clients that know no structured results. */
int vm_call_result(VmCall *call, json_t *structured);

int vm_call_text(VmCall *call, const char *format, ...) VM_PRINTF(2, 3);
int vm_call_image(VmCall *call, const void *data, size_t size, const char *mime);
/* size 0: unknown; description may be NULL */
int vm_call_link(VmCall *call, const char *uri, const char *name, const char *mime,
                 const char *description, size_t size);

/* Something to tell beside the result, e.g. that one input of several was left out. */
int vm_call_warn(VmCall *call, const char *format, ...) VM_PRINTF(2, 3);

/* The call failed: what, why, and what to do instead. Returns code. */
int vm_call_fail(VmCall *call, int code, const char *format, ...) VM_PRINTF(3, 4);

#endif
