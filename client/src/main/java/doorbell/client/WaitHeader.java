package doorbell.client;

import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The header Doorbell-Wait, with the grammar in spec/protocol.md: events, and the node to ask. */
record WaitHeader(NodeUrl node, Set<EventId> ids) {
  /** An optional node with a slash, and an id. */
  private static final Pattern ITEM =
      Pattern.compile("[ \\t]*(?:([!-\\[\\]-~]*)/)?([^/]*?)[ \\t]*");

  private static final Pattern ABSOLUTE = Pattern.compile("(?i)https?://[^/].*");
  private static final Pattern SCHEME = Pattern.compile("[^/?#]*:.*");

  /**
   * Reads all header fields of that name.
   *
   * @param answered the URL of the answer with these fields
   * @param bell the reader's own node
   * @throws IllegalArgumentException if the fields are malformed, or name two nodes
   */
  static WaitHeader read(List<String> fields, URI answered, NodeUrl bell) {
    String value = String.join(",", fields);
    String[] items = value.split(",", -1);
    if (items.length > Options.IDS) {
      throw new IllegalArgumentException(
          "A wait is for 1 to " + Options.IDS + " ids, not " + items.length + ".");
    }
    NodeUrl node = null;
    Set<EventId> ids = new LinkedHashSet<>();
    for (String item : items) {
      Matcher match = ITEM.matcher(item);
      if (!match.matches()) {
        throw new IllegalArgumentException("Doorbell-Wait names no event: " + value);
      }
      EventId id = EventId.of(match.group(2));
      NodeUrl here = here(match.group(1), id, answered, node == null ? bell : node);
      if (node != null && !node.equals(here)) {
        throw new IllegalArgumentException("Doorbell-Wait names two nodes: " + value);
      }
      node = here;
      ids.add(id);
    }
    return new WaitHeader(node == null ? bell : node, ids);
  }

  private static NodeUrl here(@Nullable String place, EventId id, URI answered, NodeUrl before) {
    if (place == null) {
      return before;
    }
    String text = place + "/" + id;
    if (SCHEME.matcher(place + "/").matches() && !ABSOLUTE.matcher(text).matches()) {
      throw new IllegalArgumentException("A node has an http or https URL, not " + place + ".");
    }
    URI url = answered.resolve(URI.create(text));
    String path = String.valueOf(url.getRawPath());
    if (!path.endsWith("/" + id)) { // an id where a host is expected: https://22482
      throw new IllegalArgumentException("No event is named by " + text + ".");
    }
    String whole = url.toString();
    return NodeUrl.of(URI.create(whole.substring(0, whole.length() - id.text().length())));
  }

  /**
   * The header's value, as an application sends the header: with the node's URL for readers, if
   * known.
   */
  static String write(@Nullable NodeUrl node, Set<EventId> ids) {
    String names = ids.stream().map(EventId::text).collect(Collectors.joining(","));
    // A comma would begin another item.
    return node == null ? names : node.toString().replace(",", "%2C") + "/" + names;
  }
}
