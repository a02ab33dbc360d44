/**
 * Training: learns the prefix that steers a frozen model towards a safer reference, whatever engine
 * runs the model.
 *
 * <p>An engine provides a {@link io.patchkit.train.DifferentiableModel}: log-probabilities of
 * target tokens, and their gradient with respect to the prefix. Everything else is here: the
 * {@linkplain io.patchkit.train.Objective objectives} with their data, the {@linkplain
 * io.patchkit.train.TrainingPlan plan}, the optimizer, {@linkplain io.patchkit.train.PatchTrainer
 * the loop} with checkpoints that continue bit by bit, the building of {@linkplain
 * io.patchkit.train.PreferencePairs preference pairs}, and what one watches a training with.
 *
 * <p>The method is that of "Patching LLM Like Software" (arXiv 2511.08484): supervised fine-tuning
 * on the safer reference's answers, then direct preference optimisation (Rafailov et al., arXiv
 * 2305.18290) with its answers chosen and the base model's rejected. The counterfactual term that
 * keeps a patch quiet where nothing is wrong is that of MOSAIC (arXiv 2603.16210).
 */
@NullMarked
package io.patchkit.train;

import org.jspecify.annotations.NullMarked;
