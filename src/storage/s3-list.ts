import type { AgentOptions } from "./agents.ts";
import { endpointOf, type Endpoints } from "./endpoints.ts";
import { locationBelow, objectOf } from "./location.ts";
import { openBucket } from "./s3-bucket.ts";
import type { Storage } from "./types.ts";

/** Makes the function that lists the objects whose keys go on behind that of a location and a slash. */
export function createS3List(
  endpoints: Endpoints,
  reach: AgentOptions,
): NonNullable<Storage["list"]> {
  return async function* list(url, rules) {
    const { bucket: name, key } = objectOf(url);
    const prefix = `${key.replace(/\/+$/, "")}/`;
    const endpoint = endpointOf(endpoints, name);
    const bucket = await openBucket({ ...reach, ...rules, endpoint, name });
    for await (const page of bucket.list(prefix))
      for (const { key, bytes } of page) {
        const path = key.slice(prefix.length);
        // Some tools put an object for a directory itself.
        if (path !== "" && !path.endsWith("/"))
          yield { path, location: locationBelow(url, path), bytes };
      }
  };
}
