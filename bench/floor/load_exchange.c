/*
 * Load by requests that have answers, in a closed loop: every connection keeps a fixed number of requests in flight, and
 * each answer is followed by a new one, or with --batch all answers by as many new ones. What is sent are a few requests
 * that were made before, so that sending costs next to nothing; how an answer ends and whether it is right is what the
 * protocol says.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"
#include "load_tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

struct exchange {
    struct wire wire;
    struct answer *answer;
    uint64_t at;          /* in the requests, where the bytes are that are sent next */
    uint64_t due;         /* bytes that are to be sent */
    uint32_t next;        /* the request that becomes due next */
    uint32_t oldest;      /* index in started_ns of the request that is answered next */
    uint32_t unanswered;
    bool awaits_room;     /* EPOLLOUT is watched */
    uint64_t *started_ns; /* of each request in flight */
};

struct requests requests_sent;

static const struct protocol_functions *protocol;
static struct closed_loop loop;
static struct exchange *exchanges;
static char *incoming;

void reserve_requests(uint32_t count, size_t most_bytes) {
    requests_sent.bytes = allocate(count, most_bytes);
    requests_sent.lengths = allocate(count, sizeof *requests_sent.lengths);
}

void add_request(const char *bytes, uint32_t length) {
    memcpy(requests_sent.bytes + requests_sent.length, bytes, length);
    requests_sent.length += length;
    requests_sent.lengths[requests_sent.count++] = length;
}

uint32_t messages_of(uint32_t size) {
    uint32_t count = (1u << 20) / (size == 0 ? 1 : size);
    return count < 4 ? 4 : count > 256 ? 256 : count;
}

void die_of_wrong_answer(const char *what) {
    errno = 0;
    die("the server sent a wrong answer: %s", what);
}

static void connect_all(void) {
    struct addrinfo *target = resolve(options.target, 0);
    exchanges = allocate(options.connections, sizeof *exchanges);
    uint64_t *started_ns = allocate((size_t)options.connections * options.in_flight, sizeof *started_ns);
    for (uint32_t i = 0; i < options.connections; i++) {
        struct exchange *x = &exchanges[i];
        x->wire = connect_wire(target);
        /* So that they do not all send the same; but a batch is not to be cut in two by the end of the requests. */
        x->next = options.batch ? 0 : i % requests_sent.count;
        for (uint32_t before = 0; before < x->next; before++) {
            x->at += requests_sent.lengths[before];
        }
        x->answer = protocol->open(&x->wire, x->next);
        x->started_ns = started_ns + (size_t)i * options.in_flight;
        wire_does_not_block(&x->wire);
        watch_in(&loop, EPOLL_CTL_ADD, x->wire.fd, x, EPOLLIN);
    }
    freeaddrinfo(target);
}

/* Sends what is due; what the kernel does not take waits for EPOLLOUT. */
static void flush_exchange(struct exchange *x) {
    bool full = false;
    while (x->due > 0 && !full) {
        uint64_t to_the_end = requests_sent.length - x->at;
        size_t taken = wire_send(&x->wire, requests_sent.bytes + x->at, x->due < to_the_end ? x->due : to_the_end);
        full = taken == 0;
        x->due -= taken;
        x->at = taken == to_the_end ? 0 : x->at + taken;
    }
    if (full != x->awaits_room) {
        x->awaits_room = full;
        watch_in(&loop, EPOLL_CTL_MOD, x->wire.fd, x, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

static void make_due(struct exchange *x, uint32_t count, uint64_t now) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = x->oldest + x->unanswered++;
        x->started_ns[slot < options.in_flight ? slot : slot - options.in_flight] = now;
        x->due += requests_sent.lengths[x->next];
        x->next = x->next + 1 == requests_sent.count ? 0 : x->next + 1;
    }
    loop.in_flight += count;
    flush_exchange(x);
}

static void take_answers(struct exchange *x, size_t received) {
    uint32_t completed = protocol->take(x->answer, incoming, received);
    if (completed == 0) {
        return;
    }
    if (completed > x->unanswered) {
        die_of_wrong_answer("there are more than there were requests");
    }
    came_back(completed);
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < completed; i++) {
        if (loop.sending) {
            record(latencies, now - x->started_ns[x->oldest]);
        }
        x->oldest = x->oldest + 1 == options.in_flight ? 0 : x->oldest + 1;
    }
    x->unanswered -= completed;
    loop.in_flight -= completed;
    if (loop.sending && (!options.batch || x->unanswered == 0)) {
        make_due(x, options.batch ? options.in_flight : completed, now);
    }
}

static void on_ready(void *who, uint32_t events) {
    struct exchange *x = who;
    if (events & ~(uint32_t)EPOLLOUT) {
        size_t received;
        do {
            received = wire_receive(&x->wire, incoming, WINDOW);
            take_answers(x, received);
            /* What lies in the buffers of TLS is not seen by epoll. */
        } while (x->wire.tls != NULL && received > 0);
    }
    if (x->awaits_room && (events & EPOLLOUT)) {
        flush_exchange(x);
    }
}

static void start_all(void) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < options.connections; i++) {
        make_due(&exchanges[i], options.in_flight, now);
    }
}

void load_exchanges(void) {
    static const struct protocol_functions *const protocols[] = {
        [ECHO] = &echo_functions, [HTTP] = &http_functions, [WEBSOCKET] = &websocket_functions};
    protocol = protocols[options.protocol];
    loop = (struct closed_loop){.poller = epoll_create1(EPOLL_CLOEXEC), .start = start_all, .ready = on_ready};
    if (loop.poller < 0) {
        die("epoll_create1");
    }
    incoming = allocate(1, WINDOW);
    protocol->make_requests();
    connect_all();
    run_closed(&loop);
    protocol->tell();
    if (options.tls) {
        tell_of_tls();
    }
    printf("}\n");
}
