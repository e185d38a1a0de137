"""python3 -m unittest discover -s deploy/python -v"""

import errno
import json
import math
import multiprocessing
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import staging_manifest
from staging_manifest import MAX_LINE_BYTES, append_entry, manifest_path

HERE = os.path.dirname(os.path.abspath(__file__))
RAW = "raw/env0/data.csv"
BRONZE = "bronze/2026/01/18/143000--data.csv"
MTIME = 1737200000.0
PROCESSES = 8
ENTRIES = 2000


class LakeTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name
        self.manifest = manifest_path(self.root, "acme", "orders", "v1")

    def content(self):
        with open(self.manifest, "rb") as file:
            return file.read()

    def entries(self):
        content = self.content()
        self.assertTrue(content.endswith(b"\n"))
        return [json.loads(line) for line in content[:-1].split(b"\n")]

    def refused(self, error, raw=RAW, bronze=BRONZE, mtime=MTIME, manifest=None):
        """Check that strict raises, that otherwise it is logged and False; return the message."""
        manifest = self.manifest if manifest is None else manifest
        with self.assertRaises(error) as raised:
            append_entry(manifest, raw, bronze, mtime, strict=True)
        with self.assertLogs("staging_manifest", "WARNING") as logged:
            self.assertIs(append_entry(manifest, raw, bronze, mtime), False)
        self.assertEqual(len(logged.records), 1)
        self.assertIn(type(raised.exception).__name__, logged.output[0])
        return str(raised.exception)


class ManifestPath(LakeTest):
    def test_lies_below_the_dataset(self):
        expected = "/data/acme/orders/v1/manifests/processed.jsonl"
        for prefix in ("/data", "/data/", b"/data", pathlib.Path("/data")):
            self.assertEqual(manifest_path(prefix, "acme", "orders", "v1"), expected)

    def test_takes_single_path_components_only(self):
        for bad in ("", ".", "..", "a/b", "/", "a/", "a\0b"):
            for names in ((bad, "d", "v"), ("v", bad, "v"), ("v", "d", bad)):
                with self.subTest(names=names), self.assertRaises(ValueError):
                    manifest_path("/data", *names)
        for bad in (1, None, b"v1", pathlib.Path("v1")):
            with self.subTest(bad=bad), self.assertRaises(TypeError):
                manifest_path("/data", "acme", "orders", bad)

    def test_wants_a_prefix(self):
        with self.assertRaises(ValueError):
            manifest_path("", "acme", "orders", "v1")

    def test_touches_no_file(self):
        self.assertEqual(os.listdir(self.root), [])


class Line(LakeTest):
    def test_has_the_documented_shape(self):
        self.assertIs(append_entry(self.manifest, RAW, BRONZE, MTIME), True)
        self.assertEqual(
            self.content(),
            b'{"raw": "raw/env0/data.csv", "bronze": "bronze/2026/01/18/143000--data.csv",'
            b' "mtime": 1737200000.0}\n',
        )

    def test_is_what_json_dumps_writes(self):
        names = ["a b", 'quote"', "back\\slash", "tab\t", "\x01\x7f", "é", "日本", "🙂", "\udcff"]
        mtimes = [0, -1, -0.5, 1737200000, 1737200000.123456, 1e-7, 1e11, -1e11, 5e-324]
        for name in names:
            append_entry(self.manifest, name, name, MTIME, strict=True)
        for mtime in mtimes:
            append_entry(self.manifest, RAW, BRONZE, mtime, strict=True)
        expected = [{"raw": name, "bronze": name, "mtime": MTIME} for name in names]
        expected += [{"raw": RAW, "bronze": BRONZE, "mtime": mtime} for mtime in mtimes]
        lines = self.content().decode("ascii").split("\n")
        self.assertEqual(lines, [json.dumps(entry) for entry in expected] + [""])

    def test_is_added_after_the_others(self):
        for number in range(3):
            append_entry(self.manifest, RAW, BRONZE, number, strict=True)
        self.assertEqual([entry["mtime"] for entry in self.entries()], [0, 1, 2])

    def test_is_one_write(self):
        with mock.patch("os.write", wraps=os.write) as write:
            append_entry(self.manifest, "x" * 500000, BRONZE, MTIME, strict=True)
        self.assertEqual(write.call_count, 1)

    def test_takes_path_objects(self):
        manifest = pathlib.Path(self.manifest)
        append_entry(manifest, pathlib.Path(RAW), pathlib.Path(BRONZE), MTIME, strict=True)
        append_entry(os.fsencode(manifest), RAW.encode(), BRONZE.encode(), MTIME, strict=True)
        self.assertEqual(self.entries(), [{"raw": RAW, "bronze": BRONZE, "mtime": MTIME}] * 2)

    def test_takes_float_subclasses_as_numbers(self):
        class Float64(float):
            def __repr__(self):
                return "np.float64(%s)" % float.__repr__(self)

        append_entry(self.manifest, RAW, BRONZE, Float64(1.5), strict=True)
        self.assertEqual(self.entries()[0]["mtime"], 1.5)

    def test_keeps_the_exact_mtime(self):
        path = os.path.join(self.root, "data.csv")
        open(path, "w").close()
        os.utime(path, ns=(0, 1737200000123456789))
        mtime = os.stat(path).st_mtime
        append_entry(self.manifest, RAW, path, mtime, strict=True)
        self.assertEqual(self.entries()[0]["mtime"], mtime)


class Names(LakeTest):
    def test_unicode(self):
        for name in ("größe.csv", "データ.csv", "🙂.csv", "e\u0301.csv", "\u2028.csv"):
            append_entry(self.manifest, name, name, MTIME, strict=True)
            self.assertEqual(self.entries()[-1]["raw"], name)
        self.assertTrue(self.content().isascii())

    def test_that_are_not_utf_8_keep_their_bytes(self):
        name = b"caf\xe9-\xff\xed\xa0\x80.csv"
        path = os.path.join(os.fsencode(self.root), name)
        try:
            open(path, "w").close()
        except OSError as error:
            self.skipTest("this file system takes no such name: %s" % error)
        listed = [entry for entry in os.listdir(self.root) if entry.endswith(".csv")][0]
        as_text = os.path.join(self.root, listed)
        for given in (path, as_text, pathlib.Path(as_text)):
            append_entry(self.manifest, given, given, MTIME, strict=True)
            entry = self.entries()[-1]
            self.assertEqual(os.fsencode(entry["raw"]), path)
            self.assertTrue(os.path.exists(entry["bronze"]))

    def test_mean_the_same_bytes_under_another_locale(self):
        script = (
            "import os, sys, staging_manifest as s\n"
            "print(sys.getfilesystemencoding())\n"
            "s.append_entry(sys.argv[1], sys.argv[2], os.fsencode(sys.argv[2]), 1, strict=True)\n"
        )
        env = dict(os.environ, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONPATH=HERE)
        name = "größe.csv".encode()
        command = [sys.executable, "-X", "utf8=0", "-c", script, self.manifest, name]
        child = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
        if child.stdout.strip() == b"utf-8":
            self.skipTest("this Python uses UTF-8 for file names under every locale")
        entry = self.entries()[0]
        self.assertEqual((entry["raw"], entry["bronze"]), ("größe.csv", "größe.csv"))

    def test_with_a_newline_stay_on_one_line(self):
        name = "a\nb\r\nc\u0085d.csv"
        append_entry(self.manifest, name, name, MTIME, strict=True)
        self.assertEqual(self.content().count(b"\n"), 1)
        self.assertEqual(self.content().count(b"\r"), 0)
        self.assertEqual(self.entries()[0]["raw"], name)


class Refused(LakeTest):
    def tearDown(self):
        self.assertFalse(os.path.exists(self.manifest), "a refused entry touched the manifest")

    def test_names_that_are_no_paths(self):
        for bad in (None, 1, 1.5, ["a"], bytearray(b"a")):
            self.assertIn("raw", self.refused(TypeError, raw=bad))
            self.assertIn("bronze", self.refused(TypeError, bronze=bad))
        for bad in ("", b"", "a\0b", b"a\0b", "\ud800"):
            self.refused(ValueError, raw=bad)
            self.refused(ValueError, bronze=bad)

    def test_mtime_in_milliseconds(self):
        for bad in (1737200000000, 1737200000000.0, 1737200000123456789, -1737200000000, 10**400):
            self.assertIn("milliseconds", self.refused(ValueError, mtime=bad))

    def test_mtime_that_is_not_finite(self):
        for bad in (math.nan, math.inf, -math.inf):
            self.assertIn("finite", self.refused(ValueError, mtime=bad))

    def test_mtime_that_is_no_number(self):
        for bad in (True, False, "1737200000", None, b"1", [1], 1j):
            self.assertIn("mtime", self.refused(TypeError, mtime=bad))

    def test_manifest_that_is_no_path(self):
        for bad in (None, 1, []):
            with self.subTest(bad=bad), self.assertRaises(TypeError):
                append_entry(bad, RAW, BRONZE, MTIME, strict=True)
            with self.assertLogs("staging_manifest", "WARNING"):
                self.assertIs(append_entry(bad, RAW, BRONZE, MTIME), False)

    def test_anything_else_a_path_object_may_throw(self):
        class Broken(os.PathLike):
            def __fspath__(self):
                raise ZeroDivisionError("broken")

        self.refused(ZeroDivisionError, raw=Broken())


class LineLength(LakeTest):
    def test_ends_at_one_mebibyte(self):
        spare = MAX_LINE_BYTES - len(json.dumps({"raw": "", "bronze": BRONZE, "mtime": MTIME})) - 1
        self.refused(ValueError, raw="x" * (spare + 1))
        self.assertFalse(os.path.exists(self.manifest))
        append_entry(self.manifest, "x" * spare, BRONZE, MTIME, strict=True)
        self.assertEqual(len(self.content()), MAX_LINE_BYTES)


class Directories(LakeTest):
    def test_are_made_for_owner_and_group(self):
        self.addCleanup(os.umask, os.umask(0))
        self.manifest = manifest_path(os.path.join(self.root, "lake"), "acme", "orders", "v1")
        append_entry(self.manifest, RAW, BRONZE, MTIME, strict=True)
        self.assertEqual(stat.S_IMODE(os.stat(self.manifest).st_mode), 0o640)
        directory = os.path.dirname(self.manifest)
        while directory != self.root:
            self.assertEqual(stat.S_IMODE(os.stat(directory).st_mode), 0o750, directory)
            directory = os.path.dirname(directory)

    def test_come_back_when_removed(self):
        append_entry(self.manifest, RAW, BRONZE, MTIME, strict=True)
        os.remove(self.manifest)
        os.rmdir(os.path.dirname(self.manifest))
        append_entry(self.manifest, RAW, BRONZE, MTIME, strict=True)
        self.assertEqual(len(self.entries()), 1)

    def test_may_be_the_current_one(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)
        self.manifest = "processed.jsonl"
        append_entry(self.manifest, RAW, BRONZE, MTIME, strict=True)
        self.assertEqual(len(self.entries()), 1)


class Failing(LakeTest):
    def setUp(self):
        super().setUp()
        self.open_before = self.descriptors()

    def tearDown(self):
        self.assertEqual(self.descriptors(), self.open_before, "a descriptor was left open")

    def descriptors(self):
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    def test_place_that_cannot_be_written(self):
        with open(os.path.join(self.root, "acme"), "w"):
            pass
        self.refused(NotADirectoryError)

    def test_manifest_that_is_a_directory(self):
        os.makedirs(self.manifest)
        self.refused(IsADirectoryError)

    def test_manifest_that_is_a_link_to_nowhere(self):
        os.makedirs(os.path.dirname(self.manifest))
        os.symlink(os.path.join(self.root, "gone", "file"), self.manifest)
        self.refused(FileNotFoundError)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk(self):
        os.makedirs(os.path.dirname(self.manifest))
        os.symlink("/dev/full", self.manifest)
        self.assertIn(os.strerror(errno.ENOSPC), self.refused(OSError))


class ShortWrite(LakeTest):
    """The file size limit makes the kernel itself write less than it was asked to."""

    HALF = 20

    def child(self, script):
        """Run in a process of its own, for the limit; `fill()` leaves room for half a line."""
        setup = (
            "import json, logging, os, resource, signal, sys\n"
            "from staging_manifest import append_entry\n"
            "manifest, log = sys.argv[1], []\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "handler = logging.Handler()\n"
            "handler.emit = lambda record: log.append(record.getMessage())\n"
            "logging.getLogger('staging_manifest').addHandler(handler)\n"
            "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
            "def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))\n"
            "def fill(): limit(os.stat(manifest).st_size + %d)\n"
            "def append(mtime): return append_entry(manifest, 'raw/a', 'bronze/a', mtime)\n"
        ) % self.HALF
        command = [sys.executable, "-c", setup + script, self.manifest]
        env = dict(os.environ, PYTHONPATH=HERE)
        child = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
        return json.loads(child.stdout)

    def lines(self):
        content = self.content()
        self.assertTrue(content.endswith(b"\n"))
        return content[:-1].split(b"\n")

    def line(self, mtime):
        return json.dumps({"raw": "raw/a", "bronze": "bronze/a", "mtime": mtime}).encode()

    def test_is_a_failure_and_the_next_line_of_this_process_stands_alone(self):
        results, log = self.child(
            "results = [append(1)]\n"
            "fill()\n"
            "results += [append(2), append(3)]\n"
            "limit(hard)\n"
            "results += [append(4), append(5)]\n"
            "print(json.dumps([results, log]))\n"
        )
        self.assertEqual(results, [True, False, False, True, True])
        self.assertEqual(len(log), 2)
        self.assertIn("only 20 of", log[0])
        self.assertIn(os.strerror(errno.EFBIG), log[0])
        half = self.line(2)[: self.HALF]
        self.assertEqual(self.lines(), [self.line(1), half, self.line(4), self.line(5)])

    def test_is_closed_at_once_when_there_is_room_again(self):
        results, log = self.child(
            "results = [append(1)]\n"
            "fill()\n"
            "write = os.write\n"
            "def write_then_make_room(*arguments):\n"
            "    written = write(*arguments)\n"
            "    limit(hard)\n"
            "    return written\n"
            "os.write = write_then_make_room\n"
            "results += [append(2)]\n"
            "os.write = write\n"
            "print(json.dumps([results, log]))\n"
        )
        self.assertEqual(results, [True, False])
        self.assertIn("only 20 of", log[0])
        append_entry(self.manifest, "raw/a", "bronze/a", 3, strict=True)  # another process: this
        half = self.line(2)[: self.HALF]
        self.assertEqual(self.lines(), [self.line(1), half, self.line(3)])

    def test_raises_when_strict(self):
        raised = self.child(
            "append(1)\n"
            "fill()\n"
            "try:\n"
            "    append_entry(manifest, 'raw/a', 'bronze/a', 2, strict=True)\n"
            "except OSError as error:\n"
            "    print(json.dumps([error.errno, error.filename]))\n"
        )
        self.assertEqual(raised, [errno.EFBIG, self.manifest])


def append_many(manifest, number, barrier):
    barrier.wait()
    for count in range(ENTRIES):
        # Every 50th line is longer than a page and than a pipe's atomic write.
        raw = "raw/%d/%d/%s" % (number, count, "x" * (20000 if count % 50 == 0 else count % 200))
        append_entry(manifest, raw, BRONZE, MTIME + count, strict=True)


class AtOnce(LakeTest):
    def run_all(self, workers):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def check_entries(self):
        seen = {number: [] for number in range(PROCESSES)}
        entries = self.entries()
        self.assertEqual(len(entries), PROCESSES * ENTRIES)
        for entry in entries:
            _, number, count, _ = entry["raw"].split("/")
            self.assertEqual(entry["mtime"], MTIME + int(count))
            seen[int(number)].append(int(count))
        for counts in seen.values():
            self.assertEqual(counts, list(range(ENTRIES)))

    def test_eight_processes_lose_and_mix_nothing(self):
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(PROCESSES)
        workers = [
            context.Process(target=append_many, args=(self.manifest, number, barrier))
            for number in range(PROCESSES)
        ]
        self.run_all(workers)
        self.assertEqual([worker.exitcode for worker in workers], [0] * PROCESSES)
        self.check_entries()

    def test_eight_threads_lose_and_mix_nothing(self):
        barrier = threading.Barrier(PROCESSES)
        self.run_all(
            [
                threading.Thread(target=append_many, args=(self.manifest, number, barrier))
                for number in range(PROCESSES)
            ]
        )
        self.check_entries()


class Module(unittest.TestCase):
    def test_exports_what_it_promises(self):
        for name in staging_manifest.__all__:
            self.assertTrue(hasattr(staging_manifest, name))


if __name__ == "__main__":
    unittest.main()
