import Engine
import RESP

extension ServiceCommand {
  /// `COMMAND GETKEYS command [arg [arg ...]]`
  ///
  /// Replies with an array of the keys.
  ///
  /// - Throws: when the command is unknown, has no keys, or its arguments do not fit.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-getkeys/>
  static let commandGetKeys = ServiceCommand(
    Command(
      "getkeys", "Finds the keys in a whole command.",
      since: "2.8.13", group: .server,
      complexity: "O(N) where N is the number of arguments to the command",
      arity: .atLeast(3), flags: [.loading, .stale], categories: [.connection],
      arguments: [
        .init("command", .string),
        .init("arg", .string, [.optional, .multiple]),
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    let words = arguments.dropFirst(2)
    let keys = try worker.server.table.keys(of: words)
    reply.array(keys.positions.count)
    for position in keys.positions { reply.bulk(words[position]) }
  }

  /// `COMMAND GETKEYSANDFLAGS command [arg [arg ...]]`
  ///
  /// Replies with an array of pairs: a key, and what the command does to it.
  ///
  /// - Throws: as COMMAND GETKEYS.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-getkeysandflags/>
  static let commandGetKeysAndFlags = ServiceCommand(
    Command(
      "getkeysandflags", "Finds the keys in a whole command, and what happens to them.",
      since: "7.0.0", group: .server,
      complexity: "O(N) where N is the number of arguments to the command",
      arity: .atLeast(3), flags: [.loading, .stale], categories: [.connection],
      arguments: [
        .init("command", .string),
        .init("arg", .string, [.optional, .multiple]),
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    let words = arguments.dropFirst(2)
    let keys = try worker.server.table.keys(of: words)
    reply.array(keys.positions.count)
    for position in keys.positions {
      reply.array(2)
      reply.bulk(words[position])
      reply.names(keys.command.access(toKeyAt: position, in: words).names)
    }
  }
}

extension CommandTable {
  /// The command that `words` are, and where its keys stand among them.
  fileprivate func keys(of words: Arguments) throws(CommandError) -> (
    command: Command, positions: [Int]
  ) {
    guard let index = index(of: words) else { throw CommandError("ERR Invalid command specified") }
    let command = commands[index]
    guard !command.keys.isEmpty || command.findKeys != nil else {
      throw CommandError("ERR The command has no key arguments")
    }
    guard command.arity.allows(words.count) else {
      throw CommandError("ERR Invalid number of arguments specified for command")
    }
    let positions = command.keyPositions(in: words, toleratesMissingValue: true) ?? []
    guard !positions.isEmpty || command.flags.contains(.noMandatoryKeys) else {
      throw CommandError("ERR Invalid arguments specified for command")
    }
    return (command, positions)
  }
}

extension Command {
  /// What the command does to the key at `position`: as its specification says, unless options decide.
  fileprivate func access(toKeyAt position: Int, in words: Arguments) -> KeySpec.Access {
    func has(_ options: StaticString..., from start: Int) -> Bool {
      (min(start, words.count)..<words.count).contains { index in
        options.contains { words[index].matches($0) }
      }
    }
    var positions: [Int] = []
    let spec =
      keys.first { spec in
        _ = spec.appendPositions(in: words, to: &positions)
        return positions.contains(position)
      } ?? keys.last
    guard let access = spec?.access else { return [] }
    guard access.contains(.variableFlags) else { return access }
    switch name {
    case "set":
      return has("get", from: 3) ? [.readWrite, .access, .update] : [.overwrite, .update]
    case "bitfield":
      return has("set", "incrby", from: 2) ? [.readWrite, .access, .update] : [.readOnly, .access]
    default: return access.subtracting(.variableFlags)
    }
  }
}
