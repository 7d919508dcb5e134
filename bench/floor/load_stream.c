/*
 * Load over streams. In a closed loop every connection keeps a fixed number of messages in flight, and each that comes
 * back is answered by a new one; what one recv completed is answered by one send. In an open loop messages leave at
 * their intended times, message n on connection n mod N, whether or not others have come back; a latency counts from
 * the intended time, so a server that pauses has to answer for all that should have been sent meanwhile.
 *
 * In the open loop the generator never sleeps: a sleep would make it late by as much as the latencies are.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 1024
#define SENDS_PER_TURN 64 /* of an open loop that is late, before it looks for answers again */

struct stream {
    int fd;
    uint32_t number;
    bool awaits_room;     /* EPOLLOUT is watched */
    uint64_t due;         /* bytes that are to be sent, ever */
    uint64_t sent;
    uint64_t received;
    uint64_t answered;    /* messages, ever */
    uint32_t partial;     /* bytes received of the message that is coming in */
    uint32_t oldest;      /* closed loop: index in started_ns of the message that comes back next */
    uint64_t *started_ns; /* closed loop: of each message in flight */
};

/* Of an open loop. */
static struct {
    uint64_t start_ns;
    double interval_ns;
    uint64_t next;               /* number of the message that is sent next */
    uint64_t from_ns, until_ns;  /* the messages that are to be sent in this time count */
    struct histogram *lateness;  /* of the generator itself */
} schedule = {.from_ns = UINT64_MAX, .until_ns = UINT64_MAX};

static int poller;
static char *incoming;
static struct stream *streams;
static bool sending = true;
static uint64_t in_flight;

static void watch(int operation, struct stream *s, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = s};
    if (epoll_ctl(poller, operation, s->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void bind_to(int fd, const char *source) {
    int on = 1;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    /* The port is chosen at the connect: with the peer known, it need only be free for that peer. */
    if (getaddrinfo(source, NULL, &hints, &found) != 0
        || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0
        || bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
        die("bind to %s", source);
    }
    freeaddrinfo(found);
}

static int connect_tcp(const struct addrinfo *target, const char *source) {
    int fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    struct timeval timeout = {.tv_sec = STALL_SECONDS}; /* Linux: of connect too */
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
        || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0) {
        die("socket");
    }
    if (source != NULL) {
        bind_to(fd, source);
    }
    if (connect(fd, target->ai_addr, target->ai_addrlen) != 0) {
        die("connect to %s", options.target);
    }
    return fd;
}

static int connect_unix(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(options.unix_path) >= sizeof address.sun_path) {
        errno = 0;
        die("the path is too long: %s", options.unix_path);
    }
    strcpy(address.sun_path, options.unix_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect to %s", options.unix_path);
    }
    return fd;
}

int connect_stream(const struct addrinfo *target, const char *source) {
    return target == NULL ? connect_unix() : connect_tcp(target, source);
}

static void connect_all(void) {
    streams = allocate(options.connections, sizeof *streams);
    uint64_t *started_ns = allocate((size_t)options.connections * options.in_flight, sizeof *started_ns);
    struct addrinfo *target = options.unix_path == NULL ? resolve(options.target, 0) : NULL;
    for (uint32_t i = 0; i < options.connections; i++) {
        struct stream *s = &streams[i];
        s->fd = connect_stream(target, NULL);
        if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0) {
            die("fcntl");
        }
        s->number = i;
        s->started_ns = started_ns + (size_t)i * options.in_flight;
        watch(EPOLL_CTL_ADD, s, EPOLLIN);
    }
    if (target != NULL) {
        freeaddrinfo(target);
    }
}

/* Sends what is due; what the kernel does not take waits for EPOLLOUT. */
static void flush_stream(struct stream *s) {
    while (s->sent < s->due) {
        size_t length = s->due - s->sent < WINDOW ? (size_t)(s->due - s->sent) : WINDOW;
        ssize_t taken = send(s->fd, expected_at(s->number, s->sent), length, MSG_NOSIGNAL);
        if (taken < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                die("send");
            }
            taken = 0;
        }
        s->sent += (size_t)taken;
        if ((size_t)taken < length) {
            if (!s->awaits_room) {
                s->awaits_room = true;
                watch(EPOLL_CTL_MOD, s, EPOLLIN | EPOLLOUT);
            }
            return;
        }
    }
    if (s->awaits_room) {
        s->awaits_room = false;
        watch(EPOLL_CTL_MOD, s, EPOLLIN);
    }
}

/* -- closed loop -- */

static void start_closed(struct stream *s) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < options.in_flight; i++) {
        s->started_ns[i] = now;
    }
    in_flight += options.in_flight;
    s->due = (uint64_t)options.in_flight * message_bytes();
    flush_stream(s);
}

/* The message that came back and the one that takes its place share a slot, and one reading of the clock. */
static void answer_closed(struct stream *s, uint32_t completed, uint64_t now) {
    for (uint32_t i = 0; i < completed; i++) {
        if (sending) {
            record(latencies, now - s->started_ns[s->oldest]);
        }
        s->started_ns[s->oldest] = now;
        s->oldest = s->oldest + 1 == options.in_flight ? 0 : s->oldest + 1;
    }
    if (sending) {
        s->due += (uint64_t)completed * message_bytes();
        flush_stream(s);
    } else {
        in_flight -= completed;
    }
}

/* -- open loop -- */

static uint64_t intended_ns(uint64_t message) {
    return schedule.start_ns + (uint64_t)((double)message * schedule.interval_ns);
}

static bool counts(uint64_t intended) {
    return intended >= schedule.from_ns && intended < schedule.until_ns;
}

static void answer_open(struct stream *s, uint32_t completed, uint64_t now) {
    for (uint32_t i = 0; i < completed; i++) {
        uint64_t intended = intended_ns(s->number + s->answered++ * options.connections);
        if (counts(intended)) {
            record(latencies, now - intended);
        }
    }
    in_flight -= completed;
}

static void send_intended(void) {
    for (int i = 0; i < SENDS_PER_TURN; i++) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        uint64_t intended = intended_ns(schedule.next);
        if (intended > now || intended >= schedule.until_ns) {
            return;
        }
        if (counts(intended)) {
            record(schedule.lateness, now - intended);
        }
        struct stream *s = &streams[schedule.next++ % options.connections];
        s->due += message_bytes();
        in_flight++;
        if (!s->awaits_room) {
            flush_stream(s);
        }
    }
}

/* What should have been sent in the window and was not: it has waited until the window's end at least. */
static uint64_t record_unsent(void) {
    uint64_t unsent = 0;
    for (uint64_t intended; (intended = intended_ns(schedule.next + unsent)) < schedule.until_ns; unsent++) {
        if (counts(intended)) {
            record(latencies, schedule.until_ns - intended);
        }
    }
    return unsent;
}

/* -- both -- */

static void take_answers(struct stream *s) {
    ssize_t received = recv(s->fd, incoming, WINDOW, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (received <= 0) {
        if (received == 0) {
            errno = 0;
        }
        die("the server closed a connection after %llu bytes", (unsigned long long)s->received);
    }
    if (s->received + (size_t)received > s->sent
        || memcmp(incoming, expected_at(s->number, s->received), (size_t)received) != 0) {
        errno = 0;
        die("the server sent something else than it was sent, after %llu bytes of a connection",
            (unsigned long long)s->received);
    }
    s->received += (size_t)received;
    uint64_t bytes = s->partial + (uint64_t)received;
    uint32_t completed = (uint32_t)(bytes / message_bytes());
    s->partial = (uint32_t)(bytes % message_bytes());
    if (completed == 0) {
        return;
    }
    came_back(completed);
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    if (options.rate > 0) {
        answer_open(s, completed, now);
    } else {
        answer_closed(s, completed, now);
    }
}

/* Serves connections until the time given, or until nothing is in flight and nothing more is sent. */
static void run_until(uint64_t deadline_ns) {
    static struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t active_ns = now_ns(CLOCK_MONOTONIC);
    bool open = options.rate > 0;
    while (in_flight > 0 || (open && sending)) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= deadline_ns) {
            return;
        }
        if (open && sending) {
            send_intended();
        }
        uint64_t left_ms = (deadline_ns - now) / 1000000 + 1;
        int patience_ms = open && sending ? 0 : left_ms < 1000 ? (int)left_ms : 1000;
        int ready = epoll_wait(poller, events, EVENTS_PER_WAIT, patience_ms);
        if (ready < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        if (ready > 0 || in_flight == 0) {
            active_ns = now;
        } else if (now - active_ns > STALL_SECONDS * SECOND_NS) {
            errno = 0;
            die("nothing came back for %d s, %llu messages are in flight", STALL_SECONDS,
                (unsigned long long)in_flight);
        }
        for (int i = 0; i < ready; i++) {
            struct stream *s = events[i].data.ptr;
            if (events[i].events & ~(uint32_t)EPOLLOUT) {
                take_answers(s);
            }
            if (s->awaits_room && (events[i].events & EPOLLOUT)) {
                flush_stream(s);
            }
        }
    }
}

/* A server that is slower than the rate has as much to catch up with as the time was long. */
static double drain_seconds(void) {
    return STALL_SECONDS + (options.rate > 0 ? 2 * (options.warmup_s + options.seconds) : 0);
}

void load_streams(void) {
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) {
        die("epoll_create1");
    }
    incoming = allocate(1, WINDOW);
    connect_all();
    schedule.lateness = new_histogram();
    schedule.start_ns = now_ns(CLOCK_MONOTONIC);
    schedule.interval_ns = options.rate > 0 ? 1e9 / options.rate : 0;
    for (uint32_t i = 0; options.rate == 0 && i < options.connections; i++) {
        start_closed(&streams[i]);
    }
    run_until(schedule.start_ns + (uint64_t)(options.warmup_s * 1e9));

    schedule.from_ns = open_window();
    schedule.until_ns = schedule.from_ns + (uint64_t)(options.seconds * 1e9);
    run_until(schedule.until_ns);
    close_window();
    uint64_t sent = count_of(schedule.lateness); /* of those that are to be sent in the window */
    uint64_t unsent = options.rate > 0 ? record_unsent() : 0;

    sending = false;
    run_until(now_ns(CLOCK_MONOTONIC) + (uint64_t)(drain_seconds() * 1e9));
    if (in_flight > 0) {
        errno = 0;
        die("%llu messages did not come back", (unsigned long long)in_flight);
    }
    print_report();
    if (options.rate > 0) {
        printf(",\"rate\":%.0f,\"sent_rate\":%.0f,\"unsent\":%llu", options.rate, (double)sent / options.seconds,
               (unsigned long long)unsent);
        printf(",\"late_p50_us\":%.1f,\"late_p99_us\":%.1f,\"late_max_us\":%.1f",
               (double)value_at(schedule.lateness, 0.5) / 1000, (double)value_at(schedule.lateness, 0.99) / 1000,
               (double)greatest_of(schedule.lateness) / 1000);
    }
    printf("}\n");
}
