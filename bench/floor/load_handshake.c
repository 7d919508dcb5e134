/*
 * Load by handshakes: a fixed number of places, each of which connects, shakes hands, sends one message, waits until it
 * has come back, ends the connection in order, and begins anew. A message that came back counts, so a handshake that
 * counts was completed by both sides; its latency is that of all up to there.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"
#include "load_tls.h"

#include <errno.h>

#define MOST_BYTES 16384u /* of a message: one record */

#ifndef WITH_TLS

void load_handshakes(void) {
    start_tls(-1);
}

#else

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum stage { SHAKING_HANDS, AWAITING_ECHO, AWAITING_END };

struct place {
    enum stage stage;
    int fd;
    uint32_t number;
    uint32_t received;
    SSL *tls;
    uint64_t started_ns;
};

static struct closed_loop loop;
static struct place *places;
static struct addrinfo *target;
static char *incoming;

static void begin(struct place *place) {
    int on = 1;
    place->fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (place->fd < 0 || setsockopt(place->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        die("socket");
    }
    if (connect(place->fd, target->ai_addr, target->ai_addrlen) != 0 && errno != EINPROGRESS) {
        die("connect to %s", options.target);
    }
    place->tls = new_tls(place->fd);
    SSL_set_connect_state(place->tls);
    place->stage = SHAKING_HANDS;
    place->received = 0;
    place->started_ns = now_ns(CLOCK_MONOTONIC);
    loop.in_flight++;
    watch_in(&loop, EPOLL_CTL_ADD, place->fd, place, EPOLLIN | EPOLLOUT);
}

static void end(struct place *place) {
    SSL_free(place->tls);
    close(place->fd);
    loop.in_flight--;
    if (loop.sending) {
        begin(place);
    }
}

/* Whether it is done; waits for the socket otherwise, or dies. */
static bool done(struct place *place, int result, const char *what) {
    if (result > 0) {
        return true;
    }
    int error = SSL_get_error(place->tls, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        die_of_tls(what);
    }
    return false;
}

static void shake_hands(struct place *place) {
    if (!done(place, SSL_do_handshake(place->tls), "no handshake")) {
        return;
    }
    require_full_handshake(place->tls);
    watch_in(&loop, EPOLL_CTL_MOD, place->fd, place, EPOLLIN);
    place->stage = AWAITING_ECHO;
    if (SSL_write(place->tls, expected_at(place->number, 0), (int)options.size) != (int)options.size) {
        die_of_tls("the message was not taken at once");
    }
}

static void await_echo(struct place *place) {
    while (place->received < options.size) {
        int got = SSL_read(place->tls, incoming, (int)(options.size - place->received));
        if (!done(place, got, "the server closed a connection")) {
            return;
        }
        if (memcmp(incoming, expected_at(place->number, place->received), (size_t)got) != 0) {
            die_of_wrong_answer("these are other bytes than were sent");
        }
        place->received += (uint32_t)got;
    }
    came_back(1);
    if (loop.sending) {
        record(latencies, now_ns(CLOCK_MONOTONIC) - place->started_ns);
    }
    SSL_shutdown(place->tls); /* says so; what the server says to it is not waited for, but its end of the connection is */
    shutdown(place->fd, SHUT_WR);
    place->stage = AWAITING_END;
}

static void await_end(struct place *place) {
    ssize_t got = recv(place->fd, incoming, MOST_BYTES, 0);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
        return;
    }
    end(place);
}

static void on_ready(void *who, uint32_t events) {
    struct place *place = who;
    if (place->stage == SHAKING_HANDS) {
        int error = 0;
        socklen_t length = sizeof error;
        if ((events & EPOLLERR) && getsockopt(place->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
            errno = error;
            die("connect to %s", options.target);
        }
        shake_hands(place);
        if (place->stage == SHAKING_HANDS) {
            /* The socket has room; what is missing comes from the server. */
            watch_in(&loop, EPOLL_CTL_MOD, place->fd, place, SSL_want_write(place->tls) ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
    } else if (place->stage == AWAITING_ECHO) {
        await_echo(place);
    } else {
        await_end(place);
    }
}

static void begin_all(void) {
    for (uint32_t i = 0; i < options.connections; i++) {
        places[i].number = i;
        begin(&places[i]);
    }
}

void load_handshakes(void) {
    if (options.size > MOST_BYTES || options.in_flight != 1) {
        errno = 0;
        die("a handshake is followed by one message, of %u bytes at most", MOST_BYTES);
    }
    loop = (struct closed_loop){.poller = epoll_create1(EPOLL_CLOEXEC), .start = begin_all, .ready = on_ready};
    if (loop.poller < 0) {
        die("epoll_create1");
    }
    target = resolve(options.target, 0);
    places = allocate(options.connections, sizeof *places);
    incoming = allocate(1, MOST_BYTES);
    run_closed(&loop);
    tell_of_tls();
    printf("}\n");
}

#endif
