"""Two pieces of work side by side, in turn, in one process: the medians of what each takes, and their ratio."""

import statistics
import time
from collections.abc import Callable
from typing import Any

Step = Callable[[], Any]

SAMPLE = 2e-3  # seconds that one measurement lasts at least, if a call is shorter
LONGEST = 4.0  # seconds for all measurements of one side


def seconds_of(steps: dict[str, Step]) -> dict[str, float]:
    """The median seconds of a call of each step; they take turns, so that a slow moment of the machine slows all."""
    calls = {name: max(1, round(SAMPLE / _once(step))) for name, step in steps.items()}
    slowest = max(calls[name] * _once(step) for name, step in steps.items())
    rounds = max(5, min(200, int(LONGEST / slowest)))
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            started = time.perf_counter()
            for _ in range(calls[name]):
                step()
            found[name].append((time.perf_counter() - started) / calls[name])
    return {name: statistics.median(times) for name, times in found.items()}


def _once(step: Step) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def table(title: str, ours: Step, peers: dict[str, Step]) -> None:
    """Print a line for each peer: its time, ours beside it, and how many times faster ours is."""
    print(f"{title:58} {'peer':>12} {'ours':>12} {'ratio':>9}")
    for name, peer in peers.items():
        seconds = seconds_of({"ours": ours, name: peer})
        ratio = seconds[name] / seconds["ours"]
        written = f"{ratio:8.0f}x" if ratio >= 100 else f"{ratio:8.2f}x"
        print(f"  beside {name:49} {_time(seconds[name]):>12} {_time(seconds['ours']):>12} {written}", flush=True)


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.1f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.1f} µs"
