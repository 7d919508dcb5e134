// SPDX-License-Identifier: Apache-2.0
/**
 * TLS between a socket and its connection. {@code Tls} holds the settings of a server or a client, an identity and what is
 * trusted among them; with {@code ConnectionOptions.withTls} a connection speaks it, and
 * {@code Connection.tls()} tells what was agreed.
 */
@NullMarked
package io.hawser.tls;

import org.jspecify.annotations.NullMarked;
