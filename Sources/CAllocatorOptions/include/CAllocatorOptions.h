#pragma once
// How the server process wants its allocator: read by jemalloc before main. Linked into the executable only, since a
// program that embeds the shard runtime decides this for itself.

/// jemalloc's name for its options; the executable's definition takes the place of the library's weak one.
extern const char *_Nonnull malloc_conf;
