"""What the user chose in a case: every step gives new choices."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.case.records import Role
from asl_inspector.gui.case_choices import CaseChoices
from asl_inspector.samples.mapping import NO_CORRECTION, Correction

FOLDER, ONE, TWO, THREE = Path("run"), Path("run/a.pkl"), Path("run/b.pkl"), Path("c.pt")
OF_THE_FOLDER = [ONE, TWO]


def test_a_step_leaves_the_choices_before_it_as_they_are() -> None:
    before = CaseChoices()
    after = before.adding([ONE, THREE]).in_role(ONE, Role.TRAIN).read_as(ONE, Correction(label="gloss"))
    assert before == CaseChoices()
    assert (after.paths, after.roles) == ((ONE, THREE), ((ONE, Role.TRAIN),))
    assert after.correction_of(ONE) == Correction(label="gloss")
    assert after.correction_of(THREE) == NO_CORRECTION


def test_a_file_of_a_folder_is_taken_out_and_the_others_stay() -> None:
    chosen = CaseChoices().adding([FOLDER]).in_role(ONE, Role.TRAIN).read_as(ONE, Correction(label="gloss"))
    left = chosen.without(ONE, OF_THE_FOLDER)
    assert left == CaseChoices(paths=(TWO,))


def test_a_file_that_takes_the_place_of_another_takes_its_role() -> None:
    chosen = CaseChoices().adding([ONE, TWO]).in_role(ONE, Role.TRAIN)
    assert chosen.replacing(ONE, THREE, []).paths == (THREE, TWO)
    assert chosen.replacing(ONE, THREE, []).roles == ((THREE, Role.TRAIN),)
    assert chosen.replacing(TWO, THREE, []).roles == ((ONE, Role.TRAIN),)


def test_of_two_files_in_a_role_that_one_may_have_the_later_choice_holds() -> None:
    chosen = CaseChoices().in_role(ONE, Role.TRAIN).in_role(TWO, Role.TRAIN)
    assert chosen.roles == ((TWO, Role.TRAIN),)
    both = CaseChoices().in_role(ONE, Role.HISTORY).in_role(TWO, Role.HISTORY)
    assert both.roles == ((ONE, Role.HISTORY), (TWO, Role.HISTORY))
