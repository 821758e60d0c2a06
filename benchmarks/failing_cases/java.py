"""Java: javac, Maven with Surefire, JUnit's console and an exception with causes.

Maven runs offline with Debian's repository, which its settings-debian.xml names.
"""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

JDK = Tool("javac", ("javac", "-version"), "apt", ("default-jdk-headless",))
MAVEN_HOME = "/usr/share/maven-repo/org/apache/maven"
MAVEN = Tool(
    "maven",
    ("mvn", "--version"),
    "apt",
    ("maven", "maven-debian-helper", "libsurefire-java", "libmaven-compiler-plugin-java", "junit4"),
    (f"{MAVEN_HOME}/plugins/maven-surefire-plugin", f"{MAVEN_HOME}/surefire/surefire-junit4"),
)
JUNIT4_JARS = "/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar"
JUNIT4 = Tool(
    "junit4", ("java", "-version"), "apt", ("junit4", "default-jdk-headless"), ("/usr/share/java/junit4.jar",)
)
CASES = Cases()

POM = """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>shop</groupId>
      <artifactId>shop</artifactId>
      <version>1.0</version>
      <properties>
        <maven.compiler.source>11</maven.compiler.source>
        <maven.compiler.target>11</maven.compiler.target>
        <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
      </properties>
      <dependencies>
        <dependency>
          <groupId>junit</groupId>
          <artifactId>junit</artifactId>
          <version>4.x</version>
          <scope>test</scope>
        </dependency>
      </dependencies>
    </project>
"""
QUIET_TEST = """
    package shop;

    import org.junit.Test;

    public class Part{number}Test {{
        @Test
        public void passes() {{
            for (int i = 0; i < 20; i++)
                System.out.println("12:00:0" + i % 10 + " WARN  [main] shop.Part{number} - slow answer, no error");
        }}
    }}
"""
CART_TEST = """
    package shop;

    import static org.junit.Assert.assertEquals;

    import org.junit.Test;

    public class CartTest {
        @Test
        public void sumsUpItsLines() {
            assertEquals("cart of taradiddle", 310, 300);
        }

        @Test
        public void opensTheTill() {
            Till.open("brouhaha");
        }
    }
"""
TILL = """
    package shop;

    public class Till {
        static int read(String text) {
            return Integer.parseInt(text);
        }

        public static int open(String name) {
            try {
                return read(name);
            } catch (NumberFormatException cause) {
                throw new IllegalStateException("till does not open: " + name, cause);
            }
        }
    }
"""
OLD = """
    package shop;

    import java.util.ArrayList;
    import java.util.List;

    public class Old{number} {{
        static Integer boxed = new Integer({number});
        List<String> names = (List<String>) (Object) new ArrayList();
    }}
"""


@CASES.add("javac", JDK)
def javac(project: Project) -> Sequence[Fact]:
    """Two errors among 300 warnings of every kind."""
    project.write({f"src/shop/Old{number}.java": OLD.format(number=number) for number in range(100)})
    project.write(
        {
            "src/shop/Menu.java": """
                package shop;

                public class Menu {
                    int count() {
                        return collywobbles.size();
                    }
                    String name() {
                        return 7;
                    }
                }
            """
        }
    )
    names = sorted(str(path.relative_to(project.root)) for path in project.root.rglob("*.java"))
    project.run("javac", "-Xlint:all", "-Xmaxwarns", "1000", "-verbose", "-d", "out", *names)
    project.commands = ["javac -Xlint:all -Xmaxwarns 1000 -verbose -d out src/shop/*.java"]
    return [
        Fact("symbol:   variable collywobbles", "src/shop/Menu.java", "collywobbles", None, ("collywobbles",)),
        Fact("incompatible types: int cannot be converted to String", "src/shop/Menu.java", "return 7"),
    ]


@CASES.add("maven-surefire", MAVEN, JDK)
def maven_surefire(project: Project) -> Sequence[Fact]:
    """A failure and an error with a cause, among 60 test classes that write warnings."""
    project.write(
        {f"src/test/java/shop/Part{number}Test.java": QUIET_TEST.format(number=number) for number in range(60)}
    )
    project.write({"pom.xml": POM, "src/test/java/shop/CartTest.java": CART_TEST, "src/main/java/shop/Till.java": TILL})
    project.run("mvn", "-o", "-B", "-s", "/etc/maven/settings-debian.xml", "test")
    return [
        Fact("expected:<310> but was:<300>", "CartTest.java", "assertEquals(", "sumsUpItsLines", ("taradiddle",)),
        Fact("till does not open", "CartTest.java", "Till.open(", "opensTheTill", ("brouhaha",)),
    ]


@CASES.add("maven-compile", MAVEN, JDK)
def maven_compile(project: Project) -> Sequence[Fact]:
    """A compilation that fails under Maven in its debug output, which tells each error twice."""
    project.write({f"src/main/java/shop/Old{number}.java": OLD.format(number=number) for number in range(20)})
    project.write(
        {
            "pom.xml": POM,
            "src/main/java/shop/Cart.java": """
                package shop;

                public class Cart {
                    public int total() {
                        return Skulduggery.total(this);
                    }
                }
            """,
        }
    )
    project.run("mvn", "-o", "-B", "-X", "-s", "/etc/maven/settings-debian.xml", "compile")
    return [Fact("cannot find symbol", "src/main/java/shop/Cart.java", "Skulduggery", None, ("Skulduggery",))]


@CASES.add("junit-console", JUNIT4, JDK)
def junit_console(project: Project) -> Sequence[Fact]:
    """JUnit's own console with output of passing tests between its dots, and full traces."""
    project.write({f"src/shop/Part{number}Test.java": QUIET_TEST.format(number=number) for number in range(50)})
    project.write({"src/shop/CartTest.java": CART_TEST, "src/shop/Till.java": TILL})
    names = sorted(str(path.relative_to(project.root)) for path in project.root.rglob("*.java"))
    project.run("javac", "-cp", JUNIT4_JARS, "-d", "out", *names)
    classes = sorted(f"shop.{name[9:-5]}" for name in names if name.endswith("Test.java"))
    project.run("java", "-cp", f"{JUNIT4_JARS}:out", "org.junit.runner.JUnitCore", *classes)
    project.commands = ["javac -d out src/shop/*.java", "java -cp out:junit4.jar org.junit.runner.JUnitCore shop.*Test"]
    return [
        Fact("expected:<310> but was:<300>", "CartTest.java", "assertEquals(", "sumsUpItsLines", ("taradiddle",)),
        Fact("till does not open", "Till.java", "throw new", "opensTheTill", ("brouhaha",)),
    ]


@CASES.add("java-causes", JDK)
def java_causes(project: Project) -> Sequence[Fact]:
    """A service that logs 2,000 lines with harmless traces, and dies of an exception with a deep cause."""
    project.write(
        {
            "src/shop/Till.java": TILL,
            "src/shop/Main.java": """
                package shop;

                public class Main {
                    static void deep(int depth) {
                        if (depth == 0) Till.open("lollygag"); else deep(depth - 1);
                    }

                    public static void main(String[] words) {
                        for (int i = 0; i < 2000; i++) {
                            System.out.println("INFO  [pool-" + i % 8 + "] shop.Main - request " + i + " answered");
                            if (i % 250 == 9) {
                                System.err.println("WARN  [pool-" + i % 8 + "] shop.Main - tried again after:");
                                new java.net.SocketTimeoutException("Read timed out, attempt 1").printStackTrace();
                            }
                        }
                        try {
                            deep(40);
                        } catch (IllegalStateException cause) {
                            throw new RuntimeException("service stopped", cause);
                        }
                    }
                }
            """,
        }
    )
    project.run("javac", "-d", "out", "src/shop/Till.java", "src/shop/Main.java")
    project.run("java", "-cp", "out", "shop.Main")
    return [
        Fact('For input string: "lollygag"', "Till.java", "Integer.parseInt", None, ("lollygag",)),
        Fact("service stopped", "Main.java", "throw new"),
    ]
