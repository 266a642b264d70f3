"""Sorted-set commands, over few keys, so that small and large ones arise, meet and vanish."""
from ..table import Step, Table

TABLE = Table("sortedsets", requires="zadd")
command = TABLE.command

KEYS = ["{a}s1", "{a}s2", "{a}s3", "{b}s1", "s1", "s2", "s3"]

# All scores are 0 here: what a range of names finds otherwise is nobody's promise.
NAMED = ["{a}n1", "{a}n2", "n3"]


def named_key(draw):
    return draw.choice(NAMED)


def key(draw):
    return draw.choice(KEYS) if draw.chance(0.93) else draw.key()


def keys(draw, low=1, high=3):
    return [key(draw) for _ in range(draw.random.randint(low, high))]


def member(draw):
    roll = draw.random.random()
    if roll < 0.8:
        return f"m{draw.random.randint(0, 250)}"
    if roll < 0.95:
        return str(draw.random.randint(-20, 300))
    return draw.choice(("", "x" * 64, "x" * 65, "x" * 200, "ключ", "a", "b", "-1", "007", "9223372036854775808"))


def score(draw):
    """Halves and integers only: others are printed otherwise by older servers."""
    roll = draw.random.random()
    if roll < 0.9:
        return draw.random.randint(-40, 40) / draw.choice((1, 1, 1, 2, 4))
    if roll < 0.97:
        return draw.choice(("inf", "-inf", "+inf", "1e17", "4503599627370497", "3e20", "0x10", "1e3", 70000, 5000000000))
    return draw.choice(("nan", "x", "", " 1", "1 ", "1e999", "infinit"))


def bound(draw):
    roll = draw.random.random()
    if roll < 0.9:
        return draw.choice(("", "", "(")) + str(draw.random.randint(-45, 45) / draw.choice((1, 1, 2)))
    return draw.choice(("-inf", "+inf", "(inf", "(-inf", "nan", "x", "(", "((1", ""))


def name_bound(draw):
    if draw.chance(0.75):
        return draw.choice("[(") + str(member(draw))
    return draw.choice(("-", "+", "-", "+", "m", "", "[", "(", "-x", "+x"))


def rank(draw):
    return draw.index() if draw.chance(0.95) else draw.choice(("x", "1.5", "", "9223372036854775808"))


def count(draw):
    return draw.random.randint(-1, 12) if draw.chance(0.93) else draw.choice(("x", "", "9223372036854775808", "1.5"))


def limit(draw):
    return [draw.case("LIMIT"), draw.random.randint(-1, 8), count(draw)] if draw.chance(0.4) else []


def sometimes(draw, word, probability=0.4):
    return [draw.case(word)] if draw.chance(probability) else []


@command("ZADD", 8)
def _(draw):
    words = [key(draw)]
    for option in ("NX", "XX", "GT", "LT", "CH", "INCR"):
        words += sometimes(draw, option, 0.07)
    for _ in range(draw.choice((1, 1, 2, 5, 40, 140))):
        words += [score(draw), member(draw)]
    return words if draw.chance(0.98) else words[:-1]


@command("ZADD", 2)
def _(draw):
    """A set of names, new each time: no other command gives its members scores."""
    name = named_key(draw)
    words = ["ZADD", name]
    for _ in range(draw.choice((1, 10, 60, 140))):
        words += [0, member(draw)]
    return [Step((("DEL", name),), 1), Step((tuple(words),), 1)]


@command("ZINCRBY", 2)
def _(draw):
    return [key(draw), score(draw), member(draw)]


@command("ZREM", 2)
def _(draw):
    return [key(draw), *(member(draw) for _ in range(draw.choice((1, 2, 20))))]


@command("ZCARD")
def _(draw):
    return [key(draw)]


@command("ZSCORE")
def _(draw):
    return [key(draw), member(draw)]


@command("ZMSCORE")
def _(draw):
    return [key(draw), *(member(draw) for _ in range(draw.random.randint(1, 5)))]


@command("ZRANK")
def _(draw):
    return [key(draw), member(draw)]


@command("ZREVRANK")
def _(draw):
    return [key(draw), member(draw)]


@command("ZCOUNT")
def _(draw):
    return [key(draw), bound(draw), bound(draw)]


@command("ZLEXCOUNT")
def _(draw):
    return [named_key(draw), name_bound(draw), name_bound(draw)]


def range_words(draw, kind):
    bounds = {"BYSCORE": bound, "BYLEX": name_bound, None: rank}[kind]
    words = [[draw.case(kind)] if kind else [], sometimes(draw, "REV"), limit(draw) if kind or draw.chance(0.1) else []]
    draw.random.shuffle(words)
    return [bounds(draw), bounds(draw), *sum(words, [])]


@command("ZRANGE", 4)
def _(draw):
    kind = draw.choice(("BYSCORE", "BYLEX", None))
    name = named_key(draw) if kind == "BYLEX" else key(draw)
    return [name, *range_words(draw, kind), *sometimes(draw, "WITHSCORES")]


@command("ZRANGESTORE")
def _(draw):
    kind = draw.choice(("BYSCORE", "BYLEX", None))
    name = named_key(draw) if kind == "BYLEX" else key(draw)
    return [key(draw), name, *range_words(draw, kind), *sometimes(draw, "WITHSCORES", 0.03)]


@command("ZREVRANGE")
def _(draw):
    return [key(draw), rank(draw), rank(draw), *sometimes(draw, "WITHSCORES"), *sometimes(draw, "REV", 0.03)]


for _name in ("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"):
    @command(_name)
    def _(draw):
        return [key(draw), bound(draw), bound(draw), *sometimes(draw, "WITHSCORES"), *limit(draw)]

for _name in ("ZRANGEBYLEX", "ZREVRANGEBYLEX"):
    @command(_name)
    def _(draw):
        return [named_key(draw), name_bound(draw), name_bound(draw), *limit(draw), *sometimes(draw, "WITHSCORES", 0.03)]


@command("ZREMRANGEBYRANK", 0.4)
def _(draw):
    start = draw.random.randint(-30, 30)
    return [key(draw), start, start + draw.random.randint(-2, 10)] if draw.chance(0.8) else [key(draw), rank(draw), rank(draw)]


@command("ZREMRANGEBYSCORE", 0.4)
def _(draw):
    return [key(draw), bound(draw), bound(draw)]


@command("ZREMRANGEBYLEX", 0.2)
def _(draw):
    return [named_key(draw), name_bound(draw), name_bound(draw)]


for _name in ("ZPOPMIN", "ZPOPMAX"):
    @command(_name)
    def _(draw):
        return [key(draw)] + ([count(draw)] if draw.chance(0.6) else [])


@command("ZMPOP")
def _(draw):
    names = keys(draw)
    numkeys = len(names) if draw.chance(0.93) else draw.choice((0, -1, 5, "x"))
    return [numkeys, *names, draw.case(draw.choice(("MIN", "MAX"))), *([draw.case("COUNT"), count(draw)] if draw.chance(0.5) else [])]


def combination(draw, aggregates=True, scores=True):
    names = keys(draw)
    words = [len(names) if draw.chance(0.95) else draw.choice((0, -1, 5, "x")), *names]
    if draw.chance(0.3 if aggregates else 0.02):
        words += [draw.case("WEIGHTS"), *(score(draw) for _ in names)]
    if draw.chance(0.3 if aggregates else 0.02):
        words += [draw.case("AGGREGATE"), draw.case(draw.choice(("SUM", "MIN", "MAX", "AVG")))]
    return words + sometimes(draw, "WITHSCORES", 0.5 if scores else 0.02)


@command("ZUNION")
def _(draw):
    return combination(draw)


@command("ZINTER")
def _(draw):
    return combination(draw)


@command("ZDIFF")
def _(draw):
    return combination(draw, aggregates=False)


@command("ZUNIONSTORE", 0.5)
def _(draw):
    return [key(draw), *combination(draw, scores=False)]


@command("ZINTERSTORE", 0.5)
def _(draw):
    return [key(draw), *combination(draw, scores=False)]


@command("ZDIFFSTORE", 0.5)
def _(draw):
    return [key(draw), *combination(draw, aggregates=False, scores=False)]


@command("ZINTERCARD")
def _(draw):
    names = keys(draw)
    return [len(names), *names, *([draw.case("LIMIT"), count(draw)] if draw.chance(0.5) else [])]


@command("ZRANDMEMBER")
def _(draw):
    return [key(draw)] + ([count(draw), *sometimes(draw, "WITHSCORES")] if draw.chance(0.8) else [])


@command("ZSCAN")
def _(draw):
    words = [key(draw), 0, *([draw.case("COUNT"), 1000000] if draw.chance(0.97) else [draw.case("COUNT"), draw.choice((0, -1, "x"))])]
    return words + ([draw.case("MATCH"), draw.choice(("m1*", "*", "?", "m[1-3]?"))] if draw.chance(0.4) else [])


@command("OBJECT", 0.5)
def _(draw):
    return ["ENCODING", key(draw)]


@command("DEL", 0.15)
def _(draw):
    return [key(draw)]
