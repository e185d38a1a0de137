import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SECRET, startObjectServer } from "../../helpers/object-server.ts";
import { startService, type TestService, tokenFile } from "./serve.ts";

const sam = randomBytes(200_000);
const objects = { "sample.sam": sam, "hg38.fasta": ">chr1\nACGT\n" };
const samtools = {
  command: ["sh", "-c", 'cat "$0" "$1" | wc -c', "{input_file}", "{reference_file}"],
  timeoutSeconds: 60,
  env: {},
};

/** The design's own request, with the URLs of a server. */
function executeBody(server: { url(name: string): string }, tool = "samtools") {
  return {
    ast: {
      experiment: { tool, params: { input_file: "sample.sam", reference_file: "hg38.fasta" } },
    },
    data_manifest: {
      "sample.sam": server.url("sample.sam"),
      "hg38.fasta": server.url("hg38.fasta"),
    },
  };
}

/** Waits until a run is no longer being staged. */
async function settled(service: TestService, id: string) {
  for (;;) {
    const { json } = await service.ask("GET", `/api/v2/runs/${id}`);
    if (json.state !== "staging" && json.state !== "running") return json;
    await sleep(10);
  }
}

test("execute stages, resolves, runs the tool, answers as the design says, and cleans up", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService({ tools: { samtools } });
  const answer = await service.ask("POST", "/api/v2/execute", executeBody(server));
  expect(answer.status).toBe(200);
  const { run_dir: directory } = answer.json.result;
  expect(answer.json).toMatchObject({
    success: true,
    result: {
      status: "success",
      staged_files: ["sample.sam", "hg38.fasta"],
      plugin_params: {
        input_file: `${directory}/sample.sam`,
        reference_file: `${directory}/hg38.fasta`,
      },
      exit_code: 0,
      stdout: `${sam.length + 11}\n`,
    },
  });
  expect(directory).toMatch(/\/gfl-[0-9a-f]{8}$/);
  expect(await readdir(service.settings.runs)).toEqual([]);
});

test("a tool that fails, and one that takes too long, are the result's; the run is cleaned up", async () => {
  await using server = await startObjectServer(objects);
  const tools = {
    bad: { command: ["sh", "-c", "echo no >&2; exit 3"], timeoutSeconds: 60, env: {} },
    slow: { command: ["sleep", "1000"], timeoutSeconds: 0.1, env: {} },
  };
  await using service = await startService({ tools });
  const bad = await service.ask("POST", "/api/v2/execute", executeBody(server, "bad"));
  expect(bad.json).toMatchObject({ success: false, result: { exit_code: 3, stderr: "no\n" } });
  const slow = await service.ask("POST", "/api/v2/execute", executeBody(server, "slow"));
  const timeout = { status: "failed", error: { code: "TIMEOUT" } };
  expect(slow.json).toMatchObject({ success: false, result: timeout });
  expect(await readdir(service.settings.runs)).toEqual([]);
});

test("a tool that is not configured is refused, and nothing is fetched; a dry run only resolves", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  const body = executeBody(server);
  const refused = await service.ask("POST", "/api/v2/execute", body);
  expect(refused).toMatchObject({ status: 422, json: { code: "TOOL_UNKNOWN" } });
  expect(refused.headers["content-type"]).toBe("application/problem+json");
  const dry = await service.ask("POST", "/api/v2/execute", { ...body, dry_run: true });
  expect(dry.json.result.plugin_params.input_file).toMatch(/\/sample\.sam$/);
  expect(server.requests).toEqual([]);
});

test("who leaves while the tool runs has it ended", async () => {
  await using server = await startObjectServer(objects);
  const slow = { command: ["sleep", "1000"], timeoutSeconds: 1000, env: {} };
  await using service = await startService({ tools: { slow } });
  const body = JSON.stringify(executeBody(server, "slow"));
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  const socketPath = service.url.slice("unix:".length);
  const asking = request({ socketPath, method: "POST", path: "/api/v2/execute", headers });
  asking.on("error", () => undefined).end(body);
  const runs = async () => await readdir(service.settings.runs).catch(() => []);
  while ((await runs()).length === 0) await sleep(10);
  asking.destroy();
  while ((await runs()).length > 0) await sleep(10);
  const { json } = await service.ask("GET", "/readyz");
  expect(json).toEqual({ status: "ok", runs_at_work: 0 });
});

test("a run is staged in the background, and stays until it is deleted", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  const body = {
    params: { a: ["sample.sam"] },
    data_manifest: { "sample.sam": server.url("sample.sam"), "x.bed": server.url("none") },
    ttl_seconds: 60,
  };
  const begun = await service.ask("POST", "/api/v2/runs", body);
  expect(begun.status).toBe(202);
  const { run_id: id } = begun.json;
  expect(begun.headers.location).toBe(`/api/v2/runs/${id}`);
  const run = await settled(service, id);
  expect(run).toMatchObject({
    state: "ready",
    result: {
      status: "partial",
      staged_files: ["sample.sam"],
      failed_files: [{ name: "x.bed", code: "FILE_MISSING" }],
      plugin_params: { a: [`${run.run_dir}/sample.sam`] },
    },
  });
  expect(Date.parse(run.expires_at) - Date.parse(run.created_at)).toBeLessThan(120_000);
  await service.restart();
  expect((await service.ask("GET", "/api/v2/runs")).json.runs).toMatchObject([{ run_id: id }]);
  expect((await stat(`${run.run_dir}/sample.sam`)).size).toBe(sam.length);
  expect((await service.ask("DELETE", `/api/v2/runs/${id}`)).status).toBe(204);
  expect(await readdir(service.settings.runs)).toEqual([]);
  const gone = await service.ask("GET", `/api/v2/runs/${id}`);
  expect(gone).toMatchObject({ status: 404, json: { code: "FILE_MISSING", title: "Not Found" } });
});

test("progress comes as events, until the run is there", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  server.holdBackAfter(1000);
  const body = { data_manifest: { "sample.sam": server.url("sample.sam") } };
  const { run_id: id } = (await service.ask("POST", "/api/v2/runs", body)).json;
  await server.heldBack();
  const asking = service.ask("GET", `/api/v2/runs/${id}/events`);
  const staging = await service.ask("GET", `/api/v2/runs/${id}`);
  expect(staging.json).toMatchObject({ state: "staging", result: null });
  server.holdBackAfter(undefined);
  const { headers, text } = await asking;
  expect(headers["content-type"]).toContain("text/event-stream");
  const events = text.split("\n\n").filter((event) => event.startsWith("event:"));
  expect(events.at(-1)).toMatch(/^event: run\ndata: \{"run_id".*"state":"ready"/);
});

test("a run that is deleted while it is staged leaves nothing", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  server.holdBackAfter(1000);
  const body = { data_manifest: { "sample.sam": server.url("sample.sam") } };
  const { run_id: id } = (await service.ask("POST", "/api/v2/runs", body)).json;
  await server.heldBack();
  expect((await service.ask("DELETE", `/api/v2/runs/${id}`)).status).toBe(204);
  expect(await readdir(service.settings.runs)).toEqual([]);
  expect((await service.ask("GET", `/api/v2/runs/${id}`)).status).toBe(404);
  expect((await service.ask("DELETE", `/api/v2/runs/${id}`)).status).toBe(404);
});

test("a request that is repeated with its Idempotency-Key finds the first one's run", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  const body = { data_manifest: { a: server.url("sample.sam") } };
  const key = { "Idempotency-Key": "one" };
  const answers = await Promise.all([
    service.ask("POST", "/api/v2/runs", body, key),
    service.ask("POST", "/api/v2/runs", body, key),
  ]);
  expect(answers[0]?.json.run_id).toBe(answers[1]?.json.run_id);
  const other = await service.ask("POST", "/api/v2/runs", { data_manifest: {} }, key);
  expect(other).toMatchObject({ status: 400, json: { code: "USAGE" } });
  expect((await service.ask("GET", "/api/v2/runs")).json.runs).toHaveLength(1);
});

test.each<[string, unknown, number, string]>([
  ["no JSON", "{bad", 400, "USAGE"],
  ["another shape", { ast: 1 }, 400, "USAGE"],
  ["an unknown field", { data_manifest: {}, parms: {} }, 400, "USAGE"],
  ["a local file", { data_manifest: { a: "/etc/passwd" } }, 422, "PATH_REFUSED"],
  ["a file URL", { data_manifest: { a: "file:///etc/passwd" } }, 422, "PATH_REFUSED"],
  ["a relative path", { data_manifest: { a: "passwd" } }, 422, "PATH_REFUSED"],
  ["S3 that is not configured", { data_manifest: { a: "s3://b/k" } }, 422, "PATH_REFUSED"],
  [
    "a name that leads out",
    { data_manifest: { "../a": "https://a.example/x" } },
    422,
    "PATH_REFUSED",
  ],
  [
    "a file to renew a URL",
    { data_manifest: { a: { url: "https://a.example/x", refresh: "file:///etc/passwd" } } },
    400,
    "USAGE",
  ],
  [
    "a command to renew a URL",
    { data_manifest: { a: { url: "https://a.example/x", refresh: ["id"] } } },
    422,
    "PATH_REFUSED",
  ],
])("%s is refused with a problem document", async (_, body, status, code) => {
  await using service = await startService();
  const answer = await service.ask("POST", "/api/v2/runs", body);
  expect(answer).toMatchObject({ status, json: { status, code, type: "about:blank" } });
  expect(answer.headers["content-type"]).toBe("application/problem+json");
});

test("a URL is renewed by no file of this machine, whoever names it", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService();
  const renewed = JSON.stringify({ url: "file:///etc/passwd" });
  await using endpoint = await startObjectServer({ renew: renewed });
  server.refuse("gone", 403);
  const url = `${server.url("gone")}&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60`;
  const manifest = { a: { url, refresh: endpoint.url("renew") } };
  const begun = await service.ask("POST", "/api/v2/runs", { data_manifest: manifest });
  const { result } = await settled(service, begun.json.run_id);
  expect(result.staged_files).toEqual([]);
  expect(result.failed_files).toMatchObject([{ name: "a", code: "URL_EXPIRED" }]);
});

test("parameters of too many levels are refused before anything is staged", async () => {
  await using service = await startService();
  const levels = 200_000;
  const body = `{"params":${"[".repeat(levels)}${"]".repeat(levels)},"data_manifest":{}}`;
  const json = { "Content-Type": "application/json" };
  for (const more of [{}, { "Idempotency-Key": "deep" }]) {
    const answer = await service.ask("POST", "/api/v2/runs", body, { ...json, ...more });
    expect(answer).toMatchObject({ status: 400, json: { code: "USAGE" } });
  }
  expect((await service.ask("GET", "/api/v2/runs")).json.runs).toEqual([]);
});

test("a service that stops ends tools that will not, and removes their runs", async () => {
  const script = 'trap "" TERM; echo $$ > "$0.new"; mv "$0.new" "$0"; sleep 1000 & wait';
  const directory = await mkdtemp(join(tmpdir(), "sampler-tool-"));
  const pidFile = join(directory, "pid");
  const stubborn = { command: ["sh", "-c", script, pidFile], timeoutSeconds: 600, env: {} };
  await using service = await startService({ tools: { stubborn } });
  const body = { ast: { experiment: { tool: "stubborn", params: {} } }, data_manifest: {} };
  const asking = service.ask("POST", "/api/v2/execute", body).catch(() => undefined);
  const pid = async () => Number(await readFile(pidFile, "utf8").catch(() => "0"));
  while ((await pid()) === 0) await sleep(10);
  await service.restart();
  await asking;
  expect(service.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  const ended = await pid();
  expect(() => process.kill(ended, 0)).toThrow("ESRCH");
  expect(await readdir(service.settings.runs)).toEqual([]);
  await rm(directory, { recursive: true });
});

test("a mistake in a manifest says where it is", async () => {
  await using service = await startService();
  const manifest = { a: { url: "https://a.example/x", sha265: "1" } };
  const { json } = await service.ask("POST", "/api/v2/runs", { data_manifest: manifest });
  expect(json.detail).toMatch(/^data_manifest\.a: .*sha265/);
});

test("a body that is too large, or of unknown length, is refused", async () => {
  await using service = await startService();
  const large = { data_manifest: {}, params: "x".repeat(1024 ** 2) };
  expect((await service.ask("POST", "/api/v2/runs", large)).status).toBe(413);
  const chunked = { "Transfer-Encoding": "chunked" };
  expect((await service.ask("POST", "/api/v2/runs", undefined, chunked)).status).toBe(411);
});

test("addresses of this machine and its networks are not reached for others, redirected or not", async () => {
  await using server = await startObjectServer(objects);
  const hosts = { allow: ["*"], deny: [] };
  await using service = await startService({ hosts, retries: 0 });
  const local = new URL(server.url("sample.sam"));
  const byName = new URL(local);
  byName.hostname = "localhost";
  const manifest = {
    a: local.href,
    b: byName.href,
    c: "http://169.254.169.254/latest/meta-data",
    d: "http://[::ffff:127.0.0.1]/x",
    e: "http://0x7f.1/x",
    f: "http://2130706433/x",
  };
  const begun = await service.ask("POST", "/api/v2/runs", { data_manifest: manifest });
  const { result } = await settled(service, begun.json.run_id);
  expect(result.failed_files.map(({ code }: { code: string }) => code)).toEqual(
    Array.from({ length: 6 }, () => "FORBIDDEN"),
  );
  expect(server.requests).toEqual([]);
});

test("at host:port a token is needed, and taken anew when its file changes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-token-"));
  const token = randomBytes(16).toString("hex");
  const file = await tokenFile(directory, token);
  await expect(startService({ listen: "127.0.0.1:0" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
  await using service = await startService({ listen: "127.0.0.1:0", tokenFile: file });
  const taken = startService({ listen: new URL(service.url).host, tokenFile: file });
  await expect(taken).rejects.toThrow(/^staging\.listen: .*EADDRINUSE.*choose another address$/);
  const statusWith = async (headers: object) =>
    (await service.ask("GET", "/api/v2/runs", undefined, headers)).status;
  expect(await statusWith({})).toBe(401);
  expect(await statusWith({ Authorization: "Bearer wrong" })).toBe(401);
  expect(await statusWith({ Authorization: `Basic ${token}` })).toBe(401);
  expect(await statusWith({ Authorization: `Bearer ${token}` })).toBe(200);
  expect((await service.ask("GET", "/healthz")).status).toBe(200);
  expect((await service.ask("GET", "/api/v2/openapi.json")).status).toBe(200);
  await rm(directory, { recursive: true });
});

test("a token that could be guessed is refused", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-token-"));
  const file = await tokenFile(directory, "short");
  const starting = startService({ listen: "127.0.0.1:0", tokenFile: file });
  await expect(starting).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await rm(directory, { recursive: true });
});

test("metrics count files, bytes and failures; no secret is in them, in the log or in answers", async () => {
  await using server = await startObjectServer(objects);
  await using service = await startService({ tools: { samtools } });
  const body = executeBody(server);
  const manifest = { ...body.data_manifest, none: server.url("none") };
  const executed = await service.ask("POST", "/api/v2/execute", {
    ...body,
    data_manifest: manifest,
  });
  const { text } = await service.ask("GET", "/metrics");
  expect(text).toContain('staging_sampler_stage_files_total{from="transfer"} 2');
  expect(text).toContain('staging_sampler_stage_failures_total{code="FILE_MISSING"} 1');
  expect(text).toContain(`staging_sampler_stage_transferred_bytes_total ${sam.length + 11}`);
  const seen = [executed.text, text, ...service.log].join("\n");
  expect(seen).toContain("file is staged");
  expect(seen).not.toContain(SECRET);
});

test("a socket that somebody answers at is not taken, and its group may open it", async () => {
  await using service = await startService();
  expect((await stat(join(service.settings.state, "staging.sock"))).mode & 0o777).toBe(0o660);
  const { state, runs, store } = service.settings;
  const second = startService({ state, runs, store });
  await expect(second).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("the OpenAPI document has every call, and its example is the design's", async () => {
  await using service = await startService();
  const { json } = await service.ask("GET", "/api/v2/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const calls = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(calls.toSorted()).toEqual([
    "delete /api/v2/runs/{id}",
    "get /api/v2/runs",
    "get /api/v2/runs/{id}",
    "get /api/v2/runs/{id}/events",
    "post /api/v2/execute",
    "post /api/v2/runs",
  ]);
  const { example } = json.components.schemas.Execute;
  const dry = await service.ask("POST", "/api/v2/execute", { ...example, dry_run: true });
  expect(dry.json.result.plugin_params.reference_file).toMatch(/\/hg38\.fasta$/);
  expect(JSON.stringify(json)).not.toMatch(/signature=[^…]/);
});
