/* A connection over TCP, with TLS or without. */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

struct wire connect_wire(const struct addrinfo *target) {
    struct wire wire = {.fd = connect_stream(target, NULL)};
    struct timeval timeout = {.tv_sec = STALL_SECONDS};
    if (setsockopt(wire.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
        die("setsockopt");
    }
    wire.tls = options.tls ? start_tls(wire.fd) : NULL;
    return wire;
}

void wire_does_not_block(struct wire *wire) {
    if (fcntl(wire->fd, F_SETFL, O_NONBLOCK) != 0) {
        die("fcntl");
    }
}

size_t wire_send(struct wire *wire, const char *bytes, size_t length) {
    long taken = wire->tls == NULL ? send(wire->fd, bytes, length, MSG_NOSIGNAL) : tls_send(wire->tls, bytes, length);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) {
        die("send");
    }
    return taken < 0 ? 0 : (size_t)taken;
}

size_t wire_receive(struct wire *wire, char *bytes, size_t length) {
    long received = wire->tls == NULL ? recv(wire->fd, bytes, length, 0) : tls_receive(wire->tls, bytes, length);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (received <= 0) {
        errno = received == 0 ? 0 : errno;
        die("the server closed a connection");
    }
    return (size_t)received;
}

void receive_head(struct wire *wire, char *head, size_t room) {
    size_t length = 0;
    do {
        /* One by one, since what follows is not ours; a head is received once a connection. */
        if (length + 1 == room || wire_receive(wire, head + length, 1) == 0) {
            errno = 0;
            die("the server sent no head of HTTP within %d s and %zu bytes", STALL_SECONDS, room);
        }
        head[++length] = '\0';
    } while (length < 4 || strcmp(head + length - 4, "\r\n\r\n") != 0);
}

const char *header_value(const char *head, const char *name, size_t *length) {
    size_t name_length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':') {
            const char *value = line + name_length + 1;
            value += strspn(value, " \t");
            *length = strcspn(value, "\r\n");
            return value;
        }
    }
    return NULL;
}
