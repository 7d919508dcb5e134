// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeMuxTest {
    /** Every handler answers with its pattern and the values of its wildcards. */
    private static ServeMux mux(String... patterns) {
        return mux(Arrays.asList(patterns));
    }

    private static ServeMux mux(List<String> patterns) {
        final ServeMux.Builder builder = ServeMux.builder();
        for (String pattern : patterns) {
            final List<String> names = Pattern.parse(pattern).names();
            builder.handle(pattern, (request, response) -> {
                final StringBuilder text = new StringBuilder(pattern);
                for (String name : names) {
                    text.append(" [")
                            .append(request.pathValue(name).orElseThrow())
                            .append(']');
                }
                response.send(text.toString());
            });
        }
        return builder.build();
    }

    private static FakeResponse ask(ServeMux mux, String method, String host, String target) throws Exception {
        final FakeResponse response = new FakeResponse();
        mux.handle(new FakeRequest(method, target, host), response);
        return response;
    }

    /** The pattern that serves the request, or the status of the mux's own answer. */
    private static String served(ServeMux mux, String method, String host, String target) throws Exception {
        final FakeResponse response = ask(mux, method, host, target);
        return response.status() == 200 ? response.text() : Integer.toString(response.status());
    }

    @Nested
    class Choosing {
        private final List<String> patterns = List.of(
                "/item/",
                "POST /item/{user}",
                "GET /item/{user}",
                "/item/{user}",
                "/item/{user}/{id}",
                "/item/{user}/new",
                "/item/{$}",
                "POST alt.com/item/{user}",
                "GET /headwins",
                "HEAD /headwins",
                "/path/{p...}",
                "/a/b/{x...}",
                "/a/b/{y}",
                "/a/b/{$}",
                "/g/h/i",
                "/g/{x}/j");

        @ParameterizedTest
        @CsvSource({
            "GET, '', /item/jba, GET /item/{user} [jba]",
            "POST, '', /item/jba, POST /item/{user} [jba]",
            "HEAD, '', /item/jba, GET /item/{user} [jba]",
            "get, '', /item/jba, /item/{user} [jba]",
            "POST, '', /item/jba/17, /item/{user}/{id} [jba] [17]",
            "GET, '', /item/jba/new, /item/{user}/new [jba]",
            "GET, '', /item/, /item/{$}",
            "GET, '', /item/jba/17/line2, /item/",
            "GET, '', /item/jba/, /item/",
            "POST, alt.com, /item/jba, POST alt.com/item/{user} [jba]",
            "POST, ALT.com:8080, /item/jba, POST alt.com/item/{user} [jba]",
            "GET, alt.com, /item/jba, GET /item/{user} [jba]",
            "GET, '', /headwins, GET /headwins",
            "HEAD, '', /headwins, HEAD /headwins",
            "GET, '', /path/to/file, /path/{p...} [to/file]",
            "GET, '', /path/, /path/{p...} []",
            "GET, '', /path/*, /path/{p...} [*]",
            "GET, '', /a/b/, /a/b/{$}",
            "GET, '', /a/b/c, /a/b/{y} [c]",
            "GET, '', /a/b/c/d, /a/b/{x...} [c/d]",
            "GET, '', /g/h/j, /g/{x}/j [h]",
            "GET, '', /g/h/i, /g/h/i",
            "GET, '', /g/h/k, 404",
            "GET, '', /nowhere, 404",
            "GET, '', /, 404"
        })
        void shouldTakeTheMostSpecificPatternWhateverTheOrder(String method, String host, String path, String expected)
                throws Exception {
            final List<String> shuffled = new ArrayList<>(patterns);
            for (long seed = 0; seed < 10; seed++) {
                Collections.shuffle(shuffled, new Random(seed));
                assertThat(served(mux(shuffled), method, host, path))
                        .as("seed %d", seed)
                        .isEqualTo(expected);
            }
        }

        @Test
        void shouldPreferAHostAndTreatIPv6HostsWithPortAlike() throws Exception {
            final ServeMux mux = mux("/", "[::1]/", "a.com/x");
            assertThat(served(mux, "GET", "[::1]:80", "/x")).isEqualTo("[::1]/");
            assertThat(served(mux, "GET", "[::1]", "/x")).isEqualTo("[::1]/");
            assertThat(served(mux, "GET", "a.com:1", "/x")).isEqualTo("a.com/x");
            assertThat(served(mux, "GET", "a.com:1", "/y")).isEqualTo("/");
        }

        @Test
        void shouldFindLiteralsAmongMany() throws Exception {
            final List<String> many = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                many.add("/n" + i + "/x");
            }
            final ServeMux mux = mux(many);
            for (String pattern : many) {
                assertThat(served(mux, "GET", "", pattern)).isEqualTo(pattern);
            }
            assertThat(served(mux, "GET", "", "/n1000/x")).isEqualTo("404");
        }

        @ParameterizedTest
        @CsvSource({
            "/a%2Fb/c, /{x}/c [a/b]",
            "/%61/c, /a/c",
            "/a/%63, /a/c",
            "/%C3%A9/c, /é/c",
            "/d/e/%2F, '/d/e/{z} [/]'",
            "/a%zz/c, /{x}/c [a%zz]",
            "/%ff/c, /{x}/c [%ff]",
            "/b/f/d%2Fe/f, /b/f/{rest...} [d/e/f]",
            "/%2e%2e/c, /{x}/c [..]"
        })
        void shouldCompareDecodedSegments(String path, String expected) throws Exception {
            assertThat(served(mux("/a/c", "/é/c", "/{x}/c", "/d/e/{z}", "/d/e/{$}", "/b/f/{rest...}"), "GET", "", path))
                    .isEqualTo(expected);
        }
    }

    @Nested
    class Registering {
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "''        | empty",
                    "A=B /     | not a method",
                    "' '       | no /",
                    "/{w}x     | whole segment",
                    "/x{w}     | whole segment",
                    "/{wx      | whole segment",
                    "/{a$}     | not a name",
                    "/{}       | needs a name",
                    "/{...}    | needs a name",
                    "/{$...}   | not a name",
                    "/{$}/     | not at the end",
                    "/{$}/x    | not at the end",
                    "/{a...}/  | not at the end",
                    "/{a...}/x | not at the end",
                    "{a}/b     | host",
                    "GET //    | redirected",
                    "/a/{x}/b/{x...} | twice"
                })
        void shouldSayWhatIsWrongWithAPattern(String pattern, String reason) {
            assertThatThrownBy(() -> Pattern.parse(pattern))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + pattern + "'")
                    .hasMessageContaining(reason);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "/                   | /                   | /",
                    "GET /a              | GET /a              | GET /a",
                    "/{x}                | /{y}                | /",
                    "/a/                 | /a/{x...}           | /a/",
                    "GET /               | /foo                | GET /foo",
                    "GET /               | /{x}/b              | GET /x/b",
                    "/a/{x}/c            | /a/b/{y}            | /a/b/c",
                    "/{x}/b/{z...}       | /a/{y}/c/           | /a/b/c/",
                    "/posts/{id}         | /{resource}/latest  | /posts/latest",
                    "h.com/{x}           | H.com/{y}           | h.com/",
                    "HEAD /{x}/y         | GET /a/{b}          | HEAD /a/y",
                    "/a%20b              | /a%20%62            | /a%20b",
                    "/{x}/{y...}         | /a/                 | no"
                })
        void shouldRefuseConflictsWithAnExample(String first, String second, String example) {
            final String a = first.strip();
            final String b = second.strip();
            if (example.equals("no")) {
                mux(a, b);
                return;
            }
            for (List<String> order : List.of(List.of(a, b), List.of(b, a))) {
                assertThatThrownBy(() -> mux(order))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("'" + a + "'")
                        .hasMessageContaining("'" + b + "'")
                        .hasMessageContaining(" " + example);
            }
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "/a         | /b",
                    "/a         | /a/",
                    "/a/{$}     | /a/{x}",
                    "/a/{$}     | /a/{x...}",
                    "/a/{$}     | /a/{x}/",
                    "GET /a     | POST /a",
                    "GET /a     | HEAD /a",
                    "GET /a     | /a",
                    "GET /a/{x} | /",
                    "a.com/{x}  | b.com/{y}",
                    "a.com/     | /{x}",
                    "/a/{x}     | /a/{x}/b",
                    "/{x}/b     | /a/c"
                })
        void shouldTakePatternsOfWhichOneIsMoreSpecificOrThatAreApart(String first, String second) {
            mux(first.strip(), second.strip());
        }

        /** Every conflict has a common request and every pair without one has a winner: by trying all short paths. */
        @Test
        void shouldAgreeWithTheMeaningOfPatterns() {
            final long seed = 42;
            final Random random = new Random(seed);
            final List<String> parts = List.of("a", "b", "{w}");
            final List<String> ends = List.of("", "/", "/{$}", "/{r...}");
            final List<String> paths = allPaths();
            for (int i = 0; i < 2000; i++) {
                final Pattern first = Pattern.parse(random(random, parts, ends));
                final Pattern second = Pattern.parse(random(random, parts, ends));
                boolean firstOnly = false;
                boolean secondOnly = false;
                boolean both = false;
                for (String path : paths) {
                    final boolean one = matches(first, path);
                    final boolean two = matches(second, path);
                    firstOnly |= one && !two;
                    secondOnly |= two && !one;
                    both |= one && two;
                }
                assertThat(first.conflictsWith(second))
                        .as("%s and %s, seed %d", first, second, seed)
                        .isEqualTo(both && firstOnly == secondOnly);
                assertThat(second.conflictsWith(first)).isEqualTo(first.conflictsWith(second));
            }
        }

        private static String random(Random random, List<String> parts, List<String> ends) {
            final StringBuilder pattern = new StringBuilder();
            final int length = random.nextInt(3);
            for (int i = 0; i < length; i++) {
                pattern.append('/')
                        .append(parts.get(random.nextInt(parts.size())).replace("w", "w" + i));
            }
            final String end = ends.get(random.nextInt(ends.size()));
            return pattern.append(pattern.isEmpty() && end.isEmpty() ? "/" : end)
                    .toString();
        }

        private static boolean matches(Pattern pattern, String path) {
            final RouteNode root = new RouteNode();
            root.add(new Route(pattern, (_, _) -> {}));
            return root.match(path, 0, false) != null;
        }

        /** Up to four segments of a, b and c, with and without a slash at the end. */
        private static List<String> allPaths() {
            final List<String> paths = new ArrayList<>(List.of(""));
            for (int from = 0, depth = 0; depth < 4; depth++) {
                final int to = paths.size();
                for (int i = from; i < to; i++) {
                    for (String segment : List.of("a", "b", "c")) {
                        paths.add(paths.get(i) + "/" + segment);
                    }
                }
                from = to;
            }
            final List<String> all = new ArrayList<>(paths.subList(1, paths.size()));
            for (String path : paths) {
                all.add(path + "/");
            }
            return all;
        }
    }

    @Nested
    class AnsweringItself {
        @ParameterizedTest
        @CsvSource({
            "//, /",
            "///a, /a",
            "/a//b, /a/b",
            "/a/./b?q=1&r, /a/b?q=1&r",
            "/a/../b, /b",
            "/../../etc/passwd, /etc/passwd",
            "/.., /",
            "/a/., /a",
            "/a/b/.., /a",
            "/a/b/../, /a/",
            "//evil.com/%2e%2e, /evil.com/%2e%2e",
            "//evil.com, /evil.com",
            "/x/..//evil.com, /evil.com",
            "/x/..//\\evil.com, /%5Cevil.com",
            "/a//?next=//evil.com, /a/?next=//evil.com"
        })
        void shouldRedirectToTheCleanPathOfThisHost(String target, String location) throws Exception {
            final FakeResponse response = ask(mux("/"), "GET", "h", target);
            assertThat(response.status()).isEqualTo(301);
            assertThat(response.location()).isEqualTo(location);
        }

        @Test
        void shouldRedirectToTheSlashThatIsMissing() throws Exception {
            final ServeMux mux = mux("/tree/", "/exact", "/exact/", "/x/{y}/", "/z/{$}", "/deep/{rest...}");
            assertThat(ask(mux, "GET", "", "/tree?a=b").location()).isEqualTo("/tree/?a=b");
            assertThat(ask(mux, "GET", "", "/x/1").location()).isEqualTo("/x/1/");
            assertThat(ask(mux, "GET", "", "/z").location()).isEqualTo("/z/");
            assertThat(ask(mux, "GET", "", "/deep").location()).isEqualTo("/deep/");
            assertThat(ask(mux, "GET", "", "/a/..//tree").location()).isEqualTo("/tree/");
            assertThat(served(mux, "GET", "", "/exact")).isEqualTo("/exact");
            assertThat(served(mux, "GET", "", "/tree/below")).isEqualTo("/tree/");
        }

        @Test
        void shouldRedirectFromABroaderPatternToTheSlashOfANarrowerOne() throws Exception {
            final ServeMux mux = mux("/", "/tree/");
            assertThat(ask(mux, "GET", "", "/tree").location()).isEqualTo("/tree/");
            assertThat(served(mux, "GET", "", "/tre")).isEqualTo("/");
        }

        @Test
        void shouldKeepMethodAndBodyInARedirect() throws Exception {
            assertThat(ask(mux("/tree/"), "POST", "", "/tree").status()).isEqualTo(308);
            assertThat(ask(mux("/tree/"), "HEAD", "", "/tree").status()).isEqualTo(301);
        }

        @ParameterizedTest
        @CsvSource({
            "PUT, '', /foo/1, 'DELETE, POST'",
            "PUT, a.com, /foo/1, 'DELETE, GET, HEAD, POST'",
            "GET, b.com, /bar, PUT",
            "PUT, '', /dir, 'GET, HEAD'"
        })
        void shouldNameTheMethodsThatAreAllowed(String method, String host, String path, String allowed)
                throws Exception {
            final FakeResponse response = ask(
                    mux("GET a.com/", "PUT b.com/", "POST /foo/{x}", "DELETE /foo/{x}", "GET /dir/"),
                    method,
                    host,
                    path);
            assertThat(response.status()).isEqualTo(405);
            assertThat(response.headers().first("Allow")).contains(allowed);
        }

        @ParameterizedTest
        @CsvSource({"OPTIONS, *", "CONNECT, h:443"})
        void shouldRefuseTargetsWithoutAPath(String method, String target) throws Exception {
            assertThat(ask(mux("/"), method, "h", target).status()).isEqualTo(400);
        }
    }
}
