"""The replicas of a job as one: every one contributes a vector, every one gets the sum.

The chief listens at its address in the cluster; the workers connect, say who they are and how they were started, and
are sent the state that training goes on from.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import PeerLost, TrainerError
from trainer.state import State
from trainer.wire import Connection, parse_address

if TYPE_CHECKING:
    from trainer.arguments import Arguments
    from trainer.cluster import Cluster
    from trainer.model import Array
    from trainer.termination import Termination

_INTRODUCTION_LIMIT = 1 << 16
_INTRODUCTION_TIMEOUT = 5.0
_STATE_LIMIT = 1 << 30
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
log = logging.getLogger("trainer")


class Peers(ABC):
    """All replicas that train; this one is number `index` of `count`."""

    index = 0
    count = 1

    @abstractmethod
    def total(self, vector: Array) -> Array:
        """The sum over all replicas of their vectors, which have the same length; waits for all of them."""


class Alone(Peers):
    def total(self, vector: Array) -> Array:
        return vector


class Workers(Peers):
    """All the others, as the chief sees them; `connections` are in the order of their index."""

    def __init__(self, connections: list[Connection], state: State) -> None:
        self.count = len(connections) + 1
        self._connections = connections
        self._send(_pack(state))

    def total(self, vector: Array) -> Array:
        total = vector
        for connection in self._connections:
            total = total + np.frombuffer(connection.receive(vector.nbytes), dtype=np.float32)
        self._send(total.tobytes())
        return total

    def _send(self, payload: bytes) -> None:
        for connection in self._connections:
            connection.send(payload)


class Chief(Peers):
    """All the others, as a worker sees them."""

    def __init__(self, connection: Connection, index: int, count: int) -> None:
        self.index = index
        self.count = count
        self._connection = connection
        self.state = _unpack(connection.receive(_STATE_LIMIT))

    def total(self, vector: Array) -> Array:
        self._connection.send(vector.tobytes())
        return np.frombuffer(self._connection.receive(vector.nbytes), dtype=np.float32)


@contextmanager
def gather(cluster: Cluster, arguments: Arguments, termination: Termination, state: State) -> Iterator[Peers]:
    """As the chief: waits until every worker has joined, and sends them the state."""
    if not cluster.workers:
        yield Alone()
        return
    with ExitStack() as stack:
        joined = _gather(cluster, arguments, termination, stack)
        yield Workers([joined[index] for index in sorted(joined)], state)


def _gather(
    cluster: Cluster, arguments: Arguments, termination: Termination, stack: ExitStack
) -> dict[int, Connection]:
    """All workers by their index; `stack` closes the connections."""
    joined: dict[int, Connection] = {}
    deadline = time.monotonic() + arguments.peer_timeout
    with _listen(cluster.chief, cluster.workers) as listener:
        log.info("waiting for workers=%d at %s", cluster.workers, cluster.chief)
        while len(joined) < cluster.workers:
            missing = min(set(range(cluster.workers)) - set(joined))
            sock = _accept(listener, deadline, termination)
            if sock is None:
                raise PeerLost(f"worker {missing} has not come within {arguments.peer_timeout:g} s")
            stack.callback(sock.close)
            joined.update(_admit(sock, cluster, arguments, termination))
    return joined


@contextmanager
def join(cluster: Cluster, arguments: Arguments, termination: Termination) -> Iterator[Chief]:
    """As a worker: connects to the chief, which may start later, and receives the state."""
    with _connect(cluster.chief, arguments.peer_timeout, termination) as sock:
        connection = Connection(sock, "the chief", timeout=arguments.peer_timeout, termination=termination)
        introduction = {"worker": cluster.index, "run": _run(cluster, arguments)}
        connection.send(json.dumps(introduction).encode())
        yield Chief(connection, cluster.index + 1, cluster.workers + 1)


def _listen(address: str, workers: int) -> socket.socket:
    """Listens on loopback if that is the chief's address, else everywhere: a machine need not own its cluster name."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host if host in _LOOPBACK else "", port))
        listener.listen(workers)
    except OSError as error:
        listener.close()
        raise TrainerError(f"cannot listen at {address}: {error.strerror}") from error
    return listener


def _accept(listener: socket.socket, deadline: float, termination: Termination) -> socket.socket | None:
    """The next connection, None after the deadline (of the monotonic clock)."""
    listener.settimeout(max(deadline - time.monotonic(), 0.001))
    try:
        with termination.interruptible():
            return listener.accept()[0]
    except socket.timeout:  # noqa: UP041 - an error of its own before Python 3.10
        return None


def _admit(
    sock: socket.socket, cluster: Cluster, arguments: Arguments, termination: Termination
) -> dict[int, Connection]:
    """The worker that has connected, by its index; nothing if it was something else, e.g. a health check."""
    timeout = min(arguments.peer_timeout, _INTRODUCTION_TIMEOUT)
    stranger = Connection(sock, "a stranger", timeout=timeout, termination=termination)
    try:
        said = json.loads(stranger.receive(_INTRODUCTION_LIMIT).decode())
        index, run = int(said["worker"]), dict(said["run"])
    except (PeerLost, ValueError, KeyError, TypeError) as error:
        log.warning("turned away a connection that is not from a worker: %s", error)
        sock.close()
        return {}
    ours = _run(cluster, arguments)
    if run != ours or not 0 <= index < cluster.workers:
        raise TrainerError(f"worker {index} was started for another run: {_differences(run, ours)}")
    name = f"worker {index}"
    log.info("%s has joined", name)
    return {index: Connection(sock, name, timeout=arguments.peer_timeout, termination=termination)}


def _connect(address: str, timeout: float, termination: Termination) -> socket.socket:
    deadline = time.monotonic() + timeout
    log.info("connecting to the chief at %s", address)
    while True:
        left = deadline - time.monotonic()
        try:
            with termination.interruptible():
                sock = socket.create_connection(parse_address(address), timeout=max(left, 0.001))
            if sock.getsockname() != sock.getpeername():
                return sock
            sock.close()  # nobody listens: the system gave us the chief's own port, and we reached ourselves
        except OSError as error:  # it does not listen yet, or its name is not known yet
            if left <= 0:
                raise PeerLost(f"the chief at {address} cannot be reached: {error.strerror or error}") from error
        with termination.interruptible():
            time.sleep(0.1)


def _run(cluster: Cluster, arguments: Arguments) -> dict[str, Any]:
    """What all replicas must agree on."""
    return {"workers": cluster.workers, "epochs": arguments.epochs, **asdict(arguments.hyperparameters)}


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    differing = [key for key in ours if theirs.get(key) != ours[key]]
    return " instead of ".join(" ".join(f"{key}={run.get(key)}" for key in differing) for run in (theirs, ours))


def _pack(state: State) -> bytes:
    return np.int64(state.step).tobytes() + np.concatenate([state.weights, state.mean, state.square]).tobytes()


def _unpack(data: bytes) -> State:
    step = int(np.frombuffer(data, dtype=np.int64, count=1)[0])
    vectors = np.frombuffer(data, dtype=np.float32, offset=8).reshape(3, -1).copy()
    return State(step, *vectors)
