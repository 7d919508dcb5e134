// SPDX-License-Identifier: Apache-2.0
/**
 * The transport over io_uring(7): operations are prepared in a ring and handed over in one system call a turn, which also
 * waits; accept and receive are multishot, and the kernel takes the blocks to receive into from a ring of provided buffers.
 *
 * <p>Linux 6.1 or later, for {@code IORING_SETUP_DEFER_TASKRUN} (6.1), multishot receive (6.0) and buffer rings (5.19).
 */
@NullMarked
package io.hawser.transport.uring;

import org.jspecify.annotations.NullMarked;
