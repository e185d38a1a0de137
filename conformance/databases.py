"""Judges samples of SQLite databases with Python's sqlite3."""
import os
import sqlite3
import tempfile

from texts import exact, inexact, unjudged

ROWS = 100
# Tables that say what others are, as those of GeoPackages do.
WHOLE_ROWS = 1000


def judge_sqlite(original, sample, receipt):
    with tempfile.TemporaryDirectory() as root:
        try:
            before = opened(root, "original", without_log(original))
            wanted = schema_of(before)
        except sqlite3.Error as error:
            return unjudged(f"sqlite3: {error}")
        try:
            after = opened(root, "sample", sample)
            fault = fault_of(before, after, wanted, receipt)
        except sqlite3.Error as error:
            return inexact(f"the sample is not read: {error}")
    return inexact(fault) if fault else exact()


def opened(root, name, data):
    path = os.path.join(root, name)
    with open(path, "wb") as file:
        file.write(data)
    db = sqlite3.connect(path)
    db.text_factory = bytes
    return db


def without_log(data):
    """The same file without a write-ahead log, which is not beside it."""
    return data[:18] + b"\1\1" + data[20:]


def fault_of(before, after, wanted, receipt):
    """The first difference of two databases, but for rows that are cut, or None."""
    checked = [row[0] for row in after.execute("PRAGMA integrity_check(3)")]
    if checked != [b"ok"]:
        return f"integrity_check: {checked}"
    for pragma in ("page_size", "encoding", "user_version", "application_id"):
        if value(before, pragma) != value(after, pragma):
            return f"another {pragma}"
    found = schema_of(after)
    if any(entry not in wanted for entry in found):
        return "an object that the original does not have"
    missing = [entry for entry in wanted if entry not in found]
    if missing and not receipt.get("warnings"):
        return f"{missing[0]} is left out, but no warning"
    few = receipt.get("cut") == "bytes" or receipt.get("warnings")
    for kind, name, _, _ in found:
        if kind == b"table":
            most = WHOLE_ROWS if name.startswith(b"gpkg_") else ROWS
            fault = rows_fault(before, after, name.decode(), None if few else most)
            if fault:
                return fault
    return None


def rows_fault(before, after, table, most):
    columns = [row[1].decode() for row in after.execute(f"PRAGMA table_xinfo({quoted(table)})")]
    shown = ", ".join(f"typeof({quoted(c)}), quote({quoted(c)}), hex({quoted(c)})" for c in columns)
    order = order_of(after, table)
    query = f"SELECT {shown} FROM {quoted(table)} ORDER BY {order}"
    found = after.execute(query).fetchall()
    if most is None:
        most = len(found)
    if found != before.execute(f"{query} LIMIT {most}").fetchall():
        return f"{table}: {len(found)} rows are not the first {most}"
    return None


def order_of(db, table):
    """The terms by which a table's tree is sorted: its row ids, or its key where it has none."""
    try:
        db.execute(f"SELECT rowid FROM {quoted(table)} LIMIT 0")
        return "rowid"
    except sqlite3.OperationalError:
        pass
    for index in db.execute(f"PRAGMA index_list({quoted(table)})").fetchall():
        if index[3] == b"pk":
            terms = db.execute(f"PRAGMA index_xinfo({quoted(index[1].decode())})").fetchall()
            return ", ".join(
                f"{quoted(term[2].decode())} COLLATE {term[4].decode()}{' DESC' * term[3]}"
                for term in terms
                if term[5]
            )
    return "1"


def schema_of(db):
    return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall()


def value(db, pragma):
    return db.execute(f"PRAGMA {pragma}").fetchone()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'
