// SPDX-License-Identifier: Apache-2.0
/**
 * What a loop needs from the operating system, as one small interface of completions: accepted, connected, received, sent,
 * closed.
 *
 * <p>io_uring is that by nature; epoll and the NIO selector make the call when the kernel says ready and report it as
 * completed. The layers above never know which it is. {@link io.hawser.transport.Transports} finds out which can run here.
 *
 * <p>All objects of a transport belong to one loop and are used on its thread alone, with one exception:
 * {@link io.hawser.transport.Transport#wakeup()}.
 */
@NullMarked
package io.hawser.transport;

import org.jspecify.annotations.NullMarked;
