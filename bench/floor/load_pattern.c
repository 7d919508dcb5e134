/*
 * A connection is a stream of bytes out of one random pattern that repeats, each from its own offset, so what is
 * expected at any position is a slice of the pattern: sending copies nothing, and verifying is one memcmp a recv.
 *
 * Raw, the period is a prime, so that no message size divides it. Framed, it is a whole number of frames, each a length
 * of 4 bytes, the greatest first, and random content; a stream begins with a frame.
 */
#include "common.h"
#include "load.h"

#include <string.h>

#define RAW_PERIOD 65521u
#define LEAST_FRAMES 7u
#define LENGTH_BYTES 4u

static char *pattern; /* period + WINDOW bytes, so that a window may start anywhere in the period */
static uint64_t period;
static uint64_t step; /* between the offsets of two connections */

uint32_t message_bytes(void) {
    return options.framed ? options.size + LENGTH_BYTES : options.size;
}

static void fill(void) {
    uint64_t random = 0x9E3779B97F4A7C15ull;
    for (uint64_t i = 0; i < period; i++) {
        random ^= random << 13; /* xorshift64 */
        random ^= random >> 7;
        random ^= random << 17;
        pattern[i] = (char)(random >> 32);
    }
}

void make_pattern(void) {
    uint64_t frames = RAW_PERIOD / message_bytes() > LEAST_FRAMES ? RAW_PERIOD / message_bytes() : LEAST_FRAMES;
    period = options.framed ? frames * message_bytes() : RAW_PERIOD;
    step = options.framed ? message_bytes() : 7919;
    pattern = allocate(1, period + WINDOW);
    fill();
    for (uint64_t at = 0; options.framed && at < period; at += message_bytes()) {
        for (unsigned i = 0; i < LENGTH_BYTES; i++) {
            pattern[at + i] = (char)(options.size >> (8 * (LENGTH_BYTES - 1 - i)));
        }
    }
    for (uint64_t i = 0; i < WINDOW; i++) {
        pattern[period + i] = pattern[i]; /* from what has been copied, where the window is longer than the period */
    }
}

const char *expected_at(uint32_t connection, uint64_t position) {
    return pattern + (connection * step + position) % period;
}
