package import RESP

/// All commands of a server, found by name.
///
/// Layers put it together from the engine's families and their own; it never changes afterwards, so
/// threads share it. Subcommands have indices of their own, behind all commands, so that whoever counts
/// or checks by index need not know the difference.
package final class CommandTable: Sendable {
  /// Commands, then all their subcommands, then the procedures.
  package let commands: [Command]
  /// How many of `commands` have a name of their own.
  package let topLevelCount: Int
  /// As clients see them: `get`, `config|get`.
  package let fullNames: [String]
  /// The same commands, reduced to what routing one needs; trivial to copy, so that reading one counts no
  /// references.
  package let descriptors: [CommandDescriptor]
  /// The bodies of those commands that have one.
  package let bodies: [StoredBody]
  /// Where the subcommands of each command stand.
  private let subcommandRanges: [Range<Int>]
  /// The commands that can be called at all, subcommands aside: those not renamed to nothing.
  package let callable: [Int]
  package let procedures: [Procedure]
  /// By what they are called, in lower case.
  private let procedureIndices: [String: Int]
  /// Where FCALL_RO of a procedure that writes goes.
  private let refusedProcedure: Int
  /// Names that `rename-command` gave and that are longer than any command's own.
  private let longNames: [String: Int]
  /// Open addressing over name hashes: an index into `commands`, -1 where empty.
  private let slots: [Int16]
  private let mask: Int

  /// - Parameters:
  ///   - topLevel: their names differ.
  ///   - renames: commands that are called otherwise, by their own names; "" is a command that can't be called.
  ///     Replies name a command as ever.
  ///   - procedures: called by FCALL and FCALL_RO, before the functions of libraries; their names differ in more than case.
  package init(
    _ topLevel: [Command], renames: [String: String] = [:], procedures: [Procedure] = []
  ) {
    let callNames = topLevel.map { renames[$0.name] ?? $0.name }
    var commands = topLevel
    var fullNames = topLevel.map(\.name)
    var ranges: [Range<Int>] = []
    for command in topLevel {
      ranges.append(commands.count..<commands.count + command.subcommands.count)
      commands += command.subcommands
      fullNames += command.subcommands.map { "\(command.name)|\($0.name)" }
    }
    self.procedures = procedures
    refusedProcedure = commands.count
    var procedureIndices: [String: Int] = [:]
    if !procedures.isEmpty {
      for command in [Command.refusedProcedure] + procedures.map(\.command) {
        procedureIndices[command.name] = commands.count
        commands.append(command)
        fullNames.append("fcall|\(command.name)")
      }
      precondition(procedureIndices.count == procedures.count + 1, "two procedures of one name")
      procedureIndices[Command.refusedProcedure.name] = nil
    }
    self.procedureIndices = procedureIndices
    self.commands = commands
    self.fullNames = fullNames
    topLevelCount = topLevel.count
    subcommandRanges = ranges
    callable = topLevel.indices.filter { !callNames[$0].isEmpty }
    let isLong = { (name: String) in name.utf8.count > CommandDescriptor.nameBytesMax }
    longNames = Dictionary(
      uniqueKeysWithValues: callable.filter { isLong(callNames[$0]) }.map { (callNames[$0], $0) })
    descriptors = commands.enumerated().map { index, command in
      let name = index < callNames.count ? callNames[index] : command.name
      return CommandDescriptor(
        command, name: isLong(name) ? "" : name,
        callsProcedures: !procedures.isEmpty && command.callsProcedures)
    }
    bodies = commands.map { StoredBody(run: $0.body, elementCount: $0.slices?.elementCount) }
    var size = 64
    while size < topLevel.count * 4 { size *= 2 }
    mask = size - 1
    var slots = [Int16](repeating: -1, count: size)
    for index in callable where !isLong(callNames[index]) {
      let name = callNames[index]
      var slot = Int(truncatingIfNeeded: PackedName(name).hash) & mask
      while slots[slot] >= 0 {
        precondition(callNames[Int(slots[slot])] != name, "two commands called \(name)")
        slot = (slot + 1) & mask
      }
      slots[slot] = Int16(index)
    }
    self.slots = slots
  }

  /// A function that is an array's element itself is called through a thunk with a counted context; as a field it is
  /// called directly.
  package struct StoredBody: Sendable {
    package let run: Command.Body?
    let elementCount: (@Sendable (inout Keyspace, Arguments) -> Int)?
  }

  /// As `Command.isLong`, without a copy of the command.
  package func isLong(_ command: Int, _ keyspace: inout Keyspace, _ arguments: Arguments) -> Bool {
    guard let elementCount = bodies[command].elementCount else { return false }
    return elementCount(&keyspace, arguments) > keyspace.options.elementsAtOnceMax
  }

  /// The command, or the subcommand, that `words` call; nil if there is no such command. An unknown
  /// subcommand gives its container.
  @inline(__always)
  package func index(of words: Arguments) -> Int? {
    guard let index = index(of: words[0]) else { return nil }
    if descriptors[index].hasSecondName, words.count > 1 {
      return indexBySecondName(of: words, index)
    }
    return index
  }

  @inline(never)
  private func indexBySecondName(of words: Arguments, _ index: Int) -> Int {
    if descriptors[index].routing == .container {
      return subcommand(of: index, called: words[1]) ?? index
    }
    guard words.count > 2, let procedure = procedureIndices[words[1].string.lowercasedASCII] else {
      return index
    }
    let mayWrite = descriptors[procedure].flags.contains(.write)
    return mayWrite && descriptors[index].flags.contains(.readOnly) ? refusedProcedure : procedure
  }

  /// The indices of a command's subcommands.
  package func subcommandIndices(of index: Int) -> Range<Int> {
    index < topLevelCount ? subcommandRanges[index] : 0..<0
  }

  /// The subcommand of the command at `index` called `name`, in whatever case.
  package func subcommand(of index: Int, called name: ByteView) -> Int? {
    subcommandIndices(of: index).first { descriptors[$0].isCalled(name) }
  }

  /// The command called `name`, in whatever case; nil if there is none.
  ///
  /// - Complexity: O(length of the name). Does not allocate.
  package func index(of name: ByteView) -> Int? {
    guard name.count <= CommandDescriptor.nameBytesMax else {
      return longNames.isEmpty ? nil : longNames[name.string.lowercased()]
    }
    let packed = PackedName(name)
    var slot = Int(truncatingIfNeeded: packed.hash) & mask
    while true {
      let index = Int(slots[slot])
      if index < 0 { return nil }
      if descriptors[index].name == packed { return index }
      slot = (slot &+ 1) & mask
    }
  }

  package subscript(name: String) -> Command? {
    ByteView.with(Array(name.utf8)) { index(of: $0) }.map { commands[$0] }
  }
}

extension CommandTable {
  /// Every command on the data of a shard.
  package static let engine: [Command] = string + bitmap + hash + hyperLogLog + list + set + sortedSet + geo + stream + generic
}

/// What routing a command reads, in one place.
@usableFromInline
package struct CommandDescriptor: Sendable {
  /// How a command finds its shard.
  package enum Routing: UInt8, Sendable {
    /// One key at `firstKey`.
    case singleKey
    /// Several keys; the body wants them together.
    case manyKeys
    /// Several keys; the body takes any part of them.
    case eachKey
    case everyShard
    /// Only its subcommands can be run.
    case container
    /// Not run by a shard at all, or without keys.
    case service
  }

  package let routing: Routing
  /// Words allowed, the name included.
  @usableFromInline package let wordsMin: Int
  @usableFromInline package let wordsMax: Int
  package let firstKey: Int
  /// Every so many words from the first key to the end there is a key that the body takes for itself; 0 where that is
  /// not so.
  package let keyStep: Int
  /// Which word names the element of the first key's value that the command reads or writes; 0 for none.
  package let element: Int
  package let flags: Command.Flags
  /// Calls on large values are done in slices.
  package let hasSlices: Bool
  /// Which command is meant depends on the second word too.
  @usableFromInline let hasSecondName: Bool
  fileprivate let name: PackedName

  /// The longest name that is compared in place.
  static let nameBytesMax = PackedName.bytesMax

  /// - Parameter calledName: what it is called by, in lower case.
  init(_ command: Command, name calledName: String, callsProcedures: Bool = false) {
    switch command.arity {
    case .exactly(let count): (wordsMin, wordsMax) = (count, count)
    case .atLeast(let count): (wordsMin, wordsMax) = (count, .max)
    }
    flags = command.flags
    hasSlices = command.slices != nil
    element = command.element ?? 0
    name = PackedName(calledName)
    var first = 0
    var isSingle = false
    if let spec = command.keys.first, case .index(let index) = spec.begin {
      switch spec.find {
      case .range(let last, _, _):
        first = index
        isSingle = last == 0 && command.keys.count == 1 && command.findKeys == nil
      case .count(_, let firstKey, _): first = index + firstKey
      case .unknown: break
      }
    }
    firstKey = first
    if case .eachKey = command.execution, case .range(last: -1, let step, _) = command.keys.first?.find {
      keyStep = step
    } else {
      keyStep = 0
    }
    switch command.execution {
    case .oneShard, .steps, .keyByKey: routing = isSingle ? .singleKey : .manyKeys
    case .eachKey: routing = .eachKey
    case .everyShard: routing = .everyShard
    case .service: routing = .service
    case .container: routing = .container
    }
    hasSecondName = callsProcedures || routing == .container
  }

  @inlinable @inline(__always)
  package func allows(_ wordCount: Int) -> Bool { wordCount >= wordsMin && wordCount <= wordsMax }

  @inline(__always)
  func isCalled(_ word: ByteView) -> Bool {
    word.count <= Self.nameBytesMax && name == PackedName(word)
  }
}
