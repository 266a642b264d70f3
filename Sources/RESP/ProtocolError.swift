/// Why a client's stream can't be followed; the connection is closed after the reply.
@usableFromInline
package enum ProtocolError: Error, Equatable {
  case invalidMultibulkLength
  case invalidBulkLength
  case unauthenticatedMultibulkLength
  case unauthenticatedBulkLength
  case expectedBulk(UInt8)
  case tooBigCountLine
  case tooBigBulkCountLine
  case tooBigInlineRequest
  case unbalancedQuotes

  /// The text after `-ERR Protocol error: `.
  package var message: [UInt8] {
    switch self {
    case .invalidMultibulkLength: Array("invalid multibulk length".utf8)
    case .invalidBulkLength: Array("invalid bulk length".utf8)
    case .unauthenticatedMultibulkLength: Array("unauthenticated multibulk length".utf8)
    case .unauthenticatedBulkLength: Array("unauthenticated bulk length".utf8)
    case .expectedBulk(let got): Array("expected '$', got '".utf8) + [got, 0x27]
    case .tooBigCountLine: Array("too big mbulk count string".utf8)
    case .tooBigBulkCountLine: Array("too big bulk count string".utf8)
    case .tooBigInlineRequest: Array("too big inline request".utf8)
    case .unbalancedQuotes: Array("unbalanced quotes in request".utf8)
    }
  }
}
