/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <math.h>

#include "store.h"
#include "unit.h"

static char *text_of(size_t size)
{
    char *text = vm_alloc(size + 1);

    assert_non_null(text);
    memset(text, 'x', size);
    return text;
}

static void add(VmStore *store, size_t size, char id[VM_STORE_ID])
{
    *id = 0;
    assert_int_equal(vm_store_add(store, text_of(size), NULL, id), 0);
    assert_int_equal(strlen(id), 32);
}

static int has(VmStore *store, const char *id)
{
    char *text;
    size_t size;

    if (vm_store_report(store, id, SIZE_MAX, &text, &size)) return 0;
    vm_free(text);
    return 1;
}

/* 64 reports, and the one that was not looked at longest goes first. */
static void test_count(void **state)
{
    VmStore *store;
    char ids[66][VM_STORE_ID];

    (void)state;
    assert_int_equal(vm_store_open(&store), 0);
    for (unsigned i = 0; i < 64; i++) add(store, 10, ids[i]);
    for (unsigned i = 0; i < 64; i++) assert_true(has(store, ids[i]));
    assert_true(has(store, ids[0]));
    add(store, 10, ids[64]);
    assert_true(has(store, ids[0]));
    assert_false(has(store, ids[1]));
    assert_string_not_equal(ids[0], ids[2]);
    vm_store_close(store);
}

/* 256 MiB together; what is larger alone is refused and freed. */
static void test_bytes(void **state)
{
    VmStore *store;
    char ids[5][VM_STORE_ID], big[VM_STORE_ID] = "";

    (void)state;
    assert_int_equal(vm_store_open(&store), 0);
    assert_int_equal(vm_store_add(store, text_of(257u << 20), NULL, big), -EFBIG);
    for (unsigned i = 0; i < 5; i++) add(store, 60u << 20, ids[i]);
    assert_false(has(store, ids[0]));
    for (unsigned i = 1; i < 5; i++) assert_true(has(store, ids[i]));
    vm_store_close(store);
}

/* Of a report that nobody can be given whole only the size is told: it is not copied, with all that runs waiting. */
static void test_too_large_to_read(void **state)
{
    VmStore *store;
    char id[VM_STORE_ID], *text = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(vm_store_open(&store), 0);
    add(store, 100, id);
    assert_int_equal(vm_store_report(store, id, 99, &text, &size), -EFBIG);
    assert_int_equal(size, 100);
    assert_null(text);
    assert_int_equal(vm_store_report(store, id, 100, &text, &size), 0);
    assert_int_equal(strlen(text), 100);
    vm_free(text);
    vm_store_close(store);
}

static void test_images(void **state)
{
    VmStore *store;
    char id[VM_STORE_ID];
    void *png;
    size_t size;

    (void)state;
    assert_int_equal(vm_store_open(&store), 0);
    add(store, 10, id);
    assert_int_equal(vm_store_add_image(store, id, "17", "\x89PNG", 4), 0);
    assert_int_equal(vm_store_image(store, id, "17", &png, &size), 0);
    assert_int_equal(size, 4);
    assert_memory_equal(png, "\x89PNG", 4);
    vm_free(png);
    assert_int_equal(vm_store_image(store, id, "18", &png, &size), -ENOENT);
    assert_int_equal(vm_store_add_image(store, "0", "17", "x", 1), -ENOENT);
    assert_int_equal(vm_store_image(store, "0", "17", &png, &size), -ENOENT);
    vm_store_close(store);
}

/* Frames 10, 12, 14 ... of two columns, one of which has gaps and a name that JSON must quote. */
static VmFrameTable make_table(unsigned n)
{
    VmFrameTable table = {.n_columns = 2, .n_rows = n};

    table.columns = vm_alloc_array(2, sizeof(char *));
    table.columns[0] = vm_strdup("vmaf");
    table.columns[1] = vm_strdup("a\"b");
    table.frames = vm_alloc_array(n, sizeof(unsigned));
    table.values = vm_alloc_array(2 * n, sizeof(double));
    for (unsigned i = 0; i < n; i++) {
        table.frames[i] = 10 + 2 * i;
        table.values[2 * i] = 90.5 + i;
        table.values[2 * i + 1] = i % 2 ? NAN : i;
    }
    return table;
}

static void check_frames(VmStore *store, const char *id, unsigned from, unsigned count,
                         const char *expected)
{
    char *text;
    size_t size;

    assert_int_equal(vm_store_frames(store, id, from, count, &text, &size), 0);
    const char *rows = strstr(text, "\"from\"");
    assert_non_null(rows);
    assert_string_equal(rows, expected);
    assert_int_equal(size, strlen(text));
    vm_free(text);
}

static void test_frames(void **state)
{
    VmStore *store;
    VmFrameTable table = make_table(4);
    char id[VM_STORE_ID] = "";
    char *text;
    size_t size;

    (void)state;
    assert_int_equal(vm_store_open(&store), 0);
    assert_int_equal(vm_store_add(store, NULL, &table, id), 0);
    assert_null(table.columns);
    check_frames(
        store, id, 11, 2,
        "\"from\":11,\"total\":4,\"frames\":[{\"frameNum\":12,\"metrics\":{\"vmaf\":91.5}},"
        "{\"frameNum\":14,\"metrics\":{\"vmaf\":92.5,\"a\\\"b\":2}}],\"next\":16}");
    check_frames(
        store, id, 16, 100,
        "\"from\":16,\"total\":4,\"frames\":[{\"frameNum\":16,\"metrics\":{\"vmaf\":93.5}}]}");
    check_frames(store, id, 17, 1, "\"from\":17,\"total\":4,\"frames\":[]}");
    assert_int_equal(vm_store_frames(store, "0", 0, 1, &text, &size), -ENOENT);
    vm_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_too_large_to_read),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
