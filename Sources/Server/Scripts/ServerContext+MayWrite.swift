import Engine
import RESP
import Scripting

extension ServerContext {
  /// Whether a call may change data, or something that replicas are told: what CLIENT PAUSE WRITE holds back.
  ///
  /// A script may unless it says that it does not, in its first line or when its function was registered; so may one
  /// that nobody knows yet.
  func mayWrite(_ command: Int, _ words: Arguments) -> Bool {
    let flags = table.descriptors[command].flags
    if flags.contains(.write) { return true }
    guard flags.contains(.mayReplicate) else { return false }
    return !(scriptFlags(table.commands[command].name, words)?.contains(.noWrites) ?? false)
  }

  /// What the script that a call runs says about itself; nil if it says nothing, or there is none.
  private func scriptFlags(_ command: String, _ words: Arguments) -> ScriptFlags? {
    guard words.count > 1 else { return nil }
    switch command {
    case "eval":
      if let known = scripts[ScriptID(of: words[1])] { return known.flags }
      return try? Script(words[1]).flags
    case "evalsha": return ScriptID(words[1]).flatMap { scripts[$0] }?.flags
    case "fcall":
      let name = words[1].bytes.lowercased
      return libraries.all.lazy.flatMap(\.functions).first { $0.name.lowercased == name }?.flags
    default: return nil
    }
  }
}
