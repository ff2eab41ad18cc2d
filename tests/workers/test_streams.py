"""Numbers, signs of life and the reply, as they stream from a reader."""

from __future__ import annotations

import pytest

from asl_inspector.spool import Spool
from asl_inspector.workers.streams import Inlet, Outlet


@pytest.mark.parametrize("size", [1, 3, 9, 1000])
def test_records_are_put_together_from_pieces_of_any_size(size: int) -> None:
    sent = bytearray()
    outlet = Outlet(sent.extend)
    assert outlet.put(b"one") == 0
    assert outlet.align() == 16
    assert outlet.put(b"two") == 16
    outlet.reply(b"the reply")
    spool = Spool()
    inlet = Inlet(spool)
    for start in range(0, len(sent), size):
        inlet.feed(bytes(sent[start : start + size]))
    assert bytes(spool.view) == b"one" + b"\0" * 13 + b"two"
    assert inlet.reply == b"the reply"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_word_of_the_progress_comes_between_numbers(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("asl_inspector.workers.streams.SECONDS_BETWEEN_SIGNS", 0.0)
    sent = bytearray()
    outlet = Outlet(sent.extend)
    outlet.put(b"one")
    outlet.tell(512, 2_000)
    outlet.put(b"two")
    outlet.tell(1_024, 2_000)
    outlet.reply(b"the reply")
    spool, told = Spool(), []
    inlet = Inlet(spool, lambda done, total: told.append((done, total)))
    for start in range(0, len(sent), size):
        inlet.feed(bytes(sent[start : start + size]))
    assert told == [(512, 2_000), (1_024, 2_000)]
    assert bytes(spool.view) == b"onetwo"
    assert inlet.reply == b"the reply"


def test_a_reader_tells_a_few_times_a_second_how_far_it_is() -> None:
    sent = bytearray()
    outlet = Outlet(sent.extend)
    for done in range(10_000):
        outlet.tell(done, 10_000)
    assert len(sent) < 100 * 25


@pytest.mark.parametrize(
    "sent",
    [
        b"X" + b"\0" * 8,
        b"N" + (3).to_bytes(8, "little") + b"abc",
        b"R" + (1 << 40).to_bytes(8, "little"),
        b"P" + (3).to_bytes(8, "little") + b"abc",
    ],
    ids=["unknown", "numbers unasked for", "too large", "progress of another length"],
)
def test_a_stream_that_breaks_the_rules_is_refused(sent: bytes) -> None:
    with pytest.raises(ValueError, match=r"record|asked|large|length"):
        Inlet(None).feed(sent)
