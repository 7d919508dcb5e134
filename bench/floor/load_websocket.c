/*
 * WebSocket (RFC 6455): messages that look like JSON, masked, which come back unmasked, however they are fragmented. With
 * --deflate each is compressed on its own, as a client may always do (RFC 7692, 7.1.1); what comes back is inflated with
 * the window of all before, so the server may use its context or not.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"

#include <errno.h>
#include <string.h>

#ifdef WITH_ZLIB
#include <zlib.h>
#endif

#define MOST_HEAD 16384u
#define MOST_HEADER 14u  /* of a frame, its mask included */
#define MOST_CONTROL 125u
#define PLAIN_PART 65536u
#define WINDOW_BITS 15
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* to the key below, which is the RFC's example */

enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
enum bits { FIN = 0x80, RSV1 = 0x40, OTHER_RSV = 0x30, OPCODE = 0x0F, MASKED = 0x80, LENGTH = 0x7F };

struct answer {
    unsigned char header[MOST_HEADER];
    uint32_t header_got;
    uint32_t header_wanted;
    uint64_t payload_left; /* of the frame */
    bool in_message;       /* a fragment has come, and the last one has not */
    bool compressed;       /* that message */
    uint32_t expected;     /* which message it is to be */
    uint64_t message_at;   /* bytes of it that have come, inflated */
    void *inflater;        /* or NULL */
};

static char *plain; /* the messages as they are, one after the other */
static char extensions[256];

static uint64_t next_random(void) {
    static uint64_t random = 0x9E3779B97F4A7C15ull;
    random ^= random << 13; /* xorshift64 */
    random ^= random >> 7;
    random ^= random << 17;
    return random;
}

/* Records of an exchange, cut where the message is full. */
static void write_message(char *message, uint32_t size) {
    static const char *const sides[] = {"buy", "sell"};
    static const char *const symbols[] = {"HAWS", "ANCHR", "KEEL", "FATHM"};
    for (uint32_t at = 0; at < size;) {
        uint64_t random = next_random();
        char record[128];
        int length = snprintf(record, sizeof record,
                              "{\"id\":%u,\"symbol\":\"%s\",\"side\":\"%s\",\"price\":%u.%02u,\"quantity\":%u}",
                              (unsigned)(random % 1000000), symbols[random >> 20 & 3], sides[random >> 22 & 1],
                              (unsigned)(random >> 24 & 1023), (unsigned)(random >> 34) % 100,
                              (unsigned)(random >> 44) % 1000);
        uint32_t part = (uint32_t)length < size - at ? (uint32_t)length : size - at;
        memcpy(message + at, record, part);
        at += part;
    }
}

/* -- compression -- */

#ifdef WITH_ZLIB
static const char tail[] = {0, 0, (char)0xff, (char)0xff}; /* that the sender leaves out of each message */

static uint32_t compress_message(const char *message, uint32_t size, char *compressed, size_t room) {
    static z_stream deflater;
    if (deflater.state == NULL && deflateInit2(&deflater, 6, Z_DEFLATED, -WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        die("deflateInit2");
    }
    deflateReset(&deflater);
    deflater.next_in = (Bytef *)message;
    deflater.avail_in = size;
    deflater.next_out = (Bytef *)compressed;
    deflater.avail_out = (uInt)room;
    if (deflate(&deflater, Z_SYNC_FLUSH) != Z_OK || deflater.avail_in != 0 || deflater.avail_out == 0) {
        die("deflate");
    }
    return (uint32_t)(room - deflater.avail_out - sizeof tail);
}

static void *new_inflater(void) {
    z_stream *inflater = allocate(1, sizeof *inflater);
    if (inflateInit2(inflater, -WINDOW_BITS) != Z_OK) {
        die("inflateInit2");
    }
    return inflater;
}
#else
static uint32_t compress_message(const char *message, uint32_t size, char *compressed, size_t room) {
    (void)message, (void)size, (void)compressed, (void)room;
    errno = 0;
    die("--deflate needs zlib, which this was built without: install zlib1g-dev, and build again");
}

static void *new_inflater(void) {
    return NULL;
}
#endif

/* -- requests -- */

static uint32_t put_header(unsigned char *header, uint32_t payload, const unsigned char *mask) {
    uint32_t at = 0;
    header[at++] = (unsigned char)(FIN | (options.deflate ? RSV1 : 0) | (options.text ? TEXT : BINARY));
    unsigned length_bytes = payload < 126 ? 0 : payload < 65536 ? 2 : 8;
    header[at++] = (unsigned char)(MASKED | (length_bytes == 0 ? payload : length_bytes == 2 ? 126 : 127));
    for (unsigned i = length_bytes; i > 0; i--) {
        header[at++] = (unsigned char)((uint64_t)payload >> (8 * (i - 1)));
    }
    memcpy(header + at, mask, 4);
    return at + 4;
}

static void make_messages(void) {
    uint32_t count = messages_of(options.size);
    size_t room = MOST_HEADER + options.size + options.size / 1000 + 64; /* more than what does not compress needs */
    plain = allocate(count, options.size);
    char *frame = allocate(1, room);
    char *payload = allocate(1, room);
    reserve_requests(count, room);
    for (uint32_t i = 0; i < count; i++) {
        char *message = plain + (size_t)i * options.size;
        write_message(message, options.size);
        uint32_t length = options.size;
        if (options.deflate) {
            length = compress_message(message, options.size, payload, room - MOST_HEADER);
        } else {
            memcpy(payload, message, options.size);
        }
        uint64_t random = next_random();
        unsigned char mask[4];
        memcpy(mask, &random, sizeof mask);
        uint32_t at = put_header((unsigned char *)frame, length, mask);
        for (uint32_t k = 0; k < length; k++) {
            frame[at + k] = (char)((unsigned char)payload[k] ^ mask[k % 4]);
        }
        add_request(frame, at + length);
    }
}

static void require_header(const char *head, const char *name, const char *wanted, bool whole) {
    size_t length;
    const char *value = header_value(head, name, &length);
    if (value == NULL || length < strlen(wanted) || (whole && length != strlen(wanted))
        || strncasecmp(value, wanted, strlen(wanted)) != 0) {
        errno = 0;
        die("the server did not agree to WebSocket: its %s is '%.*s', not '%s'", name, value == NULL ? 0 : (int)length,
            value == NULL ? "" : value, wanted);
    }
}

static struct answer *open_websocket(struct wire *wire, uint32_t first) {
    char head[MOST_HEAD];
    int length = snprintf(head, sizeof head,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                          options.path, options.target,
                          options.deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
    if (length < 0 || (size_t)length >= sizeof head || wire_send(wire, head, (size_t)length) != (size_t)length) {
        die("send");
    }
    receive_head(wire, head, sizeof head);
    if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) {
        head[strcspn(head, "\r\n")] = '\0';
        errno = 0;
        die("the server did not agree to WebSocket: %s", head);
    }
    require_header(head, "sec-websocket-accept", ACCEPT, true);
    if (options.deflate) {
        require_header(head, "sec-websocket-extensions", "permessage-deflate", false);
        size_t agreed;
        const char *text = header_value(head, "sec-websocket-extensions", &agreed);
        snprintf(extensions, sizeof extensions, "%.*s", (int)agreed, text);
    }
    struct answer *answer = allocate(1, sizeof *answer);
    answer->header_wanted = 2;
    answer->expected = first;
    answer->inflater = options.deflate ? new_inflater() : NULL;
    return answer;
}

/* -- answers -- */

static void take_plain(struct answer *answer, const char *bytes, size_t length) {
    if (length > options.size - answer->message_at
        || memcmp(bytes, plain + (uint64_t)answer->expected * options.size + answer->message_at, length) != 0) {
        die_of_wrong_answer("it is not the message that was sent");
    }
    answer->message_at += length;
}

#ifdef WITH_ZLIB
static void take_compressed(struct answer *answer, const char *bytes, size_t length) {
    static char part[PLAIN_PART];
    z_stream *inflater = answer->inflater;
    inflater->next_in = (Bytef *)bytes;
    inflater->avail_in = (uInt)length;
    do {
        inflater->next_out = (Bytef *)part;
        inflater->avail_out = sizeof part;
        int status = inflate(inflater, Z_SYNC_FLUSH);
        if (status != Z_OK && status != Z_BUF_ERROR) {
            die_of_wrong_answer("it cannot be inflated");
        }
        take_plain(answer, part, sizeof part - inflater->avail_out);
    } while (inflater->avail_out == 0);
}

static void end_compressed(struct answer *answer) {
    take_compressed(answer, tail, sizeof tail);
}
#else
static void take_compressed(struct answer *answer, const char *bytes, size_t length) {
    (void)answer, (void)bytes, (void)length;
}

static void end_compressed(struct answer *answer) {
    (void)answer;
}
#endif

static bool is_control(const struct answer *answer) {
    return (answer->header[0] & OPCODE) >= CLOSE;
}

static void begin_message(struct answer *answer) {
    unsigned first = answer->header[0];
    bool continues = (first & OPCODE) == CONTINUATION;
    if (continues != answer->in_message || (continues && (first & RSV1))) {
        die_of_wrong_answer("its fragments do not follow each other");
    }
    if (!continues) {
        if ((first & OPCODE) != (options.text ? TEXT : BINARY)) {
            die_of_wrong_answer("it is not of the kind that was sent");
        }
        answer->compressed = (first & RSV1) != 0;
        if (answer->compressed != options.deflate) {
            die_of_wrong_answer(options.deflate ? "it is not compressed" : "it is compressed");
        }
    }
    answer->in_message = true;
}

/* The header is whole. */
static void begin_frame(struct answer *answer) {
    unsigned length = answer->header[1] & LENGTH;
    answer->payload_left = length < 126 ? length : 0;
    for (uint32_t i = 2; i < answer->header_wanted; i++) {
        answer->payload_left = answer->payload_left << 8 | answer->header[i];
    }
    if ((answer->header[0] & OTHER_RSV) || (answer->header[1] & MASKED)) {
        die_of_wrong_answer("a server's frame has no mask, and no bits that were not agreed on");
    }
    if (!is_control(answer)) {
        begin_message(answer);
    } else if ((answer->header[0] & OPCODE) == CLOSE || answer->payload_left > MOST_CONTROL) {
        die_of_wrong_answer("it closes the connection");
    }
}

/* The payload is whole. Returns whether a message is. */
static bool end_frame(struct answer *answer) {
    answer->header_got = 0;
    answer->header_wanted = 2;
    if (is_control(answer) || !(answer->header[0] & FIN)) {
        return false;
    }
    if (answer->compressed) {
        end_compressed(answer);
    }
    if (answer->message_at != options.size) {
        die_of_wrong_answer("it is shorter than the message that was sent");
    }
    answer->message_at = 0;
    answer->in_message = false;
    answer->expected = answer->expected + 1 == requests_sent.count ? 0 : answer->expected + 1;
    return true;
}

/* Takes a byte of the header. Returns whether it is whole. */
static bool take_header(struct answer *answer, char byte) {
    answer->header[answer->header_got++] = (unsigned char)byte;
    if (answer->header_got == 2) {
        unsigned length = answer->header[1] & LENGTH;
        answer->header_wanted = length == 126 ? 4 : length == 127 ? 10 : 2;
    }
    if (answer->header_got < answer->header_wanted) {
        return false;
    }
    begin_frame(answer);
    return true;
}

static uint32_t take(struct answer *answer, const char *bytes, size_t length) {
    uint32_t completed = 0;
    const char *end = bytes + length;
    while (bytes < end) {
        if (answer->header_got < answer->header_wanted) {
            if (!take_header(answer, *bytes++)) {
                continue;
            }
        } else {
            size_t part = (size_t)(end - bytes) < answer->payload_left ? (size_t)(end - bytes) : answer->payload_left;
            if (is_control(answer)) {
                /* A ping or a pong, which a test of seconds need not answer. */
            } else if (answer->compressed) {
                take_compressed(answer, bytes, part);
            } else {
                take_plain(answer, bytes, part);
            }
            bytes += part;
            answer->payload_left -= part;
        }
        if (answer->payload_left == 0 && end_frame(answer)) {
            completed++;
        }
    }
    return completed;
}

static void tell(void) {
    printf(",\"message_bytes\":%.1f", (double)requests_sent.length / requests_sent.count);
    if (options.deflate) {
        for (char *c = extensions; *c != '\0'; c++) {
            *c = *c == '"' || *c == '\\' ? '\'' : *c;
        }
        printf(",\"extensions\":\"%s\"", extensions);
    }
}

const struct protocol_functions websocket_functions = {make_messages, open_websocket, take, tell};
