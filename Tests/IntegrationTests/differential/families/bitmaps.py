"""Bitmap commands."""
from ..table import Table

TABLE = Table("bitmaps")
command = TABLE.command


@command("SETBIT", 3)
def _(draw):
    return [draw.key(), draw.bit_offset(), draw.choice((0, 1, 1, 2)) if draw.chance(0.95) else "x"]


@command("GETBIT", 2)
def _(draw):
    return [draw.key(), draw.bit_offset()]


def bit_range(draw):
    """Nothing, a start, both ends, or both ends and a unit."""
    words = [draw.index(), draw.index(), draw.case(draw.choice(("BIT", "BYTE", "BITS")))]
    return words[:draw.choice((0, 1, 2, 2, 3, 3))]


@command("BITCOUNT", 3)
def _(draw):
    return [draw.key(), *bit_range(draw)]


@command("BITPOS", 3)
def _(draw):
    return [draw.key(), draw.choice((0, 1, 0, 1, 0, 1, 2, "x")), *bit_range(draw)]


@command("BITOP", 3)
def _(draw):
    return [draw.case(draw.choice(("AND", "OR", "XOR", "NOT", "NOT", "NAND"))), draw.key(), *draw.keys(1, 4)]


def field_type(draw):
    if draw.chance(0.93):
        return draw.choice("ui") + str(draw.choice((1, 2, 3, 5, 7, 8, 9, 16, 31, 32, 33, 63)))
    return draw.choice(("u64", "i64", "i65", "u0", "i", "x8", "u08", "u-1", ""))


def field_offset(draw):
    roll = draw.random.random()
    if roll < 0.6:
        return draw.random.randint(0, 600)
    if roll < 0.9:
        return f"#{draw.random.randint(0, 40)}"
    return draw.choice(("-1", "#", "#-1", "x", "4294967296", "#9223372036854775807", ""))


def field_operations(draw, low, high, words):
    operations = []
    for _ in range(draw.random.randint(low, high)):
        word = draw.choice(words)
        if word == "OVERFLOW":
            operations += [draw.case(word), draw.case(draw.choice(("WRAP", "SAT", "FAIL", "FAIL", "NONE")))]
            continue
        operations += [draw.case(word), field_type(draw), field_offset(draw)]
        if word in ("SET", "INCRBY"):
            operations.append(draw.integer())
    return operations


@command("BITFIELD", 4)
def _(draw):
    return [draw.key(), *field_operations(draw, 0, 5, ("GET", "SET", "INCRBY", "INCRBY", "OVERFLOW"))]


@command("BITFIELD_RO", 1.5)
def _(draw):
    return [draw.key(), *field_operations(draw, 0, 4, ("GET", "GET", "GET", "GET", "OVERFLOW", "SET"))]
