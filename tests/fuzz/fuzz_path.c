/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Paths that a client of the MCP server names: whatever they say, only what lies beneath the
 * allowed folder is opened, by the kernel's rules and by the walk alike. The tree holds every
 * kind of way out. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "roots.h"

static char base[64];
static VmRoots roots;

static void put(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", base, name);
    FILE *f = fopen(path, "w");
    if (!f || fclose(f)) abort();
}

static void folder(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", base, name);
    if (mkdir(path, 0700)) abort();
}

static void link_to(const char *target, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", base, name);
    if (symlink(target, path)) abort();
}

static void remove_tree(void)
{
    static const char *const names[] = {"in/a/b", "in/c",  "in/out", "in/s", "in/p", "in/l",
                                        "in/a",   "out/x", "in",     "out",  ""};
    char path[128];

    vm_roots_close(&roots);
    for (size_t i = 0; i < VM_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", base, names[i]);
        if (unlink(path)) (void)rmdir(path);
    }
}

static void make_tree(void)
{
    char in[80];

    strcpy(base, "/tmp/vmaf-fuzz-XXXXXX");
    if (!mkdtemp(base)) abort();
    folder("in");
    folder("in/a");
    folder("out");
    put("in/a/b");
    put("in/c");
    put("out/x");
    link_to("../out", "in/out");
    link_to("../out/x", "in/s");
    link_to("/proc/self/root", "in/p");
    link_to("a/b", "in/l");
    (void)snprintf(in, sizeof(in), "%s/in", base);
    if (vm_roots_open(&roots, in, NULL)) abort();
    (void)atexit(remove_tree);
}

/* Returns whether it was opened. */
static int open_and_check(const char *path, int walk)
{
    char link[64], real[PATH_MAX] = "";
    VmError error = {""};
    VmRoots mode = roots;

    mode.walk = walk || roots.walk;
    const int fd = vm_roots_open_file(&mode, path, &error);
    if (fd < 0) {
        if (!error.text[0] || strpbrk(error.text, "\n\r\x1b")) abort();
        return 0;
    }
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, real, sizeof(real) - 1) < 0) abort();
    close(fd);
    const size_t n = strlen(roots.root[0].real);
    if (strncmp(real, roots.root[0].real, n) != 0 || real[n] != '/') abort();
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[PATH_MAX];

    if (!roots.n) make_tree();
    /* "=" in front stands for the allowed folder */
    const int absolute = size && data[0] == '=';
    const size_t n = absolute ? (size_t)snprintf(path, sizeof(path), "%s", roots.root[0].path) : 0;
    const size_t rest = VM_MIN(size - (size_t)absolute, sizeof(path) - 1 - n);
    memcpy(path + n, data + absolute, rest);
    path[n + rest] = 0;
    const int opened = open_and_check(path, 0);
    if (open_and_check(path, 1) && !opened) abort(); /* the walk allows less */
    return 0;
}
