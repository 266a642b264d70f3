import Engine
import RESP

/// The keys of a transaction or of a procedure, brought together: its calls are those of a store, and nothing waits.
///
/// It is lent for one run of a body and can't be kept.
public struct KeysView: ~Copyable {
  private let access: ProcedureKeys

  init(_ access: ProcedureKeys) { self.access = access }

  /// The keys that may be used.
  public var keys: [Bytes] { Self.words(access.keys) }

  /// What was given to a procedure beside its keys.
  public var arguments: [Bytes] { Self.words(access.arguments) }

  private static func words(_ words: Arguments) -> [Bytes] {
    (0..<words.count).map { Bytes(words[$0]) }
  }

  /// Milliseconds since 1970, the same during the whole run.
  public var milliseconds: Int64 { access.now }

  /// Runs one command.
  ///
  /// - Throws: `.undeclaredKey`; `.refused` for any other error of the command, and for commands that are not about data.
  public borrowing func run<Value>(_ command: Command<Value>) throws(MartletError) -> Value {
    let reply: ByteView
    do throws(CommandError) { reply = try access.run { command.write(to: &$0) } } catch {
      throw MartletError(error, undeclaredKey: access.undeclaredKey)
    }
    var reader = ReplyReader(reply)
    return try command.decode(&reader)
  }

  /// Runs one command, whatever it is.
  public borrowing func execute(_ command: [Bytes]) throws(MartletError) -> Reply {
    try run(Command(command))
  }
}

extension MartletError {
  /// - Parameter undeclaredKey: what the error is about, if it is that.
  init(_ error: CommandError, undeclaredKey: [UInt8]?) {
    if let undeclaredKey {
      self = .undeclaredKey(Bytes(undeclaredKey))
    } else {
      self = .refused(String(decoding: error.message, as: UTF8.self))
    }
  }
}

extension CommandError {
  /// What a client hears of an error of a procedure.
  init(_ error: any Error) {
    switch error {
    case MartletError.refused(let text): self.init(composed: text)
    case MartletError.undeclaredKey(let key):
      self = ByteView.with(key.bytes) { .undeclared($0) }
    default: self.init(composed: "ERR \(error)")
    }
  }
}
