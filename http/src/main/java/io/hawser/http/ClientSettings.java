// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Duration;

/**
 * What a client goes by.
 *
 * @param limits of which those of heads hold for responses
 * @param decompress whether compressed responses are asked for and inflated
 * @param inflatedBytes the bound on what a response may become
 * @param inflationRatio the bound on how much larger it may become
 */
record ClientSettings(
        HttpLimits limits,
        Duration responseTimeout,
        Duration readTimeout,
        int interimResponses,
        String userAgent,
        boolean decompress,
        long inflatedBytes,
        int inflationRatio) {}
