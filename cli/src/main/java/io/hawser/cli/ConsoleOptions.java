// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.console.Console;
import io.hawser.console.ConsoleServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options by which a user has a console beside what a command serves. */
final class ConsoleOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--console",
            paramLabel = "URI",
            description =
                    "Serves a page that shows what the engine does, at http://127.0.0.1:PORT; port 0 takes a free one."
                            + " Other machines can look only with --console-token")
    private String uri = "";

    @Option(
            names = "--console-token",
            paramLabel = "TOKEN",
            description =
                    "Who looks at the console needs it: 8 letters and digits or more; or set HAWSER_CONSOLE_TOKEN,"
                            + " which nobody else sees")
    private String token = "";

    /**
     * Starts it if the user asks for it, and says where it is.
     *
     * @throws ParameterException if it must not be there
     */
    Optional<ConsoleServer> start(List<Engine> engines) throws IOException {
        final String secret = token.isEmpty()
                ? Optional.ofNullable(System.getenv("HAWSER_CONSOLE_TOKEN")).orElse("")
                : token;
        if (uri.isEmpty()) {
            if (!token.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "--console-token goes with --console");
            }
            return Optional.empty();
        }
        try {
            final Console console = Console.of(engines);
            final ConsoleServer server = (secret.isEmpty() ? console : console.withToken(secret)).start(uri);
            final PrintWriter err = spec.commandLine().getErr();
            err.println("console " + server.uri());
            err.flush();
            return Optional.of(server);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--console: " + e.getMessage(), e);
        }
    }
}
