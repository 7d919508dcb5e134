// SPDX-License-Identifier: Apache-2.0
/** What the two transports over file descriptors, io_uring and epoll, share: making sockets, their options and addresses, errors. */
@NullMarked
package io.hawser.transport.posix;

import org.jspecify.annotations.NullMarked;
