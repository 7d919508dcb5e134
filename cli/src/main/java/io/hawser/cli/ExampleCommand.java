// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import io.hawser.examples.Example;
import io.hawser.session.SessionServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser example}: the examples, until a signal ends them. */
@Command(
        name = "example",
        description = "Starts an example server; without a name lists what there is.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser example",
            "  hawser example redis",
            "  hawser example chat tcp://0.0.0.0:7001",
            "",
            "It prints 'listening URI' once clients can connect; SIGTERM and Ctrl-C end it with exit code 0."
        })
final class ExampleCommand implements Callable<Integer> {
    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "Which example")
    private @Nullable String name;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URI",
            description = "Where to listen; each example has an address of its own")
    private @Nullable String uri;

    ExampleCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (name == null) {
            list();
            return 0;
        }
        final Example example = find(name);
        final String text = uri == null ? example.address() : uri;
        final Address address = Usage.address(spec, text);
        if (address.isUdp()) {
            throw new ParameterException(spec.commandLine(), text + ": the examples serve streams");
        }
        try (SessionServer<?> server = start(example, address)) {
            final PrintWriter out = spec.commandLine().getOut();
            out.println("listening " + server.address());
            out.flush();
            final PrintWriter err = spec.commandLine().getErr();
            err.println("Try it:  " + attempt(example, server.address()));
            err.flush();
            stop.await();
        }
        return 0;
    }

    private static SessionServer<?> start(Example example, Address address) throws IOException {
        try {
            return example.start().at(address.toString());
        } catch (IOException e) {
            throw new IOException("Cannot listen on " + address + ": " + Failures.reason(e), e);
        }
    }

    private static String attempt(Example example, Address address) {
        return address.isUnix()
                ? example.attempt().replace("HOST PORT", "-U " + address.path())
                : example.attempt().replace("HOST", address.host()).replace("PORT", Integer.toString(address.port()));
    }

    private Example find(String wanted) {
        return Example.all().stream()
                .filter(example -> example.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "There is no example '" + wanted + "'; there are " + names()));
    }

    private static String names() {
        return String.join(", ", Example.all().stream().map(Example::name).toList());
    }

    private void list() {
        final PrintWriter out = spec.commandLine().getOut();
        final List<Example> examples = Example.all();
        final int width = examples.stream()
                .mapToInt(example -> example.name().length())
                .max()
                .orElse(0);
        for (Example example : examples) {
            out.println(example.name() + " ".repeat(width - example.name().length() + 2) + example.about());
        }
        out.flush();
    }
}
