/* A closed loop of any kind: what has come back is answered at once, and the generator sleeps when nothing has. */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#define EVENTS_PER_WAIT 1024

void watch_in(const struct closed_loop *loop, int operation, int fd, void *who, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = who};
    if (epoll_ctl(loop->poller, operation, fd, &event) != 0) {
        die("epoll_ctl");
    }
}

/* Until the time given, or until nothing is in flight. */
static void run_until(struct closed_loop *loop, uint64_t deadline_ns) {
    static struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t active_ns = now_ns(CLOCK_MONOTONIC);
    while (loop->in_flight > 0) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= deadline_ns) {
            return;
        }
        uint64_t left_ms = (deadline_ns - now) / 1000000 + 1;
        int ready = epoll_wait(loop->poller, events, EVENTS_PER_WAIT, left_ms < 1000 ? (int)left_ms : 1000);
        if (ready < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        if (ready > 0) {
            active_ns = now;
        } else if (now - active_ns > STALL_SECONDS * SECOND_NS) {
            errno = 0;
            die("nothing came back for %d s, %llu messages are in flight", STALL_SECONDS,
                (unsigned long long)loop->in_flight);
        }
        for (int i = 0; i < ready; i++) {
            loop->ready(events[i].data.ptr, events[i].events);
        }
    }
}

void run_closed(struct closed_loop *loop) {
    loop->sending = true;
    loop->start();
    run_until(loop, now_ns(CLOCK_MONOTONIC) + (uint64_t)(options.warmup_s * 1e9));
    run_until(loop, open_window() + (uint64_t)(options.seconds * 1e9));
    close_window();
    loop->sending = false;
    run_until(loop, now_ns(CLOCK_MONOTONIC) + STALL_SECONDS * SECOND_NS);
    if (loop->in_flight > 0) {
        errno = 0;
        die("%llu messages did not come back", (unsigned long long)loop->in_flight);
    }
    print_report();
}
