"""What every rebuilt network can do."""

from __future__ import annotations

from torch import Tensor, nn

from asl_inspector.progress import CancelToken


class Network(nn.Module):
    """Takes clips of one length, so that padding never reaches it.

    `forward` gives the logits of every output frame, (N, T, F) -> (N, T', C), or of the whole clip, (N, C).

    Attributes:
        least_frames: Fewest frames of a clip that can be run.
        ragged: True where `forward` also takes the lengths (N,) of clips that are padded at their ends, and gives for
            every clip the outputs that it would give alone.
        concurrent: True where several batches may be computed at the same time, by as many threads.
    """

    least_frames = 1
    ragged = False
    concurrent = True

    def heed(self, cancel: CancelToken) -> None:
        """Told whom to ask while a batch is being computed; networks of the program's own are quick enough."""

    @property
    def most_frames(self) -> int | None:
        """Most frames of a clip that can be run, or None for any number."""
        return None

    def output_frames(self, frames: int) -> int:
        """Output frames of a clip of so many frames; 1 for a network that gives one answer a clip."""
        return frames

    def padding_logits(self) -> Tensor | None:
        """Logits of a padded frame in training code, (C,), or None where padding gives no output of its own."""
        return None
