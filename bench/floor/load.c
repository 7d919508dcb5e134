/*
 * The load generator, with one thread: sends messages to a server, verifies every byte that comes back, and measures.
 *
 *     load TARGET [--connections N] [--in-flight K] [--size B] [--framed] [--rate R] [--warmup S] [--seconds S]
 *          [--server-pid PID] [--hgrm FILE] [--counter FILE] [--timeout S]
 *     load TARGET --idle [--connections N] [--size B] [--framed]
 *     load http://HOST:PORT/PATH [--batch] [--body TEXT] ...
 *     load ws://HOST:PORT/PATH [--size B] [--deflate] [--text] ...
 *     load tls://HOST:PORT [--size B] [--ca FILE] [--handshakes] ...
 *     load --can
 *
 *     TARGET        HOST:PORT, tcp://HOST:PORT, unix:///PATH or udp://HOST:PORT echo; tls:// echoes, too. http:// answers
 *                   a GET, ws:// echoes messages; https:// and wss:// do so over TLS
 *     --framed      each message has its length before it, 4 bytes, the greatest first; --size is without them
 *     --rate        open loop: so many messages a second, at their times, whatever comes back (streams only)
 *     --hgrm        writes the latencies, in us, as HdrHistogram's text of percentiles
 *     --counter     keeps the number of messages that came back since the start in a file of 8 bytes
 *     --timeout     udp: after which a datagram is lost (1 s)
 *     --idle        echoes once on each connection, prints a line, and holds them until stdin ends
 *     --batch       the next requests leave when all that are in flight have been answered, not one for one
 *     --body        http: what the body of each answer must be
 *     --deflate     ws: asks for permessage-deflate, and takes only what is compressed
 *     --text        ws: text, where else it is binary
 *     --ca          tls: certificates, PEM, of which one must vouch for the server's
 *     --handshakes  tls: a connection and a full handshake for each message
 *     --can         says what of "tls" and "deflate" it was built with, and ends
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

static const struct scheme {
    const char *prefix;
    enum protocol protocol;
    bool udp, tls;
} schemes[] = {{"tcp://", ECHO, false, false},       {"udp://", ECHO, true, false},
               {"tls://", ECHO, false, true},        {"http://", HTTP, false, false},
               {"https://", HTTP, false, true},      {"ws://", WEBSOCKET, false, false},
               {"wss://", WEBSOCKET, false, true}};

/* Takes HOST:PORT/PATH apart, of which the former ends at its first slash. */
static void parse_host_and_path(const char *text) {
    const char *slash = strchr(text, '/');
    size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
    char *target = allocate(1, length + 1);
    memcpy(target, text, length);
    options.target = target;
    options.path = slash == NULL ? "/" : slash;
}

static void parse_target(const char *text) {
    if (strncmp(text, "unix://", 7) == 0) {
        options.unix_path = text + 7;
        return;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0) {
            options.protocol = schemes[i].protocol;
            options.udp = schemes[i].udp;
            options.tls = schemes[i].tls;
            text += strlen(schemes[i].prefix);
            break;
        }
    }
    parse_host_and_path(text);
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
    } else if (strcmp(option, "--body") == 0 && value != NULL) {
        options.body = value;
    } else if (strcmp(option, "--ca") == 0 && value != NULL) {
        options.authority = value;
    } else if (strcmp(option, "--counter") == 0 && value != NULL) {
        count_in(value);
    } else {
        die("unknown option %s", option);
    }
}

static bool *flag_of(const char *option) {
    static const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--framed", &options.framed}, {"--idle", &options.idle},       {"--handshakes", &options.handshakes},
                 {"--deflate", &options.deflate}, {"--text", &options.text},     {"--batch", &options.batch}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(option, flags[i].name) == 0) {
            return flags[i].flag;
        }
    }
    return NULL;
}

/* Whether a request is answered by something of its own kind, rather than by the bytes as they come. */
static bool exchanges(void) {
    return options.protocol != ECHO || options.tls;
}

static void refuse_what_does_not_fit(void) {
    if (options.udp && (options.framed || options.rate > 0 || options.idle)) {
        die("--framed, --rate and --idle are for streams");
    }
    if (exchanges() && (options.framed || options.rate > 0 || options.idle)) {
        die("--framed, --rate and --idle are for an echo over TCP");
    }
    if ((options.batch && !exchanges()) || (options.body != NULL && options.protocol != HTTP)) {
        die("--batch and --body are for http://");
    }
    if ((options.deflate || options.text) && options.protocol != WEBSOCKET) {
        die("--deflate and --text are for ws://");
    }
    if ((options.handshakes && (!options.tls || options.protocol != ECHO)) || (options.authority != NULL && !options.tls)) {
        die("--handshakes is for tls://, and --ca for that, https:// and wss://");
    }
    if (options.framed && options.size > MOST_FRAMED) {
        die("a frame has %u bytes at most", MOST_FRAMED);
    }
}

static void parse_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            parse_target(argv[i]);
        } else if (strcmp(argv[i], "--can") == 0) {
            print_abilities();
            exit(0);
        } else if (flag_of(argv[i]) != NULL) {
            *flag_of(argv[i]) = true;
        } else {
            parse_valued(argv[i], argv[i + 1]); /* NULL at the end, which the parsers refuse */
            i++;
        }
    }
    if ((options.target == NULL) == (options.unix_path == NULL)) {
        die("one target is wanted: load HOST:PORT | unix:///PATH | udp:// | http:// | ws:// | tls://HOST:PORT [--connections N] [--in-flight K] "
            "[--size B] [--framed] [--rate R] [--idle] [--warmup S] [--seconds S] [--server-pid PID] [--hgrm FILE]");
    }
    refuse_what_does_not_fit();
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
    } else if (options.handshakes) {
        load_handshakes();
    } else if (exchanges()) {
        load_exchanges();
    } else {
        load_streams();
    }
    return 0;
}
