/// Why a call has no result.
public enum MartletError: Error, Equatable, Sendable {
  /// The store could not start: a file can't be read, the port is taken, or the kernel refuses io_uring.
  case cannotOpen(String)
  /// The store is closed.
  case closed
  /// The command was refused, with Redis' own text: `WRONGTYPE Operation against ...`.
  case refused(String)
  /// The command would change the state of a client that all callers share; there is another way to it.
  case needsOwnClient(String)
  /// A transaction or a procedure uses a key that it was not given.
  case undeclaredKey(Bytes)
  /// The task was cancelled while it waited.
  case cancelled
  /// More messages came than are kept for a subscriber who does not read them.
  case tooSlow
  /// The reply has another shape than the call expects.
  case unexpectedReply(String)
}
