extension Command {
  /// One argument as `COMMAND DOCS` describes it.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/develop/reference/command-arguments/>
  package struct Argument: Sendable {
    package let name: String
    package let type: ArgumentType
    /// The literal word that precedes it.
    package let token: String?
    package let traits: Traits
    /// Which of the command's key specifications a key argument belongs to.
    package let keySpecIndex: Int?
    package let since: String?
    package let displayText: String?
    /// The members of a `oneof` or a `block`.
    package let members: [Argument]

    package enum ArgumentType: String, Sendable {
      case string, integer, double, key, pattern, block, oneof
      case unixTime = "unix-time"
      case pureToken = "pure-token"
    }

    package struct Traits: OptionSet, Sendable {
      package let rawValue: UInt8
      package init(rawValue: UInt8) { self.rawValue = rawValue }
      package static let optional = Traits(rawValue: 1)
      package static let multiple = Traits(rawValue: 2)
      package static let multipleToken = Traits(rawValue: 4)
    }

    package init(
      _ name: String, _ type: ArgumentType, token: String? = nil, _ traits: Traits = [],
      keySpecIndex: Int? = nil, since: String? = nil, displayText: String? = nil,
      members: [Argument] = []
    ) {
      self.name = name
      self.type = type
      self.token = token
      self.traits = traits
      self.keySpecIndex = keySpecIndex
      self.since = since
      self.displayText = displayText
      self.members = members
    }

    /// A key of the command's first (or `spec`-th) key specification.
    package static func key(_ name: String = "key", _ traits: Traits = [], spec: Int = 0)
      -> Argument
    {
      Argument(name, .key, traits, keySpecIndex: spec)
    }

    /// A word that stands for itself.
    package static func token(_ name: String, _ word: String, _ traits: Traits = [], since: String? = nil)
      -> Argument
    {
      Argument(name, .pureToken, token: word, traits, since: since)
    }

    package static func oneOf(
      _ name: String, _ traits: Traits = [], since: String? = nil, _ members: [Argument]
    ) -> Argument {
      Argument(name, .oneof, traits, since: since, members: members)
    }

    package static func block(
      _ name: String, token: String? = nil, _ traits: Traits = [], since: String? = nil,
      _ members: [Argument]
    ) -> Argument {
      Argument(name, .block, token: token, traits, since: since, members: members)
    }
  }
}
