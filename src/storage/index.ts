import { Failure } from "../errors.ts";
import { file } from "./file.ts";
import type { AgentOptions } from "./agents.ts";
import { createHttp } from "./http.ts";
import type { Storage } from "./types.ts";

/** The storages that locations can lie in. */
export interface Storages {
  /** The storage that a location is in. @throws Failure USAGE */
  of(url: URL): Storage;
}

/** Makes the storages. */
export function createStorages(options: AgentOptions = {}): Storages {
  const storages: readonly Storage[] = [createHttp(options), file];
  return {
    of({ protocol }) {
      const found = storages.find(({ protocols }) => protocols.includes(protocol));
      if (found !== undefined) return found;
      const known = storages.flatMap(({ protocols }) => protocols).join(", ");
      throw new Failure("USAGE", `no location begins with ${protocol} here: ${known} are known`);
    },
  };
}
