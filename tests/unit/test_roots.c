/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Every trick to reach a file outside of the allowed folders, with openat2() and with the walk. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/socket.h>

#include "roots.h"
#include "unit.h"

/* base/in is allowed; base/out holds what must stay out of reach. */
typedef struct Tree {
    char base[64], in[80];
    VmRoots roots;
} Tree;

static const char *join(const Tree *t, const char *name)
{
    static char path[4][512];
    static unsigned turn;
    char *p = path[turn++ % 4];
    (void)snprintf(p, sizeof(path[0]), "%s/%s", t->base, name);
    return p;
}

static void put(const Tree *t, const char *name, const char *text)
{
    FILE *f = fopen(join(t, name), "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static void make_socket(const Tree *t, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", join(t, name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static int make_tree(void **state)
{
    Tree *t = calloc(1, sizeof(*t));
    VmError error = {{0}};
    strcpy(t->base, "/tmp/vmaf-roots-XXXXXX");
    assert_non_null(mkdtemp(t->base));
    strcpy(t->in, join(t, "in"));
    assert_int_equal(mkdir(t->in, 0700), 0);
    assert_int_equal(mkdir(join(t, "in/sub"), 0700), 0);
    assert_int_equal(mkdir(join(t, "out"), 0700), 0);
    put(t, "in/clip.yuv", "inside");
    put(t, "in/sub/deep.yuv", "deep");
    put(t, "out/secret", "secret");
    assert_int_equal(symlink("../out/secret", join(t, "in/link")), 0);
    assert_int_equal(symlink(join(t, "out/secret"), join(t, "in/absolute")), 0);
    assert_int_equal(symlink("../out", join(t, "in/folder")), 0);
    assert_int_equal(symlink("clip.yuv", join(t, "in/good")), 0);
    assert_int_equal(symlink("loop", join(t, "in/loop")), 0);
    assert_int_equal(symlink("/proc/self/root/etc/passwd", join(t, "in/magic")), 0);
    assert_int_equal(mkfifo(join(t, "in/fifo"), 0600), 0);
    make_socket(t, "in/socket");
    assert_int_equal(vm_roots_open(&t->roots, t->in, &error), 0);
    *state = t;
    return 0;
}

static int remove_tree(void **state)
{
    static const char *const names[] = {
        "in/sub/deep.yuv", "in/clip.yuv", "in/link", "in/absolute", "in/folder",   "in/good",
        "in/loop",         "in/magic",    "in/fifo", "in/socket",   "in/new.onnx", "out/secret"};
    Tree *t = *state;
    vm_roots_close(&t->roots);
    for (size_t i = 0; i < VM_COUNT(names); i++) (void)unlink(join(t, names[i]));
    assert_int_equal(rmdir(join(t, "in/sub")) | rmdir(t->in) | rmdir(join(t, "out")), 0);
    assert_int_equal(rmdir(t->base), 0); /* nothing was left behind */
    free(t);
    return 0;
}

static void assert_reads(const VmRoots *roots, const char *path, const char *text)
{
    VmError error = {{0}};
    void *bytes;
    size_t size;
    const int fd = vm_roots_open_file(roots, path, &error);
    if (fd < 0) fail_msg("%s: %s", path, error.text);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(vm_roots_read_all(fd, path, 100, &bytes, &size, &error), 0);
    assert_string_equal(bytes, text);
    assert_int_equal(size, strlen(text));
    vm_free(bytes);
}

/* The sentence says why, and names the roots. */
static void assert_refused(const Tree *t, const char *path, const char *why)
{
    VmError error = {{0}};
    const int fd = vm_roots_open_file(&t->roots, path, &error);
    if (fd >= 0) fail_msg("%s was opened", path);
    if (!strstr(error.text, why) || !strstr(error.text, t->in))
        fail_msg("%s: \"%s\" has not \"%s\"", path, error.text, why);
}

static void check_good(const Tree *t)
{
    assert_reads(&t->roots, "clip.yuv", "inside");
    assert_reads(&t->roots, "./sub//deep.yuv", "deep");
    assert_reads(&t->roots, join(t, "in/clip.yuv"), "inside");
    assert_reads(&t->roots, join(t, "in//sub/deep.yuv"), "deep");
}

static void check_tricks(const Tree *t, const char *link_reason)
{
    assert_refused(t, "../out/secret", "\"..\"");
    assert_refused(t, join(t, "in/../out/secret"), "\"..\"");
    assert_refused(t, "sub/../../out/secret", "\"..\"");
    assert_refused(t, "sub/..", "\"..\"");
    assert_refused(t, join(t, "out/secret"), "leads out");
    assert_refused(t, join(t, "inside"), "leads out"); /* "in" is no prefix of a name */
    assert_refused(t, "/etc/passwd", "leads out");
    assert_refused(t, "/proc/self/fd/0", "leads out");
    assert_refused(t, "/dev/zero", "leads out");
    assert_refused(t, "link", link_reason);
    assert_refused(t, "absolute", link_reason);
    assert_refused(t, "magic", link_reason);
    assert_refused(t, "folder/secret", "");
    assert_refused(t, "loop", "link");
    assert_refused(t, "fifo", "not a regular file");
    assert_refused(t, "socket", "cannot be opened");
    assert_refused(t, "sub", "is a folder");
    assert_refused(t, ".", "is a folder");
    assert_refused(t, t->in, "is a folder");
    assert_refused(t, "nothing", "does not exist");
    assert_refused(t, "clip.yuv/x", "cannot be opened");
    assert_refused(t, "a\nb\x1b[2J", "\"a?b?[2J\"");
}

static void files_beneath_are_opened(void **state)
{
    Tree *t = *state;
    check_good(t);
    if (t->roots.walk) skip();
    assert_reads(&t->roots, "good", "inside"); /* a link that stays inside */
}

static void tricks_are_refused(void **state)
{
    Tree *t = *state;
    if (t->roots.walk) skip();
    check_tricks(t, "leads out");
}

static void the_walk_does_the_same(void **state)
{
    Tree *t = *state;
    const int before = t->roots.walk;
    t->roots.walk = 1;
    check_good(t);
    check_tricks(t, "symbolic link");
    assert_refused(t, "good", "symbolic link");
    t->roots.walk = before;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

static void assert_beneath(const Tree *t, int fd, const char *path)
{
    char link[64], real[512] = "";
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    assert_true(readlink(link, real, sizeof(real) - 1) > 0);
    if (strncmp(real, t->in, strlen(t->in)) != 0 || real[strlen(t->in)] != '/')
        fail_msg("\"%s\" opened %s", path, real);
}

/* Names put together at random: what is opened lies beneath the root, and with the walk nothing
 * more is. */
static void whatever_is_opened_lies_beneath(void **state)
{
    Tree *t = *state;
    static const char *const parts[] = {
        "..",    ".",    "",         "sub",      "folder", "link", "good", "absolute",
        "magic", "loop", "clip.yuv", "deep.yuv", "secret", "in",   "out",  "fifo"};
    const int before = t->roots.walk;
    uint32_t random = 7;
    unsigned opened = 0;
    for (int i = 0; i < 20000; i++) {
        char path[256] = "";
        if (next_random(&random) % 4 == 0) strcpy(path, next_random(&random) % 2 ? t->in : t->base);
        for (unsigned k = next_random(&random) % 4 + 1; k; k--) {
            if (*path) strcat(path, "/");
            strcat(path, parts[next_random(&random) % VM_COUNT(parts)]);
        }
        int fd[2];
        for (int walk = 0; walk < 2; walk++) {
            t->roots.walk = walk || before;
            fd[walk] = vm_roots_open_file(&t->roots, path, NULL);
            if (fd[walk] < 0) continue;
            assert_beneath(t, fd[walk], path);
            close(fd[walk]);
            opened++;
        }
        if (fd[1] >= 0) assert_true(fd[0] >= 0);
    }
    t->roots.walk = before;
    assert_true(opened > 500);
}

/* Devices beneath a root: /dev itself. */
static void devices_are_refused(void **state)
{
    (void)state;
    VmRoots roots;
    VmError error = {{0}};
    assert_int_equal(vm_roots_open(&roots, "/dev:/proc", &error), 0);
    for (int walk = 0; walk < 2; walk++) {
        static const char *const names[] = {"/dev/zero", "null", "/dev/fd/0", "/proc/self/fd/0",
                                            "/proc/self/exe"};
        roots.walk |= walk;
        for (size_t i = 0; i < VM_COUNT(names); i++)
            assert_true(vm_roots_open_file(&roots, names[i], &error) < 0);
    }
    vm_roots_close(&roots);
}

static void without_roots_nothing_is_opened(void **state)
{
    (void)state;
    static const char *const lists[] = {NULL, "", ":", "::"};
    for (size_t i = 0; i < VM_COUNT(lists); i++) {
        VmRoots roots;
        VmError error = {{0}};
        assert_int_equal(vm_roots_open(&roots, lists[i], &error), 0);
        assert_int_equal(roots.n, 0);
        assert_true(vm_roots_open_file(&roots, "/etc/passwd", &error) < 0);
        assert_non_null(strstr(error.text, "VMAF_MCP_ALLOW"));
        vm_roots_close(&roots);
    }
}

static void roots_that_cannot_be_opened(void **state)
{
    Tree *t = *state;
    VmRoots roots;
    VmError error = {{0}};
    assert_int_equal(vm_roots_open(&roots, join(t, "none"), &error), -ENOENT);
    assert_non_null(strstr(error.text, "none"));
    vm_roots_close(&roots);
    assert_int_equal(vm_roots_open(&roots, join(t, "in/clip.yuv"), &error), -ENOTDIR);
    vm_roots_close(&roots);
}

/* A root that is a link is entered by both of its names. */
static void several_roots(void **state)
{
    Tree *t = *state;
    VmRoots roots;
    VmError error = {{0}};
    char list[256];
    (void)snprintf(list, sizeof(list), "%s/:%s", join(t, "in/sub"), join(t, "in/folder"));
    assert_int_equal(vm_roots_open(&roots, list, &error), 0);
    assert_int_equal(roots.n, 2);
    assert_reads(&roots, "deep.yuv", "deep");
    assert_reads(&roots, "secret", "secret");
    assert_reads(&roots, join(t, "in/folder/secret"), "secret");
    assert_reads(&roots, join(t, "out/secret"), "secret");
    assert_true(vm_roots_open_file(&roots, join(t, "in/clip.yuv"), &error) < 0);
    const char *name;
    const int folder = vm_roots_open_parent(&roots, "secret", &name, &error); /* in the second */
    assert_true(folder >= 0);
    assert_int_equal(faccessat(folder, name, R_OK, 0), 0);
    close(folder);
    assert_int_equal(vm_roots_open_parent(&roots, "nothing", &name, &error), -ENOENT);
    assert_non_null(strstr(error.text, "allowed folders"));
    assert_true(vm_roots_open_parent(&roots, "../secret", &name, &error) < 0);
    vm_roots_close(&roots);
}

static void new_files_appear_whole_and_once(void **state)
{
    Tree *t = *state;
    VmError error = {{0}};
    assert_int_equal(vm_roots_check_new(&t->roots, "new.onnx", &error), 0);
    assert_int_equal(vm_roots_create_file(&t->roots, "new.onnx", "abc", 3, &error), 0);
    assert_int_equal(vm_roots_check_new(&t->roots, "new.onnx", &error), -EEXIST);
    assert_int_equal(vm_roots_check_new(&t->roots, "good", &error), -EEXIST);
    assert_true(vm_roots_check_new(&t->roots, "folder/new", &error) < 0);
    assert_reads(&t->roots, "new.onnx", "abc");
    assert_int_equal(vm_roots_create_file(&t->roots, "new.onnx", "xyz", 3, &error), -EEXIST);
    assert_non_null(strstr(error.text, "exists already"));
    assert_reads(&t->roots, "new.onnx", "abc");
    assert_int_equal(vm_roots_create_file(&t->roots, "good", "xyz", 3, &error), -EEXIST);
    assert_true(vm_roots_create_file(&t->roots, "../out/new", "x", 1, &error) < 0);
    assert_true(vm_roots_create_file(&t->roots, "folder/new", "x", 1, &error) < 0);
    assert_true(vm_roots_create_file(&t->roots, "/new", "x", 1, &error) < 0);
    assert_int_equal(vm_roots_create_file(&t->roots, "sub/", "x", 1, &error), -EINVAL);
    assert_int_equal(access(join(t, "out/new"), F_OK), -1);
}

/* One of a killed process of the same number, as in containers each has: its name was said to exist. */
static void what_a_dead_server_left_is_in_nobodys_way(void **state)
{
    Tree *t = *state;
    VmError error = {{0}};
    char left[64];
    (void)snprintf(left, sizeof(left), "in/.late.onnx.%ld.0.tmp", (long)getpid());
    const int fd = open(join(t, left), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(vm_roots_create_file(&t->roots, "late.onnx", "abc", 3, &error), 0);
    assert_reads(&t->roots, "late.onnx", "abc");
    assert_int_equal(unlink(join(t, left)), 0);
    assert_int_equal(unlink(join(t, "in/late.onnx")), 0);
}

static void whole_files_have_a_limit(void **state)
{
    Tree *t = *state;
    VmError error = {{0}};
    void *bytes = NULL;
    size_t size;
    const int fd = vm_roots_open_file(&t->roots, "clip.yuv", &error);
    assert_int_equal(vm_roots_read_all(fd, "clip.yuv", 5, &bytes, &size, &error), -EFBIG);
    assert_null(bytes);
}

static void texts_are_made_printable(void **state)
{
    (void)state;
    char out[8];
    vm_roots_printable("a\tb\x7f", out, sizeof(out));
    assert_string_equal(out, "a?b?");
    vm_roots_printable("123456\xc3\xa4", out, sizeof(out)); /* would end within the character */
    assert_string_equal(out, "123456");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_beneath_are_opened),
        cmocka_unit_test(tricks_are_refused),
        cmocka_unit_test(the_walk_does_the_same),
        cmocka_unit_test(whatever_is_opened_lies_beneath),
        cmocka_unit_test(devices_are_refused),
        cmocka_unit_test(without_roots_nothing_is_opened),
        cmocka_unit_test(roots_that_cannot_be_opened),
        cmocka_unit_test(several_roots),
        cmocka_unit_test(new_files_appear_whole_and_once),
        cmocka_unit_test(what_a_dead_server_left_is_in_nobodys_way),
        cmocka_unit_test(whole_files_have_a_limit),
        cmocka_unit_test(texts_are_made_printable),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
