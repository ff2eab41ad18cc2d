"""Play, step and scrub, by signals."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from asl_inspector.gui.player import SHORTEST_MS, USUAL_RATE, Player


@pytest.fixture
def player(qtbot: QtBot) -> Player:
    player = Player()
    player.set_clip(4, 200.0)
    return player


def follow(player: Player, qtbot: QtBot, count: int) -> list[int]:
    """The frames of so many changes, while it plays."""
    seen: list[int] = []
    player.frame_changed.connect(seen.append)
    player.toggle()
    qtbot.waitUntil(lambda: len(seen) >= count, timeout=5_000)
    player.pause()
    player.frame_changed.disconnect(seen.append)
    return seen[:count]


def test_playing_goes_through_the_frames_and_starts_again(player: Player, qtbot: QtBot) -> None:
    player.set_clip(4, 60.0)
    assert follow(player, qtbot, 6) == [1, 2, 3, 0, 1, 2]


def test_more_frames_than_a_screen_shows_are_passed_over(player: Player, qtbot: QtBot) -> None:
    player.set_clip(100, 240.0)
    step = round(240 * SHORTEST_MS / 1000)
    assert step == 4
    assert follow(player, qtbot, 3) == [step, 2 * step, 3 * step]
    assert player._timer.interval() == round(1000 * step / 240)


def test_the_rate_of_the_file_and_the_speed_set_the_pace(player: Player) -> None:
    player.set_clip(4, 20.0)
    assert player._timer.interval() == 50
    player.set_speed(0.5)
    assert player._timer.interval() == 100
    player.set_clip(4, None)
    assert player._timer.interval() == round(2000 / USUAL_RATE)


def test_a_step_pauses_and_stays_within_the_clip(player: Player, qtbot: QtBot) -> None:
    player.toggle()
    with qtbot.waitSignal(player.playing_changed, timeout=1_000):
        player.step(1)
    assert not player.is_playing
    player.seek(3)
    player.step(1)
    assert player.frame == 3
    player.step(-99)
    assert player.frame == 0


def test_seeking_tells_each_frame_once(player: Player) -> None:
    seen: list[int] = []
    player.frame_changed.connect(seen.append)
    player.seek(2)
    player.seek(2)
    player.seek(99)
    assert seen == [2, 3]


def test_another_clip_stands_at_its_first_frame(player: Player, qtbot: QtBot) -> None:
    player.seek(3)
    player.toggle()
    with qtbot.waitSignals([player.playing_changed, player.frame_changed], timeout=1_000):
        player.set_clip(9, None)
    assert (player.frame, player.is_playing) == (0, False)


@pytest.mark.parametrize("frames", [0, 1])
def test_there_is_nothing_to_play_in_a_clip_of_one_frame(player: Player, frames: int) -> None:
    player.set_clip(frames, 25.0)
    player.toggle()
    player.step(1)
    assert (player.is_playing, player.frame) == (False, 0)
