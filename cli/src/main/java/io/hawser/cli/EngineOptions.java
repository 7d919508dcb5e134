// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.loop.IdleStrategy;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.Transports;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options by which a user sets up an engine; mixed into the commands that start one. */
final class EngineOptions {
    private static final int MAX_LOOPS = 1024;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            description = "How to talk to the kernel: io_uring, epoll, nio, or auto for the best that works here;"
                    + " default: ${DEFAULT-VALUE}")
    private String transport = Transports.AUTO;

    @Option(
            names = "--loops",
            paramLabel = "N",
            description = "Event loops, one thread each; default: ${DEFAULT-VALUE}")
    private int loops;

    @Option(
            names = "--spin",
            description = "Poll instead of sleeping when idle: lower latency, and each loop takes a CPU for itself")
    private boolean spin;

    /** @param loops how many loops unless the user says otherwise */
    EngineOptions(int loops) {
        this.loops = loops;
    }

    /**
     * An engine as the user wants it, not started.
     *
     * @throws ParameterException if there is no such engine
     */
    Engine.Builder engine(String name) {
        final List<String> known = Stream.concat(
                        Transports.all().stream().map(TransportProvider::name), Stream.of(Transports.AUTO))
                .toList();
        if (!known.contains(transport)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Unknown transport '" + transport + "'; known are "
                            + known.stream().collect(Collectors.joining(", ")));
        }
        Usage.requireRange(spec, "--loops", loops, 1, MAX_LOOPS);
        return Engine.builder()
                .name(name)
                .transport(transport)
                .loops(loops)
                .idle(spin ? IdleStrategy.spin() : IdleStrategy.block());
    }
}
