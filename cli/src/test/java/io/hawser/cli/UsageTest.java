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
                    serve ftp://127.0.0.1:80                    | Unknown scheme 'ftp'
                    serve htp://127.0.0.1:80                    | udp6 and unix; and http, https, ws and wss
                    serve http://127.0.0.1                      | The port is missing
                    serve http://127.0.0.1:99999/               | http://127.0.0.1:99999/': The port must be
                    serve https://127.0.0.1:0/path              | A server listens at https://host:port, and its handler knows of paths
                    serve https://127.0.0.1:0                   | TLS needs either
                    serve wss://127.0.0.1:0/echo                | TLS needs either
                    serve ws://127.0.0.1:0/echo --blocking      | ws:// goes without --blocking
                    serve --in-loop                             | go with http://
                    serve --loop-carried                        | --loop-carried goes with --blocking or http://
                    serve --transport kqueue                    | Unknown transport 'kqueue'
                    serve --loops 0                             | --loops must be from 1 to 1024, not 0
                    serve --loops many                          | is not an int
                    serve --no-such-option                      | Unknown option: '--no-such-option'
                    serve --codec nonsense                      | expected one of length1, length2
                    serve --codec length5                       | not 'length5'
                    serve --codec fixed:0                       | the N of fixed:N is from 1 to 1048576, not '0'
                    serve --codec fixed:x                       | the N of fixed:N is from 1
                    serve --codec length4 --blocking            | --codec goes with streams, and without --blocking
                    serve udp://127.0.0.1:0 --codec length4     | --codec goes with streams
                    serve tls://127.0.0.1:0                     | TLS needs either --cert FILE and --key FILE, or --self-signed
                    serve tls://127.0.0.1:0 --cert x --self-signed | TLS needs either
                    serve --self-signed                         | go with TLS: tls://, https:// or wss://
                    serve tls://127.0.0.1:0 --tls-provider x    | none of auto, jdk, openssl
                    bench tcp://127.0.0.1:1 --insecure          | go with TLS
                    bench tls://127.0.0.1:1 --insecure --ca x   | --ca and --crl go without --insecure
                    bench ws://127.0.0.1:1/                     | not WebSocket
                    bench wss://127.0.0.1:1/                    | this measures echo over tcp, tls, unix and udp
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
                    bench tcp://h:1 --codec nonsense            | expected one of length1, length2
                    bench tcp://h:1 --codec line                | --codec line does not keep messages of any bytes apart
                    bench tcp://h:1 --codec raw                 | --codec raw does not keep messages of any bytes apart
                    bench tcp://h:1 --codec length1 --size 256  | --size 256 does not go with --codec length1
                    bench tcp://h:1 --codec fixed:65            | --size 64 does not go with --codec fixed:65
                    bench udp://h:1 --codec length4             | --codec goes with tcp:// and unix://
                    bench udp://h:1 --requests 5                | --requests goes with tcp:// and unix://
                    bench udp://h:1 --ramp 5                    | --ramp goes with tcp:// and unix://
                    bench tcp://h:1 --requests 0                | --requests must be from 1
                    bench tcp://h:1 --requests 1 --duration 1   | --requests goes without --duration and --warmup
                    bench tcp://h:1 --requests 1 --warmup 0     | --requests goes without --duration and --warmup
                    bench tcp://h:1 --ramp 0                    | --ramp must be from 0.001
                    bench tcp://h:1 --ramp 1 --rate 5           | --ramp goes with tcp:// and unix://, and without --rate
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
