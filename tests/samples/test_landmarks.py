"""Layouts of landmarks, known by their shape or guessed by their width."""

from __future__ import annotations

import pytest

from asl_inspector.samples.known_landmarks import LAYOUTS, recognise_landmarks


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("dims", [2, 3])
def test_every_layout_is_known_by_the_shape_of_a_frame(layout, dims: int) -> None:  # type: ignore[no-untyped-def]
    found = recognise_landmarks(layout.points * dims, (layout.points, dims))
    assert found is not None
    assert (found.layout, found.points, found.width) == (layout.name, layout.points, layout.points * dims)
    assert len({joint for group in found.groups for joint in group.joints if group.part == "pose"}) == sum(
        len(group.joints) for group in found.groups if group.part == "pose"
    ), "no joint of the body has two places"


@pytest.mark.parametrize(
    ("width", "layout"),
    [
        (1629, "MediaPipe Holistic"),
        (1662, "MediaPipe Holistic"),
        (258, "MediaPipe Holistic"),
        (274, "OpenPose"),
        (108, "SPOTER"),
        (36, None),
        (133, None),
    ],
)
def test_a_width_alone_is_a_guess_only_where_nothing_else_has_it(width: int, layout: str | None) -> None:
    found = recognise_landmarks(width, (width,))
    assert (found.layout if found else None) == layout
    assert found is None or "Guessed" in found.why
    assert found is None or found.width == width
