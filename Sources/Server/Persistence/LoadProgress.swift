import Engine
import Persistence
import Synchronization

/// How far the server is in reading its files, over all threads.
final class LoadProgress: Sendable {
  /// Milliseconds since 1970.
  let startedAt = WallClock.milliseconds
  let totalBytes = Atomic<Int>(0)
  let loadedBytes = Atomic<Int>(0)
  let loadedKeys = Atomic<Int>(0)
  let expiredKeys = Atomic<Int>(0)
  let emptyKeys = Atomic<Int>(0)
  /// What the data took of memory where the files were written, as far as they say.
  let formerMemory = Atomic<Int>(0)
  /// A library takes the place of one of its name, which is an error else.
  let replacesLibraries: Bool

  init(replacesLibraries: Bool = false) { self.replacesLibraries = replacesLibraries }
}

/// Why files can't be read.
struct LoadFailure: Error, Sendable {
  let path: String
  let offset: Int?
  let reason: String
  /// The file ends too early, as after a crash.
  var isTruncation = false
  var isOfLog = false
  var unknownCommand: String?
}

extension LoadFailure {
  /// Of an RDB file.
  init(_ file: MappedFile, _ error: RDBError) {
    self.init(
      path: file.path, offset: error.offset, reason: "expected \(error.expected)",
      isTruncation: error.offset >= file.byteCount)
  }
}
