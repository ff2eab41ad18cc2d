"""The options of every command. Which function runs a command is settled where the program starts."""

from __future__ import annotations

import argparse
from pathlib import Path

from asl_inspector.about import program_version
from asl_inspector.report.options import PAPERS

Commands = argparse._SubParsersAction


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for: that alone costs as much as reading a small checkpoint."""

    def __call__(self, parser: argparse.ArgumentParser, *_arguments: object) -> None:
        print(f"asl-inspector {program_version()}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; the one that was given is in `command`."""
    made = argparse.ArgumentParser(
        prog="asl-inspector",
        usage="asl-inspector [FILE...] | asl-inspector {diagnose,changes,keys,compare,sweep,demo} ...",
        description="Finds out why a sign-language recogniser got a bad number. Without a command it opens the window.",
    )
    made.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and leave")
    commands = made.add_subparsers(title="commands", required=True, prog="asl-inspector")
    _add_diagnose(commands)
    _add_changes(commands)
    _add_keys(commands)
    _add_compare(commands)
    _add_sweep(commands)
    demo = commands.add_parser("demo", help="the bundled demo case: in the window, or straight to a report")
    demo.add_argument("--pdf", type=Path, metavar="FILE", help="write the report here and open no window")
    demo.set_defaults(command="demo")
    return made


def _add_diagnose(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("diagnose", help="run the network and name the causes of a bad number")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="files of a case, in any order")
    roles = parser.add_argument_group("say a role instead of having it recognised")
    for role in ("checkpoint", "epoch", "val", "train", "vocabulary", "stage1", "history", "outputs", "labels"):
        repeat = "append" if role in ("epoch", "vocabulary", "history") else "store"
        roles.add_argument(f"--{role}", type=Path, metavar="F", action=repeat)
    outputs = parser.add_argument_group("results")
    outputs.add_argument("--json", metavar="FILE|-", help="the whole result as JSON; - for standard output")
    outputs.add_argument("--pdf", type=Path, metavar="FILE", help="the report")
    outputs.add_argument("--html", type=Path, metavar="FILE", help="the report as one self-contained page")
    outputs.add_argument("--md", type=Path, metavar="FILE", help="the report as Markdown")
    outputs.add_argument("--csv", type=Path, metavar="FILE", help="one row a clip")
    outputs.add_argument("--paper", choices=PAPERS, default="a4", help="size of the PDF's pages")
    outputs.add_argument("--summary", action="store_true", help="only the first page of PDF, HTML and Markdown")
    outputs.add_argument(
        "--anonymise", action="store_true", help="no folders in any of these: paths are cut down to names of files"
    )
    outputs.add_argument(
        "--save-vocabulary",
        type=Path,
        metavar="FILE",
        help="the ids that the network learned, as JSON, where they are known",
    )
    outputs.add_argument(
        "--save-case", type=Path, metavar="FILE", help="the case itself, to open or run again (.aslcase)"
    )
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda[:N]|mps")
    parser.add_argument("--batch-frames", type=int, metavar="N", help="most frames in one batch")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; as many as prove best by default")
    parser.add_argument("--decoder", choices=("majority", "first-token", "beam", "score"), help="majority by default")
    parser.add_argument("--blank", metavar="INDEX|none", help="index of the blank, where the layout does not tell it")
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="answer what the checkpoint leaves open: pooling=mean, 'head activation=gelu', preprocessing=standardised, "
        "'length=resampled to 64'",
    )
    parser.add_argument(
        "--half-precision",
        action="store_true",
        help="half precision where a sample shows that it changes no prediction and is faster",
    )
    parser.add_argument("--no-epochs", action="store_true", help="do not score the other checkpoints of the run")
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="CODE.py",
        help="run this file: Python code that builds the network, or a checkpoint that carries its program",
    )
    parser.add_argument(
        "--unfinished",
        type=Path,
        metavar="FOLDER",
        help="keep here what is run until all is done, and go on with what an interrupted command left here",
    )
    parser.add_argument("--rerun", action="store_true", help="run a saved case though none of its files changed")
    parser.add_argument("--fail-on", choices=("critical", "warning", "never"), default="critical")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(command="diagnose")


def _add_changes(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("changes", help="two diagnoses: what changed in files, figures and causes")
    parser.add_argument("before", type=Path, metavar="BEFORE", help="a saved case, or what diagnose --json wrote")
    parser.add_argument("after", type=Path, metavar="AFTER")
    parser.add_argument("--json", metavar="FILE|-", help="as JSON; - for standard output")
    for kind in ("md", "html", "pdf"):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"as a report ({kind})")
    parser.add_argument("--paper", choices=PAPERS, default="a4", help="size of the PDF's pages")
    parser.set_defaults(command="changes")


def _add_keys(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("keys", help="everything in one checkpoint, without running it")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--stats", action="store_true", help="extremes, moments and health; reads every number")
    parser.add_argument("--values", type=int, default=0, metavar="N", help="the first N numbers of every tensor")
    parser.add_argument("--match", default="", metavar="TEXT", help="only keys that contain TEXT")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write one row a tensor")
    parser.set_defaults(command="keys")


def _add_compare(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("compare", help="two checkpoints: what is equal, and does one descend from the other")
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    for side in ("a", "b"):
        parser.add_argument(
            f"--{side}-part",
            metavar="PATH",
            help=f"which state dict of {side.upper()}, where it holds several: its path (“ema”), or how its keys start",
        )
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(command="compare")


def _add_sweep(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("sweep", help="many checkpoints: runs along epochs, seeds and conditions compared")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="searched with all folders below")
    parser.add_argument("--val", type=Path, required=True, metavar="F", help="validation clips")
    parser.add_argument("--train", type=Path, action="append", default=[], metavar="F", help="training clips")
    parser.add_argument("--vocabulary", type=Path, action="append", default=[], metavar="F")
    parser.add_argument("--stage1", type=Path, metavar="F", help="the pre-trained checkpoint of all runs")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder of the results; a sweep that stopped goes on"
    )
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="processes here, or a Ray cluster")
    parser.add_argument("--address", metavar="ADDRESS", help="of the Ray cluster: auto, or ray://host:10001")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="jobs at a time; as many as there are cores by default"
    )
    parser.add_argument(
        "--gpu-share", type=float, default=0.25, metavar="SHARE", help="of a GPU for each job on a Ray cluster (0.25)"
    )
    parser.add_argument("--resume", action="store_true", help="go on where it stopped, as it does without this too")
    for kind in ("html", "md", "pdf", "csv"):
        rows = " with one row a checkpoint" if kind == "csv" else ""
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"write a report ({kind}){rows}")
    parser.add_argument("--json", metavar="FILE|-", help="the whole result as JSON; - for standard output")
    parser.add_argument("--paper", choices=PAPERS, default="a4", help="size of the PDF's pages")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda[:N]|mps")
    parser.add_argument("--decoder", choices=("majority", "first-token", "beam", "score"), default="majority")
    parser.add_argument("--blank", metavar="INDEX|none", help="index of the blank, where the layout does not tell it")
    parser.add_argument("--assume", action="append", default=[], metavar="NAME=VALUE", help="as for diagnose")
    parser.add_argument("--fail-on", choices=("critical", "warning", "never"), default="critical")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(command="sweep")
