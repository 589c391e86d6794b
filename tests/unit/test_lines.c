/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "call.h"
#include "lines.h"
#include "unit.h"

enum { BIG = 4 << 20 };

#define CALL(tool)                                                                                 \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"" tool "\","   \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" VM_MODERN_VERSION "\","            \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}\n"

static VmChannel *kept;

/* As a worker that is between the end of its work and its answer. */
static int run_late(VmCall *call)
{
    kept = call->channel;
    kept->ops->hold(kept);
    return vm_call_text(call, "later");
}

static atomic_int big_calls;

static int run_big(VmCall *call)
{
    atomic_fetch_add(&big_calls, 1);
    return vm_call_text(call, "%0*d", BIG, 0);
}

static const VmTool late = {.name = "late", .flags = VM_TOOL_QUICK, .run = run_late};
static const VmTool big = {.name = "big", .flags = VM_TOOL_QUICK, .run = run_big};
static const VmTool *const tools[] = {&late, &big, NULL};
static const VmOffer offer = {.name = "test", .title = "t", .version = "0", .tools = tools};

static VmServer *open_server(void)
{
    VmServer *server;
    VmLimits limits;

    vm_limits_default(&limits);
    assert_int_equal(vm_server_open(&server, &offer, &limits), 0);
    return server;
}

/* The answer came after the end of the client: it went to whoever had the number of the descriptor by then, and
 * what did not fit at once to a thread that used the connection when it was gone. */
static void test_late_answer(void **state)
{
    VmServer *server = open_server();
    char *text = vm_alloc(BIG), taken[4096];
    int in[2], out[2], other[2];

    (void)state;
    assert_non_null(text);
    memset(text, 'x', BIG);
    assert_int_equal(pipe(in) || pipe(out) || pipe(other), 0);
    assert_int_equal(write(in[1], CALL("late"), strlen(CALL("late"))), strlen(CALL("late")));
    close(in[1]);
    assert_int_equal(vm_lines_serve(server, in[0], out[1], -1), 0);
    assert_true(read(out[0], taken, sizeof(taken)) > 0);
    assert_int_equal(dup2(other[1], out[1]), out[1]);
    kept->ops->send(kept, 200, text, BIG);
    kept->ops->drop(kept);
    struct pollfd p[] = {{.fd = out[0], .events = POLLIN}, {.fd = other[0], .events = POLLIN}};
    assert_true(poll(p, 2, 100) == 1 && p[0].revents == POLLHUP); /* its end, without a byte */
    assert_int_equal(vm_server_close(server), 0);
    vm_free(text);
    for (int i = 0; i < 2; i++) close(other[i]), close(i ? out[1] : out[0]);
    close(in[0]);
}

static atomic_long blocks;

static void *count_alloc(void *opaque, size_t size)
{
    (void)opaque;
    atomic_fetch_add(&blocks, 1);
    return malloc(size);
}

static void count_free(void *opaque, void *memory)
{
    (void)opaque;
    if (memory) atomic_fetch_sub(&blocks, 1);
    free(memory);
}

/* A client that closed its half and did not take its answers kept them in memory for ever. */
static void test_stuck_client(void **state)
{
    const VmMemory counted = {.alloc = count_alloc, .free = count_free};
    VmServer *server = open_server();
    int pair[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(write(pair[1], CALL("big"), strlen(CALL("big"))), strlen(CALL("big")));
    shutdown(pair[1], SHUT_WR);
    const VmMemory *before = vm_memory_use(&counted);
    assert_int_equal(vm_lines_serve(server, pair[0], pair[0], -1), 0);
    (void)vm_memory_use(before);
    assert_true(blocks > 0);
    close(pair[1]);
    for (int i = 0; blocks && i < 1000; i++) (void)poll(NULL, 0, 10);
    assert_int_equal(blocks, 0);
    assert_int_equal(vm_server_close(server), 0);
    close(pair[0]);
}

static int flooded[2];

static void *serve_flood(void *server)
{
    (void)vm_lines_serve(server, flooded[0], flooded[0], -1);
    shutdown(flooded[0], SHUT_RDWR);
    return NULL;
}

/* All requests of one block were served before anybody asked whether the answers are taken. */
static void test_flood(void **state)
{
    enum { N = 40 };
    static char data[1 << 20];
    VmServer *server = open_server();
    pthread_t thread;
    size_t answers = 0;
    VmText all = {0};

    (void)state;
    for (int i = 0; i < N; i++) vm_text_add(&all, "%s", CALL("big"));
    big_calls = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, flooded), 0);
    assert_int_equal(write(flooded[1], all.data, all.size), all.size);
    shutdown(flooded[1], SHUT_WR);
    assert_int_equal(pthread_create(&thread, NULL, serve_flood, server), 0);
    for (int before = -1; before != big_calls; (void)poll(NULL, 0, 300)) before = big_calls;
    assert_in_range(big_calls, 1, 4); /* 8 MiB that wait, and the answer that passed them */
    for (ssize_t n; (n = read(flooded[1], data, sizeof(data))) > 0;)
        for (ssize_t i = 0; i < n; i++) answers += data[i] == '\n';
    assert_int_equal(answers, N);
    pthread_join(thread, NULL);
    assert_int_equal(vm_server_close(server), 0);
    vm_text_free(&all);
    for (int i = 0; i < 2; i++) close(flooded[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_stuck_client),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
