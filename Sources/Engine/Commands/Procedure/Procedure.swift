package import RESP

/// A function of the program around the server, called by FCALL as those of libraries are.
///
/// It is a command whose body wants all its keys together, like many: so routing, claims, copies of keys from other
/// shards, MULTI, waiting clients, the log and memory checks are what they are for any command. What it does to keys
/// are commands, too, which it runs by its `ProcedureKeys`. It runs wholly or not at all: an error undoes what it did.
package struct Procedure: Sendable {
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It only reads: FCALL_RO may call it, and its keys are shared with other readers.
    package static let noWrites = Flags(rawValue: 1 << 0)
    /// It may run when memory is short.
    package static let allowOOM = Flags(rawValue: 1 << 1)
    /// FUNCTION LIST does not show it.
    package static let hidden = Flags(rawValue: 1 << 2)
  }

  /// Never suspends. The keys are lent for the call.
  package typealias Body = @Sendable (ProcedureKeys, inout ReplyWriter) throws(CommandError) -> Void

  /// Found in whatever case.
  package let name: String
  package let description: String?
  package let flags: Flags
  let body: Body

  package init(
    _ name: String, description: String? = nil, flags: Flags = [], body: @escaping Body
  ) {
    self.name = name
    self.description = description
    self.flags = flags
    self.body = body
  }

  /// As FUNCTION LIST shows them.
  package var flagNames: [StaticString] {
    (flags.contains(.noWrites) ? ["no-writes"] : [])
      + (flags.contains(.allowOOM) ? ["allow-oom"] : [])
  }

  /// `FCALL name numkeys [key [key ...]] [arg [arg ...]]`
  var command: Command {
    var commandFlags: Command.Flags = [.noScript, .noMandatoryKeys, .movableKeys]
    commandFlags.insert(flags.contains(.noWrites) ? .readOnly : .write)
    if flags.isDisjoint(with: [.noWrites, .allowOOM]) { commandFlags.insert(.denyOOM) }
    let access: KeySpec.Access =
      flags.contains(.noWrites) ? [.readOnly, .access] : [.readWrite, .access, .update]
    return Command(
      name, description ?? "A procedure.", since: "7.0.0", group: .scripting,
      complexity: "Depends on the procedure.", arity: .atLeast(3),
      keys: [.counted(at: 2, access)], flags: commandFlags,
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        try keyspace.call(self, arguments, &reply)
      })
  }
}

extension Command {
  /// It is FCALL or FCALL_RO.
  var callsProcedures: Bool { name == "fcall" || name == "fcall_ro" }

  /// What FCALL_RO does with a procedure that writes.
  static let refusedProcedure = Command(
    "", "Refuses a procedure that writes.", since: "7.0.0", group: .scripting, complexity: "O(1)",
    arity: .atLeast(3), flags: [.readOnly, .noScript],
    execution: .oneShard { _, _, _ throws(CommandError) in
      throw CommandError("ERR Can not execute a script with write flag using *_ro command.")
    })
}

extension Keyspace {
  fileprivate mutating func call(
    _ procedure: Procedure, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    guard let count = DecimalText.integer(arguments[2]) else {
      throw CommandError("ERR Bad number of keys provided")
    }
    if count > arguments.count - 3 {
      throw CommandError("ERR Number of keys can't be greater than number of args")
    }
    if count < 0 { throw CommandError("ERR Number of keys can't be negative") }
    let keys = procedureKeys ?? ProcedureKeys()
    procedureKeys = keys
    effects.openUnit()
    let eventCount = events.events.count
    do throws(CommandError) {
      unsafe try withUnsafeMutablePointer(to: &self) { pointer throws(CommandError) in
        unsafe keys.begin(
          pointer, arguments.part(from: 3, count: count), arguments.dropFirst(3 + count),
          mayWrite: !procedure.flags.contains(.noWrites))
        defer { keys.end() }
        do throws(CommandError) {
          try procedure.body(keys, &reply)
        } catch {
          keys.undo()
          throw error
        }
      }
    } catch {
      // Of what was undone, nobody hears.
      events.truncate(to: eventCount)
      effects.closeUnitOfCommand()
      throw error
    }
    effects.closeUnitOfCommand()
  }
}
