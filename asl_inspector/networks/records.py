"""What a network is, apart from its numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network as its tensors describe it.

    Attributes:
        family: Name of the layout that matched ("notebook", "stage 2 trainer").
        source: What settled it, as a sentence.
        cell: "LSTM" or "GRU".
        inputs: Numbers a frame.
        hidden: Hidden units a direction.
        layers: Recurrent layers.
        bidirectional: Two directions or one.
        projection: Width of the linear layer in front, or None.
        norm: True where a LayerNorm follows the recurrent layers.
        classes: Outputs, blank included.
        blank: Index of the blank, or None where there is none.
        assumptions: What the tensors cannot settle, as sentences.
    """

    family: str
    source: str
    cell: str
    inputs: int
    hidden: int
    layers: int
    bidirectional: bool
    projection: int | None
    norm: bool
    classes: int
    blank: int | None
    assumptions: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """One line for people: "BiLSTM 2 x 128, 36 inputs, 101 outputs (CTC, blank 0)"."""
        name = ("Bi" if self.bidirectional else "") + self.cell
        parts = [f"{name} {self.layers} × {self.hidden}", f"{self.inputs} inputs a frame"]
        if self.projection is not None:
            parts.append(f"linear projection to {self.projection}")
        if self.norm:
            parts.append("LayerNorm")
        ctc = f" (CTC, blank {self.blank})" if self.blank is not None else ""
        return ", ".join([*parts, f"{self.classes} outputs{ctc}"])
