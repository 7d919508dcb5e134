/*
 * HTTP/1.1: a GET as a browser's script sends it, again and again. The first connection asks once before anything else;
 * its answer is what all others are compared with, byte for byte but for the value of the header Date.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"

#include <stdlib.h>
#include <string.h>

#define MOST_HEAD 16384u
#define MOST_ANSWER (64u << 20)

struct answer {
    uint64_t at; /* in the expected answer, of the byte that comes next */
};

static struct {
    char *bytes;
    uint64_t length;
    uint64_t any_from, any_until; /* what may differ */
} expected;

static void make_get(void) {
    char request[MOST_HEAD];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: text/plain, */*\r\n\r\n",
                          options.path, options.target);
    if (length < 0 || (size_t)length >= sizeof request) {
        die("the path is too long");
    }
    /* As many as are in flight, so that a batch leaves by one system call. */
    reserve_requests(options.in_flight, (size_t)length);
    for (uint32_t i = 0; i < options.in_flight; i++) {
        add_request(request, (uint32_t)length);
    }
}

static uint64_t body_length(const char *head) {
    size_t length;
    const char *text = header_value(head, "content-length", &length);
    if (text == NULL || header_value(head, "transfer-encoding", &length) != NULL) {
        die_of_wrong_answer("it must have a Content-Length");
    }
    uint64_t body = strtoull(text, NULL, 10);
    if (body > MOST_ANSWER) {
        die_of_wrong_answer("it is too long");
    }
    return body;
}

static void learn(struct wire *wire) {
    char head[MOST_HEAD];
    if (wire_send(wire, requests_sent.bytes, requests_sent.lengths[0]) != requests_sent.lengths[0]) {
        die("send");
    }
    receive_head(wire, head, sizeof head);
    if (strncmp(head, "HTTP/1.1 200 ", 13) != 0) {
        head[strcspn(head, "\r\n")] = '\0';
        die_of_wrong_answer(head);
    }
    size_t head_length = strlen(head);
    expected.length = head_length + body_length(head);
    expected.bytes = allocate(1, expected.length);
    memcpy(expected.bytes, head, head_length);
    for (uint64_t at = head_length; at < expected.length;) {
        size_t received = wire_receive(wire, expected.bytes + at, expected.length - at);
        if (received == 0) {
            die_of_wrong_answer("it is shorter than its Content-Length");
        }
        at += received;
    }
    size_t date_length;
    const char *date = header_value(head, "date", &date_length);
    if (date != NULL) {
        expected.any_from = (uint64_t)(date - head);
        expected.any_until = expected.any_from + date_length;
    }
    if (options.body != NULL
        && (expected.length - head_length != strlen(options.body)
            || memcmp(expected.bytes + head_length, options.body, strlen(options.body)) != 0)) {
        die_of_wrong_answer("its body is not the one asked for by --body");
    }
}

static struct answer *open_http(struct wire *wire, uint32_t first) {
    (void)first;
    if (expected.bytes == NULL) {
        learn(wire);
    }
    return allocate(1, sizeof(struct answer));
}

static bool matches(const char *bytes, uint64_t from, uint64_t until) {
    return from >= until || memcmp(bytes, expected.bytes + from, until - from) == 0;
}

/* Whether the bytes are what an answer has from there on; they do not reach beyond its end. */
static bool is_right(const char *bytes, uint64_t from, size_t length) {
    uint64_t until = from + length;
    uint64_t before = until < expected.any_from ? until : expected.any_from;
    uint64_t behind = from > expected.any_until ? from : expected.any_until;
    return matches(bytes, from, before) && matches(bytes + (behind - from), behind, until);
}

static uint32_t take(struct answer *answer, const char *bytes, size_t length) {
    uint32_t completed = 0;
    while (length > 0) {
        uint64_t left = expected.length - answer->at;
        size_t part = length < left ? length : left;
        if (!is_right(bytes, answer->at, part)) {
            die_of_wrong_answer("it differs from the first");
        }
        bytes += part;
        length -= part;
        answer->at += part;
        if (answer->at == expected.length) {
            answer->at = 0;
            completed++;
        }
    }
    return completed;
}

static void tell(void) {
    printf(",\"answer_bytes\":%llu", (unsigned long long)expected.length);
}

const struct protocol_functions http_functions = {make_get, open_http, take, tell};
