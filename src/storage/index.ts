import { Failure } from "../errors.ts";
import { file } from "./file.ts";
import { http } from "./http.ts";
import type { Storage } from "./types.ts";

const storages: readonly Storage[] = [http, file];

/** The storage that a location is in. @throws Failure USAGE */
export function storageOf({ protocol }: URL): Storage {
  const found = storages.find(({ protocols }) => protocols.includes(protocol));
  if (found !== undefined) return found;
  const known = storages.flatMap(({ protocols }) => protocols).join(", ");
  throw new Failure("USAGE", `no location begins with ${protocol} here: ${known} are known`);
}
