package io.patchkit;

/** Why a generation ended. */
public enum FinishReason {
  /** The model produced one of its own stop tokens. */
  STOP_TOKEN,
  /** The text reached one of {@link GenerationOptions#stopStrings()}. */
  STOP_STRING,
  /** {@link GenerationOptions#maxNewTokens()} tokens were generated. */
  MAX_NEW_TOKENS,
  /** {@link GenerationOptions#timeLimit()} was reached. */
  TIME_LIMIT,
  /** The stream was closed before the model had finished. */
  CANCELLED
}
