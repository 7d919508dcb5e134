// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/**
 * What one {@link Tls} has seen, of all its connections. Immutable.
 *
 * @param established how many handshakes have succeeded
 * @param resumed how many of them went on with an earlier session
 * @param failed how many have failed, been too slow, or were given up by the peer
 * @param refused how many were not begun, since {@link io.hawser.connection.Limits#handshakes} others were under way in their engine
 * @param active how many are under way
 */
public record TlsStats(long established, long resumed, long failed, long refused, int active) {}
