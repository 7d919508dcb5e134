/*
 * The load generator, with one thread: sends messages to an echo server, verifies every byte that comes back, and
 * measures.
 *
 *     load TARGET [--connections N] [--in-flight K] [--size B] [--framed] [--rate R] [--warmup S] [--seconds S]
 *          [--server-pid PID] [--hgrm FILE] [--counter FILE] [--timeout S]
 *     load TARGET --idle [--connections N] [--size B] [--framed]
 *
 *     TARGET        HOST:PORT, tcp://HOST:PORT, unix:///PATH or udp://HOST:PORT
 *     --framed      each message has its length before it, 4 bytes, the greatest first; --size is without them
 *     --rate        open loop: so many messages a second, at their times, whatever comes back (streams only)
 *     --hgrm        writes the latencies, in us, as HdrHistogram's text of percentiles
 *     --counter     keeps the number of messages that came back since the start in a file of 8 bytes
 *     --timeout     udp: after which a datagram is lost (1 s)
 *     --idle        echoes once on each connection, prints a line, and holds them until stdin ends
 *
 * After the warm-up it measures for the given seconds, then lets what is in flight come home, and prints one line of
 * JSON. It exits with 1 and a message if a byte is wrong, a connection breaks, or nothing comes back for STALL_SECONDS.
 */
#include "common.h"
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FRAMED (1u << 24)

struct options options = {.connections = 1, .in_flight = 1, .size = 1024, .timeout_s = 1, .warmup_s = 1, .seconds = 4};

static double parse_real(const char *option, const char *text, double most) {
    char *end = NULL;
    double value = text == NULL ? -1 : strtod(text, &end);
    if (text == NULL || end == text || *end != '\0' || !(value >= 0 && value <= most)) {
        errno = 0;
        die("%s wants a number from 0 to %.0f, not '%s'", option, most, text == NULL ? "" : text);
    }
    return value;
}

static void parse_target(const char *text) {
    if (strncmp(text, "unix://", 7) == 0) {
        options.unix_path = text + 7;
    } else {
        options.udp = strncmp(text, "udp://", 6) == 0;
        options.target = options.udp || strncmp(text, "tcp://", 6) == 0 ? text + 6 : text;
    }
}

static void parse_valued(const char *option, const char *value) {
    if (strcmp(option, "--connections") == 0) {
        options.connections = (uint32_t)parse_number(option, value, 1, 1u << 20);
    } else if (strcmp(option, "--in-flight") == 0) {
        options.in_flight = (uint32_t)parse_number(option, value, 1, 1u << 16);
    } else if (strcmp(option, "--size") == 0) {
        options.size = (uint32_t)parse_number(option, value, 1, 1u << 30);
    } else if (strcmp(option, "--rate") == 0) {
        options.rate = (double)parse_number(option, value, 1, 100000000);
    } else if (strcmp(option, "--warmup") == 0) {
        options.warmup_s = parse_real(option, value, 86400);
    } else if (strcmp(option, "--seconds") == 0) {
        options.seconds = parse_real(option, value, 86400);
    } else if (strcmp(option, "--timeout") == 0) {
        options.timeout_s = parse_real(option, value, 60);
    } else if (strcmp(option, "--server-pid") == 0) {
        options.server = (pid_t)parse_number(option, value, 1, INT32_MAX);
    } else if (strcmp(option, "--hgrm") == 0 && value != NULL) {
        options.hgrm = value;
    } else if (strcmp(option, "--counter") == 0 && value != NULL) {
        count_in(value);
    } else {
        die("unknown option %s", option);
    }
}

static void parse_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            parse_target(argv[i]);
        } else if (strcmp(argv[i], "--framed") == 0) {
            options.framed = true;
        } else if (strcmp(argv[i], "--idle") == 0) {
            options.idle = true;
        } else {
            parse_valued(argv[i], argv[i + 1]); /* NULL at the end, which the parsers refuse */
            i++;
        }
    }
    if ((options.target == NULL) == (options.unix_path == NULL)) {
        die("one target is wanted: load HOST:PORT | unix:///PATH | udp://HOST:PORT [--connections N] [--in-flight K] "
            "[--size B] [--framed] [--rate R] [--idle] [--warmup S] [--seconds S] [--server-pid PID] [--hgrm FILE]");
    }
    if (options.udp && (options.framed || options.rate > 0 || options.idle)) {
        die("--framed, --rate and --idle are for streams");
    }
    if (options.framed && options.size > MOST_FRAMED) {
        die("a frame has %u bytes at most", MOST_FRAMED);
    }
}

int main(int argc, char **argv) {
    parse_options(argc, argv);
    make_pattern();
    if (options.idle) {
        hold_idle();
    }
    unsigned most = raise_descriptor_limit();
    if (options.connections + 16 > most) {
        errno = 0;
        die("%u connections need more descriptors than the %u allowed (ulimit -n)", options.connections, most);
    }
    if (options.server != 0) {
        choose_cpu_source();
    }
    latencies = new_histogram();
    if (options.udp) {
        load_datagrams();
    } else {
        load_streams();
    }
    return 0;
}
