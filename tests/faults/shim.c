/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Preloaded into a program under test, it makes the C library's calls go wrong in ways that are rare:
 * VM_FAULT_ALLOC=K        the K-th allocation of the process fails, counted from 1 at the start of main()
 * VM_FAULT_ALLOC_FROM=K   it and all after it
 * VM_FAULT_COUNT=PATH     at the end the number of allocations is written there
 * VM_FAULT_READ=N         a read gives at most N bytes, and every other one is interrupted by a signal
 * VM_FAULT_CLOCK=SECONDS  the date jumps: at every other look it is that much ahead, else as much behind */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* glibc's own, so that nothing has to be looked up before the first allocation */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls, reads, looks;
static long fail_at, fail_from, read_max, jump;
static int started;

static long number_of(const char *name)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    fail_at = number_of("VM_FAULT_ALLOC");
    fail_from = number_of("VM_FAULT_ALLOC_FROM");
    read_max = number_of("VM_FAULT_READ");
    jump = number_of("VM_FAULT_CLOCK");
    started = 1;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("VM_FAULT_COUNT");
    const long n = calls;
    FILE *file = path ? fopen(path, "w") : NULL;

    started = 0;
    if (!file) return;
    (void)fprintf(file, "%ld\n", n);
    (void)fclose(file);
}

static int fails(void)
{
    if (!started) return 0;
    const long call = atomic_fetch_add(&calls, 1) + 1;
    if (call != fail_at && (!fail_from || call < fail_from)) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (fails()) return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

static int is_interrupted(void)
{
    if (!read_max || atomic_fetch_add(&reads, 1) % 2 == 0) return 0;
    errno = EINTR;
    return 1;
}

ssize_t read(int fd, void *data, size_t size)
{
    static ssize_t (*next)(int, void *, size_t);

    if (!next) next = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (is_interrupted()) return -1;
    return next(fd, data, read_max && size > (size_t)read_max ? (size_t)read_max : size);
}

ssize_t readv(int fd, const struct iovec *iov, int n)
{
    static ssize_t (*next)(int, const struct iovec *, int);

    if (!next) next = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "readv");
    if (!read_max || n < 1) return next(fd, iov, n);
    for (int i = 0; i < n; i++)
        if (iov[i].iov_len) return read(fd, iov[i].iov_base, iov[i].iov_len);
    return 0;
}

/* ---- the date; clocks that nobody sets stay as they are ---- */

int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);

    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const int code = next(id, now);
    if (!code && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        now->tv_sec += atomic_fetch_add(&looks, 1) % 2 ? -jump : jump;
    return code;
}

time_t time(time_t *out)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
