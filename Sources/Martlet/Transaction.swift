import Engine
import RESP
import Server
import Synchronization

extension MartletStore {
  /// Runs `body` while nobody else uses these keys, on whatever shards they are: what it reads does not change until
  /// it returns, and nobody sees half of what it writes. An error that it throws takes back all that it has written.
  ///
  /// ```swift
  /// try await store.transaction(keys: ["ada", "grace"]) { accounts in
  ///   guard try accounts.increment("ada", by: -10) >= 0 else { throw Overdrawn() }
  ///   try accounts.increment("grace", by: 10)
  /// }
  /// ```
  ///
  /// The body runs once, on the thread of one of the shards, which does nothing else meanwhile: keep it short.
  ///
  /// - Parameters:
  ///   - keys: all that the body uses.
  ///   - writes: false: the body only reads, as others may meanwhile.
  /// - Throws: what `body` throws; `MartletError` if it can't be run.
  public func transaction<Value: Sendable>(
    keys: [Bytes], writes: Bool = true,
    _ body: @escaping @Sendable (borrowing KeysView) throws -> Value
  ) async throws -> Value {
    let outcome = Outcome<Value>()
    let ticket = transactions.add { keys throws(CommandError) in
      do { outcome.result = .success(try body(KeysView(keys))) } catch {
        outcome.result = .failure(error)
        throw CommandError("ERR the transaction was taken back")
      }
    }
    defer { transactions.remove(ticket) }
    let exchange = LocalExchange()
    let name = writes ? PendingTransactions.name : PendingTransactions.readingName
    exchange.request.command(["FCALL", Bytes(name), Bytes(keys.count)] + keys + [Bytes(ticket)])
    exchange.commandCount = 1
    try await send(exchange, near: keys.first)
    if let result = outcome.result { return try result.get() }
    var reader = ReplyReader(exchange.reply.bytes)
    throw try reader.reply().unexpected("a transaction's end")
  }
}

/// What a transaction's body has given.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
  // Unchecked: written before the reply is sent, read after it has come.
  var result: Result<Value, any Error>?
}

/// The bodies of transactions on their way to a shard. What travels is a call of a procedure with a ticket.
final class PendingTransactions: Sendable {
  typealias Body = @Sendable (ProcedureKeys) throws(CommandError) -> Void

  static let name = "martlet_transaction"
  static let readingName = "martlet_transaction_ro"

  private struct State: Sendable {
    var bodies: [Int: Body] = [:]
    var random = SplitMix64(state: .random(in: .min ... .max))
  }

  private let state = Mutex(State())

  /// - Returns: a ticket that others who call procedures can't just count to.
  func add(_ body: @escaping Body) -> Int {
    state.withLock { state in
      let ticket = Int(truncatingIfNeeded: state.random.next() >> 1)
      state.bodies[ticket] = body
      return ticket
    }
  }

  func remove(_ ticket: Int) {
    state.withLock { _ = $0.bodies.removeValue(forKey: ticket) }
  }

  /// What runs them.
  var procedures: [Engine.Procedure] {
    let run: Engine.Procedure.Body = { [self] keys, reply throws(CommandError) in
      guard keys.arguments.count == 1, let ticket = DecimalText.integer(keys.arguments[0]),
        let body = state.withLock({ $0.bodies.removeValue(forKey: ticket) })
      else { throw CommandError("ERR no such transaction") }
      try body(keys)
      reply.ok()
    }
    return [
      Engine.Procedure(Self.name, flags: .hidden, body: run),
      Engine.Procedure(Self.readingName, flags: [.hidden, .noWrites], body: run),
    ]
  }
}
