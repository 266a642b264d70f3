"""One file a family of commands, each with its generator table."""
from . import (bitmaps, collections, connection, expiry, generic, geo, hash_expiry, hashes, hyperloglog, lists, newer, scripts, server,
               sets, sortedsets, streams, strings)

# What Redis 7.0 has too.
ALL = [strings.TABLE, bitmaps.TABLE, generic.TABLE, expiry.TABLE, connection.TABLE, server.TABLE, collections.TABLE,
       sortedsets.TABLE, geo.TABLE, hashes.TABLE, hyperloglog.TABLE, lists.TABLE, sets.TABLE, streams.TABLE, scripts.TABLE]

# Newer commands, by the oracle that has them.
NEWER = {"redis8": [newer.REDIS_8, streams.NEWER, hash_expiry.NEWER], "valkey9": [newer.VALKEY_9, streams.NEWER]}

BY_NAME = {table.family: table for table in [*ALL, newer.REDIS_8, newer.VALKEY_9, streams.NEWER,
                                          hash_expiry.NEWER]}
