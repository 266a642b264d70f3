import RESP
import Server
import ServerConfig

/// Shards inside this process: every command of the server, without a socket.
///
/// ```swift
/// let store = try await MartletStore.open(.init(shards: 2))
/// try await store.set("greeting", to: "hello", expiresAfter: .seconds(60))
/// let greeting = try await store.get("greeting")?.string
/// try await store.close()
/// ```
///
/// Each shard has a thread of its own. A store may be used from any task and any executor; several stores
/// in one process know nothing of each other. Close a store that is no longer used: until then its threads go on.
public final class MartletStore: Sendable {
  let server: Server
  /// One for each shard; a call goes to the thread that holds its key.
  private let clients: [LocalClient]
  let isPersistent: Bool
  /// Calls wait for the disk: their commands can't be run as plain calls.
  private let waitsForDisk: Bool
  let transactions: PendingTransactions

  private init(_ server: Server, _ transactions: PendingTransactions, _ persistence: Persistence?) {
    self.server = server
    self.transactions = transactions
    isPersistent = persistence != nil
    waitsForDisk = persistence?.log == .always
    clients = (0..<server.shardCount).map { server.makeClient(onShard: $0) }
  }

  /// Starts the shards' threads and reads what the directory holds.
  ///
  /// - Throws: `.cannotOpen`.
  public static func open(
    _ configuration: Configuration = Configuration()
  ) async throws(MartletError) -> MartletStore {
    let directives = try configuration.directives()
    let transactions = PendingTransactions()
    let procedures = try configuration.procedures.checked().map(\.procedure)
    do throws(Server.StartFailure) {
      let server = try await Server.embedded(
        directives, procedures: procedures + transactions.procedures)
      return MartletStore(server, transactions, configuration.persistence)
    } catch {
      throw .cannotOpen("the threads or the listener can't start, or a file can't be read")
    }
  }

  /// Ends the store: calls under way are answered, files are complete, the threads end.
  ///
  /// - Throws: `.refused` if a snapshot was due and failed: then the store goes on. `.closed` by a second call.
  public func close() async throws(MartletError) {
    guard !server.isStopping else { throw .closed }
    guard await server.close(saves: nil) else {
      throw .refused("the snapshot failed; the store goes on")
    }
  }

  // MARK: Commands

  /// Runs one command.
  ///
  /// - Throws: `.refused` for a reply that is an error.
  @specialized(where Value == Bytes?)
  @specialized(where Value == Int)
  public func run<Value>(_ command: Command<Value>) async throws(MartletError) -> Value {
    let client = client(near: command.key)
    if client.isHere, let value = try command.runHere(client) { return value }
    let exchange = LocalExchange()
    command.write(to: &exchange.request)
    exchange.commandCount = 1
    try await send(exchange, near: command.key)
    var reader = ReplyReader(exchange.reply.bytes)
    return try command.decode(&reader)
  }

  /// Sends commands together, which costs one message; others' commands may run between them.
  ///
  /// - Returns: what each has given; one that failed does not stop the others.
  @specialized(where Value == Bytes?)
  @specialized(where Value == Void)
  @specialized(where Value == Int)
  public func run<Value>(
    _ commands: [Command<Value>]
  ) async throws(MartletError) -> [Result<Value, MartletError>] {
    guard let first = commands.first else { return [] }
    let client = client(near: first.key)
    let batch = Batch(commands)
    if client.isHere {
      batch.run(client)
    } else if !waitsForDisk, isAtOne(commands) {
      // The thread runs them and makes the results: nothing is written as a request, nor read as a reply.
      do throws(LocalClient.Closed) {
        try await client.perform(commandCount: commands.count) { batch.run(client) }
      } catch { throw .closed }
    }
    var results = batch.takeResults()
    if results.count == commands.count { return results }
    let exchange = LocalExchange()
    let rest = commands[results.count...]
    for command in rest { command.write(to: &exchange.request) }
    exchange.commandCount = rest.count
    try await send(exchange, near: first.key)
    var reader = ReplyReader(exchange.reply.bytes)
    for command in rest {
      do throws(MartletError) { results.append(.success(try command.decode(&reader))) } catch {
        results.append(.failure(error))
      }
    }
    return results
  }

  /// Whether all commands are about the keys of one shard.
  private func isAtOne<Value>(_ commands: [Command<Value>]) -> Bool {
    if clients.count == 1 { return true }
    var shard: Int?
    for command in commands {
      guard let key = command.key else { continue }
      let its = server.shard(of: key.bytes)
      if shard == nil { shard = its }
      if its != shard { return false }
    }
    return true
  }

  /// Runs one command, whatever it is.
  ///
  /// - Throws: `.refused` for a reply that is an error; `.needsOwnClient` for commands that are about the client itself or
  ///   that wait.
  public func execute(_ command: [Bytes]) async throws(MartletError) -> Reply {
    try OwnClient.check(command)
    return try await run(Command(command))
  }

  /// Sends commands together, which costs one message; others' commands may run between them.
  ///
  /// - Returns: a reply for each; one that failed is `.error`, and the others run all the same.
  public func pipeline(_ commands: [[Bytes]]) async throws(MartletError) -> [Reply] {
    guard let first = commands.first else { return [] }
    let exchange = LocalExchange()
    for command in commands {
      try OwnClient.check(command)
      exchange.request.command(command)
    }
    exchange.commandCount = commands.count
    return try await replies(to: exchange, near: first)
  }

  /// Runs commands as one transaction (MULTI, EXEC): nobody sees a state between them.
  ///
  /// - Returns: a reply for each; one that failed is `.error`, and the others run all the same.
  /// - Throws: `.refused` if one is no command, or lacks arguments: then none of them runs.
  public func atomically(_ commands: [[Bytes]]) async throws(MartletError) -> [Reply] {
    guard let first = commands.first else { return [] }
    let exchange = LocalExchange()
    exchange.request.command(["MULTI"])
    for command in commands {
      try OwnClient.check(command)
      exchange.request.command(command)
    }
    exchange.request.command(["EXEC"])
    exchange.commandCount = commands.count + 2
    let replies = try await replies(to: exchange, near: first)
    guard case .array(let results) = replies[replies.count - 1] else {
      throw replies[replies.count - 1].unexpected("the replies of a transaction")
    }
    return results
  }

  private func replies(
    to exchange: LocalExchange, near command: [Bytes]
  ) async throws(MartletError) -> [Reply] {
    try await send(exchange, near: command.count > 1 ? command[1] : nil)
    var reader = ReplyReader(exchange.reply.bytes)
    var replies: [Reply] = []
    replies.reserveCapacity(exchange.commandCount)
    while !reader.isAtEnd { replies.append(try reader.element()) }
    return replies
  }

  /// Sends commands by the thread that holds `key`, which reaches all others.
  func send(_ exchange: LocalExchange, near key: Bytes?) async throws(MartletError) {
    do throws(LocalClient.Closed) { try await client(near: key).send(exchange) } catch { throw .closed }
  }

  private func client(near key: @autoclosure () -> Bytes?) -> LocalClient {
    clients.count == 1 ? clients[0] : clients[key().map { server.shard(of: $0.bytes) } ?? 0]
  }

  // MARK: Where

  /// Runs `body` on the thread that holds `key`: calls there that are about keys of the same shard are no messages, and
  /// cost a fraction of one.
  ///
  /// While the task does not wait for something else, the shard's other users do.
  public func onShard<Value: Sendable, Failure: Error>(
    of key: Bytes, _ body: @Sendable () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let outcome = await withTaskExecutorPreference(executor(of: key)) {
      do throws(Failure) { return Result<Value, Failure>.success(try await body()) } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// The thread that holds `key`, for tasks that are to run there.
  public func executor(of key: Bytes) -> any TaskExecutor {
    server.executor(ofShard: server.shard(of: key.bytes))
  }
}

extension ReplyWriter {
  /// A command as the protocol has it.
  mutating func command(_ words: [Bytes]) {
    array(words.count)
    for word in words { ByteView.with(word.bytes) { bulk($0) } }
  }
}
