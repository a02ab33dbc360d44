/**
 * The evaluation of {@link io.patchkit.examples.EvaluatePatch} over many machines, as an <a
 * href="https://spark.apache.org/docs/latest/rdd-programming-guide.html">Apache Spark</a> job.
 */
@NullMarked
package io.patchkit.examples.spark;

import org.jspecify.annotations.NullMarked;
