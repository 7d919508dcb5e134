/*
 * The floor for datagrams: an echo server with one thread that makes two system calls a batch, a recvmmsg that waits for
 * the first and takes what else is there, and a sendmmsg that sends all of it back. A datagram longer than a buffer is
 * dropped rather than sent back cut, and so is what the kernel does not take.
 *
 *     echo_udp [ADDRESS] [--buffer BYTES] [--batch N] [--receive-buffer BYTES]
 *
 * ADDRESS is udp://127.0.0.1:0 unless given; --receive-buffer is the socket's, which else is the system's.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct mmsghdr *messages;
static unsigned batch = 64;

/* Makes the messages that were received the ones to send, without those that were cut; returns how many they are. */
static unsigned keep_whole(unsigned received) {
    unsigned kept = 0;
    for (unsigned i = 0; i < received; i++) {
        if (messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
            continue;
        }
        messages[i].msg_hdr.msg_iov->iov_len = messages[i].msg_len;
        if (kept < i) {
            struct mmsghdr swapped = messages[kept];
            messages[kept] = messages[i];
            messages[i] = swapped;
        }
        kept++;
    }
    return kept;
}

static void send_back(int fd, unsigned count) {
    for (unsigned sent = 0; sent < count;) {
        int taken = sendmmsg(fd, messages + sent, count - sent, 0);
        if (taken > 0) {
            sent += (unsigned)taken;
        } else if (errno != EINTR) {
            sent++; /* the error is of this one; the others may go */
        }
    }
}

int main(int argc, char **argv) {
    const char *address = "udp://127.0.0.1:0";
    size_t buffer_size = 2048;
    int receive_buffer = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--buffer") == 0) {
            buffer_size = parse_number("--buffer", argv[++i], 1, 65536);
        } else if (strcmp(argv[i], "--batch") == 0) {
            batch = (unsigned)parse_number("--batch", argv[++i], 1, 1024);
        } else if (strcmp(argv[i], "--receive-buffer") == 0) {
            receive_buffer = (int)parse_number("--receive-buffer", argv[++i], 1, 1u << 30);
        } else {
            address = argv[i];
        }
    }
    messages = allocate(batch, sizeof *messages);
    struct iovec *parts = allocate(batch, sizeof *parts);
    struct sockaddr_storage *peers = allocate(batch, sizeof *peers);
    char *buffers = allocate(batch, buffer_size);
    for (unsigned i = 0; i < batch; i++) {
        parts[i].iov_base = buffers + i * buffer_size;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int fd = bind_datagrams(address);
    if (receive_buffer > 0
        && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) != 0) {
        die("setsockopt");
    }
    exit_on_signal();
    announce(fd);
    for (;;) {
        for (unsigned i = 0; i < batch; i++) {
            messages[i].msg_hdr.msg_namelen = sizeof *peers;
            messages[i].msg_hdr.msg_iov->iov_len = buffer_size;
        }
        int received = recvmmsg(fd, messages, batch, MSG_WAITFORONE, NULL);
        if (received > 0) {
            send_back(fd, keep_whole((unsigned)received));
        } else if (errno != EINTR) {
            die("receive");
        }
    }
}
