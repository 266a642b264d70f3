import Engine

/// What a call of a script has to know of a command, in one byte.
struct ScriptTraits: OptionSet {
  let rawValue: UInt8

  /// It only has subcommands.
  static let container = ScriptTraits(rawValue: 1 << 0)
  /// Scripts may not call it, unless the server is told to let them.
  static let refused = ScriptTraits(rawValue: 1 << 1)
  /// It may have to wait: then scripts may not call it whatever the server is told.
  static let blocking = ScriptTraits(rawValue: 1 << 2)
  static let writes = ScriptTraits(rawValue: 1 << 3)
  /// It changes something that is not data.
  static let changesMore = ScriptTraits(rawValue: 1 << 4)
  static let needsMemory = ScriptTraits(rawValue: 1 << 5)
  /// The worker runs it, not the shard.
  static let service = ScriptTraits(rawValue: 1 << 6)
  /// It has one key.
  static let singleKey = ScriptTraits(rawValue: 1 << 7)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ descriptor: CommandDescriptor, isService: Bool) {
    var traits: ScriptTraits = []
    if descriptor.routing == .container { traits.insert(.container) }
    if descriptor.routing == .singleKey { traits.insert(.singleKey) }
    if descriptor.flags.contains(.noScript) { traits.insert(.refused) }
    if descriptor.flags.contains(.blocking) { traits.insert(.blocking) }
    if descriptor.flags.contains(.write) { traits.insert(.writes) }
    if descriptor.flags.contains(.mayReplicate) { traits.insert(.changesMore) }
    if descriptor.flags.contains(.denyOOM) { traits.insert(.needsMemory) }
    if isService { traits.insert(.service) }
    self = traits
  }
}
