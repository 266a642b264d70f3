import Engine
import Glibc
import RESP
import Server

/// A Swift function that clients call by FCALL, as they call functions of Lua libraries.
///
/// ```swift
/// let transfer = Procedure("transfer") { view in
///   let (from, to) = (view.keys[0], view.keys[1])
///   let amount = Int(view.arguments[0].string) ?? 0
///   guard try view.increment(from, by: -amount) >= 0 else {
///     throw MartletError.refused("ERR not enough")
///   }
///   return .integer(try view.increment(to, by: amount))
/// }
/// ```
///
/// It runs on a shard's thread, while nobody else uses its keys, on whatever shards these are. It runs wholly or
/// not at all: an error takes back what it has changed. While it runs, its thread does nothing else: keep it short.
public struct Procedure: Sendable {
  /// What callers and the server may rely on.
  public struct Options: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It changes nothing: FCALL_RO may call it, and others read its keys meanwhile.
    public static let noWrites = Options(rawValue: 1 << 0)
    /// It runs even when memory is short.
    public static let allowOOM = Options(rawValue: 1 << 1)
  }

  let procedure: Engine.Procedure

  /// - Parameters:
  ///   - name: letters, digits and underscores; found in whatever case.
  ///   - description: what FUNCTION LIST tells of it.
  ///   - body: gets the keys and the arguments of a call in the view; its result is the reply. `MartletError.refused`
  ///     is an error with that text.
  public init(
    _ name: String, description: String? = nil, _ options: Options = [],
    _ body: @escaping @Sendable (borrowing KeysView) throws -> Reply
  ) {
    var flags: Engine.Procedure.Flags = []
    if options.contains(.noWrites) { flags.insert(.noWrites) }
    if options.contains(.allowOOM) { flags.insert(.allowOOM) }
    procedure = Engine.Procedure(name, description: description, flags: flags) {
      (keys, reply) throws(CommandError) in
      let result: Reply
      do { result = try body(KeysView(keys)) } catch { throw CommandError(error) }
      if case .error(let text) = result { throw CommandError(composed: text) }
      result.write(to: &reply)
    }
  }
}

extension [Procedure] {
  /// - Throws: `.cannotOpen` for names that can't be.
  func checked() throws(MartletError) -> [Procedure] {
    var names: Set<String> = []
    for name in map(\.procedure.name) {
      let isWord = name.utf8.allSatisfy {
        $0 == 0x5F || 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0
      }
      guard !name.isEmpty, isWord, !name.lowercased().hasPrefix("martlet_") else {
        throw .cannotOpen("a procedure can't be called '\(name)'")
      }
      guard names.insert(name.lowercased()).inserted else {
        throw .cannotOpen("two procedures are called '\(name)'")
      }
    }
    return self
  }
}

extension MartletStore {
  /// Calls a procedure, or a function of a library.
  ///
  /// - Throws: `.refused` with the text of its error.
  public func call(
    _ name: Bytes, keys: [Bytes] = [], arguments: [Bytes] = []
  ) async throws(MartletError) -> Reply {
    let exchange = LocalExchange()
    exchange.request.command(["FCALL", name, Bytes(keys.count)] + keys + arguments)
    exchange.commandCount = 1
    try await send(exchange, near: keys.first)
    var reader = ReplyReader(exchange.reply.bytes)
    return try reader.reply()
  }
}

/// A server as a process of its own, with procedures.
///
/// ```swift
/// // main.swift of an executable that depends on Martlet
/// MartletServer.run(procedures: [transfer])
/// ```
public enum MartletServer {
  /// Runs as `martlet-server` does, with its options and configuration file, until a signal or SHUTDOWN ends the
  /// process. To be called on the main thread, first of all.
  public static func run(
    _ arguments: [String] = CommandLine.arguments, procedures: [Procedure]
  ) -> Never {
    let checked: [Procedure]
    do throws(MartletError) { checked = try procedures.checked() } catch {
      fatalError("\(error)")
    }
    exit(ServerProcess.run(arguments, procedures: checked.map(\.procedure)))
  }
}
