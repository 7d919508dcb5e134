/*
 * The floor for epoll: an echo server with one thread that makes the fewest system calls epoll allows.
 *
 * Level-triggered, so one recv a ready connection and none that would only say EAGAIN; what was received is sent at
 * once from the one receive buffer. A connection owns memory only while the kernel does not take all of it: then the
 * rest is kept, reading stops, and EPOLLOUT is awaited. So a slow reader holds at most one buffer's worth.
 *
 *     echo_epoll [ADDRESS] [--buffer BYTES]        ADDRESS is tcp://127.0.0.1:0 unless given
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 1024

/* What the kernel did not take yet, of one connection; data is NULL when there is nothing. */
struct unsent {
    char *data;
    uint32_t offset;
    uint32_t length;
};

static int poller;
static int listener;
static bool listener_paused;
static unsigned open_connections;
static struct unsent *unsent; /* by descriptor */
static char *buffer;
static size_t buffer_size = 16 * 1024;

static void watch(int operation, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, operation, fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void close_connection(int fd) {
    free(unsent[fd].data);
    unsent[fd].data = NULL;
    close(fd);
    open_connections--;
    if (listener_paused) {
        listener_paused = false;
        watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    }
}

/* Out of descriptors or memory the listener stays ready, so it is left out of the set until a connection closes. */
static void pause_listener(void) {
    if (open_connections == 0) {
        die("accept");
    }
    listener_paused = true;
    watch(EPOLL_CTL_DEL, listener, 0);
}

static void accept_connections(void) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            open_connections++;
            watch(EPOLL_CTL_ADD, fd, EPOLLIN);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_listener();
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            die("accept");
        }
    }
}

/* Sends as much as the kernel takes; the number of bytes, or -1 when the connection is broken. */
static ssize_t send_some(int fd, const char *data, size_t length) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

static void echo(int fd) {
    ssize_t received = recv(fd, buffer, buffer_size, 0);
    if (received <= 0) {
        if (received == 0 || (errno != EAGAIN && errno != EINTR)) {
            close_connection(fd);
        }
        return;
    }
    ssize_t sent = send_some(fd, buffer, (size_t)received);
    if (sent < 0) {
        close_connection(fd);
    } else if (sent < received) {
        struct unsent *rest = &unsent[fd];
        rest->offset = 0;
        rest->length = (uint32_t)(received - sent);
        rest->data = allocate(1, rest->length);
        memcpy(rest->data, buffer + sent, rest->length);
        watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
    }
}

static void send_rest(int fd) {
    struct unsent *rest = &unsent[fd];
    ssize_t sent = send_some(fd, rest->data + rest->offset, rest->length - rest->offset);
    if (sent < 0) {
        close_connection(fd);
        return;
    }
    rest->offset += (uint32_t)sent;
    if (rest->offset == rest->length) {
        free(rest->data);
        rest->data = NULL;
        watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    }
}

int main(int argc, char **argv) {
    const char *address = "tcp://127.0.0.1:0";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--buffer") == 0) {
            buffer_size = parse_number("--buffer", argv[++i], 1, 1u << 30);
        } else {
            address = argv[i];
        }
    }
    unsent = allocate(raise_descriptor_limit(), sizeof *unsent);
    buffer = allocate(1, buffer_size);
    listener = listen_on(address, SOCK_NONBLOCK);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) {
        die("epoll_create1");
    }
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    exit_on_signal();
    announce(listener);

    static struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS_PER_WAIT, -1);
        if (ready < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                accept_connections();
            } else if (unsent[fd].data != NULL) {
                send_rest(fd);
            } else {
                echo(fd);
            }
        }
    }
}
