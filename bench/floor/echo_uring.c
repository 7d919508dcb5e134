/*
 * The floor for io_uring: an echo server with one thread and one system call a turn, which submits what the last turn
 * prepared and waits for completions.
 *
 * Multishot accept into direct descriptors, one multishot recv a connection into a ring of provided buffers, one send a
 * received buffer, which goes back to the ring when its send is complete. Buffers of a connection are sent in the order
 * they came, one at a time. Needs Linux 6.1 (DEFER_TASKRUN).
 *
 * What ends a multishot early is not an error: it is armed again, at once after a full completion queue, and when
 * buffers are back after ENOBUFS. A connection whose peer does not read is not read from while QUEUE_LIMIT buffers wait;
 * until the recv is cancelled it may take some 50, so N such peers want --buffers of more than 50 N.
 *
 *     echo_uring [ADDRESS] [--buffer BYTES] [--buffers N] [--plain-descriptors]
 *                                              ADDRESS is tcp://127.0.0.1:0 unless given
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IORING_SETUP_DEFER_TASKRUN
#error "the kernel headers of Linux 6.1 or later are needed (linux-libc-dev, kernel-headers)"
#endif

#define SQ_ENTRIES 1024
#define CQ_ENTRIES 4096
#define BUFFER_GROUP 0
#define QUEUE_LIMIT 16
#define MOST_SLOTS 65536
#define NO_BUFFER UINT32_MAX

enum operation { ACCEPT, RECV, SEND, CANCEL, CLOSE };

/* A connection, by its descriptor ("slot"). It is closed when it has ended and the kernel holds nothing of it. */
struct connection {
    uint32_t head;    /* first buffer of the queue: the one being sent; NO_BUFFER when the queue is empty */
    uint32_t tail;    /* last buffer of the queue */
    uint32_t sent;    /* bytes of the head that are sent */
    uint16_t queued;  /* buffers in the queue */
    bool receiving;   /* the multishot recv is armed */
    bool sending;     /* a send is in flight */
    bool cancelling;  /* a cancel of the recv is in flight */
    bool starved;     /* the recv ended by ENOBUFS, and the slot is in the list of starved ones */
    bool ended;       /* nothing more will be received */
    bool failed;      /* nothing more can be sent */
};

struct buffer {
    uint32_t length;
    uint32_t next; /* in the queue of its connection */
};

static struct {
    int fd; /* index of the registered ring */
    unsigned *sq_head, *sq_tail, sq_mask, sq_entries;
    unsigned *cq_head, *cq_tail, cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    unsigned local_tail; /* of the submission queue, published by enter() */
} ring;

static struct {
    struct io_uring_buf_ring *ring;
    char *memory;
    struct buffer *buffers;
    uint32_t size, count;
    uint32_t free;   /* given to the kernel and not come back in a completion */
    uint16_t tail;   /* published by enter() */
} pool = {.size = 4096, .count = 1024};

static struct connection *connections;
static unsigned slots;
static unsigned open_connections;
static uint32_t *starved;
static unsigned starved_count;
static int listener;
static bool accept_paused; /* until a connection is closed */
static bool crowded;       /* the descriptors have run out, and more than half of them are still in use */
static bool direct = true;

/* -- rings -- */

static int io_uring_register(int fd, unsigned opcode, void *argument, unsigned count) {
    return (int)syscall(SYS_io_uring_register, fd, opcode, argument, count);
}

static void *map(int fd, size_t size, off_t offset) {
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, fd, offset);
    if (memory == MAP_FAILED) {
        die("mmap of %zu bytes", size);
    }
    return memory;
}

static void open_ring(void) {
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = CQ_ENTRIES,
    };
    int fd = (int)syscall(SYS_io_uring_setup, SQ_ENTRIES, &params);
    if (fd < 0) {
        die("io_uring_setup (Linux 6.1 is needed, and io_uring may be forbidden here)");
    }
    size_t sq_size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *rings = map(fd, sq_size > cq_size ? sq_size : cq_size, IORING_OFF_SQ_RING);
    ring.sq_head = (unsigned *)(rings + params.sq_off.head);
    ring.sq_tail = (unsigned *)(rings + params.sq_off.tail);
    ring.sq_mask = params.sq_entries - 1;
    ring.sq_entries = params.sq_entries;
    ring.cq_head = (unsigned *)(rings + params.cq_off.head);
    ring.cq_tail = (unsigned *)(rings + params.cq_off.tail);
    ring.cq_mask = params.cq_entries - 1;
    ring.cqes = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
    ring.sqes = map(fd, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    unsigned *array = (unsigned *)(rings + params.sq_off.array);
    for (unsigned i = 0; i < params.sq_entries; i++) {
        array[i] = i; /* entries are used in order, for good */
    }
    struct io_uring_rsrc_update self = {.offset = -1U, .data = (unsigned)fd};
    if (direct) {
        struct io_uring_rsrc_register table = {.nr = slots, .flags = IORING_RSRC_REGISTER_SPARSE};
        if (io_uring_register(fd, IORING_REGISTER_FILES2, &table, sizeof table) != 0) {
            die("register a table of %u descriptors", slots);
        }
    }
    size_t buffer_ring_size = pool.count * sizeof(struct io_uring_buf);
    pool.ring = map(-1, buffer_ring_size, 0);
    struct io_uring_buf_reg group = {
        .ring_addr = (uint64_t)(uintptr_t)pool.ring, .ring_entries = pool.count, .bgid = BUFFER_GROUP};
    if (io_uring_register(fd, IORING_REGISTER_PBUF_RING, &group, 1) != 0) {
        die("register a ring of %u buffers", pool.count);
    }
    if (io_uring_register(fd, IORING_REGISTER_RING_FDS, &self, 1) != 1) {
        die("register the ring itself");
    }
    ring.fd = (int)self.offset;
}

/* The one system call: publishes returned buffers and new entries, submits, and waits for min_complete completions. */
static void enter(unsigned min_complete) {
    __atomic_store_n(&pool.ring->tail, pool.tail, __ATOMIC_RELEASE);
    __atomic_store_n(ring.sq_tail, ring.local_tail, __ATOMIC_RELEASE);
    unsigned to_submit = ring.local_tail - __atomic_load_n(ring.sq_head, __ATOMIC_ACQUIRE);
    /* GETEVENTS runs the deferred work and moves completions that overflowed into the queue. */
    long result = syscall(SYS_io_uring_enter, ring.fd, to_submit, min_complete,
                          IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, NULL, 0);
    if (result < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) {
        die("io_uring_enter");
    }
}

static struct io_uring_sqe *prepare(enum operation operation, uint8_t opcode, uint32_t fd) {
    while (ring.local_tail - __atomic_load_n(ring.sq_head, __ATOMIC_ACQUIRE) == ring.sq_entries) {
        enter(0);
    }
    struct io_uring_sqe *sqe = &ring.sqes[ring.local_tail++ & ring.sq_mask];
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = opcode;
    sqe->fd = (int)fd;
    sqe->user_data = (uint64_t)operation << 32 | fd;
    return sqe;
}

/* -- buffers -- */

static void give_buffer(uint32_t id) {
    /* The ring's tail lies over the reserved field of its first entry, so no entry is written as a whole. */
    struct io_uring_buf *entry = (struct io_uring_buf *)pool.ring + (pool.tail++ & (pool.count - 1));
    entry->addr = (uint64_t)(uintptr_t)(pool.memory + (size_t)id * pool.size);
    entry->len = pool.size;
    entry->bid = (uint16_t)id;
    pool.free++;
}

static void open_pool(void) {
    pool.buffers = allocate(pool.count, sizeof *pool.buffers);
    pool.memory = map(-1, (size_t)pool.count * pool.size, 0);
    for (uint32_t id = 0; id < pool.count; id++) {
        give_buffer(id);
    }
}

static void enqueue(struct connection *c, uint32_t id, uint32_t length) {
    pool.buffers[id] = (struct buffer){.length = length, .next = NO_BUFFER};
    if (c->head == NO_BUFFER) {
        c->head = id;
        c->sent = 0;
    } else {
        pool.buffers[c->tail].next = id;
    }
    c->tail = id;
    c->queued++;
}

static void dequeue(struct connection *c) {
    uint32_t id = c->head;
    c->head = pool.buffers[id].next;
    c->sent = 0;
    c->queued--;
    give_buffer(id);
}

/* -- operations -- */

static void arm_accept(void) {
    struct io_uring_sqe *sqe = prepare(ACCEPT, IORING_OP_ACCEPT, (uint32_t)listener);
    /* With a full table of direct descriptors the kernel accepts one more connection only to drop it. */
    sqe->ioprio = crowded ? 0 : IORING_ACCEPT_MULTISHOT;
    if (direct) {
        sqe->file_index = IORING_FILE_INDEX_ALLOC;
    } else {
        sqe->accept_flags = SOCK_CLOEXEC;
    }
}

static void arm_recv(uint32_t slot) {
    struct io_uring_sqe *sqe = prepare(RECV, IORING_OP_RECV, slot);
    sqe->flags = IOSQE_BUFFER_SELECT | (direct ? IOSQE_FIXED_FILE : 0);
    sqe->ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST;
    sqe->buf_group = BUFFER_GROUP;
    connections[slot].receiving = true;
}

static void cancel_recv(uint32_t slot) {
    struct io_uring_sqe *sqe = prepare(CANCEL, IORING_OP_ASYNC_CANCEL, slot);
    sqe->fd = -1;
    sqe->addr = (uint64_t)RECV << 32 | slot;
    connections[slot].cancelling = true;
}

static void send_head(uint32_t slot) {
    struct connection *c = &connections[slot];
    struct io_uring_sqe *sqe = prepare(SEND, IORING_OP_SEND, slot);
    sqe->flags = direct ? IOSQE_FIXED_FILE : 0;
    sqe->addr = (uint64_t)(uintptr_t)(pool.memory + (size_t)c->head * pool.size + c->sent);
    sqe->len = pool.buffers[c->head].length - c->sent;
    sqe->msg_flags = MSG_NOSIGNAL;
    c->sending = true;
}

static void close_slot(uint32_t slot) {
    struct io_uring_sqe *sqe = prepare(CLOSE, IORING_OP_CLOSE, slot);
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
    if (direct) {
        sqe->fd = 0;
        sqe->file_index = slot + 1;
    }
    open_connections--;
    crowded = crowded && open_connections > slots / 2;
    if (accept_paused) {
        accept_paused = false;
        arm_accept();
    }
}

/* Does whatever the connection's state asks for next; called after each of its completions. */
static void settle(uint32_t slot) {
    struct connection *c = &connections[slot];
    if (c->failed) {
        while (c->queued > 0 && !c->sending) {
            dequeue(c);
        }
    } else if (c->queued > 0 && !c->sending) {
        send_head(slot);
    }
    bool may_receive = !c->ended && !c->failed;
    if (c->receiving) {
        if (!c->cancelling && (c->failed || c->queued >= QUEUE_LIMIT)) {
            cancel_recv(slot);
        }
    } else if (may_receive && !c->starved && c->queued <= QUEUE_LIMIT / 2) {
        arm_recv(slot);
    }
    if (!may_receive && !c->receiving && !c->sending && !c->cancelling && !c->starved && c->queued == 0) {
        close_slot(slot);
    }
}

/* -- completions -- */

static void accepted(int result, unsigned flags) {
    if (result >= 0) {
        open_connections++;
        if ((unsigned)result >= slots) {
            errno = 0;
            die("descriptor %d is beyond the %u that there is room for", result, slots);
        }
        connections[result] = (struct connection){.head = NO_BUFFER};
        settle((uint32_t)result);
    }
    if (flags & IORING_CQE_F_MORE) {
        return;
    }
    bool exhausted = result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM;
    if (open_connections == slots || (exhausted && open_connections > 0)) {
        crowded = true;
        accept_paused = true;
    } else if (result >= 0 || result == -ECONNABORTED || result == -EINTR || result == -EAGAIN) {
        arm_accept();
    } else {
        errno = -result;
        die("accept");
    }
}

static void received(uint32_t slot, int result, unsigned flags) {
    struct connection *c = &connections[slot];
    if (!(flags & IORING_CQE_F_MORE)) {
        c->receiving = false;
    }
    if (flags & IORING_CQE_F_BUFFER) {
        uint32_t id = flags >> IORING_CQE_BUFFER_SHIFT;
        pool.free--;
        if (result > 0 && !c->failed) {
            enqueue(c, id, (uint32_t)result);
        } else {
            give_buffer(id);
        }
    }
    if (result == 0) {
        c->ended = true;
    } else if (result == -ENOBUFS) {
        c->starved = true;
        starved[starved_count++] = slot;
    } else if (result < 0 && result != -ECANCELED && result != -EINTR && result != -EAGAIN) {
        c->failed = true;
    }
    settle(slot);
}

static void sent(uint32_t slot, int result) {
    struct connection *c = &connections[slot];
    c->sending = false;
    if (result >= 0) {
        c->sent += (uint32_t)result;
        if (c->sent == pool.buffers[c->head].length) {
            dequeue(c);
        }
    } else if (result != -EINTR && result != -EAGAIN) {
        c->failed = true;
    }
    settle(slot);
}

static void complete(uint64_t user_data, int result, unsigned flags) {
    uint32_t slot = (uint32_t)user_data;
    switch ((enum operation)(user_data >> 32)) {
        case ACCEPT:
            accepted(result, flags);
            break;
        case RECV:
            received(slot, result, flags);
            break;
        case SEND:
            sent(slot, result);
            break;
        case CANCEL: /* it may have come too late; what counts is the end of the recv */
            connections[slot].cancelling = false;
            settle(slot);
            break;
        case CLOSE: /* reported only when it failed */
            errno = -result;
            die("close");
    }
}

/* Arms no more starved connections than there are free buffers, so that it ends even if all of them are ready. */
static void feed_starved(void) {
    for (uint32_t n = pool.free; n > 0 && starved_count > 0; n--) {
        uint32_t slot = starved[--starved_count];
        connections[slot].starved = false;
        settle(slot);
    }
}

int main(int argc, char **argv) {
    const char *address = "tcp://127.0.0.1:0";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--buffer") == 0) {
            pool.size = (uint32_t)parse_number("--buffer", argv[++i], 1, 1u << 30);
        } else if (strcmp(argv[i], "--buffers") == 0) {
            pool.count = (uint32_t)parse_number("--buffers", argv[++i], 1, 32768);
        } else if (strcmp(argv[i], "--plain-descriptors") == 0) {
            direct = false;
        } else {
            address = argv[i];
        }
    }
    if ((pool.count & (pool.count - 1)) != 0) {
        errno = 0;
        die("--buffers wants a power of two");
    }
    slots = raise_descriptor_limit();
    if (direct && slots > MOST_SLOTS) {
        slots = MOST_SLOTS;
    }
    connections = allocate(slots, sizeof *connections);
    starved = allocate(slots, sizeof *starved);
    listener = listen_on(address, 0);
    open_ring();
    open_pool();
    arm_accept();
    exit_on_signal();
    announce(listener);

    for (;;) {
        enter(1);
        unsigned head = *ring.cq_head;
        unsigned tail = __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE);
        while (head != tail) {
            const struct io_uring_cqe *cqe = &ring.cqes[head & ring.cq_mask];
            uint64_t user_data = cqe->user_data;
            int result = cqe->res;
            unsigned flags = cqe->flags;
            /* Released one by one, so that a submission in the midst of a turn finds room for completions. */
            __atomic_store_n(ring.cq_head, ++head, __ATOMIC_RELEASE);
            complete(user_data, result, flags);
        }
        feed_starved();
    }
}
