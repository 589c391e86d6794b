/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Data of the trainer from inside: names, leases, and reading while allocations fail. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <sys/wait.h>

#include "cache.h"
#include "clip_name.h"
#include "feature_set.h"
#include "lease.h"
#include "outfile.h"
#include "table.h"

/* Calls work with the k-th allocation failing, k = 0, 1, 2 ..., until it succeeds. */
static void fail_each(int (*work)(void *opaque), void *opaque)
{
    for (long k = 0; k < 100000; k++) {
        vm_alloc_fail_after(k);
        const int err = work(opaque);
        vm_alloc_fail_after(-1);
        if (err == 0) {
            assert_true(k > 0);
            return;
        }
        assert_int_equal(err, -ENOMEM);
    }
    fail();
}

/* ---- names ---- */

static void names_are_taken_apart(void **state)
{
    VmClipName name;
    (void)state;
    assert_int_equal(vm_clip_name_parse(&name, "BigBuckBunny_25fps", VM_NAME_REFERENCE, NULL), 0);
    assert_string_equal(name.source, "BigBuckBunny");
    assert_int_equal(name.fps, 25);
    assert_int_equal(vm_clip_name_parse(&name, "Tennis_05_0288_999999999", VM_NAME_DISTORTED, NULL),
                     0);
    assert_int_equal(name.quality, 5);
    assert_int_equal(name.height, 288);
    assert_int_equal(name.kbps, 999999999);
    assert_int_equal(vm_clip_name_parse(&name, "BigBuck_0_576_0", VM_NAME_REFERENCE, NULL), 0);
    assert_true(name.older_form);
    assert_int_equal(name.fps, 0);
}

static void names_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {"",
                                      "_",
                                      "A",
                                      "A_",
                                      "A_1",
                                      "A_1_2",
                                      "A_1_2_",
                                      "A_1_2_3_4",
                                      "A_1_2_3x",
                                      "A B_1_2_3",
                                      "../A_1_2_3",
                                      "A_-1_2_3",
                                      "A_1_2_1234567890",
                                      "A__2_3"};
    VmClipName name;
    (void)state;
    for (size_t i = 0; i < VM_COUNT(bad); i++) {
        VmError error = {""};
        assert_int_equal(vm_clip_name_parse(&name, bad[i], VM_NAME_DISTORTED, &error), -EINVAL);
        assert_true(error.text[0]);
    }
    assert_int_equal(vm_clip_name_parse(&name, "A_1_2_3", VM_NAME_REFERENCE, NULL), -EINVAL);
    assert_int_equal(vm_clip_name_parse(&name, "A_1001fps", VM_NAME_REFERENCE, NULL), -EINVAL);
}

/* ---- datasets ---- */

static VmDataset *new_set(void)
{
    static const char *const names[] = {"adm2", "motion2"};
    VmDataset *set = vm_dataset_new(names, 2);
    assert_non_null(set);
    return set;
}

static void add(VmDataset *set, const char *key, double first, const double *raw)
{
    assert_int_equal(vm_dataset_add_clip(set, key, key, NULL, NULL), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vm_dataset_add_row(set, i, (double[]){first + i, 0.5}, raw, first, NULL),
                         0);
}

static void clips_are_sorted_with_their_rows(void **state)
{
    const double raw = 101;
    VmDataset *a = new_set(), *b = new_set();
    (void)state;
    add(a, "B", 10, &raw);
    add(a, "A", 20, NULL);
    add(b, "A", 20, NULL);
    add(b, "B", 10, &raw);
    assert_int_equal(vm_dataset_finish(a), 0);
    assert_int_equal(vm_dataset_finish(b), 0);
    assert_string_equal(a->sha256, b->sha256);
    assert_string_equal(a->clips[0].key, "A");
    assert_string_equal(a->sources[a->clips[1].source], "B");
    assert_true(a->x[0] == 20 && a->x[6] == 10);
    assert_int_equal(a->clip[5], 1);
    assert_true(a->raw[0] == 20 && a->raw[3] == 101);
    assert_int_equal(vm_dataset_find_group(a, "B"), 1);
    assert_int_equal(vm_dataset_find_group(a, "C"), -1);
    vm_dataset_free(a);
    vm_dataset_free(b);
}

static void rows_that_are_not_finite_are_counted(void **state)
{
    VmDataset *set = new_set();
    const double nan_raw = NAN;
    (void)state;
    assert_int_equal(vm_dataset_add_clip(set, "A", "A", NULL, NULL), 0);
    assert_int_equal(vm_dataset_add_row(set, 0, (double[]){NAN, 1}, NULL, 1, NULL), 0);
    assert_int_equal(vm_dataset_add_row(set, 1, (double[]){1e300, 1}, NULL, 1, NULL), 0);
    assert_int_equal(vm_dataset_add_row(set, 2, (double[]){1, 1}, &nan_raw, 1, NULL), 0);
    assert_int_equal(vm_dataset_add_row(set, 3, (double[]){1, 1}, NULL, INFINITY, NULL), 0);
    assert_int_equal(vm_dataset_add_row(set, 4, (double[]){1, 1}, NULL, 1, NULL), 0);
    assert_int_equal(set->n, 1);
    assert_int_equal(set->dropped, 4);
    assert_int_equal(set->clips[0].dropped, 4);
    assert_int_equal(set->frame[0], 4);
    assert_int_equal(vm_dataset_add_clip(set, "A", "A", NULL, NULL), -EINVAL);
    vm_dataset_free(set);
}

static void many_clips_are_found_again(void **state)
{
    VmDataset *set = new_set();
    char key[16];
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof(key), "K%u", i);
        assert_int_equal(vm_dataset_add_clip(set, key, "S", NULL, NULL), 0);
    }
    for (unsigned i = 0; i < 5000; i += 7) {
        (void)snprintf(key, sizeof(key), "K%u", i);
        assert_int_equal(vm_dataset_add_clip(set, key, "S", NULL, NULL), -EINVAL);
    }
    assert_int_equal(set->n_sources, 1);
    assert_int_equal(vm_dataset_finish(set), 0);
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof(key), "K%u", i);
        const int clip = vm_dataset_find_clip(set, key);
        assert_in_range(clip, 0, 4999);
        assert_string_equal(set->clips[clip].key, key);
    }
    assert_int_equal(vm_dataset_find_clip(set, "K5000"), -1);
    vm_dataset_free(set);
}

static int read_csv(void *opaque)
{
    VmDataset *dataset = NULL;
    VmError error;
    FILE *file = fmemopen(opaque, strlen(opaque), "rb");
    assert_non_null(file);
    const int err = vm_csv_read(file, "adm2,motion2", NULL, &dataset, &error);
    (void)fclose(file);
    if (!err) assert_int_equal(dataset->n, 3);
    vm_dataset_free(dataset);
    return err;
}

static void csv_survives_failing_allocations(void **state)
{
    char text[] = "key,adm2,motion2,vmaf\nB,1,2,3\nB,1,2,3\nA,4,5,6\n";
    (void)state;
    fail_each(read_csv, text);
}

/* ---- the cache ---- */

static int parse_entry(void *opaque)
{
    static char *const features[] = {"adm2"};
    const VmCacheEntry entry = {
        .folder = "", .source = "A", .stem = "A", .key = opaque, .features = features, .width = 1};
    static const char text[] =
        "{\"schema\": 2, \"key\": {\"width\": 64}, \"features\": {\"feature_names\": [\"adm2\"], "
        "\"n_frames\": 2, \"per_frame\": [[1], [null]]}, \"scores\": {\"per_frame\": [1, 2], "
        "\"raw_per_frame\": [3, 4]}}";
    VmError why = {""};
    VmRows rows;
    const int found = vm_cache_parse(&entry, text, strlen(text), &rows, &why);
    if (found < 0) return found;
    assert_int_equal(found, 1);
    assert_true(rows.x[0] == 1 && isnan(rows.x[1]) && rows.raw[1] == 4 && rows.clipped[1] == 2);
    vm_rows_free(&rows);
    return 0;
}

static void entries_survive_failing_allocations(void **state)
{
    json_t *key = json_pack("{s:i}", "width", 64);
    (void)state;
    fail_each(parse_entry, key);
    json_decref(key);
}

static void leases_exclude_and_die_with_their_process(void **state)
{
    char path[] = "/tmp/vmaf-lease-XXXXXX";
    VmLease lease, other;
    int status;
    (void)state;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(vm_lease_take(&lease, path), 0);
    assert_int_equal(vm_lease_take(&other, path), -EWOULDBLOCK);
    vm_lease_give_back(&other);
    vm_lease_give_back(&lease);
    assert_int_equal(access(path, F_OK), -1);
    const pid_t child = fork();
    if (child == 0) {
        (void)vm_lease_take(&lease, path);
        _exit(0); /* without giving it back, as if it had been killed */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(vm_lease_take(&lease, path), 0);
    vm_lease_give_back(&lease);
}

/* ---- output ---- */

static int write_file(void *opaque)
{
    VmError error = {""};
    const int err = vm_outfile_write(opaque, "text", 4, &error);
    if (err) assert_int_equal(access(opaque, F_OK), -1);
    return err;
}

static void files_appear_whole_or_not_at_all(void **state)
{
    char folder[] = "/tmp/vmaf-out-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/x", folder);
    fail_each(write_file, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left */
}

static int parse_features(void *opaque)
{
    VmFeatureSet set;
    VmError error = {""};
    const int err = vm_feature_set_parse(&set, opaque, &error);
    if (!err) assert_int_equal(set.n, 6);
    vm_feature_set_free(&set);
    return err;
}

static void features_survive_failing_allocations(void **state)
{
    char list[] = "canonical";
    (void)state;
    fail_each(parse_features, list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(names_are_refused_with_a_reason),
        cmocka_unit_test(clips_are_sorted_with_their_rows),
        cmocka_unit_test(rows_that_are_not_finite_are_counted),
        cmocka_unit_test(many_clips_are_found_again),
        cmocka_unit_test(csv_survives_failing_allocations),
        cmocka_unit_test(entries_survive_failing_allocations),
        cmocka_unit_test(leases_exclude_and_die_with_their_process),
        cmocka_unit_test(files_appear_whole_or_not_at_all),
        cmocka_unit_test(features_survive_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
