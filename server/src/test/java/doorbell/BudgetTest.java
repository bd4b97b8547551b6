package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The sizes that the sources keep to, in all modules. Code lines are neither blank nor comment. */
class BudgetTest {
  private static final int FILE_LINES = 300;
  private static final int METHOD_LINES = 40;
  private static final int USUAL_METHOD_LINES = 15;
  private static final double USUAL = 0.9;
  private static final int COLUMNS = 100;
  private static final int PARAMETERS = 4;
  private static final int README_LINES = 80;

  private static final Path PROJECT = Path.of(System.getProperty("basedir", ".")).resolve("..");

  /**
   * A method of some file, from its annotations to its closing brace. What a record has, and what
   * another class wants of it, gives its parameters.
   */
  private record Method(Path file, String name, long lines, int parameters, boolean isGiven) {}

  @Test
  void aFileIsShort() throws IOException {
    assertThat(main()).isNotEmpty().filteredOn(file -> codeLines(file) > FILE_LINES).isEmpty();
  }

  @Test
  void aMethodIsShortAndNineInTenAreVeryShort() throws IOException {
    List<Method> methods = methods(main());
    assertThat(methods).hasSizeGreaterThan(100);
    assertThat(methods.stream().filter(method -> method.lines > METHOD_LINES)).isEmpty();
    long usual = methods.stream().filter(method -> method.lines <= USUAL_METHOD_LINES).count();
    assertThat((double) usual / methods.size())
        .as("%s of %s methods", usual, methods.size())
        .isGreaterThanOrEqualTo(USUAL);
  }

  @Test
  void aMethodHasFewParameters() throws IOException {
    assertThat(methods(main()))
        .filteredOn(method -> !method.isGiven && method.parameters > PARAMETERS)
        .isEmpty();
  }

  @Test
  void aLineFitsTheScreen() throws IOException {
    List<Path> sources = new ArrayList<>(main());
    sources.addAll(sources("*", "test"));
    for (Path file : sources) {
      assertThat(Files.readAllLines(file))
          .as(file.toString())
          .filteredOn(line -> line.codePointCount(0, line.length()) > COLUMNS)
          .filteredOn(line -> !line.startsWith("import "))
          .isEmpty();
    }
  }

  @Test
  void noTestSleepsOrIsSwitchedOff() throws IOException {
    List<String> found = new ArrayList<>();
    scan(
        sources("*", "test"),
        new Scanner() {
          @Override
          public @Nullable Void visitMethodInvocation(MethodInvocationTree call, Trees trees) {
            if (call.getMethodSelect() instanceof MemberSelectTree select
                && select.getIdentifier().contentEquals("sleep")) {
              found.add(file() + ": " + call);
            }
            return super.visitMethodInvocation(call, trees);
          }

          @Override
          public @Nullable Void visitAnnotation(AnnotationTree annotation, Trees trees) {
            if (annotation.getAnnotationType().toString().endsWith("Disabled")) {
              found.add(file() + ": " + annotation);
            }
            return super.visitAnnotation(annotation, trees);
          }
        });
    assertThat(found).isEmpty();
  }

  @Test
  void theReadmeIsAPage() throws IOException {
    Path readme = PROJECT.resolve("README.md");
    if (Files.exists(readme)) {
      budget(Files.readAllLines(readme).size(), README_LINES);
    }
  }

  private static void budget(long used, long most) {
    assertThat(used).isLessThanOrEqualTo(most);
  }

  private static List<Path> main() throws IOException {
    return sources("*", "main");
  }

  /** All Java files below {@code MODULE/src/KIND/java}; the module may be {@code *}. */
  private static List<Path> sources(String module, String kind) throws IOException {
    List<Path> sources = new ArrayList<>();
    try (var modules = Files.newDirectoryStream(PROJECT, module)) {
      for (Path found : modules) {
        Path root = found.resolve("src").resolve(kind).resolve("java");
        if (Files.isDirectory(root)) {
          try (Stream<Path> files = Files.walk(root)) {
            files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
          }
        }
      }
    }
    return sources;
  }

  private static long codeLines(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .map(String::trim)
          .filter(line -> !line.isEmpty() && !line.matches("(//|\\*|/\\*).*"))
          .count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Method> methods(List<Path> files) throws IOException {
    List<Method> methods = new ArrayList<>();
    scan(
        files,
        new Scanner() {
          @Override
          public @Nullable Void visitMethod(MethodTree method, Trees trees) {
            boolean ofRecord =
                method.getReturnType() == null
                    && getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD;
            boolean overrides =
                method.getModifiers().getAnnotations().toString().contains("@Override");
            methods.add(
                new Method(
                    Path.of(file()),
                    method.getName().toString(),
                    lines(method, trees),
                    method.getParameters().size(),
                    ofRecord || overrides));
            return super.visitMethod(method, trees);
          }
        });
    return methods;
  }

  private static void scan(List<Path> files, Scanner scanner) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(files));
      Trees trees = Trees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        scanner.scan(new TreePath(unit), trees);
      }
    }
  }

  /** Visits each class of a file as it is written. */
  private abstract static class Scanner extends TreePathScanner<@Nullable Void, Trees> {
    final String file() {
      return getCurrentPath().getCompilationUnit().getSourceFile().getName();
    }

    final long lines(Tree tree, Trees trees) {
      CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
      SourcePositions positions = trees.getSourcePositions();
      LineMap lines = unit.getLineMap();
      long end = lines.getLineNumber(positions.getEndPosition(unit, tree));
      return end - lines.getLineNumber(positions.getStartPosition(unit, tree)) + 1;
    }
  }
}
