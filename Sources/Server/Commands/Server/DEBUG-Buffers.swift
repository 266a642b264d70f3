import RESP
import Synchronization
import Engine

/// DEBUG subcommands about the configuration file and about clients' buffers.
extension DebugCall {
  static let rewriteEverything: Body = { call, _, reply throws(CommandError) in
    try ServiceCommand.rewriteConfiguration(of: call.worker.server, includesDefaults: true)
    reply.ok()
  }

  static let replyBuffers: Body = { call, _, reply throws(CommandError) in
    let value = call.arguments[3]
    let milliseconds: Int
    if call.arguments[2].matches("peak-reset-time") {
      if value.matches("never") {
        milliseconds = .max
      } else if value.matches("reset") {
        milliseconds = ServerContext.replyBufferResetDefault
      } else {
        milliseconds = try value.integer(orThrow: .notAnInteger)
      }
    } else if call.arguments[2].matches("resizing") {
      let isOn = DecimalText.integer(value) ?? 0 != 0
      milliseconds = isOn ? ServerContext.replyBufferResetDefault : .max
    } else {
      throw .syntax
    }
    call.worker.server.replyBufferResetMilliseconds.store(milliseconds, ordering: .relaxed)
    reply.ok()
  }
}
