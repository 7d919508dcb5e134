/*
 * Holds connections that do nothing: opens them, sends one message on each and verifies that it comes back, prints a
 * line of JSON, and waits until stdin ends. Then every connection must still be open. What one process may not have
 * in descriptors is shared among several, each from a source address of its own, 127.0.0.2 and up, so that neither
 * they nor the ports run out; so only a server on this machine takes so many.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPARE_DESCRIPTORS 16u
#define PORTS_PER_ADDRESS 20000u /* fewer than Linux gives out by default */
#define MOST_PROCESSES 250u

static void wait_for_end(int fd) {
    char nothing;
    for (ssize_t got; (got = read(fd, &nothing, 1)) != 0;) {
        if (got < 0 && errno != EINTR) {
            die("read");
        }
    }
}

static void echo_once(int fd, uint32_t number, char *buffer) {
    struct timeval timeout = {.tv_sec = STALL_SECONDS};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
        die("setsockopt");
    }
    const char *expected = expected_at(number, 0);
    if (send(fd, expected, message_bytes(), MSG_NOSIGNAL) != (ssize_t)message_bytes()) {
        die("send on idle connection %u", number);
    }
    ssize_t received = recv(fd, buffer, message_bytes(), MSG_WAITALL);
    if (received != (ssize_t)message_bytes() || memcmp(buffer, expected, message_bytes()) != 0) {
        errno = received < 0 ? errno : 0;
        die("idle connection %u did not get back what it sent", number);
    }
}

/* Opens some connections, tells so by a byte, and holds them until the other end of hold has closed. */
static void hold_some(uint32_t first, uint32_t count, const char *source, int ready, int hold) {
    struct addrinfo *target = options.unix_path == NULL ? resolve(options.target, 0) : NULL;
    int *sockets = allocate(count, sizeof *sockets);
    char *buffer = allocate(1, message_bytes());
    const char *from = target != NULL && target->ai_family == AF_INET ? source : NULL;
    for (uint32_t i = 0; i < count; i++) {
        sockets[i] = connect_stream(target, from);
        echo_once(sockets[i], first + i, buffer);
    }
    if (write(ready, "r", 1) != 1) {
        die("write");
    }
    wait_for_end(hold);
    uint32_t closed = 0;
    for (uint32_t i = 0; i < count; i++) {
        closed += recv(sockets[i], buffer, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
    }
    if (closed > 0) {
        errno = 0;
        die("%u of %u idle connections did not stay open and silent", closed, count);
    }
}

void hold_idle(void) {
    unsigned limit = raise_descriptor_limit() - SPARE_DESCRIPTORS;
    uint32_t each = limit < PORTS_PER_ADDRESS ? limit : PORTS_PER_ADDRESS;
    uint32_t processes = (options.connections + each - 1) / each;
    int ready[2];
    int hold[2];
    if (message_bytes() > WINDOW || processes > MOST_PROCESSES) {
        errno = 0;
        die("--idle takes messages up to %u bytes and %u connections", WINDOW, MOST_PROCESSES * each);
    }
    if (pipe(ready) != 0 || pipe(hold) != 0) {
        die("pipe");
    }
    for (uint32_t i = 0; i < processes; i++) {
        uint32_t first = i * each;
        uint32_t count = options.connections - first < each ? options.connections - first : each;
        char source[32];
        snprintf(source, sizeof source, "127.0.0.%u", i + 2);
        pid_t child = fork();
        if (child < 0) {
            die("fork");
        }
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(ready[0]);
            close(hold[1]);
            hold_some(first, count, processes > 1 ? source : NULL, ready[1], hold[0]);
            exit(0);
        }
    }
    close(ready[1]);
    close(hold[0]);
    for (uint32_t i = 0; i < processes; i++) {
        char byte;
        ssize_t got = read(ready[0], &byte, 1);
        if (got != 1) {
            exit(1); /* a child died and has said why */
        }
    }
    printf("{\"ready\":true,\"connections\":%u,\"processes\":%u}\n", options.connections, processes);
    fflush(stdout);
    wait_for_end(STDIN_FILENO);
    close(hold[1]);
    int worst = 0;
    for (int status; wait(&status) > 0;) {
        worst |= status;
    }
    exit(worst == 0 ? 0 : 1);
}
