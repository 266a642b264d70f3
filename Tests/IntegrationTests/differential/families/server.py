"""Commands that ask the server about commands."""
from ..stream import one
from ..table import Table
from . import bitmaps, strings

TABLE = Table("server")


@TABLE.command("COMMAND GETKEYS", 0.6)
def _(draw):
    """Where the keys are in a command, for commands valid and not."""
    entry = draw.choice(strings.TABLE.entries + bitmaps.TABLE.entries)
    arguments = entry.make(draw)
    if draw.chance(0.2):
        arguments = arguments[:draw.random.randint(0, len(arguments))]
    return [one("COMMAND", "GETKEYS", entry.name, *arguments)]


@TABLE.command("COMMAND", 0.2)
def _(draw):
    return [one("COMMAND", *draw.choice((("GETKEYS",), ("GETKEYS", "PING"), ("GETKEYS", "NOTHING", "a"), ("INFO", "nothing"),
                                         ("GETKEYS", "SORT", "a", "STORE", "b"), ("COUNT", "x"), ("DOCS", "nothing"))))]
