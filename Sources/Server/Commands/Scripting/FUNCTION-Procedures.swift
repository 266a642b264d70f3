import Engine
import RESP

/// The procedures of the program around the server, as FUNCTION LIST shows them: as a library of the engine `SWIFT`.
extension Worker {
  private static let procedureLibrary: StaticString = "procedures"

  /// Those to be shown for a pattern of names of libraries.
  func visibleProcedures(_ pattern: ByteView?) -> [Procedure] {
    let procedures = server.table.procedures.filter { !$0.flags.contains(.hidden) }
    guard let pattern, !procedures.isEmpty else { return procedures }
    let isMeant = Glob.matches(pattern, ByteView(Self.procedureLibrary), ignoringCase: true)
    return isMeant ? procedures : []
  }

  func writeLibrary(of procedures: [Procedure], showsCode: Bool, _ reply: inout ReplyWriter) {
    reply.map(showsCode ? 4 : 3)
    reply.bulk("library_name")
    reply.bulk(Self.procedureLibrary)
    reply.bulk("engine")
    reply.bulk("SWIFT")
    reply.bulk("functions")
    reply.array(procedures.count)
    for procedure in procedures {
      reply.map(3)
      reply.bulk("name")
      reply.bulk(procedure.name)
      reply.bulk("description")
      if let description = procedure.description { reply.bulk(description) } else { reply.null() }
      reply.bulk("flags")
      reply.names(procedure.flagNames)
    }
    if showsCode {
      reply.bulk("library_code")
      reply.null()
    }
  }
}
