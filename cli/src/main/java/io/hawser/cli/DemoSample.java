// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.List;

/**
 * What a demo did between two looks at it.
 *
 * @param leftNs how long it will go on
 * @param traffic of each load
 * @param loops each loop of the servers
 */
record DemoSample(long leftNs, List<Traffic> traffic, List<Loop> loops) {
    /**
     * The traffic between clients and one server. Latencies are 0 while nothing is measured.
     *
     * @param bytesPerSecond each way
     * @param verifiedBytes since the start
     * @param lostDatagrams since the start
     */
    record Traffic(
            DemoServer server,
            long connections,
            double messagesPerSecond,
            double bytesPerSecond,
            long p50Ns,
            long p99Ns,
            long verifiedBytes,
            long lostDatagrams) {}

    /** One loop of a server. */
    record Loop(String name, int connections, double receivedPerSecond, double sentPerSecond, double turnsPerSecond) {}
}
