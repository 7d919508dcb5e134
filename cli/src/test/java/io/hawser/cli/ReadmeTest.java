// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The README as its readers use it: each program compiles as it stands, each command is one that there is. */
class ReadmeTest {
    private static final Path README = Path.of("..", "README.md");
    private static final String CLASS_PATH =
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    private static final Pattern JAVA = Pattern.compile("^```java\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern SHELL = Pattern.compile("^```\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    /** With a parameter at least: others are mere names. */
    private static final Pattern IN_LINE = Pattern.compile("`(\\./hawser [^`\\s]+ [^`…]+)`");

    /** In the order in which a reader meets them; of two classes of one name the one that is meant. */
    private static final String IMPORTS = """
            import io.hawser.*;
            import io.hawser.buffer.*;
            import io.hawser.connection.*;
            import io.hawser.console.*;
            import io.hawser.console.Console;
            import io.hawser.http.*;
            import io.hawser.http.Compression;
            import io.hawser.proxy.*;
            import io.hawser.session.*;
            import io.hawser.tls.*;
            import io.hawser.websocket.*;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.*;
            """;

    private static final class Program extends SimpleJavaFileObject {
        private final String text;

        Program(String name, String text) {
            super(URI.create("string:///io/hawser/cli/" + name + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static List<String> found(Pattern pattern) throws IOException {
        final List<String> all = new ArrayList<>();
        final Matcher matcher = pattern.matcher(Files.readString(README));
        while (matcher.find()) {
            all.add(matcher.group(1));
        }
        return all;
    }

    @Test
    void shouldShowProgramsThatCompile() throws Exception {
        final List<Program> programs = new ArrayList<>();
        for (String text : found(JAVA)) {
            final String name = "Readme" + programs.size();
            final String members =
                    text.contains("void main(") ? text : "void run() throws Exception {\n" + text + "}\n";
            programs.add(new Program(
                    name,
                    "package io.hawser.cli;\n" + IMPORTS + "class " + name + " extends ReadmeNames {\n" + members
                            + "}\n"));
        }
        assertThat(programs).hasSizeGreaterThan(10);
        final var diagnostics = new DiagnosticCollector<JavaFileObject>();
        final List<String> options = List.of("-proc:none", "-cp", CLASS_PATH);

        final JavacTask task = (JavacTask)
                ToolProvider.getSystemJavaCompiler().getTask(null, null, diagnostics, options, null, programs);
        task.analyze();

        assertThat(diagnostics.getDiagnostics())
                .filteredOn(found -> found.getKind() == Diagnostic.Kind.ERROR)
                .isEmpty();
    }

    @Test
    void shouldShowCommandsThatThereAre() throws Exception {
        final List<String> commands = new ArrayList<>(found(IN_LINE));
        for (String block : found(SHELL)) {
            block.lines()
                    .map(line -> line.startsWith("$ ") ? line.substring(2) : line)
                    .filter(line -> line.startsWith("./hawser "))
                    .forEach(commands::add);
        }
        assertThat(commands).hasSizeGreaterThan(10);
        for (String command : commands) {
            final String[] words = command.replaceAll("( &|\\s+#.*)$", "").split("\\s+");
            assertThatCode(() -> Main.commandLine(new Stop())
                            .parseArgs(List.of(words).subList(1, words.length).toArray(String[]::new)))
                    .as(command)
                    .doesNotThrowAnyException();
        }
    }
}
