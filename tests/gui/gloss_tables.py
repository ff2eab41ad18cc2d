"""Tables of samples and figures of glosses of any size, for the tests of the panels that show them."""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.engine.messages import InspectionView
from asl_inspector.report.gloss_pairs import gloss_measures
from asl_inspector.report.sample_table import SampleTable


def sample_table(clips: int = 200, glosses: int = 12, *, right: float = 0.6, seed: int = 3) -> SampleTable:
    """Clips of glosses 1 to G, 0 the blank; a part is right, a tenth is empty, the rest is taken for the next gloss."""
    random = np.random.default_rng(seed)
    true = random.integers(1, glosses + 1, clips)
    said = np.where(random.random(clips) < right, true, true % glosses + 1)
    said[random.random(clips) < 0.1] = 0
    unknown = np.full(clips, np.nan)
    return SampleTable(
        clip_ids=tuple(f"clip{one:06d}" for one in range(clips)),
        glosses=tuple(f"GLOSS-{one:03d}" for one in true.tolist()),
        true_ids=true,
        learned_ids=true.copy(),
        majority=said,
        first_token=true.copy(),
        score=said.copy(),
        loss=random.random(clips) * 9,
        confidence=random.random(clips),
        margin=random.random(clips) * 5,
        blank_share=random.random(clips),
        lengths=random.integers(10, 90, clips),
        ran=np.ones(clips, bool),
        names={number: f"GLOSS-{number:03d}" for number in range(1, glosses + 1)},
        blank=0,
        scored_by_name=False,
        parts=(),
        missing=np.zeros((clips, 0)),
        frozen=unknown,
    )


def inspection_of(samples: SampleTable | None) -> InspectionView:
    """An inspection with nothing but its clips."""
    return InspectionView((), None, nothing_found(), samples, None, (), "CPU", 0, 0, 0.0, partial=False)


def nothing_found() -> Diagnosis:
    """A diagnosis as of an empty case."""
    from asl_inspector.inspection import Inspector

    return Inspector().inspect().diagnosis


def measures_of(samples: SampleTable, decoder: str = "majority") -> GlossMeasures:
    """What the engine would count."""
    return gloss_measures(samples, decoder)
