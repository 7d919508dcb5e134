// SPDX-License-Identifier: Apache-2.0
/** The command line. */
module io.hawser.cli {
    requires static org.jspecify;
    requires HdrHistogram;
    requires info.picocli;
    requires io.hawser;
    requires io.hawser.console;
    requires io.hawser.examples;
    requires io.hawser.http;
    requires io.hawser.micrometer;
    requires io.hawser.websocket;
    requires micrometer.registry.prometheus;

    // picocli fills the fields of the commands.
    opens io.hawser.cli to
            info.picocli;

    provides java.lang.System.LoggerFinder with
            io.hawser.cli.StderrLoggerFinder;
}
