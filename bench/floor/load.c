/*
 * A closed-loop load generator with one thread: every connection keeps a fixed number of messages in flight to an echo
 * server, and each message that comes back is answered by a new one.
 *
 *     load HOST:PORT | --unix PATH [--connections N] [--in-flight K] [--size B] [--warmup S] [--seconds S]
 *          [--server-pid PID]
 *
 * After the warm-up it measures for the given seconds, then lets what is in flight come home, and prints one line of
 * JSON. Every byte is verified. It exits with 1 and a message if one is wrong, a connection breaks, or nothing comes
 * back for STALL_SECONDS.
 *
 * A connection is a stream of bytes out of one random pattern, each from its own offset, so what is expected at any
 * position is a slice of the pattern: sending copies nothing, and verifying is one memcmp a recv. What one recv
 * completed is answered by one send.
 */
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 1024
#define PERIOD 65521u /* of the pattern; a prime, so that no message size divides it */
#define WINDOW (256u * 1024) /* most bytes of one recv or send */
#define STALL_SECONDS 10
#define SECOND_NS 1000000000ull

struct stream {
    int fd;
    uint32_t phase;         /* offset of the stream's first byte in the pattern */
    bool awaits_room;       /* EPOLLOUT is watched */
    uint64_t due;           /* bytes that are to be sent, ever */
    uint64_t sent;
    uint64_t received;
    uint32_t partial;       /* bytes received of the message that is coming in */
    uint32_t oldest;        /* index in started_ns of the message that comes back next */
    uint64_t *started_ns;   /* of each message in flight */
};

static struct {
    const char *target;
    const char *unix_path;
    uint32_t connections, in_flight, size;
    double warmup_s, seconds;
    pid_t server;
} options = {.connections = 1, .in_flight = 1, .size = 1024, .warmup_s = 1, .seconds = 4};

static int poller;
static char *pattern; /* PERIOD + WINDOW bytes, so that a window may start anywhere in the period */
static char *incoming;
static bool answering = true;
static uint64_t in_flight;
static uint64_t requests;

static uint64_t now_ns(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) {
        die("clock_gettime");
    }
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* -- latencies: 64 buckets a power of two, so an error below 1.6% -- */

#define SUB_BITS 6
#define BUCKETS ((64 - SUB_BITS + 1) << SUB_BITS)

static uint64_t histogram[BUCKETS];

static unsigned bucket_of(uint64_t value) {
    if (value < 1u << SUB_BITS) {
        return (unsigned)value;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) + (unsigned)((value >> shift) & ((1u << SUB_BITS) - 1));
}

static double middle_of(unsigned bucket) {
    if (bucket < 1u << SUB_BITS) {
        return bucket;
    }
    unsigned shift = (bucket >> SUB_BITS) - 1;
    uint64_t lowest = ((uint64_t)(1u << SUB_BITS) + (bucket & ((1u << SUB_BITS) - 1))) << shift;
    return (double)lowest + (double)(1ull << shift) / 2;
}

static double percentile_us(double fraction) {
    uint64_t rank = (uint64_t)((double)requests * fraction);
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > rank) {
            return middle_of(i) / 1000;
        }
    }
    return 0;
}

/* -- what the server has used -- */

struct usage {
    uint64_t cpu_ns;
    int64_t voluntary, involuntary; /* context switches of the threads alive */
};

static clockid_t server_clock;
static const char *cpu_source;

/* The process's CPU clock counts nanoseconds of all threads, ended ones too; /proc/PID/stat counts clock ticks. */
static void choose_cpu_source(void) {
    struct timespec time;
    if (clock_getcpuclockid(options.server, &server_clock) == 0 && clock_gettime(server_clock, &time) == 0) {
        cpu_source = "process-clock";
    } else {
        cpu_source = "stat";
    }
}

static uint64_t cpu_from_stat(void) {
    char path[64];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)options.server);
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (length == 0) {
        die("%s", path);
    }
    fclose(file);
    text[length] = '\0';
    unsigned long user = 0;
    unsigned long system = 0;
    char *after_name = strrchr(text, ')');
    if (after_name == NULL
        || sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        die("%s is not understood", path);
    }
    return (user + system) * (SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void add_switches(const char *path, struct usage *usage) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return; /* the thread has ended */
    }
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        long long count;
        if (sscanf(line, "voluntary_ctxt_switches: %lld", &count) == 1) {
            usage->voluntary += count;
        } else if (sscanf(line, "nonvoluntary_ctxt_switches: %lld", &count) == 1) {
            usage->involuntary += count;
        }
    }
    fclose(file);
}

static struct usage server_usage(void) {
    struct usage usage = {0};
    if (options.server == 0) {
        return usage;
    }
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", (int)options.server);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        die("the server, process %d", (int)options.server);
    }
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)options.server, entry->d_name);
            add_switches(path, &usage);
        }
    }
    closedir(tasks);
    usage.cpu_ns = strcmp(cpu_source, "stat") == 0 ? cpu_from_stat() : now_ns(server_clock);
    return usage;
}

/* -- connections -- */

static void watch(int operation, struct stream *s, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = s};
    if (epoll_ctl(poller, operation, s->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static int connect_tcp(const struct addrinfo *target) {
    int fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    struct timeval timeout = {.tv_sec = STALL_SECONDS}; /* Linux: of connect too */
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
        || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0
        || connect(fd, target->ai_addr, target->ai_addrlen) != 0) {
        die("connect to %s", options.target);
    }
    return fd;
}

static int connect_unix(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(options.unix_path) >= sizeof address.sun_path) {
        die("the path is too long: %s", options.unix_path);
    }
    strcpy(address.sun_path, options.unix_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect to %s", options.unix_path);
    }
    return fd;
}

static struct stream *connect_all(void) {
    struct stream *streams = allocate(options.connections, sizeof *streams);
    uint64_t *started_ns = allocate((size_t)options.connections * options.in_flight, sizeof *started_ns);
    struct addrinfo *target = options.unix_path == NULL ? resolve(options.target, 0) : NULL;
    for (uint32_t i = 0; i < options.connections; i++) {
        struct stream *s = &streams[i];
        s->fd = target == NULL ? connect_unix() : connect_tcp(target);
        if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0) {
            die("fcntl");
        }
        s->phase = (uint32_t)((uint64_t)i * 7919 % PERIOD);
        s->started_ns = started_ns + (size_t)i * options.in_flight;
        watch(EPOLL_CTL_ADD, s, EPOLLIN);
    }
    if (target != NULL) {
        freeaddrinfo(target);
    }
    return streams;
}

static const char *expected_at(const struct stream *s, uint64_t position) {
    return pattern + (s->phase + position) % PERIOD;
}

/* Sends what is due; what the kernel does not take waits for EPOLLOUT. */
static void flush_stream(struct stream *s) {
    while (s->sent < s->due) {
        size_t length = s->due - s->sent < WINDOW ? (size_t)(s->due - s->sent) : WINDOW;
        ssize_t taken = send(s->fd, expected_at(s, s->sent), length, MSG_NOSIGNAL);
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

static void start_stream(struct stream *s) {
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < options.in_flight; i++) {
        s->started_ns[i] = now;
    }
    in_flight += options.in_flight;
    s->due = (uint64_t)options.in_flight * options.size;
    flush_stream(s);
}

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
        || memcmp(incoming, expected_at(s, s->received), (size_t)received) != 0) {
        errno = 0;
        die("the server sent something else than it was sent, after %llu bytes of a connection",
            (unsigned long long)s->received);
    }
    s->received += (size_t)received;
    uint64_t bytes = s->partial + (uint64_t)received;
    if (bytes < options.size) {
        s->partial = (uint32_t)bytes;
        return;
    }
    /* The message that came back and the one that takes its place share a slot, and one reading of the clock. */
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    uint32_t completed = 0;
    for (; bytes >= options.size; bytes -= options.size) {
        histogram[bucket_of(now - s->started_ns[s->oldest])]++;
        s->started_ns[s->oldest] = now;
        s->oldest = s->oldest + 1 == options.in_flight ? 0 : s->oldest + 1;
        completed++;
    }
    s->partial = (uint32_t)bytes;
    requests += completed;
    if (answering) {
        s->due += (uint64_t)completed * options.size;
        flush_stream(s);
    } else {
        in_flight -= completed;
    }
}

/* Serves connections until the time given, or until nothing is in flight. */
static void run_until(uint64_t deadline_ns) {
    static struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t active_ns = now_ns(CLOCK_MONOTONIC);
    while (in_flight > 0) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= deadline_ns) {
            return;
        }
        uint64_t left_ms = (deadline_ns - now) / 1000000 + 1;
        int ready = epoll_wait(poller, events, EVENTS_PER_WAIT, left_ms < 1000 ? (int)left_ms : 1000);
        if (ready < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        if (ready > 0) {
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

static void measure(void) {
    memset(histogram, 0, sizeof histogram);
    requests = 0;
    struct usage before = server_usage();
    uint64_t own_before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t start_ns = now_ns(CLOCK_MONOTONIC);
    run_until(start_ns + (uint64_t)(options.seconds * 1e9));
    double seconds = (double)(now_ns(CLOCK_MONOTONIC) - start_ns) / 1e9;
    uint64_t own_after = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    struct usage after = server_usage();
    if (requests == 0) {
        errno = 0;
        die("no message came back in %.1f s", seconds);
    }
    uint64_t measured = requests;
    double count = (double)measured;
    double p50 = percentile_us(0.5);
    double p99 = percentile_us(0.99);
    double p999 = percentile_us(0.999);

    answering = false;
    run_until(now_ns(CLOCK_MONOTONIC) + STALL_SECONDS * SECOND_NS);
    if (in_flight > 0) {
        errno = 0;
        die("%llu messages did not come back", (unsigned long long)in_flight);
    }

    printf("{\"connections\":%u,\"in_flight\":%u,\"size\":%u,\"seconds\":%.3f,\"requests\":%llu,\"rps\":%.0f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"load_cpu_us_per_request\":%.3f",
           options.connections, options.in_flight, options.size, seconds, (unsigned long long)measured,
           count / seconds, p50, p99, p999, (double)(own_after - own_before) / 1000 / count);
    if (options.server != 0) {
        double cpu_s = (double)(after.cpu_ns - before.cpu_ns) / 1e9;
        printf(",\"server_pid\":%d,\"cpu_source\":\"%s\",\"cpu_us_per_request\":%.3f,\"cpu_share\":%.3f,"
               "\"voluntary_switches_per_request\":%.4f,\"involuntary_switches_per_request\":%.4f",
               (int)options.server, cpu_source, cpu_s * 1e6 / count, cpu_s / seconds,
               (double)(after.voluntary - before.voluntary) / count,
               (double)(after.involuntary - before.involuntary) / count);
    }
    printf("}\n");
}

static double parse_seconds(const char *option, const char *text) {
    char *end = NULL;
    double value = text == NULL ? -1 : strtod(text, &end);
    if (text == NULL || end == text || *end != '\0' || !(value >= 0 && value <= 86400)) {
        errno = 0;
        die("%s wants seconds from 0 to 86400, not '%s'", option, text == NULL ? "" : text);
    }
    return value;
}

static void parse_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        if (option[0] != '-') {
            options.target = option;
            continue;
        }
        const char *value = argv[++i]; /* NULL at the end, which the parsers refuse */
        if (strcmp(option, "--connections") == 0) {
            options.connections = (uint32_t)parse_number(option, value, 1, 1u << 20);
        } else if (strcmp(option, "--in-flight") == 0) {
            options.in_flight = (uint32_t)parse_number(option, value, 1, 1u << 16);
        } else if (strcmp(option, "--size") == 0) {
            options.size = (uint32_t)parse_number(option, value, 1, 1u << 30);
        } else if (strcmp(option, "--warmup") == 0) {
            options.warmup_s = parse_seconds(option, value);
        } else if (strcmp(option, "--seconds") == 0) {
            options.seconds = parse_seconds(option, value);
        } else if (strcmp(option, "--server-pid") == 0) {
            options.server = (pid_t)parse_number(option, value, 1, INT32_MAX);
        } else if (strcmp(option, "--unix") == 0 && value != NULL) {
            options.unix_path = value;
        } else {
            die("unknown option %s", option);
        }
    }
    if ((options.target == NULL) == (options.unix_path == NULL)) {
        die("load HOST:PORT | --unix PATH [--connections N] [--in-flight K] [--size B] [--warmup S] [--seconds S] "
            "[--server-pid PID]");
    }
}

int main(int argc, char **argv) {
    parse_options(argc, argv);
    unsigned most = raise_descriptor_limit();
    if (options.connections + 16 > most) {
        die("%u connections need more descriptors than the %u allowed (ulimit -n)", options.connections, most);
    }
    if (options.server != 0) {
        choose_cpu_source();
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) {
        die("epoll_create1");
    }
    pattern = allocate(1, PERIOD + WINDOW);
    incoming = allocate(1, WINDOW);
    uint64_t random = 0x9E3779B97F4A7C15ull;
    for (uint32_t i = 0; i < PERIOD; i++) {
        random ^= random << 13; /* xorshift64 */
        random ^= random >> 7;
        random ^= random << 17;
        pattern[i] = (char)(random >> 32);
    }
    for (uint32_t i = PERIOD; i < PERIOD + WINDOW; i++) {
        pattern[i] = pattern[i - PERIOD];
    }
    struct stream *streams = connect_all();
    for (uint32_t i = 0; i < options.connections; i++) {
        start_stream(&streams[i]);
    }
    run_until(now_ns(CLOCK_MONOTONIC) + (uint64_t)(options.warmup_s * 1e9));
    measure();
    return 0;
}
