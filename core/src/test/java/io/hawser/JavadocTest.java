// SPDX-License-Identifier: Apache-2.0
package io.hawser;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Every package, and every public type, method and constructor in it, says what it is. (doclint asks for that too, but
 * only together with a tag for each parameter, exception and result, where a sentence that covers them is better.)
 */
class JavadocTest {
    private static final Path SOURCES = Path.of("src", "main", "java");

    @Test
    void shouldDocumentEverythingPublic() throws IOException {
        assertThat(undocumented()).as("public, and without Javadoc").isEmpty();
    }

    @Test
    void shouldDescribeEveryPackageAndMarkItsNullness() throws IOException {
        Set<Path> packages = new TreeSet<>();
        for (Path source : sources()) {
            if (!source.endsWith("module-info.java")) {
                packages.add(source.getParent());
            }
        }
        assertThat(packages)
                .isNotEmpty()
                .allSatisfy(directory -> assertThat(directory.resolve("package-info.java"))
                        .content()
                        .contains("@NullMarked"));
    }

    private static List<Path> sources() throws IOException {
        try (var files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static List<String> undocumented() throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            var task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources()));
            var scanner = new Scanner(DocTrees.instance(task));
            for (CompilationUnitTree unit : task.parse()) {
                scanner.scan(unit, null);
            }
            return scanner.undocumented;
        }
    }

    /** Goes down only into what can be seen from outside. */
    private static final class Scanner extends TreePathScanner<Void, Void> {
        private final DocTrees docs;
        private final List<String> undocumented = new ArrayList<>();

        Scanner(DocTrees docs) {
            this.docs = docs;
        }

        @Override
        public Void visitPackage(PackageTree tree, Void unused) {
            String file = getCurrentPath().getCompilationUnit().getSourceFile().getName();
            if (file.endsWith("package-info.java")) {
                check("package " + tree.getPackageName());
            }
            return null;
        }

        @Override
        public Void visitClass(ClassTree tree, Void unused) {
            if (!visible(tree.getModifiers().getFlags())) {
                return null;
            }
            check(tree.getSimpleName().toString());
            return super.visitClass(tree, null);
        }

        @Override
        public Void visitMethod(MethodTree tree, Void unused) {
            boolean overrides = tree.getModifiers().getAnnotations().stream()
                    .anyMatch(annotation ->
                            annotation.getAnnotationType().toString().equals("Override"));
            boolean ofRecord = tree.getReturnType() == null && enclosing().getKind() == Tree.Kind.RECORD;
            if (visible(tree.getModifiers().getFlags()) && !overrides && !ofRecord) {
                check(enclosing().getSimpleName() + "." + tree.getName());
            }
            return null;
        }

        private boolean visible(Set<Modifier> flags) {
            boolean inInterface = getCurrentPath().getParentPath().getLeaf() instanceof ClassTree
                    && (enclosing().getKind() == Tree.Kind.INTERFACE
                            || enclosing().getKind() == Tree.Kind.ANNOTATION_TYPE);
            return flags.contains(Modifier.PUBLIC)
                    || flags.contains(Modifier.PROTECTED)
                    || (inInterface && !flags.contains(Modifier.PRIVATE));
        }

        private ClassTree enclosing() {
            return (ClassTree) getCurrentPath().getParentPath().getLeaf();
        }

        private void check(String name) {
            String comment = docs.getDocComment(getCurrentPath());
            if (comment == null || comment.isBlank()) {
                undocumented.add(
                        getCurrentPath().getCompilationUnit().getSourceFile().getName() + ": " + name);
            }
        }
    }
}
