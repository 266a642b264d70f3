import Engine
import RESP
import Scripting

/// What one interpreter has compiled.
struct CompiledScripts {
  fileprivate struct Key: Hashable {
    let id: ScriptID
    let isReadOnly: Bool
  }

  fileprivate var references: [ScriptID: Interpreter.Reference] = [:]
  fileprivate var targets: [Key: ScriptTarget] = [:]
  /// The one that was asked for last: most clients call one script again and again.
  fileprivate var recent: ScriptTarget?
  fileprivate var flushCount = 0
  fileprivate var functions: [[UInt8]: ScriptTarget] = [:]
  fileprivate var libraryVersion = 0
}

/// Finds what is to be run.
extension ScriptRunner {
  /// The script with this text, if anybody has sent it before.
  func target(text: ByteView, isReadOnly: Bool) throws(CommandError) -> ScriptTarget? {
    forgetFlushed()
    if let recent = compiled.recent, recent.isAsked(text: text, isReadOnly: isReadOnly) { return recent }
    return try target(ScriptID(of: text), isReadOnly: isReadOnly)
  }

  /// The script with these 40 digits; nil if nobody has sent it, or they are none.
  func target(digits: ByteView, isReadOnly: Bool) throws(CommandError) -> ScriptTarget? {
    forgetFlushed()
    if let recent = compiled.recent, recent.isAsked(digits: digits, isReadOnly: isReadOnly) { return recent }
    guard let id = ScriptID(digits) else { return nil }
    return try target(id, isReadOnly: isReadOnly)
  }

  private func target(_ id: ScriptID, isReadOnly: Bool) throws(CommandError) -> ScriptTarget? {
    if let target = compiled.targets[.init(id: id, isReadOnly: isReadOnly)] {
      compiled.recent = target
      return target
    }
    guard let script = server.scripts[id] else { return nil }
    return try compile(script, isReadOnly: isReadOnly)
  }

  func compile(_ script: Script, isReadOnly: Bool) throws(CommandError) -> ScriptTarget {
    forgetFlushed()
    let reference: Interpreter.Reference
    if let known = compiled.references[script.id] {
      reference = known
    } else {
      guard let new = script.withProgram({ interpreter.compile($0) }) else {
        throw CommandError(
          composed: Array("ERR Error compiling script (new function): ".utf8) + interpreter.error)
      }
      compiled.references[script.id] = new
      reference = new
    }
    let cannotWrite = script.flags?.contains(.noWrites) ?? false
    let target = ScriptTarget(
      reference: reference, name: script.id.digits, isFunction: false, flags: script.flags,
      isCalledReadOnly: isReadOnly, isReadOnly: isReadOnly || cannotWrite,
      namesOnlyDeclaredKeys: script.namesOnlyDeclaredKeys, script: script)
    compiled.targets[.init(id: script.id, isReadOnly: isReadOnly)] = target
    return target
  }

  /// After SCRIPT FLUSH.
  @inline(__always)
  private func forgetFlushed() {
    if compiled.flushCount != server.scripts.flushCount { forgetScripts() }
  }

  private func forgetScripts() {
    compiled.flushCount = server.scripts.flushCount
    for reference in compiled.references.values { interpreter.forget(reference) }
    compiled.references = [:]
    compiled.targets = [:]
    compiled.recent = nil
    collectGarbage()
  }

  // MARK: Functions

  /// A library's function.
  func function(_ name: ByteView) throws(CommandError) -> ScriptTarget? {
    if compiled.libraryVersion != server.libraries.version { try loadLibraries() }
    return compiled.functions[name.bytes.lowercased]
  }

  private func loadLibraries() throws(CommandError) {
    for target in compiled.functions.values { interpreter.forget(target.reference) }
    compiled.functions = [:]
    compiled.libraryVersion = server.libraries.version
    for library in server.libraries.all {
      for function in try load(library, isTimed: false) {
        compiled.functions[function.name.lowercased] = ScriptTarget(
          reference: function.reference, name: function.name, isFunction: true,
          flags: function.flags, isCalledReadOnly: false, isReadOnly: function.flags.contains(.noWrites),
          namesOnlyDeclaredKeys: false, script: nil)
      }
    }
    collectGarbage()
  }

  /// Runs a library's text.
  func load(
    _ library: FunctionLibrary, isTimed: Bool
  ) throws(CommandError) -> [RegisteredFunction] {
    do throws(LibraryError) {
      return try library.withProgram { (program) throws(LibraryError) in
        try interpreter.loadLibrary(program, isTimed: isTimed)
      }
    } catch { throw CommandError(composed: error.message) }
  }
}
