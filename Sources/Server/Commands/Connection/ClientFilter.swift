import Engine
import RESP

/// Which connections CLIENT LIST and CLIENT KILL are about: those that fit everything that is set.
struct ClientFilter: Sendable {
  /// The classes of clients that output limits and filters tell apart.
  enum ClientType: Sendable {
    case normal, master, replica, pubsub

    init(_ word: ByteView) throws(CommandError) {
      if word.matches("normal") {
        self = .normal
      } else if word.matches("master") {
        self = .master
      } else if word.matches("replica") || word.matches("slave") {
        self = .replica
      } else if word.matches("pubsub") {
        self = .pubsub
      } else {
        let text = Array("ERR Unknown client type '".utf8) + word.bytes
        throw CommandError(composed: text + [0x27])
      }
    }
  }

  var ids: Set<UInt64>?
  var type: ClientType?
  var peer: String?
  var local: String?
  /// Seconds since it connected, at least.
  var ageMin: Int64?
  var sparesAsker = false

  init() {}

  /// As CLIENT KILL words it: an address alone, or options and values.
  init(killing arguments: Arguments) throws(CommandError) {
    if arguments.count == 3 {
      peer = arguments[2].string
      return
    }
    sparesAsker = true
    for index in stride(from: 2, to: arguments.count, by: 2) {
      guard index + 1 < arguments.count else { throw .syntax }
      try read(arguments[index], arguments[index + 1])
    }
  }

  private mutating func read(_ option: ByteView, _ value: ByteView) throws(CommandError) {
    if option.matches("id") {
      guard let id = DecimalText.integer(value), id > 0 else {
        throw CommandError("ERR client-id should be greater than 0")
      }
      ids = [UInt64(id)]
    } else if option.matches("type") {
      type = try ClientType(value)
    } else if option.matches("addr") {
      peer = value.string
    } else if option.matches("laddr") {
      local = value.string
    } else if option.matches("user") {
      guard value == "default" else {
        throw CommandError(composed: Array("ERR No such user '".utf8) + value.bytes + [0x27])
      }
    } else if option.matches("skipme") {
      guard value.matches("yes") || value.matches("no") else { throw .syntax }
      sparesAsker = value.matches("yes")
    } else if option.matches("maxage") {
      guard let age = DecimalText.integer(value) else {
        throw CommandError("ERR maxage is not an integer or out of range")
      }
      guard age > 0 else { throw CommandError("ERR maxage should be greater than 0") }
      ageMin = Int64(age)
    } else {
      throw .syntax
    }
  }

  /// - Parameters:
  ///   - me: the number of the connection that asks.
  ///   - now: seconds since 1970.
  func matches(_ connection: Connection, me: UInt64 = 0, now: Int64 = 0) -> Bool {
    if let ids, !ids.contains(connection.id) { return false }
    if let type, type != (connection.isSubscriber ? .pubsub : .normal) { return false }
    if let peer, connection.address.peer != peer { return false }
    if let local, connection.address.local != local { return false }
    if let ageMin, now - connection.createdAt < ageMin { return false }
    return !(sparesAsker && connection.id == me)
  }
}
