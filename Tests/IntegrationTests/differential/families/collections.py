"""Just enough of the other types to meet WRONGTYPE and to rename, copy, sort and dump them.

Takes part as soon as both servers know these types. The commands of each type belong in a file of its own.
"""
from ..table import Table

TABLE = Table("collections", requires="hset")
command = TABLE.command


@command("RPUSH", 0.8)
def _(draw):
    return [draw.key(), *(draw.random.randint(0, 99) for _ in range(draw.random.randint(1, 5)))]


@command("SADD", 0.5)
def _(draw):
    return [draw.key(), *(draw.random.randint(0, 99) for _ in range(draw.random.randint(1, 5)))]


@command("HSET", 0.5)
def _(draw):
    return [draw.key(), draw.text(3), draw.value()]


@command("ZADD", 0.5)
def _(draw):
    return [draw.key(), draw.random.randint(0, 99), draw.text(3)]
