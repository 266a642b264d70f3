"""Hashes."""
from ..table import Table

TABLE = Table("hashes")
command = TABLE.command


def field(draw):
    roll = draw.random.random()
    if roll < 0.6:
        return draw.choice("abcdefgh")
    if roll < 0.85:
        return str(draw.random.randint(0, 40))
    return draw.value() if roll < 0.92 else draw.choice(("", "12 ", "007", "-0", "f" * 64, "f" * 65))


def pairs(draw):
    count = 1 if draw.chance(0.5) else draw.random.randint(1, 9)
    words = [word for _ in range(count) for word in (field(draw), draw.value())]
    return words[:-1] if draw.chance(0.02) else words


def fields(draw):
    return [field(draw) for _ in range(draw.random.randint(1, 5))]


for _name in ("HSET", "HMSET"):
    @command(_name, 4)
    def _(draw):
        return [draw.key(), *pairs(draw)]


@command("HSET", 0.2)
def _(draw):
    """Beyond the limit of entries."""
    return [draw.key(), *(word for index in range(520) for word in (f"n{index}", index))]


@command("HSETNX", 2)
def _(draw):
    return [draw.key(), field(draw), draw.value()]


for _name in ("HGET", "HEXISTS", "HSTRLEN"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key(), field(draw)]


@command("HMGET", 2)
def _(draw):
    return [draw.key(), *fields(draw)]


@command("HDEL", 3)
def _(draw):
    return [draw.key(), *fields(draw)]


for _name in ("HGETALL", "HKEYS", "HVALS", "HLEN"):
    @command(_name, 1)
    def _(draw):
        return [draw.key()]


@command("HINCRBY", 3)
def _(draw):
    return [draw.key(), field(draw), draw.integer()]


@command("HINCRBYFLOAT", 3)
def _(draw):
    return [draw.key(), field(draw), draw.real() if draw.chance(0.9) else draw.value()]


@command("HRANDFIELD", 2)
def _(draw):
    count = draw.choice(([], [draw.random.randint(-20, 20)], [draw.index()] if draw.chance(0.1) else [1000]))
    if count and count[0] < -10**4:
        count = [-9223372036854775808]
    return [draw.key(), *count, *([draw.case("WITHVALUES")] if count and draw.chance(0.4) else [])]


@command("HSCAN", 1.5)
def _(draw):
    options = draw.choice(([], ["MATCH", "*"], ["MATCH", "[a-c]*"], ["COUNT", 0], ["MATCH"], ["TYPE", "hash"]))
    return [draw.key(), "x" if draw.chance(0.05) else 0, *options,
            draw.case("COUNT"), 100000]
