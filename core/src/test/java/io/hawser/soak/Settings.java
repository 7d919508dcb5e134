// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.VirtualThreads;
import java.time.Duration;

/**
 * What a soak is to do.
 *
 * @param transport of both sides
 * @param duration how long conversations are begun
 * @param actors how many conversations go on at a time
 * @param seed of what they do
 * @param virtualThreads what carries blocking handlers
 */
record Settings(String transport, Duration duration, int actors, long seed, VirtualThreads virtualThreads) {}
