"""Commands and options that Redis 7.0 lacks; each is compared with a server that has it."""
from ..table import Table
from . import strings

REDIS_8 = Table("redis8")
VALKEY_9 = Table("valkey9")


def _seed_values(table):
    @table.command("SET", 4)
    def _(draw):
        return [draw.key(), draw.value() if draw.chance(0.5) else draw.choice(("a", "b", "10"))]

    @table.command("GET", 2)
    def _(draw):
        return [draw.key()]

    @table.command("DEL", 0.5)
    def _(draw):
        return draw.keys()


_seed_values(REDIS_8)
_seed_values(VALKEY_9)


@REDIS_8.command("BITOP", 5)
def _(draw):
    return [draw.case(draw.choice(("DIFF", "DIFF1", "ANDOR", "ONE", "ONE"))), draw.key(), *draw.keys(1, 4)]


@VALKEY_9.command("SET", 4, sets_time=True)
def _(draw):
    """SET … IFEQ with the other options around it, valid and not."""
    options = [[draw.case("IFEQ"), draw.choice(("a", "b", "10", ""))]]
    if draw.chance(0.3):
        options.append([draw.case("GET")])
    if draw.chance(0.2):
        options.append(strings.set_time_option(draw))
    if draw.chance(0.1):
        options.append([draw.case("KEEPTTL")])
    if draw.chance(0.1):
        options.append([draw.case(draw.choice(("NX", "XX")))])
    draw.random.shuffle(options)
    return [draw.key(), draw.choice(("a", "b", "10")), *(word for option in options for word in option)]


@VALKEY_9.command("DELIFEQ", 3)
def _(draw):
    return [draw.key(), draw.choice(("a", "b", "10"))]
