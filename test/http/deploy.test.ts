import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { families } from "../../src/http/metrics/text.ts";
import { idleDaemon } from "../helpers/daemon-state.ts";
import { createWorld, rows } from "../helpers/world.ts";
import { ask } from "./requests.ts";
import { serve } from "./serve.ts";
import { endingWithUs } from "../helpers/child.ts";

const LOOK_MS = 50;
const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly {
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(read("deploy/grafana/staging-sampler.json")) as {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: unknown }[];
  };
};
const rules = (
  parse(read("deploy/prometheus/alerts.yml")) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

const all = families({
  daemon: idleDaemon(0),
  isHealthy: true,
  place: { state: "/none" },
  report: undefined,
});
const series = new Set(
  all.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
  ),
);

function metricsIn(text: string): string[] {
  return [...text.matchAll(/\b(?:staging_sampler|process)_\w+/g)].map(([name]) => name);
}

/** A query with the values that Grafana would put in. */
function filledIn(expr: string): string {
  return expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$\w+/g, ".*");
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

test("docs/http.md has every metric, with its type, and no other one", () => {
  const table = read("docs/http.md").matchAll(
    /^\| `((?:staging_sampler|process)_\w+)` \| (\w+) \|/gm,
  );
  const documented = [...table].map(([, name, type]) => `${name} ${type}`);
  expect(documented).toEqual(all.map(({ name, type }) => `${name} ${type}`));
});

test("docs/http.md has every field of /healthz and /readyz", async () => {
  await using world = await createWorld();
  await world.pass();
  await using served = await serve(world);
  const text = read("docs/http.md");
  for (const path of ["/healthz", "/readyz"]) {
    const { body } = await ask(served.url, path);
    const section = text.split(`## ${path}\n`)[1]?.split("\n## ")[0];
    for (const field of Object.keys(JSON.parse(body) as object))
      expect(section).toContain(`\`${field}\``);
  }
});

test("alert rules use metrics that there are, and each says what to do", () => {
  expect(rules.length).toBeGreaterThan(8);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { expr, labels, annotations } of rules) {
    expect([...series, "up"]).toEqual(expect.arrayContaining(metricsIn(expr)));
    expect(["critical", "warning", "info"]).toContain(labels["severity"]);
    expect(Object.keys(annotations)).toEqual(["runbook_url", "summary", "action"]);
  }
});

test("each alert has its runbook, with what it means, what to look at and what to do", () => {
  const [, ...sections] = read("docs/runbooks.md").split(/^## /m);
  const titles = sections.map((section) => section.split("\n", 1)[0] as string);
  expect(titles).toEqual(rules.map(({ alert }) => alert));
  for (const { alert, annotations } of rules) {
    const [base, anchor] = annotations["runbook_url"]?.split("#") ?? [];
    expect(base).toBe("file:///usr/share/doc/staging-sampler/runbooks.md");
    expect(anchor).toBe(alert.toLowerCase());
  }
  for (const section of sections)
    expect(section).toMatch(/^\*\*Means\*\*: .*^\*\*Look\*\*:\n\n```sh\n.*^\*\*Do\*\*: /ms);
});

test("the dashboard asks for metrics that there are, of the data source that was chosen", () => {
  expect(dashboard.panels.length).toBeGreaterThan(9);
  for (const { id, datasource, targets, gridPos, description } of dashboard.panels) {
    expect(dashboard.panels.filter((panel) => panel.id === id)).toHaveLength(1);
    expect(description).not.toBe("");
    for (const each of [{ datasource }, ...targets])
      expect(each.datasource.uid).toBe("${datasource}");
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    const overlaps = dashboard.panels.filter(
      ({ gridPos: { x, y, w, h } }) =>
        x < gridPos.x + gridPos.w &&
        gridPos.x < x + w &&
        y < gridPos.y + gridPos.h &&
        gridPos.y < y + h,
    );
    expect(overlaps).toHaveLength(1);
  }
  const used = metricsIn(JSON.stringify([expressions, dashboard.templating]));
  expect([...series]).toEqual(expect.arrayContaining(used));
  const variables = dashboard.templating.list.map(({ name }) => name);
  const asked = expressions.flatMap((expr) =>
    [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name),
  );
  expect(variables).toEqual(expect.arrayContaining(asked));
});

test("promtool understands rules and scrape configuration, and alerts fire when they should and not before", (context) => {
  if (!hasProgram("promtool")) context.skip("promtool is not here (Debian: prometheus)");
  const promtool = (...args: string[]) =>
    spawnSync("promtool", args, { cwd: join(root, "deploy/prometheus"), encoding: "utf8" });
  expect(promtool("check", "config", "prometheus.yml")).toMatchObject({ status: 0, stderr: "" });
  const tested = promtool("test", "rules", join(import.meta.dirname, "alerts.yml"));
  expect(`${tested.stdout}${tested.stderr}`).toContain("SUCCESS");
  expect(tested.status).toBe(0);
});

test("a real Prometheus scrapes a real server, has the values, and evaluates every rule and panel", async (context) => {
  if (!hasProgram("prometheus")) context.skip("prometheus is not here");
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv"]) await world.put(name, rows(200));
  await world.put("broken.parquet", "none");
  const { events, summary } = await world.pass();
  await using served = await serve(world);
  for (const event of events) served.server.observe(event);
  served.server.passed({ summary, isDrained: true });
  await using prometheus = await startPrometheus(new URL(served.url).host);
  const wanted = 'staging_sampler_sampled_files_total{format="csv"}';
  // It takes five seconds before it looks for the first time.
  while ((await prometheus.ask(wanted))[0] !== 2) await sleep(LOOK_MS);
  expect(await prometheus.ask("up")).toEqual([1]);
  expect(await prometheus.ask('staging_sampler_entries{outcome="failed"}')).toEqual([1]);
  expect(await prometheus.ask("staging_sampler_read_bytes_total")).toEqual([summary.readBytes]);
  expect(await prometheus.ask("staging_sampler_healthy and staging_sampler_ready")).toEqual([1]);
  for (const expr of expressions) await prometheus.ask(filledIn(expr));
  const states = await prometheus.rules();
  expect(states.map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert));
  for (const { name, health, lastError, state } of states)
    expect({ name, health, lastError, state }).toEqual({
      name,
      health: "ok",
      lastError: undefined,
      state: "inactive",
    });
});

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
}

interface Prometheus extends AsyncDisposable {
  /** Evaluates an expression now; throws where it cannot be. */
  ask(expr: string): Promise<number[]>;
  /** The state of all rules, once all were evaluated. */
  rules(): Promise<RuleState[]>;
}

/** Starts Prometheus as the example does, but for its target, and how often it looks. */
async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "staging-sampler-prometheus-"));
  const config = read("deploy/prometheus/prometheus.yml")
    .replaceAll("127.0.0.1:9464", target)
    .replace("- alerts.yml", `- ${join(root, "deploy/prometheus/alerts.yml")}`)
    .replaceAll(/interval: \w+/g, "interval: 200ms");
  writeFileSync(join(folder, "prometheus.yml"), config);
  const port = await freePort();
  const args = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const command = endingWithUs("prometheus", args);
  const child = spawn(...command, { stdio: ["ignore", "ignore", "pipe"] });
  const base = `http://127.0.0.1:${port}/api/v1`;
  try {
    await ready(child);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return {
    async ask(expr) {
      const answer = await fetch(`${base}/query?query=${encodeURIComponent(expr)}`);
      const { status, error, data } = (await answer.json()) as {
        status: string;
        error?: string;
        data?: { result: { value: [number, string] }[] };
      };
      if (status !== "success") throw new Error(`${expr}: ${error}`);
      return data?.result.map(({ value }) => Number(value[1])) ?? [];
    },
    async rules() {
      for (;;) {
        const answer = await fetch(`${base}/rules`);
        const { data } = (await answer.json()) as { data: { groups: { rules: RuleState[] }[] } };
        const found = data.groups.flatMap((group) => group.rules);
        if (found.length > 0 && found.every(({ health }) => health !== "unknown")) return found;
        await sleep(LOOK_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
      rmSync(folder, { recursive: true });
    },
  };
}

/** Resolves once it can be asked; what it says later is not kept. */
function ready({ stderr }: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let said = "";
  stderr?.on("data", (chunk: Buffer) => {
    if (said.length < 20_000) said += chunk.toString();
    if (said.includes("Server is ready to receive web requests")) resolve();
  });
  stderr?.on("close", () => reject(new Error(`prometheus ended: ${said}`)));
  return promise;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
