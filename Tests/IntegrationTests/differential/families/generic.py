"""Commands on keys of any type."""
from ..draw import KEYS
from ..stream import one
from ..table import FullScan, Table, Transfer

TABLE = Table("generic")
command = TABLE.command


def touch_all():
    """Reading every key removes those whose time is over, so that counts of keys compare."""
    return one("EXISTS", *KEYS)


for _name in ("DEL", "UNLINK", "EXISTS", "TOUCH"):
    @command(_name)
    def _(draw):
        return draw.keys(1, 3)


@command("TYPE")
def _(draw):
    return [draw.key()]


for _name in ("RENAME", "RENAMENX"):
    @command(_name, 1.5)
    def _(draw):
        return [draw.key(), draw.key()]


@command("COPY", 2)
def _(draw):
    options = []
    if draw.chance(0.5):
        options.append([draw.case("REPLACE")])
    if draw.chance(0.3):
        options.append([draw.case("DB"), draw.database()])
    draw.random.shuffle(options)
    return [draw.key(), draw.key(), *(word for option in options for word in option)]


@command("MOVE")
def _(draw):
    return [draw.key(), draw.database()]


@command("SWAPDB", 0.3)
def _(draw):
    return [draw.database(), draw.database()]


@command("SELECT", 0.6)
def _(draw):
    return [draw.database()]


@command("OBJECT", 3)
def _(draw):
    if draw.chance(0.9):
        return [draw.case(draw.choice(("ENCODING", "ENCODING", "ENCODING", "FREQ", "IDLETIME"))), draw.key()]
    return [draw.choice(("HELP", "REFCOUNT", "NOTHING", "ENCODING"))]


@command("DUMP", 1)
def _(draw):
    return Transfer(draw.key(), draw.key(), draw.chance(0.5))


@command("RESTORE", 0.7, sets_time=True)
def _(draw):
    """Payloads that must be refused: torn, bad checksum, nothing."""
    garbage = draw.choice((b"", b"\x00\x01a\n\x00", draw.random.randbytes(draw.random.randint(1, 40))))
    options = draw.choice(([], ["REPLACE"], ["ABSTTL"], ["IDLETIME", "-1"], ["FREQ", "256"], ["WHAT"],
                           ["IDLETIME", "5", "FREQ", "5"], ["FREQ"]))
    return [draw.key(), draw.choice((0, 0, -1, "x")), garbage, *options]


def sort_arguments(draw):
    """SORT on missing keys and on keys of the wrong type; the options are checked all the same."""
    options = []
    if draw.chance(0.3):
        options.append([draw.case("BY"), draw.choice(("nosort", "w_*", "h_*->f"))])
    if draw.chance(0.3):
        options.append([draw.case("LIMIT"), draw.index(), draw.index()])
    if draw.chance(0.2):
        options.append([draw.case("GET"), draw.choice(("#", "k*", "h_*->f"))])
    for word in ("ASC", "DESC", "ALPHA"):
        if draw.chance(0.2):
            options.append([draw.case(word)])
    draw.random.shuffle(options)
    return [draw.key(), *(word for option in options for word in option)]


@command("SORT", 1)
def _(draw):
    store = [draw.case("STORE"), draw.key()] if draw.chance(0.3) else []
    return [*sort_arguments(draw), *store]


@command("SORT_RO", 0.7)
def _(draw):
    store = [draw.case("STORE"), draw.key()] if draw.chance(0.1) else []
    return [*sort_arguments(draw), *store]


@command("RANDOMKEY", 0.3)
def _(draw):
    return [touch_all(), one("RANDOMKEY")]


@command("KEYS", 0.7)
def _(draw):
    return [draw.pattern()]


@command("SCAN", 0.7)
def _(draw):
    options = []
    if draw.chance(0.5):
        options.append([draw.case("MATCH"), draw.pattern()])
    if draw.chance(0.4):
        options.append([draw.case("COUNT"), draw.choice((1, 2, 10, 1000))])
    if draw.chance(0.3):
        options.append([draw.case("TYPE"), draw.choice(("string", "STRING", "list", "hash", "zset", "set", "stream"))])
    draw.random.shuffle(options)
    return FullScan(tuple(word for option in options for word in option))


@command("SCAN", 0.5)
def _(draw):
    """Calls that must fail whatever the keys are."""
    return [one("SCAN", *draw.choice((("x",), ("0", "COUNT"), ("0", "COUNT", "0"), ("0", "COUNT", "x"),
                                      ("0", "MATCH"), ("0", "WHAT"), (), ("18446744073709551616",), (" 0",),
                                      ("0", "COUNT", "-5"), ("0", "MATCH", "*", "COUNT"))))]


@command("DBSIZE", 0.7)
def _(draw):
    return [touch_all(), one("DBSIZE")]


@command("FLUSHALL", 0.05)
def _(draw):
    return draw.choice(([], ["ASYNC"], ["SYNC"], ["sync"]))


@command("FLUSHDB", 0.15)
def _(draw):
    return draw.choice(([], ["ASYNC"], ["SYNC"], ["LATER"]))
