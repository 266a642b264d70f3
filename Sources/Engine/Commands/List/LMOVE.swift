import RESP

extension Command {
  /// `LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>`
  ///
  /// Replies with the element that was moved, null if there is no source.
  ///
  /// - Throws: `.wrongType`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lmove/>
  package static let lmove = Command(
    "lmove", "Moves an element from one list to another.", since: "6.2.0", group: .list,
    complexity: "O(1)", arity: .exactly(5), keys: moveKeys, flags: [.write, .denyOOM],
    arguments: [.key("source"), .key("destination", spec: 1), endArgument("wherefrom"), endArgument("whereto")],
    execution: .steps(moveSteps { arguments throws(CommandError) in try ends(arguments) }))

  /// `BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout`: LMOVE that waits for a source.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.timeoutNotAFloat`, `.timeoutNegative`, `.timeoutOutOfRange`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/blmove/>
  package static let blmove = Command(
    "blmove", "Moves an element from one list to another, and waits for it if need be.",
    since: "6.2.0", group: .list, complexity: "O(1)", arity: .exactly(6), keys: moveKeys,
    flags: [.write, .denyOOM, .noScript, .blocking],
    arguments: [
      .key("source"), .key("destination", spec: 1), endArgument("wherefrom"), endArgument("whereto"),
      Argument("timeout", .double),
    ],
    blocking: Blocking(timeout: { arguments throws(CommandError) in
      // The words are looked at in their order.
      _ = try ends(arguments)
      return try WaitTime(seconds: arguments[5])
    }, for: .list),
    execution: .steps(moveSteps { arguments throws(CommandError) in try ends(arguments) }))

  /// `RPOPLPUSH source destination`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/rpoplpush/>
  package static let rpoplpush = Command(
    "rpoplpush", "Moves the last element of one list to the front of another.", since: "1.2.0",
    group: .list, complexity: "O(1)", arity: .exactly(3), keys: moveKeys,
    flags: [.write, .denyOOM], arguments: [.key("source"), .key("destination", spec: 1)],
    deprecation: ("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"),
    execution: .steps(moveSteps { _ in (.right, .left) }))

  /// `BRPOPLPUSH source destination timeout`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/brpoplpush/>
  package static let brpoplpush = Command(
    "brpoplpush",
    "Moves the last element of one list to the front of another, and waits for it if need be.",
    since: "2.2.0", group: .list, complexity: "O(1)", arity: .exactly(4), keys: moveKeys,
    flags: [.write, .denyOOM, .noScript, .blocking],
    arguments: [.key("source"), .key("destination", spec: 1), Argument("timeout", .double)],
    history: [("6.0.0", "Fractions of a second.")],
    deprecation: ("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
    blocking: .seconds(at: 3, for: .list), execution: .steps(moveSteps { _ in (.right, .left) }))

  private static let moveKeys: [KeySpec] = [
    .at(1, [.readWrite, .access, .delete]), .at(2, [.readWrite, .insert]),
  ]

  static func endArgument(_ name: String) -> Argument {
    .oneOf(name, [], [.token("left", "LEFT"), .token("right", "RIGHT")])
  }

  private static func ends(
    _ arguments: Arguments
  ) throws(CommandError) -> (from: ListValue.End, to: ListValue.End) {
    (try ListValue.End(arguments[3]), try ListValue.End(arguments[4]))
  }

  /// Looks at the destination, takes from the source, gives to the destination.
  private static func moveSteps(
    _ ends: @escaping @Sendable (Arguments) throws(CommandError) -> (
      from: ListValue.End, to: ListValue.End
    )
  ) -> [Step] {
    [
      Step(key: 2) { keyspace, arguments, baggage, _ throws(CommandError) in
        _ = try ends(arguments)
        // An error only if there is something to move, which the next step finds out.
        let target = keyspace.lookup(arguments[2], for: .peek)
        baggage.flag = target.map { $0.type != .list } ?? false
        return .next
      },
      Step(key: 1) { keyspace, arguments, baggage, reply throws(CommandError) in
        let source = arguments[1]
        guard let list = try keyspace.collection(ListValue.self, source, for: .write) else {
          reply.null()
          return .missing
        }
        if baggage.flag { throw .wrongType }
        let from = try ends(arguments).from
        keyspace.record([from == .left ? "LPOP" : "RPOP", .view(source)])
        list.pop(from) { value in baggage.bytes = value.withBytes { $0.bytes } }
        if source == arguments[2] {
          // It goes back to where it came from, which must not be deleted in between.
          let settings = ListValue.Settings(keyspace)
          ByteView.with(baggage.bytes) { element in
            list.prepareToAdd(count: 1, bytes: element.count, settings)
          }
          let to = try ends(arguments).to
          ByteView.with(baggage.bytes) { list.push($0, to, settings) }
          keyspace.changed(source)
          keyspace.record([to == .left ? "LPUSH" : "RPUSH", .view(source), .bytes(baggage.bytes)])
          reply.bulk(baggage.bytes)
          return .done
        }
        keyspace.elementsRemoved(source, list)
        return .next
      },
      Step(key: 2) { keyspace, arguments, baggage, reply throws(CommandError) in
        let list = try keyspace.collectionForAdding(ListValue.self, arguments[2])
        let to = try ends(arguments).to
        let settings = ListValue.Settings(keyspace)
        ByteView.with(baggage.bytes) { element in
          list.prepareToAdd(count: 1, bytes: element.count, settings)
          list.push(element, to, settings)
          reply.bulk(element)
        }
        keyspace.changed(arguments[2])
        keyspace.record([to == .left ? "LPUSH" : "RPUSH", .view(arguments[2]), .bytes(baggage.bytes)])
        return .done
      },
    ]
  }
}

extension ListValue.End {
  /// - Throws: `.syntax` for what is neither LEFT nor RIGHT.
  init(_ word: ByteView) throws(CommandError) {
    if word.matches("left") {
      self = .left
    } else if word.matches("right") {
      self = .right
    } else {
      throw .syntax
    }
  }
}
