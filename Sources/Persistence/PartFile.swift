import Engine
package import EventLoop
import Glibc
import RESP
import Synchronization

/// A file that several threads write parts of, in any order: each asks for a place for what it has, and writes it there.
/// The checksum of the whole follows from those of the parts.
package final class PartFile: Sendable {
  private struct State {
    var byteCount: Int
    var parts: [(offset: Int, byteCount: Int, checksum: UInt64)]
    /// Of the format, as what is in the parts needs it.
    var version = RDB.payloadVersion
  }

  package let path: String
  package let descriptor: Int32
  private let state: Mutex<State>
  private let sums: Bool
  private let header: [UInt8]
  private let hasFrame: Bool

  /// Creates the file and writes what stands before the parts.
  ///
  /// - Parameters:
  ///   - hasFrame: false for a file of commands.
  ///   - sums: whether the file gets a checksum.
  package init(_ path: String, header: [UInt8], hasFrame: Bool = true, sums: Bool) throws(SystemError) {
    self.path = path
    self.header = header
    self.hasFrame = hasFrame
    self.sums = sums
    descriptor = try Files.create(path)
    let checksum = ByteView.with(header) { CRC64.checksum($0) }
    state = Mutex(State(byteCount: header.count, parts: [(0, header.count, checksum)]))
    do throws(SystemError) {
      try Files.write(header, to: descriptor)
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// A place for a part.
  package func place(_ part: [UInt8]) -> Int {
    let checksum = sums ? ByteView.with(part) { CRC64.checksum($0) } : 0
    return state.withLock { state in
      let offset = state.byteCount
      state.byteCount += part.count
      state.parts.append((offset, part.count, checksum))
      return offset
    }
  }

  /// A place for a part that is written bit by bit, and its number.
  package func reserve(byteCount: Int) -> (offset: Int, part: Int) {
    state.withLock { state in
      let offset = state.byteCount
      state.byteCount += byteCount
      state.parts.append((offset, byteCount, 0))
      return (offset, state.parts.count - 1)
    }
  }

  /// The next bit of such a part. All of them make up what was reserved.
  package func add(_ bytes: [UInt8], toPart part: Int) {
    guard sums else { return }
    state.withLock { state in
      state.parts[part].checksum = ByteView.with(bytes) { CRC64.checksum($0, continuing: state.parts[part].checksum) }
    }
  }

  /// A part needs a reader of this version of the format.
  package func need(version: Int) { state.withLock { $0.version = max($0.version, version) } }

  package var byteCount: Int { state.withLock { $0.byteCount } }

  /// Writes the end, has all of it reach the disk, and closes the file. All parts are written.
  ///
  /// - Returns: the file's length.
  package func finish() throws(SystemError) -> Int {
    if hasFrame { try writeVersion() }
    let (byteCount, checksum) = state.withLock { state in
      (
        state.byteCount,
        // They got their places one after the other.
        state.parts.reduce(0 as UInt64) { CRC64.combine($0, $1.checksum, count: $1.byteCount) }
      )
    }
    defer { close(descriptor) }
    let footer = hasFrame ? RDBFile.footer(checksum: sums ? checksum : nil) : []
    try Files.write(footer, to: descriptor, at: byteCount)
    try Files.sync(descriptor)
    return byteCount + footer.count
  }

  /// Puts the version that the parts need into the header.
  private func writeVersion() throws(SystemError) {
    let magic = RDBFile.magic(version: state.withLock { $0.version })
    guard !header.starts(with: magic) else { return }
    try Files.write(magic, to: descriptor, at: 0)
    let changed = magic + header.dropFirst(magic.count)
    state.withLock { $0.parts[0].checksum = ByteView.with(changed) { CRC64.checksum($0) } }
  }

  /// Gives the file up.
  package func discard() {
    close(descriptor)
    unsafe _ = unlink(path)
  }
}
