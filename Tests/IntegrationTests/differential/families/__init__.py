"""One file a family of commands, each with its generator table."""
from . import bitmaps, collections, connection, expiry, generic, hashes, newer, server, strings

# What Redis 7.0 has too.
ALL = [strings.TABLE, bitmaps.TABLE, generic.TABLE, expiry.TABLE, connection.TABLE, server.TABLE, collections.TABLE,
       hashes.TABLE]

# Newer commands, by the oracle that has them.
NEWER = {"redis8": [newer.REDIS_8], "valkey9": [newer.VALKEY_9]}

BY_NAME = {table.family: table for table in [*ALL, newer.REDIS_8, newer.VALKEY_9]}
