"""Sets."""
from ..table import Table

TABLE = Table("sets")
command = TABLE.command


def member(draw):
    roll = draw.random.random()
    if roll < 0.55:
        return draw.random.randint(-20, 40)
    if roll < 0.9:
        return draw.choice("abcdefghijk")
    return draw.choice(("", "12 ", "007", "x" * 64, "x" * 65, 40000, -40000, 1 << 40)) if roll < 0.97 else draw.value()


def members(draw, most=7):
    return [member(draw) for _ in range(draw.random.randint(1, most))]


@command("SADD", 6)
def _(draw):
    return [draw.key(), *members(draw)]


@command("SADD", 0.3)
def _(draw):
    """Beyond the limits of the small encodings."""
    return [draw.key(), *range(draw.choice((100, 140, 520)))]


@command("SREM", 3)
def _(draw):
    return [draw.key(), *members(draw, 4)]


@command("SMOVE", 2)
def _(draw):
    return [draw.key(), draw.key(), member(draw)]


@command("SISMEMBER", 2)
def _(draw):
    return [draw.key(), member(draw)]


@command("SMISMEMBER", 1.5)
def _(draw):
    return [draw.key(), *members(draw)]


for _name in ("SCARD", "SMEMBERS"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key()]


for _name in ("SINTER", "SUNION", "SDIFF"):
    @command(_name, 1.5)
    def _(draw):
        return draw.keys(1, 4)

    @command(_name + "STORE", 1)
    def _(draw):
        return [draw.key(), *draw.keys(1, 4)]


@command("SINTERCARD", 1.5)
def _(draw):
    keys = draw.keys(1, 4)
    limit = [draw.case("LIMIT"), draw.choice((0, 1, 2, 5, -1, "x"))] if draw.chance(0.5) else []
    return [len(keys) if draw.chance(0.95) else draw.choice((0, -1, 9, "x")), *keys, *limit]


@command("SRANDMEMBER", 1.5)
def _(draw):
    """The whole set, none of it, or an error: what is drawn otherwise differs."""
    return [draw.key(), draw.choice((0, 1000, 1000, "x", 1 << 63))]


@command("SPOP", 0.4)
def _(draw):
    return [draw.key(), draw.choice((0, 1000, -1, "x"))]


@command("SSCAN", 1)
def _(draw):
    return [draw.key(), draw.choice((0, 0, 0, "x")), "COUNT", draw.choice((10000, 10000, 0, "x"))]
