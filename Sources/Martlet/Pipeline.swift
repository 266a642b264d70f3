import RESP
import Server

/// Commands of different kinds that are sent together, as one message.
///
/// ```swift
/// var pipeline = Pipeline()
/// let name = pipeline.append(.get("name"))
/// let visits = pipeline.append(.increment("visits"))
/// let replies = try await store.run(pipeline)
/// print(try replies[name] ?? "nobody", try replies[visits])
/// ```
///
/// Each command is written as it is appended, and read when its reply is asked for: nothing is kept in between.
public struct Pipeline: ~Copyable {
  fileprivate let exchange = LocalExchange()
  fileprivate var key: Bytes?

  public init() {}

  /// How many commands there are.
  public var count: Int { exchange.commandCount }

  /// Adds a command.
  ///
  /// - Returns: by what its value is found.
  @discardableResult
  @specialized(where Value == Bytes?)
  @specialized(where Value == Void)
  @specialized(where Value == Int)
  public mutating func append<Value>(_ command: Command<Value>) -> Slot<Value> {
    if exchange.commandCount == 0 { key = command.key }
    command.write(to: &exchange.request)
    exchange.commandCount += 1
    return Slot(index: exchange.commandCount - 1, decode: command.decode)
  }

  /// The place of a command's reply.
  public struct Slot<Value: Sendable>: Sendable {
    let index: Int
    let decode: Command<Value>.Decode
  }

  /// What the commands of a pipeline have given.
  public struct Replies: Sendable {
    private let exchange: LocalExchange
    private let offsets: [Int]

    init(_ exchange: LocalExchange) {
      self.exchange = exchange
      var reader = ReplyReader(exchange.reply.bytes)
      var offsets: [Int] = []
      offsets.reserveCapacity(exchange.commandCount)
      while !reader.isAtEnd {
        offsets.append(reader.offset)
        reader.skip()
      }
      self.offsets = offsets
    }

    /// - Throws: `.refused` for a reply that is an error.
    public subscript<Value>(slot: Slot<Value>) -> Value {
      get throws(MartletError) {
        let bytes = exchange.reply.bytes
        var reader = ReplyReader(bytes[offsets[slot.index]..<bytes.count])
        return try slot.decode(&reader)
      }
    }
  }
}

extension MartletStore {
  /// Sends commands together; others' commands may run between them.
  public func run(_ pipeline: consuming Pipeline) async throws(MartletError) -> Pipeline.Replies {
    let exchange = pipeline.exchange
    if exchange.commandCount > 0 { try await send(exchange, near: pipeline.key) }
    return Pipeline.Replies(exchange)
  }
}
