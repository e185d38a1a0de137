import { Failure } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";
import type { Facts } from "./facts.ts";
import { fieldsOf } from "../../lib/protobuf.ts";

/** Bytes of a set of schemas, and messages that are told of, at most. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_MESSAGES = 1000;
/** Fields of `FileDescriptorSet`, `FileDescriptorProto` and `DescriptorProto` (descriptor.proto). */
const FILE = 1;
const PACKAGE = 2;
const MESSAGE = 4;
const NAME = 1;

/** True for schemas of Protocol Buffers, by name: only the reader's own schema tells what it is. */
export function isDescriptorSet(head: Uint8Array, name: string): boolean {
  return /\.(desc|protoset|binpb|fds)$/i.test(name) && head[0] === 8 * FILE + 2;
}

/** The names of the messages that a set of schemas has on its outermost level. */
export async function descriptorFacts(
  read: NonNullable<Source["slice"]>,
  size: number,
): Promise<Facts> {
  if (size > MAX_BYTES) return {};
  const messages: string[] = [];
  for (const file of fieldsOf(Buffer.from(await read(0, size)))) {
    if (file.id !== FILE)
      throw new Failure("FORMAT_INVALID", "not a set of Protocol Buffers schemas");
    let scope = "";
    for (const { id, bytes } of fieldsOf(file.bytes)) {
      if (id === PACKAGE) scope = `${bytes.toString("utf8")}.`;
      if (id !== MESSAGE || messages.length >= MAX_MESSAGES) continue;
      for (const field of fieldsOf(bytes)) {
        if (field.id !== NAME) continue;
        messages.push(scope + field.bytes.toString("utf8"));
        break;
      }
    }
  }
  return { messages };
}
