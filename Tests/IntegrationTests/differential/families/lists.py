"""Lists. Commands that wait are drawn with keys that have something, or a time too short to matter."""
from ..table import Table

TABLE = Table("lists")
command = TABLE.command


def element(draw):
    if draw.chance(0.5):
        return draw.choice("abcdefg")
    return draw.random.randint(-50, 50) if draw.chance(0.6) else draw.value()


def elements(draw, most=6):
    return [element(draw) for _ in range(draw.random.randint(1, most))]


def end(draw):
    return draw.case(draw.choice(("LEFT", "RIGHT"))) if draw.chance(0.97) else "UP"


def index(draw):
    return draw.random.randint(-12, 12) if draw.chance(0.93) else draw.index()


for _name in ("LPUSH", "RPUSH"):
    @command(_name, 5)
    def _(draw):
        return [draw.key(), *elements(draw)]


@command("RPUSH", 0.3)
def _(draw):
    """Beyond a node."""
    return [draw.key(), *(draw.value() for _ in range(150))]


for _name in ("LPUSHX", "RPUSHX"):
    @command(_name)
    def _(draw):
        return [draw.key(), *elements(draw, 3)]


for _name in ("LPOP", "RPOP"):
    @command(_name, 2)
    def _(draw):
        return [draw.key(), *([draw.choice((0, 1, 2, 3, 200, -1, "x"))] if draw.chance(0.5) else [])]


@command("LLEN", 1.5)
def _(draw):
    return [draw.key()]


@command("LINDEX", 2)
def _(draw):
    return [draw.key(), index(draw)]


for _name in ("LRANGE", "LTRIM"):
    @command(_name, 3 if _name == "LRANGE" else 1)
    def _(draw):
        return [draw.key(), index(draw), index(draw)]


@command("LINSERT", 2)
def _(draw):
    where = draw.case(draw.choice(("BEFORE", "AFTER"))) if draw.chance(0.95) else "AT"
    return [draw.key(), where, element(draw), element(draw)]


@command("LSET", 2)
def _(draw):
    return [draw.key(), index(draw), element(draw)]


@command("LREM", 2)
def _(draw):
    return [draw.key(), draw.random.randint(-3, 3), element(draw)]


@command("LPOS", 3)
def _(draw):
    options = []
    for word, values in (("RANK", (1, 2, -1, -2, 0, "x")), ("COUNT", (0, 1, 2, 5, -1)), ("MAXLEN", (0, 1, 5, -1))):
        if draw.chance(0.4):
            options += [draw.case(word), draw.choice(values)]
    return [draw.key(), element(draw), *options]


@command("LMOVE", 2)
def _(draw):
    return [draw.key(), draw.key(), end(draw), end(draw)]


@command("RPOPLPUSH")
def _(draw):
    return [draw.key(), draw.key()]


def numbered_keys(draw):
    keys = draw.keys(1, 4)
    return [len(keys) if draw.chance(0.95) else draw.choice((0, -1, 9, "x")), *keys]


def pop_options(draw):
    count = [draw.case("COUNT"), draw.choice((1, 2, 5, 0, -1, "x"))] if draw.chance(0.4) else []
    return [end(draw), *count]


@command("LMPOP", 2)
def _(draw):
    return [*numbered_keys(draw), *pop_options(draw)]


for _name in ("BLPOP", "BRPOP"):
    @command(_name, 0.3)
    def _(draw):
        return [*draw.keys(1, 4), draw.choice(("0.001", "0.002", "-1", "x"))]


@command("BLMPOP", 0.3)
def _(draw):
    return [draw.choice(("0.001", "-1", "x")), *numbered_keys(draw), *pop_options(draw)]


@command("BLMOVE", 0.3)
def _(draw):
    return [draw.key(), draw.key(), end(draw), end(draw), draw.choice(("0.001", "-1", "x"))]
