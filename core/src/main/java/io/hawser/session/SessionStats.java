// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;

/**
 * What a session has done so far.
 *
 * @param messagesReceived messages that were decoded
 * @param bytesReceived the bytes that they were decoded from
 * @param messagesSent messages that were encoded and queued
 * @param bytesSent the bytes that they became
 * @param errors failures that the listener was told of
 * @param lateResponses responses for which no call waited any more
 * @param age the time since it opened
 * @param idle the time since a message last came or was sent
 */
public record SessionStats(
        long messagesReceived,
        long bytesReceived,
        long messagesSent,
        long bytesSent,
        long errors,
        long lateResponses,
        Duration age,
        Duration idle) {}
