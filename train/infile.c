/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "infile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"

enum { SAMPLE = 64 << 10, BLOCK = 1 << 20 };

/* Fills as much of the buffer as the file has from this place on. Returns the bytes, or -errno. */
static int64_t read_at(int fd, uint8_t *buffer, size_t size, int64_t place)
{
    size_t held = 0;

    while (held < size) {
        const ssize_t got = pread(fd, buffer + held, size - held, place + (int64_t)held);
        if (got < 0 && errno != EINTR) return -errno;
        if (got == 0) break;
        if (got > 0) held += (size_t)got;
    }
    return (int64_t)held;
}

static int read_regular(int fd, size_t most, void **bytes, size_t *size, VmError *error)
{
    struct stat st;

    if (fstat(fd, &st)) return vm_fail(error, -errno, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode)) return vm_fail(error, -EINVAL, "it is no regular file");
    if (st.st_size < 0 || (uint64_t)st.st_size > most)
        return vm_fail(error, -EFBIG, "it is larger than %zu bytes", most);
    uint8_t *buffer = vm_alloc((size_t)st.st_size + 1);
    if (!buffer) return vm_fail_memory(error);
    const int64_t got = read_at(fd, buffer, (size_t)st.st_size, 0);
    if (got < 0) {
        vm_free(buffer);
        return vm_fail(error, (int)got, "%s", strerror((int)-got));
    }
    *bytes = buffer;
    *size = (size_t)got;
    return 0;
}

int vm_infile_read_fd(int fd, size_t most, void **bytes, size_t *size, VmError *error)
{
    const int err = read_regular(fd, most, bytes, size, error);

    (void)close(fd);
    return err;
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
int vm_infile_read(const char *path, size_t most, void **bytes, size_t *size, VmError *error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) return vm_fail(error, -errno, "%s", strerror(errno));
    return vm_infile_read_fd(fd, most, bytes, size, error);
}

static int add_span(VmSha256 *sha, int fd, uint8_t *buffer, int64_t place, int64_t size)
{
    while (size > 0) {
        const int64_t got = read_at(fd, buffer, (size_t)VM_MIN(size, BLOCK), place);
        if (got < 0) return (int)got;
        if (got == 0) return 0;
        vm_sha256_add(sha, buffer, (size_t)got);
        place += got;
        size -= got;
    }
    return 0;
}

static int digest(int fd, int quick, VmSha256 *sha, uint8_t *buffer)
{
    struct stat st;

    if (fstat(fd, &st)) return -errno;
    if (!quick || st.st_size <= 3 * SAMPLE) return add_span(sha, fd, buffer, 0, st.st_size);
    VM_TRY(add_span(sha, fd, buffer, 0, SAMPLE));
    VM_TRY(add_span(sha, fd, buffer, st.st_size / 2, SAMPLE));
    return add_span(sha, fd, buffer, st.st_size - SAMPLE, SAMPLE);
}

int vm_infile_digest(int fd, int quick, char hex[65])
{
    VmSha256 sha;
    uint8_t *buffer = vm_alloc(BLOCK);

    vm_sha256_start(&sha);
    const int err = buffer ? digest(fd, quick, &sha, buffer) : -ENOMEM;
    (void)close(fd);
    vm_free(buffer);
    if (!err) vm_sha256_finish(&sha, hex);
    return err;
}
