import { expect, test } from "vitest";
import { seriesKey } from "../../src/checks/shape/series-key.ts";

test.each([
  ["raw/orders_20260118.csv", "raw/orders_#.csv"],
  ["raw/orders_2026-01-18.csv", "raw/orders_#.csv"],
  ["raw/orders_2026-01-18T14:30:00Z.csv", "raw/orders_#.csv"],
  ["raw/orders_18.01.2026_143000.csv", "raw/orders_#.csv"],
  ["raw/orders-18-jan-2026.csv", "raw/orders-#.csv"],
  ["raw/Jan2026/orders.csv", "raw/#/orders.csv"],
  ["raw/2026/01/18/part-00017.parquet", "raw/#/#/#/part-#.parquet"],
  [
    "raw/part-00000-1b4e28ba-2fa1-11d2-883f-0016d3cca427-c000.snappy.parquet",
    "raw/part-#-{id}-c#.snappy.parquet",
  ],
  ["raw/deadbeef01/x.json", "raw/{id}/x.json"],
  ["raw/AAPL_20260118.csv", "raw/AAPL_#.csv"],
  ["raw/MSFT_20260118.csv", "raw/MSFT_#.csv"],
  ["raw/feedface.csv", "raw/feedface.csv"],
  ["raw/maypole_1.csv", "raw/maypole_#.csv"],
  ["raw/march.csv", "raw/march.csv"],
])("%s belongs to %s", (raw, key) => {
  expect(seriesKey(raw, [])).toBe(key);
});

test("rules join what the rule of digits keeps apart", () => {
  const rules = [{ match: "^raw/.*/(?<key>[a-z]+)_\\d+" }, { match: "quotes" }];
  expect(seriesKey("raw/eu/orders_17.csv", rules)).toBe("orders");
  expect(seriesKey("raw/AAPL_quotes_17.csv", rules)).toBe("quotes");
  expect(seriesKey("raw/other_17.csv", rules)).toBe("raw/other_#.csv");
});
