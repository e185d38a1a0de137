import { basename } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { createSortedLines } from "../../src/store/open.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeIn } from "../../src/store/postgres/store.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { storeLaws } from "./laws.ts";

if (whyNoPostgres !== undefined) test.skip(`PostgreSQL: ${whyNoPostgres}`, () => {});
else {
  let server: Postgres;
  const databases = new Map<string, string>();

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  storeLaws("PostgreSQL", async (state) => {
    const url = databases.get(state) ?? (await server.database(basename(state)));
    databases.set(state, url);
    return storeIn(await openDatabase(url), { host: 0 }, createSortedLines);
  });
}
