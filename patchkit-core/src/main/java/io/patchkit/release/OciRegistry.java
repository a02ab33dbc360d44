package io.patchkit.release;

import io.patchkit.SemanticVersion;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.RegistryHttp.Download;
import io.patchkit.release.RegistryHttp.Reply;
import io.patchkit.release.Retries.Transient;
import io.patchkit.trust.PatchFiles;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A registry that speaks the OCI distribution specification v1.1: each patch is a repository, each
 * version a tag.
 */
public final class OciRegistry implements PatchRegistry {

  private static final Pattern LOCATION =
      Pattern.compile(
          "([A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?"
              + "((/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*)");
  private static final int MAX_TAG_PAGES = 100;
  private static final String ACCEPT =
      OciManifest.MEDIA_TYPE + ", " + OciManifest.INDEX_TYPE + ";q=0.1";

  private final String location;
  private final String prefix;
  private final URI base;
  private final OciOptions options;
  private final RegistryHttp http;

  private OciRegistry(String location, String authority, String path, OciOptions options) {
    this.location = location;
    this.prefix = path.isEmpty() ? "" : path.substring(1) + "/";
    this.base = URI.create((options.plainHttp() ? "http" : "https") + "://" + authority);
    this.options = options;
    this.http = new RegistryHttp(base, options);
  }

  /**
   * The registry at a location. Nothing is sent yet.
   *
   * @param location host, optional port, optional path: {@code registry.example.org/team/patches};
   *     {@code docker.io} is Docker Hub
   */
  public static OciRegistry open(String location, OciOptions options) {
    Matcher matcher = LOCATION.matcher(location);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "location is " + OciManifest.quote(location) + "; allowed: host[:port][/path]");
    }
    String port = matcher.group(2) == null ? "" : matcher.group(2);
    String host = DockerHub.registryOf(matcher.group(1));
    return new OciRegistry(location, host + port, matcher.group(3), options);
  }

  @Override
  public List<SemanticVersion> list(String name) {
    String repository = repository(name);
    Retries retries = new Retries(options);
    TreeSet<SemanticVersion> versions = new TreeSet<>();
    URI page = uri(repository, "tags/list?n=1000");
    for (int i = 0; ; i++) {
      if (i == MAX_TAG_PAGES) {
        // What is missing may be the highest version.
        throw new RegistryException(
            Reason.TOO_LARGE,
            "expected at most "
                + MAX_TAG_PAGES
                + " pages of tags of "
                + repository
                + ", found more; name the exact version, or remove tags");
      }
      Reply reply = get(page, repository, ACCEPT, retries, Download.upTo(TagPage.MAX_BYTES));
      if (reply.status() == 404 && i == 0) {
        break;
      }
      require(reply, 200, "the tags of " + repository);
      TagPage tags = TagPage.parse(reply.body(), reply.header("Link"), page);
      for (String tag : tags.tags()) {
        if (OciIndex.isVersion(tag)) {
          versions.add(SemanticVersion.parse(tag));
        }
      }
      URI next = tags.next();
      if (next == null) {
        break;
      }
      if (!http.isOwn(next)) {
        throw new RegistryException(
            Reason.REDIRECT_REFUSED, "the next page of tags is on another host: " + next.getHost());
      }
      page = next;
    }
    return List.copyOf(versions);
  }

  @Override
  public Release find(String name, SemanticVersion version) {
    Retries retries = new Retries(options);
    Reply reply = manifest(repository(name), version.toString(), retries);
    if (reply.status() == 404) {
      throw notFound(name, version);
    }
    return new Release(name, version, manifestDigest(reply));
  }

  private Digest manifestDigest(Reply reply) {
    require(reply, 200, "the manifest " + reply.uri());
    String type = reply.header("Content-Type").split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!type.equals(OciManifest.MEDIA_TYPE)) {
      throw new RegistryException(
          Reason.NOT_A_PATCH,
          "expected a manifest of type "
              + OciManifest.MEDIA_TYPE
              + ", found "
              + OciManifest.quote(type));
    }
    Digest digest = Digest.of(reply.body());
    String promised = reply.header("Docker-Content-Digest");
    if (!promised.isEmpty() && !promised.equals(digest.oci())) {
      throw new RegistryException(
          Reason.MANIFEST_DIGEST,
          "expected the manifest " + OciManifest.quote(promised) + ", found bytes of " + digest);
    }
    return digest;
  }

  @Override
  public PulledPatch pull(Release release) {
    String repository = repository(release.name());
    Retries retries = new Retries(options);
    Reply tagged = manifest(repository, release.version().toString(), retries);
    if (tagged.status() == 404) {
      throw notFound(release.name(), release.version());
    }
    Digest found = manifestDigest(tagged);
    if (!found.equals(release.manifest())) {
      throw OciPull.moved(release, found);
    }
    return OciPull.pull(release, tagged.body(), blob -> fetch(repository, blob, retries));
  }

  /** Downloads a blob, and goes on where a broken attempt stopped. */
  private byte[] fetch(String repository, OciDescriptor blob, Retries retries) {
    URI uri = uri(repository, "blobs/" + blob.digest().oci());
    Download download = Download.ofSize(blob.size());
    byte[] bytes =
        retries.run(
            "fetching " + blob.title(),
            () -> {
              HttpRequest.Builder request = HttpRequest.newBuilder().GET();
              int from = download.received.length;
              if (from > 0 && from < blob.size()) {
                request.setHeader("Range", "bytes=" + from + "-" + (blob.size() - 1));
              }
              Reply reply = http.send(request, uri, pulling(repository), retries, download);
              if (reply.status() == 206) {
                return RegistryHttp.join(download.received, from, reply.body());
              }
              if (reply.status() == 404) {
                throw new RegistryException(
                    Reason.MISSING_BLOB,
                    "expected the blob " + uri + " of " + blob.title() + ", found none");
              }
              require(reply, 200, "the blob " + uri);
              return reply.body();
            });
    return OciPull.requireBlob(blob, bytes);
  }

  @Override
  public Release publish(
      String name, SemanticVersion version, PatchFiles files, List<byte[]> bundles) {
    String repository = repository(name);
    Retries retries = new Retries(options);
    Map<Digest, byte[]> content = new TreeMap<>();
    byte[] manifest = OciManifest.of(files, bundles, content).toBytes();
    Digest digest = Digest.of(manifest);
    Release release = new Release(name, version, digest);

    Reply before = manifest(repository, version.toString(), retries);
    if (before.status() != 404) {
      return requireSame(release, before);
    }
    for (Map.Entry<Digest, byte[]> blob : content.entrySet()) {
      retries.run(
          "uploading a blob", () -> upload(repository, blob.getKey(), blob.getValue(), retries));
    }
    URI uri = uri(repository, "manifests/" + version);
    Reply answer =
        retries.run(
            "publishing the manifest",
            () -> {
              HttpRequest.Builder put =
                  HttpRequest.newBuilder()
                      .PUT(BodyPublishers.ofByteArray(manifest))
                      .setHeader("Content-Type", OciManifest.MEDIA_TYPE);
              Download none = Download.upTo(TagPage.MAX_BYTES);
              return http.send(put, uri, pushing(repository), retries, none);
            });
    if (answer.status() < 400 || isUnauthorized(answer)) {
      require(answer, 201, "the publication of " + release);
    }
    // Tags are overwritten without a word, so that of two publishers both would seem to succeed.
    // Or never: then the one of an attempt whose answer was lost, or of another publisher, is
    // there.
    Reply tagged = manifest(repository, version.toString(), retries);
    if (tagged.status() == 404) {
      require(answer, 201, "the publication of " + release);
    }
    return requireSame(release, tagged);
  }

  private Release requireSame(Release release, Reply published) {
    Digest found = manifestDigest(published);
    if (!found.equals(release.manifest())) {
      throw OciPull.taken(release.name() + " " + release.version(), release.manifest(), found);
    }
    return release;
  }

  /** Uploads a blob in one piece, unless it is there. */
  private Digest upload(String repository, Digest digest, byte[] content, Retries retries)
      throws Transient {
    Download none = Download.upTo(TagPage.MAX_BYTES);
    HttpRequest.Builder head = HttpRequest.newBuilder().method("HEAD", BodyPublishers.noBody());
    URI blob = uri(repository, "blobs/" + digest.oci());
    if (http.send(head, blob, pushing(repository), retries, Download.upTo(Integer.MAX_VALUE))
            .status()
        == 200) {
      return digest;
    }
    HttpRequest.Builder post = HttpRequest.newBuilder().POST(BodyPublishers.noBody());
    Reply begun =
        http.send(post, uri(repository, "blobs/uploads/"), pushing(repository), retries, none);
    require(begun, 202, "an upload to " + repository);
    URI session = RegistryHttp.location(begun.uri(), begun.header("Location"));
    if (!http.isOwn(session)) {
      throw new RegistryException(
          Reason.REDIRECT_REFUSED,
          "expected " + base + " to take the upload itself, found " + session.getAuthority());
    }
    String query = (session.getRawQuery() == null ? "?" : "&") + "digest=" + digest.oci();
    HttpRequest.Builder put =
        HttpRequest.newBuilder()
            .PUT(BodyPublishers.ofByteArray(content))
            .setHeader("Content-Type", "application/octet-stream");
    Reply done = http.send(put, URI.create(session + query), pushing(repository), retries, none);
    require(done, 201, "the upload of " + digest);
    return digest;
  }

  private Reply manifest(String repository, String reference, Retries retries) {
    return get(
        uri(repository, "manifests/" + reference),
        repository,
        ACCEPT,
        retries,
        Download.upTo(OciManifest.MAX_BYTES));
  }

  private Reply get(URI uri, String repository, String accept, Retries retries, Download download) {
    return retries.run(
        "GET " + uri.getPath(),
        () ->
            http.send(
                HttpRequest.newBuilder().GET().setHeader("Accept", accept),
                uri,
                pulling(repository),
                retries,
                download));
  }

  private void require(Reply reply, int status, String what) {
    if (isUnauthorized(reply)) {
      throw new RegistryException(
          Reason.UNAUTHORIZED,
          "expected to be allowed "
              + what
              + " with "
              + options.credentials()
              + ", found "
              + reply.status()
              + "; check the credentials");
    }
    if (reply.status() != status) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY,
          "expected status " + status + " for " + what + ", found " + reply.status());
    }
  }

  private static boolean isUnauthorized(Reply reply) {
    return reply.status() == 401 || reply.status() == 403;
  }

  private RegistryException notFound(String name, SemanticVersion version) {
    return new RegistryException(
        Reason.NOT_FOUND, "expected " + name + " " + version + " in " + location + ", found none");
  }

  private String repository(String name) {
    PatchNames.require(name);
    return prefix + name;
  }

  private URI uri(String repository, String path) {
    return URI.create(base + "/v2/" + repository + "/" + path);
  }

  private static String pulling(String repository) {
    return "repository:" + repository + ":pull";
  }

  private static String pushing(String repository) {
    return "repository:" + repository + ":pull,push";
  }

  @Override
  public String toString() {
    return "OciRegistry[" + location + "]";
  }
}
