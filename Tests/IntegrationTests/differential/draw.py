"""Random arguments, bounded so that no draw makes a server allocate much or lets a key expire while a stream runs."""
import random

TAGGED = [f"{tag}{name}" for tag in ("{a}", "{b}") for name in ("x", "y", "z")]
PLAIN = [f"k{index}" for index in range(14)]
ODD = ["", "{}x", "{a", "a\r\nb", "ключ", "k" * 90]
KEYS = TAGGED + PLAIN + ODD

# No small positive numbers here: they would be valid, and where a time is expected they would expire too soon.
# Nothing between 10^5 and 2^32 either: as an offset it would be a valid way to ask for much memory.
WEIRD = ["", " ", "abc", "-1", "0", "1.5", " 12", "12 ", "+1", "007", "0x10", "1e3", "nan", "inf", "-inf", "-0",
         "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616",
         "123456789012345678901234567890", "\x00", "\r\n", "*", "u64", "i65", "#", "NX", "XX", "GET", "EX", "KEEPTTL",
         "LIMIT", "STORE", "BIT", "ÿ", "k1", "{a}x"]

FAR_FUTURE_SECONDS = 4_000_000_000


class Draw:
    """The one source of randomness of a stream."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def choice(self, options):
        return self.random.choice(options)

    def case(self, word):
        """Names and options are case-insensitive."""
        return self.random.choice((word, word, word.lower(), word.capitalize()))

    def key(self):
        roll = self.random.random()
        if roll < 0.45:
            return self.random.choice(PLAIN)
        if roll < 0.92:
            return self.random.choice(TAGGED)
        return self.random.choice(ODD)

    def keys(self, low=1, high=4):
        """Several keys, sometimes all under one tag, sometimes one of them twice."""
        count = self.random.randint(low, high)
        if self.chance(0.3):
            tag = self.choice(("{a}", "{b}"))
            return [tag + self.choice("xyz") for _ in range(count)]
        return [self.key() for _ in range(count)]

    def integer(self):
        """An integer argument for arithmetic: small, at an edge of 64 bits, or far outside."""
        roll = self.random.random()
        if roll < 0.7:
            return self.random.randint(-3000, 3000)
        if roll < 0.95:
            return self.choice((0, 9223372036854775807, -9223372036854775808, 9223372036854775806, 1 << 62, -(1 << 62),
                                1 << 33, -(1 << 33)))
        return self.choice((9223372036854775808, -9223372036854775809, 10**25))

    def real(self):
        return self.choice(("0.1", "3.0e3", "-2.5", "1e-5", "10.50", "3", "-0", "1e17", "5e-324", "123456.789",
                            ".5", "1.", "0.000000000000000001", f"{self.random.uniform(-1000, 1000):.6f}"))

    def value(self):
        """A value of any string encoding, around the limits between them."""
        roll = self.random.random()
        if roll < 0.30:
            return str(self.integer())
        if roll < 0.36:
            return self.real()
        if roll < 0.66:
            return self.text(self.random.randint(0, 12))
        if roll < 0.80:
            return self.text(self.random.choice((19, 20, 21, 31, 32, 43, 44, 45, 46)))
        if roll < 0.90:
            return self.random.randbytes(self.random.randint(1, 40))
        if roll < 0.98:
            return self.text(self.random.randint(47, 300))
        return self.choice("xyz") * self.random.randint(500, 5000)

    def text(self, length):
        """Few letters, so that common subsequences and patterns exist."""
        return "".join(self.random.choices("abcde 01", k=length))

    def index(self):
        """A position in a string, counted from either end."""
        roll = self.random.random()
        if roll < 0.85:
            return self.random.randint(-60, 60)
        return self.choice((0, -1, 9223372036854775807, -9223372036854775808, 5000, -5000))

    def byte_offset(self):
        """Where SETRANGE writes: near, at the edge of what is allowed, or refused."""
        if self.chance(0.9):
            return self.random.randint(0, 400)
        return self.choice((-1, 536870912, 536870911 + (1 << 33), 9223372036854775807))

    def bit_offset(self):
        if self.chance(0.9):
            return self.random.randint(0, 3000)
        return self.choice((-1, 4294967296, 9223372036854775807, 30000))

    # Relative times stay below the absolute ones and no two draws are likely equal: GT and LT then do not depend on
    # the millisecond at which a server read its clock.
    def seconds(self):
        return self.random.randint(1_000, 100_000_000)

    def milliseconds(self):
        return self.random.randint(1_000_000, 100_000_000_000)

    def unix_seconds(self):
        return FAR_FUTURE_SECONDS + self.random.randint(0, 100_000_000)

    def unix_milliseconds(self):
        return self.unix_seconds() * 1000 + self.random.randint(0, 999)

    def bad_time(self):
        return self.choice((0, -1, -1000, "abc", "1.5", "", "9223372036854775807", "-9223372036854775808",
                            "9223372036854775808", "9223372036854775"))

    def database(self):
        return self.random.randint(0, 2) if self.chance(0.85) else self.choice((15, 16, -1, "abc", "1.0", 1 << 40, ""))

    def pattern(self):
        return self.choice(("*", "k*", "k?", "k[1-5]", "k[^1-5]", "{a}*", "*x", "\\k1", "[a", "k1", "", "*[", "?", "**",
                            "k[5-1]", "{*}?", "nothing*", "k\\", "K*"))
