"""The command line: each command reads its arguments, and is one call into its own module."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from minivae.commands.course_arguments import add_course
from minivae.commands.faults import in_words, is_users
from minivae.commands.loops_arguments import add_loops
from minivae.commands.parsing import Parser, add_data, add_out, command, integer_from
from minivae.course.screen import print_any_character
from minivae.edge.checks import ArgumentError
from minivae.edge.threads import one_thread

EXAMPLES = """\
examples:
  minivae tour                                            the main job, in under a minute
  minivae verify --data digits --latent 8 --out verify    PCA beside a linear autoencoder
  minivae gradcheck                                       every hand-written gradient
  minivae train vae --data digits --latent 2 --hidden 256 128 --epochs 20 --out run
  minivae train vae --data digits --latent 2 --hidden 256 128 --epochs 40 --out run --resume
  minivae prove --list                                    the claims that can be proved
  minivae study --list                                    the experiments that can be run
  minivae loops train run/loops.npz                       a VAE that writes melodies
  minivae step 1                                          the course, cell by cell
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the exit status.

    It is 0 if all is well, 1 if a claim fails, 2 if the user made a mistake, which is said in one
    line, and 130 after Ctrl-C. A fault of ours is raised: Python shows its traceback and exits
    with 1.
    """
    print_any_character()
    chosen = _parser().parse_args(arguments)
    undo = _say_when_terminated(), one_thread()
    try:
        holds = chosen.run(chosen)
        sys.stdout.flush()  # a closed pipe raises here, not at exit
        return 0 if holds else 1
    except BrokenPipeError:  # as in `minivae gradcheck | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except Exception as error:
        if not is_users(error):
            raise
        print(f"minivae {chosen.command}: {in_words(error)}", file=sys.stderr)
        return 2
    finally:
        for each in undo:
            each()


def _say_when_terminated() -> Callable[[], Any]:
    """Let SIGTERM end the program as Ctrl-C does: what is half written goes, and a word is said.

    Return a function that gives the caller's own way back.
    """

    def stop(*_: Any) -> None:
        print("stopped", file=sys.stderr)
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    return partial(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, stop))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="minivae",
        description="Autoencoders, PCA and VAEs from scratch in NumPy, every claim checked.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for add in COMMANDS:
        add(commands)
    return parser


def _add_tour(commands: Any) -> None:
    text = "verify, check every gradient, train a VAE; pictures, a report and a verdict"
    parser = command(commands, "tour", text, "--out my-tour")
    add_out(parser, "minivae-tour")
    parser.add_argument("--quick", action="store_true", help="less data, fewer epochs")

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.tour import tour

        return tour(chosen.out, quick=chosen.quick, seed=chosen.seed)

    parser.set_defaults(run=run)


def _add_verify(commands: Any) -> None:
    text = "compare a trained linear autoencoder with PCA, or a linear VAE with probabilistic PCA"
    parser = command(commands, "verify", text, "--data digits --latent 8 --out verify")
    parser.add_argument("--model", choices=("autoencoder", "vae"), default="autoencoder")
    add_data(parser, default="patches")
    parser.add_argument("--latent", type=integer_from(1), default=8, metavar="K")
    parser.add_argument(
        "--bias",
        action="store_true",
        help="give the autoencoder biases instead of centring the data",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for pictures")

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.verify import verify, verify_vae

        options = {"n_samples": chosen.samples, "seed": chosen.seed}
        if chosen.model == "vae":
            if chosen.bias or chosen.out:
                raise ArgumentError("--bias and --out are for --model autoencoder, got --model vae")
            return verify_vae(chosen.data, chosen.latent, **options).ok
        bias, out = chosen.bias, chosen.out
        return verify(chosen.data, chosen.latent, bias=bias, out=out, **options).ok

    parser.set_defaults(run=run)


def _add_gradcheck(commands: Any) -> None:
    text = "check every hand-written gradient by central differences and by the complex step"
    parser = command(commands, "gradcheck", text, "--seed 1")

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.gradcheck import gradcheck

        return all(row.ok for row in gradcheck(chosen.seed))

    parser.set_defaults(run=run)


def _add_train(commands: Any) -> None:
    text = "train an autoencoder or a VAE, with a checkpoint after every epoch, and draw it"
    example = "vae --data digits --latent 2 --hidden 256 128 --epochs 20 --out run"
    parser = command(commands, "train", text, example)
    parser.add_argument("kind", choices=("ae", "vae"))
    add_data(parser, default="digits")
    add_out(parser, "minivae-train")
    count = integer_from(1)
    parser.add_argument("--latent", type=count, default=2, metavar="K")
    parser.add_argument("--hidden", type=count, nargs="*", default=[], metavar="WIDTH")
    parser.add_argument("--activation", default="relu", help="default relu")
    parser.add_argument(
        "--init",
        choices=("fan_in", "glorot", "he"),
        help="how the weights start (default: what suits the activation)",
    )
    parser.add_argument(
        "--likelihood",
        default="bernoulli",
        choices=(
            "bernoulli",
            "continuous_bernoulli",
            "gaussian",
            "gaussian_predicted",
            "squared_error",
        ),
    )
    parser.add_argument("--beta", type=float, default=1.0, help="weight of the KL (default 1)")
    parser.add_argument("--epochs", type=count, default=10)
    parser.add_argument("--batch-size", type=count, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument(
        "--patience",
        type=count,
        help="stop after so many epochs without improvement, and keep the best",
    )
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument(
        "--film", action="store_true", help="write codes.gif: the codes, epoch by epoch"
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue from the checkpoint in --out"
    )

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.train import train

        options = vars(chosen).copy()
        for name in ("command", "run"):
            del options[name]
        train(n_latent=options.pop("latent"), n_samples=options.pop("samples"), **options)
        return True

    parser.set_defaults(run=run)


def _add_prove(commands: Any) -> None:
    text = "measure the claims of the subject against exact values, all of them or one by name"
    parser = command(commands, "prove", text, "adam-constant-gradient --out proofs")
    help = "one claim, with its derivation; or a family, whose claims are listed"
    parser.add_argument("name", nargs="?", help=help)
    parser.add_argument(
        "--list", action="store_true", help="name all claims without measuring them"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for a picture of each claim"
    )

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.claims import find_family
        from minivae.commands.prove import list_claims, prove_all, prove_one

        if chosen.list or (chosen.name is not None and find_family(chosen.name)):
            return list_claims(chosen.name)
        if chosen.name is not None:
            return prove_one(chosen.name, chosen.out).outcome.ok
        return all(row.outcome.ok for row in prove_all(chosen.out))

    parser.set_defaults(run=run)


def _add_study(commands: Any) -> None:
    text = "run an experiment on data beside its baselines; a table, a report and pictures"
    parser = command(commands, "study", text, "latent-dimension --seeds 3 --out study", seed=False)
    parser.add_argument("name", nargs="?", help="the study; --list names them all")
    parser.add_argument("--list", action="store_true", help="print the question of each study")
    parser.add_argument("--data", default="digits", help="digits or mnist (default digits)")
    help = "how many times everything is repeated (default 3)"
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help=help)
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    help = "folder for what is written (default minivae-study/NAME); go on there if interrupted"
    parser.add_argument("--out", type=Path, metavar="DIR", help=help)

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.study import list_studies, run_study

        if chosen.list:
            list_studies()
        elif chosen.name is None:
            raise ArgumentError("name a study; minivae study --list says what each asks")
        else:
            names = ("name", "data", "seeds", "quick", "out")
            run_study(**{name: getattr(chosen, name) for name in names})
        return True

    parser.set_defaults(run=run)


def _add_explore(commands: Any) -> None:
    text = "move over a model's code space, and see the image that its decoder draws at each place"
    parser = command(commands, "explore", text, "run/checkpoint.npz", seed=False)
    parser.add_argument("checkpoint", type=Path, help="the file of a saved model")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write a picture of the window instead of opening it",
    )

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands.explore import explore

        explore(chosen.checkpoint, out=chosen.out)
        return True

    parser.set_defaults(run=run)


COMMANDS = (
    _add_tour,
    _add_verify,
    _add_gradcheck,
    _add_train,
    _add_prove,
    _add_study,
    add_course,
    _add_explore,
    add_loops,
)
