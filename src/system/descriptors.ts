import { closeSync } from "node:fs";

/** Descriptors of a thread that are noted: more than one job has open at a time. */
const SLOTS = 32;

let slots: Int32Array | undefined;

/** Memory in which a thread notes the descriptors that it has opened past Node. */
export function descriptorMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Makes this thread note them from now on: when a thread is ended, Node closes only those that it
 * opened itself.
 */
export function tellDescriptorsIn(memory: SharedArrayBuffer): void {
  slots = new Int32Array(memory);
}

/** Notes that a descriptor was opened; returns it. */
export function opened(fd: number): number {
  const free = slots?.indexOf(0) ?? -1;
  if (slots !== undefined && free >= 0) Atomics.store(slots, free, fd + 1);
  return fd;
}

/**
 * Notes that a descriptor is about to be closed; another thread may have its number a moment later.
 */
export function closing(fd: number): void {
  const slot = slots?.indexOf(fd + 1) ?? -1;
  if (slots !== undefined && slot >= 0) Atomics.store(slots, slot, 0);
}

/** Closes the descriptors that an ended thread left open. */
export function closeLeft(memory: SharedArrayBuffer): void {
  const left = new Int32Array(memory);
  for (const [slot, value] of left.entries()) {
    if (value > 0) closeSync(value - 1);
    left[slot] = 0;
  }
}
