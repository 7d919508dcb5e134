// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.List;

/** Shows a demo. One thread; the methods are called in their order. */
interface DemoView {
    /**
     * What there is.
     *
     * @param unavailable why which transports cannot run here, a line each
     */
    void servers(List<DemoServer> servers, List<String> unavailable);

    /** Where a browser finds the console, and Prometheus the meters. */
    void pages(String console, String metrics, String room);

    /**
     * What will happen; each server gets this load.
     *
     * @param tlsRate in the place of its rate for those over TLS
     */
    void plan(LoadSpec spec, double tlsRate);

    /** How often {@link #sample} is to be called, in nanoseconds. */
    long intervalNs();

    /** What happens. */
    void sample(DemoSample sample);

    /** What has happened; results in the order of the servers. */
    void results(List<DemoServer> servers, List<LoadResult> results);
}
