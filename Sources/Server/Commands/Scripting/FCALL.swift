import Engine
import RESP
import Scripting

extension ServiceCommand {
  /// `FCALL function numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// Replies with what the function returns.
  ///
  /// - Throws: where no library has such a function; errors of the function name the place.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/fcall/>
  static let fcall = ServiceCommand(
    Command(
      "fcall", "Calls a function of a library.",
      since: "7.0.0", group: .scripting, complexity: "Depends on the function that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readWrite)], flags: scriptFlags,
      arguments: scriptArguments("function"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofFunction: arguments) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.callFunction(arguments, isReadOnly: false, connection, &keyspace, &reply)
  }

  /// `FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// As FCALL, for functions that only read.
  static let fcallRO = ServiceCommand(
    Command(
      "fcall_ro", "Calls a function of a library that only reads.",
      since: "7.0.0", group: .scripting, complexity: "Depends on the function that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readOnly)], flags: readOnlyScriptFlags,
      arguments: scriptArguments("function"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofFunction: arguments) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.callFunction(arguments, isReadOnly: true, connection, &keyspace, &reply)
  }
}

extension Worker {
  fileprivate func footprint(ofFunction arguments: Arguments) -> Footprint? {
    guard let target = try? scripts.function(arguments[1]) else { return nil }
    return footprint(of: target, arguments)
  }

  fileprivate func callFunction(
    _ arguments: Arguments, isReadOnly: Bool, _ connection: Connection,
    _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    guard let target = try scripts.function(arguments[1]) else {
      throw CommandError("ERR Function not found")
    }
    guard let count = DecimalText.integer(arguments[2]) else {
      throw CommandError("ERR Bad number of keys provided")
    }
    if count > arguments.count - 3 {
      throw CommandError("ERR Number of keys can't be greater than number of args")
    }
    if count < 0 { throw CommandError("ERR Number of keys can't be negative") }
    try run(target, arguments, count, isReadOnly: isReadOnly, connection, &keyspace, &reply)
  }
}
