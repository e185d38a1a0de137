const HEADER =
  '"SKU","TermType","StartingRange","Unit","PricePerUnit","Currency","Product Family","Location","From Location Type","To Location Type","usageType","From Region Code","Region Code","To Region Code"';

/** Values of the columns that matter. */
export type Row = Readonly<Record<string, string>>;

/** Storage of a class in a region. */
export function kept(region: string, price: string, more: Row = {}): Row {
  return {
    Unit: "GB-Mo",
    usageType: "APN1-TimedStorage-ByteHrs",
    "Region Code": region,
    PricePerUnit: price,
    ...more,
  };
}

/** A transfer from one region to another. */
export function moved(from: string, to: string, price: string, more: Row = {}): Row {
  const types = { "From Location Type": "AWS Region", "To Location Type": "AWS Region" };
  const codes = { "From Region Code": from, "To Region Code": to };
  return {
    Unit: "GB",
    usageType: "USE1-USW2-AWS-Out-Bytes",
    PricePerUnit: price,
    ...types,
    ...codes,
    ...more,
  };
}

/** A price list as AWS writes it: five records of facts, the columns, a record for each price. */
export function offerText(code: string, rows: readonly Row[], day = "2026-09-18"): string {
  const columns = HEADER.split(",").map((name) => name.slice(1, -1));
  const common = { SKU: "2223B6", TermType: "OnDemand", StartingRange: "0", Currency: "USD" };
  const location = { Location: 'US East, "N. Virginia"' };
  const lines = rows.map((row) => {
    const values: Row = { ...common, ...location, ...row };
    return columns.map((name) => `"${(values[name] ?? "").replaceAll('"', '""')}"`).join(",");
  });
  const facts = [
    '"FormatVersion","v1.0"',
    '"Disclaimer","For information, only"',
    `"Publication Date","${day}T17:47:47Z"`,
    '"Version","20260918174747"',
    `"OfferCode","${code}"`,
  ];
  return `${[...facts, HEADER, ...lines].join("\n")}\n`;
}
