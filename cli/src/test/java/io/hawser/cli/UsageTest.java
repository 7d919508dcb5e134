// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    nonsense                                    | There is no command 'nonsense'
                    serve nonsense                              | An address needs a scheme
                    serve tcp://127.0.0.1                       | The port is missing
                    serve tcp://127.0.0.1:65536                 | The port must be 0 to 65535
                    serve http://127.0.0.1:80                   | Unknown scheme 'http'
                    serve --transport kqueue                    | Unknown transport 'kqueue'
                    serve --loops 0                             | --loops must be from 1 to 1024, not 0
                    serve --loops many                          | is not an int
                    serve --no-such-option                      | Unknown option: '--no-such-option'
                    bench                                       | Missing required parameter: 'URI'
                    bench tcp://                                | The port is missing
                    bench tcp://127.0.0.1:1 tcp://127.0.0.1:2   | Unmatched argument
                    bench tcp://127.0.0.1:1 --connections 0     | --connections must be from 1
                    bench tcp://127.0.0.1:1 --in-flight 0       | --in-flight must be from 1
                    bench tcp://127.0.0.1:1 --size -1           | --size must be from 1
                    bench tcp://127.0.0.1:1 --duration 0        | --duration must be from 0.001
                    bench tcp://127.0.0.1:1 --duration NaN      | --duration must be from 0.001 to 1000000, not NaN
                    bench tcp://127.0.0.1:1 --warmup -1         | --warmup must be from 0
                    bench tcp://127.0.0.1:1 --rate 0            | --rate must be from 0.001
                    bench tcp://127.0.0.1:1 --transport x       | Unknown transport 'x'
                    bench tcp://h:1 --size 16777216 --in-flight 99 | must not exceed 512 MiB
                    demo --duration 0                           | --duration must be from 0.1
                    demo --connections 0                        | --connections must be from 1
                    demo tcp://127.0.0.1:1                      | Unmatched argument
                    """)
    void shouldAnswerWrongUsageWithOneLineAHintAndExitCode2(String line, String message) throws Exception {
        final Cli.Ended ended = Cli.run(line.split(" "));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.errLines()).hasSize(2);
        assertThat(ended.errLines().get(0)).startsWith("hawser").contains(message);
        assertThat(ended.errLines().get(1)).startsWith("Try 'hawser").endsWith("--help'.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "bench", "demo"})
    void shouldExplainEveryCommandWithExamples(String command) throws Exception {
        final Cli.Ended ended = Cli.run(command, "--help");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out()).startsWith("Usage: hawser " + command).contains("Examples:", "--json");
        assertThat(Cli.run("help", command).out()).isEqualTo(ended.out());
        assertThat(Cli.run(command, "--version").out()).startsWith("hawser ");
    }
}
