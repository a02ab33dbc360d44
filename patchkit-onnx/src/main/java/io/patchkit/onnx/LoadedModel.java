package io.patchkit.onnx;

import io.patchkit.ChatMessage;
import io.patchkit.ModelShape;
import io.patchkit.Prompt;
import io.patchkit.onnx.decode.DecoderEngine;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.text.ChatTemplate;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What all views of one model share: the engine, the tokenizer, the chat template. Thread-safe. */
final class LoadedModel {

  private final ModelFolder folder;
  private final ModelFile file;
  private final DecoderEngine engine;
  private final HuggingFaceTokenizer tokenizer;
  private final ModelShape shape;
  private final Clock clock;
  private final boolean specialTokensInMessages;
  private final Object templateLock = new Object();
  private @Nullable PlainMessages plainMessages;
  private @Nullable ChatTemplate template;
  private @Nullable String fingerprint;

  private LoadedModel(
      ModelFolder folder,
      ModelFile file,
      DecoderEngine engine,
      HuggingFaceTokenizer tokenizer,
      OnnxOptions options) {
    this.folder = folder;
    this.file = file;
    this.engine = engine;
    this.tokenizer = tokenizer;
    this.shape = engine.shape();
    this.clock = options.clock();
    this.specialTokensInMessages = options.specialTokensInMessages();
  }

  static LoadedModel load(Path path, OnnxOptions options) {
    ModelFolder found = ModelFolder.read(path, options.graph());
    ModelFile file = ModelFile.read(found.graph());
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(found.folder());
    try {
      ModelFolder folder = found.completedBy(tokenizer);
      DecoderEngine engine =
          DecoderEngine.load(
              file,
              tokenizer,
              new DecoderEngine.Settings(
                  folder.contextLength(),
                  folder.stopTokens(),
                  folder.headDim(),
                  options.threads(),
                  options.spinning(),
                  options.prepacking(),
                  options.arena(),
                  options.cudaDevice(),
                  options.prefixCacheBytes(),
                  options.prefillChunk(),
                  options.idleBufferBytes(),
                  options.batchRows(),
                  options.listener()));
      return new LoadedModel(folder, file, engine, tokenizer, options);
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  String name() {
    Path last = folder.folder().toAbsolutePath().normalize().getFileName();
    return last == null ? "model" : last.toString();
  }

  DecoderEngine engine() {
    return engine;
  }

  HuggingFaceTokenizer tokenizer() {
    return tokenizer;
  }

  ModelShape shape() {
    return shape;
  }

  synchronized String fingerprint() {
    if (fingerprint == null) {
      fingerprint = ModelFingerprint.of(file.files());
    }
    return fingerprint;
  }

  /** The ids of what the assistant says, without special tokens unless messages may hold them. */
  int[] answerTokens(String answer) {
    if (!specialTokensInMessages) {
      plainMessages(template()).require(List.of(ChatMessage.assistant(answer)));
    }
    return tokenizer.encodeContinuation(answer);
  }

  /** The ids that a prompt stands for; at least one. */
  int[] tokens(Prompt prompt) {
    int[] tokens;
    if (prompt instanceof Prompt.Text text) {
      tokens = tokenizer.encode(text.text(), text.addSpecialTokens());
    } else if (prompt instanceof Prompt.Chat chat) {
      tokens = tokens(chat);
    } else {
      tokens = ((Prompt.Tokens) prompt).ids();
    }
    if (tokens.length > 0) {
      return tokens;
    }
    OptionalInt bos = folder.bosToken();
    if (bos.isEmpty()) {
      throw new IllegalArgumentException(
          "prompt has no tokens and "
              + name()
              + " has no beginning-of-sequence token to start from; allowed: a prompt that is not"
              + " empty");
    }
    return new int[] {bos.getAsInt()};
  }

  private int[] tokens(Prompt.Chat chat) {
    ChatTemplate of = template();
    if (specialTokensInMessages) {
      return tokenizer.encode(of.render(chat), false);
    }
    PlainMessages plain = plainMessages(of);
    plain.require(chat.messages());
    plain.requireVariables(chat.variables());
    int[] tokens = tokenizer.encode(of.render(chat), false);
    plain.requireNoneMade(chat, tokens);
    return tokens;
  }

  /**
   * The token with which the model ends its turn: the stop token that the chat template puts behind
   * what the assistant says, or the only one there is. Empty where neither tells.
   */
  OptionalInt turnEnd() {
    if (template().isPresent()) {
      String said = "answer";
      String chat =
          template()
              .render(List.of(ChatMessage.user("question"), ChatMessage.assistant(said)), false);
      int at = chat.lastIndexOf(said);
      String behind = at < 0 ? "" : chat.substring(at + said.length());
      for (int token : tokenizer.encode(behind, false)) {
        if (folder.stopTokens().contains(token)) {
          return OptionalInt.of(token);
        }
      }
    }
    return folder.stopTokens().size() == 1
        ? OptionalInt.of(folder.stopTokens().iterator().next())
        : OptionalInt.empty();
  }

  /** The ids that end a text. */
  Set<Integer> stopTokens() {
    return folder.stopTokens();
  }

  /** The decoder's graph and where its weights lie. */
  ModelFile file() {
    return file;
  }

  private ChatTemplate template() {
    synchronized (templateLock) {
      if (template == null) {
        template = ChatTemplate.load(folder.folder(), tokenizer.specialTokens(), clock);
      }
      return template;
    }
  }

  private PlainMessages plainMessages(ChatTemplate of) {
    synchronized (templateLock) {
      if (plainMessages == null) {
        Set<Integer> edges = new HashSet<>(folder.stopTokens());
        folder.bosToken().ifPresent(edges::add);
        plainMessages = new PlainMessages(tokenizer, of, edges);
      }
      return plainMessages;
    }
  }
}
