"""Fields of hashes that expire: Redis 7.4 and later. Nothing expires while a stream runs."""
from ..stream import one
from ..table import Table
from . import hashes, strings

NEWER = Table("hash expiry")
command = NEWER.command
NEWER.entries.extend(entry for entry in hashes.TABLE.entries if entry.name != "HSCAN")


def fields(draw):
    words = [hashes.field(draw) for _ in range(draw.random.randint(1, 4))]
    count = len(words)
    if draw.chance(0.08):
        count = draw.choice((0, -1, "x", "", count + 1, count - 1, 9223372036854775807, "1.0"))
    keyword = draw.case("FIELDS") if draw.chance(0.97) else draw.choice(("FIELD", "", "NX", "EX"))
    return [keyword, count, *words]


def conditions(draw):
    if draw.chance(0.5):
        return []
    return [draw.case(draw.choice(("NX", "XX", "GT", "LT", "GT", "LT"))) for _ in range(draw.choice((1, 1, 1, 1, 1, 2)))]


for _name, _unit in (("HEXPIRE", "seconds"), ("HPEXPIRE", "milliseconds"), ("HEXPIREAT", "unix_seconds"),
                     ("HPEXPIREAT", "unix_milliseconds")):
    @command(_name, 3, sets_time=True)
    def _(draw, unit=_unit):
        time = draw.bad_time() if draw.chance(0.1) else getattr(draw, unit)()
        return [draw.key(), time, *conditions(draw), *fields(draw)]

for _name in ("HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key(), *fields(draw)]


@command("HPERSIST", 2)
def _(draw):
    return [draw.key(), *fields(draw)]


@command("HGETDEL", 2)
def _(draw):
    return [draw.key(), *fields(draw)]


def expiry(draw, other):
    """An option with a time, or `other`; at times more than one. No time is now: that would be a race."""
    options = []
    for _ in range(draw.choice((0, 1, 1, 1, 1, 2))):
        word, time = (*strings.set_time_option(draw), None)[:2]
        options += [word, "1.5" if str(time) == "0" else time] if draw.chance(0.8) else [draw.case(other)]
    return options


# Whole steps, because replacing a word by 0 would be such a race too.
@command("HGETEX", 3)
def _(draw):
    return one(draw.case("HGETEX"), draw.key(), *expiry(draw, "PERSIST"), *fields(draw))


@command("HSETEX", 4)
def _(draw):
    pairs = hashes.pairs(draw)
    count = len(pairs) // 2 if draw.chance(0.95) else draw.choice((0, -1, "x", 3))
    groups = [expiry(draw, "KEEPTTL"), [draw.case("FIELDS"), count, *pairs]]
    if draw.chance(0.4):
        groups.insert(0, [draw.case(draw.choice(("FNX", "FXX", "FXX", "NX"))) for _ in range(draw.choice((1, 1, 1, 2)))])
    if draw.chance(0.1):
        draw.random.shuffle(groups)
    return one(draw.case("HSETEX"), draw.key(), *(word for group in groups for word in group))


@command("OBJECT", 1.5)
def _(draw):
    return ["ENCODING", draw.key()]


for _name in ("COPY", "RENAME"):
    @command(_name, 1)
    def _(draw):
        return [draw.key(), draw.key()]


@command("DEL", 1)
def _(draw):
    return [draw.key()]
