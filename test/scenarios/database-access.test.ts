import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authority, makeAuthority } from "../helpers/authority.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { createWorld, type Ran, rows, type World } from "../helpers/world.ts";

const PASSWORD = "pw-of-ada";

describe.skipIf(whyNoPostgres !== undefined)(
  `access to a database (${whyNoPostgres ?? "PostgreSQL"})`,
  () => {
    let server: Postgres;
    let authority: Authority | undefined;
    let root: string;
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), "sampler-access-"));
      chmodSync(root, 0o755);
      authority = makeAuthority();
      const hba = `host all postgres 127.0.0.1/32 trust\nhost all all all scram-sha-256\n`;
      const settings = [`hba_file=${ofServer("hba", hba)}`];
      if (authority !== undefined) {
        const { key, cert } = authority.right;
        writeFileSync(join(root, "ca.pem"), authority.ca);
        settings.push(
          "ssl=on",
          `ssl_key_file=${ofServer("key", key)}`,
          `ssl_cert_file=${ofServer("cert", cert)}`,
        );
      }
      server = await startPostgres(...settings);
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
    });

    /** A file that only the server's user may read. */
    function ofServer(name: string, text: string): string {
      const path = join(root, name);
      writeFileSync(path, text, { mode: 0o600 });
      const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"]));
      if (process.getuid?.() === 0) chownSync(path, idOf("-u"), idOf("-g"));
      return path;
    }

    test("is that of a role that owns its schemas and nothing else, by a password from a file or the environment", async () => {
      const url = new URL(await roleIn(await server.database()));
      await using world = await createWorld({ database: url.href });
      await world.put("a.csv", rows(3));
      const refused = await world.run(["run", "--once"]);
      expect(refused.stderr).toMatch(/CACHE_UNUSABLE: cannot use the database .*password/);
      const file = join(root, "pgpass");
      writeFileSync(file, `*:*:*:${url.username}:${PASSWORD}\n`, { mode: 0o600 });
      for (const env of [{ PGPASSWORD: PASSWORD }, { PGPASSFILE: file }]) {
        const ran = await world.run(["run", "--once"], { env });
        expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
      }
      expect(await world.samples()).toEqual(["a_sample.csv"]);
    });

    test("is encrypted, and only with the server that its authority vouches for", async (context) => {
      if (authority === undefined) return context.skip("openssl is not here");
      const plain = new URL(await server.database());
      const { username, pathname } = plain;
      const over = (host: string, ca: string) =>
        `postgresql://${username}@${host}:${server.port}${pathname}?sslmode=verify-full&sslrootcert=${ca}`;
      const ca = join(root, "ca.pem");
      const other = join(root, "other.pem");
      writeFileSync(other, makeAuthority()?.ca ?? "");
      await using world = await createWorld({ database: over("localhost", ca) });
      await world.put("a.csv", rows(3));
      expect(await ranWith(world, over("localhost", ca))).toMatchObject({ code: 0 });
      expect(await ranWith(world, over("localhost", other))).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/CACHE_UNUSABLE: .*certificate/) as string,
      });
      // The certificate is for another name.
      expect(await ranWith(world, over("127.0.0.1", ca))).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/CACHE_UNUSABLE: .*127\.0\.0\.1/) as string,
      });
      expect(await ranWith(world, over("localhost", join(root, "none.pem")))).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/CACHE_UNUSABLE: .*none\.pem.*certificates/) as string,
      });
      await using unencrypted = await startPostgres();
      const without = new URL(over("localhost", ca));
      without.port = `${unencrypted.port}`;
      expect(await ranWith(world, without.href)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/CACHE_UNUSABLE: .*SSL/) as string,
      });
    });
  },
);

/** Makes a role with a password, as docs/machines.md has it, that may not make schemas; returns its URL. */
async function roleIn(url: string): Promise<string> {
  const client = new Client(url);
  await client.connect();
  await client.query(`CREATE ROLE sampler LOGIN PASSWORD '${PASSWORD}'`);
  for (const schema of ["staging_sampler", "staging_sampler_turns"])
    await client.query(`CREATE SCHEMA ${schema} AUTHORIZATION sampler`);
  await client.end();
  const ofRole = new URL(url);
  ofRole.username = "sampler";
  return ofRole.href;
}

async function ranWith(world: World, database: string): Promise<Ran> {
  await world.configure({ database });
  return world.run(["run", "--once"]);
}
