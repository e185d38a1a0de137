import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A reader in a process of its own: it may crash or hang, and is started again. */
export interface Helper {
  /** Its answer, or `error` where it died or took too long. One request at a time. */
  ask<Answer extends object>(request: object): Promise<Answer | HelperError>;
  end(): void;
}

/** The reason why there is no answer. */
export interface HelperError {
  readonly error: string;
}

/** A process that answers each line of JSON on its stdin with one on its stdout. */
export function startHelper([program = "", ...args]: readonly string[], limitMs: number): Helper {
  let child: ChildProcess | undefined;
  let answered: (answer: object) => void = () => {};
  let last: Promise<unknown> = Promise.resolve();

  return {
    ask<Answer extends object>(request: object) {
      const answer = last.then(() => askNow(request));
      last = answer;
      return answer as Promise<Answer | HelperError>;
    },
    end: () => void child?.kill("SIGKILL"),
  };

  function askNow(request: object): Promise<object> {
    child ??= start();
    const running = child;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve({ error: `took longer than ${limitMs / 1000} s` });
        child = undefined;
        running.kill("SIGKILL");
      }, limitMs);
      answered = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      running.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  function start(): ChildProcess {
    const started = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
    createInterface({ input: started.stdout }).on("line", (line) => {
      if (child === started) answered(JSON.parse(line) as object);
    });
    // What it still had to read when it died.
    started.stdin.on("error", () => {});
    started.on("close", (code, signal) => {
      if (child !== started) return;
      child = undefined;
      answered({ error: `the reader died: ${signal ?? code}` });
    });
    return started;
  }
}
