"""The process group of a run: numbers that are added up, compared or handed round among its processes."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.training import notes
from mtlstudio.training.control import Control
from mtlstudio.training.ranks import Note, Preview, RankLost, Ranks
from mtlstudio.training.several.control import AgreedControl
from mtlstudio.training.several.heartbeat import MISSED_S, Heartbeat
from mtlstudio.training.several.onlooker import OnlookerFolder
from mtlstudio.training.several.sums import added, joined, joined_sums, summed_up

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from mtlstudio.runs.folder import RunFolder
    from mtlstudio.tasks.interface import Metrics
    from mtlstudio.training.failures import Failure

T = TypeVar("T")

WAIT = timedelta(minutes=10)
"""The longest that one process may keep the others waiting (a checkpoint on a slow disk, previews)."""


def found_ranks() -> Ranks:
    """The processes that `torchrun` started this one with; a single one where it did not.

    Raises:
        StudioError: the processes do not find one another.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count < 2 or "RANK" not in os.environ:
        return Ranks()
    return Group(int(os.environ["RANK"]), count)


class Group(Ranks):
    """Several processes; each must call the same methods in the same order.

    What lies on the processor goes by gloo, what lies on a GPU by NCCL, so that asking one another waits for no GPU.

    Args:
        index: of this process.
        count: of all.

    Raises:
        StudioError: the processes do not find one another.
    """

    def __init__(self, index: int, count: int) -> None:
        self.index, self.count = index, count
        self.speaks = index == 0
        self._control: AgreedControl | None = None
        self._network: nn.Module | None = None
        self._norms: list[nn.Module] = []
        self._heart = self._connected()
        told = [(host, int(number)) for host, number in self._everyones([socket.gethostname(), os.getpid()])]
        self.hosts = tuple(host for host, _ in told)
        self._heart.start()

    def on_silence(self, act: Callable[[RankLost], None]) -> None:
        """Says what to do, from another thread, where a process answers no more and this one waits for it for ever."""
        self._heart.on_silence = lambda gone: act(self._lost(gone))

    def device(self, name: str) -> torch.device:
        """See `Ranks.device`: on a computer with several GPUs each process takes its own."""
        import torch

        from mtlstudio.training.devices import DeviceError, resolve_device

        found = resolve_device(name)
        if found.type != "cuda":
            return found
        own, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if own >= there:
            raise DeviceError(
                mark("process {rank} finds no GPU of its own: there are {n} here"), where="training.device",
                fix=mark("Start as many processes as there are GPUs, or train on the processor: --device cpu."),
                rank=self.index, n=there,
            )  # fmt: skip
        torch.cuda.set_device(own)
        return torch.device("cuda", own)

    def folder(self, run: RunFolder) -> RunFolder:
        """See `Ranks.folder`."""
        return run if self.index == 0 else OnlookerFolder(run)

    def control(self, asked: Control) -> Control:
        """See `Ranks.control`."""
        self._control = AgreedControl(asked, self)
        return self._control

    def budget(self) -> int | None:
        """See `Ranks.budget`: the processes of a computer share its memory, and all hold the data alike."""
        from mtlstudio.data.ram import budget

        here = self.hosts.count(self.hosts[self.index])
        return int(-self.largest([-float(budget() // here)])[0])

    def agree(self, facts: Mapping[str, Any]) -> None:
        """See `Ranks.agree`."""
        from mtlstudio.data.memory import LoadingCancelled

        everyones = self._everyones(dict(facts))
        if any(found.get("cancelled") for found in everyones):
            raise LoadingCancelled
        for rank, found in enumerate(everyones):
            other = next((name for name in everyones[0] if found.get(name) != everyones[0][name]), None)
            if other is not None:
                raise StudioError(
                    mark("process {rank} on {host} finds another {what} than the first one: {found}, not {wanted}"),
                    fix=mark("All processes must see the same project folder and data, with the same version."),
                    rank=rank, host=self.hosts[rank], what=other, found=found.get(other), wanted=everyones[0][other],
                )  # fmt: skip

    def first(self, value: T) -> T:
        """See `Ranks.first`."""
        return self.of_first(value)

    def take(self, network: nn.Module, device: torch.device) -> list[Note]:
        """See `Ranks.take`: batch norm is synchronised on GPUs; on the processor torch cannot."""
        import torch
        from torch.nn.modules.batchnorm import _BatchNorm

        remarks: list[Note] = [
            (notes.RANKS, {"n": self.count, "hosts": ", ".join(dict.fromkeys(self.hosts)), "first": self.hosts[0]})
        ]
        self._network = network
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        if norms and device.type == "cuda":
            torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
        elif norms:
            remarks.append((notes.RANKS_BATCH_NORM, {}))
            self._norms = list(norms)
        return remarks

    def begin(self) -> None:
        """See `Ranks.begin`."""
        import torch.distributed as dist

        assert self._network is not None
        with self._guarded():
            for tensor in self._network.state_dict().values():
                dist.broadcast(tensor, 0)

    def joined(self) -> AbstractContextManager[None]:
        """See `Ranks.joined`."""
        return joined(self._guarded)

    def mean(self, own: Tensor, count: int) -> Tensor:
        """See `Ranks.mean`."""
        import torch

        sums = joined_sums(torch.stack((own * count, torch.full_like(own, count))), self._guarded)
        return sums[0] / sums[1]

    def reduce(self, parameters: Iterable[nn.Parameter]) -> None:
        """See `Ranks.reduce`. Running statistics of batch norms become the mean over the processes."""
        import torch

        with self._guarded(), torch.no_grad():
            added([parameter.grad for parameter in parameters if parameter.grad is not None])
            moving = [
                buffer
                for module in self._norms
                if module.training
                for buffer in module.buffers()
                if buffer.is_floating_point()
            ]
            if moving:
                added(moving)
                torch._foreach_div_(moving, self.count)

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """See `Ranks.summed`."""
        import torch

        found = [gradient.detach().clone() for gradient in gradients]
        with self._guarded(), torch.no_grad():
            added(found)
        return found

    def reduce_rows(self, matrix: Tensor) -> None:
        """See `Ranks.reduce_rows`."""
        import torch.distributed as dist

        with self._guarded():
            dist.all_reduce(matrix)

    def reduce_products(self, gramian: Tensor) -> Tensor:
        """See `Ranks.reduce_products`."""
        self.reduce_rows(gramian)
        return gramian

    def due(self, own: bool) -> bool:
        """See `Ranks.due`: whenever they ask one another anyway."""
        return self._control.exchanged if self._control is not None else own

    def add_up(self, metrics: Iterable[Metrics]) -> None:
        """See `Ranks.add_up`."""
        with self._guarded():
            summed_up(list(metrics))

    def gathered(self, previews: dict[int, Preview]) -> dict[int, Preview]:
        """See `Ranks.gathered`."""
        import torch

        buffer = io.BytesIO()
        on_host = {
            index: (key, {task: one.cpu() for task, one in found.items()}) for index, (key, found) in previews.items()
        }
        torch.save(on_host, buffer)
        parts = self._gathered_bytes(buffer.getvalue())
        if self.index:
            return {}
        return {
            index: preview
            for part in parts
            for index, preview in torch.load(io.BytesIO(part), weights_only=True).items()
        }

    def largest(self, values: Sequence[float]) -> list[float]:
        """The largest of each number over all processes."""
        import torch
        import torch.distributed as dist

        found = torch.tensor(list(values), dtype=torch.float64)
        with self._guarded():
            dist.all_reduce(found, op=dist.ReduceOp.MAX)
        return [float(value) for value in found.tolist()]

    def of_first(self, value: T) -> T:
        """A plain value of the first process, in all."""
        found: T = self._everyones(value)[0]
        return found

    def understood(self, error: Exception) -> Exception:
        """See `Ranks.understood`."""
        return self._lost([]) if _is_broken_connection(error) else error

    def post(self, failure: Failure) -> None:
        """See `Ranks.post`; one that only follows another's end has nothing to say."""
        if failure.code != "rank":
            self._heart.post({"message": failure.message, "fix": failure.fix})
        else:
            self._heart.post({})

    def close(self) -> None:
        """See `Ranks.close`."""
        import torch.distributed as dist

        self.largest([0.0])
        self._heart.stop()
        dist.destroy_process_group()

    def _connected(self) -> Heartbeat:
        import torch
        import torch.distributed as dist
        from torch._C._distributed_c10d import TCPStore

        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
        try:
            dist.init_process_group(backend, timeout=WAIT)
            address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
            store = TCPStore(address, port, is_master=False, timeout=timedelta(seconds=30))
            return Heartbeat(store, self.index, self.count)
        except (RuntimeError, ValueError, KeyError) as error:
            raise StudioError(
                mark("the {n} processes do not find one another: {reason}"),
                fix=mark("Start them with torchrun; see that the first computer can be reached at its address and port."),
                n=self.count, reason=str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__,
            ) from error  # fmt: skip

    def _everyones(self, value: Any) -> list[Any]:
        return [json.loads(part) for part in self._gathered_bytes(json.dumps(value).encode())]

    def _gathered_bytes(self, own: bytes) -> list[bytes]:
        import torch
        import torch.distributed as dist

        longest = int(self.largest([float(len(own))])[0])
        padded = torch.zeros(longest + 8, dtype=torch.uint8)
        content = len(own).to_bytes(8, "little") + own
        padded[: len(content)] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        with self._guarded():
            dist.all_gather(parts, padded)
        found = [part.numpy().tobytes() for part in parts]
        return [part[8 : 8 + int.from_bytes(part[:8], "little")] for part in found]

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Says who is gone where a connection breaks within the block."""
        try:
            yield
        except RuntimeError as error:
            if not _is_broken_connection(error):
                raise
            raise self._lost([]) from error

    def _lost(self, gone: Sequence[int]) -> RankLost:
        """Which process has ended, and why, if it left word: those that end because of it come later."""
        until = time.monotonic() + MISSED_S + 1.0
        posts = self._heart.posts()
        silent = list(gone)
        while not silent and not any(posts.values()) and time.monotonic() < until:
            time.sleep(0.1)
            posts = self._heart.posts()
            silent = [rank for rank in self._heart.silent() if rank not in posts]
        self.speaks = all(rank in silent for rank in range(self.index))  # who left word has said it too
        for rank, words in posts.items():
            if words:
                return RankLost(
                    mark("process {rank} on {host} could not go on: {message}"), fix=_literal(words["fix"]),
                    rank=rank, host=self.hosts[rank], message=words["message"],
                )  # fmt: skip
        if silent:
            return RankLost(
                mark("process {rank} on {host} ended without a word, and the others cannot go on without it"),
                fix=mark("Resume the run, with as many processes as you like: it goes on from its newest checkpoint."),
                rank=silent[0], host=self.hosts[silent[0]],
            )  # fmt: skip
        return RankLost(
            mark("the connection to another process broke, and the others cannot go on without it"),
            fix=mark("Resume the run, with as many processes as you like: it goes on from its newest checkpoint."),
        )


def _literal(words: str) -> str:
    """Words as they are: braces in them are no places to be filled."""
    return words.replace("{", "{{").replace("}", "}}")


def _is_broken_connection(error: Exception) -> bool:
    import torch.distributed as dist

    kind = getattr(dist, "DistError", None)
    if kind is not None and isinstance(error, kind):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(word in text for word in ("gloo", "NCCL", "Connection closed"))
