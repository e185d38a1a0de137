"""python3 -m unittest discover -s deploy/python -v

Run against the service and the command line of this checkout, and a server of objects on loopback.
"""

import ast
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

import staging_client
from staging_client import DataStagingManager, StagingError, StagingFailed, open_staged

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MAIN = os.path.join(ROOT, "src", "main.ts")
OWN_NODE = os.path.join(ROOT, "node_modules", "node", "bin", "node")
NODE = OWN_NODE if os.path.exists(OWN_NODE) else shutil.which("node")
COMMAND = [NODE or "", MAIN]
WHY_NOT = None if NODE and os.path.exists(MAIN) else "the program is not here"

SECRET = "a-signature-nobody-may-see"
SAM = b"@HD\tVN:1.6\n" * 10000
FASTA = b">chr1\nACGT\n"
EXPIRED = "X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&"
PATIENCE_S = 60


class Objects(http.server.BaseHTTPRequestHandler):
    """Objects by their paths; of /slow/... only the first bytes until the server's go is set."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.objects.get(self.path.split("?")[0].replace("/slow", ""))
        if body is None or EXPIRED in self.path:
            self.send_response(404 if body is None else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", '"%s"' % hashlib.md5(body).hexdigest())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            if self.path.startswith("/slow"):
                self.wfile.write(body[:5])
                self.server.held.set()
                self.server.go.wait(PATIENCE_S)
                body = body[5:]
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Front(http.server.BaseHTTPRequestHandler):
    """What may stand before the service: it lets no events through, and refuses at first."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        if self.server.refusals:
            return self.answer(*self.server.refusals.pop())
        if self.path.endswith("/events"):
            return self.answer(502, {}, b"no")
        connection = staging_client._UnixConnection(self.server.socket_path, PATIENCE_S)
        with contextlib.closing(connection):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.replace("/base", "", 1)
            connection.request(self.command, path, body, dict(self.headers))
            got = connection.getresponse()
            self.answer(got.status, {"Content-Type": "application/json"}, got.read())

    do_GET = do_POST = do_DELETE = pass_on

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(handler, **facts):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    vars(server).update(facts)
    server.url = "http://127.0.0.1:%d" % server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


class Place:
    """A state directory of its own, with or without a service."""

    def __init__(self, **staging):
        self.directory = tempfile.mkdtemp()
        self.state = os.path.join(self.directory, "staging-sampler")
        self.config = os.path.join(self.directory, "config.yaml")
        self.socket = os.path.join(self.state, "staging.sock")
        hosts = {"allow": ["*", "127.0.0.1"], "deny": []}
        with open(self.config, "w") as file:
            json.dump({"staging": dict({"hosts": hosts, "retries": 1}, **staging)}, file)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.directory,
            "XDG_STATE_HOME": self.directory,
            "STAGING_SAMPLER_CONFIG": self.config,
            "STAGING_SAMPLER_COMMAND": "",
            "NODE_COMPILE_CACHE": shared.cache,
        }
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            COMMAND + ["stage", "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "staging is served" in line:
                self.url = json.loads(line)["url"]
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return self
        raise AssertionError("".join(said))

    def kill(self, how=signal.SIGKILL):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def runs(self):
        with contextlib.suppress(FileNotFoundError):
            return os.listdir(os.path.join(self.state, "runs"))
        return []

    def close(self):
        self.kill(signal.SIGTERM)
        shutil.rmtree(self.directory)


class Shared:
    """What all tests use: each start of a service takes half a second."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        # Programs that were compiled before start in half the time.
        self.cache = os.path.join(self.directory.name, "cache")
        self.place = None


shared = Shared()


def setUpModule():
    try:
        if WHY_NOT is None:
            shared.place = Place()
            shared.place.start()
    except BaseException:
        tearDownModule()
        raise


def tearDownModule():
    if shared.place is not None:
        shared.place.close()
    shared.directory.cleanup()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class StagingTest(unittest.TestCase):
    """With the service of all tests; its socket is found in the state directory, as a user's is."""

    def setUp(self):
        self.place = shared.place
        objects = {"/sample.sam": SAM, "/hg38.fasta": FASTA}
        self.objects = serve(Objects, objects=objects, held=threading.Event(), go=threading.Event())
        self.addCleanup(self.objects.shutdown)
        self.addCleanup(self.objects.server_close)
        self.addCleanup(self.objects.go.set)
        self.use(self.place)

    def use(self, place, **more):
        environment = mock.patch.dict(os.environ, dict(place.environment, **more), clear=True)
        environment.start()
        self.addCleanup(environment.stop)

    def another(self, start=True, **staging):
        place = Place(**staging)
        self.addCleanup(place.close)
        self.use(place)
        return place.start() if start else place

    def signed(self, path, more=""):
        return "%s/%s?%sX-Amz-Signature=%s" % (self.objects.url, path, more, SECRET)

    def manifest(self, **more):
        names = ("sample.sam", "hg38.fasta")
        return dict({name: self.signed(name) for name in names}, **more)

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def raises(self, code, work, *args, kind=StagingError, **more):
        with self.assertRaises(kind) as raised:
            work(*args, **more)
        self.assertEqual(raised.exception.code, code)
        self.assertNotIn(SECRET, str(raised.exception))
        return raised.exception


class Service(StagingTest):
    def test_the_designs_example(self):
        plugin_params = {"input_file": "sample.sam", "reference_file": "hg38.fasta"}
        data_manifest = self.manifest()
        with self.assertLogs("staging_client", "DEBUG") as logged:
            # Initialize manager
            manager = DataStagingManager()

            # Stage files
            staged_params = manager.stage_files(plugin_params, data_manifest)

            self.assertEqual(self.content(staged_params["input_file"]), SAM)
            self.assertEqual(self.content(staged_params["reference_file"]), FASTA)
            self.assertEqual(os.path.dirname(staged_params["input_file"]), manager.run_dir)

            # Cleanup (automatic in GFL service)
            manager.cleanup()
        self.assertEqual(manager.staged_files, ["sample.sam", "hg38.fasta"])
        self.assertEqual((manager.failed_files, manager.run_dir), ([], None))
        self.assertEqual(self.place.runs(), [])
        self.assertEqual({r.levelname for r in logged.records}, {"DEBUG", "INFO"})
        self.assertNotIn(SECRET, "".join(logged.output))

    def test_a_file_that_fails_is_logged_and_its_parameter_keeps_its_value(self):
        manifest = self.manifest(**{"x.bed": self.signed("x.bed")})
        with DataStagingManager() as manager:
            with self.assertLogs("staging_client", "ERROR") as logged:
                staged = manager.stage_files(["x.bed", "sample.sam"], manifest)
            self.assertEqual(staged, ["x.bed", manager.run_dir + "/sample.sam"])
            self.assertEqual([f["name"] for f in manager.failed_files], ["x.bed"])
            self.assertEqual(manager.failed_files[0]["code"], "FILE_MISSING")
        self.assertIn("x.bed", logged.output[0])
        self.assertNotIn(SECRET, "".join(logged.output) + repr(manager.failed_files))

    def test_an_expired_url_says_so(self):
        manifest = {"a": self.signed("sample.sam", EXPIRED)}
        with DataStagingManager() as manager, self.assertLogs("staging_client", "ERROR"):
            self.assertEqual(manager.stage_files("a", manifest), "a")
            self.assertEqual(manager.failed_files[0]["code"], "URL_EXPIRED")

    def test_strict_and_required_raise_and_leave_nothing(self):
        manager = DataStagingManager()
        known = {"url": self.signed("sample.sam"), "sha256": hashlib.sha256(SAM).hexdigest()}
        missing = {"url": self.signed("x.bed"), "required": True}
        with self.assertLogs("staging_client", "ERROR"):
            error = self.raises(
                "UNVERIFIED",
                manager.stage_files,
                {},
                self.manifest(),
                strict=True,
                kind=StagingFailed,
            )
            self.raises("FILE_MISSING", manager.stage_files, {}, {"a": known, "b": missing})
        self.assertEqual({f["name"] for f in error.failed_files}, {"sample.sam", "hg38.fasta"})
        self.assertEqual((manager.staged_files, self.place.runs()), ([], []))
        self.assertEqual(manager.stage_files(["a"], {"a": known}, strict=True)[0][0], "/")
        manager.cleanup()

    def test_all_but_names_of_staged_files_stays_as_it_is(self):
        thing = object()
        params = {
            "sample.sam": ("hg38.fasta", [b"hg38.fasta", 1.0, 2**70, None, float("inf")]),
            "path": pathlib.Path("sample.sam"),
            "deep": {1: [{"a": "sample.sam"}]},
            "thing": thing,
            "text": "sample.sam ",
        }
        before = repr(params)
        with DataStagingManager() as manager:
            staged = manager.stage_files(params, self.manifest())
            base = manager.run_dir
        self.assertEqual(
            staged,
            dict(
                params,
                **{
                    "sample.sam": (base + "/hg38.fasta", params["sample.sam"][1]),
                    "deep": {1: [{"a": base + "/sample.sam"}]},
                }
            ),
        )
        self.assertIs(type(staged["sample.sam"][1][1]), float)
        self.assertIs(staged["thing"], thing)
        self.assertEqual(repr(params), before)

    def test_cleans_up_when_the_work_raises(self):
        with self.assertRaises(ZeroDivisionError), DataStagingManager() as manager:
            path = manager.stage_files("sample.sam", self.manifest())
            self.assertTrue(os.path.exists(path))
            raise ZeroDivisionError
        self.assertEqual(self.place.runs(), [])

    def test_leaves_nothing_when_it_takes_too_long_or_is_interrupted(self):
        slow = {"a": self.objects.url + "/slow/sample.sam"}
        self.raises("TIMEOUT", DataStagingManager(timeout=2).stage_files, {}, slow)
        self.assertEqual(self.place.runs(), [])
        self.objects.held.clear()
        interrupted = mock.patch.object(
            staging_client._Service, "_follow", side_effect=KeyboardInterrupt
        )
        with interrupted, self.assertRaises(KeyboardInterrupt):
            DataStagingManager().stage_files({}, slow)
        self.assertEqual(self.place.runs(), [])

    def test_follows_the_events_of_a_run(self):
        threading.Timer(0.3, self.objects.go.set).start()
        with self.assertLogs("staging_client", "DEBUG") as logged:
            with DataStagingManager() as manager:
                manager.stage_files({}, {"a": self.objects.url + "/slow/sample.sam"})
        said = "".join(logged.output)
        self.assertIn('"phase":"transferring"', said)
        self.assertIn('"state":"ready"', said)
        self.assertNotIn("broken off", said)

    def test_threads_share_a_manager(self):
        with DataStagingManager() as manager:
            results = [None] * 8

            def work(i):
                results[i] = manager.stage_files("sample.sam", self.manifest())

            threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len(set(results)), 8)
            self.assertEqual({self.content(path) for path in results}, {SAM})
            self.assertEqual(len(manager.staged_files), 16)
        self.assertEqual(self.place.runs(), [])

    def test_refuses_what_is_no_manifest(self):
        manager = DataStagingManager()
        for manifest in ("a", None, {"a": object()}, {"a": float("nan")}, {"a": {"url": 1}}):
            self.raises("USAGE", manager.stage_files, {}, manifest)
        self.raises("PATH_REFUSED", manager.stage_files, {}, {"../a": self.objects.url + "/a"})
        itself = []
        itself.append(itself)
        self.raises("USAGE", manager.stage_files, itself, {})
        manager.cleanup()

    def test_a_manifest_of_anybody_reads_no_local_file(self):
        for location in (__file__, "s3://b/k"):
            self.raises("PATH_REFUSED", DataStagingManager().stage_files, {}, {"a": location})
        with DataStagingManager(trusted=True) as manager:
            error = self.raises("UNREACHABLE", manager.stage_files, {}, {"a": __file__})
            self.assertIn("command", str(error))
        os.environ["STAGING_SAMPLER_COMMAND"] = " ".join(COMMAND)
        self.raises("PATH_REFUSED", DataStagingManager().stage_files, {}, {"a": __file__})
        with DataStagingManager(trusted=True) as manager:
            path = manager.stage_files("a", {"a": os.path.relpath(__file__)})
            self.assertEqual(self.content(path), self.content(__file__))
        self.assertEqual(self.place.runs(), [])

    def test_open_staged_lets_go_when_it_is_closed(self):
        with open_staged(self.signed("hg38.fasta")) as file:
            self.assertEqual(file.read(5), FASTA[:5])
            file.seek(0)
            self.assertEqual(file.read(), FASTA)
            self.assertEqual(len(self.place.runs()), 1)
        self.assertEqual(self.place.runs(), [])
        with open_staged(self.signed("hg38.fasta"), "r") as file:
            self.assertEqual(list(file), [">chr1\n", "ACGT\n"])
        self.assertEqual(self.place.runs(), [])
        with self.assertLogs("staging_client", "ERROR"):
            self.raises("FILE_MISSING", open_staged, self.signed("x"), kind=StagingFailed)
            location = self.signed("hg38.fasta")
            self.raises("CHECKSUM_MISMATCH", open_staged, location, sha256="0" * 64)
        with self.assertRaises(ValueError):
            open_staged(location, "w")
        self.assertEqual(self.place.runs(), [])


class ThroughAProxy(StagingTest):
    def front(self, refusals=()):
        server = serve(Front, socket_path=self.place.socket, refusals=list(refusals))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return DataStagingManager(server.url + "/base/")

    def test_looks_now_and_then_where_events_do_not_get_through(self):
        threading.Timer(0.3, self.objects.go.set).start()
        with self.front() as manager:
            path = manager.stage_files("a", {"a": self.objects.url + "/slow/sample.sam"})
            self.assertEqual(self.content(path), SAM)
        self.assertEqual(self.place.runs(), [])

    def test_asks_again_where_the_service_is_busy(self):
        problem = json.dumps({"code": "BUSY", "detail": "much to do"}).encode()
        with self.front([(429, {"Retry-After": "0"}, problem)] * 2) as manager:
            manager.stage_files({}, self.manifest())
        with mock.patch.object(staging_client, "_BUSY_S", -1):
            manager = self.front([(429, {"Retry-After": "0"}, problem)])
            self.raises("BUSY", manager.stage_files, {}, self.manifest())

    def test_something_else_at_the_url_is_told(self):
        manager = DataStagingManager(self.objects.url)
        self.raises("UNEXPECTED", manager.stage_files, {}, self.manifest())


class Token(StagingTest):
    def test_is_needed_sent_and_never_shown(self):
        token = "0123456789abcdef" * 2
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(token)
            file.flush()
            place = self.another(listen="127.0.0.1:0", tokenFile=file.name)
        self.raises("FORBIDDEN", DataStagingManager(place.url).stage_files, {}, self.manifest())
        self.raises(
            "FORBIDDEN", DataStagingManager(place.url, "wrong").stage_files, {}, self.manifest()
        )
        with DataStagingManager(place.url, token + "\n") as manager:
            self.assertTrue(manager.stage_files("sample.sam", self.manifest()).startswith("/"))
        self.use(place, STAGING_SAMPLER_URL=place.url, STAGING_SAMPLER_TOKEN=token)
        with DataStagingManager() as manager:
            self.assertTrue(manager.stage_files("sample.sam", self.manifest()).startswith("/"))
        self.assertEqual(place.runs(), [])

    def test_one_that_cannot_be_sent_is_refused_and_not_repeated(self):
        for bad in ("se\ncret", " ", "sécret"):
            error = self.raises("USAGE", DataStagingManager, self.objects.url, bad)
            self.assertNotIn("cret", str(error))

    def test_urls_that_are_none_are_refused(self):
        for bad in (
            "ftp://a",
            "a:1",
            "http://",
            "http://u:p@h",
            "http://h:x",
            "http://h/?a=1",
            "unix:a",
        ):
            self.raises("USAGE", DataStagingManager, bad)


class Lost(StagingTest):
    """A service that ends while it stages."""

    def stage(self, manager, results):
        def work():
            try:
                results.append(
                    manager.stage_files("a", {"a": self.objects.url + "/slow/sample.sam"})
                )
            except StagingError as error:
                results.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        self.assertTrue(self.objects.held.wait(PATIENCE_S))
        return thread

    def test_is_waited_for_and_the_run_begun_again(self):
        place, results = self.another(), []
        with DataStagingManager() as manager, self.assertLogs("staging_client", "WARNING"):
            thread = self.stage(manager, results)
            place.kill(signal.SIGTERM)
            place.start()
            self.objects.go.set()
            thread.join()
            self.assertEqual(self.content(results[0]), SAM)
        self.assertEqual(place.runs(), [])

    def test_is_stood_in_for_by_the_command_line(self):
        place, results = self.another(), []
        os.environ["STAGING_SAMPLER_COMMAND"] = " ".join(COMMAND)
        with mock.patch.object(staging_client, "_AWAY_S", 0):
            with DataStagingManager() as manager, self.assertLogs("staging_client") as logged:
                thread = self.stage(manager, results)
                place.kill()
                self.objects.go.set()
                thread.join()
                self.assertEqual(self.content(results[0]), SAM)
        self.assertIn("WARNING", {record.levelname for record in logged.records})
        self.assertEqual(place.runs(), [])

    def test_is_an_error_without_one_and_clean_up_says_what_it_left(self):
        place, results = self.another(), []
        with mock.patch.object(staging_client, "_AWAY_S", 0):
            with self.assertLogs("staging_client", "ERROR") as logged:
                with DataStagingManager() as manager:
                    manager.stage_files({}, self.manifest())
                    self.stage(manager, results)
                    place.kill()
                    while not results:
                        time.sleep(0.01)
                    self.assertEqual(results[0].code, "UNREACHABLE")
        self.assertEqual(len(logged.output), 1)
        self.assertIn("is not released", logged.output[0])


class CommandLine(StagingTest):
    def setUp(self):
        super().setUp()
        self.place = self.another(start=False)
        os.environ["STAGING_SAMPLER_COMMAND"] = " ".join(COMMAND)

    def test_does_it_where_there_is_no_service(self):
        manifest = self.manifest(**{"x.bed": self.signed("x.bed")})
        with DataStagingManager() as manager, self.assertLogs("staging_client", "ERROR"):
            staged = manager.stage_files({"a": "sample.sam", "b": "x.bed"}, manifest)
            self.assertEqual(self.content(staged["a"]), SAM)
            self.assertEqual(staged["b"], "x.bed")
            self.assertEqual(manager.failed_files[0]["code"], "FILE_MISSING")
            self.raises("UNVERIFIED", manager.stage_files, {}, manifest, strict=True)
        self.assertEqual(self.place.runs(), [])

    def test_gets_the_manifest_in_a_file_that_nobody_else_may_read(self):
        seen = os.path.join(self.place.directory, "seen")
        script = 'echo "$@" >>%s; test "$2" != in || stat -c %%a "$3" >>%s; exec "$0" "$@"'
        with open(os.path.join(self.place.directory, "program"), "w") as file:
            file.write(script.replace('"$0" "$@"', '%s "$@"') % (seen, seen, " ".join(COMMAND)))
        with DataStagingManager(command=["sh", file.name]) as manager:
            manager.stage_files({}, {"hg38.fasta": self.signed("hg38.fasta")})
        told = self.content(seen).decode()
        self.assertIn("600\n", told)
        self.assertNotIn(SECRET, told)
        path = told.split()[2]
        self.assertFalse(os.path.exists(path))
        self.assertIn("stage release run-", told)

    def test_is_stopped_when_it_takes_too_long(self):
        slow = {"a": self.objects.url + "/slow/sample.sam"}
        manager = DataStagingManager(timeout=1.5)
        self.raises("TIMEOUT", manager.stage_files, {}, slow)
        self.assertEqual(self.place.runs(), [])

    def test_says_what_it_said(self):
        manager = DataStagingManager()
        self.raises("PATH_REFUSED", manager.stage_files, {}, {"../a": self.signed("a")})
        os.environ["STAGING_SAMPLER_CONFIG"] = "/nowhere.yaml"
        self.raises("CONFIG_INVALID", manager.stage_files, {}, self.manifest())
        broken = DataStagingManager(command="false")
        self.raises("UNEXPECTED", broken.stage_files, {}, self.manifest())
        none = DataStagingManager(command="/no/such/program")
        self.raises("UNREACHABLE", none.stage_files, {}, self.manifest())

    def test_runs_nothing_and_reads_nothing_for_a_manifest_of_anybody(self):
        manager = DataStagingManager()
        mark = os.path.join(self.place.directory, "mark")
        refresh = {"url": self.signed("sample.sam", EXPIRED), "refresh": ["touch", mark]}
        local = {"url": "FILE://" + __file__}
        for manifest in (
            {"a": refresh},
            {"a": local},
            {"a": {}},
            {"a": "s3://b/k"},
            [__file__],
            [{"path": "/a", "url": __file__}],
            {"resources": [{"path": __file__}]},
        ):
            self.raises("PATH_REFUSED", manager.stage_files, {}, manifest)
        self.assertFalse(os.path.exists(mark))

    def test_nobody_to_do_it_is_an_error(self):
        for command in ("", None):
            self.use(self.place, STAGING_SAMPLER_COMMAND="", PATH="/nowhere")
            if command is None:
                del os.environ["STAGING_SAMPLER_COMMAND"]
            manager = DataStagingManager("unix:/no/such.sock", command=command)
            self.raises("UNREACHABLE", manager.stage_files, {}, self.manifest())
            self.raises("UNREACHABLE", DataStagingManager().stage_files, {}, self.manifest())


class Syntax(unittest.TestCase):
    def test_is_that_of_python_3_8(self):
        for path in (staging_client.__file__, __file__):
            with open(path, encoding="utf-8") as file:
                ast.parse(file.read(), feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
