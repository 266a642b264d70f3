"""Commands that set, read and remove times to live."""
from ..table import Table

TABLE = Table("expiry")
command = TABLE.command


def conditions(draw):
    if draw.chance(0.5):
        return []
    return [draw.case(draw.choice(("NX", "XX", "GT", "LT", "GT", "LT"))) for _ in range(draw.choice((1, 1, 1, 2)))]


for _name, _unit in (("EXPIRE", "seconds"), ("PEXPIRE", "milliseconds"), ("EXPIREAT", "unix_seconds"),
                     ("PEXPIREAT", "unix_milliseconds")):
    @command(_name, 1.5, sets_time=True)
    def _(draw, unit=_unit):
        time = draw.bad_time() if draw.chance(0.12) else getattr(draw, unit)()
        return [draw.key(), time, *conditions(draw)]

for _name in ("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "PERSIST"):
    @command(_name)
    def _(draw):
        return [draw.key()]
