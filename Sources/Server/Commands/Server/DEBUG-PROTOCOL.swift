import Engine
import RESP

/// `DEBUG PROTOCOL type`: a sample of each type of reply, for tests of clients.
extension DebugCall {
  static let protocolSample: Body = { call, _, reply throws(CommandError) in
    let name = call.arguments[2]
    if name.matches("string") {
      reply.bulk("Hello World")
    } else if name.matches("integer") {
      reply.integer(12345)
    } else if name.matches("double") {
      reply.double(3.141)
    } else if name.matches("bignum") {
      reply.bigNumber(ByteView("1234567999999999999999999999999999999"))
    } else if name.matches("null") {
      reply.null()
    } else if name.matches("array") {
      reply.array(3)
      for number in 0..<3 { reply.integer(number) }
    } else if name.matches("set") {
      reply.set(3)
      for number in 0..<3 { reply.integer(number) }
    } else if name.matches("map") {
      reply.map(3)
      for number in 0..<3 {
        reply.integer(number)
        reply.boolean(number == 1)
      }
    } else if name.matches("attrib") {
      if reply.isRESP3 {
        reply.attribute(1)
        reply.bulk("key-popularity")
        reply.array(2)
        reply.bulk("key:123")
        reply.integer(90)
      }
      reply.bulk("Some real reply following the attribute")
    } else if name.matches("push") {
      guard reply.isRESP3 else {
        throw CommandError("ERR RESP2 is not supported by this command")
      }
      reply.push(2)
      reply.bulk("server-cpu-usage")
      reply.integer(42)
      reply.bulk("Some real reply following the push reply")
    } else if name.matches("verbatim") {
      reply.verbatim(Array("This is a verbatim\nstring".utf8))
    } else if name.matches("true") {
      reply.boolean(true)
    } else if name.matches("false") {
      reply.boolean(false)
    } else {
      throw CommandError(
        "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
      )
    }
  }
}
