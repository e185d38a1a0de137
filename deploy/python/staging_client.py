"""Bring remote files to local paths before the work on them begins, from Python.

Copy this one file into the project: standard library only, Python 3.8 or newer, POSIX.

    from staging_client import DataStagingManager, open_staged

    with DataStagingManager() as manager:
        staged_params = manager.stage_files(plugin_params, data_manifest)
        run_plugin(staged_params)

    with open_staged("https://example.org/hg38.fasta") as file:
        head = file.read(1000)

A service (`staging-sampler stage serve`) does the work; where none answers, the command line
`staging-sampler stage in` does. The service is, in this order: the argument url,
$STAGING_SAMPLER_SOCKET, $STAGING_SAMPLER_URL, a staging.sock in a usual state directory. The
command is the argument command, $STAGING_SAMPLER_COMMAND, or staging-sampler on the PATH; an
empty one forbids it.
"""

import copy
import http.client
import io
import json
import logging
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
import time
import uuid
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

__all__ = ["DataStagingManager", "StagingError", "StagingFailed", "open_staged"]

_log = logging.getLogger(__name__)

#: Seconds for an answer. The service comments at least every 15 s on what takes longer.
_ANSWER_S = 45.0
#: Seconds for which a service that is lost midway may be away, as it is while it starts anew.
_AWAY_S = 15.0
#: Seconds for which a service may have too much to do to take a run.
_BUSY_S = 300.0
#: Seconds between two looks at a run, at first and at most.
_LOOK_S, _LOOK_MOST_S = 0.1, 2.0
#: Seconds in which a command that is told to stop has to.
_STOP_S = 10.0
#: Times that a run is begun again, because its service was started anew.
_BEGIN_TIMES = 3

_UNTRUSTED = (
    "%s: only https:// and http:// are staged for anybody;"
    " DataStagingManager(trusted=True) says that the manifest is your own"
)

_Command = Union[str, Sequence[str]]
_Json = Dict[str, Any]


class StagingError(Exception):
    """Staging could not be done.

    code:  stable; docs/operations.md of Staging Sampler says what each means and what helps.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__("%s: %s" % (code, _redacted(message)))
        self.code = code


class StagingFailed(StagingError):
    """A file that the work cannot do without could not be staged.

    code:  that of the first file that failed.
    failed_files:  all that failed, each with name, code and message.
    """

    def __init__(self, code: str, message: str, failed_files: List[Dict[str, str]]) -> None:
        super().__init__(code, message)
        self.failed_files = failed_files


class DataStagingManager:
    """Stages the files of one piece of work, and removes them when it is done.

    url:  the service: unix:/path, or http(s)://host:port. Found by itself when missing.
    token:  the service's token, where it wants one. $STAGING_SAMPLER_TOKEN when missing.
    command:  the program, as a text with its arguments or as a list of them. Given without
        url, it is used and no service is looked for. An empty one forbids the command line.
    trusted:  True where the data manifests are your own. Then they may name files of this
        machine, s3:// with your credentials, and commands that renew URLs; the command line
        stages these. By default a manifest may come from anybody, and names web addresses.
    timeout:  seconds that one stage_files may take. No limit when missing.

    Raises StagingError USAGE for an url or a token that cannot be one. Any number of threads
    may use one manager. A manager that is forgotten leaves its files: they go when their time
    is over (staging.runTtl, a day).
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        command: Optional[_Command] = None,
        trusted: bool = False,
        timeout: Optional[float] = None,
    ) -> None:
        self._service = None if url is None and command else _find_service(url, token)
        self._command = _find_command(command)
        self._trusted = trusted
        self._timeout = timeout
        self._lock = threading.Lock()
        self._runs: List[_Run] = []
        self._staged: List[str] = []
        self._failed: List[Dict[str, str]] = []

    def stage_files(self, params: Any, data_manifest: Any, *, strict: bool = False) -> Any:
        """Stage the files of a manifest. Return the parameters with paths in place of names.

        params:  anything. Each str in it, at any depth of dicts, lists and tuples, that is a
            name of the manifest becomes the absolute path of its file. All else stays as it
            is, and the object that was given is not changed.
        data_manifest:  name -> URL, or name -> {"url", "sha256", "size", "required", ...}; or
            a list of URLs; or TES inputs.
        strict:  True raises StagingFailed where a file could not be staged, or where nothing
            says what its bytes should be (its sha256 or size).

        Without strict a file that fails is logged, listed in failed_files, and its parameters
        keep their value; but StagingFailed is raised where its entry says "required": true.
        Raises StagingError for what is no failed download: a manifest that is refused, nobody
        to do the work (UNREACHABLE), too long (TIMEOUT). Then nothing of this call is left.
        """
        text = _text_of(data_manifest)
        until = _Deadline(self._timeout)
        stager, result = self._stage(data_manifest, _Task(text, strict, until))
        failed = result["failed_files"]
        for file in failed:
            _log.error("%s is not staged: %s: %s", *_told(file))
        if result["status"] == "failed":
            _release_quietly(stager, result["run_id"])
            raise _failure(result)
        for file in result["files"]:
            name, size, source = _redacted(file["name"]), file["bytes"], file["from"]
            _log.info("%s is staged: %d bytes, from %s", name, size, source)
        with self._lock:
            self._runs.append(_Run(stager, result["run_id"], result["run_dir"]))
            self._staged += result["staged_files"]
            self._failed += failed
        if not os.access(result["run_dir"], os.X_OK):
            _log.warning("%s cannot be entered by this process", result["run_dir"])
        paths = {file["name"]: file["path"] for file in result["files"]}
        try:
            return _resolved(params, paths, "params")
        except RecursionError:
            raise StagingError("USAGE", "parameters have too many levels") from None

    def cleanup(self) -> None:
        """Remove the files of all that was staged. Failures are logged, and never raised."""
        while True:
            with self._lock:
                if not self._runs:
                    return
                run = self._runs.pop()
            _release_quietly(run.stager, run.run_id)

    @property
    def staged_files(self) -> List[str]:
        """Names of the files that were staged, by all calls so far."""
        with self._lock:
            return list(self._staged)

    @property
    def failed_files(self) -> List[Dict[str, str]]:
        """Files that could not be staged, by all calls so far: name, code and message of each."""
        with self._lock:
            return [dict(file) for file in self._failed]

    @property
    def run_dir(self) -> Optional[str]:
        """The directory of the latest run that is there; None where there is none."""
        with self._lock:
            return self._runs[-1].directory if self._runs else None

    def __enter__(self) -> "DataStagingManager":
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def _stage(self, manifest: Any, task: "_Task") -> Tuple["_Stager", _Json]:
        """Let the service do it, or the command. Return who did, and the result."""
        service, command = self._service, self._command
        what = "there is no service"
        private = _private_entry(manifest)
        if private is not None and self._trusted:
            service, what = None, "%s is for the command line only" % private.name
            _log.info("%s", what)
        elif private is not None:
            # What anybody wrote opens no file of ours, and runs no command.
            command = None
            if service is None or not private.may_ask:
                raise StagingError("PATH_REFUSED", _UNTRUSTED % private.name)
        if service is not None:
            try:
                return service, service.stage(task)
            except _NoAnswer as error:
                what = _redacted("%s does not answer: %s" % (service.name, error))
        if command is None:
            message = "%s, and no command is there to do it: see `staging-sampler stage serve`"
            raise StagingError("UNREACHABLE", message % what)
        if service is not None:
            _log.warning("%s; the command line is used", what)
        return command, command.stage(task)


def open_staged(
    location: str,
    mode: str = "rb",
    *,
    sha256: Optional[str] = None,
    encoding: Optional[str] = None,
    url: Optional[str] = None,
    token: Optional[str] = None,
    command: Optional[_Command] = None,
    timeout: Optional[float] = None,
) -> IO[Any]:
    """Stage one file and open it for reading. Closing it lets the staged file go.

    location:  https://, s3:// or the path of a file, which is copied. It is trusted: take care
        not to pass on what somebody else wrote.
    mode, encoding:  "rb" for bytes; "r" or "rt" for text, UTF-8 unless encoding says otherwise.
    sha256:  what its bytes have to have, hexadecimal.
    url, token, command, timeout:  as those of DataStagingManager.

    Raises StagingFailed where it could not be staged, StagingError as stage_files does, and
    ValueError for another mode.
    """
    if mode not in ("rb", "r", "rt"):
        raise ValueError("mode is %a: a staged file is read, by rb, r or rt" % mode)
    entry = {"url": location, "required": True, "sha256": sha256}
    entry = {key: value for key, value in entry.items() if value is not None}
    manager = DataStagingManager(url, token, command=command, trusted=True, timeout=timeout)
    try:
        path = manager.stage_files("file", {"file": entry})
        file = _StagedFile(io.FileIO(path), manager)
    except BaseException:
        manager.cleanup()
        raise
    return file if mode == "rb" else io.TextIOWrapper(file, encoding=encoding or "utf-8")


class _StagedFile(io.BufferedReader):
    """A file that lets its run go when it is closed, or forgotten."""

    def __init__(self, raw: io.FileIO, manager: DataStagingManager) -> None:
        self._manager = manager
        super().__init__(raw)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._manager.cleanup()


class _Deadline:
    """A time by which something has to be done; never, for None."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._seconds = seconds
        self._at = None if seconds is None else time.monotonic() + seconds

    def left(self, most: Optional[float] = None) -> Optional[float]:
        """Return the seconds that are left, `most` at most. Raises StagingError TIMEOUT."""
        if self._at is None:
            return most
        left = self._at - time.monotonic()
        if left <= 0:
            raise StagingError("TIMEOUT", "staging took longer than %g s" % (self._seconds or 0))
        return left if most is None else min(left, most)

    def sleep(self, seconds: float) -> None:
        """Sleep, to the deadline at most. Raises StagingError TIMEOUT."""
        time.sleep(self.left(seconds) or 0)


class _Task(NamedTuple):
    """Work for a service or a command: the manifest is JSON."""

    manifest: str
    strict: bool
    until: _Deadline


class _Private(NamedTuple):
    """An entry of a manifest that needs more than the web."""

    name: str
    #: Whether the service may have it for anybody, as S3 at its own endpoints, or says what is wrong.
    may_ask: bool


class _NoAnswer(Exception):
    """The service cannot be reached, or is lost."""


class _Gone(Exception):
    """The service does not know the run, as after a start."""


class _Service:
    """`staging-sampler stage serve`, at a socket or an URL."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        self.name = url
        self._token = None if token is None else token.strip()
        # What is in the way of a header would be shown by http.client's error.
        if self._token is not None and not re.match(r"[!-~]+\Z", self._token):
            raise StagingError("USAGE", "the token is empty, or has characters that none can have")
        self._path: Optional[str] = None
        self._base = ""
        path = re.match(r"(?:unix:(?://)?)?(/.*)\Z", url)
        if path is not None:
            self._path = path.group(1)
            return
        try:
            parts = urlsplit(url)
            self._scheme, self._host, self._port = parts.scheme, parts.hostname or "", parts.port
            known = parts.scheme in ("http", "https") and self._host and parts.username is None
        except ValueError:
            known = False
        if not known or parts.query or parts.fragment:
            raise StagingError("USAGE", "the service's url is unix:/path or http(s)://host:port")
        self._base = parts.path.rstrip("/")

    def stage(self, task: _Task) -> _Json:
        """Stage a run and return its result. Raises StagingError; _NoAnswer."""
        body = '{"data_manifest": %s, "strict": %s}' % (task.manifest, json.dumps(task.strict))
        for _ in range(_BEGIN_TIMES):
            run_id = self._begin(body.encode(), task.until)
            try:
                result: _Json = self._wait(run_id, task.until)["result"]
                return result
            except _Gone:
                _log.warning("%s has forgotten %s: it is begun again", self.name, run_id)
            except BaseException as error:
                if not isinstance(error, _NoAnswer):
                    _release_quietly(self, run_id)
                raise
        raise _NoAnswer("it was started anew %d times" % _BEGIN_TIMES)

    def release(self, run_id: str) -> None:
        status, _, answer = self._ask("DELETE", "/" + run_id)
        if status not in (204, 404):
            raise self._problem(status, answer)

    def _begin(self, body: bytes, until: _Deadline) -> str:
        # A repetition with this finds the first one's run, where only the answer was lost.
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        patience = time.monotonic() + _BUSY_S
        lost = False
        while True:
            try:
                status, got, answer = self._ask("POST", "", body, headers, until)
            except _NoAnswer:
                if lost:
                    raise
                lost = True
                continue
            if status == 202:
                return str(answer["run_id"])
            if status != 429 or time.monotonic() > patience:
                raise self._problem(status, answer)
            after = got.get("Retry-After") or ""
            until.sleep(float(after) if after.isdigit() else _LOOK_MOST_S)

    def _wait(self, run_id: str, until: _Deadline) -> _Json:
        """Return a run once it has ended. Raises _Gone, _NoAnswer."""
        away: Optional[float] = None
        pause, follow, lost = _LOOK_S, True, False
        while True:
            if follow:
                lost = not self._follow(run_id, until) or lost
                follow = False  # If they end before the run does, something cuts them off.
            try:
                status, _, answer = self._ask("GET", "/" + run_id, until=until)
            except _NoAnswer:
                away = away or time.monotonic()
                if time.monotonic() > away + _AWAY_S:
                    raise
                follow = lost = True
            else:
                away = None
                if status == 404 and lost:
                    raise _Gone
                if status == 404:
                    raise StagingError("CANCELLED", "somebody has removed %s" % run_id)
                if status != 200:
                    raise self._problem(status, answer)
                if answer["state"] in ("ready", "failed"):
                    return answer
            until.sleep(pause)
            pause = min(pause * 2, _LOOK_MOST_S)

    def _follow(self, run_id: str, until: _Deadline) -> bool:
        """Read the events of a run to their end. Return whether they came to one."""
        connection = self._connection(until)
        try:
            connection.connect()
            sock = connection.sock  # The connection forgets it, where the answer is its last.
            response = self._send(connection, "GET", "/%s/events" % run_id)
            line = response.readline()
            while line:
                if line.startswith(b"data:"):
                    _log.debug("%s: %s", run_id, line[5:].decode("utf-8", "replace").strip())
                sock.settimeout(until.left(_ANSWER_S))
                line = response.readline()
            return True
        except (OSError, http.client.HTTPException) as error:
            until.left()
            _log.debug("events of %s have broken off: %s", run_id, error)
            return False
        finally:
            connection.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Optional[Dict[str, str]] = None,
        until: Optional[_Deadline] = None,
    ) -> Tuple[int, http.client.HTTPMessage, _Json]:
        connection = self._connection(until or _Deadline(None))
        try:
            response = self._send(connection, method, path, body, headers)
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            if until is not None:
                until.left()
            raise _NoAnswer(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        try:
            answer = json.loads(content or b"{}")
        except ValueError:
            answer = {}
        known = isinstance(answer, dict) and "code" in answer
        if response.status in (502, 503, 504) and not known:  # a proxy before it
            raise _NoAnswer("the answer is %d" % response.status)
        return response.status, response.headers, answer

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Optional[Dict[str, str]] = None,
    ) -> http.client.HTTPResponse:
        sent = dict(headers or {})
        if self._token is not None:
            sent["Authorization"] = "Bearer " + self._token
        connection.request(method, "%s/api/v2/runs%s" % (self._base, path), body, sent)
        return connection.getresponse()

    def _connection(self, until: _Deadline) -> http.client.HTTPConnection:
        seconds = until.left(_ANSWER_S)
        if self._path is not None:
            return _UnixConnection(self._path, seconds)
        if self._scheme == "https":
            return http.client.HTTPSConnection(self._host, self._port, timeout=seconds)
        return http.client.HTTPConnection(self._host, self._port, timeout=seconds)

    def _problem(self, status: int, answer: Any) -> StagingError:
        if isinstance(answer, dict) and "code" in answer:
            return StagingError(str(answer["code"]), str(answer.get("detail", "")))
        message = "%s answers %d, and not as the staging service does" % (self.name, status)
        return StagingError("UNEXPECTED", message)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: Optional[float]) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _CommandLine:
    """`staging-sampler stage in` and `stage release`, as the user of this process."""

    def __init__(self, command: Sequence[str]) -> None:
        self.name = command[0]
        self._command = list(command)

    def stage(self, task: _Task) -> _Json:
        """Stage a run and return its result. Raises StagingError."""
        # Never as an argument, which everybody sees in `ps`. mkstemp makes it 0600.
        descriptor, path = tempfile.mkstemp(prefix="staging-manifest-", suffix=".json")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(task.manifest)
            strict = ["--strict"] if task.strict else []
            code, output, said = self._run(["in", path, "--json"] + strict, task.until)
        finally:
            os.unlink(path)
        try:
            result: _Json = json.loads(output)["result"]
            return result
        except (ValueError, KeyError, TypeError):
            raise _problem_of(code, said) from None

    def release(self, run_id: str) -> None:
        code, _, said = self._run(["release", run_id], _Deadline(None))
        # One whose time is over has gone by itself.
        if code != 0 and "no run" not in said:
            raise _problem_of(code, said)

    def _run(self, arguments: List[str], until: _Deadline) -> Tuple[int, str, str]:
        try:
            process = subprocess.Popen(
                self._command + ["stage"] + arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="surrogateescape",
            )
        except OSError as error:
            message = "%s does not start: %s" % (self.name, error.strerror)
            raise StagingError("UNREACHABLE", message) from error
        with process:
            try:
                output, said = process.communicate(timeout=until.left())
            except BaseException as error:
                _stop(process)
                if isinstance(error, subprocess.TimeoutExpired):
                    until.left()
                raise
        return process.returncode, output, said


_Stager = Union[_Service, _CommandLine]


class _Run(NamedTuple):
    stager: _Stager
    run_id: str
    directory: str


def _find_service(url: Optional[str], token: Optional[str]) -> Optional[_Service]:
    environment = os.environ
    named = environment.get("STAGING_SAMPLER_SOCKET") or environment.get("STAGING_SAMPLER_URL")
    found = url or named or next(filter(_is_socket, _usual_sockets()), None)
    if not found:
        return None
    return _Service(found, token or environment.get("STAGING_SAMPLER_TOKEN"))


def _usual_sockets() -> Iterator[str]:
    prefix = os.environ.get("FP_PREFIX")
    if prefix:
        yield os.path.join(prefix, ".staging-sampler", "staging.sock")
    own = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    yield os.path.join(own, "staging-sampler", "staging.sock")
    yield "/var/lib/staging-sampler-stage/staging.sock"  # of the Debian package's unit


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _find_command(command: Optional[_Command]) -> Optional[_CommandLine]:
    if command is None:
        command = os.environ.get("STAGING_SAMPLER_COMMAND")
    if command is None:
        command = [shutil.which("staging-sampler") or ""]
    words = shlex.split(command) if isinstance(command, str) else list(command)
    return _CommandLine(words) if any(words) else None


def _private_entry(manifest: Any) -> Optional[_Private]:
    """Return the first entry that needs more than the web; None where there is none."""
    entries = manifest.items() if isinstance(manifest, dict) else enumerate(manifest)
    for name, entry in entries:
        url, refresh = entry, None
        if isinstance(entry, dict):
            # The content of a TES input stands in the place of an URL.
            url = "https://" if "content" in entry else entry.get("url")
            refresh = entry.get("refresh")
        runs = isinstance(refresh, (list, tuple))
        if runs or not (isinstance(url, str) and re.match(r"https?://", url, re.IGNORECASE)):
            is_s3 = isinstance(url, str) and re.match(r"s3://", url, re.IGNORECASE)
            may_ask = not runs and (is_s3 or not isinstance(url, str))
            return _Private(_redacted(str(name)), bool(may_ask))
    return None


def _resolved(value: Any, paths: Dict[str, str], where: str) -> Any:
    if isinstance(value, str):
        path = paths.get(value)
        if path is not None:
            _log.debug("%s becomes %s", where, path)
        return value if path is None else path
    if isinstance(value, dict):
        result = copy.copy(value)
        for key, item in value.items():
            result[key] = _resolved(item, paths, "%s.%s" % (where, key))
        return result
    if isinstance(value, (list, tuple)):
        items = [_resolved(item, paths, "%s.%d" % (where, i)) for i, item in enumerate(value)]
        if isinstance(value, list):
            return items
        return value._make(items) if hasattr(value, "_make") else tuple(items)
    return value


def _text_of(manifest: Any) -> str:
    if not isinstance(manifest, (dict, list, tuple)):
        message = "a data manifest is a dict or a list, not %s" % type(manifest).__name__
        raise StagingError("USAGE", message)
    try:
        return json.dumps(manifest, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        message = "the data manifest is no JSON: %s" % type(error).__name__
        raise StagingError("USAGE", message) from None


def _release_quietly(stager: _Stager, run_id: str) -> None:
    try:
        stager.release(run_id)
        _log.info("%s is released", run_id)
    except Exception as error:  # whatever it is, the work's result is not its
        message = "%s is not released, and goes when its time is over: %s"
        _log.error(message, run_id, _redacted(str(error)))


def _failure(result: _Json) -> StagingFailed:
    failed = result["failed_files"]
    error = result.get("error") or (failed[0] if failed else {})
    code = str(error.get("code", "UNEXPECTED"))
    names = ", ".join(file["name"] for file in failed[:3]) or "the run"
    more = " and %d more" % (len(failed) - 3) if len(failed) > 3 else ""
    message = "%s%s: %s" % (names, more, error.get("message", "it failed"))
    return StagingFailed(code, message, failed)


def _problem_of(exit_code: int, said: str) -> StagingError:
    found = re.search(r"^[\w.-]+: ([A-Z_]+): (.*)", said, re.MULTILINE | re.DOTALL)
    if found is not None:
        return StagingError(found.group(1), found.group(2).strip())
    message = "the command ended with %d: %s" % (exit_code, said.strip()[-500:])
    return StagingError("UNEXPECTED", message)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()  # It removes what it has begun.
    try:
        process.communicate(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _told(file: Dict[str, str]) -> Tuple[str, str, str]:
    return _redacted(file["name"]), file["code"], _redacted(file["message"])


def _redacted(text: str) -> str:
    """Take away the queries of URLs: they are secrets."""
    return re.sub(r"(\w://[^\s?]*)\?[^\s?…][^\s]*", r"\1?…", text)
