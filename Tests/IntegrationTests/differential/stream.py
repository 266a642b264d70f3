"""From a seed to an endless stream of steps."""
from .draw import WEIRD, Draw
from .table import Step


class Stream:
    """Draws commands from the tables by weight and spoils about one in eight."""

    SPOIL = 0.12

    def __init__(self, seed, tables):
        self.draw = Draw(seed)
        self._entries = [entry for table in tables for entry in table.entries]
        self._weights = [entry.weight for entry in self._entries]

    def steps(self, count):
        made = 0
        while made < count:
            for step in self._next():
                made += 1
                yield step

    def _next(self):
        entry = self.draw.random.choices(self._entries, self._weights)[0]
        made = entry.make(self.draw)
        if not isinstance(made, list):
            return [made]
        if made and isinstance(made[0], Step):
            return made
        arguments = self._spoiled(entry, made) if self.draw.chance(self.SPOIL) else made
        return [one(self.draw.case(entry.name), *arguments)]

    def _spoiled(self, entry, arguments):
        """The command with one thing wrong, or unusual: an argument too few, too many, twice, strange or displaced."""
        draw, arguments = self.draw, list(arguments)
        if not arguments:
            return [draw.choice(WEIRD)]
        position = draw.random.randrange(len(arguments))
        ways = ["drop", "append", "repeat"] + ([] if entry.sets_time else ["swap"]) + ["replace", "empty"]
        way = draw.choice(ways)
        if way == "drop":
            del arguments[position]
        elif way == "append":
            arguments.append(draw.choice(WEIRD))
        elif way == "repeat":
            arguments.insert(position, arguments[position])
        elif way == "swap":
            other = draw.random.randrange(len(arguments))
            arguments[position], arguments[other] = arguments[other], arguments[position]
        elif way == "replace":
            arguments[position] = draw.choice(WEIRD)
        else:
            arguments = []
        return arguments


def one(*arguments):
    """A step of one command and one reply."""
    return Step((tuple(arguments),), 1)
