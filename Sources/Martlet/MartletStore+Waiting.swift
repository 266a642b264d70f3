import RESP
import Server

/// Calls that wait for somebody else. Each has a client of its own, so it holds nobody up.
extension MartletStore {
  /// What a waiting call took, and from where.
  public struct Popped: Equatable, Sendable {
    public let key: Bytes
    public let element: Bytes

    public init(key: Bytes, element: Bytes) {
      self.key = key
      self.element = element
    }
  }

  /// Takes an element from the first of the lists that has one, waiting for it if none has.
  ///
  /// - Parameter timeout: nil waits for ever.
  /// - Returns: nil when the time is over.
  /// - Throws: `.cancelled` when the task is.
  public func pop(
    fromAnyOf keys: [Bytes], at end: ListEnd = .left, waitingFor timeout: Duration?
  ) async throws(MartletError) -> Popped? {
    let seconds = timeout.map { Bytes(max(Double($0.wholeMilliseconds), 1) / 1000) } ?? "0"
    let reply = try await wait([Bytes("B\(end.rawValue)POP")] + keys + [seconds], near: keys.first)
    if reply == .null { return nil }
    let parts = try reply.asList()
    guard parts.count == 2 else { throw reply.unexpected("a key and an element") }
    return Popped(key: parts[0], element: parts[1])
  }

  /// The elements of lists as they come, each taken by exactly one reader. It ends with the task.
  public func elements(poppedFrom keys: [Bytes], at end: ListEnd = .left) -> PoppedElements {
    PoppedElements(store: self, keys: keys, end: end)
  }

  /// The entries of a stream as they are appended.
  ///
  /// - Parameter id: those behind it; nil: those from now on.
  public func entries(following id: Bytes?, of key: Bytes) async throws(MartletError) -> StreamEntries {
    if let id { return StreamEntries(store: self, key: key, last: id) }
    let newest = try await execute(["XREVRANGE", key, "+", "-", "COUNT", "1"]).asEntries()
    return StreamEntries(store: self, key: key, last: newest.first?.id ?? "0-0")
  }

  /// Runs a command that may wait, on a client of its own.
  func wait(_ command: [Bytes], near key: Bytes?) async throws(MartletError) -> Reply {
    if Task.isCancelled { throw .cancelled }
    let client = server.makeClient(onShard: key.map { server.shard(of: $0.bytes) } ?? 0)
    let exchange = LocalExchange()
    exchange.request.command(command)
    exchange.commandCount = 1
    let isAnswered = await withTaskCancellationHandler {
      do throws(LocalClient.Closed) {
        try await client.send(exchange)
        return true
      } catch { return false }
    } onCancel: {
      client.close()
    }
    client.close()
    guard isAnswered else { throw Task.isCancelled ? .cancelled : .closed }
    var reader = ReplyReader(exchange.reply.bytes)
    return try reader.reply()
  }
}

/// Elements of lists, each as it comes.
public struct PoppedElements: AsyncSequence, Sendable {
  let store: MartletStore
  let keys: [Bytes]
  let end: MartletStore.ListEnd

  public func makeAsyncIterator() -> Iterator { Iterator(sequence: self) }

  public struct Iterator: AsyncIteratorProtocol {
    let sequence: PoppedElements

    /// nil when the task is cancelled.
    public mutating func next() async throws(MartletError) -> MartletStore.Popped? {
      do throws(MartletError) {
        return try await sequence.store.pop(
          fromAnyOf: sequence.keys, at: sequence.end, waitingFor: nil)
      } catch {
        if error == .cancelled { return nil }
        throw error
      }
    }
  }
}

/// Entries of a stream, each as it is appended.
public struct StreamEntries: AsyncSequence, Sendable {
  let store: MartletStore
  let key: Bytes
  let last: Bytes

  public func makeAsyncIterator() -> Iterator { Iterator(store: store, key: key, last: last) }

  public struct Iterator: AsyncIteratorProtocol {
    let store: MartletStore
    let key: Bytes
    var last: Bytes
    /// Read, and not handed out yet; newest first.
    var waiting: [MartletStore.StreamEntry] = []

    private static let countMax = "100"

    init(store: MartletStore, key: Bytes, last: Bytes) {
      self.store = store
      self.key = key
      self.last = last
    }

    /// nil when the task is cancelled.
    public mutating func next() async throws(MartletError) -> MartletStore.StreamEntry? {
      while waiting.isEmpty {
        let reply: Reply
        do throws(MartletError) {
          reply = try await store.wait(
            ["XREAD", "COUNT", Bytes(Self.countMax), "BLOCK", "0", "STREAMS", key, last], near: key)
        } catch {
          if error == .cancelled { return nil }
          throw error
        }
        guard case .map(let streams) = reply else { continue }
        for stream in streams { waiting += try stream.value.asEntries() }
        waiting.reverse()
      }
      let entry = waiting.removeLast()
      last = entry.id
      return entry
    }
  }
}
