"""Layouts of public code that are recognised by name but need more than features of clips to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """A layout that is known and not run.

    Attributes:
        name: What it is, completing "This file holds ...".
        why: Why it is not run, as a sentence.
        advice: What to do instead, as a sentence.
    """

    name: str
    why: str
    advice: str


OWN_CODE = "Give the code that builds it (Run > Run with code of your own, or --trust CODE.py), or drop its saved outputs instead."
VIDEO = "It reads video frames, not features of clips."
LAYOUTS = (
    (
        ("conv2d.",),
        ("temporal_model.",),
        "a continuous recogniser of the VAC family (CorrNet, SlowFastSign)",
        f"{VIDEO} What follows the visual part could be run on its features, but is not as in the published code.",
    ),
    (("visual_backbone", "gloss_output_layer"), (), "a TwoStream or NLA recogniser", VIDEO),
    (("logits.conv3d",), (), "an I3D video network", VIDEO),
    (
        ("st_gcn_networks.",),
        (),
        "an ST-GCN",
        "Its graph of landmarks is not in the file, or its tensors are not those of the published code.",
    ),
    (
        ("gcbs.", "fc_out"),
        (),
        "a TGCN of the WLASL project",
        "Its tensors are not those of the published code, which would be run.",
    ),
    (
        ("sgn_embed", "gloss_output_layer"),
        (),
        "a sign language transformer of signjoey",
        "Its tensors are not those of the published code with a transformer as encoder, which would be run.",
    ),
    (("conv1.weight", "layer4."), (), "a ResNet", VIDEO),
)


def name_of(keys: Sequence[str]) -> Foreign | None:
    """The layout that the keys speak of, or None."""
    text = "\n".join(keys)
    for wanted, also, name, why in LAYOUTS:
        if all(word in text for word in (*wanted, *also)):
            return Foreign(name, why, OWN_CODE)
    return None
