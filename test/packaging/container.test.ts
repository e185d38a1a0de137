import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseConfig } from "../../src/config/load.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const compose = parse(read("deploy/container/compose.yaml")) as {
  readonly services: Record<string, { readonly healthcheck: { readonly test: readonly string[] } }>;
};
const manifests = parseAllDocuments(read("deploy/kubernetes/staging-sampler.yaml")).map(
  (document) =>
    document.toJS() as { readonly kind: string; readonly data?: Record<string, string> },
);

test("image and Kubernetes have configurations that are valid, for the places that are mounted", () => {
  const data = manifests.find(({ kind }) => kind === "ConfigMap")?.data;
  for (const text of [read("deploy/container/config.yaml"), data?.["config.yaml"] ?? "["]) {
    const { prefix, state, http } = parseConfig(text, "config.yaml");
    const places = { prefix: "/data", state: "/var/lib/staging-sampler", listen: "0.0.0.0:9464" };
    expect({ prefix, state, listen: http.listen }).toEqual(places);
  }
});

test("Compose asks for the daemon's health as the image does", () => {
  const [, asked = ""] = /^ {4}CMD (\[.*\])$/m.exec(read("Containerfile")) ?? [];
  const service = compose.services["staging-sampler"];
  expect(service?.healthcheck.test).toEqual(["CMD", ...(JSON.parse(asked) as string[])]);
});
