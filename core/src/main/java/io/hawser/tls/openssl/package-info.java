// SPDX-License-Identifier: Apache-2.0
/**
 * OpenSSL 3, reached through the Foreign Function &amp; Memory API, and nothing else: the only package that links it. It knows
 * nothing of buffers and connections.
 *
 * <p>{@link io.hawser.tls.openssl.OpenSsl} says whether the library is there; nothing else here may be touched before it has. The functions of
 * {@code LibSsl} and {@code LibCrypto} are those of the manual (section 3ssl) under their own names, each with a {@code SAFETY:} note. Above them
 * are a context, a connection, an identity and a cache of sessions, each of which owns what it made, counts it in {@code Live}, and frees it on
 * every path. The constants are those of the headers of OpenSSL 3, which all of its releases share.
 */
@NullMarked
package io.hawser.tls.openssl;

import org.jspecify.annotations.NullMarked;
