import { Failure } from "../../errors.ts";
import { longReader } from "./long.ts";
import type { Schema } from "./schema.ts";

/** Finds where values end. Keeps its state between chunks, so that borders do not matter. */
export interface ValueScanner {
  /**
   * Goes on at `from`, at most up to `to`; returns the offset just after the end of the value, or
   * -1 when that is not reached. A value may be empty.
   * @throws Failure FORMAT_INVALID for what the schema does not allow.
   */
  next(chunk: Uint8Array, from: number, to: number): number;
}

/** A record or an array that is not finished. */
interface Frame {
  readonly schema: Schema & { readonly kind: "record" | "array" };
  /** The index of the next field, or the number of items left before the next count. */
  position: number;
}

/** Levels of values within values. The last field of a record adds none: lists may be long. */
const DEEPEST = 1000;
/**
 * Steps for each byte, besides the free ones. A schema can make values that are long to walk and
 * have no bytes, such as 2^60 nulls or a record of itself; no meaningful one needs as many steps.
 */
const STEPS_PER_BYTE = 64;
const FREE_STEPS = 1_000_000;

const ignored: Schema = { kind: "long" };

/** Makes a scanner for values of one schema. Source: Avro 1.12, "Binary Encoding". */
export function valueScanner(root: Schema): ValueScanner {
  const readLong = longReader();
  const open: Frame[] = [];
  let isInside = false;
  /** Bytes of content that are still to be passed over. */
  let ahead = 0;
  /** The schema of the value whose number is being read; undefined while none is. */
  let asking: Schema | undefined;
  let steps = FREE_STEPS;

  return { next };

  function next(chunk: Uint8Array, from: number, to: number): number {
    let at = from;
    if (!isInside) {
      isInside = true;
      enter(root);
    }
    for (;;) {
      const passed = Math.min(ahead, to - at);
      ahead -= passed;
      at += passed;
      steps += passed * STEPS_PER_BYTE;
      if (ahead > 0) return -1;
      if (asking !== undefined) {
        if (at >= to) return -1;
        const long = readLong(chunk[at] as number);
        at += 1;
        steps += STEPS_PER_BYTE;
        if (long !== undefined) answer(asking, long);
      } else if (!goOn()) {
        isInside = false;
        return at;
      }
    }
  }

  /** Begins a value. */
  function enter(schema: Schema): void {
    steps -= 1;
    if (steps < 0) throw invalid("it has too many values without bytes");
    if (schema.kind === "fixed") ahead = schema.bytes;
    else if (schema.kind !== "record") asking = schema;
    if (schema.kind === "record" || schema.kind === "array") open.push({ schema, position: 0 });
    if (open.length > DEEPEST) throw invalid(`values nested more than ${DEEPEST} deep`);
  }

  /** Takes a number that was asked for. */
  function answer(schema: Schema, long: number): void {
    asking = undefined;
    if (schema.kind === "bytes") {
      if (long < 0) throw invalid("a length is negative");
      ahead = long;
    } else if (schema.kind === "union") {
      const branch = schema.branches[long];
      if (branch === undefined) throw invalid(`a union or enum has no branch ${long}`);
      enter(branch);
    } else if (schema.kind === "array") {
      if (long === 0) open.pop();
      else (open.at(-1) as Frame).position = Math.abs(long);
      // A negative count is followed by the size of its items, which is of no use here.
      if (long < 0) asking = ignored;
    }
  }

  /** Begins the next value; false when the whole value is finished. */
  function goOn(): boolean {
    const frame = open.at(-1);
    if (frame === undefined) return false;
    const { schema, position } = frame;
    if (schema.kind === "record") {
      frame.position += 1;
      if (frame.position >= schema.fields.length) open.pop();
      const field = schema.fields[position];
      if (field !== undefined) enter(field);
    } else if (position === 0) {
      asking = schema;
    } else {
      frame.position -= 1;
      enter(schema.items);
    }
    return true;
  }
}

function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not a value of its schema: ${why}`);
}
