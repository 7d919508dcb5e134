// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.examples.Example;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExampleCommandTest {
    static Stream<String> names() {
        return Example.all().stream().map(Example::name);
    }

    @Test
    void shouldListTheExamples() throws Exception {
        final Cli.Ended ended = Cli.run("example");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.outLines()).hasSameSizeAs(Example.all());
        names().forEach(name -> assertThat(ended.outLines()).anyMatch(line -> line.startsWith(name + " ")));
    }

    @ParameterizedTest
    @MethodSource("names")
    void shouldStartEachByItsName(String name) throws Exception {
        final Cli.Ended ended;
        try (Cli cli = Cli.start("example", name, "tcp://127.0.0.1:0")) {
            final URI uri = URI.create(cli.nextListening());
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 20_000);
            }
            ended = cli.stop().ended();
        }
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err()).startsWith("Try it:  ").doesNotContain("HOST").doesNotContain("PORT");
    }

    @Test
    void shouldSayWhichExamplesThereAre() throws Exception {
        final Cli.Ended ended = Cli.run("example", "nonsense");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("There is no example 'nonsense'; there are echo, chat");
        assertThat(Cli.run("example", "echo", "udp://127.0.0.1:0").exitCode()).isEqualTo(2);
    }
}
