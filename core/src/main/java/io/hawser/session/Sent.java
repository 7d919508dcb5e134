// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * How much a message was.
 *
 * @param encodedBytes what the codec made of it
 * @param sentBytes what the kernel has taken of that
 */
public record Sent(long encodedBytes, long sentBytes) {}
