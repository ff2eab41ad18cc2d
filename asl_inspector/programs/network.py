"""A network in another process, as the rest of the program sees it: a module like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asl_inspector.errors import InferenceError
from asl_inspector.networks.network import Network
from asl_inspector.programs.hosting import Host, Refused
from asl_inspector.programs.records import Arrays, Call, Made
from asl_inspector.programs.ways import Unwilling, Way
from asl_inspector.progress import CancelToken


class Asker:
    """Calls a hosted network with arrays.

    Args:
        host: Its process.
        made: What it says of itself.
        inputs: Numbers a frame.
    """

    def __init__(self, host: Host, made: Made, inputs: int) -> None:
        self.host, self.made, self.inputs = host, made, inputs
        self.cancel = CancelToken()
        self.device, self.threads = "cpu", 1
        self.refused = Refused(f"“{host.name}” could not be run.", what="")

    def run(self, arrays: Sequence[NDArray[Any]]) -> Arrays:
        """One call.

        Raises:
            Unwilling: If the network raised an error.
            MemoryError: If memory ran out.
            InferenceError: If the process ended or took too long.
            Cancelled: If the user cancelled.
        """
        try:
            return self.host.call(Call(tuple(arrays), self.device, self.threads), self.cancel)
        except Refused as error:
            self.refused = error.with_traceback(None)  # a kept one would keep this process's frames alive
            raise Unwilling(error.what, error.detail) from None


class ProgramNetwork(Network):
    """Sends batches to the process of a network and brings its answers into the usual order of axes.

    Args:
        asker: Calls the network.
        way: How it wants to be called.
    """

    concurrent = False  # there is one process, which answers one call after the other

    def __init__(self, asker: Asker, way: Way) -> None:
        super().__init__()
        self.asker, self.way = asker, way
        self.least_frames = way.fewest
        self._frames: dict[int, int] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> ProgramNetwork:
        """Itself: there is one process, and it follows the batches to their device."""
        return self

    def heed(self, cancel: CancelToken) -> None:
        """Have the process killed when `cancel` is set."""
        self.asker.cancel = cancel

    @property
    def most_frames(self) -> int | None:
        """Most frames that the network took when it was tried."""
        return self.way.most

    def output_frames(self, frames: int) -> int:
        """Output frames of a clip; found by running one of zeros where the network changes the number."""
        if self.way.pooled:
            return 1
        too_long = self.way.most is not None and frames > self.way.most
        if self.way.same_length or frames < self.way.fewest or too_long:
            return frames
        if frames not in self._frames:
            zeros = np.zeros((1, frames, self.asker.inputs), np.float32)
            self._frames[frames] = self._ask(zeros).shape[1]
        return self._frames[frames]

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, T', C), or (N, C)."""
        self.asker.device, self.asker.threads = str(features.device), torch.get_num_threads()
        answers = self._ask(features.cpu().numpy())
        frames = features.shape[1]
        if answers.ndim == 3 and answers.shape[1] != self.output_frames(frames):
            raise InferenceError(
                f"The network answers {answers.shape[1]} frames for a clip of {frames}, where"
                f" {self.output_frames(frames)} were expected.",
                advice="The number of output frames has to depend on the number of frames alone.",
            )
        return torch.from_numpy(answers).to(features.device)

    def _ask(self, clips: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return self.way.ask(self.asker.run, clips, self.asker.made.ports)
        except Unwilling:
            if self.asker.device != "cpu":  # the runner takes it for a fault of the device and goes on on the CPU
                raise RuntimeError(self.asker.refused.sentence) from None
            raise self.asker.refused from None
