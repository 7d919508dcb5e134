/* What the parts of the load generator share; each part is one file, load_PART.c. */
#ifndef FLOOR_LOAD_H
#define FLOOR_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct addrinfo;

#define STALL_SECONDS 10
#define SECOND_NS 1000000000ull

/* -- load.c: what was asked for -- */

enum protocol { ECHO, HTTP, WEBSOCKET };

struct options {
    const char *target;    /* HOST:PORT, or NULL for a unix socket */
    const char *path;      /* of HTTP and WebSocket */
    const char *body;      /* HTTP: of each answer, or NULL for any */
    const char *authority; /* TLS: a file of certificates that the server's must stem from, or NULL for any */
    const char *unix_path; /* or NULL */
    const char *hgrm;      /* where the distribution goes, or NULL */
    enum protocol protocol;
    bool udp, framed, idle;
    bool tls, handshakes;
    bool deflate, text; /* WebSocket */
    bool batch;         /* the next requests leave when all in flight have been answered */
    uint32_t connections, in_flight, size;
    double rate; /* messages a second over all connections, 0 for a closed loop */
    double timeout_s, warmup_s, seconds;
    pid_t server;
};

extern struct options options;

/* -- load_pattern.c: the bytes that are sent -- */

#define WINDOW (256u * 1024) /* most bytes of one recv or send on a stream */

/* Makes the pattern; message_bytes() is right from here on. */
void make_pattern(void);

/* Bytes of a message on the wire: its size, and the length before it when framed. */
uint32_t message_bytes(void);

/* Where the bytes begin that connection number sends and expects at the position; WINDOW of them may be read. */
const char *expected_at(uint32_t connection, uint64_t position);

/* -- load_histogram.c: HdrHistogram's layout with three significant digits, so an error of 0.1% at most -- */

struct histogram;

struct histogram *new_histogram(void);
void clear_histogram(struct histogram *histogram);
void record(struct histogram *histogram, uint64_t value);
uint64_t count_of(const struct histogram *histogram);

/* The value that the fraction of all is not above, in the unit that was recorded. */
uint64_t value_at(const struct histogram *histogram, double fraction);
uint64_t greatest_of(const struct histogram *histogram);

/* Writes HdrHistogram's text of percentiles, values divided by 1000, which its plotters read. */
void write_hgrm(const struct histogram *histogram, const char *path);

/* -- load_window.c: the time that is measured, what the server uses in it, and the report -- */

uint64_t now_ns(int clock);

/* Latencies, in ns, of the messages that count. */
extern struct histogram *latencies;

/* Messages that came back in the window. */
extern uint64_t requests;

/* Keeps the number of all messages that came back since the start in the file, as 8 bytes, for others to map or read. */
void count_in(const char *path);

/* Notes that so many messages came back. */
void came_back(uint64_t messages);

/* Chooses how the server's CPU time is read. Before open_window. */
void choose_cpu_source(void);

/* The measured time begins: forgets what has been counted, and reads the clocks. Returns the time. */
uint64_t open_window(void);

/* The measured time ends: reads the clocks. Dies if nothing came back in it. */
void close_window(void);

/* Prints the line of JSON but for its closing brace, so that others can add to it. */
void print_report(void);

/* -- the ways of loading; each runs to its end -- */

void load_streams(void); /* load_stream.c */
void load_datagrams(void); /* load_udp.c */
void load_exchanges(void); /* load_exchange.c */
void load_handshakes(void); /* load_handshake.c */
_Noreturn void hold_idle(void); /* load_idle.c */

/* What of the above this program was built with, as words: "tls", "deflate". */
void print_abilities(void);

/* A connected socket, blocking, whose connect and sends time out; from the source address unless that is NULL. A NULL target is the unix path. */
int connect_stream(const struct addrinfo *target, const char *source);

#endif
