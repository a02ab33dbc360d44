package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.format.JsonObject;
import io.patchkit.release.RegistryException;
import io.patchkit.release.StoreException;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.trust.UntrustedPatchException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * The life of a released patch at the command line: {@code run Patch keygen | sign | verify |
 * inspect | push | pull | install | activate | deactivate | promote | rollback | history | revoke |
 * refresh | status | gc | channel}; {@code run Patch COMMAND --help} explains one.
 *
 * <p>Exit status: 0 done; 1 failed; 2 wrong usage; 3 the patch is not trusted; 4 the registry
 * refused or could not be reached; 5 the store refused; 6 the channel refused, or was refused. With
 * {@code --json}, standard output is one JSON object, {@code {"error": REASON, "message": TEXT}}
 * where the status is not 0.
 */
@Command(
    name = "run Patch",
    description =
        "Signs, publishes, installs and rolls back patches; docs/releasing.md walks through.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class Patch {

  static final int FAILED = 1;
  static final int UNTRUSTED = 3;
  static final int REGISTRY = 4;
  static final int STORE = 5;
  static final int CHANNEL = 6;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "print one JSON object instead of text")
  private boolean json;

  private Patch() {}

  public static void main(String... args) {
    System.exit(execute(System.out, System.err, args));
  }

  /** Runs a command and gives its exit status. */
  static int execute(PrintStream out, PrintStream err, String... args) {
    Patch program = new Patch();
    CommandLine line = new CommandLine(program);
    CommandLine channel = new CommandLine(new ChannelCommands());
    add(channel, ChannelRotation.class);
    line.addSubcommand(channel);
    add(line, PatchSigning.class);
    add(line, PatchTransport.class);
    add(line, PatchStoreCommands.class);
    add(line, PatchRevocation.class);
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    line.setExecutionStrategy(
        parsed -> {
          if (!parsed.hasSubcommand() && !parsed.isUsageHelpRequested()) {
            throw new CommandLine.ParameterException(line, "a command is missing");
          }
          int status = new CommandLine.RunLast().execute(parsed);
          CommandLine last = parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
          if (last.getExecutionResult() instanceof JsonObject result) {
            out.print(program.json ? result + "\n" : ReleaseText.of(result));
          }
          return status;
        });
    line.setExecutionExceptionHandler(
        (problem, command, parsed) -> {
          if (!(problem instanceof PatchkitException
              || problem instanceof IllegalArgumentException
              || problem instanceof IOException)) {
            throw problem;
          }
          String message = String.valueOf(problem.getMessage());
          if (program.json) {
            out.println(
                JsonObject.builder().put("error", reason(problem)).put("message", message).build());
          } else {
            err.println(reason(problem) + ": " + message);
          }
          return status(problem);
        });
    return line.execute(args);
  }

  private static void add(CommandLine line, Class<?> group) {
    for (Method method : CommandLine.getCommandMethods(group, null)) {
      CommandLine command = new CommandLine(method);
      line.addSubcommand(command.getCommandName(), command);
    }
  }

  private static String reason(Exception problem) {
    if (problem instanceof UntrustedPatchException untrusted) {
      return untrusted.code().name();
    }
    if (problem instanceof RegistryException refused) {
      return refused.reason().name();
    }
    if (problem instanceof StoreException refused) {
      return refused.reason().name();
    }
    if (problem instanceof ChannelException refused) {
      return refused.code().name();
    }
    return problem.getClass().getSimpleName();
  }

  private static int status(Exception problem) {
    if (problem instanceof UntrustedPatchException) {
      return UNTRUSTED;
    }
    if (problem instanceof RegistryException) {
      return REGISTRY;
    }
    if (problem instanceof ChannelException) {
      return CHANNEL;
    }
    return problem instanceof StoreException ? STORE : FAILED;
  }
}
