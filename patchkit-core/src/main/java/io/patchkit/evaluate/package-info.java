/**
 * What a patch does to safety, to usefulness and to cost, measured with intervals: judges, suites,
 * variants side by side, reports and the release gate.
 *
 * <p>An {@link io.patchkit.evaluate.Evaluation} shows the same items to several {@linkplain
 * io.patchkit.evaluate.Variant variants} of a model. A {@linkplain io.patchkit.evaluate.Suite
 * suite} turns each item into numbers, a {@linkplain io.patchkit.evaluate.Metric metric} sums them
 * up, and the {@linkplain io.patchkit.evaluate.SafetyReport report} says every figure with its
 * interval, its n and its judge. Intervals of shares are Wilson's (1927), those of paired
 * differences of shares Tango's (1998); all others are percentile bootstrap intervals, paired for
 * differences (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
 *
 * <p>Judges never grade their own homework: the judge that filtered a patch's training data is
 * refused as the reporting judge.
 */
@NullMarked
package io.patchkit.evaluate;

import org.jspecify.annotations.NullMarked;
