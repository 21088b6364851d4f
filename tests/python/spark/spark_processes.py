"""Spark in its own processes on loopback, at free ports: a standalone cluster, or a Spark Connect server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Cluster:
    """A master and workers, each a JVM; workers start executors, also JVMs."""

    url: str
    workers: tuple[subprocess.Popen, ...]

    def executors(self) -> list[int]:
        """Process ids of the running executors."""
        children = [child for worker in self.workers for child in _children(worker.pid)]
        return [child for child in children if b"ExecutorBackend" in _command(child)]

    def executors_in_python(self) -> list[int]:
        """Executors that have started Python, as they do for the first batch to map."""
        return [
            executor
            for executor in self.executors()
            if any(b"pyspark.daemon" in _command(child) for child in _children(executor))
        ]


@contextmanager
def cluster(folder: Path, environment: dict[str, str], workers: int = 2) -> Iterator[Cluster]:
    """A standalone cluster whose workers offer one core each; logs and work go to `folder`."""
    daemon = environment | {"SPARK_DAEMON_MEMORY": "512m", "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false"}
    listen = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    deploy = "org.apache.spark.deploy"
    with ExitStack() as stack:
        start = r"Starting Spark master at (spark://\S+)\s"
        _, url = stack.enter_context(_jvm(folder / "master.log", daemon, start, f"{deploy}.master.Master", *listen))
        started = []
        for number in range(workers):
            work = ("--cores", "1", "--memory", "2g", "--work-dir", folder / f"worker_{number}")
            command = (f"{deploy}.worker.Worker", *listen, *work, url)
            log = folder / f"worker_{number}.log"
            process, _ = stack.enter_context(_jvm(log, daemon, "(Successfully registered) with master", *command))
            started.append(process)
        yield Cluster(url, tuple(started))


@contextmanager
def connect_server(folder: Path, environment: dict[str, str], settings: dict[str, str]) -> Iterator[str]:
    """A Spark Connect server with the given Spark settings; yields its URL."""
    settings = settings | {"spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": "0"}
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = ("org.apache.spark.deploy.SparkSubmit", "--class", server, *options, "spark-internal")
    with _jvm(folder / "server.log", environment, r"server started at: .*?:(\d+)\s", *command) as (_, port):
        yield f"sc://127.0.0.1:{port}"


@contextmanager
def _jvm(
    log: Path, environment: dict[str, str], ready: str, *command: str | Path
) -> Iterator[tuple[subprocess.Popen, str]]:
    """Runs a Spark class until the end of the block; yields the process and the logged match of `ready`."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = environment | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            [home / "bin" / "spark-class", *command],
            env=environment,
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not (found := re.search(ready, log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-3000:]}")
            time.sleep(0.2)
        yield process, found[1]
    finally:
        # The process's session includes executors started by a worker, which may outlive it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children(parent: int) -> list[int]:
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for thread in threads for pid in _read(thread).split()]


def _command(process: int) -> bytes:
    return _read(Path(f"/proc/{process}/cmdline"))


def _read(file: Path) -> bytes:
    """The kernel's information on a process; empty if it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return file.read_bytes()
    return b""
