"""Stream commands, on few keys, groups and IDs, so that they meet."""
from ..stream import one
from ..table import Table

TABLE = Table("streams", requires="xadd")
KEYS = ("{s}1", "{s}2", "{s}3")
GROUPS = ("g", "h")
CONSUMERS = ("alice", "bob", "7")
FIELDS = ("a", "b", "17", "field")


def key(draw):
    return draw.choice(KEYS) if draw.chance(0.97) else draw.key()


def group(draw):
    return draw.choice(GROUPS) if draw.chance(0.95) else draw.choice(("", "nobody", "a\x00b"))


def consumer(draw):
    return draw.choice(CONSUMERS)


def small_id(draw):
    roll = draw.random.random()
    if roll < 0.6:
        return f"{draw.random.randint(0, 60)}-{draw.random.randint(0, 3)}"
    if roll < 0.9:
        return str(draw.random.randint(0, 70))
    return draw.choice(("0", "0-0", "18446744073709551615-18446744073709551615", "18446744073709551615", "abc", "-",
                        "+", "1-", "-1", "1-a", "01-02", "5-*", "18446744073709551616-1", "", " 3", "+3", "3- 1"))


def new_id(draw):
    """Mostly above what was there: streams only grow."""
    draw.last_id = getattr(draw, "last_id", 0) + draw.random.randint(0, 2)
    roll = draw.random.random()
    if roll < 0.5:
        return f"{draw.last_id}-{draw.random.randint(0, 3)}"
    if roll < 0.8:
        return f"{draw.last_id}-*"
    if roll < 0.95:
        return f"{draw.last_id}"
    return small_id(draw)


def recent_id(draw):
    if draw.chance(0.3):
        return small_id(draw)
    return f"{max(getattr(draw, 'last_id', 0) - draw.random.randint(-2, 40), 0)}-{draw.random.randint(0, 2)}"


def ids(draw, high=5):
    return [recent_id(draw) for _ in range(draw.random.randint(1, high))]


def range_id(draw, edge):
    roll = draw.random.random()
    if roll < 0.4:
        return edge
    return ("(" if draw.chance(0.3) else "") + recent_id(draw)


def trim(draw):
    words = [draw.case(draw.choice(("MAXLEN", "MINID")))]
    approximate = draw.chance(0.3)
    if approximate:
        words.append("~")
    elif draw.chance(0.4):
        words.append("=")
    words.append(draw.random.randint(0, 120) if words[0].upper() == "MAXLEN" else recent_id(draw))
    if draw.chance(0.15 if not approximate else 0.3):
        words += [draw.case("LIMIT"), draw.choice((0, 1, 5, 100, 1000, -1))]
    return words


def pairs(draw):
    if draw.chance(0.7):
        names = FIELDS[:draw.random.randint(1, 3)]
    else:
        names = [draw.choice(FIELDS) for _ in range(draw.random.randint(1, 5))]
    return [word for name in names for word in (name, draw.value() if draw.chance(0.3) else draw.text(5))]


def xadd(draw, extra=()):
    options = []
    if draw.chance(0.05):
        options.append([draw.case("NOMKSTREAM")])
    if draw.chance(0.15):
        options.append(trim(draw))
    options += extra
    draw.random.shuffle(options)
    words = [key(draw), *(word for option in options for word in option), new_id(draw), *pairs(draw)]
    if draw.chance(0.05):
        del words[draw.random.randrange(len(words))]
    # A finished step, for `*` must not get in: two servers have two clocks.
    return [one(draw.case("XADD"), *words)]


def add_shared(table, moves_groups_back):
    """The commands of all versions; with those that take a group back to entries it has delivered, or without."""
    command = table.command

    @command("XADD", 14)
    def _(draw):
        return xadd(draw)

    @command("XLEN")
    def _(draw):
        return [key(draw)]

    for name, edges in (("XRANGE", "-+"), ("XREVRANGE", "+-")):
        @command(name, 2)
        def _(draw, edges=edges):
            count = [draw.case("COUNT"), draw.random.randint(-1, 20)] if draw.chance(0.4) else []
            return [key(draw), range_id(draw, edges[0]), range_id(draw, edges[1]), *count]

    @command("XDEL", 3)
    def _(draw):
        return [key(draw), *ids(draw)]

    @command("XTRIM", 1)
    def _(draw):
        return [key(draw), *trim(draw)]

    @command("XREAD", 2)
    def _(draw):
        count = [draw.case("COUNT"), draw.random.randint(-1, 10)] if draw.chance(0.5) else []
        keys = [key(draw) for _ in range(draw.random.randint(1, 3))]
        words = [recent_id(draw) if draw.chance(0.9) else draw.choice(("$", ">")) for _ in keys]
        return [*count, draw.case("STREAMS"), *keys, *words]

    @command("XREADGROUP", 8)
    def _(draw):
        options = [[draw.case("GROUP"), group(draw), consumer(draw)]]
        if draw.chance(0.6):
            options.append([draw.case("COUNT"), draw.random.randint(-1, 10)])
        if draw.chance(0.15):
            options.append([draw.case("NOACK")])
        draw.random.shuffle(options)
        word = ">" if draw.chance(0.75) else recent_id(draw) if draw.chance(0.95) else "$"
        return [*(word for option in options for word in option), draw.case("STREAMS"), key(draw), word]

    @command("XGROUP", 2)
    def _(draw):
        what = draw.choice(("CREATE",) * 8 + ("CREATECONSUMER", "DELCONSUMER", "HELP", "NOPE")
                           + (("SETID",) * 3 + ("DESTROY",) if moves_groups_back else ()))
        words = [draw.case(what)]
        if what in ("CREATE", "SETID"):
            words += [key(draw), group(draw), "$" if draw.chance(0.2) else recent_id(draw)]
            if what == "CREATE" and draw.chance(0.6):
                words.append(draw.case("MKSTREAM"))
            if draw.chance(0.2):
                words += [draw.case("ENTRIESREAD"), draw.choice((-2, -1, 0, 3, 10, "x"))]
        elif what in ("CREATECONSUMER", "DELCONSUMER"):
            words += [key(draw), group(draw), consumer(draw)]
        elif what == "DESTROY":
            words += [key(draw), group(draw)]
        return words

    @command("XACK", 4)
    def _(draw):
        return [key(draw), group(draw), *ids(draw)]

    @command("XPENDING", 3)
    def _(draw):
        words = [key(draw), group(draw)]
        if draw.chance(0.7):
            if draw.chance(0.2):
                words += [draw.case("IDLE"), draw.choice((0, 100_000_000, "x"))]
            words += [range_id(draw, "-"), range_id(draw, "+"), draw.random.randint(-1, 20)]
            if draw.chance(0.4):
                words.append(consumer(draw))
        return words

    @command("XCLAIM", 3)
    def _(draw):
        options = []
        if draw.chance(0.3):
            options.append([draw.case("IDLE"), draw.choice((0, 10**7, 10**15, -5, "x"))])
        if draw.chance(0.2):
            options.append([draw.case("TIME"), draw.choice((0, 10**12, 10**15, -5, "x"))])
        if draw.chance(0.3):
            options.append([draw.case("RETRYCOUNT"), draw.choice((0, 3, -1, 10**12))])
        if draw.chance(0.3):
            options.append([draw.case("FORCE")])
        if draw.chance(0.3):
            options.append([draw.case("JUSTID")])
        if draw.chance(0.1):
            options.append([draw.case("LASTID"), recent_id(draw)])
        draw.random.shuffle(options)
        return [key(draw), group(draw), consumer(draw), draw.choice((0, 0, 0, -1, 10**8)), *ids(draw),
                *(word for option in options for word in option)]

    @command("XAUTOCLAIM", 2)
    def _(draw):
        options = []
        if draw.chance(0.5):
            options.append([draw.case("COUNT"), draw.choice((1, 2, 5, 0, -1, "x", 1 << 62))])
        if draw.chance(0.3):
            options.append([draw.case("JUSTID")])
        return [key(draw), group(draw), consumer(draw), draw.choice((0, 0, 0, 10**8)), range_id(draw, "0"),
                *(word for option in options for word in option)]

    @command("XINFO", 3)
    def _(draw):
        what = draw.choice(("STREAM", "STREAM", "GROUPS", "GROUPS", "CONSUMERS", "HELP", "NOPE"))
        words = [draw.case(what)]
        if what == "STREAM":
            words.append(key(draw))
            if draw.chance(0.5):
                words.append(draw.case("FULL"))
                if draw.chance(0.5):
                    words += [draw.case("COUNT"), draw.choice((0, 1, 3, 100, -1, "x"))]
        elif what == "GROUPS":
            words.append(key(draw))
        elif what == "CONSUMERS":
            words += [key(draw), group(draw)]
        return words

    @command("XSETID", 0.3)
    def _(draw):
        words = [key(draw), new_id(draw)]
        if draw.chance(0.3):
            words += [draw.case("ENTRIESADDED"), draw.random.randint(-1, 2000)]
        if draw.chance(0.3):
            words += [draw.case("MAXDELETEDID"), recent_id(draw)]
        return words

    @command("DEL", 0.1)
    def _(draw):
        return [key(draw)]

    @command("COPY", 0.2)
    def _(draw):
        return [key(draw), key(draw), "REPLACE"]


add_shared(TABLE, moves_groups_back=True)

NEWER = Table("streams8", requires="xdelex")
# Redis 8.2.3 takes entries for undelivered that a group was taken back to once, or that a group destroyed since lacked.
add_shared(NEWER, moves_groups_back=False)


def references(draw):
    return [draw.case(draw.choice(("KEEPREF", "DELREF", "ACKED")))]


@NEWER.command("XADD", 4)
def _(draw):
    return xadd(draw, [references(draw)])


@NEWER.command("XTRIM", 2)
def _(draw):
    options = [references(draw), trim(draw)]
    draw.random.shuffle(options)
    return [key(draw), *(word for option in options for word in option)]


def id_block(draw):
    words = ids(draw)
    return [draw.case("IDS"), len(words) if draw.chance(0.95) else draw.choice((0, -1, "x", 9, 1)), *words]


@NEWER.command("XDELEX", 4)
def _(draw):
    return [key(draw), *(references(draw) if draw.chance(0.7) else []), *id_block(draw)]


@NEWER.command("XACKDEL", 4)
def _(draw):
    return [key(draw), group(draw), *(references(draw) if draw.chance(0.7) else []), *id_block(draw)]


@NEWER.command("XREAD", 1)
def _(draw):
    return ["STREAMS", key(draw), "+"]

