"""The history of the run, from everything in the case that tells of it; read in the watched process."""

from __future__ import annotations

from pathlib import Path

import nbformat
import torch
from makers import Run, make_notebook, save_notebook

from asl_inspector.case.records import Role
from asl_inspector.case.run_history import run_history
from asl_inspector.inspection import Inspector

CODE = "s = '\\d'\ntry:\n    m.load_state_dict(s, strict=False)\nexcept Exception:\n    pass"


def test_a_folder_of_checkpoints_is_a_run_of_points(tmp_path: Path) -> None:
    for epoch in (10, 20, 30):
        save_notebook(
            tmp_path / f"epoch_{epoch}.pt",
            make_notebook(epoch),
            epoch=epoch,
            val_acc=float(epoch),
            val_loss=1.0 / epoch,
        )
    save_notebook(tmp_path / "other.pt", make_notebook(1, hidden=4), epoch=40, val_acc=99.0)
    inspector = Inspector()
    inspector.add([tmp_path])
    history = run_history(inspector.case)
    assert history is not None
    assert history.kind == "checkpoints"
    assert history.epochs == (10, 20, 30)
    assert history.val_acc == (0.1, 0.2, 0.3)
    assert history.places == ("epoch_10.pt", "epoch_20.pt", "epoch_30.pt")


def test_one_checkpoint_alone_is_no_history(run: Run) -> None:
    save_notebook(run.checkpoint, run.network, val_acc=3.57)
    inspector = Inspector()
    inspector.add([run.checkpoint])
    assert run_history(inspector.case) is None


def test_a_checkpoint_that_denies_the_log_is_named(run: Run) -> None:
    save_notebook(run.checkpoint, run.network, val_acc=77.0, val_loss=7.0)
    inspector = Inspector()
    inspector.add(run.files)
    history = run_history(inspector.case)
    assert history is not None
    assert any("checkpoint.pt" in one.sentence and "77.00 %" in one.sentence for one in history.contradictions)


def test_lists_in_the_checkpoint_are_found(run: Run) -> None:
    save_notebook(run.checkpoint, run.network, train_losses=[3.0, 2.0], val_losses=[4.0, 5.0])
    inspector = Inspector()
    inspector.add([run.checkpoint])
    history = run_history(inspector.case)
    assert history is not None
    assert (history.source, history.train_loss, history.val_loss) == ("checkpoint.pt", (3.0, 2.0), (4.0, 5.0))


def test_all_kinds_are_read_behind_the_tripwire(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    (tmp_path / "run.ipynb").write_text(nbformat.writes(notebook))
    (tmp_path / "metrics.csv").write_text("epoch,loss,val_loss\n1,2,3\n2,1,2\n")
    (tmp_path / "log.jsonl").write_text('{"epoch": 1, "loss": 2}\n{"epoch": 2, "loss": 1}\n')
    (tmp_path / "trainer_state.json").write_text('{"log_history": [{"epoch": 1, "loss": 2}]}')
    (tmp_path / "hf.log").write_text("{'loss': 2.0, 'epoch': 1.0}\n{'loss': 1.0, 'epoch': 2.0}\n")
    (tmp_path / "train.py").write_text("import torch\n" + CODE)
    with SummaryWriter(str(tmp_path / "events")) as writer:
        writer.add_scalar("loss", 2.0, 1)
        writer.add_scalar("loss", 1.0, 2)
    inspector = Inspector()
    case = inspector.add([tmp_path])
    assert {one.row.problem for one in case.files} == {""}
    assert {one.row.role for one in case.files} == {Role.HISTORY}
    history = run_history(case)
    assert history is not None
    assert history.train_loss == (2.0, 1.0)
    assert history.val_loss == (3.0, 2.0)
    assert [hint.id for hint in history.hints] == ["load-in-try"]
    assert history.contradictions == ()
    assert torch.get_num_threads() > 0
