/* What the floor's programs share: failing loudly, options, and a listening socket. */
#ifndef FLOOR_COMMON_H
#define FLOOR_COMMON_H

#include <stddef.h>
#include <stdint.h>

struct addrinfo;

/* Prints the message, and errno's text when errno is not 0, to stderr and exits with 1. */
__attribute__((format(printf, 1, 2))) _Noreturn void die(const char *format, ...);

/* malloc that dies rather than return NULL; the memory is zeroed. */
void *allocate(size_t count, size_t size);

/* A whole decimal number within [min, max], or death with a message that names the option. */
uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max);

/* Raises the soft limit of open descriptors to the hard one, but to 2^20 at most, and returns it. */
unsigned raise_descriptor_limit(void);

/* Resolves HOST:PORT or [HOST]:PORT, or dies; the caller frees it by freeaddrinfo. */
struct addrinfo *resolve(const char *host_and_port, int flags);

/*
 * Listens on tcp://HOST:PORT or unix:///path and returns the descriptor. flags is 0 or SOCK_NONBLOCK. Sockets accepted
 * from it have TCP_NODELAY, since Linux hands that option down. A stale unix path is removed first.
 */
int listen_on(const char *address, int flags);

/* Binds a datagram socket to udp://HOST:PORT and returns the descriptor. */
int bind_datagrams(const char *address);

/* Prints "listening tcp://HOST:PORT" or udp:// with the real port, or "listening unix:///path", to stdout. */
void announce(int listener);

/* Makes SIGTERM and SIGINT end the process with 0 at once, and removes a unix path that was listened on. */
void exit_on_signal(void);

#endif
