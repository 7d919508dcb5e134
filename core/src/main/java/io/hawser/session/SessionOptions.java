// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.time.Duration;

/** What each session of an endpoint begins with. */
record SessionOptions(int maxMessageBytes, Duration cron, Duration idleTimeout) {}
