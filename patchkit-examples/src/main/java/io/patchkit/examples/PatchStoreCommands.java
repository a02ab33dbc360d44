package io.patchkit.examples;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.release.Activation;
import io.patchkit.release.AuditEntry;
import io.patchkit.release.CollectedGarbage;
import io.patchkit.release.Digest;
import io.patchkit.release.PatchStore;
import io.patchkit.release.StackGeneration;
import io.patchkit.release.StoreException;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that work on a store. */
final class PatchStoreCommands {

  private static final String PATCH_HELP = "NAME, NAME-VERSION, or the start of its identity";

  private PatchStoreCommands() {}

  @Command(
      name = "install",
      description = "Verifies a patch directory and puts it into the store; it is not active yet.",
      mixinStandardHelpOptions = true)
  static JsonObject install(
      @Parameters(paramLabel = "DIR", description = "the patch") Path directory,
      @Option(names = "--signature", required = true, description = "a bundle; may be repeated")
          List<Path> signatures,
      @Mixin TrustOptions trust,
      @Mixin StoreArguments arguments)
      throws IOException {
    VerifiedPatch patch =
        VerifiedPatch.verify(directory, signatures, trust.policy(), Clock.systemUTC());
    PatchStore store = arguments.storeFor(any -> new Digest(patch.identity()));
    store.install(patch, arguments.change());
    return PatchSigning.describe(patch);
  }

  @Command(
      name = "activate",
      description = "Makes an installed patch active.",
      mixinStandardHelpOptions = true)
  static JsonObject activate(
      @Parameters(paramLabel = "PATCH", description = PATCH_HELP) String patch,
      @Option(
              names = "--canary",
              paramLabel = "SHARE",
              description = "for a share of the requests, such as 0.1")
          @Nullable Double share,
      @Option(names = "--trial", description = "to be rolled back unless a health probe passes")
          boolean trial,
      @Mixin StoreArguments arguments)
      throws IOException {
    PatchStore store = arguments.storeFor(with -> StoreArguments.find(with, patch).digest());
    Activation activation = trial ? Activation.trial() : Activation.full();
    return generation(
        store.activate(
            StoreArguments.find(store, patch).digest(),
            share == null ? activation : Activation.canary(share),
            arguments.change()));
  }

  @Command(
      name = "deactivate",
      description = "Takes a patch out of the stack.",
      mixinStandardHelpOptions = true)
  static JsonObject deactivate(
      @Parameters(paramLabel = "NAME", description = "the patch's name") String name,
      @Mixin StoreArguments store)
      throws IOException {
    return generation(store.store().deactivate(name, store.change()));
  }

  @Command(
      name = "promote",
      description = "Gives a canary to all requests.",
      mixinStandardHelpOptions = true)
  static JsonObject promote(@Mixin StoreArguments store) throws IOException {
    return generation(store.store().promote(store.change()));
  }

  @Command(
      name = "rollback",
      description = {
        "Makes an older generation's stack current again.",
        "Repeated without a number it does not go back to what it left, nor any further."
      },
      mixinStandardHelpOptions = true)
  static JsonObject rollback(
      @Parameters(
              arity = "0..1",
              paramLabel = "GENERATION",
              description = "its number (default: the last good one before the current)")
          @Nullable Long generation,
      @Mixin StoreArguments arguments)
      throws IOException {
    PatchStore store = arguments.store();
    if (generation != null) {
      return generation(store.rollback(generation, arguments.change()));
    }
    long current = store.current().number();
    return generation(
        store.rollbackIfCurrent(
            current, store.lastGoodBefore(current).number(), arguments.change()));
  }

  @Command(
      name = "refresh",
      description = "Asks the channel that the store follows, and takes out what that revokes.",
      mixinStandardHelpOptions = true)
  static JsonObject refresh(@Mixin StoreArguments arguments) throws IOException {
    FollowedChannel channel = arguments.channel();
    if (channel == null) {
      throw new IllegalArgumentException(
          "--channel is missing, and the store follows no channel; allowed: a directory or"
              + " address");
    }
    try {
      var unused = channel.refresh();
    } catch (ChannelException e) {
      try {
        arguments.store().applyRevocations(arguments.byTheChannel()); // those known before
      } catch (StoreException unknown) {
        e.addSuppressed(unknown);
      }
      throw e;
    }
    return generation(arguments.store().applyRevocations(arguments.byTheChannel()));
  }

  @Command(
      name = "history",
      description = "Lists the generations, or with --audit every change.",
      mixinStandardHelpOptions = true)
  static JsonObject history(
      @Option(names = "--audit", description = "list the audit log, its chain verified")
          boolean audit,
      @Mixin StoreArguments store)
      throws IOException {
    List<JsonValue> lines = new ArrayList<>();
    if (audit) {
      store.store().audit().forEach(entry -> lines.add(line(entry)));
    } else {
      store.store().history().forEach(generation -> lines.add(line(generation)));
    }
    return JsonObject.builder().put(audit ? "audit" : "history", JsonArray.of(lines)).build();
  }

  @Command(
      name = "status",
      description = {
        "Says what is active, what is installed, and what the channel says of it.",
        "The store stays as it is, also if the channel revokes a patch: refresh takes it out."
      },
      mixinStandardHelpOptions = true)
  static JsonObject status(@Mixin StoreArguments arguments) throws IOException {
    FollowedChannel channel = arguments.channel();
    String problem = channel == null ? "" : arguments.refreshed(channel);
    return StoreReport.of(arguments.store().status(), channel, problem);
  }

  @Command(
      name = "gc",
      description = {
        "Takes away old generations, and the patches that none needs any more.",
        "What a damaged patch or generation may need stays; both are named."
      },
      mixinStandardHelpOptions = true)
  static JsonObject collect(@Mixin StoreArguments store) throws IOException {
    CollectedGarbage garbage = store.store().collectGarbage(store.change());
    List<String> removed = new ArrayList<>();
    garbage.removed().forEach(patch -> removed.add(patch.hex()));
    List<JsonValue> generations = new ArrayList<>();
    garbage
        .damagedGenerations()
        .forEach(
            (number, problem) ->
                generations.add(
                    JsonObject.builder()
                        .put("generation", number)
                        .put("problem", problem)
                        .build()));
    return JsonObject.builder()
        .put("removed", JsonArray.ofStrings(removed))
        .put("damaged", StoreReport.damaged(garbage.damaged()))
        .put("damagedGenerations", JsonArray.of(generations))
        .build();
  }

  static JsonObject generation(StackGeneration generation) {
    return JsonObject.builder()
        .put("generation", generation.number())
        .put("origin", generation.origin().name())
        .put("active", JsonArray.ofStrings(StoreReport.ids(generation)))
        .put("share", generation.share())
        .build();
  }

  private static JsonObject line(StackGeneration generation) {
    return JsonObject.builder()
        .put("generation", generation.number())
        .put("parent", generation.parent())
        .put("created", generation.created().toString())
        .put("origin", generation.origin().name())
        .put("actor", generation.change().actor())
        .put("reason", generation.change().reason())
        .put("active", JsonArray.ofStrings(StoreReport.ids(generation)))
        .build();
  }

  private static JsonObject line(AuditEntry entry) {
    List<String> patches = new ArrayList<>();
    entry.patches().forEach(patch -> patches.add(patch.hex()));
    JsonObject.Builder line = JsonObject.builder();
    line.put("sequence", entry.sequence())
        .put("time", entry.time().toString())
        .put("action", entry.action().name())
        .put("actor", entry.change().actor())
        .put("reason", entry.change().reason())
        .put("generation", entry.generation())
        .put("patches", JsonArray.ofStrings(patches));
    Long target = entry.target();
    return (target == null ? line : line.put("target", target)).build();
  }
}
