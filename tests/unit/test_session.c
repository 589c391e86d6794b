/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "http_session.h"
#include "unit.h"

/* Those in work went when they had not asked for anything for a while. */
static void test_room(void **state)
{
    static const VmTool *const tools[] = {NULL};
    const VmOffer offer = {.name = "test", .tools = tools};
    char id[VM_SESSIONS_MAX][VM_STORE_ID], more[VM_STORE_ID];
    VmPeer *peer[VM_SESSIONS_MAX], *added = NULL;
    VmSessions sessions;
    VmServer *server;
    VmLimits limits;

    (void)state;
    vm_limits_default(&limits);
    assert_int_equal(vm_server_open(&server, &offer, &limits), 0);
    vm_sessions_open(&sessions);
    for (unsigned i = 0; i < VM_SESSIONS_MAX; i++)
        assert_int_equal(vm_sessions_add(&sessions, server, &peer[i], id[i]), 0);
    assert_int_equal(vm_sessions_add(&sessions, server, &added, more), -EBUSY);
    assert_null(added);
    vm_peer_drop(peer[9]);
    assert_int_equal(vm_sessions_add(&sessions, server, &added, more), 0);
    assert_null(vm_sessions_find(&sessions, id[9]));
    assert_ptr_equal(vm_sessions_find(&sessions, id[0]), peer[0]);
    vm_peer_drop(peer[0]);
    peer[9] = added;
    for (unsigned i = 0; i < VM_SESSIONS_MAX; i++) vm_peer_drop(peer[i]);
    vm_sessions_close(&sessions);
    assert_int_equal(vm_server_close(server), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
