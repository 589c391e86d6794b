/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t min_size(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

/* Pipes hold 64 KiB unless asked for more: a frame then takes dozens of switches between programs. */
static void widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(fd, F_SETPIPE_SZ, 1 << 20);
#else
    (void)fd;
#endif
}

int vm_stream_adopt(VmStream *s, int fd)
{
    struct stat st;

    *s = (VmStream){.fd = fd, .size = -1};
    if (fstat(fd, &st) < 0) return -errno;
    if (S_ISDIR(st.st_mode)) return -EISDIR;
    if (S_ISFIFO(st.st_mode)) widen_pipe(fd);
    if (S_ISREG(st.st_mode)) {
        const off_t here = lseek(fd, 0, SEEK_CUR);
        s->base = here > 0 ? here : 0;
        s->size = st.st_size > s->base ? st.st_size - s->base : 0;
    }
    return 0;
}

int vm_stream_open(VmStream *s, const char *path)
{
    const int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

    *s = (VmStream){.fd = -1, .size = -1};
    return fd < 0 ? -errno : vm_stream_adopt(s, fd);
}

void vm_stream_close(VmStream *s)
{
    if (s->fd > STDIN_FILENO) (void)close(s->fd);
    s->fd = -1;
}

/* readv() that is not stopped by signals, nor by a descriptor that somebody set non-blocking. */
static int64_t read_some(int fd, const struct iovec *iov, int n)
{
    for (;;) {
        const ssize_t got = readv(fd, iov, n);
        if (got >= 0) return got;
        if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
}

int64_t vm_stream_peek(VmStream *s, size_t n)
{
    if (s->tail - s->head < n) {
        memmove(s->buf, s->buf + s->head, s->tail - s->head);
        s->tail -= s->head;
        s->head = 0;
    }
    while (s->tail - s->head < n) {
        const struct iovec room = {s->buf + s->tail, sizeof(s->buf) - s->tail};
        const int64_t got = read_some(s->fd, &room, 1);
        if (got < 0) return got;
        if (got == 0) break;
        s->tail += (size_t)got;
    }
    return (int64_t)(s->tail - s->head);
}

/* Marks n bytes at the front of the vector as filled; returns the entries done with. */
static int advance(struct iovec *iov, int count, size_t n)
{
    int i = 0;

    for (; i < count && n >= iov[i].iov_len; i++) n -= iov[i].iov_len;
    if (i < count) {
        iov[i].iov_base = (char *)iov[i].iov_base + n;
        iov[i].iov_len -= n;
    }
    return i;
}

static size_t take_buffered(VmStream *s, struct iovec *iov, int n)
{
    size_t taken = 0;

    for (int i = 0; i < n && s->head < s->tail; i++) {
        const size_t part = min_size(iov[i].iov_len, s->tail - s->head);
        if (part) memcpy(iov[i].iov_base, s->buf + s->head, part);
        s->head += part;
        taken += part;
    }
    return taken;
}

int64_t vm_stream_readv(VmStream *s, struct iovec *iov, int n)
{
    int64_t got = (int64_t)take_buffered(s, iov, n), total = 0;

    do {
        const int done = advance(iov, n, (size_t)got);
        total += got;
        s->pos += (uint64_t)got;
        iov += done;
        n -= done;
        if (n == 0) return total;
        got = read_some(s->fd, iov, n);
    } while (got > 0);
    return got < 0 ? got : total;
}

int64_t vm_stream_read(VmStream *s, void *dst, size_t n)
{
    struct iovec one = {dst, n};

    return vm_stream_readv(s, &one, 1);
}

int vm_stream_seek(VmStream *s, uint64_t pos)
{
    if (s->size < 0) return -ESPIPE;
    if (pos > INT64_MAX - (uint64_t)s->base) return -EINVAL;
    if (lseek(s->fd, s->base + (int64_t)pos, SEEK_SET) < 0) return -errno;
    s->head = s->tail = 0;
    s->pos = pos;
    return 0;
}

static int64_t skip_by_reading(VmStream *s, uint64_t n)
{
    uint64_t left = n;

    while (left > 0) {
        const int64_t held = vm_stream_peek(s, 1);
        if (held < 0) return held;
        if (held == 0) break;
        const size_t part = min_size(left, (uint64_t)held);
        s->head += part;
        s->pos += part;
        left -= part;
    }
    return (int64_t)(n - left);
}

int64_t vm_stream_skip(VmStream *s, uint64_t n)
{
    if (s->size < 0 || n <= s->tail - s->head) return skip_by_reading(s, n);

    const uint64_t left = (uint64_t)s->size > s->pos ? (uint64_t)s->size - s->pos : 0;
    const uint64_t part = n < left ? n : left;
    const int err = vm_stream_seek(s, s->pos + part);
    return err < 0 ? err : (int64_t)part;
}
