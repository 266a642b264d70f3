"""Commands about the connection itself, and commands that do not exist."""
from ..stream import one
from ..table import Step, Table

TABLE = Table("connection")
command = TABLE.command


@command("PING", 0.7)
def _(draw):
    return [] if draw.chance(0.5) else [draw.value()]


@command("ECHO", 0.7)
def _(draw):
    return [draw.value()]


@command("HELLO", 0.5)
def _(draw):
    return draw.choice(([], ["2"], ["3"], ["3"], ["4"], ["1"], ["x"], ["3", "SETNAME", "n"], ["2", "SETNAME", "a b"],
                        ["3", "AUTH", "default"], ["3", "WHAT"], ["3", "SETNAME"], ["-1"], ["3.0"]))


@command("RESET", 0.15)
def _(draw):
    return []


@command("CLIENT", 1)
def _(draw):
    """Never spoiled: CLIENT PAUSE and CLIENT REPLY with a chance argument would stop the stream."""
    return [one(draw.case("CLIENT"), *draw.choice((
        ["SETNAME", draw.text(5)], ["SETNAME", "name"], ["SETNAME", ""], ["SETNAME", "bad\nname"], ["GETNAME"],
        ["GETNAME"], ["NO-EVICT", "ON"], ["NO-EVICT", "off"], ["NO-EVICT", "maybe"], ["REPLY", "maybe"],
        ["REPLY", "ON"], ["KILL", "0.0.0.0:1"], ["KILL", "ID", "x"], ["KILL", "ID", "999999999"],
        ["KILL", "TYPE", "nobody"], ["KILL", "SKIPME", "perhaps"], ["UNBLOCK", "999999999"], ["UNBLOCK", "x"],
        ["UNBLOCK", "999999999", "LATER"], ["LIST", "TYPE", "nobody"], ["LIST", "ID", "x"], ["LIST", "WHAT"],
        ["PAUSE", "x"], ["PAUSE", "-1"], ["PAUSE", "1", "NOBODY"], ["UNPAUSE"], ["NOTHING"], [],
        ["ID", "extra"], ["INFO", "extra"], ["GETNAME", "extra"], ["REPLY"], ["SETNAME"])))]


@command("CLIENT REPLY", 0.3)
def _(draw):
    """Silence for one command, or for several until it is lifted."""
    inner = [("SET", draw.key(), draw.value()) for _ in range(draw.random.randint(1, 4))] + [("GET",)]
    if draw.chance(0.5):
        return [Step((("CLIENT", "REPLY", "SKIP"), inner[0]), 0), one("GET", inner[0][1])]
    return [Step((("CLIENT", "REPLY", "OFF"), *inner, ("CLIENT", "REPLY", "ON")), 1)]


@command("unknown", 1)
def _(draw):
    name = draw.choice(("FOO", "foo", "SE", "GETT", "", "é", "get ", "F\r\nO", "x" * 200, "HGETT", "|", "%s", "config|x"))
    return [one(name, *(draw.value() for _ in range(draw.random.randint(0, 6))))]


@command("unknown subcommand", 0.5)
def _(draw):
    return [one(draw.choice(("OBJECT", "CONFIG", "COMMAND", "CLIENT")), draw.choice(("NOTHING", "", "a\r\nb", "get|x")),
                *draw.keys(0, 2))]


@command("AUTH", 0.2)
def _(draw):
    return draw.choice((["password"], ["nobody", "password"], ["a", "b", "c"], []))
