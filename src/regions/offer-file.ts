import { createReadStream } from "node:fs";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { eachRecord } from "../view/csv-records.ts";
import { type Offer, readOffer } from "./offer.ts";

/** Reads a price list of AWS, as CSV, in little memory. @throws Failure USAGE */
export async function readOfferFile(path: string): Promise<Offer> {
  const reader = readOffer();
  try {
    await eachRecord(createReadStream(path), reader.take);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const says = code.startsWith("CSV_")
      ? `${path}: ${errorMessage(error)}`
      : `cannot read ${path}: ${systemMessage(error)}`;
    throw new Failure("USAGE", says, { cause: error });
  }
  const offer = reader.end();
  if (offer !== undefined) return offer;
  throw new Failure("USAGE", `${path} is no price list of AWS as CSV: it has no column SKU`);
}
