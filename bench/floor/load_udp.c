/*
 * Load by datagrams, in a closed loop: every client is a socket of its own that keeps a fixed number in flight. A
 * datagram begins with its number and its slot; the rest is out of the pattern at an offset that its number says, so
 * each is verified whole. One that does not come back in time is lost: it is counted, and another takes its slot.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define EVENTS_PER_WAIT 1024
#define CHECKS_PER_TIMEOUT 8

struct header {
    uint32_t number;
    uint32_t slot;
};

struct slot {
    uint32_t number; /* of the datagram in flight */
    bool in_flight;
    uint64_t sent_ns;
};

struct client {
    int fd;
    uint32_t index;
    uint32_t next; /* number of the datagram that is sent next */
    struct slot *slots;
};

static int poller;
static struct client *clients;
static bool sending = true;
static uint64_t in_flight, lost, late;

static char *incoming; /* BATCH times a byte more than a datagram has, so that a longer one shows */
static struct iovec incoming_parts[BATCH];
static struct mmsghdr incoming_messages[BATCH];
static struct header headers[BATCH];
static struct iovec outgoing_parts[BATCH][2];
static struct mmsghdr outgoing_messages[BATCH];

static const char *content_of(const struct client *client, uint32_t number) {
    return expected_at(client->index, (uint64_t)number * 127);
}

static void lay_out(void) {
    incoming = allocate(BATCH, options.size + 1u);
    for (unsigned i = 0; i < BATCH; i++) {
        incoming_parts[i] = (struct iovec){incoming + (size_t)i * (options.size + 1u), options.size + 1u};
        incoming_messages[i].msg_hdr = (struct msghdr){.msg_iov = &incoming_parts[i], .msg_iovlen = 1};
        outgoing_parts[i][0] = (struct iovec){&headers[i], sizeof headers[i]};
        outgoing_messages[i].msg_hdr = (struct msghdr){.msg_iov = outgoing_parts[i], .msg_iovlen = 2};
    }
}

static void connect_clients(void) {
    struct addrinfo *target = resolve(options.target, 0);
    clients = allocate(options.connections, sizeof *clients);
    struct slot *slots = allocate((size_t)options.connections * options.in_flight, sizeof *slots);
    for (uint32_t i = 0; i < options.connections; i++) {
        struct client *client = &clients[i];
        client->fd = socket(target->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (client->fd < 0 || connect(client->fd, target->ai_addr, target->ai_addrlen) != 0) {
            die("connect to %s", options.target);
        }
        client->index = i;
        client->slots = slots + (size_t)i * options.in_flight;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event) != 0) {
            die("epoll_ctl");
        }
    }
    freeaddrinfo(target);
}

static void put(struct client *client, unsigned place, uint32_t slot, uint64_t now) {
    uint32_t number = client->next++;
    headers[place] = (struct header){number, slot};
    outgoing_parts[place][1] =
        (struct iovec){(void *)content_of(client, number), options.size - sizeof(struct header)};
    client->slots[slot] = (struct slot){.number = number, .in_flight = true, .sent_ns = now};
}

static void send_batch(struct client *client, unsigned count) {
    unsigned sent = 0;
    while (sent < count) {
        int taken = sendmmsg(client->fd, outgoing_messages + sent, count - sent, 0);
        if (taken > 0) {
            sent += (unsigned)taken;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            struct pollfd room = {.fd = client->fd, .events = POLLOUT};
            if (poll(&room, 1, STALL_SECONDS * 1000) == 0) {
                errno = 0;
                die("the kernel took no datagram for %d s", STALL_SECONDS);
            }
        } else if (errno != EINTR) {
            die("send"); /* ECONNREFUSED: nobody listens */
        }
    }
    in_flight += count;
}

static void start_client(struct client *client) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (uint32_t slot = 0; slot < options.in_flight;) {
        unsigned count = 0;
        for (; count < BATCH && slot < options.in_flight; slot++) {
            put(client, count++, slot, now);
        }
        send_batch(client, count);
    }
}

/* The slot that the datagram frees, or NULL if it had been given up. Dies if it is none that was sent. */
static struct slot *verify(const struct client *client, const char *data, uint32_t length) {
    struct header header;
    if (length == options.size) {
        memcpy(&header, data, sizeof header);
        if (header.slot < options.in_flight && header.number < client->next
            && memcmp(data + sizeof header, content_of(client, header.number), length - sizeof header) == 0) {
            struct slot *slot = &client->slots[header.slot];
            return slot->in_flight && slot->number == header.number ? slot : NULL;
        }
    }
    errno = 0;
    die("the server sent a datagram of %u bytes that is none it was sent", length);
}

static void take_answers(struct client *client) {
    int received = recvmmsg(client->fd, incoming_messages, BATCH, 0, NULL);
    if (received < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            return;
        }
        die("receive");
    }
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    unsigned freed = 0;
    unsigned answered = 0;
    for (int i = 0; i < received; i++) {
        struct slot *slot = verify(client, incoming_parts[i].iov_base, incoming_messages[i].msg_len);
        if (slot == NULL) {
            late++;
            continue;
        }
        slot->in_flight = false;
        in_flight--;
        answered++;
        if (sending) {
            record(latencies, now - slot->sent_ns);
            put(client, freed++, (uint32_t)(slot - client->slots), now);
        }
    }
    came_back(answered);
    if (freed > 0) {
        send_batch(client, freed);
    }
}

static void give_up_overdue(struct client *client, uint64_t now) {
    unsigned count = 0;
    for (uint32_t i = 0; i < options.in_flight; i++) {
        struct slot *slot = &client->slots[i];
        if (slot->in_flight && now - slot->sent_ns > (uint64_t)(options.timeout_s * 1e9)) {
            slot->in_flight = false;
            in_flight--;
            lost++;
            if (sending) {
                put(client, count++, i, now);
                if (count == BATCH) {
                    send_batch(client, count);
                    count = 0;
                }
            }
        }
    }
    if (count > 0) {
        send_batch(client, count);
    }
}

static void run_until(uint64_t deadline_ns) {
    static struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t pause_ns = (uint64_t)(options.timeout_s * 1e9) / CHECKS_PER_TIMEOUT + 1;
    uint64_t check_ns = now_ns(CLOCK_MONOTONIC) + pause_ns;
    while (in_flight > 0) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= deadline_ns) {
            return;
        }
        if (now >= check_ns) {
            check_ns = now + pause_ns;
            for (uint32_t i = 0; i < options.connections; i++) {
                give_up_overdue(&clients[i], now);
            }
        }
        uint64_t next_ns = check_ns < deadline_ns ? check_ns : deadline_ns;
        int ready = epoll_wait(poller, events, EVENTS_PER_WAIT, next_ns > now ? (int)((next_ns - now) / 1000000) + 1 : 0);
        if (ready < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        for (int i = 0; i < ready; i++) {
            take_answers(events[i].data.ptr);
        }
    }
}

void load_datagrams(void) {
    if (options.size < sizeof(struct header) || options.size > 65507) {
        errno = 0;
        die("a datagram has %zu to 65507 bytes here", sizeof(struct header));
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) {
        die("epoll_create1");
    }
    lay_out();
    connect_clients();
    uint64_t start_ns = now_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < options.connections; i++) {
        start_client(&clients[i]);
    }
    run_until(start_ns + (uint64_t)(options.warmup_s * 1e9));
    lost = 0;
    late = 0;
    run_until(open_window() + (uint64_t)(options.seconds * 1e9));
    close_window();
    uint64_t lost_in_window = lost;
    sending = false;
    run_until(now_ns(CLOCK_MONOTONIC) + (uint64_t)((options.timeout_s + 1) * 2e9));
    print_report();
    printf(",\"lost\":%llu,\"late\":%llu}\n", (unsigned long long)lost_in_window, (unsigned long long)late);
}
