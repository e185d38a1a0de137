import Database from "better-sqlite3";

/** A source of numbers that are the same each time (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PAGE_BYTES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
const TYPES = [
  "",
  "INTEGER",
  "INT",
  "REAL",
  "DOUBLE PRECISION",
  "TEXT",
  "VARCHAR(20)",
  "BLOB",
].concat(["NUMERIC", "DECIMAL(10, 2)", "DATETIME"]);
const COLLATIONS = ["", "", "", " COLLATE NOCASE", " COLLATE RTRIM", ' COLLATE "BINARY"'];
const DEFAULTS = [" DEFAULT 7", " DEFAULT 'seven'", " DEFAULT -2", " DEFAULT NULL", ""].concat([
  " DEFAULT (3)",
  " DEFAULT x'0aff'",
  " DEFAULT 'A  '",
  " DEFAULT 2.5",
]);

/** A database of some random tables, as bytes. */
export function randomDatabase(seed: number): Buffer {
  const random = randomOf(seed);
  const any = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const db = new Database(":memory:");
  db.pragma(`page_size = ${any(PAGE_BYTES)}`);
  db.pragma(`encoding = '${any(["UTF-8", "UTF-8", "UTF-16le", "UTF-16be"])}'`);
  db.pragma(`auto_vacuum = ${random(3)}`);
  db.pragma(`user_version = ${random(1000)}`);
  db.pragma(`application_id = ${random(1000)}`);
  for (let i = 0, count = 1 + random(4); i < count; i += 1) addTable(`t${i}`);
  if (random(3) === 0) {
    db.exec("CREATE TABLE gone AS SELECT * FROM t0; DROP TABLE gone");
  }
  if (random(3) === 0) db.exec("CREATE TABLE copied AS SELECT * FROM t0");
  if (random(3) === 0) db.exec("CREATE VIEW v AS SELECT * FROM t0");
  if (random(3) === 0) db.exec("CREATE TRIGGER r AFTER DELETE ON t0 BEGIN SELECT 1; END");
  if (random(4) === 0) db.exec("ANALYZE");
  return db.serialize();

  function addTable(name: string): void {
    const isWithout = random(3) === 0;
    const columns = Array.from({ length: 1 + random(6) }, (_, i) => `c${i}`);
    const declared = columns.map(
      (column) => `"${column}" ${any(TYPES)}${any(COLLATIONS)}${random(8) === 0 ? " UNIQUE" : ""}`,
    );
    const constraints: string[] = [];
    const keys = (most: number): string =>
      Array.from(
        { length: 1 + random(most) },
        () => `${any(columns)}${any(COLLATIONS)}${any(["", " ASC", " DESC"])}`,
      ).join(", ");
    const key = random(5);
    if (key === 0 && !isWithout)
      declared[0] = `c0 INTEGER PRIMARY KEY${any(["", " AUTOINCREMENT", " DESC"])}`;
    else if (key === 1) declared[0] = "c0 INTEGER PRIMARY KEY /* the, id */";
    else if (isWithout || key === 2) constraints.push(`CONSTRAINT pk PRIMARY KEY (${keys(3)})`);
    if (random(3) === 0) constraints.push(`UNIQUE (${keys(2)}) ON CONFLICT REPLACE`);
    if (random(4) === 0) constraints.push("CHECK (1 > 0)");
    if (random(4) === 0) declared.push(`s AS (c0 || 'x') ${any(["STORED", "VIRTUAL", ""])}`);
    const parts = [...declared, constraints.join(any([", ", " "]))].filter((part) => part !== "");
    db.exec(
      `CREATE TABLE ${name} (${parts.join(",\n -- a, comment\n")})${isWithout ? " WITHOUT ROWID" : ""}`,
    );
    fill(name, columns, random(4) === 0 ? random(2000) : random(150));
    if (random(4) === 0) {
      db.exec(`ALTER TABLE ${name} ADD COLUMN added ${any(TYPES)}${any(DEFAULTS)}`);
      columns.push("added");
      fill(name, columns, random(30));
    }
    if (random(4) === 0) db.exec(`DELETE FROM ${name} WHERE abs(random()) % 3 = 0`);
    for (let i = 0; i < random(4); i += 1) {
      db.exec(`CREATE INDEX ${name}_i${i} ON ${name} (${keys(3)})`);
    }
    if (random(6) === 0) db.exec(`CREATE INDEX ${name}_e ON ${name} (c0 || 1)`);
    if (random(6) === 0) db.exec(`CREATE INDEX ${name}_p ON ${name} (c0) WHERE c0 > 3`);
  }

  function fill(name: string, columns: readonly string[], count: number): void {
    const list = columns.map((column) => `"${column}"`).join(", ");
    const insert = db.prepare(
      `INSERT OR IGNORE INTO ${name} (${list}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    const isLong = random(4) === 0;
    db.transaction(() => {
      for (let i = 0; i < count; i += 1) {
        try {
          insert.run(...columns.map(() => value(isLong)));
        } catch {
          // A row id that is no number, or a key without a value.
        }
      }
    })();
  }

  function value(isLong: boolean): unknown {
    const kind = random(12);
    if (kind === 0) return null;
    if (kind < 4)
      return any([0n, 1n, -1n, 2n ** 62n]) + BigInt(random(any([3, 300, 70_000, 2 ** 31])));
    if (kind === 4) return -(2n ** 63n) + BigInt(random(5));
    if (kind === 5) return random(1000) / 4;
    if (kind === 6)
      return any([0.1, -0, Number.NaN, 1e300, 5e-324, -1.5e15, 123_456_789_012, Infinity]);
    if (kind === 7) return Buffer.alloc(random(isLong ? 9000 : 40), random(256));
    const text = any([
      "a",
      "A",
      "B",
      "b ",
      "ab",
      "ü",
      "Ü",
      "\ud83d\ude00",
      "a\0b",
      "1",
      "1.50",
      "",
    ]);
    return text.repeat(random(isLong ? 3000 : 6)) + any(["", " ", "  ", String(random(400))]);
  }
}
