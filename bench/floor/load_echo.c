/* The protocol of an echo over TLS: messages of random bytes, which come back as they are. */
#include "common.h"
#include "load.h"
#include "load_exchange.h"

#include <string.h>

struct answer {
    uint64_t at;      /* in the requests, of the byte that comes next */
    uint32_t partial; /* bytes of the message that is coming in */
};

static void make_messages(void) {
    uint32_t count = messages_of(options.size);
    reserve_requests(count, options.size);
    for (uint32_t i = 0; i < count; i++) {
        char *message = allocate(1, options.size);
        for (uint32_t at = 0; at < options.size; at += WINDOW) {
            uint32_t left = options.size - at;
            memcpy(message + at, expected_at(i, at), left < WINDOW ? left : WINDOW);
        }
        add_request(message, options.size);
    }
}

static struct answer *open_echo(struct wire *wire, uint32_t first) {
    (void)wire;
    struct answer *answer = allocate(1, sizeof *answer);
    answer->at = (uint64_t)first * options.size;
    return answer;
}

static uint32_t take(struct answer *answer, const char *bytes, size_t length) {
    uint64_t whole = answer->partial + length;
    for (size_t done = 0; done < length;) {
        uint64_t to_the_end = requests_sent.length - answer->at;
        size_t part = length - done < to_the_end ? length - done : to_the_end;
        if (memcmp(bytes + done, requests_sent.bytes + answer->at, part) != 0) {
            die_of_wrong_answer("these are other bytes than were sent");
        }
        done += part;
        answer->at = part == to_the_end ? 0 : answer->at + part;
    }
    answer->partial = (uint32_t)(whole % options.size);
    return (uint32_t)(whole / options.size);
}

static void tell(void) {
    /* What there is to tell is told of the wire. */
}

const struct protocol_functions echo_functions = {make_messages, open_echo, take, tell};
