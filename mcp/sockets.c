/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Lines on a Unix socket: a thread for each client. */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lines.h"

enum { CLIENTS_MAX = 16 };

typedef struct Client {
    VmServer *server;
    int fd, used, ended;
    pthread_t thread;
} Client;

static void *serve_client(void *opaque)
{
    Client *client = opaque;

    (void)vm_lines_serve(client->server, client->fd, client->fd, -1);
    shutdown(client->fd, SHUT_RDWR);
    __atomic_store_n(&client->ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void reap(Client *client)
{
    pthread_join(client->thread, NULL);
    close(client->fd);
    *client = (Client){0};
}

/* A socket that a dead server left behind may be replaced, nothing else. */
static int bind_path(int fd, const char *path, VmError *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;

    if (strlen(path) >= sizeof(address.sun_path))
        return vm_fail(error, -ENAMETOOLONG, "the path of a socket has at most %zu bytes",
                       sizeof(address.sun_path) - 1);
    strcpy(address.sun_path, path);
    if (!lstat(path, &info) && S_ISSOCK(info.st_mode) &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) && errno == ECONNREFUSED)
        (void)unlink(path);
    const mode_t before = umask(0177);
    const int failed =
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 8);
    const int code = -errno;
    umask(before);
    return failed ? vm_fail(error, code, "cannot listen at %s: %s", path, strerror(-code)) : 0;
}

static void accept_client(VmServer *server, int listener, Client *clients)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    Client *client = NULL;

    if (fd < 0) return;
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i].used && __atomic_load_n(&clients[i].ended, __ATOMIC_ACQUIRE))
            reap(&clients[i]);
        if (!clients[i].used && !client) client = &clients[i];
    }
    if (client) {
        *client = (Client){.server = server, .fd = fd, .used = 1};
        if (!pthread_create(&client->thread, NULL, serve_client, client)) return;
        *client = (Client){0};
    }
    close(fd);
}

int vm_lines_listen(VmServer *server, const char *path, int stop_fd, VmError *error)
{
    Client clients[CLIENTS_MAX] = {{0}};
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0) return vm_fail(error, -errno, "no socket: %s", strerror(errno));
    int code = bind_path(listener, path, error);
    while (!code) {
        struct pollfd p[] = {{.fd = listener, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 && errno != EINTR) code = -errno;
        if (p[1].revents) break;
        if (p[0].revents) accept_client(server, listener, clients);
    }
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (!clients[i].used) continue;
        shutdown(clients[i].fd, SHUT_RDWR);
        reap(&clients[i]);
    }
    close(listener);
    if (!code) (void)unlink(path);
    return code;
}
