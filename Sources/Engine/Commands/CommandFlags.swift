extension Command {
  /// What a command does to the server and what it may be used in.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command/#flags>
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let write = Flags(rawValue: 1 << 0)
    package static let readOnly = Flags(rawValue: 1 << 1)
    package static let denyOOM = Flags(rawValue: 1 << 2)
    package static let admin = Flags(rawValue: 1 << 3)
    package static let pubsub = Flags(rawValue: 1 << 4)
    package static let noScript = Flags(rawValue: 1 << 5)
    package static let blocking = Flags(rawValue: 1 << 6)
    package static let loading = Flags(rawValue: 1 << 7)
    package static let stale = Flags(rawValue: 1 << 8)
    package static let skipMonitor = Flags(rawValue: 1 << 9)
    package static let skipSlowlog = Flags(rawValue: 1 << 10)
    package static let asking = Flags(rawValue: 1 << 11)
    package static let fast = Flags(rawValue: 1 << 12)
    package static let noAuth = Flags(rawValue: 1 << 13)
    package static let mayReplicate = Flags(rawValue: 1 << 14)
    package static let noMulti = Flags(rawValue: 1 << 15)
    package static let movableKeys = Flags(rawValue: 1 << 16)
    package static let allowBusy = Flags(rawValue: 1 << 17)
    package static let noAsyncLoading = Flags(rawValue: 1 << 18)
    package static let noMandatoryKeys = Flags(rawValue: 1 << 19)
    /// Not for clients: absent from COMMAND.
    package static let internalOnly = Flags(rawValue: 1 << 20)

    private static let wireNames: [(Flags, StaticString)] = [
      (.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
      (.pubsub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"),
      (.loading, "loading"), (.stale, "stale"), (.skipMonitor, "skip_monitor"),
      (.skipSlowlog, "skip_slowlog"), (.asking, "asking"), (.fast, "fast"),
      (.noAuth, "no_auth"), (.mayReplicate, "may_replicate"), (.noMulti, "no_multi"),
      (.movableKeys, "movablekeys"), (.allowBusy, "allow_busy"),
      (.noAsyncLoading, "no_async_loading"), (.noMandatoryKeys, "no_mandatory_keys"),
    ]

    /// The names `COMMAND INFO` shows, in its order.
    package var names: [StaticString] {
      Self.wireNames.filter { contains($0.0) }.map(\.1)
    }

    /// Redis' implicit categories.
    var impliedCategories: Categories {
      var categories: Categories = contains(.fast) ? .fast : .slow
      if contains(.write) { categories.insert(.write) }
      if contains(.readOnly) { categories.insert(.read) }
      if contains(.admin) { categories.formUnion([.admin, .dangerous]) }
      if contains(.pubsub) { categories.insert(.pubsub) }
      if contains(.blocking) { categories.insert(.blocking) }
      return categories
    }
  }

  /// The categories by which access-control rules name commands.
  package struct Categories: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let keyspace = Categories(rawValue: 1 << 0)
    package static let read = Categories(rawValue: 1 << 1)
    package static let write = Categories(rawValue: 1 << 2)
    package static let set = Categories(rawValue: 1 << 3)
    package static let sortedSet = Categories(rawValue: 1 << 4)
    package static let list = Categories(rawValue: 1 << 5)
    package static let hash = Categories(rawValue: 1 << 6)
    package static let string = Categories(rawValue: 1 << 7)
    package static let bitmap = Categories(rawValue: 1 << 8)
    package static let hyperloglog = Categories(rawValue: 1 << 9)
    package static let geo = Categories(rawValue: 1 << 10)
    package static let stream = Categories(rawValue: 1 << 11)
    package static let pubsub = Categories(rawValue: 1 << 12)
    package static let admin = Categories(rawValue: 1 << 13)
    package static let fast = Categories(rawValue: 1 << 14)
    package static let slow = Categories(rawValue: 1 << 15)
    package static let blocking = Categories(rawValue: 1 << 16)
    package static let dangerous = Categories(rawValue: 1 << 17)
    package static let connection = Categories(rawValue: 1 << 18)
    package static let transaction = Categories(rawValue: 1 << 19)
    package static let scripting = Categories(rawValue: 1 << 20)

    package static let wireNames: [(Categories, StaticString)] = [
      (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"),
      (.sortedSet, "sortedset"), (.list, "list"), (.hash, "hash"), (.string, "string"),
      (.bitmap, "bitmap"), (.hyperloglog, "hyperloglog"), (.geo, "geo"), (.stream, "stream"),
      (.pubsub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
      (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
      (.transaction, "transaction"), (.scripting, "scripting"),
    ]

    /// The names, without `@`, in Redis' order.
    package var names: [StaticString] {
      Self.wireNames.filter { contains($0.0) }.map(\.1)
    }
  }
}
