import RESP
import Testing

@testable import Engine

/// Keys hashed ahead of their command: only for the very command they were expected for, and only until the batch ends.
struct UpcomingKeysTests {
  private static func keyspace() -> Keyspace {
    var session = KeyspaceSession()
    for index in 0..<40 { session.set("key:\(index)", "value:\(index)") }
    return session.keyspace
  }

  private static func words(_ indices: some Sequence<Int>) -> [[UInt8]] {
    [Array("MGET".utf8)] + indices.map { Array("key:\($0)".utf8) }
  }

  /// Keyspaces are not copied, as the arguments of `#expect` would be.
  private static func expect(
    _ isKnown: Bool, _ key: ByteView, _ keyspace: borrowing Keyspace,
    location: SourceLocation = #_sourceLocation
  ) {
    let found = keyspace.upcoming.isKnown(key)
    #expect(found == isKnown, sourceLocation: location)
  }

  private static func reply(_ arguments: Arguments, _ keyspace: inout Keyspace) -> [UInt8] {
    var reply = ReplyWriter()
    try? Command.mget.body?(&keyspace, arguments, &reply)
    return reply.bytes.bytes
  }

  private static func expected(_ indices: some Sequence<Int>) -> [UInt8] {
    var reply = ReplyWriter()
    let indices = Array(indices)
    reply.array(indices.count)
    for index in indices {
      if index < 40 { reply.bulk(Array("value:\(index)".utf8)) } else { reply.null() }
    }
    return reply.bytes.bytes
  }

  /// More keys than a set holds, and some that do not exist.
  @Test(arguments: [1, 2, 15, 16, 17, 33, 45])
  func aCommandFindsWhatWasExpectedForIt(_ count: Int) {
    var keyspace = Self.keyspace()
    Arguments.with(Self.words(0..<count)) { arguments in
      for index in 0..<6 {
        keyspace.expectKeys(of: index, arguments, from: 1, by: 1)
        keyspace.reachCommand(index)
        Self.expect(true, arguments[1], keyspace)
        let reply = Self.reply(arguments, &keyspace)
        #expect(reply == Self.expected(0..<count))
      }
    }
  }

  @Test func anotherCommandDoesNotFindIt() {
    var keyspace = Self.keyspace()
    Arguments.with(Self.words(0..<5)) { arguments in
      keyspace.expectKeys(of: 2, arguments, from: 1, by: 1)
      for index in [0, 1, 3, 6] {
        keyspace.reachCommand(index)
        Self.expect(false, arguments[1], keyspace)
      }
      keyspace.reachCommand(2)
      Self.expect(false, arguments[2], keyspace)
      Self.expect(true, arguments[1], keyspace)
    }
  }

  /// The next batch's words may stand at the same place.
  @Test func nothingIsKnownAfterTheBatch() {
    var keyspace = Self.keyspace()
    Arguments.with(Self.words(0..<5)) { arguments in
      keyspace.expectKeys(of: 0, arguments, from: 1, by: 1)
      keyspace.forgetPrefetched()
      keyspace.reachCommand(0)
      Self.expect(false, arguments[1], keyspace)
      let reply = Self.reply(arguments, &keyspace)
      #expect(reply == Self.expected(0..<5))
    }
  }
}
