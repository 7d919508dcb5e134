// SPDX-License-Identifier: Apache-2.0
/**
 * The transport over epoll(7): it makes the call when the kernel says ready and reports it as completed.
 *
 * <p>Edge-triggered by default: a socket is registered once and never again, at the price of remembering what is still ready.
 */
@NullMarked
package io.hawser.transport.epoll;

import org.jspecify.annotations.NullMarked;
