// SPDX-License-Identifier: Apache-2.0
package io.hawser;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The picture in {@code docs/architecture.md}, as rules: an arrow only points down. */
class LayersTest {
    private static final String ROOT = "io.hawser";
    private static final String SIMULATION = "io.hawser.sim..";
    private static final String CONNECTION = "io.hawser.connection..";
    private static final String LOG = "io.hawser.log..";
    private static final String JFR = "io.hawser.jfr..";
    private static final String SESSION = "io.hawser.session..";
    private static final String PROXY = "io.hawser.proxy..";
    private static final String STAGE = "io.hawser.stage..";
    private static final String TLS = "io.hawser.tls..";
    private static final String OPENSSL = "io.hawser.tls.openssl..";
    private static final String LOOP = "io.hawser.loop..";
    private static final String BUFFER = "io.hawser.buffer..";
    private static final String SPI = "io.hawser.transport";
    private static final String URING = "io.hawser.transport.uring..";
    private static final String EPOLL = "io.hawser.transport.epoll..";
    private static final String NIO = "io.hawser.transport.nio..";
    private static final String POSIX = "io.hawser.transport.posix..";
    private static final String SIM = "io.hawser.transport.sim..";
    private static final String LINUX = "io.hawser.linux..";

    /** The one class that names the transports, since it is the one that chooses among them. */
    private static final String CHOOSER = "io\\.hawser\\.transport\\.Transports(\\$.*)?";

    private static final JavaClasses PRODUCTION = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    /** A layer, and all of Hawser that it may know besides itself. */
    record Layer(String name, List<String> below) {
        Layer(String name, String... below) {
            this(name, List.of(below));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Layer> layers() {
        return Stream.of(
                new Layer(SESSION, CONNECTION, TLS, LOOP, SPI, BUFFER, LOG),
                new Layer(SIMULATION, CONNECTION, LOOP, SPI, SIM, BUFFER),
                new Layer(CONNECTION, TLS, STAGE, LOOP, SPI, BUFFER, LOG, JFR),
                new Layer(TLS, STAGE, LOOP, SPI, BUFFER, LOG),
                new Layer(PROXY, STAGE, LOOP, SPI, BUFFER, LOG),
                new Layer(STAGE, LOOP, SPI, BUFFER),
                new Layer(LOG),
                new Layer(JFR),
                new Layer(LOOP, SPI, BUFFER, JFR),
                new Layer(SPI, BUFFER),
                new Layer(URING, POSIX, SPI, BUFFER, LINUX),
                new Layer(EPOLL, POSIX, SPI, BUFFER, LINUX),
                new Layer(NIO, SPI, BUFFER),
                new Layer(POSIX, SPI, BUFFER, LINUX),
                new Layer(SIM, SPI, BUFFER),
                new Layer(BUFFER, JFR),
                new Layer(OPENSSL),
                new Layer(LINUX));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void shouldOnlyPointDown(Layer layer) {
        String[] allowed =
                Stream.concat(Stream.of(layer.name()), layer.below().stream()).toArray(String[]::new);
        hold(noClasses()
                .that(resideInAnyPackage(layer.name()))
                .and(not(nameMatching(CHOOSER)))
                .should()
                .dependOnClassesThat(resideInAnyPackage(ROOT + "..").and(resideOutsideOfPackages(allowed))));
    }

    @Test
    void shouldKnowEveryPackage() {
        String[] layers =
                Stream.concat(Stream.of(ROOT), layers().map(Layer::name)).toArray(String[]::new);
        hold(classes().should().resideInAnyPackage(layers));
    }

    /** Which also keeps out {@code sun.*}, {@code jdk.internal.*} and {@code sun.misc.Unsafe}. */
    @Test
    void shouldNeedNothingButTheJdk() {
        hold(classes()
                .that()
                .resideOutsideOfPackage(JFR)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(ROOT + "..", "java..", "javax..", "org.jspecify..")));
        hold(classes()
                .that()
                .resideInAPackage(JFR)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(JFR, "java..", "jdk.jfr", "org.jspecify..")));
    }

    @Test
    void shouldCallWhatIsNotJavaOnlyFromItsOwnPackages() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages(LINUX, OPENSSL)
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class, SymbolLookup.class, FunctionDescriptor.class));
    }

    @Test
    void shouldNeverSleep() {
        hold(noClasses()
                .should()
                .callMethodWhere(target(owner(type(Thread.class))).and(target(name("sleep")))));
    }

    private static void hold(ArchRule rule) {
        assertThat(PRODUCTION).as("classes under test").isNotEmpty();
        rule.allowEmptyShould(true).check(PRODUCTION);
    }
}
