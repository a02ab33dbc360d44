package io.patchkit.evaluate;

import java.time.Duration;

/**
 * How far an evaluation is.
 *
 * @param suite being measured
 * @param variant being measured
 * @param done items of all suites and variants that are measured, earlier runs included
 * @param total items of all suites and variants
 * @param elapsed since this run began
 * @param remaining estimated from the time that this run's items took
 */
public record EvaluationProgress(
    String suite, String variant, int done, int total, Duration elapsed, Duration remaining) {}
