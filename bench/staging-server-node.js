/**
 * `node staging-server-node.js DIRECTORY [MS]`: serves its files over http on loopback, waits so long before
 * each answer, and prints the port. What stands in for nginx where that is missing, or has to be slow.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

const [, , directory, latencyMs = "0"] = process.argv;
const server = createServer((request, response) => {
  if (latencyMs === "0") answer(request, response);
  else setTimeout(answer, Number(latencyMs), request, response);
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));

function answer(request, response) {
  const path = join(directory, basename(request.url));
  const { size } = statSync(path);
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const headers = { "Content-Length": size - start, "Accept-Ranges": "bytes", ETag: `"${size}"` };
  const range = { "Content-Range": `bytes ${start}-${size - 1}/${size}` };
  response.writeHead(
    from === undefined ? 200 : 206,
    from === undefined ? headers : { ...headers, ...range },
  );
  createReadStream(path, { start, highWaterMark: 1024 * 1024 }).pipe(response);
}
