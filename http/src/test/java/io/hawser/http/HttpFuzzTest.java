// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the fuzzers with damaged samples, and with what once broke one. */
final class HttpFuzzTest {
    private static final int ROUNDS = 500;

    @FunctionalInterface
    private interface Rules {
        void test(byte[] input) throws Exception;
    }

    /** @param samples with {@code ~} for the end of a line */
    private record Target(String name, Rules rules, List<String> samples) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Target> targets() {
        return List.of(
                new Target(
                        "http",
                        HttpFuzz::fuzzerTestOneInput,
                        List.of(
                                "POST /c HTTP/1.1~Host: [::1]:8~Transfer-Encoding: chunked~~"
                                        + "3;a=\"q\"~abc~0~T: 1~~",
                                "GET http://A/e HTTP/1.1~Host: a~~"
                                        + "POST / HTTP/1.0~Content-Length: 2~~abOPTIONS *")),
                new Target(
                        "http-response",
                        ResponseFuzz::fuzzerTestOneInput,
                        List.of(
                                "aHTTP/1.1 200 OK~Transfer-Encoding: chunked~~" + "3~abc~0~T: 1~~HTTP/1.1 204~~",
                                "aHTTP/1.1 100 Continue~Content-Length: 0~~"
                                        + "HTTP/1.0 404 No~X:~Content-Length: 3~~abcd")),
                new Target(
                        "multipart",
                        MultipartFuzz::fuzzerTestOneInput,
                        List.of("--b~Content-Disposition: form-data; name=\"a\"; filename=b~~line~--~--b ~"
                                + "Content-Disposition: form-data; name=c~X: y~~~--b--~")),
                new Target(
                        "mux",
                        MuxFuzz::fuzzerTestOneInput,
                        List.of(
                                "GET /a/{b}\n/a/\nPOST h/{c...}\n/a/{$}\n/{d}/e\nGET h /a/%2F/../e?q",
                                "/{x}/b\nGET /a/b\nh/\n/a/{y...}\nPUT h //a\\b/./c/")));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldHoldForDamagedSamples(Target target) throws Exception {
        for (int seed = 0; seed < ROUNDS; seed++) {
            final Random random = new Random(seed);
            final String sample = target.samples.get(seed % target.samples.size());
            final byte[] input = sample.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
            for (int i = random.nextInt(5); i > 0; i--) {
                // Bytes from elsewhere in it mean something more often than others.
                input[random.nextInt(input.length)] =
                        random.nextBoolean() ? input[random.nextInt(input.length)] : (byte) random.nextInt();
            }
            try {
                target.rules.test(input);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void shouldHoldForNothing() throws Exception {
        for (Target target : targets()) {
            target.rules.test(new byte[0]);
        }
    }
}
