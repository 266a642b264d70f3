"""Geospatial commands, over few keys and places from all over the map."""
from ..table import Table

TABLE = Table("geo", requires="geoadd")
command = TABLE.command

KEYS = ["{a}g1", "{a}g2", "g3"]


def key(draw):
    return draw.choice(KEYS) if draw.chance(0.95) else draw.key()


def member(draw):
    return f"p{draw.random.randint(0, 120)}"


def place(draw):
    roll = draw.random.random()
    if roll < 0.6:
        return [round(draw.random.uniform(10, 20), 6), round(draw.random.uniform(35, 45), 6)]
    if roll < 0.95:
        return [round(draw.random.uniform(-180, 180), 6), round(draw.random.uniform(-85.05, 85.05), 6)]
    # The edges; no place twice, since nobody promises the order of members at one distance.
    if draw.chance(0.5):
        return [draw.choice((180, -180)), round(draw.random.uniform(-80, 80), 6)]
    return draw.choice(((181, 0), (0, 86), ("x", 1), (1, "x"), ("nan", 1)))


def unit(draw):
    return draw.case(draw.choice(("m", "km", "km", "km", "ft", "mi"))) if draw.chance(0.97) else draw.choice(("cm", "", "k"))


def size(draw):
    roll = draw.random.random()
    if roll < 0.95:
        return draw.choice((1, 50, 200, 500.5, 1000, 3000, 9000, 25000))
    return draw.choice((0, -1, "x", "1e6"))


def options(draw, replies=True):
    words = []
    if draw.chance(0.5):
        words.append([draw.case(draw.choice(("ASC", "DESC")))])
    if draw.chance(0.4):
        number = draw.random.randint(0, 9) if draw.chance(0.95) else "x"
        words.append([draw.case("COUNT"), number, *([draw.case("ANY")] if draw.chance(0.3) else [])])
    for word in ("WITHDIST", "WITHHASH", "WITHCOORD"):
        if draw.chance(0.3 if replies else 0.02):
            words.append([draw.case(word)])
    draw.random.shuffle(words)
    return sum(words, [])


@command("GEOADD", 8)
def _(draw):
    words = [key(draw), *draw.choice(([], [], [], ["NX"], ["XX"], ["CH"], ["XX", "CH"], ["NX", "XX"]))]
    for _ in range(draw.choice((1, 2, 10, 60))):
        words += [*place(draw), member(draw)]
    return words


@command("GEODIST", 2)
def _(draw):
    return [key(draw), member(draw), member(draw), *([unit(draw)] if draw.chance(0.6) else [])]


@command("GEOHASH")
def _(draw):
    return [key(draw), *(member(draw) for _ in range(draw.random.randint(0, 4)))]


@command("GEOPOS")
def _(draw):
    return [key(draw), *(member(draw) for _ in range(draw.random.randint(0, 4)))]


def search(draw):
    centre = [draw.case("FROMMEMBER"), member(draw)] if draw.chance(0.5) else [draw.case("FROMLONLAT"), *place(draw)]
    shape = [draw.case("BYRADIUS"), size(draw), unit(draw)] if draw.chance(0.5) else \
        [draw.case("BYBOX"), size(draw), size(draw), unit(draw)]
    return draw.choice((centre + shape, centre + shape, shape + centre, centre + centre, shape + shape)) \
        if draw.chance(0.2) else centre + shape


@command("GEOSEARCH", 6)
def _(draw):
    return [key(draw), *search(draw), *options(draw)]


@command("GEOSEARCHSTORE")
def _(draw):
    return [key(draw), key(draw), *search(draw), *options(draw, False), *(["STOREDIST"] if draw.chance(0.2) else [])]


def store(draw, probability):
    return [draw.case(draw.choice(("STORE", "STOREDIST"))), key(draw)] if draw.chance(probability) else []


for _name, _probability in (("GEORADIUS", 0.2), ("GEORADIUS_RO", 0.03)):
    @command(_name)
    def _(draw, probability=_probability):
        words = store(draw, probability)
        return [key(draw), *place(draw), size(draw), unit(draw), *options(draw, not words), *words]

for _name, _probability in (("GEORADIUSBYMEMBER", 0.2), ("GEORADIUSBYMEMBER_RO", 0.03)):
    @command(_name)
    def _(draw, probability=_probability):
        words = store(draw, probability)
        return [key(draw), member(draw), size(draw), unit(draw), *options(draw, not words), *words]


@command("ZREM", 0.5)
def _(draw):
    return [key(draw), member(draw)]


@command("DEL", 0.2)
def _(draw):
    return [key(draw)]
