import { Failure } from "../errors.ts";
import type { AgentOptions } from "./agents.ts";
import type { Endpoints } from "./endpoints.ts";
import { createDrs } from "./drs.ts";
import { file } from "./file.ts";
import { createHttp } from "./http.ts";
import { createS3 } from "./s3.ts";
import type { Storage } from "./types.ts";

/** Options of `createStorages`. */
export interface StorageOptions extends AgentOptions {
  /** S3-compatible services; none by default. */
  readonly endpoints?: Endpoints | undefined;
}

/** The storages that locations can lie in. */
export interface Storages {
  /** The storage that a location is in. @throws Failure USAGE */
  of(url: URL): Storage;
}

/** Makes the storages. */
export function createStorages({ endpoints = {}, ...reach }: StorageOptions = {}): Storages {
  const http = createHttp(reach);
  const storages: readonly Storage[] = [
    http,
    // Who fetches for others reads nothing of this machine, whatever leads there.
    ...(reach.guard === undefined ? [file] : []),
    createS3({ endpoints, ...reach }),
    createDrs(http),
  ];
  return {
    of({ protocol }) {
      const found = storages.find(({ protocols }) => protocols.includes(protocol));
      if (found !== undefined) return found;
      const known = storages.flatMap(({ protocols }) => protocols).join(", ");
      throw new Failure("USAGE", `no location begins with ${protocol} here: ${known} are known`);
    },
  };
}
