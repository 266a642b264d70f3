"""Sorted-set commands."""
from ..table import Table

TABLE = Table("sortedsets", requires="zadd")
command = TABLE.command


def score(draw):
    if draw.chance(0.96):
        return draw.choice((0, 1, 2, 3, -1, 1.5, 2.25, -0.5, 100, 1e6, "inf", "-inf", draw.random.randint(-9, 9)))
    return draw.choice(("x", "nan", "", "1e999"))


def member(draw):
    return draw.choice(("a", "b", "c", "d", "e", "f", "10", "-3", "x" * 65, draw.text(3)))


def score_bound(draw):
    return draw.choice(("", "", "(")) + str(draw.choice((0, 1, 2, -1, 1.5, "+inf", "-inf", "inf", 3, "x", 5)))


def lex_bound(draw):
    return draw.choice(("-", "+", "[a", "(b", "[c", "(d", "[e", "[", "(", "z", "[x", "[10"))


def rank(draw):
    return draw.choice((0, 1, 2, 3, -1, -2, -3, 5, 100, -100, "x"))


def pairs(draw, low=1, high=4):
    return [word for _ in range(draw.random.randint(low, high)) for word in (score(draw), member(draw))]


@command("ZADD", 12)
def _(draw):
    options = [draw.case(word) for word in ("NX", "XX", "GT", "LT", "CH", "INCR") if draw.chance(0.12)]
    words = pairs(draw, 1, 1 if "INCR" in map(str.upper, options) else 4)
    return [draw.key(), *options, *(words[:-1] if draw.chance(0.02) else words)]


@command("ZINCRBY", 2)
def _(draw):
    return [draw.key(), score(draw), member(draw)]


for name in ("ZREM", "ZMSCORE"):
    @command(name, 2)
    def _(draw):
        return [draw.key(), *(member(draw) for _ in range(draw.random.randint(1, 3)))]

for name in ("ZSCORE", "ZRANK", "ZREVRANK"):
    @command(name, 1.5)
    def _(draw):
        return [draw.key(), member(draw)]


@command("ZCARD", 1)
def _(draw):
    return [draw.key()]


def limit(draw):
    return [draw.case("LIMIT"), draw.choice((0, 1, 2, -1, 5)), draw.choice((-1, 0, 1, 2, 10))] if draw.chance(0.4) else []


def with_scores(draw):
    return [draw.case("WITHSCORES")] if draw.chance(0.4) else []


def request(draw, start):
    kind = draw.choice(("rank", "BYSCORE", "BYLEX"))
    bound = {"rank": rank, "BYSCORE": score_bound, "BYLEX": lex_bound}[kind]
    words = [*start, bound(draw), bound(draw)]
    if kind != "rank":
        words += [draw.case(kind), *limit(draw)]
    if draw.chance(0.4):
        words.append(draw.case("REV"))
    return words


@command("ZRANGE", 6)
def _(draw):
    return request(draw, [draw.key()]) + with_scores(draw)


@command("ZRANGESTORE", 2)
def _(draw):
    return request(draw, [draw.key(), draw.key()])


@command("ZREVRANGE", 1)
def _(draw):
    return [draw.key(), rank(draw), rank(draw), *with_scores(draw)]


for name in ("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"):
    @command(name, 1.5)
    def _(draw):
        return [draw.key(), score_bound(draw), score_bound(draw), *with_scores(draw), *limit(draw)]

for name in ("ZRANGEBYLEX", "ZREVRANGEBYLEX"):
    @command(name, 1.5)
    def _(draw):
        return [draw.key(), lex_bound(draw), lex_bound(draw), *limit(draw)]

for name, bound, weight in (
    ("ZCOUNT", score_bound, 1), ("ZLEXCOUNT", lex_bound, 1), ("ZREMRANGEBYSCORE", score_bound, 0.4),
    ("ZREMRANGEBYLEX", lex_bound, 0.4), ("ZREMRANGEBYRANK", rank, 0.4),
):
    @command(name, weight)
    def _(draw, bound=bound):
        return [draw.key(), bound(draw), bound(draw)]

for name in ("ZPOPMIN", "ZPOPMAX"):
    @command(name, 0.8)
    def _(draw):
        return [draw.key(), *([draw.choice((0, 1, 2, 5, -1, "x"))] if draw.chance(0.5) else [])]


@command("ZMPOP", 1)
def _(draw):
    keys = draw.keys(1, 3)
    return [len(keys) if draw.chance(0.95) else draw.choice((0, -1, 9, "x")), *keys,
            draw.case(draw.choice(("MIN", "MAX"))),
            *([draw.case("COUNT"), draw.choice((1, 2, 3, 0))] if draw.chance(0.4) else [])]


def inputs(draw):
    keys = draw.keys(1, 3)
    return keys, [len(keys) if draw.chance(0.95) else draw.choice((0, -1, 9, "x")), *keys]


def weighting(draw, keys):
    words = []
    if draw.chance(0.3):
        words += [draw.case("WEIGHTS"), *(draw.choice((1, 2, -1, 0.5, 0, "inf", "x" if draw.chance(0.1) else 3)) for _ in keys)]
    if draw.chance(0.3):
        words += [draw.case("AGGREGATE"), draw.case(draw.choice(("SUM", "MIN", "MAX", "AVG" if draw.chance(0.1) else "SUM")))]
    return words


for name in ("ZUNION", "ZINTER"):
    @command(name, 1.5)
    def _(draw):
        keys, words = inputs(draw)
        return [*words, *weighting(draw, keys), *with_scores(draw)]

    @command(name + "STORE", 1)
    def _(draw):
        keys, words = inputs(draw)
        return [draw.key(), *words, *weighting(draw, keys)]


@command("ZDIFF", 1)
def _(draw):
    return [*inputs(draw)[1], *with_scores(draw)]


@command("ZDIFFSTORE", 0.8)
def _(draw):
    return [draw.key(), *inputs(draw)[1]]


@command("ZINTERCARD", 1)
def _(draw):
    return [*inputs(draw)[1], *([draw.case("LIMIT"), draw.choice((0, 1, 2, -1, "x"))] if draw.chance(0.3) else [])]
