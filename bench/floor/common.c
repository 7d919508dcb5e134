#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define MOST_DESCRIPTORS (1u << 20)

static struct sockaddr_un bound_path; /* sun_path is empty unless a unix path was bound */

void die(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (error != 0) {
        fprintf(stderr, ": %s", strerror(error));
    }
    fputc('\n', stderr);
    exit(1);
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) {
        die("no memory for %zu x %zu bytes", count, size);
    }
    return memory;
}

uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max) {
    char *end = NULL;
    errno = 0;
    unsigned long long value = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || errno != 0 || end == text || *end != '\0' || *text == '-' || value < min || value > max) {
        errno = 0;
        die("%s wants a number from %llu to %llu, not '%s'", option, (unsigned long long)min, (unsigned long long)max,
            text == NULL ? "" : text);
    }
    return value;
}

unsigned raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        die("getrlimit");
    }
    limit.rlim_cur = limit.rlim_max < MOST_DESCRIPTORS ? limit.rlim_max : MOST_DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        die("setrlimit");
    }
    return (unsigned)limit.rlim_cur;
}

static int listen_unix(const char *path, int flags) {
    if (path[0] == '\0' || strlen(path) >= sizeof bound_path.sun_path) {
        errno = 0;
        die("a unix path has 1 to %zu bytes", sizeof bound_path.sun_path - 1);
    }
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (listener < 0) {
        die("socket");
    }
    bound_path.sun_family = AF_UNIX;
    strcpy(bound_path.sun_path, path);
    unlink(path);
    if (bind(listener, (struct sockaddr *)&bound_path, sizeof bound_path) != 0 || listen(listener, BACKLOG) != 0) {
        die("listen on %s", path);
    }
    return listener;
}

struct addrinfo *resolve(const char *host_and_port, int flags) {
    const char *colon = strrchr(host_and_port, ':');
    char host[256];
    size_t length = colon == NULL ? 0 : (size_t)(colon - host_and_port);
    if (length == 0 || length >= sizeof host) {
        errno = 0;
        die("HOST:PORT expected, not %s", host_and_port);
    }
    if (host_and_port[0] == '[' && colon[-1] == ']') {
        host_and_port++;
        length -= 2;
    }
    memcpy(host, host_and_port, length);
    host[length] = '\0';
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(host, colon + 1, &hints, &found);
    if (failure != 0) {
        errno = 0;
        die("%s: %s", host_and_port, gai_strerror(failure));
    }
    return found;
}

static int listen_tcp(const char *host_and_port, int flags) {
    struct addrinfo *found = resolve(host_and_port, AI_PASSIVE);
    int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    int on = 1;
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
        || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
        || bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, BACKLOG) != 0) {
        die("listen on %s", host_and_port);
    }
    freeaddrinfo(found);
    return listener;
}

int listen_on(const char *address, int flags) {
    if (strncmp(address, "tcp://", 6) == 0) {
        return listen_tcp(address + 6, flags);
    }
    if (strncmp(address, "unix://", 7) == 0) {
        return listen_unix(address + 7, flags);
    }
    errno = 0;
    die("an address starts with tcp:// or unix://, not %s", address);
}

int bind_datagrams(const char *address) {
    if (strncmp(address, "udp://", 6) != 0) {
        errno = 0;
        die("an address starts with udp:// here, not %s", address);
    }
    struct addrinfo *found = resolve(address + 6, AI_PASSIVE);
    int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
        die("bind to %s", address);
    }
    freeaddrinfo(found);
    return fd;
}

void announce(int listener) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int type;
    socklen_t type_length = sizeof type;
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0
        || getsockopt(listener, SOL_SOCKET, SO_TYPE, &type, &type_length) != 0) {
        die("getsockname");
    }
    if (address.ss_family == AF_UNIX) {
        printf("listening unix://%s\n", bound_path.sun_path);
    } else {
        char host[NI_MAXHOST];
        char port[NI_MAXSERV];
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        printf(address.ss_family == AF_INET6 ? "listening %s://[%s]:%s\n" : "listening %s://%s:%s\n",
               type == SOCK_DGRAM ? "udp" : "tcp", host, port);
    }
    fflush(stdout);
}

static void on_signal(int number) {
    (void)number;
    if (bound_path.sun_path[0] != '\0') {
        unlink(bound_path.sun_path);
    }
    _exit(0);
}

void exit_on_signal(void) {
    struct sigaction action = {.sa_handler = on_signal};
    if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0) {
        die("sigaction");
    }
}
