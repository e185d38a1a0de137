import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A production process. */
export interface Producer {
  /** Has one thing done (see producer.py); resolves with its answer. @throws Error where it ended */
  do(verb: string, details: object): Promise<unknown>;
  end(): Promise<void>;
}

/** Starts one. It does one thing after the other. */
export function startProducer(): Producer {
  const args = ["-B", join(import.meta.dirname, "producer.py")];
  const child: ChildProcess = spawn("python3", args, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: PromiseWithResolvers<unknown>[] = [];
  const closed = once(child, "close");
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) =>
    waiting.shift()?.resolve(JSON.parse(line)),
  );
  void closed.then(() => {
    for (const { reject } of waiting) reject(new Error("the producer ended"));
  });

  return {
    do(verb, details) {
      const answer = Promise.withResolvers<unknown>();
      waiting.push(answer);
      child.stdin?.write(`${JSON.stringify([verb, details])}\n`);
      return answer.promise;
    },
    async end() {
      child.stdin?.end();
      await closed;
    },
  };
}
