"""HyperLogLogs: their strings are compared byte by byte."""
from ..table import Table

TABLE = Table("hyperloglog")
command = TABLE.command


def elements(draw):
    return [draw.random.randint(0, 5000) for _ in range(draw.choice((0, 1, 3, 10, 10, 400)))]


@command("PFADD", 5)
def _(draw):
    return [f"h{draw.key()}" if draw.chance(0.9) else draw.key(), *elements(draw)]


for _name, _weight in (("PFCOUNT", 2), ("PFMERGE", 1.5)):
    @command(_name, _weight)
    def _(draw):
        keys = draw.keys(1, 3)
        return [f"h{key}" for key in keys] if draw.chance(0.9) else keys


@command("GET", 2)
def _(draw):
    return [f"h{draw.key()}"]


@command("PFDEBUG", 0.5)
def _(draw):
    return [draw.case(draw.choice(("ENCODING", "DECODE", "TODENSE", "NONE"))), f"h{draw.key()}"]
