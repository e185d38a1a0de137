/** Prices of storage and transfers in one of AWS's price lists (an offer file, as CSV). */
export interface Offer {
  /** Such as `AmazonS3`; empty where the list does not say. */
  readonly code: string;
  /** The day it was published. */
  readonly asOf: string;
  readonly currencies: ReadonlySet<string>;
  /** Region → price of a GB for a month. */
  readonly storage: ReadonlyMap<string, number>;
  /** From → to → price of a GB. */
  readonly transfers: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A reader of one price list. */
export interface OfferReader {
  /** Takes the next record. */
  readonly take: (record: readonly string[]) => void;
  /** The offer; undefined where no record had the names of the columns. */
  readonly end: () => Offer | undefined;
}

/** S3 Standard: other classes have their own name in front of `ByteHrs`. */
const STORAGE = /^([A-Z0-9]+-)?TimedStorage-ByteHrs$/;
const TRANSFER = /^[A-Z0-9]+-[A-Z0-9]+-AWS-Out-Bytes$/;
const REGION = "AWS Region";
const FACTS: ReadonlySet<string> = new Set(["Publication Date", "OfferCode"]);

/** Creates a reader. Five records of facts come first, then the names of the columns. */
export function readOffer(): OfferReader {
  const facts = new Map<string, string>();
  const currencies = new Set<string>();
  const storage = new Map<string, number>();
  const transfers = new Map<string, Map<string, number>>();
  let columns: ReadonlyMap<string, number> | undefined;

  const takeRow = (cell: Cell) => {
    const price = Number(cell("PricePerUnit"));
    const isFirst = cell("TermType") === "OnDemand" && Number(cell("StartingRange")) === 0;
    if (!isFirst || cell("PricePerUnit") === "" || !Number.isFinite(price)) return;
    if (isStorage(cell)) keepDearer(storage, cell("Region Code"), price);
    else if (isTransfer(cell)) {
      const row = rowOf(transfers, cell("From Region Code"));
      keepDearer(row, cell("To Region Code"), price);
    } else return;
    currencies.add(cell("Currency"));
  };
  return {
    take(record) {
      const [name = "", value = ""] = record;
      if (columns !== undefined) takeRow(cellsOf(record, columns));
      else if (name === "SKU") columns = new Map(record.map((column, i) => [column, i]));
      else if (FACTS.has(name)) facts.set(name, value);
    },
    end() {
      if (columns === undefined) return undefined;
      const asOf = (facts.get("Publication Date") ?? "").slice(0, 10);
      return { code: facts.get("OfferCode") ?? "", asOf, currencies, storage, transfers };
    },
  };
}

/** The value of a column in one record; empty where it has none. */
type Cell = (column: string) => string;

function cellsOf(record: readonly string[], columns: ReadonlyMap<string, number>): Cell {
  return (column) => record[columns.get(column) ?? -1] ?? "";
}

function isStorage(cell: Cell): boolean {
  return STORAGE.test(cell("usageType")) && cell("Unit") === "GB-Mo" && cell("Region Code") !== "";
}

/** Zones of a city or a telephone network have prices of their own, and are no regions. */
function isTransfer(cell: Cell): boolean {
  const [from, to] = [cell("From Region Code"), cell("To Region Code")];
  const areRegions = cell("From Location Type") === REGION && cell("To Location Type") === REGION;
  const isPair = from !== "" && to !== "" && from !== to;
  return TRANSFER.test(cell("usageType")) && cell("Unit") === "GB" && areRegions && isPair;
}

/** The prices from a region, which are in the table from then on. */
export function rowOf(
  transfers: Map<string, Map<string, number>>,
  from: string,
): Map<string, number> {
  const row = transfers.get(from) ?? new Map<string, number>();
  transfers.set(from, row);
  return row;
}

/** Keeps a price, unless a dearer one of that name is kept already. */
export function keepDearer(prices: Map<string, number>, name: string, price: number): void {
  prices.set(name, Math.max(price, prices.get(name) ?? 0));
}
