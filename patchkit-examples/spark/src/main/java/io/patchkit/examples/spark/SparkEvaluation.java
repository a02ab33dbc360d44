package io.patchkit.examples.spark;

import io.patchkit.PatchkitException;
import io.patchkit.evaluate.Evaluation;
import io.patchkit.evaluate.EvaluationPart;
import io.patchkit.evaluate.SafetyReport;
import io.patchkit.examples.EvaluationSetup;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Measures what {@link io.patchkit.examples.EvaluatePatch} measures, over the machines of a Spark
 * cluster: every task takes a share of every suite's items, every executor holds one model, and one
 * task puts the shares together to the report that one machine would have made. The driver opens no
 * model. Model, patches and data lie in the same folders on every machine. Costs are measured only
 * where {@code --suites} names them: tasks beside each other falsify each other's times.
 *
 * <p>Without {@code spark-submit}, which names the cluster, the job runs within its own process.
 */
public final class SparkEvaluation {

  private static final String USAGE = "SparkEvaluation PARTITIONS OUT " + EvaluationSetup.USAGE;

  private static final String SUITES = "requests,toxicity,gender,utility,fidelity";

  private SparkEvaluation() {}

  public static void main(String... args) {
    if (args.length < 2 || !args[0].matches("[1-9]\\d{0,5}")) {
      System.err.println("usage: " + USAGE);
      System.exit(2);
    }
    EvaluationSetup setup = setup(Arrays.copyOfRange(args, 2, args.length));
    SparkConf conf =
        new SparkConf().setAppName("Patchkit evaluation").setIfMissing("spark.master", "local[*]");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      SafetyReport report = evaluate(spark, setup, Integer.parseInt(args[0]));
      Path out = Path.of(args[1]);
      Files.createDirectories(out);
      report.save(out);
      System.out.println(report.toMarkdown());
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /** What is to be measured: all but costs, unless the arguments name suites. */
  static EvaluationSetup setup(String... args) {
    List<String> all = new ArrayList<>(List.of("--suites", SUITES));
    all.addAll(Arrays.asList(args)); // The last value of an argument counts.
    return EvaluationSetup.parse(all.toArray(String[]::new));
  }

  /**
   * Measures and reports.
   *
   * @param partitions number of tasks, ≥ 1; a task that fails is measured again whole
   */
  static SafetyReport evaluate(JavaSparkContext spark, EvaluationSetup setup, int partitions) {
    List<Integer> shares = IntStream.range(0, partitions).boxed().toList();
    JavaRDD<String> parts =
        spark
            .parallelize(shares, partitions)
            .map(
                share ->
                    ExecutorEvaluation.of(setup).measure(share, partitions).toJson().toString());
    // Through a shuffle: a mere coalesce would measure everything in the one task that reports.
    String report =
        parts
            .repartition(1)
            .mapPartitions(all -> report(ExecutorEvaluation.of(setup), all))
            .first();
    try {
      return SafetyReport.of(parse(report));
    } catch (FormatException e) {
      throw new PatchkitException("an executor sent no report: " + e.getMessage(), e);
    }
  }

  private static Iterator<String> report(Evaluation evaluation, Iterator<String> parts) {
    List<EvaluationPart> read = new ArrayList<>();
    while (parts.hasNext()) {
      read.add(EvaluationPart.of(parse(parts.next())));
    }
    return List.of(evaluation.report(read).toJson().toString()).iterator();
  }

  /** Reads what a task of this job wrote, however long it is. */
  static JsonObject parse(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return StrictJson.parseObject(bytes, JsonLimits.large().withMaxBytes(bytes.length));
  }
}
