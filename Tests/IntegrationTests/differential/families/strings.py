"""String commands."""
from ..table import Table

TABLE = Table("strings")
command = TABLE.command


def set_time_option(draw):
    """EX, PX, EXAT or PXAT with a time far away; now and then one that is refused or past."""
    word, make = draw.choice((("EX", draw.seconds), ("PX", draw.milliseconds), ("EXAT", draw.unix_seconds),
                              ("PXAT", draw.unix_milliseconds)))
    return [draw.case(word), draw.bad_time() if draw.chance(0.1) else make()]


@command("SET", 8, sets_time=True)
def _(draw):
    options = []
    if draw.chance(0.25):
        options.append([draw.case(draw.choice(("NX", "XX")))])
    if draw.chance(0.2):
        options.append([draw.case("GET")])
    if draw.chance(0.25):
        options.append(set_time_option(draw))
    if draw.chance(0.15):
        options.append([draw.case("KEEPTTL")])
    if draw.chance(0.02):
        options.append([draw.case(draw.choice(("NX", "XX", "PERSIST")))])
    draw.random.shuffle(options)
    return [draw.key(), draw.value(), *(word for option in options for word in option)]


@command("GET", 5)
def _(draw):
    return [draw.key()]


@command("GETEX", 2, sets_time=True)
def _(draw):
    options = draw.choice(([], [draw.case("PERSIST")], set_time_option(draw), set_time_option(draw),
                           ["PERSIST", *set_time_option(draw)]))
    return [draw.key(), *options]


@command("GETDEL")
def _(draw):
    return [draw.key()]


@command("GETSET")
def _(draw):
    return [draw.key(), draw.value()]


@command("GETRANGE", 2)
def _(draw):
    return [draw.key(), draw.index(), draw.index()]


@command("SUBSTR", 0.5)
def _(draw):
    return [draw.key(), draw.index(), draw.index()]


@command("SETRANGE", 2)
def _(draw):
    return [draw.key(), draw.byte_offset(), draw.text(draw.random.randint(0, 30))]


@command("APPEND", 2)
def _(draw):
    return [draw.key(), draw.text(draw.random.randint(0, 50)) if draw.chance(0.6) else draw.integer()]


@command("STRLEN")
def _(draw):
    return [draw.key()]


for _name in ("INCR", "DECR"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key()]

for _name in ("INCRBY", "DECRBY"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key(), draw.integer()]


@command("INCRBYFLOAT", 2)
def _(draw):
    return [draw.key(), draw.real() if draw.chance(0.8) else draw.integer()]


def pairs(draw):
    return [word for key in draw.keys(1, 5) for word in (key, draw.value())]


@command("MSET", 2)
def _(draw):
    return pairs(draw)


@command("MSETNX")
def _(draw):
    return pairs(draw)


@command("MGET", 2)
def _(draw):
    return draw.keys(1, 8)


@command("SETNX")
def _(draw):
    return [draw.key(), draw.value()]


@command("SETEX", sets_time=True)
def _(draw):
    return [draw.key(), draw.bad_time() if draw.chance(0.15) else draw.seconds(), draw.value()]


@command("PSETEX", sets_time=True)
def _(draw):
    return [draw.key(), draw.bad_time() if draw.chance(0.15) else draw.milliseconds(), draw.value()]


@command("LCS", 1.5)
def _(draw):
    options = []
    if draw.chance(0.5):
        options.append([draw.case("IDX")])
    if draw.chance(0.2):
        options.append([draw.case("LEN")])
    if draw.chance(0.3):
        options.append([draw.case("MINMATCHLEN"), draw.random.randint(-2, 6)])
    if draw.chance(0.3):
        options.append([draw.case("WITHMATCHLEN")])
    draw.random.shuffle(options)
    return [draw.key(), draw.key(), *(word for option in options for word in option)]
