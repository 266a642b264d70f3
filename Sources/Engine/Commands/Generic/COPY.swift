import RESP

extension Command {
  /// `COPY source destination [DB destination-db] [REPLACE]`
  ///
  /// Replies with an Integer: 1 if the value and its expiry were copied, 0 if there is no `source`,
  /// or there is a `destination` already and no REPLACE.
  ///
  /// - Throws: `.sameObject`; `.databaseOutOfRange`; `.notAnInteger`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/copy/>
  package static let copy = Command(
    "copy", "Copies a key's value and expiry to another key.", since: "6.2.0", group: .generic,
    complexity: "O(N) in the elements of the value; O(1) for strings.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access]), .at(2, [.overwrite, .update])],
    databaseOfKey: { arguments, key in
      guard key == 1 else { return nil }
      for index in 3..<max(arguments.count, 3) where arguments[index].matches("db") {
        return index + 1 < arguments.count ? DecimalText.integer(arguments[index + 1]) : nil
      }
      return nil
    },
    flags: [.write, .denyOOM], categories: .keyspace,
    arguments: [
      .key("source"), .key("destination", spec: 1),
      Argument("destination-db", .integer, token: "DB", [.optional]),
      .token("replace", "REPLACE", [.optional]),
    ],
    slices: copySlices, execution: .oneShard(copySlices.body))

  private static let copySlices = Slices(
    elementCount: { keyspace, arguments in keyspace.largeElementCount(arguments, 1..<2) },
    begin: { keyspace, arguments throws(CommandError) in try CopyCall(&keyspace, arguments) })
}

/// A call of COPY, a slice at a time.
private final class CopyCall: SlicedCall {
  private let database: Int
  private var source: Entry?
  /// nil: there is nothing to copy, or something is in its place.
  private var copy: EntryCopy?

  init(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    let name = arguments[1]
    let target = arguments[2]
    var database = keyspace.selected
    var replaces = false
    var index = 3
    while index < arguments.count {
      if arguments[index].matches("replace") {
        replaces = true
      } else if arguments[index].matches("db"), index + 1 < arguments.count {
        index += 1
        database = try arguments[index].databaseIndex(in: keyspace)
      } else {
        throw .syntax
      }
      index += 1
    }
    if database == keyspace.selected, name == target { throw .sameObject }
    self.database = database
    guard let source = keyspace.lookup(name, for: .read),
      replaces || !keyspace.inDatabase(database, { $0.exists(target) })
    else { return }
    self.source = source
    copy = EntryCopy(
      of: source.block, as: target, elementsAtOnceMax: keyspace.options.elementsAtOnceMax)
  }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    source = keyspace.lookup(arguments[1], for: .peek)
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    guard let copy else {
      reply.integer(0)
      return true
    }
    guard let source else { throw .changedBetweenSlices }
    guard copy.advance(source.block) else { return false }
    keyspace.put(
      copy: copy.takeEntry(clock: UInt32(source.clock)), called: arguments[2], inDatabase: database)
    reply.integer(1)
    return true
  }
}
