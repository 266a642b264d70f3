package import RESP

/// One command: what it is called, what it takes, what it promises, and where and how it runs.
///
/// Everything that needs to know a command reads this value: look-up, arity errors, key extraction and
/// routing, `COMMAND INFO`/`DOCS`/`GETKEYS`, access control. Fixed facts only; what changes while running
/// (calls, time) is counted where commands are run.
///
/// A class, though it is a value in spirit: it never changes, and copying some twenty fields counts as many references,
/// which all threads share.
///
/// - SeeAlso: <https://redis.io/docs/latest/commands/command-docs/>
package final class Command: Sendable {
  /// Lower case; for a subcommand its own word only.
  package let name: String
  package let summary: String
  /// The Redis version that introduced it.
  package let since: String
  package let group: Group
  package let complexity: String
  package let arity: Arity
  package let flags: Flags
  /// Access-control categories beyond those that follow from flags and group.
  package let categories: Categories
  package let keys: [KeySpec]
  /// Finds the keys where key specifications can't (SORT ... STORE): positions in the arguments.
  package let findKeys: (@Sendable (Arguments) -> [Int])?
  /// The database of a key, where it is not the connection's: COPY ... DB n. nil: the connection's. Gets the
  /// arguments and which of the keys is meant.
  package let databaseOfKey: (@Sendable (Arguments, Int) -> Int?)?
  /// Hints for clients and proxies, such as `request_policy:all_shards`.
  package let tips: [String]
  package let arguments: [Argument]
  /// What changed in which version.
  package let history: [(since: String, change: String)]
  /// Since when the command is discouraged, and what takes its place.
  package let deprecation: (since: String, replacement: String)?
  package let subcommands: [Command]
  package let execution: Execution
  /// Keys that follow from values rather than from the words (SORT ... BY).
  package let dependents: Dependents?
  /// How a call waits for its keys, where it may.
  package let blocking: Blocking?
  /// How a call on a large value is done in slices, where it can be.
  package let slices: Slices?
  /// Which word names the (first) element of its key's value that it reads or writes, if that is most of its work: a
  /// batch asks for the memory ahead of time.
  package let element: Int?

  package init(
    _ name: some CustomStringConvertible, _ summary: String, since: String, group: Group, complexity: String,
    arity: Arity, keys: [KeySpec] = [], findKeys: (@Sendable (Arguments) -> [Int])? = nil,
    databaseOfKey: (@Sendable (Arguments, Int) -> Int?)? = nil,
    flags: Flags = [], categories: Categories = [], tips: [String] = [],
    arguments: [Argument] = [], history: [(since: String, change: String)] = [],
    deprecation: (since: String, replacement: String)? = nil,
    subcommands: [Command] = [], dependents: Dependents? = nil, blocking: Blocking? = nil,
    slices: Slices? = nil, element: Int? = nil, execution: Execution
  ) {
    self.name = name.description.lowercasedASCII
    self.summary = summary
    self.since = since
    self.group = group
    self.complexity = complexity
    self.arity = arity
    self.keys = keys
    self.findKeys = findKeys
    self.databaseOfKey = databaseOfKey
    self.flags = flags
    self.categories = categories.union(flags.impliedCategories).union(group.impliedCategories)
    self.tips = tips
    self.arguments = arguments
    self.history = history
    self.deprecation = deprecation
    self.subcommands = subcommands
    self.dependents = dependents
    self.blocking = blocking
    self.slices = slices
    self.element = element
    self.execution = execution
  }

  /// Keys that a call reads beside those it names.
  package struct Dependents: Sendable {
    /// Whether this call has any.
    package let areNeeded: @Sendable (Arguments) -> Bool
    /// Their names. Runs on the shard of the call's first key.
    package let names: @Sendable (inout Keyspace, Arguments) -> [[UInt8]]
  }

  /// How many words the command has, its name included.
  package enum Arity: Sendable, Equatable {
    case exactly(Int)
    case atLeast(Int)

    /// As `COMMAND INFO` shows it: negative for a minimum.
    package var wireValue: Int {
      switch self {
      case .exactly(let count): count
      case .atLeast(let count): -count
      }
    }

    package func allows(_ count: Int) -> Bool {
      switch self {
      case .exactly(let exact): count == exact
      case .atLeast(let least): count >= least
      }
    }
  }

  /// The chapter of the documentation the command stands in.
  package enum Group: String, Sendable {
    case generic, string, list, set, hash, stream, bitmap, geo, server, connection, scripting
    case sortedSet = "sorted-set"
    case pubsub = "pubsub"
    case transactions, cluster, sentinel, hyperloglog

    var impliedCategories: Categories {
      switch self {
      case .string: .string
      case .list: .list
      case .set: .set
      case .sortedSet: .sortedSet
      case .hash: .hash
      case .stream: .stream
      case .bitmap: .bitmap
      case .geo: .geo
      case .hyperloglog: .hyperloglog
      case .connection: .connection
      case .transactions: .transaction
      case .scripting: .scripting
      case .generic, .pubsub, .server, .cluster, .sentinel: []
      }
    }
  }

  /// Where the body runs. Placement is data, so that routing is written once.
  package enum Execution: Sendable {
    /// On the shard that holds the keys. When they lie on several, the coordinator brings copies
    /// together, runs the body there and takes back what it wrote.
    case oneShard(Body)
    /// On each shard that holds some of the keys, with the keys it holds; `join` makes one reply.
    case eachKey(Body, join: Join)
    /// On every shard; `join` makes one reply.
    case everyShard(Body, join: Join)
    /// Steps that need one key each, in this order, each on the shard of its key.
    case steps([Step])
    /// One key at a time, in the order of the keys, each on its shard.
    case keyByKey(KeyBody, join: KeyJoin)
    /// By the layer above that registered the command (connections, configuration, statistics).
    case service
    /// The command only holds subcommands.
    case container
  }

  /// A command on the data of one shard. It never suspends: what it has checked holds until it returns.
  package typealias Body = @Sendable (
    inout Keyspace, Arguments, inout ReplyWriter
  ) throws(CommandError) -> Void

  /// How the replies of several shards become one.
  package enum Join: Sendable {
    /// Integers are added up.
    case sum
    /// Each part is an array with one element a key; elements return to the order of the keys.
    case elements
    /// Arrays are appended to each other.
    case concatenation
    /// The first error if there is one, else the first reply.
    case first
    /// The first part that is not null, else null.
    case firstNonNull
  }

  /// The body, where the command has one that runs on a shard. It wants all keys on that shard.
  package var body: Body? {
    switch execution {
    case .oneShard(let body), .eachKey(let body, _), .everyShard(let body, _): body
    case .steps, .keyByKey:
      { keyspace, arguments, reply throws(CommandError) in
        let keys = self.keyPositions(in: arguments) ?? []
        _ = try self.attempt(&keyspace, arguments, keys, &reply)
      }
    case .service, .container: nil
    }
  }
}

extension String {
  /// ASCII letters lowered; for names, which are ASCII.
  package var lowercasedASCII: String {
    String(
      decoding: utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
