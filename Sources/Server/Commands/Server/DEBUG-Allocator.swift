import CJemalloc
import Engine
import EventLoop
import Glibc
import RESP

/// DEBUG MALLCTL and MALLCTL-STR: jemalloc's controls by name.
extension DebugCall {
  static let control: Body = { call, _, reply throws(CommandError) in
    let name = call.arguments[2].string
    var old: Int64 = 0
    let code: Int32
    if call.arguments.count > 3 {
      guard let value = DecimalText.integer(call.arguments[3]) else { throw .notAnInteger }
      var wanted = Int64(value)
      code = unsafe cjemalloc_control(name, &old, &wanted)
    } else {
      code = unsafe cjemalloc_control(name, &old, nil)
    }
    guard code == 0 else { throw failure(code) }
    reply.integer(Int(old))
  }

  /// Replies with the text before. With `VOID`, does what the name stands for, and replies with OK.
  static let textControl: Body = { call, _, reply throws(CommandError) in
    let name = call.arguments[2].string
    if call.arguments.count > 3, call.arguments[3].matches("void") {
      let code = unsafe cjemalloc_call(name)
      guard code == 0 else { throw failure(code) }
      return reply.ok()
    }
    var old: UnsafePointer<CChar>?
    // A text that is set has to last as long as jemalloc; jemalloc copies none of the few it takes.
    guard call.arguments.count == 3 else { throw failure(EPERM) }
    let code = unsafe cjemalloc_text_control(name, &old, nil)
    guard code == 0 else { throw failure(code) }
    if let old = unsafe old {
      reply.bulk(unsafe String(cString: old))
    } else {
      reply.null()
    }
  }

  private static func failure(_ code: Int32) -> CommandError {
    CommandError(composed: "ERR \(SystemError("mallctl", code).reason)")
  }
}
