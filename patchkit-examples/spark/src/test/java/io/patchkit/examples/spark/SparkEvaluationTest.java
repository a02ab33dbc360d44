package io.patchkit.examples.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Patch;
import io.patchkit.evaluate.SafetyReport;
import io.patchkit.examples.EvaluationSetup;
import io.patchkit.examples.OpenEvaluation;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On Spark's local cluster: a master, two workers and two executors that are processes of their
 * own, each with a model of its own. No distribution of Spark is needed: the executors run on the
 * test's class path.
 */
class SparkEvaluationTest {

  private static final Path ONNX_TESTS = Path.of("../../patchkit-onnx/src/test/resources");

  @TempDir Path folder;

  /** A worker refuses to start an executor if the distribution has no folder of jars. */
  @BeforeAll
  static void makeDistributionWithoutJars() throws IOException {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
  }

  @Test
  void makesTheReportOfOneMachine() throws Exception {
    Path model = tinyModel();
    Path patch = folder.resolve("patch");
    Patch.fromPeft(ONNX_TESTS.resolve("cases/llama/peft-a")).save(patch);
    EvaluationSetup setup =
        SparkEvaluation.setup(
            "--model",
            model.toString(),
            "--patch",
            "a=" + patch,
            "--toxicity-judge",
            ONNX_TESTS.resolve("judges/strings.onnx").toRealPath().toString(),
            "--limit",
            "5",
            "--samples",
            "2",
            "--batch",
            "1");
    SafetyReport expected;
    try (OpenEvaluation alone = setup.open()) {
      expected = alone.evaluation().run();
    }
    try (JavaSparkContext spark = new JavaSparkContext(localCluster())) {
      SafetyReport found = SparkEvaluation.evaluate(spark, setup, 3);
      assertThat(StrictJson.write(found.toJson())).isEqualTo(StrictJson.write(expected.toJson()));
      assertThat(spark.sc().getExecutorMemoryStatus().size())
          .as("driver and executors")
          .isEqualTo(3);
    }
  }

  /** A share of many long answers, in which no single text is long: 20 MiB. */
  @Test
  void readsASharesWholeLength() {
    List<String> texts = Collections.nCopies(20, "x".repeat(1 << 20));
    String json = JsonObject.builder().put("texts", JsonArray.ofStrings(texts)).build().toString();
    assertThat(SparkEvaluation.parse(json).array("texts").strings()).isEqualTo(texts);
  }

  /** The tiny model of the ONNX tests, with a context that holds the prompts of the examples. */
  private Path tinyModel() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(ONNX_TESTS.resolve("cases/llama"), Files::isRegularFile)) {
      for (Path file : files) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Path config = model.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(
        config,
        text.replace("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 1024"));
    return model;
  }

  private static SparkConf localCluster() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new SparkConf()
        .setMaster("local-cluster[2,1,1024]")
        .setAppName("SparkEvaluationTest")
        .set("spark.ui.enabled", "false")
        .set("spark.driver.host", "127.0.0.1")
        .set("spark.executor.extraClassPath", classPath)
        .set(
            "spark.executor.extraJavaOptions",
            "-Dpatchkit.examples=" + System.getProperty("patchkit.examples"));
  }
}
