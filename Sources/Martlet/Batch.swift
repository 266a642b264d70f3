import RESP
import Server

/// Commands of one kind on their way to a shard's thread, and what they have given on the way back.
final class Batch<Value: Sendable>: @unchecked Sendable {
  // Unchecked: the caller has it before and after the run, the shard's thread during it.
  private let commands: [Command<Value>]
  private var results: [Result<Value, MartletError>] = []

  init(_ commands: [Command<Value>]) { self.commands = commands }

  /// Runs the first commands, as many as can be run on this thread at once.
  @specialized(where Value == Bytes?)
  @specialized(where Value == Void)
  @specialized(where Value == Int)
  func run(_ client: LocalClient) {
    // Read by spans: a command taken out of the array would be copied, with four references.
    let commands = commands
    var results: [Result<Value, MartletError>] = []
    results.reserveCapacity(commands.count)
    withoutActuallyEscaping({ (reply: ByteView) in
      var reader = ReplyReader(reply)
      do throws(MartletError) {
        let value = try commands.span[results.count].decode(&reader)
        results.append(.success(value))
      } catch {
        results.append(.failure(error))
      }
    }) { take in
      _ = client.run(
        DirectCommands(
          count: commands.count,
          withKey: { index, body in
            if let key = commands.span[index].key { ByteView.with(key.bytes, body) }
          },
          withWords: { index, table, body in
            commands.span[index].withWords(in: &table, body)
          },
          take: take))
    }
    self.results = results
  }

  /// Those of the first commands, in their order; once.
  func takeResults() -> [Result<Value, MartletError>] {
    defer { results = [] }
    return results
  }
}
