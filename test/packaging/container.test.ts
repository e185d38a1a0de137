import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseConfig } from "../../src/config/load.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
interface Compose {
  readonly services: Record<
    string,
    {
      readonly healthcheck: { readonly test: readonly string[] };
      readonly environment?: Readonly<Record<string, string>>;
      readonly volumes: readonly string[];
    }
  >;
}
const composed = (name: string) => parse(read(`deploy/container/${name}`)) as Compose;
const manifests = parseAllDocuments(read("deploy/kubernetes/staging-sampler.yaml")).map(
  (document) =>
    document.toJS() as { readonly kind: string; readonly data?: Record<string, string> },
);

test("image and Kubernetes have configurations that are valid, for the places that are mounted", () => {
  const data = manifests.find(({ kind }) => kind === "ConfigMap")?.data;
  const mounted = ["config.yaml", "hosts-config.yaml"].map((name) =>
    read(`deploy/container/${name}`),
  );
  for (const text of [...mounted, data?.["config.yaml"] ?? "["]) {
    const { prefix, state, http } = parseConfig(text, "config.yaml");
    const places = { prefix: "/data", state: "/var/lib/staging-sampler", listen: "0.0.0.0:9464" };
    expect({ prefix, state, listen: http.listen }).toEqual(places);
  }
});

test.each(["compose.yaml", "hosts.yaml"])(
  "Compose asks for the daemon's health as the image does: %s",
  (name) => {
    const [, asked = ""] = /^ {4}CMD (\[.*\])$/m.exec(read("Containerfile")) ?? [];
    const service = composed(name).services["staging-sampler"];
    expect(service?.healthcheck.test).toEqual(["CMD", ...(JSON.parse(asked) as string[])]);
  },
);

test("hosts of Compose find the database that it starts, and have a state directory each", () => {
  const { services } = composed("hosts.yaml");
  const { database } = parseConfig(read("deploy/container/hosts-config.yaml"), "config.yaml");
  const { username, hostname, pathname } = new URL(database ?? "");
  expect(services[hostname]?.environment).toMatchObject({
    POSTGRES_USER: username,
    POSTGRES_DB: pathname.slice(1),
    POSTGRES_PASSWORD: services["staging-sampler"]?.environment?.["PGPASSWORD"],
  });
  const { state } = parseConfig(read("deploy/container/hosts-config.yaml"), "config.yaml");
  expect(services["staging-sampler"]?.volumes).toContain(state);
});
