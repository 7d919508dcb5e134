// SPDX-License-Identifier: Apache-2.0
/**
 * The transport over {@link java.nio.channels.Selector}: TCP and unix-domain streams on every operating system that runs
 * the JDK.
 *
 * <p>The selector says when a socket is ready, the transport then makes the call and reports it as completed:
 * {@code NioTransport} collects what is ready while it waits, and has it delivered from {@code dispatch()};
 * {@code NioStream} and {@code NioListener} make the calls.
 *
 * <p>What the JDK keeps from us here, and the native transports have: it allocates two small objects per block in a
 * gathering write; an interrupt of the loop's thread ends a wait (it is cleared then, or no later wait would wait); errors
 * are told by their text instead of their number (see {@code NioErrors}); and IPV6_V6ONLY cannot be set, so that a listener
 * on {@code [::]} that must be IPv6-only closes IPv4 peers as soon as they are accepted.
 */
@NullMarked
package io.hawser.transport.nio;

import org.jspecify.annotations.NullMarked;
