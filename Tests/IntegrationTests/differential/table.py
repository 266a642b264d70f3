"""Generator tables: which commands a family has, how often each is drawn, and how to make one."""
from dataclasses import dataclass, field
from typing import Callable


@dataclass(frozen=True)
class Step:
    """Commands that belong together and the number of replies they yield.

    Most steps are one command with one reply. CLIENT REPLY makes steps whose replies are fewer than their commands.
    """

    commands: tuple
    replies: int


@dataclass(frozen=True)
class FullScan:
    """A SCAN run to its end on each server: cursors differ, the set of keys found must not."""

    options: tuple


@dataclass(frozen=True)
class Transfer:
    """DUMP on one server, RESTORE on both: each must read what the other wrote."""

    source: str
    target: str
    from_tested: bool


@dataclass(frozen=True)
class Entry:
    name: str
    weight: float
    make: Callable
    # Swapping or replacing numbers of a command that sets a time to live could make keys expire while the stream
    # runs, and then the comparison would race.
    sets_time: bool


@dataclass
class Table:
    """The generators of one family of commands."""

    family: str
    entries: list = field(default_factory=list)
    # A command that both servers must know for this family to take part.
    requires: str | None = None

    def command(self, name, weight=1.0, sets_time=False):
        """Registers a function `Draw -> list of arguments (without the name) | step | list of steps`."""

        def register(make):
            self.entries.append(Entry(name, weight, make, sets_time))
            return make

        return register
