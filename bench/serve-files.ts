import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

/** A server of the files in a directory, by ranges. */
export interface FileServer extends AsyncDisposable {
  url(file: string): string;
}

/** Starts one on loopback, which waits so long before each answer. */
export async function serveFiles(directory: string, latencyMs: number): Promise<FileServer> {
  const server = createServer((request, response) => {
    const path = join(directory, basename(request.url ?? ""));
    setTimeout(() => {
      const fd = openSync(path, "r");
      const { size } = fstatSync(fd);
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      const [start, end] = [Number(from), Math.min(size, Number(to) + 1)];
      const bytes = Buffer.alloc(end - start);
      readSync(fd, bytes, 0, bytes.length, start);
      closeSync(fd);
      response.writeHead(206, {
        ETag: `"${size}"`,
        "Content-Range": `bytes ${start}-${end - 1}/${size}`,
        "Content-Length": bytes.length,
      });
      response.end(bytes);
    }, latencyMs);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (file) => `http://127.0.0.1:${port}/${file}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
