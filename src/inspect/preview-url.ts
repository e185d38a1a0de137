import { startDeadline } from "../lib/deadline.ts";
import { locationOf, nameIn } from "../storage/location.ts";
import { openRemote } from "../storage/source.ts";
import { storagesOf, type StorageSettings } from "../storage/storages-of.ts";
import { takeSample } from "../view/take-sample.ts";
import { nameFor, type Previewed, type PreviewRequest, strategyFor } from "./preview.ts";

/**
 * Samples an object elsewhere into memory, by a few requests for parts of it.
 * @throws Failure USAGE for what is no URL, or a format that is none; as `openRemote`; what is wrong
 * with the object
 */
export async function previewUrl(
  text: string,
  request: PreviewRequest,
  settings: StorageSettings,
): Promise<Previewed> {
  const { limits, extensions, format, mask } = request;
  const url = locationOf(text);
  // Without a hint its source may know a better name than the URL.
  const hinted = format === undefined ? undefined : nameFor(nameIn(url), format);
  const storage = storagesOf(settings).of(url);
  const deadline = startDeadline(limits.seconds, new AbortController().signal);
  const { signal } = deadline;
  try {
    const { readBytes: most } = limits;
    const source = await openRemote(url, { storage, name: hinted, readBytes: most, signal });
    try {
      const strategy = strategyFor(source, request);
      const sampled = { source, limits, signal, depth: 0, extensions, strategy };
      const sample = await takeSample(sampled, mask);
      const { name, readBytes, requests, size: sourceSize = null } = source;
      return { name, sample, readBytes: readBytes(), requests: requests(), sourceSize };
    } finally {
      source.close();
    }
  } finally {
    deadline.stop();
  }
}
