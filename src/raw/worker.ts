/** The thread that looks at directories of raw files: a listing may take seconds, or hang. */
import { parentPort, workerData } from "node:worker_threads";
import { settingsOf } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { createLake, type HeldDataset } from "../lake/lake.ts";
import { tellDescriptorsIn } from "../system/descriptors.ts";
import { changedDirectories } from "./changed.ts";
import { listAll } from "./list-all.ts";
import type { Answer, Question, WorkerData } from "./messages.ts";
import type { Listed } from "./types.ts";

const { origin, descriptors } = workerData as WorkerData;
tellDescriptorsIn(descriptors);
const settings = settingsOf(origin);
const lake = createLake(settings);
/** The listing at hand, and the dataset that is held for it. */
let listing:
  | { readonly all: Generator<Listed, void, void>; readonly held: HeldDataset }
  | undefined;

parentPort?.on("message", (question: Question) => parentPort?.postMessage(answerTo(question)));

function answerTo(question: Question): Answer {
  try {
    return { value: valueOf(question) };
  } catch (error) {
    const code = error instanceof Failure ? error.code : "RAW_UNREADABLE";
    return { code, message: systemMessage(error) };
  }
}

function valueOf(question: Question): unknown {
  if (question.what === "next") return next();
  const { dataset, now } = question;
  const { raw } = settings.forDataset(dataset);
  // One that was left half-way.
  end();
  const held = lake.hold(dataset);
  if (question.what === "list") {
    listing = { all: listAll(held, question.listings, { raw, now }), held };
    return next();
  }
  try {
    return changedDirectories(held, { raw, known: question.known, now });
  } finally {
    held[Symbol.dispose]();
  }
}

function next(): Listed {
  const listed = listing?.all.next().value ?? NOTHING;
  if (listed.isLast) end();
  return listed;
}

function end(): void {
  listing?.all.return();
  listing?.held[Symbol.dispose]();
  listing = undefined;
}

const NOTHING: Listed = { pages: [], gone: [], problems: [], isLast: true };
