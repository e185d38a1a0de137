/**
 * Files from elsewhere: a server on loopback has the demo's lake behind signed URLs. One command runs
 * on staged files, one of which cannot be had; then two remote objects are sampled where they lie.
 */
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { bytesText, counted } from "../src/lib/text.ts";

const root = join(import.meta.dirname, "..");
const lake = join(root, ".demo");
const sampler = join(root, "dist/main.js");
const secret = randomBytes(16);
const ORDERS = "acme/orders/v1/bronze/2026/01/18/143000--orders.csv";
const EVENTS = "acme/events/v2/bronze/2026/01/18/143000--events.jsonl";

let requests = 0;
let sent = 0;
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  requests += 1;
  const path = join(lake, decodeURIComponent(pathname));
  const isSigned = searchParams.get("X-Amz-Signature") === signatureOf(pathname);
  const found = isSigned ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (found === undefined) return void response.writeHead(isSigned ? 404 : 403).end();
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from);
  const end = to === "" ? found.size : Math.min(Number(to) + 1, found.size);
  const isPart = request.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, {
    ETag: `"${found.mtimeMs}-${found.size}"`,
    "Accept-Ranges": "bytes",
    "Content-Length": end - start,
    ...(isPart ? { "Content-Range": `bytes ${start}-${end - 1}/${found.size}` } : {}),
  });
  createReadStream(path, { start, end: end - 1 })
    .on("data", (chunk) => (sent += chunk.length))
    .pipe(response);
});

server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

writeFileSync(join(lake, "staging.yaml"), JSON.stringify({ state: join(lake, ".state") }));
const manifest = {
  "orders.csv": urlOf(ORDERS),
  "events.jsonl": urlOf(EVENTS),
  "returns.csv": urlOf("acme/orders/v1/bronze/returns.csv"),
};
const params = { input: "orders.csv", also: ["events.jsonl", "returns.csv"], threads: 4 };
writeFileSync(join(lake, "manifest.json"), JSON.stringify(manifest));
writeFileSync(join(lake, "params.json"), JSON.stringify(params));

say("A data manifest names three files behind signed URLs; one of them is not there:");
for (const [name, url] of Object.entries(manifest)) print(`${name}: ${url.replace(/\?.*/, "?…")}`);
say("A command runs on what can be had, with the parameters resolved (`stage run`):");
const script = 'echo "parameters: $(cat)"; wc -l "$0"';
await run(
  "stage",
  "run",
  "manifest.json",
  "--params",
  "params.json",
  "--",
  "sh",
  "-c",
  script,
  "{input}",
);
say("Its directory is gone with it; what was fetched is in the store (`stage store`):");
await run("stage", "store");

for (const name of [ORDERS, EVENTS]) {
  [requests, sent] = [0, 0];
  say(`A sample of ${name} where it lies (\`preview URL\`):`);
  await run("preview", urlOf(name), "--rows", "3", "--out", join(lake, "remote-sample"), "--force");
  const { size } = statSync(join(lake, name));
  print(`${counted(requests, "request")}, ${bytesText(sent)} of ${bytesText(size)} were sent`);
}
server.close();
server.closeAllConnections();

function urlOf(name: string): string {
  const path = `/${name}`;
  return `http://127.0.0.1:${port}${path}?X-Amz-Signature=${signatureOf(path)}`;
}

function signatureOf(path: string): string {
  return createHmac("sha256", secret).update(path).digest("hex");
}

async function run(...args: readonly string[]): Promise<void> {
  const options = ["--config", join(lake, "staging.yaml")];
  const isStage = args[0] === "stage";
  const command = isStage ? [...args.slice(0, 2), ...options, ...args.slice(2)] : args;
  const child = spawn(process.execPath, [sampler, ...command], { cwd: lake, stdio: "inherit" });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(text: string): void {
  print(`\n${text}\n`);
}
