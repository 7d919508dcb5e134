/* What the ways of loading share that send requests and take answers apart. */
#ifndef FLOOR_LOAD_EXCHANGE_H
#define FLOOR_LOAD_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrinfo;
struct answer;

/* -- load_wire.c: a connection, over TCP or TLS over TCP -- */

struct wire {
    int fd;
    void *tls; /* or NULL */
};

/* Connects, and shakes hands where TLS is asked for. Blocking, until wire_does_not_block; sends and receives time out. */
struct wire connect_wire(const struct addrinfo *target);
void wire_does_not_block(struct wire *wire);

/* Sends what is taken at once, or dies; 0 if nothing is. What follows must begin with the same bytes. */
size_t wire_send(struct wire *wire, const char *bytes, size_t length);

/* Receives what is there, or dies; 0 if nothing is. */
size_t wire_receive(struct wire *wire, char *bytes, size_t length);

/* Receives a head of HTTP, up to its empty line, and nothing beyond it. Ends it by a 0. Blocking. */
void receive_head(struct wire *wire, char *head, size_t room);

/* The value of a header in such a head, and its length, or NULL; the name in lower case. */
const char *header_value(const char *head, const char *name, size_t *length);

/* -- load_tls.c; each dies where the program was built without OpenSSL -- */

void *start_tls(int fd);                              /* shakes hands as a client, blocking */
long tls_send(void *tls, const char *bytes, size_t length);  /* as send, -1 with EAGAIN */
long tls_receive(void *tls, char *bytes, size_t length);     /* as recv, -1 with EAGAIN; 0 only after a close_notify */

/* -- load_requests.c: what is sent: so many requests, one after the other, again and again -- */

struct requests {
    char *bytes;
    uint64_t length; /* of all */
    uint32_t count;
    uint32_t *lengths; /* of each */
};

extern struct requests requests_sent;

/* Reserves room for so many of at most so many bytes each. */
void reserve_requests(uint32_t count, size_t most_bytes);
void add_request(const char *bytes, uint32_t length);

/* How many messages of a size make a good round: enough that they differ, and not more than the caches hold. */
uint32_t messages_of(uint32_t size);

/* -- load_http.c, load_websocket.c, load_echo.c: what the protocols do -- */

struct protocol_functions {
    void (*make_requests)(void);

    /* What a connection keeps of its answers; first is the request that it begins with. The wire blocks. */
    struct answer *(*open)(struct wire *wire, uint32_t first);

    /* Takes what has come, and returns how many answers have become whole. Dies if a byte is wrong. */
    uint32_t (*take)(struct answer *answer, const char *bytes, size_t length);

    /* Adds to the report. */
    void (*tell)(void);
};

extern const struct protocol_functions http_functions, websocket_functions, echo_functions;

_Noreturn void die_of_wrong_answer(const char *what);

/* -- load_closed.c: a closed loop -- */

/*
 * Serves what the poller finds ready, through warm-up, window and drain, and prints the report but for its closing brace.
 * start begins all, and in_flight says how many have not come back; when *sending turns false no more are to be sent.
 */
struct closed_loop {
    int poller;
    void (*start)(void);
    void (*ready)(void *who, uint32_t events);
    uint64_t in_flight;
    bool sending;
};

void run_closed(struct closed_loop *loop);
void watch_in(const struct closed_loop *loop, int operation, int fd, void *who, uint32_t events);

#endif
