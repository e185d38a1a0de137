/**
 * `node staging-server-node.js DIRECTORY`: serves its files over http on loopback, and prints the port. What
 * stands in for nginx where that is missing.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

const [, , directory] = process.argv;
const server = createServer((request, response) => {
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
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
